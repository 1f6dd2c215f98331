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

func outcomes(h *history.History) []Outcome {
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
			rows[k] = &Outcome{Op: k.op, Outcome: k.outcome, Class: k.class, First: Clip(op.String(), 160)}
		}
		rows[k].Count++
		last[k] = op
	}
	out := make([]Outcome, 0, len(rows))
	for k, row := range rows {
		row.Last = Clip(last[k].String(), 160)
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

// Say is what an operation asked and what it was told, without who, when, at which revision and by which member.
func Say(op history.Op) (asked, told string) {
	text := op.String()
	if _, rest, ok := strings.Cut(text, "] "); ok {
		text = rest
	}
	asked, told, _ = strings.Cut(text, " -> ")
	words := slices.DeleteFunc(strings.Fields(told), func(word string) bool {
		return slices.ContainsFunc([]string{"rev=", "mod=", "term=", "member=", "cluster="}, func(field string) bool { return strings.HasPrefix(word, field) })
	})
	return asked, strings.Join(words, " ")
}

// Line is an operation in a line of text: which, when, since the load's start, who, where, what.
func (s *Summary) Line(op history.Op) string {
	asked, told := Say(op)
	return fmt.Sprintf("op %d  %.3f – %.3f s  client %d  %s  %s → %s", op.ID, s.Since(op.Call).Seconds(), s.Since(op.Return).Seconds(), op.Process,
		op.Node, Clip(asked, 120), Clip(told, 120))
}

// Clocks says how the times of a counterexample's operations and those in its sentences go together; "" if they are
// the same.
func (s *Summary) Clocks() string {
	if s.Latency.Start == 0 {
		return ""
	}
	return fmt.Sprintf("Operations are timed from the start of the load, sentences from the start of the run, %.1f s before it", s.Latency.Start.Seconds())
}
