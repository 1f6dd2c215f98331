package generate

import (
	"math/rand/v2"
	"slices"

	"github.com/whitewater-kv/whitewater/history"
)

func watchMutations() []Mutation {
	caught, also := []string{"watch"}, []string{"revisions", "linearizable", "durable"}
	return []Mutation{
		{"event-dropped", "a watch leaves an event out", registerBase, eventDropped, caught, also},
		{"event-repeated", "a watch delivers an event twice", registerBase, eventRepeated, caught, also},
		{"events-swapped", "a watch delivers two events in the wrong order", registerBase, eventsSwapped, caught, also},
		{"event-altered", "a watch delivers another value than was written", registerBase, eventAltered, caught, also},
		{"previous-altered", "a watch says that an event replaced another value than it did", registerBase, previousAltered, caught, also},
		{"transaction-torn", "a watch delivers a transaction's events in two responses", storeBase, transactionTorn, caught, also},
		{"delete-as-put", "a watch delivers a delete as a put", storeBase, deleteAsPut, caught, also},
		{"bookmark-too-early", "a watch promises that all has been delivered, and then delivers more", registerBase, bookmarkEarly, caught, also},
		{"missing-from-history", "one member's replay does not tell an acknowledged write", registerBase, missingFromReplay, []string{"durable", "watch"}, also},
	}
}

// stream picks a watch's response with events, and replaces it by those that edit returns.
func stream(h *history.History, rng *rand.Rand, edit func(w *history.Watch, i int) bool) bool {
	for _, n := range rng.Perm(len(h.Watches)) {
		w := &h.Watches[n]
		for _, i := range rng.Perm(len(w.Responses)) {
			if len(w.Responses[i].Events) > 0 && edit(w, i) {
				return true
			}
		}
	}
	return false
}

// own makes the events of a response the watch's own, to be changed.
func own(r *history.WatchResponse) { r.Events = slices.Clone(r.Events) }

func eventDropped(h *history.History, rng *rand.Rand) bool {
	return stream(h, rng, func(w *history.Watch, i int) bool {
		w.Responses = slices.Delete(slices.Clone(w.Responses), i, i+1)
		return true
	})
}

func eventRepeated(h *history.History, rng *rand.Rand) bool {
	return stream(h, rng, func(w *history.Watch, i int) bool {
		w.Responses = slices.Insert(slices.Clone(w.Responses), i, w.Responses[i])
		return true
	})
}

func eventsSwapped(h *history.History, rng *rand.Rand) bool {
	return stream(h, rng, func(w *history.Watch, i int) bool {
		if i == 0 || len(w.Responses[i-1].Events) == 0 {
			return false
		}
		a, b := &w.Responses[i-1], &w.Responses[i]
		a.Events, b.Events, a.Header, b.Header = b.Events, a.Events, b.Header, a.Header
		return true
	})
}

func eventAltered(h *history.History, rng *rand.Rand) bool {
	return stream(h, rng, func(w *history.Watch, i int) bool {
		own(&w.Responses[i])
		e := &w.Responses[i].Events[0]
		e.KV.Value = "another"
		return !e.Delete
	})
}

func previousAltered(h *history.History, rng *rand.Rand) bool {
	return stream(h, rng, func(w *history.Watch, i int) bool {
		own(&w.Responses[i])
		e := &w.Responses[i].Events[0]
		if e.Prev == nil {
			return false
		}
		prev := *e.Prev
		prev.Value = "another"
		e.Prev = &prev
		return true
	})
}

func transactionTorn(h *history.History, rng *rand.Rand) bool {
	return stream(h, rng, func(w *history.Watch, i int) bool {
		r := w.Responses[i]
		if len(r.Events) < 2 {
			return false
		}
		first, second := r, r
		first.Events, second.Events = r.Events[:1:1], r.Events[1:]
		w.Responses = slices.Replace(slices.Clone(w.Responses), i, i+1, first, second)
		return true
	})
}

func deleteAsPut(h *history.History, rng *rand.Rand) bool {
	return stream(h, rng, func(w *history.Watch, i int) bool {
		own(&w.Responses[i])
		e := &w.Responses[i].Events[0]
		if !e.Delete {
			return false
		}
		e.Delete, e.KV.Value, e.KV.Create, e.KV.Version = false, "another", e.KV.Mod, 1
		return true
	})
}

func bookmarkEarly(h *history.History, rng *rand.Rand) bool {
	return stream(h, rng, func(w *history.Watch, i int) bool {
		r := w.Responses[i]
		mark := history.WatchResponse{At: r.At, Progress: true, Header: history.Header{Revision: r.Events[0].KV.Mod}}
		w.Responses = slices.Insert(slices.Clone(w.Responses), i, mark)
		return true
	})
}

func missingFromReplay(h *history.History, rng *rand.Rand) bool {
	return stream(h, rng, func(w *history.Watch, i int) bool {
		rev := w.Responses[i].Events[0].KV.Mod
		acked := slices.ContainsFunc(h.Ops, func(op history.Op) bool { return sets(&op, op.Request.Key) && op.Result.Header.Revision == rev })
		if w.Purpose != "replay" || !acked {
			return false
		}
		w.Responses = slices.Delete(slices.Clone(w.Responses), i, i+1)
		return true
	})
}
