// Package chunks has Porcupine check whole histories of any length, along a certificate.
//
// Porcupine alone needs n²/8 bytes and, with many clients on one key, exponential time. But if a certified order is cut
// into chunks, each chunk is linearizable from the certified state before it to the certified state after it, and no
// operation of a chunk was called after one of a later chunk had returned, then the linearizations of the chunks one
// after another are one of the whole.
package chunks

import (
	"context"
	"fmt"
	"sync/atomic"
	"time"

	"github.com/anishathalye/porcupine"

	"github.com/whitewater-kv/whitewater/checker/certificate"
	"github.com/whitewater-kv/whitewater/checker/model"
	"github.com/whitewater-kv/whitewater/history"
)

// A chunk is as many consecutive steps: Porcupine's memory grows with the square of it.
const chunkOps = 64

// Report says how much Porcupine has checked.
type Report struct {
	Chunks, Checked int
	Ops             int // in the chunks checked
}

// Check has Porcupine check the chunks of a certificate, all of them if budget allows, or every n-th. An error says
// that the certificate does not hold.
func Check(ctx context.Context, h *history.History, rules certificate.Rules, cert *certificate.Certificate, budget time.Duration) (Report, error) {
	c := &checking{h: h, rules: rules, cert: cert, store: model.NewStore()}
	ends := c.cut()
	if err := c.apart(ends); err != nil {
		return Report{}, err
	}
	report := Report{Chunks: len(ends)}
	began, stride, from := time.Now(), 1, 0
	for i, to := range ends {
		if ctx.Err() != nil {
			return report, nil
		}
		if i == probe {
			stride = c.stride(time.Since(began), budget, len(ends))
		}
		if i%stride == 0 && (i < probe || time.Since(began) < budget) {
			if err := c.chunk(ctx, from, to); err != nil {
				return report, err
			}
			report.Checked++
			report.Ops += to - from
		}
		c.advance(from, to)
		from = to
	}
	return report, nil
}

// probe is after how many chunks the time for all is estimated.
const probe = 256

func (c *checking) stride(spent, budget time.Duration, chunks int) int {
	if whole := spent / probe * time.Duration(chunks); whole > budget {
		return 1 + int(whole/max(budget, 1))
	}
	return 1
}

type checking struct {
	h     *history.History
	rules certificate.Rules
	cert  *certificate.Certificate
	store *model.Store  // before the chunk
	reads map[int64]int // of the chunk, by revision
}

// cut returns the end of every chunk.
func (c *checking) cut() []int {
	var ends []int
	for end := chunkOps; end < len(c.cert.Steps); end += chunkOps {
		ends = append(ends, end)
	}
	return append(ends, len(c.cert.Steps))
}

// apart checks that no operation of a chunk was called after one of a later chunk had returned.
func (c *checking) apart(ends []int) error {
	latest := time.Duration(1<<63 - 1)
	for i := len(ends) - 1; i >= 0; i-- {
		from := 0
		if i > 0 {
			from = ends[i-1]
		}
		earliest := latest
		for _, s := range c.cert.Steps[from:ends[i]] {
			if s.Op < 0 {
				continue
			}
			op := &c.h.Ops[s.Op]
			if op.Call > latest {
				return fmt.Errorf("operation %d is in a chunk before one that had returned when it was called", op.ID)
			}
			if op.Result.Outcome == history.OK {
				earliest = min(earliest, op.Return)
			}
		}
		latest = earliest
	}
	return nil
}

// advance carries out the chunk's steps as certified.
func (c *checking) advance(from, to int) {
	for _, s := range c.cert.Steps[from:to] {
		if s.Op < 0 {
			c.store.Apply(s.Revision, c.cert.Foreign[-1-s.Op].Changes)
		} else if s.Revision > c.store.Revision {
			c.store.Do(&c.h.Ops[s.Op].Request)
		}
	}
}

// state is the store within a chunk: the changes since its beginning, and how many of the chunk's reads have seen this
// revision. A revision has one content, because every write happens at its own.
//
// A write has to wait for the reads of the revision that it ends. That is the guidance: the certified order obeys it, so
// that nothing is lost, and without it Porcupine tries every set of reads that a write could leave behind.
type state struct {
	rev     int64
	reads   int
	changes []model.Change
}

func (c *checking) chunk(ctx context.Context, from, to int) error {
	ops := make([]porcupine.Operation, 0, to-from)
	c.reads = make(map[int64]int, to-from)
	rev := c.store.Revision
	for i := from; i < to; i++ {
		s := &c.cert.Steps[i]
		if s.Revision == rev {
			c.reads[rev]++
		}
		rev = s.Revision
		o := porcupine.Operation{ClientId: i - from, Input: s, Call: -1 << 62, Return: 1 << 62}
		if s.Op >= 0 {
			op := &c.h.Ops[s.Op]
			o.Call = int64(op.Call)
			if op.Result.Outcome == history.OK {
				o.Return = int64(op.Return)
			}
		}
		ops = append(ops, o)
	}
	var broken atomic.Bool
	timeout := time.Duration(0)
	if deadline, ok := ctx.Deadline(); ok {
		timeout = max(time.Until(deadline), time.Millisecond)
	}
	verdict := porcupine.CheckOperationsTimeout(c.model(ctx, &broken), ops, timeout)
	if verdict == porcupine.Illegal && !broken.Load() && ctx.Err() == nil {
		return fmt.Errorf("porcupine finds no order for the %d steps from revision %d to %d", to-from, c.store.Revision, c.cert.Steps[to-1].Revision)
	}
	return nil
}

func (c *checking) model(ctx context.Context, broken *atomic.Bool) porcupine.Model {
	return porcupine.Model{
		Init: func() any { return state{rev: c.store.Revision} },
		StepContext: func(own context.Context, at, input, _ any) (bool, any) {
			if own.Err() != nil || ctx.Err() != nil {
				broken.Store(true)
				return false, at
			}
			return c.step(at.(state), input.(*certificate.Step))
		},
		Equal: func(a, b any) bool { return a.(state).rev == b.(state).rev && a.(state).reads == b.(state).reads },
		Hash:  func(a any) uint64 { return uint64(a.(state).rev)*0x9E3779B97F4A7C15 + uint64(a.(state).reads) },
	}
}

// step carries one step out on the state, if its answer is that of the state.
func (c *checking) step(at state, s *certificate.Step) (bool, state) {
	if s.Op < 0 {
		if at.rev != s.Revision-1 || at.reads < c.reads[at.rev] {
			return false, at
		}
		return true, at.with(s.Revision, c.cert.Foreign[-1-s.Op].Changes)
	}
	// The answer names its revision: no other can be right, so that nothing need be carried out to refuse it.
	if at.rev != s.Revision && (at.rev != s.Revision-1 || at.reads < c.reads[at.rev]) {
		return false, at
	}
	op := &c.h.Ops[s.Op]
	var view model.View = c.store
	if len(at.changes) > 0 {
		view = model.Overlay(c.store, at.changes)
	}
	want, changes := model.Eval(view, at.rev, &op.Request)
	if want.Header.Revision != s.Revision {
		return false, at
	}
	if op.Result.Outcome == history.OK && model.Differs(&op.Request, &op.Result, &want, c.rules.Told) != "" {
		return false, at
	}
	if len(changes) == 0 {
		at.reads++
		return true, at
	}
	return true, at.with(s.Revision, changes)
}

func (s state) with(rev int64, changes []model.Change) state {
	return state{rev, 0, append(s.changes[:len(s.changes):len(s.changes)], changes...)}
}
