package units

import (
	"testing"
	"time"
)

// A size, a rate and a count are read in every form that is documented, and written in one.
func TestForms(t *testing.T) {
	size := func(s string) (string, error) { v, err := ParseSize(s); return v.String(), err }
	rate := func(s string) (string, error) { v, err := ParseRate(s); return v.String(), err }
	count := func(s string) (string, error) { v, err := ParseCount(s); return v.String(), err }
	duration := func(s string) (string, error) { v, err := ParseDuration(s); return FormatDuration(v), err }
	span := func(s string) (string, error) { v, err := ParseSpan(s); return v.String(), err }
	for _, c := range []struct {
		what     string
		parse    func(string) (string, error)
		in, want string // want "" = refused
	}{
		{"size", size, "256", "256"},
		{"size", size, "256B", "256"},
		{"size", size, "1KiB", "1KiB"},
		{"size", size, "1024", "1KiB"},
		{"size", size, "10MB", "10MB"},
		{"size", size, "1.5KiB", "1536"},
		{"size", size, "4 GiB", "4GiB"},
		{"size", size, "0", "0"},
		{"size", size, "1.5B", ""},
		{"size", size, "-1", ""},
		{"size", size, "1e3", ""},
		{"size", size, "much", ""},
		{"size", size, "", ""},
		{"size", size, "99999999TiB", ""},
		{"rate", rate, "2000", "2000/s"},
		{"rate", rate, "2000/s", "2000/s"},
		{"rate", rate, "120k/m", "2000/s"},
		{"rate", rate, "1.5k", "1500/s"},
		{"rate", rate, "0", "0"},
		{"rate", rate, "/s", ""},
		{"rate", rate, "2000/d", ""},
		{"rate", rate, "-5", ""},
		{"rate", rate, "NaN", ""},
		{"count", count, "30", "30"},
		{"count", count, "6n", "6n"},
		{"count", count, "n", ""},
		{"count", count, "-6n", ""},
		{"count", count, "6.5", ""},
		{"duration", duration, "0", "0s"},
		{"duration", duration, "90s", "1m30s"},
		{"duration", duration, "120s", "2m"},
		{"duration", duration, "1h", "1h"},
		{"duration", duration, "100ms", "100ms"},
		{"duration", duration, "10m", "10m"},
		{"span", span, "3s", "3s"},
		{"span", span, "2s..4s", "2s..4s"},
		{"span", span, "120s..120s", "2m"},
		{"span", span, "0..500ms", "0s..500ms"},
		{"span", span, "4s..2s", ""},
		{"span", span, "2s..", ""},
		{"span", span, "2s...4s", ""},
		{"span", span, "-2s..4s", ""},
		{"duration", duration, "5", ""},
		{"duration", duration, "-5s", ""},
	} {
		got, err := c.parse(c.in)
		switch {
		case c.want == "" && err == nil:
			t.Errorf("%s %q: read as %s, want an error", c.what, c.in, got)
		case c.want != "" && (err != nil || got != c.want):
			t.Errorf("%s %q: %s, %v; want %s", c.what, c.in, got, err, c.want)
		case c.want != "":
			if again, err := c.parse(got); err != nil || again != got {
				t.Errorf("%s %q: written as %s, which reads as %s, %v", c.what, c.in, got, again, err)
			}
		}
	}
}

func TestCountFor(t *testing.T) {
	if got := (Count{6, true}).For(3); got != 18 {
		t.Errorf("6n on 3 nodes: %d", got)
	}
	if got := (Count{6, false}).For(3); got != 6 {
		t.Errorf("6 on 3 nodes: %d", got)
	}
}

// The alias of Jepsen's flag takes bare seconds as well as a duration.
func TestSeconds(t *testing.T) {
	var s Seconds
	for in, want := range map[string]time.Duration{"60": time.Minute, "90s": 90 * time.Second} {
		if err := s.Set(in); err != nil || time.Duration(s) != want {
			t.Errorf("%s: %v, %v", in, time.Duration(s), err)
		}
	}
	if s.Set("soon") == nil {
		t.Error("soon is no time")
	}
}

// Nothing that can be typed makes a parser panic, and what is read is written so that it reads the same.
func FuzzParse(f *testing.F) {
	for _, s := range []string{"1KiB", "120k/m", "6n", "", ".", "1.5.5", "k", "/s", "999999999999999999999"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, text string) {
		if v, err := ParseSize(text); err == nil {
			if again, err := ParseSize(v.String()); err != nil || again != v {
				t.Errorf("size %q: %v, then %v, %v", text, v, again, err)
			}
		}
		if v, err := ParseRate(text); err == nil {
			if again, err := ParseRate(v.String()); err != nil || again != v {
				t.Errorf("rate %q: %v, then %v, %v", text, v, again, err)
			}
		}
		if v, err := ParseCount(text); err == nil {
			if again, err := ParseCount(v.String()); err != nil || again != v {
				t.Errorf("count %q: %v, then %v, %v", text, v, again, err)
			}
		}
	})
}
