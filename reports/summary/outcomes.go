package summary

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"github.com/whitewater-kv/whitewater/history"
	"github.com/whitewater-kv/whitewater/reports/latency"
)

// Outcome is how often an operation of the load ended in one way, with the first and the last that did.
type Outcome struct {
	Op          string
	Outcome     history.Outcome
	Class       string // the error's
	Count       int64
	First, Last string
}

// OutcomeWord is an outcome's word in reports, Jepsen's: ok, fail, info.
func OutcomeWord(o history.Outcome) string {
	switch o {
	case history.OK:
		return "ok"
	case history.Fail:
		return "fail"
	}
	return "info"
}

func (s *Summary) outcomes(h *history.History) []Outcome {
	type key struct {
		op      string
		outcome history.Outcome
		class   string
	}
	rows := map[key]*Outcome{}
	last := map[key]*history.Op{}
	for i := range h.Ops {
		op := &h.Ops[i]
		if op.Stage != history.Load {
			continue
		}
		k := key{latency.OpName(op.Request.Kind), op.Result.Outcome, op.Result.Error}
		if rows[k] == nil {
			rows[k] = &Outcome{Op: k.op, Outcome: k.outcome, Class: k.class, First: Clip(s.Line(*op), 160)}
		}
		rows[k].Count++
		last[k] = op
	}
	out := make([]Outcome, 0, len(rows))
	for k, row := range rows {
		row.Last = Clip(s.Line(*last[k]), 160)
		out = append(out, *row)
	}
	rank := map[history.Outcome]int{history.OK: 0, history.Fail: 1, history.Unknown: 2}
	slices.SortFunc(out, func(a, b Outcome) int {
		return cmp.Or(cmp.Compare(a.Op, b.Op), cmp.Compare(rank[a.Outcome], rank[b.Outcome]), cmp.Compare(b.Count, a.Count),
			cmp.Compare(a.Class, b.Class))
	})
	return out
}

// Clip shortens a text to so many characters, and makes it one line.
func Clip(text string, most int) string {
	text = strings.Join(strings.Fields(text), " ")
	runes := []rune(text)
	if len(runes) <= most {
		return text
	}
	return string(runes[:most-1]) + "…"
}

// Line is an operation in a line of text: which, when, since the load's start, who, where, what.
func (s *Summary) Line(op history.Op) string {
	asked, told := Say(op)
	return s.line(op, asked, told)
}

// LineOf is Line for an operation of a counterexample: the one that it is about has a mark.
func (s *Summary) LineOf(c Counterexample, op history.Op) string {
	asked, told := c.Say(op)
	line := s.line(op, asked, told)
	if c.Accused(op) {
		line += "  ✗"
	}
	return line
}

func (s *Summary) line(op history.Op, asked, told string) string {
	return fmt.Sprintf("op %d  %s  client %d  %s  %s → %s", op.ID, s.Span(op.Call, op.Return), op.Process, op.Node, Clip(asked, 120), Clip(told, 120))
}

// Clock names the moment from which all times count, in checkers' sentences too.
func (s *Summary) Clock() string {
	if s.Latency.Start == 0 {
		return "Times count from the start of the run"
	}
	return "Times count from the start of the load, negative before it"
}
