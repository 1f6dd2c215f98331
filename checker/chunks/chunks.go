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
	c := newChecking(ctx, h, rules, cert)
	ends := c.cut()
	if err := c.apart(ends); err != nil {
		return Report{}, err
	}
	report := Report{Chunks: len(ends)}
	began, stride, from := time.Now(), 1, 0
	for i, to := range ends {
		if i == probe {
			stride = c.stride(time.Since(began), budget, len(ends))
		}
		if i >= probe && time.Since(began) >= budget {
			return report, nil
		}
		if i%stride == 0 {
			if err := c.chunk(from, to); err != nil {
				return report, err
			}
			if c.broken {
				return report, nil
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

// checking is one check under way: the store before a chunk, and what Porcupine has found within it.
type checking struct {
	h      *history.History
	rules  certificate.Rules
	cert   *certificate.Certificate
	store  *model.Store
	eval   model.Evaluator
	model  porcupine.Model
	broken bool // the time was over: what Porcupine says of the chunk means nothing

	ops     []porcupine.Operation
	reads   []int32 // of the chunk, by revision from the store's on
	changes []model.Change
	upTo    []int          // by revision: how many of the changes were made
	seen    []model.Change // those up to the state that is looked at
	view    model.View     // the store with them
}

func newChecking(ctx context.Context, h *history.History, rules certificate.Rules, cert *certificate.Certificate) *checking {
	c := &checking{h: h, rules: rules, cert: cert, store: model.NewStore()}
	c.view = model.Overlay(c.store, &c.seen)
	c.model = porcupine.Model{
		Init: func() any { return state{} },
		StepContext: func(_ context.Context, at, input, _ any) (bool, any) {
			if c.broken = c.broken || ctx.Err() != nil; c.broken {
				return false, at
			}
			return c.step(at, input.(*certificate.Step))
		},
		Equal: func(a, b any) bool { return a == b },
		Hash:  func(a any) uint64 { return uint64(a.(state).rev)<<32 + uint64(a.(state).reads) },
	}
	return c
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
			_, changes := c.eval.Eval(c.store, c.store.Revision, &c.h.Ops[s.Op].Request)
			c.store.Apply(s.Revision, changes)
		}
	}
}

// chunk has Porcupine check one chunk.
func (c *checking) chunk(from, to int) error {
	c.ops, c.reads, c.upTo = c.ops[:0], append(c.reads[:0], 0), append(c.upTo[:0], 0)
	for i := from; i < to; i++ {
		s := &c.cert.Steps[i]
		switch s.Revision - c.store.Revision - int64(len(c.reads)-1) {
		case 0:
			c.reads[len(c.reads)-1]++
		case 1:
			c.reads, c.upTo = append(c.reads, 0), append(c.upTo, 0)
		default:
			return fmt.Errorf("revision %d follows revision %d", s.Revision, c.store.Revision+int64(len(c.reads)-1))
		}
		o := porcupine.Operation{ClientId: i - from, Input: s, Call: -1 << 62, Return: 1 << 62}
		if s.Op >= 0 {
			op := &c.h.Ops[s.Op]
			o.Call = int64(op.Call)
			if op.Result.Outcome == history.OK {
				o.Return = int64(op.Return)
			}
		}
		c.ops = append(c.ops, o)
	}
	if !porcupine.CheckOperations(c.model, c.ops) && !c.broken {
		return fmt.Errorf("porcupine finds no order for the %d steps from revision %d to %d", to-from, c.store.Revision, c.cert.Steps[to-1].Revision)
	}
	return nil
}

// state is where the store stands within a chunk: how many revisions after its beginning, and how many of the chunk's
// reads have seen this one. A revision has one content, because every write happens at its own: what it changed is kept
// aside, for the path that Porcupine is on.
//
// A write has to wait for the reads of the revision that it ends. That is the guidance: the certified order obeys it, so
// that nothing is lost, and without it Porcupine tries every set of reads that a write could leave behind.
type state struct{ rev, reads int32 }

// step carries one step out on a state, if its answer is that of the state.
func (c *checking) step(before any, s *certificate.Step) (bool, any) {
	at := before.(state)
	rev := c.store.Revision + int64(at.rev)
	// The answer names its revision: no other can be right, so that nothing need be carried out to refuse it.
	ended := s.Revision == rev+1 && at.reads >= c.reads[at.rev]
	if !ended && (s.Revision != rev || s.Op < 0) {
		return false, before
	}
	if s.Op < 0 {
		return true, c.after(at, c.cert.Foreign[-1-s.Op].Changes)
	}
	c.seen = c.changes[:c.upTo[at.rev]]
	op := &c.h.Ops[s.Op]
	want, changes := c.eval.Eval(c.view, rev, &op.Request)
	if want.Header.Revision != s.Revision {
		return false, before
	}
	if op.Result.Outcome == history.OK && model.Differs(&op.Request, &op.Result, &want, c.rules.Told) != "" {
		return false, before
	}
	if len(changes) == 0 {
		return true, state{at.rev, at.reads + 1}
	}
	return true, c.after(at, changes)
}

// after is the state after a write.
func (c *checking) after(at state, changes []model.Change) state {
	c.changes = append(c.changes[:c.upTo[at.rev]], changes...)
	c.upTo[at.rev+1] = len(c.changes)
	return state{rev: at.rev + 1}
}
