package checker

import (
	"context"
	"errors"
	"fmt"
	"runtime/debug"
	"runtime/metrics"
	"strings"
	"time"

	"github.com/whitewater-kv/whitewater/history"
)

// Defaults for Limits that are zero.
const (
	DefaultTimeout     = time.Minute
	DefaultMemoryBytes = 4 << 30
)

// Judge runs the named checkers over h, one after another, each within limits of its own. No names means all. A
// checker that panics is a bug of ours: its verdict is Unknown, and Result.Bug says so. A name that no checker has is
// answered by an Unknown result, so that a misspelt check is never a passed one.
func Judge(ctx context.Context, h *history.History, names []string, lim Limits) []Result {
	if lim.Timeout <= 0 {
		lim.Timeout = DefaultTimeout
	}
	if lim.MemoryBytes == 0 {
		lim.MemoryBytes = DefaultMemoryBytes
	}
	lim.shared = &shared{}
	checkers := All
	if len(names) > 0 {
		checkers = nil
		for _, name := range names {
			checkers = append(checkers, named(name))
		}
	}
	defer pace(heapBytes())()
	results := make([]Result, len(checkers))
	wrong := history.Wellformed(h)
	for i, c := range checkers {
		if len(wrong) > 0 {
			results[i] = Result{Checker: c.Name, Why: "this is no history: " + wrong[0], Details: clip(wrong[1:])}
			continue
		}
		results[i] = judge(ctx, c, h, lim)
	}
	return results
}

// garbageBytes is how much garbage may lie about while a large history is judged, or a third of what is in use.
const garbageBytes = 256 << 20

// pace has the garbage of a large history's checks collected sooner than by itself, when there is as much of it as there is
// history: what a limit bounds is what checks need. It returns what ends that.
func pace(used uint64) (end func()) {
	if used <= garbageBytes {
		return func() {}
	}
	percent := int(max(33, 100*garbageBytes/used))
	before := debug.SetGCPercent(percent)
	if before < percent { // the user wants it sooner still, or not at all
		debug.SetGCPercent(before)
	}
	return func() { debug.SetGCPercent(before) }
}

// Find returns the checker of that name.
func Find(name string) (Checker, bool) {
	for _, c := range All {
		if c.Name == name {
			return c, true
		}
	}
	return Checker{}, false
}

// named is Find for Judge: an unknown name becomes a checker that concludes nothing.
func named(name string) Checker {
	if c, ok := Find(name); ok {
		return c
	}
	return Checker{Name: name, Check: func(context.Context, *history.History, Limits) Result {
		var have []string
		for _, c := range All {
			have = append(have, c.Name)
		}
		return Result{Why: fmt.Sprintf("there is no checker %q; there are %s", name, strings.Join(have, ", "))}
	}}
}

func judge(ctx context.Context, c Checker, h *history.History, lim Limits) (res Result) {
	began := time.Now()
	ctx, cancel := context.WithTimeoutCause(ctx, lim.Timeout, fmt.Errorf("the limit of %v was reached", lim.Timeout))
	defer cancel()
	ctx, stop := watchMemory(ctx, lim.MemoryBytes)
	defer stop()
	defer func() {
		if p := recover(); p != nil {
			res = Result{Why: "the checker itself failed", Bug: fmt.Sprintf("panic: %v\n%s", p, debug.Stack())}
		}
		res.Checker, res.Took = c.Name, time.Since(began)
		if res.Bug != "" {
			res.Verdict = Unknown
		}
		res.Details = clip(res.Details)
	}()
	return c.Check(ctx, h, lim)
}

// clip keeps the first Lines lines; the last one counts what was left out.
func clip(lines []string) []string {
	if len(lines) <= Lines {
		return lines
	}
	left := len(lines) - Lines + 1
	return append(lines[:Lines-1:Lines-1], fmt.Sprintf("… and %d more", left))
}

// watchMemory returns a context that ends when the process's heap exceeds the limit. Heap that was in use before the
// check began counts too, because it is the machine's memory that runs out.
func watchMemory(ctx context.Context, limitBytes uint64) (context.Context, func()) {
	ctx, cancel := context.WithCancelCause(ctx)
	done := make(chan struct{})
	go func() {
		defer close(done)
		tick := time.NewTicker(50 * time.Millisecond)
		defer tick.Stop()
		for {
			if used := heapBytes(); used > limitBytes {
				cancel(fmt.Errorf("the limit of %d MiB was reached (heap %d MiB)", limitBytes>>20, used>>20))
				return
			}
			select {
			case <-ctx.Done():
				return
			case <-tick.C:
			}
		}
	}()
	return ctx, func() { cancel(errors.New("the check is over")); <-done }
}

func heapBytes() uint64 {
	sample := []metrics.Sample{{Name: "/memory/classes/heap/objects:bytes"}}
	metrics.Read(sample)
	return sample[0].Value.Uint64()
}

// stopped is why ctx ended, as a sentence's end; "" while it has not.
func stopped(ctx context.Context) string {
	if ctx.Err() == nil {
		return ""
	}
	return context.Cause(ctx).Error()
}
