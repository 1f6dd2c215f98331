package reports

import (
	"fmt"
	"maps"
	"path"
	"slices"
	"strings"

	"github.com/whitewater-kv/whitewater/history"
	"github.com/whitewater-kv/whitewater/reports/plots"
	"github.com/whitewater-kv/whitewater/reports/summary"
)

// renderCounterexamples makes a folder for each counterexample: its operations as event lines, the explanation, the
// timeline, and whatever its checker drew.
func renderCounterexamples(s *Summary) (out []Output, err error) {
	for _, c := range s.Counterexamples {
		out = append(out, Output{c.Folder + "/explain.md", []byte(explain(s, c))})
		if len(c.Ops) > 0 { // some are of watches, logs or members alone
			var lines []byte
			for i := range c.Ops {
				lines = history.AppendRecord(lines, history.Record{Return: &c.Ops[i]})
			}
			out = append(out, Output{c.Folder + "/ops.jsonl", lines}, Output{c.Folder + "/timeline.svg", []byte(plots.Timeline(s, c))})
		}
		for _, name := range slices.Sorted(maps.Keys(c.Files)) {
			out = append(out, Output{c.Folder + "/" + path.Base(name), c.Files[name]})
		}
	}
	return out, nil
}

func explain(s *Summary, c summary.Counterexample) string {
	var b strings.Builder
	fmt.Fprintf(&b, "# %s\n\nCheck: %s.", c.Why, c.Check)
	if len(c.Ops) > 0 {
		fmt.Fprintf(&b, " %s of %d.", summary.Operations(len(c.Ops)), c.Of)
	}
	fmt.Fprintf(&b, " %s.\n\n", s.Clock())
	if len(c.Ops) > 0 {
		b.WriteString("```text\n")
		for _, op := range c.Ops {
			b.WriteString(s.LineOf(c, op) + "\n")
		}
		b.WriteString("```\n\n")
	}
	for _, t := range c.Tables {
		title, rows, _ := strings.Cut(summary.TableText(t), "\n")
		fmt.Fprintf(&b, "%s\n\n```text\n%s```\n\n", title, rows)
	}
	for _, note := range c.Notes {
		fmt.Fprintf(&b, "- %s\n", note)
	}
	if len(c.Context) > 0 {
		b.WriteString("\nMeanwhile:\n\n")
		for _, note := range c.Context {
			fmt.Fprintf(&b, "- %s\n", note)
		}
	}
	if again := s.Reproduce.Command; again != "" {
		fmt.Fprintf(&b, "\nAgain: `%s`\n", again)
	}
	return b.String()
}
