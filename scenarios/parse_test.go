package scenarios

import (
	"flag"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/rogpeppe/go-internal/txtar"

	"github.com/whitewater-kv/whitewater/internal/units"
)

var update = flag.Bool("update", false, "rewrite the golden files")

// known are the names that the tests' scenarios may use.
var known = Names{
	Targets: []string{"etcd", "memkv"},
	Workloads: []string{
		"register", "kv", "append", "wr", "bank", "set", "watch", "lease", "discovery", "lock",
		"lock-set", "lock-etcd-set", "election", "mixed", "reads", "serializable-reads", "puts", "ranges", "txn-mixed", "txn-put",
		"watch-latency", "lease-keepalive", "stm",
	},
	Faults: []string{"kill", "pause", "partition", "stop", "move-leader", "duty", "delay", "grey-leader", "kill-defrag", "kill-compact"},
	Checks: []string{"linearizable", "durable", "revisions", "leader-terms", "crashes", "activity", "serializable", "watch", "raft", "hashes", "lease", "availability"},
}

// Each file of testdata/problems is a scenario that is wrong, with what is said of it.
func TestProblems(t *testing.T) {
	paths, _ := filepath.Glob("testdata/problems/*.txtar")
	if len(paths) == 0 {
		t.Fatal("no golden files")
	}
	for _, path := range paths {
		t.Run(strings.TrimSuffix(filepath.Base(path), ".txtar"), func(t *testing.T) {
			archive, err := txtar.ParseFile(path)
			if err != nil {
				t.Fatal(err)
			}
			scenario := archive.Files[0]
			s, err := Parse(scenario.Name, scenario.Data, known)
			if err == nil {
				t.Fatalf("accepted as %+v", s)
			}
			got := err.Error() + "\n"
			if *update {
				archive.Files = append(archive.Files[:1], txtar.File{Name: "want", Data: []byte(got)})
				if err := os.WriteFile(path, txtar.Format(archive), 0o644); err != nil {
					t.Fatal(err)
				}
				return
			}
			if want := string(archive.Files[1].Data); got != want {
				t.Errorf("got:\n%s\nwant:\n%s", got, want)
			}
		})
	}
}

const full = `version: 1
name: full
doc: "every field: said"
expect: violation
seed: 18446744073709551615
target:
  name: etcd
  binary: /usr/bin/etcd
  version: 3.4
  nodes: 5
  args: { max-txn-ops: 512, --quota-backend-bytes: "8589934592", pre-vote: true }
  heartbeat-interval: 50ms
  election-timeout: 500ms
  snapshot-count: 100
  tls: true
  unsafe-no-fsync: true
  direct: false
load:
  workload: [register, watch]
  mix: { read: 60, write: 30, cas: 10 }
  rate: 120k/m
  arrival: constant
  clients: 6n
  conns: 2
  duration: 1m
  warmup: 5s
  total: 1000
  timeout: 1500ms
  consistency: s
  judge: linearizable
  keys: { live: 20, ops-per-key: 400, key-size: 8, val-size: 1KiB, key-space: 1000, sequential: true }
  ttl: 2s
  hold: 100ms
  limit: 7
  rw-ratio: 2.5
  txn-ops: 3
faults:
  interval: 5s
  hold: 2s..6s
  gap: 1s
  random: [kill, pause, partition]
  at:
    - { t: 20s, do: kill, target: leader, for: 4s }
    - { t: 40s, do: partition, shape: majority-minority, target: n2, for: 8s }
checks: [linearizable, durable]
checker: { timeout: 90s, memory: 4GiB, evidence: false }
claims:
  - read.sustained{quiet} >= 2000/s
  - read.p99{quiet} < 25ms
`

func TestParse(t *testing.T) {
	s, err := Parse("full.yaml", []byte(full), known)
	if err != nil {
		t.Fatal(err)
	}
	want := &Scenario{
		Version: 1, Name: "full", Doc: "every field: said", Expect: Violation, Seed: 18446744073709551615,
		Target: Target{
			Name: "etcd", Binary: "/usr/bin/etcd", Version: "3.4", Nodes: 5,
			Args:      map[string]string{"max-txn-ops": "512", "quota-backend-bytes": "8589934592", "pre-vote": "true"},
			Heartbeat: 50 * time.Millisecond, Election: 500 * time.Millisecond, SnapshotCount: 100,
			TLS: true, UnsafeNoFsync: true,
		},
		Load: Load{
			Workloads: []string{"register", "watch"}, Mix: map[string]int{"read": 60, "write": 30, "cas": 10},
			Rate: 2000, Arrival: "constant", Clients: units.Count{N: 6, PerNode: true}, Conns: 2,
			Duration: time.Minute, Warmup: 5 * time.Second, Total: 1000, Timeout: 1500 * time.Millisecond,
			Consistency: "s", Judge: "linearizable",
			Keys: Keys{Live: 20, OpsPerKey: 400, KeySize: 8, ValSize: 1024, KeySpace: 1000, Sequential: true},
			TTL:  2 * time.Second, Hold: 100 * time.Millisecond, Limit: 7, RWRatio: 2.5, TxnOps: 3,
		},
		Faults: Faults{
			Random: []string{"kill", "pause", "partition"}, Interval: 5 * time.Second,
			Hold: units.Span{Min: 2 * time.Second, Max: 6 * time.Second}, Gap: time.Second,
			At: []Step{
				{T: 20 * time.Second, For: 4 * time.Second, Do: "kill", Target: "leader"},
				{T: 40 * time.Second, For: 8 * time.Second, Do: "partition", Target: "n2", Shape: "majority-minority"},
			},
		},
		Checks:  []string{"linearizable", "durable"},
		Checker: Limits{Timeout: 90 * time.Second, Memory: 4 << 30},
		Claims: []Claim{
			{Expr: "read.sustained{quiet} >= 2000/s", File: "full.yaml", Line: 48},
			{Expr: "read.p99{quiet} < 25ms", File: "full.yaml", Line: 49},
		},
	}
	if !reflect.DeepEqual(s, want) {
		t.Errorf("got  %+v\nwant %+v", s, want)
	}
	again(t, s)
}

// again writes a scenario and reads it back: it must be the same.
func again(t *testing.T, s *Scenario) {
	t.Helper()
	back, err := Parse(s.Name+".yaml", s.YAML(), known)
	if err != nil {
		t.Fatalf("%v\n%s", err, s.YAML())
	}
	if len(back.Claims) != len(s.Claims) {
		t.Fatalf("%d claims came back of %d", len(back.Claims), len(s.Claims))
	}
	for i := range back.Claims { // their place is in the new file
		if back.Claims[i].Expr != s.Claims[i].Expr {
			t.Errorf("claim %q came back as %q", s.Claims[i].Expr, back.Claims[i].Expr)
		}
	}
	back.Claims = s.Claims
	if !reflect.DeepEqual(back, s) {
		t.Errorf("written as\n%s\nit came back as\n%+v\nnot\n%+v", s.YAML(), back, s)
	}
}

// A value that equals nothing must survive too: a closed loop, no warm-up, a false switch.
func TestZeroSurvives(t *testing.T) {
	s, err := Parse("z.yaml", []byte("version: 1\nload: { rate: 0, warmup: 0 }\nchecker: { evidence: false }\n"), known)
	if err != nil {
		t.Fatal(err)
	}
	if s.Load.Rate != 0 || s.Load.Warmup != 0 || s.Checker.Evidence {
		t.Errorf("%+v", s)
	}
	again(t, s)
}

// A file that says nothing but its version is the default, under the file's name.
func TestDefault(t *testing.T) {
	s, err := Parse("some/where/plain.yaml", []byte("version: 1\n"), known)
	if err != nil {
		t.Fatal(err)
	}
	want := Default()
	want.Name = "plain"
	if !reflect.DeepEqual(s, want) {
		t.Errorf("got %+v, want %+v", s, want)
	}
	if err := s.Validate(known); err != nil {
		t.Errorf("the default is not valid: %v", err)
	}
}

// Flags change scenarios after they were read: what they made impossible is said by field.
func TestValidate(t *testing.T) {
	s := Default()
	s.Target.Nodes = 4
	s.Load.Workloads = []string{"regster"}
	s.Faults.At = []Step{{T: 29 * time.Second, For: 4 * time.Second, Do: "kil", Target: "leeder"}}
	want := `target.nodes: 4 is not allowed: 1, 3, 5, 7 or 9 members, so that every majority is clear
faults.at: kil:leeder@29s+4s ends after the load, which lasts 30s
faults.at: kil:leeder@29s+4s: unknown target "leeder"; allowed: leader, follower, one, minority, majority, all, or a node such as n2
unknown load.workload "regster" (did you mean "register"?)
   allowed: register, kv, append, wr, bank, set, watch, lease, discovery, lock, lock-set, lock-etcd-set, election, mixed, reads, serializable-reads, puts, ranges, txn-mixed, txn-put, watch-latency, lease-keepalive, stm
unknown faults.at "kil" (did you mean "kill"?)
   allowed: kill, pause, partition, stop, move-leader, duty, delay, grey-leader, kill-defrag, kill-compact`
	if err := s.Validate(known); err == nil || err.Error() != want {
		t.Errorf("got:\n%v\nwant:\n%s", err, want)
	}
}

func TestStepString(t *testing.T) {
	for want, step := range map[string]Step{
		"kill:leader@20s+4s":                 {T: 20 * time.Second, For: 4 * time.Second, Do: "kill", Target: "leader"},
		"partition:n2:isolate@500ms+1.5s":    {T: 500 * time.Millisecond, For: 1500 * time.Millisecond, Do: "partition", Target: "n2", Shape: "isolate"},
		"partition:majorities-ring@2m+1m30s": {T: 2 * time.Minute, For: 90 * time.Second, Do: "partition", Shape: "majorities-ring"},
	} {
		if got := step.String(); got != want {
			t.Errorf("%s, want %s", got, want)
		}
	}
}

func TestNearest(t *testing.T) {
	words := []string{"rate", "clients", "duration", "warmup", "arrival", "mix", "lock", "lock-set"}
	for word, want := range map[string]string{
		"raet": "rate", "client": "clients", "durration": "duration", "locks": "lock", "arriv": "arrival",
		"zebra": "", "": "", "x": "",
	} {
		if got := Nearest(word, words); got != want {
			t.Errorf("%q: %q, want %q", word, got, want)
		}
	}
}

// Nothing that can be in a file makes the parser panic, and what it accepts it writes so that it reads the same.
func FuzzParse(f *testing.F) {
	f.Add(full)
	for _, s := range []string{"", "a: &a [*a]", "- 1", "version: 1\nload: *x", "? [a]: b", "version: !!binary x"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, text string) {
		s, err := Parse("f.yaml", []byte(text), known)
		if err != nil {
			_ = err.Error()
			return
		}
		back, err := Parse("f.yaml", s.YAML(), known)
		if err != nil {
			t.Fatalf("%q is written as\n%s\nwhich is refused: %v", text, s.YAML(), err)
		}
		if string(back.YAML()) != string(s.YAML()) {
			t.Errorf("%q is written as\n%s\nand then as\n%s", text, s.YAML(), back.YAML())
		}
	})
}
