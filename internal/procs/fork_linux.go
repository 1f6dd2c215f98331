package procs

import (
	"os/exec"
	"runtime"
	"sync"
	"syscall"
)

// attributes asks for SIGKILL at the parent's death. Linux means the parent's thread, not its process: hence fork.
func attributes() *syscall.SysProcAttr {
	return &syscall.SysProcAttr{Setpgid: true, Pdeathsig: syscall.SIGKILL}
}

// fork starts the command from a thread that lives as long as the harness. Go ends idle threads at will, and every
// child forked from such a thread would be killed with it.
func fork(cmd *exec.Cmd) error {
	failed := make(chan error)
	forks() <- func() { failed <- cmd.Start() }
	return <-failed
}

var forks = sync.OnceValue(func() chan<- func() {
	work := make(chan func())
	go func() {
		runtime.LockOSThread() // never unlocked: the goroutine never ends
		for f := range work {
			f()
		}
	}()
	return work
})
