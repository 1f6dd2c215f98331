package main

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/whitewater-kv/whitewater/cluster"
	"github.com/whitewater-kv/whitewater/reports"
	"github.com/whitewater-kv/whitewater/scenarios"
)

// An error's exit code says who is to blame.
func TestCodes(t *testing.T) {
	_, claimErr := parseClaims([]scenarios.Claim{{Expr: "read.p99 ~ 5ms"}})
	_, fileErr := scenarios.Parse("x.yaml", []byte("versoin: 1"), names())
	for _, c := range []struct {
		err  error
		want int
	}{
		{usagef("wrong"), 64},
		{environment(errors.New("no disk")), 5},
		{fmt.Errorf("launch n1: %w", &cluster.EnvironmentError{Doing: "launch", Err: errors.New("no port")}), 5},
		{fileErr, 64},
		{claimErr, 64},
		{errors.New("something else"), 70},
		{exit(3), 3},
		{fmt.Errorf("wrapped: %w", exit(4)), 4},
	} {
		if got := codeOf(c.err); got != c.want {
			t.Errorf("%v: %d, want %d", c.err, got, c.want)
		}
	}
	if exit(0) != nil {
		t.Error("a pass is no error")
	}
}

// A panic is our own mistake: it is shown, and never read as a verdict.
func TestPanic(t *testing.T) {
	var stderr bytes.Buffer
	code := execute([]string{"list", "workloads"}, app{out: panicking{}, err: &stderr, getenv: func(string) string { return "" }})
	if code != reports.ExitInternal || !strings.Contains(stderr.String(), "internal error: a planted panic") {
		t.Errorf("exit code %d, %q", code, stderr.String())
	}
}

type panicking struct{}

func (panicking) Write([]byte) (int, error) { panic("a planted panic") }

// The worst of several runs decides; what was not begun is unknown, and a violation outlives it.
func TestSeriesCode(t *testing.T) {
	sum := func(code int) part { return part{name: "x", sum: &reports.Summary{Exit: code}} }
	for _, c := range []struct {
		s    series
		want int
	}{
		{series{}, 4},
		{series{parts: []part{sum(0), sum(0)}}, 0},
		{series{parts: []part{sum(0), sum(3)}}, 3},
		{series{parts: []part{sum(3), sum(4)}}, 4},
		{series{parts: []part{sum(0)}, left: []string{"y"}}, 4},
		{series{parts: []part{sum(1), {name: "z", err: environment(errors.New("no port"))}}, left: []string{"y"}}, 1},
		{series{parts: []part{sum(0), {name: "z", err: environment(errors.New("no port"))}}}, 5},
		{series{parts: []part{sum(0), {name: "z", err: errors.New("a bug")}}}, 70},
	} {
		if got := c.s.code(); got != c.want {
			t.Errorf("%+v: %d, want %d", c.s, got, c.want)
		}
	}
}

// A table in a step summary stays within its limit however many runs there were, and says what it left out.
func TestSeriesMarkdown(t *testing.T) {
	s := series{what: "matrix m.yaml"}
	for i := range 2000 {
		s.parts = append(s.parts, part{name: fmt.Sprintf("cell | %d", i), sum: &reports.Summary{Exit: 0, Reason: strings.Repeat("<b>x", 200)}})
	}
	var b bytes.Buffer
	if err := s.markdown(&b); err != nil {
		t.Fatal(err)
	}
	if text := b.String(); len(text) > 60<<10 || !strings.Contains(text, "… and ") || strings.Contains(text, "<b>") || strings.Contains(text, "cell | 0") {
		t.Errorf("%d bytes: %.300s", b.Len(), text)
	}
}

// A negative number that stands alone is a run; one that a flag waits for is the flag's.
func TestOrdinals(t *testing.T) {
	root := newRoot(&app{})
	for line, want := range map[string]string{
		"check -1 -o json -- -2":       "check @-1 -o json -- -2",
		"compare -1 -2":                "compare @-1 @-2",
		"run calm --rate -5 --seed -1": "run calm --rate -5 --seed -1",
		"replay --repeat -5 -q -1":     "replay --repeat -5 -q @-1",
		"run calm -q -1":               "run calm -q -1", // it takes no runs
		"export -f -1 -1":              "export -f -1 @-1",
		"check --rate=5 -1":            "check --rate=5 @-1",
		"check --evidence -1":          "check --evidence @-1", // true or false, and true if it stands alone
		"matrix run m.yaml --shard -1": "matrix run m.yaml --shard -1",
		"nonsense -1":                  "nonsense -1",
		"show --store -1 -1":           "show --store -1 @-1",
		"-1":                           "-1",
		"":                             "",
	} {
		if got := strings.Join(ordinals(root, strings.Fields(line)), " "); got != want {
			t.Errorf("%s: %s, want %s", line, got, want)
		}
	}
}

func TestShards(t *testing.T) {
	for text, want := range map[string]string{"2/6": "2 6", "1/1": "1 1", "0/2": "", "3/2": "", "a/b": "", "2": "", "2/6/8": ""} {
		part, of, err := parseShard(text)
		if got := fmt.Sprint(part, of); want == "" && err == nil || want != "" && (err != nil || got != want) {
			t.Errorf("%s: %s, %v", text, got, err)
		}
	}
}

// Every flag that sets a field of the scenario sets it, beats the file, and is described by the field itself.
func TestOverrides(t *testing.T) {
	values := map[string]string{
		"target.name": "memkv", "target.binary": "/bin/x", "target.nodes": "5", "target.tls": "true",
		"target.heartbeat-interval": "50ms", "target.election-timeout": "500ms", "target.snapshot-count": "100",
		"target.unsafe-no-fsync": "true", "target.args": "--max-txn-ops=7", "target.direct": "true",
		"load.workload": "kv,watch", "load.mix": "read=1,write=2", "load.rate": "120k/m", "load.arrival": "constant",
		"load.clients": "7n", "load.conns": "3", "load.duration": "45s", "load.warmup": "7s", "load.total": "99",
		"load.timeout": "3s", "load.consistency": "s", "load.judge": "linearizable", "load.keys.live": "4",
		"load.keys.ops-per-key": "40", "load.keys.key-size": "16", "load.keys.val-size": "1KiB", "load.keys.key-space": "77",
		"load.keys.sequential": "true", "load.ttl": "3s", "load.hold": "2s", "load.limit": "9", "load.rw-ratio": "2.5",
		"load.txn-ops": "6", "faults.random": "kill,pause", "faults.interval": "9s", "faults.hold": "1s..2s",
		"faults.at": "kill:leader@20s+4s", "seed": "42", "expect": "violation", "checks": "durable",
		"checker.timeout": "9s", "checker.memory": "2GiB", "checker.evidence": "false", "claims": "read.p99 < 5ms",
		"abort.on": "true", "abort.grace": "3s",
	}
	named := func() *scenarios.Scenario {
		s := scenarios.Default()
		s.Name = "x"
		return s
	}
	plain := string(named().YAML())
	for _, list := range [][]override{targetFlags, loadFlags, benchFlags, faultFlags, judgeFlags, abortFlags} {
		for _, f := range list {
			text, ok := values[f.path]
			if !ok {
				t.Errorf("no value to try --%s with", f.flag)
				continue
			}
			o := newOverrides(names())
			s := named()
			v := &overrideValue{o: o, path: f.path}
			if err := v.Set(text); err != nil {
				t.Errorf("--%s %s: %v", f.flag, text, err)
				continue
			}
			if err := o.apply(s); err != nil {
				t.Errorf("--%s %s: %v", f.flag, text, err)
			}
			if string(s.YAML()) == plain {
				t.Errorf("--%s %s changed nothing", f.flag, text)
			}
			if again, err := scenarios.Parse("x.yaml", s.YAML(), names()); err != nil || string(again.YAML()) != string(s.YAML()) {
				t.Errorf("--%s %s: %v", f.flag, text, err)
			}
		}
	}
}

// Bare seconds are a duration only under the name that Jepsen gave it.
func TestTimeLimit(t *testing.T) {
	o := newOverrides(names())
	limit := &overrideValue{o: o, path: "load.duration", seconds: true}
	if err := limit.Set("60"); err != nil {
		t.Fatal(err)
	}
	s := scenarios.Default()
	if err := o.apply(s); err != nil || s.Load.Duration.Seconds() != 60 {
		t.Errorf("%v, %v", s.Load.Duration, err)
	}
	if (&overrideValue{o: o, path: "load.duration"}).Set("60") == nil {
		t.Error("60 is no duration")
	}
}

// The names that commands, docs and actions speak of exist.
func TestNamesExist(t *testing.T) {
	for _, name := range append(append([]string{benchDefault}, controls...), scenarios.Builtin()...) {
		if _, err := load(name); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
	for _, name := range scenarios.Catalogue() {
		if s, err := load(name); err != nil || len(s.Claims) == 0 {
			t.Errorf("%s claims nothing: %v", name, err)
		}
	}
	matrix := filepath.Join("..", "..", ".github", "chaos.yaml")
	if _, _, err := cells(matrix, "1/4"); err != nil {
		t.Error(err)
	}
	for _, size := range []string{"s", "m", "l", "xl"} {
		s := scenarios.Default()
		if err := perf(size)(s); err != nil {
			t.Error(err)
		}
		if _, err := parseClaims(s.Claims); err != nil {
			t.Error(err)
		}
	}
}

// Every command that is called without arguments by the README and the first screen is there.
func TestStartNamesCommands(t *testing.T) {
	readme, err := os.ReadFile(filepath.Join("..", "..", "README.md"))
	if err != nil {
		t.Fatal(err)
	}
	root := newRoot(&app{out: &bytes.Buffer{}, err: &bytes.Buffer{}, getenv: func(string) string { return "" }})
	root.InitDefaultHelpCmd()
	for line := range strings.SplitSeq(start+string(readme), "\n") {
		rest, ok := strings.CutPrefix(strings.TrimSpace(line), "whitewater ")
		if !ok {
			continue
		}
		name, _, _ := strings.Cut(rest, " ")
		name = strings.Trim(name, ";`,")
		if strings.HasPrefix(name, release) { // the first line of a run that is shown
			continue
		}
		if cmd, _, err := root.Find([]string{name}); err != nil || cmd == root {
			t.Errorf("%q: there is no command %q", line, name)
		}
	}
}

// The knee is searched by doubling, then by halving, and an unclear first rate ends the search.
func TestKnee(t *testing.T) {
	var k knee
	try := func(capacity float64) {
		rate := 100.0
		for len(k.Steps) < maxSteps && !k.done() {
			met := rate <= capacity
			k.Steps = append(k.Steps, step{Rate: rate, Met: met})
			if met {
				k.Met = max(k.Met, rate)
			} else if k.Missed == 0 || rate < k.Missed {
				k.Missed = rate
			}
			rate = k.next()
		}
	}
	for _, capacity := range []float64{30, 100, 1234, 50_000} {
		k = knee{}
		try(capacity)
		if k.Met > capacity || k.Missed <= capacity || k.Missed > k.Met*closeEnough {
			t.Errorf("capacity %v: between %v and %v after %d steps", capacity, k.Met, k.Missed, len(k.Steps))
		}
	}
	k = knee{Steps: []step{{Rate: 100, Unclear: true}}, Missed: 100}
	if !k.done() || !k.unclear() {
		t.Error("a first rate that cannot be judged must end the search")
	}
}
