package etcd

import (
	"context"
	"fmt"
	"net"
	"os"
	"runtime"
	"slices"
	"strconv"
	"strings"

	"github.com/whitewater-kv/whitewater/cluster"
	"github.com/whitewater-kv/whitewater/history"
)

// flags collects a member's arguments, the caller's last. A flag that the caller gives replaces ours of that name.
type flags struct {
	args  []string
	given map[string]bool
}

func newFlags(given []string) *flags {
	f := &flags{given: make(map[string]bool)}
	for _, arg := range given {
		if strings.HasPrefix(arg, "-") {
			f.given[flagName(arg)] = true
		}
	}
	return f
}

func flagName(arg string) string {
	name, _, _ := strings.Cut(strings.TrimLeft(arg, "-"), "=")
	return name
}

// add adds --flag=value unless the caller gives it; an empty flag is one that the program does not have.
func (f *flags) add(flag string, value any) {
	if flag != "" && !f.given[flagName(flag)] {
		f.args = append(f.args, fmt.Sprintf("%s=%v", flag, value))
	}
}

// common are the arguments that all members share.
func (s *system) common(ctx context.Context, b *binary) (*flags, error) {
	spec, f := s.spec, newFlags(s.spec.Args)
	if len(spec.Args) > 0 {
		if _, err := b.run(ctx, append(slices.Clone(spec.Args), "--version")...); err != nil {
			return nil, &cluster.EnvironmentError{Doing: "launch", Err: fmt.Errorf("etcd %s does not take %q: %w", b.version, spec.Args, err)}
		}
	}
	f.add("--data-dir", dataName)
	f.add("--initial-cluster", s.initialCluster())
	f.add("--initial-cluster-token", s.token)
	f.add("--initial-cluster-state", "new")
	f.add("--heartbeat-interval", spec.Heartbeat.Milliseconds())
	f.add("--election-timeout", spec.Election.Milliseconds())
	if spec.SnapshotCount > 0 {
		f.add("--snapshot-count", spec.SnapshotCount)
	}
	f.add(b.first("--logger"), "zap")
	if spec.UnsafeNoFsync {
		if !b.has("--unsafe-no-fsync") && !b.accepts(ctx, "--unsafe-no-fsync") {
			return nil, &cluster.EnvironmentError{Doing: "launch", Err: fmt.Errorf("etcd %s has no --unsafe-no-fsync", b.version)}
		}
		f.add("--unsafe-no-fsync", true)
	}
	if !spec.Direct {
		// etcd's corruption check at the start is left off: while members restart it waits 7 s for each one that does not
		// answer, and the hashes are compared at the end of a run anyway.
		//
		// Evidence is read from the whole log; watchers tell how far they are often enough to be judged by it; and a
		// compaction of the few revisions that a run makes takes several steps, so that it can be broken off between them.
		f.add(b.first("--max-wals"), 0)
		f.add(b.first("--watch-progress-notify-interval", "--experimental-watch-progress-notify-interval"), "500ms")
		f.add(b.first("--compaction-batch-limit", "--experimental-compaction-batch-limit"), 20)
	}
	s.security(f)
	return f, nil
}

// security adds the arguments of a cluster over TLS.
func (s *system) security(f *flags) {
	if !s.spec.TLS {
		return
	}
	for _, side := range []string{"", "peer-"} {
		f.add("--"+side+"cert-file", "../tls/member.pem")
		f.add("--"+side+"key-file", "../tls/member-key.pem")
		f.add("--"+side+"trusted-ca-file", "../tls/ca.pem")
		f.add("--"+side+"client-cert-auth", true)
	}
}

// own are the arguments of one member.
func (s *system) own(n *node, common *flags) []string {
	f := &flags{given: common.given}
	f.add("--name", n.id)
	f.add("--listen-peer-urls", s.listenURL(n.peer, peerSocket))
	f.add("--listen-client-urls", s.listenURL(n.client, clientSocket))
	f.add("--initial-advertise-peer-urls", s.peerURL(n.id))
	f.add("--advertise-client-urls", s.scheme()+"://"+n.endpoint)
	return append(append(f.args, common.args...), s.spec.Args...)
}

func (s *system) scheme() string {
	if s.spec.TLS {
		return "https"
	}
	return "http"
}

func (s *system) listenURL(a address, socket string) string {
	switch {
	case a.network == "tcp":
		return s.scheme() + "://" + a.addr
	case s.spec.TLS:
		return "unixs://" + socket
	}
	return "unix://" + socket
}

// host is a name that resolves nowhere, so that traffic which misses the proxy goes nowhere; it must not look like this
// machine, or Go's HTTP client would bypass the proxy.
func host(id history.NodeID) string { return string(id) + ".whitewater.invalid" }

// nowhere is an address that discards what is sent to it (RFC 6666). It stands for the host with etcd before 3.5.7, which
// does not start until it has resolved its peers' names.
func nowhere(id history.NodeID) net.IP {
	n, _ := strconv.Atoi(strings.TrimPrefix(string(id), "n"))
	return net.IP{0: 0x01, 15: byte(n)}
}

// peerPort is the one that etcd is known for; nobody listens there.
const peerPort = "2380"

func (s *system) peerURL(id history.NodeID) string {
	if s.spec.Direct {
		return s.scheme() + "://" + s.nodes[id].peer.addr
	}
	name := host(id)
	if s.resolves {
		name = nowhere(id).String()
	}
	return s.scheme() + "://" + net.JoinHostPort(name, peerPort)
}

func (s *system) initialCluster() string {
	var pairs []string
	for _, id := range s.order {
		pairs = append(pairs, string(id)+"="+s.peerURL(id))
	}
	return strings.Join(pairs, ",")
}

// environ is a member's environment. It starts from nothing: etcd takes ETCD_ variables for flags.
func (s *system) environ(b *binary, proxy string) []string {
	env := append([]string{"PATH=" + os.Getenv("PATH"), "HOME=" + os.Getenv("HOME"), "TMPDIR=" + os.TempDir()}, b.env...)
	if proxy != "" {
		for _, name := range []string{"HTTP_PROXY", "HTTPS_PROXY", "http_proxy", "https_proxy"} {
			env = append(env, name+"="+proxy)
		}
		env = append(env, "NO_PROXY=", "no_proxy=")
	}
	if !s.spec.Direct && b.atLeast(3, 5) {
		env = append(env, "ETCD_VERIFY=all") // etcd checks its own invariants
	}
	if runtime.GOARCH != "amd64" {
		env = append(env, "ETCD_UNSUPPORTED_ARCH="+runtime.GOARCH) // before 3.5 etcd starts elsewhere only if told
	}
	return env
}
