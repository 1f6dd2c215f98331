package claims

import (
	"fmt"
	"math"
	"strconv"
	"time"
)

// Show writes a number of a claim's unit as a person would: "4.6 ms", "2,400/s".
func (c Claim) Show(v float64) string {
	if math.IsNaN(v) || math.IsInf(v, 0) {
		return "–"
	}
	switch c.Unit {
	case Duration:
		return ShowDuration(time.Duration(v))
	case Elections:
		return strconv.FormatFloat(v, 'f', 2, 64) + " elections"
	case Rate:
		return Thousands(int64(math.Round(v))) + "/s"
	case Share:
		return strconv.FormatFloat(100*v, 'g', 2, 64) + " %"
	}
	return strconv.FormatFloat(v, 'g', 6, 64)
}

// Interval is the confidence interval in words, "4.3 ms – 5.0 ms", and "" where the value is exact or there is none.
func (j Judged) Interval() string {
	if math.IsNaN(j.Lo) || math.IsNaN(j.Hi) || j.Confidence == 1 {
		return ""
	}
	return j.Show(j.Lo) + " – " + j.Show(j.Hi)
}

// Advice says how to come to a decision, or "".
func (j Judged) Advice() string {
	switch {
	case j.Verdict != Inconclusive || j.Longer <= 0:
		return ""
	case j.Longer >= time.Hour:
		return "run more than 1 h longer, or move the limit"
	}
	return fmt.Sprintf("run ~%d s longer", int(j.Longer.Seconds()))
}

// ShowDuration writes a duration with two or three significant digits and a space before the unit: "4.6 ms".
func ShowDuration(d time.Duration) string {
	for _, unit := range []struct {
		size time.Duration
		name string
	}{{time.Second, "s"}, {time.Millisecond, "ms"}, {time.Microsecond, "µs"}} {
		if d >= unit.size || d <= -unit.size {
			v := float64(d) / float64(unit.size)
			switch decimals := 2; {
			case math.Abs(v) >= 100:
				return fmt.Sprintf("%.0f %s", v, unit.name)
			case math.Abs(v) >= 10:
				decimals = 1
				fallthrough
			default:
				return fmt.Sprintf("%.*f %s", decimals, v, unit.name)
			}
		}
	}
	if d == 0 {
		return "0"
	}
	return fmt.Sprintf("%d ns", d.Nanoseconds())
}

// Thousands writes a count with commas.
func Thousands(n int64) string {
	s := strconv.FormatInt(n, 10)
	sign := ""
	if n < 0 {
		sign, s = "-", s[1:]
	}
	for i := len(s) - 3; i > 0; i -= 3 {
		s = s[:i] + "," + s[i:]
	}
	return sign + s
}
