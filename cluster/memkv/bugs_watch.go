package memkv

import (
	"slices"

	"github.com/whitewater-kv/whitewater/history"
)

var watchBugs = []Bug{
	{
		Name: "watch-gap", Doc: "a watch leaves out an event",
		Workload: "watch", Caught: []string{"watch"}, hooks: hooks{deliver: watchGap},
	},
	{
		Name: "watch-duplicate", Doc: "a watch tells an event twice",
		Workload: "watch", Caught: []string{"watch"}, hooks: hooks{deliver: watchTwice},
	},
	{
		Name: "watch-reordered", Doc: "a watch tells two responses in the wrong order",
		Workload: "watch", Caught: []string{"watch"}, hooks: hooks{deliver: watchSwapped},
	},
	{
		Name: "watch-split-transaction", Doc: "a watch tells a transaction's events in two responses",
		Workload: "watch", Caught: []string{"watch"}, every: 3, hooks: hooks{deliver: watchSplit},
	},
	{
		Name: "watch-early-bookmark", Doc: "a bookmark promises what has not been told",
		Workload: "watch", Caught: []string{"watch"}, hooks: hooks{deliver: watchBookmark},
	},
	{
		Name: "watch-wrong-previous", Doc: "an event has the wrong previous pair",
		Workload: "watch", Caught: []string{"watch"}, hooks: hooks{deliver: watchPrevious},
	},
	{
		Name: "watch-resume-gap", Doc: "a watch from a given revision leaves that revision out",
		Workload: "watch", Caught: []string{"watch"}, every: 1, hooks: hooks{open: watchResume},
	},
	{
		Name: "watch-before-start", Doc: "a watch tells what happened before its start",
		Workload: "watch", Caught: []string{"watch"}, every: 1, hooks: hooks{open: watchEarly},
	},
	{
		Name: "watch-ignores-filter", Doc: "a watch tells what it was asked to leave out",
		Workload: "watch", Caught: []string{"watch"}, hooks: hooks{match: watchUnfiltered},
	},
}

func watchGap(s *sim, _ *stream, all []history.WatchResponse) []history.WatchResponse {
	if len(all) > 0 && s.hour() {
		events := all[0].Events
		i := s.rng.IntN(len(events))
		all[0].Events = slices.Delete(slices.Clone(events), i, i+1)
	}
	return all
}

func watchTwice(s *sim, _ *stream, all []history.WatchResponse) []history.WatchResponse {
	if len(all) > 0 && s.hour() {
		return append(all, all[len(all)-1])
	}
	return all
}

// watchSwapped keeps a response back until after the next.
func watchSwapped(s *sim, w *stream, all []history.WatchResponse) []history.WatchResponse {
	if len(w.kept) > 0 && len(all) > 0 {
		all, w.kept = append(all, w.kept...), nil
		return all
	}
	if len(all) > 0 && s.hour() {
		w.kept = all
		return nil
	}
	return all
}

func watchSplit(s *sim, _ *stream, all []history.WatchResponse) (out []history.WatchResponse) {
	for _, r := range all {
		for i := 1; i < len(r.Events); i++ {
			if r.Events[i].KV.Mod == r.Events[i-1].KV.Mod && !r.Fragment && s.hour() {
				first := r
				first.Events, r.Events = r.Events[:i], r.Events[i:]
				out = append(out, first)
				break
			}
		}
		out = append(out, r)
	}
	return out
}

func watchBookmark(s *sim, w *stream, all []history.WatchResponse) []history.WatchResponse {
	if w.Progress && w.Start == 0 && s.hour() {
		early := history.WatchResponse{Progress: true, Header: s.header(w.node)}
		early.Header.Revision += 3
		all = append(all, early)
	}
	return all
}

// watchPrevious shows the pair that an event made as the one that it replaced.
func watchPrevious(s *sim, w *stream, all []history.WatchResponse) []history.WatchResponse {
	for _, r := range all {
		for i, e := range r.Events {
			if w.PrevKV && !e.Delete && e.Prev != nil && s.hour() {
				wrong := e.KV
				r.Events[i].Prev = &wrong
			}
		}
	}
	return all
}

func watchResume(s *sim, w *stream) {
	if w.Start > 1 && s.hour() {
		w.next = w.Start + 1
	}
}

func watchEarly(s *sim, w *stream) {
	if w.Start > 2 && s.hour() {
		w.next = w.Start - 2
	}
}

func watchUnfiltered(s *sim, w *stream, e history.Event) bool {
	return (w.NoPut || w.NoDelete) && covers(w.Key, w.End, e.KV.Key) && s.hour()
}
