package etcd

import (
	"context"
	"strings"
	"testing"

	"github.com/whitewater-kv/whitewater/cluster"
)

// helps are excerpts of what versions say of themselves.
var helps = map[string]string{
	"3.4": "--name --max-wals '5' --logger 'capnslog' --experimental-watch-progress-notify-interval '10m'",
	"3.7": "--name --max-wals '5' --logger 'zap' --watch-progress-notify-interval '10m' --unsafe-no-fsync 'false'",
}

func argsOf(t *testing.T, version string, spec cluster.Spec) string {
	t.Helper()
	spec.Dir, spec.Nodes = "/run", 3
	spec, err := defaults(spec)
	if err != nil {
		t.Fatal(err)
	}
	s := newSystem(spec)
	defer s.close()
	s.token = "token"
	for _, id := range s.order {
		n := s.nodes[id]
		n.client, n.peer, n.endpoint = address{"unix", "c"}, address{"unix", "p"}, "127.0.0.1:1"
		if spec.Direct {
			n.client, n.peer = address{"tcp", "127.0.0.1:1"}, address{"tcp", "127.0.0.1:2"}
		}
		if spec.TLS {
			n.peer = address{"tcp", "127.0.0.1:2"}
		}
	}
	b := &binary{path: "/bin/true", version: version + ".0", help: helps[version]}
	s.resolves = !b.atLeast(3, 5, 7)
	common, err := s.common(context.Background(), b)
	if err != nil {
		t.Fatal(err)
	}
	return strings.Join(s.own(s.nodes["n2"], common), "\n")
}

// The arguments of a member, with the flags that its version has.
func TestArguments(t *testing.T) {
	const start = `--name=n2
--listen-peer-urls=unix://p:1
--listen-client-urls=unix://c:1
--initial-advertise-peer-urls=http://n2.whitewater.invalid:2380
--advertise-client-urls=http://127.0.0.1:1
--data-dir=data
--initial-cluster=n1=http://n1.whitewater.invalid:2380,n2=http://n2.whitewater.invalid:2380,n3=http://n3.whitewater.invalid:2380
--initial-cluster-token=token
--initial-cluster-state=new
--heartbeat-interval=100
--election-timeout=1000
--logger=zap
--max-wals=0
`
	nowhere := strings.NewReplacer("n1.whitewater.invalid", "[100::1]", "n2.whitewater.invalid", "[100::2]", "n3.whitewater.invalid", "[100::3]")
	for version, want := range map[string]string{
		"3.4": nowhere.Replace(start) + "--experimental-watch-progress-notify-interval=500ms",
		"3.7": start + "--watch-progress-notify-interval=500ms",
	} {
		if got := argsOf(t, version, cluster.Spec{}); got != want {
			t.Errorf("%s: got\n%s\nwant\n%s", version, got, want)
		}
	}
}

// Options and the caller's own flags, which replace ours of the same name.
func TestArgumentsByOption(t *testing.T) {
	for name, test := range map[string]struct {
		spec    cluster.Spec
		with    []string
		without []string
	}{
		"direct": {cluster.Spec{Direct: true}, []string{"--listen-peer-urls=http://127.0.0.1:2", "n1=http://127.0.0.1:2"}, []string{"--max-wals", "progress", "invalid"}},
		"TLS": {cluster.Spec{TLS: true}, []string{"--listen-peer-urls=https://127.0.0.1:2", "--listen-client-urls=unixs://c:1",
			"--peer-client-cert-auth=true", "--client-cert-auth=true", "n1=https://n1.whitewater.invalid:2380"}, nil},
		"snapshots":    {cluster.Spec{SnapshotCount: 50, Heartbeat: 10e6}, []string{"--snapshot-count=50", "--heartbeat-interval=10", "--election-timeout=100"}, nil},
		"unsafe":       {cluster.Spec{UnsafeNoFsync: true}, []string{"--unsafe-no-fsync=true"}, nil},
		"caller first": {cluster.Spec{Args: []string{"--max-wals=3", "--logger", "x", "-name=me"}}, []string{"--max-wals=3", "--logger\nx", "-name=me"}, []string{"--max-wals=0", "--logger=zap", "--name=n2"}},
	} {
		got := argsOf(t, "3.7", test.spec)
		for _, want := range test.with {
			if !strings.Contains(got, want) {
				t.Errorf("%s: no %s in\n%s", name, want, got)
			}
		}
		for _, bad := range test.without {
			if strings.Contains(got, bad) {
				t.Errorf("%s: %s in\n%s", name, bad, got)
			}
		}
	}
}

func TestBinaryHas(t *testing.T) {
	b := &binary{version: "3.5.22", help: "  --max-wals-kept '5'\n  --max-wals '5'\n  --enable-v2=false\n  --last"}
	for flag, want := range map[string]bool{"--max-wals": true, "--max": false, "--enable-v2": true, "--enable-v": false, "--last": true, "--none": false} {
		if b.has(flag) != want {
			t.Errorf("%s: %v", flag, !want)
		}
	}
	if b.first("--none", "--last", "--max-wals") != "--last" || b.first("--none") != "" {
		t.Error("first")
	}
	for _, test := range []struct {
		version string
		least   []int
		want    bool
	}{
		{"3.5.22", []int{3, 5}, true}, {"3.4.23", []int{3, 5}, false}, {"4.0.0", []int{3, 5}, true}, {"3.10.1", []int{3, 5}, true},
		{"main", []int{3, 5}, false}, {"3.x", []int{3, 5}, false}, {"3", []int{3, 5}, false},
		{"3.5.6", []int{3, 5, 7}, false}, {"3.5.7", []int{3, 5, 7}, true}, {"3.5.12", []int{3, 5, 7}, true}, {"3.8.0-alpha.0", []int{3, 5, 7}, true},
	} {
		if got := (&binary{version: test.version}).atLeast(test.least...); got != test.want {
			t.Errorf("%s at least %v: %v", test.version, test.least, got)
		}
	}
}

// The server that is built in answers for itself, and knows hidden flags from unknown ones.
func TestAsk(t *testing.T) {
	b, err := ask(bounded(t), "")
	if err != nil {
		t.Fatal(err)
	}
	if !b.atLeast(3, 7) || !b.has("--initial-cluster-token") || b.has("--enable-v2") {
		t.Errorf("version %s", b.version)
	}
	if !b.accepts(bounded(t), "--unsafe-no-fsync") || b.accepts(bounded(t), "--no-such-flag") {
		t.Error("it accepts what it does not know, or refuses what it does")
	}
}

// args can be pasted into a shell.
func TestScript(t *testing.T) {
	n := &node{id: "n1", dir: "/run/n1", path: "/my etcd", env: []string{"NO_PROXY=", "X=it's"}, args: []string{"--a=b c", "--c=d", ""}}
	const want = "cd /run/n1\nNO_PROXY= \\\nX='it'\\''s' \\\n'/my etcd' \\\n  --a='b c' \\\n  --c=d \\\n  ''\n"
	if got := script(n); got != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
}

// Members do not see this process's ETCD_ variables, which etcd would take for flags; they see the proxy.
func TestEnvironment(t *testing.T) {
	t.Setenv("ETCD_NAME", "stranger")
	for version, want := range map[string]bool{"3.4.23": false, "3.5.0": true} {
		env := strings.Join((&system{}).environ(&binary{version: version, env: []string{"OURS=1"}}, "http://proxy"), "\n")
		if strings.Contains(env, "ETCD_NAME") || !strings.Contains(env, "\nHTTPS_PROXY=http://proxy\n") || !strings.Contains(env, "OURS=1") {
			t.Errorf("%s:\n%s", version, env)
		}
		if strings.Contains(env, "ETCD_VERIFY=all") != want {
			t.Errorf("%s: asks for etcd's own assertions: %v", version, !want)
		}
	}
}
