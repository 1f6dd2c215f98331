// Package units reads and writes the quantities of flags and scenario files: sizes, rates and counts. Each is a
// pflag.Value, so that a flag and a file say the same thing in the same words.
package units

import (
	"fmt"
	"math"
	"strconv"
	"strings"
	"time"
)

// Size is a number of bytes: "256", "1KiB", "10MB", "4GiB".
type Size uint64

// suffixes of sizes, longest first where one ends in another.
var suffixes = []struct {
	name  string
	bytes uint64
}{
	{"KiB", 1 << 10}, {"MiB", 1 << 20}, {"GiB", 1 << 30}, {"TiB", 1 << 40},
	{"kB", 1e3}, {"KB", 1e3}, {"MB", 1e6}, {"GB", 1e9}, {"TB", 1e12}, {"B", 1},
}

// ParseSize reads a size. The number may have a fraction, the result may not.
func ParseSize(text string) (Size, error) {
	number, unit := strings.TrimSpace(text), uint64(1)
	for _, s := range suffixes {
		if rest, ok := strings.CutSuffix(number, s.name); ok {
			number, unit = strings.TrimSpace(rest), s.bytes
			break
		}
	}
	value, err := plain(number)
	bytes := value * float64(unit)
	if err != nil || bytes != math.Trunc(bytes) || bytes >= math.MaxInt64 {
		return 0, fmt.Errorf("%q is not a size: write 256, 1KiB or 10MB", text)
	}
	return Size(bytes), nil
}

// String is the shortest exact form: ParseSize gives the same size again.
func (s Size) String() string {
	for _, binary := range []bool{true, false} {
		for i := len(suffixes) - 2; i >= 0; i-- {
			u := suffixes[i]
			if u.name != "KB" && strings.Contains(u.name, "i") == binary && s != 0 && uint64(s)%u.bytes == 0 {
				return strconv.FormatUint(uint64(s)/u.bytes, 10) + u.name
			}
		}
	}
	return strconv.FormatUint(uint64(s), 10)
}

// Set implements pflag.Value.
func (s *Size) Set(text string) (err error) { *s, err = ParseSize(text); return err }

// Type implements pflag.Value.
func (s *Size) Type() string { return "size" }

// Rate is a number of operations per second: "2000", "2000/s", "120k/m". Zero means a closed loop.
type Rate float64

// ParseRate reads a rate.
func ParseRate(text string) (Rate, error) {
	number, per := strings.TrimSpace(text), 1.0
	for suffix, seconds := range map[string]float64{"/s": 1, "/m": 60, "/h": 3600} {
		if rest, ok := strings.CutSuffix(number, suffix); ok {
			number, per = rest, seconds
		}
	}
	times := 1.0
	for suffix, factor := range map[string]float64{"k": 1e3, "M": 1e6} {
		if rest, ok := strings.CutSuffix(number, suffix); ok {
			number, times = rest, factor
		}
	}
	value, err := plain(number)
	if err != nil || value*times > 1e9 {
		return 0, fmt.Errorf("%q is not a rate: write 2000, 2000/s or 120k/m", text)
	}
	return Rate(value * times / per), nil
}

// String is the rate per second: "2000/s".
func (r Rate) String() string {
	if r == 0 {
		return "0"
	}
	return strconv.FormatFloat(float64(r), 'f', -1, 64) + "/s"
}

// Set implements pflag.Value.
func (r *Rate) Set(text string) (err error) { *r, err = ParseRate(text); return err }

// Type implements pflag.Value.
func (r *Rate) Type() string { return "rate" }

// Count is a number, or a number for each node: "30", "6n".
type Count struct {
	N       int
	PerNode bool
}

// ParseCount reads a count.
func ParseCount(text string) (Count, error) {
	number, perNode := strings.CutSuffix(strings.TrimSpace(text), "n")
	n, err := strconv.Atoi(number)
	if err != nil || n < 0 || n > 1e6 {
		return Count{}, fmt.Errorf("%q is not a count: write 30, or 6n for six on each node", text)
	}
	return Count{n, perNode}, nil
}

// For is the count on a cluster of so many nodes.
func (c Count) For(nodes int) int {
	if c.PerNode {
		return c.N * nodes
	}
	return c.N
}

func (c Count) String() string {
	if c.PerNode {
		return strconv.Itoa(c.N) + "n"
	}
	return strconv.Itoa(c.N)
}

// Set implements pflag.Value.
func (c *Count) Set(text string) (err error) { *c, err = ParseCount(text); return err }

// Type implements pflag.Value.
func (c *Count) Type() string { return "count" }

// ParseDuration reads a duration as Go writes it; "0" needs no unit. Negative ones are refused.
func ParseDuration(text string) (time.Duration, error) {
	d, err := time.ParseDuration(strings.TrimSpace(text))
	if err != nil || d < 0 {
		return 0, fmt.Errorf("%q is not a duration: write 500ms, 30s or 2m", text)
	}
	return d, nil
}

// FormatDuration writes a duration without the zero units that Go puts behind it: "2m", not "2m0s".
func FormatDuration(d time.Duration) string {
	text := d.String()
	if strings.HasSuffix(text, "m0s") {
		text = strings.TrimSuffix(text, "0s")
	}
	if strings.HasSuffix(text, "h0m") {
		text = strings.TrimSuffix(text, "0m")
	}
	return text
}

// Seconds is a duration that may also be bare seconds, as Jepsen's --time-limit is.
type Seconds time.Duration

// Set implements pflag.Value.
func (s *Seconds) Set(text string) error {
	if n, err := strconv.ParseUint(text, 10, 31); err == nil {
		*s = Seconds(time.Duration(n) * time.Second)
		return nil
	}
	d, err := ParseDuration(text)
	*s = Seconds(d)
	return err
}

func (s *Seconds) String() string { return FormatDuration(time.Duration(*s)) }

// Type implements pflag.Value.
func (s *Seconds) Type() string { return "seconds" }

// plain reads a finite number that is not negative, without exponent, sign or hexadecimal digits.
func plain(text string) (float64, error) {
	for _, c := range text {
		if (c < '0' || c > '9') && c != '.' {
			return 0, fmt.Errorf("%q is not a number", text)
		}
	}
	return strconv.ParseFloat(text, 64)
}
