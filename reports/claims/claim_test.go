package claims_test

import (
	"errors"
	"fmt"
	"os"
	"strings"
	"testing"

	"github.com/whitewater-kv/whitewater/reports/claims"
)

// The grammar, as a table: a claim, and how it is understood or what is wrong with it.
func TestParse(t *testing.T) {
	golden, err := os.ReadFile("testdata/grammar.txt")
	if err != nil {
		t.Fatal(err)
	}
	for i, block := range strings.Split(strings.TrimSpace(string(golden)), "\n\n") {
		expr, want, _ := strings.Cut(block, "\n")
		if got := parsed(expr); got != want {
			t.Errorf("block %d, %q:\n%s\nwant\n%s", i+1, expr, got, want)
		}
	}
}

func parsed(expr string) string {
	c, err := claims.Parse(expr)
	var wrong *claims.Error
	if errors.As(err, &wrong) {
		return strings.TrimSuffix(wrong.Block(), "\n")
	}
	if err != nil {
		return err.Error()
	}
	return fmt.Sprintf("   op=%q metric=%s phase=%s sign=%q limit=%s", c.Op, c.Metric.Name, c.Phase, c.Sign, c.Show(c.Limit))
}

func FuzzParse(f *testing.F) {
	for _, seed := range []string{"read.p99{quiet} < 25ms", "checks", "leader_gap.max < 5 elections", "all.rate>=1/s", "{", "read.p99{", "x", "ü.ü{ü} ü ü"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, expr string) {
		c, err := claims.Parse(expr)
		if err == nil && c.Sign == "" && c.Unit != claims.Truth {
			t.Errorf("%q: no comparison", expr)
		}
		var wrong *claims.Error
		if errors.As(err, &wrong) && (wrong.At < 0 || wrong.At > len(expr) || wrong.Block() == "") {
			t.Errorf("%q: place %d is outside", expr, wrong.At)
		}
	})
}

func TestShow(t *testing.T) {
	for expr, want := range map[string]string{"read.p99 < 4650us": "4.65 ms", "read.p99 < 25ms": "25.0 ms", "read.max < 3s": "3.00 s", "all.rate > 2400.4/s": "2,400/s",
		"all.fail_rate < 0.05%": "0.05 %", "leader_gap.max < 5elections": "5.00 elections", "leader_changes <= 3": "3", "read.p50 < 400ns": "400 ns", "read.p50 < 150s": "150 s"} {
		c, err := claims.Parse(expr)
		if err != nil {
			t.Fatal(err)
		}
		if got := c.Show(c.Limit); got != want {
			t.Errorf("%s shows as %q, want %q", expr, got, want)
		}
	}
	for n, want := range map[int64]string{0: "0", 999: "999", 1000: "1,000", -1234567: "-1,234,567"} {
		if got := claims.Thousands(n); got != want {
			t.Errorf("%d shows as %s", n, got)
		}
	}
}
