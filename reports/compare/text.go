package compare

import (
	"encoding/json"
	"fmt"
	"io"
	"math"
	"strings"
	"unicode/utf8"

	"github.com/whitewater-kv/whitewater/reports/claims"
)

var marks = map[string]string{"same": "~", "better": "✓", "worse": "✗", "too few runs": "?"}

// WriteText writes the comparison for a terminal.
func WriteText(w io.Writer, c *Comparison) error {
	var b strings.Builder
	fmt.Fprintf(&b, "compare  %d runs with %d runs · tolerance %.3g %%\n\n", len(c.New), len(c.Base), 100*c.Tolerance)
	rows := [][]string{{"metric", "base", "new", "change", "95 % interval", "p", ""}}
	for _, r := range c.Rows {
		rows = append(rows, []string{r.Metric, r.Show(r.From), r.Show(r.To), r.ShowChange(), r.ShowInterval(), ShowP(r.P), marks[r.Verdict] + " " + r.Verdict})
	}
	wide := make([]int, len(rows[0]))
	for _, row := range rows {
		for i, cell := range row {
			wide[i] = max(wide[i], utf8.RuneCountInString(cell))
		}
	}
	for _, row := range rows {
		var line strings.Builder
		for i, cell := range row {
			room := strings.Repeat(" ", wide[i]-utf8.RuneCountInString(cell))
			if i == 0 || i == len(row)-1 {
				line.WriteString("  " + cell + room)
			} else {
				line.WriteString("  " + room + cell)
			}
		}
		b.WriteString(strings.TrimRight(line.String(), " ") + "\n")
	}
	b.WriteString("\n")
	writeClaims(&b, c.Claims)
	for _, warning := range c.Warnings {
		fmt.Fprintf(&b, "  warning  %s\n", warning)
	}
	fmt.Fprintf(&b, "%s  %s  (exit %d)\n", c.Word(), c.Reason, c.Exit)
	_, err := io.WriteString(w, b.String())
	return err
}

func writeClaims(b *strings.Builder, all []Judged) {
	wide := 0
	for _, j := range all {
		wide = max(wide, utf8.RuneCountInString(j.Expr))
	}
	for _, j := range all {
		sign := map[claims.Verdict]string{claims.Met: "✓", claims.Missed: "✗"}[j.Verdict]
		if sign == "" {
			sign = "?"
		}
		text := j.ShowChange()
		if between := j.ShowInterval(); between != "" {
			text += " (" + between + ")"
		}
		if j.Why != "" {
			text += ": " + j.Why
		}
		fmt.Fprintf(b, "  %s %s%s  %s\n", sign, j.Expr, strings.Repeat(" ", wide-utf8.RuneCountInString(j.Expr)), strings.TrimPrefix(text, ": "))
	}
	if len(all) > 0 {
		b.WriteString("\n")
	}
}

// ShowP writes a probability to three decimals; "" where there is none.
func ShowP(p float64) string {
	switch {
	case math.IsNaN(p):
		return ""
	case p < .001:
		return "<0.001"
	}
	return fmt.Sprintf("%.3f", p)
}

// Schema names the version of the comparison's JSON.
const Schema = "whitewater/compare/1"

type document struct {
	Schema    string      `json:"schema"`
	Verdict   string      `json:"verdict"`
	ExitCode  int         `json:"exit_code"`
	Reason    string      `json:"reason"`
	Tolerance float64     `json:"tolerance"`
	Base      []string    `json:"base"` // the runs
	New       []string    `json:"new"`
	Rows      []rowLine   `json:"rows"`
	Claims    []claimLine `json:"claims,omitempty"`
	Warnings  []string    `json:"warnings"`
}

type rowLine struct {
	Metric  string    `json:"metric"`
	Unit    string    `json:"unit"`
	Higher  bool      `json:"higher_is_better"`
	From    float64   `json:"base_median"`
	To      float64   `json:"new_median"`
	Change  *float64  `json:"change"` // shares: 0.12 is 12 % more
	Lo      *float64  `json:"lo"`
	Hi      *float64  `json:"hi"`
	P       *float64  `json:"p"`
	Base    []float64 `json:"base"`
	New     []float64 `json:"new"`
	Verdict string    `json:"verdict"`
}

type claimLine struct {
	Expr   string   `json:"expr"`
	Result string   `json:"result"`
	Change *float64 `json:"change"` // shares
	Lo     *float64 `json:"lo"`
	Hi     *float64 `json:"hi"`
	Why    string   `json:"why,omitempty"`
}

// WriteJSON writes the comparison as one JSON document.
func WriteJSON(w io.Writer, c *Comparison) error {
	d := document{Schema, c.Word(), c.Exit, c.Reason, c.Tolerance, Names(c.Base), Names(c.New), []rowLine{}, nil, c.Warnings}
	for _, j := range c.Claims {
		d.Claims = append(d.Claims, claimLine{j.Expr, j.Verdict.String(), number(j.Change), number(j.Lo), number(j.Hi), j.Why})
	}
	for _, r := range c.Rows {
		d.Rows = append(d.Rows, rowLine{r.Metric, r.Unit, r.Higher, r.From, r.To, number(r.Change), number(r.Lo), number(r.Hi), number(r.P), r.Base, r.New, r.Verdict})
	}
	data, err := json.MarshalIndent(d, "", "  ")
	if err != nil {
		return fmt.Errorf("encode comparison: %w", err)
	}
	_, err = w.Write(append(data, '\n'))
	return err
}

// Names are the names of runs.
func Names(runs []Run) []string {
	names := make([]string, len(runs))
	for i, r := range runs {
		names[i] = r.Document.Run
	}
	return names
}

func number(v float64) *float64 {
	if math.IsNaN(v) || math.IsInf(v, 0) {
		return nil
	}
	return &v
}
