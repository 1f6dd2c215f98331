package register

import (
	"sort"

	"github.com/whitewater-kv/whitewater/history"
)

// wild is the set of keys whose deletions are not all known.
type wild struct {
	keys   map[string]bool
	ranges [][2]string // key, end
}

func (w *wild) add(req *history.Request, res *history.Result, known bool) {
	switch {
	case req.Kind == history.Put && req.Lease != 0:
		if w.keys == nil {
			w.keys = map[string]bool{}
		}
		w.keys[req.Key] = true
	case req.Kind == history.Delete && req.End != "":
		if !known || int(res.Deleted) != len(res.Prev) {
			w.insert(req.Key, req.End)
		}
	case req.Kind == history.Txn:
		for _, side := range [][]history.Request{req.Then, req.Else} {
			if known && len(side) > 0 && &side[0] != first(taken(req, res)) {
				continue
			}
			for i := range side {
				var sub history.Result
				if known && i < len(res.Responses) {
					sub = res.Responses[i]
				}
				answered := known && i < len(res.Responses)
				if known && !answered && side[i].Kind == history.Txn {
					w.written(&side[i]) // one of its sides was taken, and nobody knows which
				}
				w.add(&side[i], &sub, answered)
			}
		}
	}
}

// written adds every key that a transaction may write.
func (w *wild) written(req *history.Request) {
	for _, side := range [][]history.Request{req.Then, req.Else} {
		for i := range side {
			if sub := &side[i]; sub.Kind == history.Txn {
				w.written(sub)
			} else if !sub.ReadOnly() {
				if w.keys == nil {
					w.keys = map[string]bool{}
				}
				w.keys[sub.Key] = true
			}
		}
	}
}

func first(side []history.Request) *history.Request {
	if len(side) == 0 {
		return nil
	}
	return &side[0]
}

// insert keeps the ranges few: those of a workload repeat.
func (w *wild) insert(key, end string) {
	at := [2]string{key, end}
	i := sort.Search(len(w.ranges), func(i int) bool {
		return w.ranges[i][0] > key || w.ranges[i][0] == key && w.ranges[i][1] >= end
	})
	if i < len(w.ranges) && w.ranges[i] == at {
		return
	}
	w.ranges = append(w.ranges, at)
	copy(w.ranges[i+1:], w.ranges[i:])
	w.ranges[i] = at
}

func (w *wild) has(key string) bool {
	if w.keys[key] {
		return true
	}
	for _, r := range w.ranges {
		if r[0] > key {
			return false
		}
		if Within(key, r[0], r[1]) {
			return true
		}
	}
	return false
}

// Within reports whether a range of that start and end covers the key.
func Within(key, start, end string) bool {
	switch end {
	case "":
		return key == start
	case "\x00":
		return key >= start
	}
	return key >= start && key < end
}
