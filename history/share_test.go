package history

import (
	"strings"
	"testing"
	"unsafe"
)

// A large value is kept once, whoever tells it, while a run is recorded and when it is read back; and what a store gave to
// others as well is not changed.
func TestLargeValuesAreKeptOnce(t *testing.T) {
	big := func() string { return strings.Repeat("0123456789abcdef", sharedBytes/16) } // each time another copy
	prev := KV{Key: "x", Value: big(), Mod: 2, Create: 2, Version: 1}
	events := []Event{{KV: KV{Key: "x", Value: big(), Mod: 3, Create: 2, Version: 2}, Prev: &prev}}
	answer := []KV{{Key: "x", Value: big(), Mod: 2, Create: 2, Version: 1}}
	before := [3]*byte{unsafe.StringData(events[0].KV.Value), unsafe.StringData(prev.Value), unsafe.StringData(answer[0].Value)}

	r := NewRecorder(Meta{})
	l := r.Log()
	l.Invoke(r.Process(), "n1", Load, -1, Request{Kind: Put, Key: "x", Value: big()})
	l.Complete(Result{Outcome: OK, Prev: answer})
	l.Invoke(0, "n1", Load, -1, Request{Kind: Txn, Then: []Request{{Kind: Get, Key: "x"}}})
	l.Complete(Result{Outcome: OK, Succeeded: true, Responses: []Result{{KVs: answer}}})
	w := r.OpenWatch(Watch{Node: "n1", Resumes: -1})
	w.Append(WatchResponse{Events: events})
	r.AddEvidence(Evidence{Node: "n1", WAL: &WAL{Entries: []Entry{{Index: 1, Request: &Request{Kind: Put, Key: "x", Value: big()}}}}})
	if after := [3]*byte{unsafe.StringData(events[0].KV.Value), unsafe.StringData(prev.Value), unsafe.StringData(answer[0].Value)}; after != before {
		t.Error("what others may hold was changed")
	}
	one(t, "recorded", r.History())

	var j Journal
	var text []byte
	for _, record := range r.Drain() {
		text = AppendRecord(text, record)
	}
	d := NewDecoder(strings.NewReader(string(text)))
	for {
		record, err := d.Next()
		if err != nil {
			break
		}
		j.Add(record)
	}
	one(t, "read back", j.History())
}

func one(t *testing.T, what string, h *History) {
	t.Helper()
	copies := map[*byte]int{}
	add := func(s string) { copies[unsafe.StringData(s)]++ }
	add(h.Ops[0].Request.Value)
	add(h.Ops[0].Result.Prev[0].Value)
	add(h.Ops[1].Result.Responses[0].KVs[0].Value)
	add(h.Watches[0].Responses[0].Events[0].KV.Value)
	add(h.Watches[0].Responses[0].Events[0].Prev.Value)
	add(h.Evidence[0].WAL.Entries[0].Request.Value)
	if len(copies) != 1 {
		t.Errorf("%s: %d copies of one value", what, len(copies))
	}
}
