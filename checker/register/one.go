package register

import "github.com/whitewater-kv/whitewater/history"

// One gathers all that a history says of a single key, with what Split leaves out: that a range did not show it.
func One(h *history.History, r *Reader, key string) *Key {
	k := newKey(key, size{})
	for i := range h.Ops {
		op := &h.Ops[i]
		found := false
		actions, exact := r.Actions(op)
		for _, a := range actions {
			for _, t := range a.Touches {
				if t.Key == key {
					found = true
					k.add(op, int32(i), t, a.Maybe, exact || op.Request.Kind == history.Range)
				}
			}
		}
		if !found && hides(&op.Request, &op.Result, key) && (!op.Request.Serializable || r.Serializable) {
			k.add(op, int32(i), Touch{Key: key, Read: absent}, false, true)
		}
	}
	k.numbers = nil
	return k
}

// hides reports whether a range that told all there was covers the key and did not tell it.
func hides(req *history.Request, res *history.Result, key string) bool {
	return req.Kind == history.Range && res.Outcome == history.OK && req.Revision == 0 && !req.CountOnly && !res.More && Within(key, req.Key, req.End)
}
