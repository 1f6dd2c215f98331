// Package member is etcd's server inside this binary, and the reader of the files that any etcd server leaves.
//
// A member is a separate operating system process without a separate program: the harness starts its own binary again
// with Env set, and MaybeMain turns that process into an etcd server.
package member

import (
	"os"

	"go.etcd.io/etcd/api/v3/version"
	"go.etcd.io/etcd/server/v3/etcdmain"
)

// Env marks a process that is to be a member; its value is "1".
const Env = "WHITEWATER_MEMBER"

// Version is that of the embedded server.
func Version() string { return version.Version }

// MaybeMain runs the etcd server if this process was started as a member, and reports whether it was. It belongs at the
// very beginning of main, and of TestMain in tests that launch clusters.
func MaybeMain() bool {
	if os.Getenv(Env) != "1" {
		return false
	}
	os.Unsetenv(Env) // etcd reads its environment; this is not for it
	Main(os.Args)
	return true
}

// Main is etcd's own main: args are the program's name and etcd's flags. Mostly it ends the process itself.
func Main(args []string) { etcdmain.Main(args) }
