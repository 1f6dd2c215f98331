package search

import (
	"bytes"
	"context"
	"fmt"
	"sync/atomic"
	"time"

	"github.com/anishathalye/porcupine"
)

// PorcupineLimit is the most operations that Porcupine takes: it needs n²/8 bytes at least.
const PorcupineLimit = 20_000

// Porcupine searches with Anish Athalye's Porcupine (Wing and Gong's algorithm with Lowe's cache) until ctx ends.
func Porcupine(ctx context.Context, ops []Op) Verdict {
	if len(ops) > PorcupineLimit || ctx.Err() != nil {
		return Unknown
	}
	var broken atomic.Bool
	return verdict(porcupine.CheckOperationsTimeout(model(ctx, &broken, nil), operations(ops), left(ctx)), &broken, ctx)
}

// left is the time that Porcupine may take: zero would mean without limit.
func left(ctx context.Context) time.Duration {
	if deadline, ok := ctx.Deadline(); ok {
		return max(time.Until(deadline), time.Millisecond)
	}
	return 0
}

func verdict(r porcupine.CheckResult, broken *atomic.Bool, ctx context.Context) Verdict {
	switch {
	case r == porcupine.Ok && !broken.Load():
		return Legal
	case r == porcupine.Illegal && !broken.Load() && ctx.Err() == nil:
		return Illegal
	}
	return Unknown
}

func operations(ops []Op) []porcupine.Operation {
	out := make([]porcupine.Operation, len(ops))
	for i := range ops {
		o := &ops[i]
		out[i] = porcupine.Operation{ClientId: o.Process, Input: o, Call: int64(o.Call), Return: int64(o.Return)}
	}
	return out
}

// model is Step for Porcupine. When ctx ends it refuses every step, so that the search unwinds; broken remembers that,
// because what it concludes then means nothing.
func model(ctx context.Context, broken *atomic.Bool, names *Names) porcupine.Model {
	return porcupine.Model{
		Init: func() any { return State{} },
		StepContext: func(own context.Context, state, input, _ any) (bool, any) {
			if own.Err() != nil || ctx.Err() != nil {
				broken.Store(true)
				return false, state
			}
			ok, next := Step(state.(State), input.(*Op))
			return ok, next
		},
		Hash: func(state any) uint64 {
			s := state.(State)
			h := uint64(s.Revision)
			for _, v := range s.Values {
				h = (h ^ uint64(uint32(v))) * 0x9E3779B97F4A7C15
				h ^= h >> 29
			}
			return h
		},
		DescribeOperation: func(input, _ any) string { return names.operation(input.(*Op)) },
		DescribeState:     func(state any) string { return names.state(state.(State)) },
	}
}

// Names gives pictures their words.
type Names struct {
	Keys  []string
	Value func(key int, number int32) string
	Op    func(id int) string
}

func (n *Names) operation(o *Op) string {
	if n == nil || n.Op == nil {
		return fmt.Sprint(o.ID)
	}
	return n.Op(o.ID)
}

func (n *Names) state(s State) string {
	if n == nil {
		return fmt.Sprint(s.Values)
	}
	var b bytes.Buffer
	for k, name := range n.Keys {
		if k > 0 {
			b.WriteString(", ")
		}
		fmt.Fprintf(&b, "%s = %s", name, n.Value(k, s.Values[k]))
	}
	return b.String()
}

// Mark is a remark on a picture: a fault, a leader change, an operation outside the search.
type Mark struct {
	Tag, Text, Colour string
	From, To          time.Duration
}

// Picture is Porcupine's own page for a few operations, or nil if they were too many or the time too short.
func Picture(ctx context.Context, ops []Op, names *Names, marks []Mark) []byte {
	if len(ops) > 500 {
		return nil
	}
	end := time.Duration(0)
	for i := range ops {
		if end = max(end, ops[i].Call); ops[i].Return != Forever {
			end = max(end, ops[i].Return)
		}
	}
	drawn := append([]Op(nil), ops...)
	for i := range drawn {
		if drawn[i].Return == Forever {
			drawn[i].Return = end + 1 // the page's axis is made of these times
		}
	}
	var broken atomic.Bool
	m := model(ctx, &broken, names)
	_, info := porcupine.CheckOperationsVerbose(m, operations(drawn), left(ctx))
	var notes []porcupine.Annotation
	for _, k := range marks {
		notes = append(notes, porcupine.Annotation{Tag: k.Tag, Description: k.Text, BackgroundColor: k.Colour,
			Start: int64(k.From), End: int64(k.To)})
	}
	info.AddAnnotations(notes)
	var page bytes.Buffer
	if err := porcupine.Visualize(m, info, &page); err != nil || broken.Load() {
		return nil
	}
	return page.Bytes()
}
