package main

import (
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/whitewater-kv/whitewater/cluster/etcd/member"
	"github.com/whitewater-kv/whitewater/nemesis"
)

// finding is what doctor found of one thing: whether it is as runs need it, and what follows if it is not.
type finding struct {
	Name  string `json:"name"`
	Value string `json:"value"`
	State string `json:"state"` // "ok", "warn", "missing"
	Note  string `json:"note,omitempty"`
}

const (
	fine    = "ok"
	warn    = "warn"
	missing = "missing" // no run can work
)

func doctorCommand(a *app) *cobra.Command {
	cmd := &cobra.Command{
		Use:   "doctor",
		Short: "Say what this machine allows, and how far its numbers can be trusted",
		Args:  cobra.NoArgs,
	}
	output := wordFlag(cmd, "output", "o", "what stdout gets", "text", "json")
	store := storeFlag(cmd)
	cmd.RunE = func(*cobra.Command, []string) error {
		all := slices.Concat(machine(), storage(*store), network(), programs(), faultFindings())
		if output.value == "json" {
			if err := writeJSON(a.out, all); err != nil {
				return err
			}
		} else {
			var rows [][]string
			for _, f := range all {
				mark := map[string]string{fine: "✓", warn: "!", missing: "✗"}[f.State]
				value := f.Value
				if f.Note != "" {
					value += "   " + f.Note
				}
				rows = append(rows, []string{mark, f.Name, value})
			}
			columns(a.out, rows)
		}
		for _, f := range all {
			if f.State == missing {
				return environment(fmt.Errorf("%s: %s; %s", f.Name, f.Value, f.Note))
			}
		}
		return nil
	}
	return cmd
}

// machine looks at processors, memory and limits.
func machine() []finding {
	cores := finding{"processors", fmt.Sprintf("%d, %s/%s", runtime.NumCPU(), runtime.GOOS, runtime.GOARCH), fine, ""}
	if runtime.NumCPU() < 2 {
		cores.State, cores.Note = warn, "clients and members share one: latency says little"
	}
	all := []finding{cores}
	if data, err := os.ReadFile("/proc/loadavg"); err == nil {
		var load float64
		if _, err := fmt.Sscan(string(data), &load); err == nil {
			f := finding{"load", fmt.Sprintf("%.1f", load), fine, ""}
			if load > float64(runtime.NumCPU()) {
				f.State, f.Note = warn, "others use this machine: expect inconclusive claims about latency"
			}
			all = append(all, f)
		}
	}
	if soft, ok := openFiles(); ok {
		f := finding{"open files", fmt.Sprintf("%d", soft), fine, ""}
		if soft < 1024 {
			f.State, f.Note = warn, "raise it (ulimit -n 4096) for many clients"
		}
		all = append(all, f)
	}
	return all
}

// storage looks at where runs are kept: members' data is there too, so its fsync is in every write's latency.
func storage(dir string) []finding {
	for dir != "." && dir != "/" {
		if _, err := os.Stat(dir); err == nil {
			break
		}
		dir = filepath.Dir(dir) // the store is made by the first run
	}
	took, err := fsyncs(dir)
	if err != nil {
		return []finding{{"store", err.Error(), missing, "choose another with --store"}}
	}
	slices.Sort(took)
	p50, p99 := took[len(took)/2], took[len(took)-1]
	f := finding{"fsync", fmt.Sprintf("p50 %s, longest %s, in %s", round(p50), round(p99), dir), fine, ""}
	if p50 > 10*time.Millisecond {
		f.State, f.Note = warn, "slow: etcd asks for less than 10 ms"
	}
	all := []finding{f}
	if free, ok := freeBytes(dir); ok {
		f := finding{"disk", fmt.Sprintf("%.1f GB free in %s", float64(free)/1e9, dir), fine, ""}
		if free < 1e9 {
			f.State, f.Note = warn, "a long run may fill it"
		}
		all = append(all, f)
	}
	return all
}

// fsyncs writes and syncs a block some times, as a write-ahead log does.
func fsyncs(dir string) (took []time.Duration, err error) {
	f, err := os.CreateTemp(dir, ".whitewater-doctor-*")
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, f.Close(), os.Remove(f.Name())) }()
	block := make([]byte, 4096)
	for range 32 {
		began := time.Now()
		if _, err := f.Write(block); err != nil {
			return nil, err
		}
		if err := f.Sync(); err != nil {
			return nil, err
		}
		took = append(took, time.Since(began))
	}
	return took, nil
}

func round(d time.Duration) time.Duration { return d.Round(10 * time.Microsecond) }

// network looks whether members and clients can meet.
func network() []finding {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return []finding{{"loopback", err.Error(), missing, "members need ports on 127.0.0.1"}}
	}
	if err := l.Close(); err != nil {
		return []finding{{"loopback", err.Error(), warn, ""}}
	}
	f := finding{"loopback", "ports on 127.0.0.1 can be opened", fine, ""}
	for _, name := range []string{"HTTP_PROXY", "http_proxy"} {
		if os.Getenv(name) != "" {
			f.Note = name + " is set: members get their own instead"
		}
	}
	return []finding{f}
}

// programs looks for servers beside the one that is built in.
func programs() []finding {
	all := []finding{{"etcd", member.Version() + " is built in", fine, ""}}
	path, err := exec.LookPath("etcd")
	if err != nil {
		return all
	}
	out, err := exec.Command(path, "--version").Output()
	first, _, _ := strings.Cut(string(out), "\n")
	if err != nil || first == "" {
		return append(all, finding{"etcd", path, warn, "it does not say its version"})
	}
	return append(all, finding{"etcd", strings.TrimPrefix(first, "etcd Version: ") + " at " + path, fine, "run it with --binary " + path})
}

// faultFindings lists the faults. They move processes by signals and links by proxies in this program, so none asks for
// rights that a test on this machine would lack.
func faultFindings() []finding {
	var names []string
	for _, f := range nemesis.All {
		names = append(names, f.Name)
	}
	if runtime.GOOS == "windows" {
		return []finding{{"faults", "none", missing, "members are paused by signals that this system lacks"}}
	}
	return []finding{{"faults", strings.Join(names, ", "), fine, "without root: signals, proxies and the client protocol"}}
}
