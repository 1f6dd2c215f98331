package history

import (
	"slices"
	"sync"
)

// sharedBytes is from which length on a value is kept once.
const sharedBytes = 1 << 10

// values keeps one copy of each large value of a history. A value comes again and again: in the answer to whoever
// replaces it, in the events of every watch, in every member's log. The zero value is ready.
type values struct {
	mu    sync.Mutex
	known map[string]string
}

func (v *values) share(s *string) {
	if len(*s) < sharedBytes {
		return
	}
	v.mu.Lock()
	defer v.mu.Unlock()
	one, ok := v.known[*s]
	if !ok {
		if v.known == nil {
			v.known = map[string]string{}
		}
		one = *s
		v.known[one] = one
	}
	*s = one
}

func (v *values) request(r *Request) {
	v.share(&r.Value)
	v.share(&r.Expect)
	for i := range r.If {
		v.share(&r.If[i].Value)
	}
	for i := range r.Then {
		v.request(&r.Then[i])
	}
	for i := range r.Else {
		v.request(&r.Else[i])
	}
}

// result shares an answer's values. Its lists are replaced, not changed: a store may have given them to others as well.
func (v *values) result(r *Result) {
	r.KVs, r.Prev = v.pairs(r.KVs), v.pairs(r.Prev)
	if len(r.Responses) > 0 {
		r.Responses = slices.Clone(r.Responses)
	}
	for i := range r.Responses {
		v.result(&r.Responses[i])
	}
}

func (v *values) pairs(list []KV) []KV {
	if !slices.ContainsFunc(list, large) {
		return list
	}
	list = slices.Clone(list)
	for i := range list {
		v.share(&list[i].Value)
	}
	return list
}

func large(kv KV) bool { return len(kv.Value) >= sharedBytes }

// response shares the values of a watch's events, as result does.
func (v *values) response(r *WatchResponse) {
	if !slices.ContainsFunc(r.Events, func(e Event) bool { return large(e.KV) || e.Prev != nil && large(*e.Prev) }) {
		return
	}
	r.Events = slices.Clone(r.Events)
	for i := range r.Events {
		e := &r.Events[i]
		v.share(&e.KV.Value)
		if e.Prev != nil {
			prev := *e.Prev
			v.share(&prev.Value)
			e.Prev = &prev
		}
	}
}

func (v *values) evidence(e *Evidence) {
	if e.WAL == nil {
		return
	}
	for i := range e.WAL.Entries {
		if r := e.WAL.Entries[i].Request; r != nil {
			v.request(r)
		}
	}
}
