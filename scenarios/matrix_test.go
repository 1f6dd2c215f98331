package scenarios

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

const small = `version: 1
scenarios: [register-chaos, mine.yaml]
axes:
  target.nodes: [3, 5]
  faults.random: [[kill], [pause, kill]]
seeds: 2
exclude: [{ target.nodes: 5, faults.random: [kill] }]
include: [{ scenario: serializable-stale, load.duration: 25s }]
budget: 30m
`

// A matrix is every combination that is not excluded, with every seed, and what is included beside.
func TestMatrix(t *testing.T) {
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "mine.yaml"), []byte("version: 1\nload: { rate: 7 }\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	m, err := ParseMatrix(filepath.Join(dir, "m.yaml"), []byte(small), known)
	if err != nil {
		t.Fatal(err)
	}
	cells, err := m.Cells(known)
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, c := range cells {
		names = append(names, c.Name)
	}
	want := `register-chaos target.nodes=3 faults.random=kill seed=1
register-chaos target.nodes=3 faults.random=kill seed=2
register-chaos target.nodes=3 faults.random=pause,kill seed=1
register-chaos target.nodes=3 faults.random=pause,kill seed=2
register-chaos target.nodes=5 faults.random=pause,kill seed=1
register-chaos target.nodes=5 faults.random=pause,kill seed=2
mine target.nodes=3 faults.random=kill seed=1
mine target.nodes=3 faults.random=kill seed=2
mine target.nodes=3 faults.random=pause,kill seed=1
mine target.nodes=3 faults.random=pause,kill seed=2
mine target.nodes=5 faults.random=pause,kill seed=1
mine target.nodes=5 faults.random=pause,kill seed=2
serializable-stale load.duration=25s seed=1
serializable-stale load.duration=25s seed=2`
	if got := strings.Join(names, "\n"); got != want {
		t.Errorf("got:\n%s\nwant:\n%s", got, want)
	}
	five := cells[11].Scenario
	if five.Target.Nodes != 5 || strings.Join(five.Faults.Random, ",") != "pause,kill" || five.Seed != 2 || five.Load.Rate != 7 {
		t.Errorf("%+v", five)
	}
	if three := cells[0].Scenario; three.Target.Nodes != 3 {
		t.Errorf("the cells share a scenario: %+v", three)
	}
}

func TestMatrixProblems(t *testing.T) {
	for text, want := range map[string]string{
		"version: 1\n": "matrix m.yaml:1:1: the matrix names no scenarios",
		"version: 1\nscenarios: [calm]\naxes:\n  target.node: [3]":      `matrix m.yaml:4:3: unknown field "target.node" in a scenario (did you mean "target.nodes"?)`,
		"version: 1\nscenarios: [calm]\naxes:\n  target.nodes: [three]": `matrix m.yaml:4:18: target.nodes: "three" is not a whole number from 0`,
		"version: 1\nscenarios: [calm]\naxes:\n  target.nodes: 3":       "matrix m.yaml:4:17: axis target.nodes must be a list of values",
		"version: 1\nscenarios: [calm]\nseeds: 5000":                    "more than 1000 seeds",
		"version: 1\ninclude: [{ load.rate: 5 }]":                       "this cell has no scenario",
		"version: 1\nscenarios: [calm]\nbudgt: 5m":                      `did you mean "budget"?`,
	} {
		if _, err := ParseMatrix("m.yaml", []byte(text), known); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: %v; want %s", text, err, want)
		}
	}
	for text, want := range map[string]string{
		"version: 1\nscenarios: [clam]\n":                            `did you mean "calm"?`,
		"version: 1\nscenarios: [calm]\naxes: { target.nodes: [4] }": "matrix: cell calm target.nodes=4: target.nodes: 4 is not allowed",
	} {
		m, err := ParseMatrix("m.yaml", []byte(text), known)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := m.Cells(known); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: %v; want %s", text, err, want)
		}
	}
}

// A flag's text sets a field as a file would.
func TestSet(t *testing.T) {
	for _, c := range []struct{ path, text, want string }{
		{"load.rate", "120k/m", ""},
		{"load.workload", "register, watch", ""},
		{"target.tls", "true", ""},
		{"target.version", "3.4", ""},
		{"faults.hold", "1s..2s", ""},
		{"faults.random", "", ""},
		{"load.rate", "fast", `"fast" is not a rate: write 2000, 2000/s or 120k/m`},
		{"load.workload", "regster", "unknown workload \"regster\" (did you mean \"register\"?)\n   allowed: " + strings.Join(known.Workloads, ", ")},
		{"load.arrival", "now", "unknown value \"now\"\n   allowed: poisson, constant"},
		{"target.tls", "maybe", "target.tls must be true or false"},
		{"load.raet", "5", `unknown field "load.raet" (did you mean "load.rate"?)`},
	} {
		s := Default()
		err := s.Set(c.path, c.text, known)
		if c.want == "" && err != nil || c.want != "" && (err == nil || !strings.HasPrefix(err.Error(), c.want)) {
			t.Errorf("%s=%s: %v; want %q", c.path, c.text, err, c.want)
		}
	}
	s := Default()
	for path, text := range map[string]string{"load.rate": "120k/m", "load.workload": "register,watch", "target.version": "3.4", "target.tls": "true"} {
		if err := s.Set(path, text, known); err != nil {
			t.Fatal(err)
		}
	}
	if s.Load.Rate != 2000 || len(s.Load.Workloads) != 2 || s.Target.Version != "3.4" || !s.Target.TLS {
		t.Errorf("%+v", s)
	}
}
