package component

import (
	"bytes"
	"context"
	"fmt"
	"strings"
	"sync/atomic"

	"github.com/anishathalye/porcupine"

	"github.com/whitewater-kv/whitewater/checker/search"
)

// porcupineSteps bounds one search of Porcupine: it remembers every state that it has been in.
const porcupineSteps = 4 << 20

// Porcupine searches with Anish Athalye's Porcupine, until ctx ends. narrowed lets it use what Order knows of times
// before it begins.
func Porcupine(ctx context.Context, p *Part, narrowed bool) search.Verdict {
	if len(p.Ops) > OpsLimit || ctx.Err() != nil {
		return search.Unknown
	}
	if narrowed {
		p = p.narrowed()
	}
	m := &modelling{part: p, ctx: ctx, content: newContent(number(p))}
	verdict := porcupine.CheckOperationsTimeout(m.model(nil), m.operations(int64(search.Forever)), 0)
	switch {
	case m.broken.Load() || ctx.Err() != nil:
	case verdict == porcupine.Illegal:
		return search.Illegal
	case verdict == porcupine.Ok && !m.either:
		return search.Legal
	}
	return search.Unknown
}

// narrowed is the part without what can be of no use, and with the times that what was seen leaves.
func (p *Part) narrowed() *Part {
	s := newOrdering(p)
	var ops []Op
	for i := range p.Ops {
		if s.done[i] {
			continue
		}
		o := p.Ops[i]
		o.Call, o.Return = s.call[i], s.ret[i]
		ops = append(ops, o)
	}
	return p.with(ops)
}

// modelling is the part as Porcupine takes it.
type modelling struct {
	part    *Part
	ctx     context.Context
	content *content
	broken  atomic.Bool // it was cut short, and what it concludes means nothing
	steps   int
	drawing bool // what was found is carried out again
	either  bool // some operation may have done one thing or another; here it may do both, which proves less
}

// input is one operation, and which of its two requests.
type input struct {
	op    *Op
	other bool
}

func (m *modelling) operations(forever int64) []porcupine.Operation {
	var out []porcupine.Operation
	for i := range m.part.Ops {
		o := &m.part.Ops[i]
		for _, other := range []bool{false, true} {
			if other && o.Other == nil {
				continue
			}
			m.either = m.either || other
			out = append(out, porcupine.Operation{ClientId: i, Input: input{o, other}, Call: int64(o.Call), Return: min(int64(o.Return), forever)})
		}
	}
	return out
}

func (m *modelling) model(names func(id int) string) porcupine.Model {
	return porcupine.Model{
		Init: func() any { return m.content },
		StepContext: func(own context.Context, state, in, _ any) (bool, any) {
			if m.steps++; !m.drawing && (own.Err() != nil || m.ctx.Err() != nil || m.steps > porcupineSteps) {
				m.broken.Store(true)
				return false, state
			}
			return m.step(state.(*content), in.(input))
		},
		Equal: func(a, b any) bool { return a.(*content).hash == b.(*content).hash },
		Hash:  func(a any) uint64 { return a.(*content).hash[0] },
		DescribeOperation: func(in, _ any) string {
			if o := in.(input).op; o.ID != None {
				return names(o.ID)
			}
			return fmt.Sprintf("lease %x ends", in.(input).op.Ends)
		},
		DescribeState: func(state any) string { return state.(*content).String() },
	}
}

func (m *modelling) step(at *content, in input) (bool, *content) {
	s := step{part: m.part, content: at}
	if in.op.Request == nil {
		s.content = at.clone()
		return s.do(in.op, false), s.content
	}
	changes, ok := s.would(in.op, in.other)
	if !ok || len(changes) == 0 {
		return ok, at
	}
	next := at.clone()
	next.apply(changes)
	next.history = nil
	return true, next
}

func (c *content) String() string {
	var list []string
	for i := range c.cells {
		if kv := &c.cells[i]; kv.Version != 0 {
			list = append(list, kv.Key+" = "+kv.Value)
		}
	}
	return strings.Join(list, ", ")
}

// Picture is Porcupine's own page for the few operations of a counterexample, or nil if the time was too short. line
// describes an operation of the history.
func Picture(ctx context.Context, p *Part, line func(id int) string) []byte {
	end := int64(0)
	for i := range p.Ops {
		if end = max(end, int64(p.Ops[i].Call)); p.Ops[i].Return != search.Forever {
			end = max(end, int64(p.Ops[i].Return))
		}
	}
	m := &modelling{part: p, ctx: ctx, content: newContent(number(p))}
	model := m.model(line)
	_, info := porcupine.CheckOperationsVerbose(model, m.operations(end+1), 0)
	if m.broken.Load() {
		return nil
	}
	m.drawing = true
	var page bytes.Buffer
	if err := porcupine.Visualize(model, info, &page); err != nil {
		return nil
	}
	return page.Bytes()
}
