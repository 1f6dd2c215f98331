// Package procs starts, signals and watches child processes so that none outlives the harness.
//
// A child runs in a process group of its own, so that a Ctrl-C on the terminal reaches the harness alone, and dies
// with the harness where the system can do that (Linux). Its pid and start time are told to the Own hook before Start
// returns; Cleanup ends what a killed harness left, and nothing else.
package procs

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"slices"
	"sync"
	"syscall"
	"time"
)

// Command says what to start.
type Command struct {
	Name string // for messages: "n1"
	Path string
	Args []string // without the program's name
	Env  []string // the whole environment
	Dir  string
	Log  string // file that gets stdout and stderr, appended
	// Own is told ("pid", "PID STARTTIME") before Start returns; an error ends the process. nil = nobody needs to know.
	Own func(kind, what string) error
}

// Process is a child process. It may be used by several goroutines.
type Process struct {
	name, log string
	begun     int64 // where the log ended when it started
	group     int   // also the pid
	done      chan struct{}

	mu    sync.Mutex
	asked []string // the ends that were asked for: "killed", "stopped"
	state string   // "killed", "stopped" or "exited", once done is closed
	exit  Exit     // valid once done is closed
}

// Exit is the end of a process.
type Exit struct {
	At     time.Time
	Status string // "exit status 1", "signal: killed"
	Asked  bool   // by Kill or Stop, and it ended in that way
}

// Start starts the command.
func Start(c Command) (*Process, error) {
	cmd, log, err := c.prepare()
	if err != nil {
		return nil, fmt.Errorf("start %s: %w", c.Name, err)
	}
	info, err := log.Stat()
	if err == nil {
		err = fork(cmd)
	}
	log.Close() // the child has its own
	if err != nil {
		return nil, fmt.Errorf("start %s: %w", c.Name, err)
	}
	p := &Process{name: c.Name, log: c.Log, begun: info.Size(), group: cmd.Process.Pid, done: make(chan struct{})}
	go p.reap(cmd)
	if c.Own == nil {
		return p, nil
	}
	if err := p.own(c.Own); err != nil {
		return nil, errors.Join(fmt.Errorf("start %s: %w", c.Name, err), p.Kill(context.Background()))
	}
	return p, nil
}

func (c Command) prepare() (*exec.Cmd, *os.File, error) {
	log, err := os.OpenFile(c.Log, os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o644)
	if err != nil {
		return nil, nil, err
	}
	cmd := exec.Command(c.Path, c.Args...)
	cmd.Env, cmd.Dir = c.Env, c.Dir
	cmd.Stdout, cmd.Stderr = log, log
	cmd.SysProcAttr = attributes()
	return cmd, log, nil
}

func (p *Process) own(hook func(kind, what string) error) error {
	start, err := startTime(p.group)
	if err != nil {
		select {
		case <-p.done: // it is gone already: nothing to own
			return nil
		case <-time.After(time.Second):
			return err
		}
	}
	return hook("pid", fmt.Sprintf("%d %s", p.group, start))
}

// reap waits for the process to end, and alone does so.
func (p *Process) reap(cmd *exec.Cmd) {
	err := cmd.Wait()
	status := "exit status 0"
	if err != nil {
		status = err.Error()
	}
	p.mu.Lock()
	p.state = "exited"
	if end := endOf(status); slices.Contains(p.asked, end) {
		p.state = end
	}
	p.exit = Exit{At: time.Now(), Status: status, Asked: p.state != "exited"}
	p.mu.Unlock()
	close(p.done)
}

// endOf is what a process that ends so must have been asked for, if it was asked at all: it may also crash a moment before
// the signal reaches it, or while it obeys. One that was asked to stop, and then killed, may end in either way.
func endOf(status string) string {
	switch status {
	case "signal: killed":
		return "killed"
	case "exit status 0", "signal: terminated":
		return "stopped"
	}
	return ""
}

// PID is the process's id, which another process may have once Done is closed.
func (p *Process) PID() int { return p.group }

// Done is closed when the process has ended.
func (p *Process) Done() <-chan struct{} { return p.done }

// Exit is how the process ended; false: it has not.
func (p *Process) Exit() (Exit, bool) {
	select {
	case <-p.done:
		p.mu.Lock()
		defer p.mu.Unlock()
		return p.exit, true
	default:
		return Exit{}, false
	}
}

// State is what the operating system says of it: "running", "paused", and after its end "killed", "stopped" (both
// asked for) or "exited".
func (p *Process) State() string {
	if _, ended := p.Exit(); ended {
		p.mu.Lock()
		defer p.mu.Unlock()
		return p.state
	}
	if allStopped(p.group) {
		return "paused"
	}
	return "running"
}

// Kill sends SIGKILL, to a paused process as well, and returns when the process is gone.
func (p *Process) Kill(ctx context.Context) error {
	return p.end(ctx, "killed", syscall.SIGKILL)
}

// Stop sends SIGTERM and returns when the process is gone. A paused process is resumed first: it could not hear.
func (p *Process) Stop(ctx context.Context) error {
	if p.State() == "paused" {
		if err := p.Resume(ctx); err != nil {
			return err
		}
	}
	return p.end(ctx, "stopped", syscall.SIGTERM)
}

func (p *Process) end(ctx context.Context, asked string, sig syscall.Signal) error {
	if _, ended := p.Exit(); ended {
		return nil
	}
	p.mu.Lock()
	p.asked = append(p.asked, asked)
	p.mu.Unlock()
	if err := p.signal(sig); err != nil {
		return err
	}
	select {
	case <-p.done:
		return nil
	case <-ctx.Done():
		return fmt.Errorf("%s (pid %d) did not end after %v: %w", p.name, p.group, sig, ctx.Err())
	}
}

// Pause sends SIGSTOP and returns when every thread has stopped.
func (p *Process) Pause(ctx context.Context) error {
	return p.until(ctx, syscall.SIGSTOP, "paused")
}

// Resume sends SIGCONT and returns when the process runs again.
func (p *Process) Resume(ctx context.Context) error {
	return p.until(ctx, syscall.SIGCONT, "running")
}

func (p *Process) until(ctx context.Context, sig syscall.Signal, want string) error {
	if err := p.signal(sig); err != nil {
		return err
	}
	tick := time.NewTicker(time.Millisecond)
	defer tick.Stop()
	for {
		state := p.State()
		if state == want {
			return nil
		}
		select {
		case <-p.done:
			return fmt.Errorf("%s (pid %d) ended while it was to be %s", p.name, p.group, want)
		case <-ctx.Done():
			return fmt.Errorf("%s (pid %d) is %s, not %s, after %v: %w", p.name, p.group, state, want, sig, ctx.Err())
		case <-tick.C:
		}
	}
}

// signal reaches the whole group. The group's id cannot belong to another while its leader is not reaped; the small
// window after that ends in "no such process".
func (p *Process) signal(sig syscall.Signal) error {
	if exit, ended := p.Exit(); ended {
		return fmt.Errorf("%v to %s (pid %d): it has ended: %s", sig, p.name, p.group, exit.Status)
	}
	err := syscall.Kill(-p.group, sig)
	if err != nil && !errors.Is(err, syscall.ESRCH) {
		return fmt.Errorf("%v to %s (pid %d): %w", sig, p.name, p.group, err)
	}
	return nil
}

// Tail is the last lines that the process wrote to its log; not those of others that had the log before.
func (p *Process) Tail(lines int) []string { return tail(p.log, p.begun, lines) }
