package procs

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
)

// linger starts a process that stops only when the file is there.
func linger(t *testing.T) (p *Process, leave func()) {
	t.Helper()
	dir := t.TempDir()
	file := filepath.Join(dir, "leave")
	p, err := Start(Command{Name: "n1", Path: os.Args[0], Env: []string{"PROCS_TEST=linger", "PROCS_LEAVE=" + file}, Log: filepath.Join(dir, "log")})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { p.Kill(context.Background()) })
	ready(t, p)
	return p, func() {
		if err := os.WriteFile(file, nil, 0o600); err != nil {
			t.Error(err)
		}
	}
}

// A process that is slow to stop says so when the caller's time is up, and that it was asked is not forgotten: when it ends
// at last, in order, nobody takes it for a crash, even if it has been told to die meanwhile.
func TestSlowStop(t *testing.T) {
	dead, cancel := context.WithCancel(context.Background())
	cancel()
	for _, alsoKilled := range []bool{false, true} {
		p, leave := linger(t)
		err := p.Stop(dead)
		if !errors.Is(err, context.Canceled) || !strings.HasPrefix(err.Error(), "n1 (pid ") || !strings.Contains(err.Error(), "did not end after terminated") {
			t.Errorf("stop: %v", err)
		}
		until(t, "it is leaving", func() bool { return slices.Contains(p.Tail(5), "leaving") })
		if state := p.State(); state != "running" {
			t.Errorf("it is %s", state)
		}
		if alsoKilled { // it ends by itself before the signal comes
			p.mu.Lock()
			p.asked = append(p.asked, "killed")
			p.mu.Unlock()
		}
		leave()
		<-p.Done()
		if exit, _ := p.Exit(); !exit.Asked || exit.Status != "exit status 0" || p.State() != "stopped" {
			t.Errorf("also killed %v: %s, %+v", alsoKilled, p.State(), exit)
		}
	}
	p, _ := linger(t)
	p.Stop(dead)
	if err := p.Kill(bounded(t)); err != nil || p.State() != "killed" {
		t.Errorf("killed while it was stopping: %s, %v", p.State(), err)
	}
}

// Whatever waits for a state gives up with its context, and names who is in which state.
func TestWaitsGiveUp(t *testing.T) {
	p, _ := start(t, "sleep")
	ready(t, p)
	if err := syscall.Kill(p.PID(), syscall.SIGSTOP); err != nil {
		t.Fatal(err)
	}
	until(t, "paused", func() bool { return p.State() == "paused" })
	ctx, cancel := context.WithCancel(bounded(t))
	waited := make(chan error)
	// A state that no signal leads to: it would wait for ever.
	go func() { waited <- p.until(ctx, syscall.SIGSTOP, "running") }()
	cancel()
	if err := <-waited; !errors.Is(err, context.Canceled) || !strings.Contains(err.Error(), "is paused, not running, after stopped (signal)") {
		t.Errorf("%v", err)
	}
	if err := p.Kill(bounded(t)); err != nil {
		t.Fatal(err)
	}
	if err := p.Resume(bounded(t)); err == nil || !strings.Contains(err.Error(), "it has ended: signal: killed") {
		t.Errorf("%v", err)
	}
}

// What cannot be read in the list of what is owned does not keep the rest.
func TestCleanupGoesOn(t *testing.T) {
	p, owned := start(t, "sleep")
	list := append([]Owned{{"pid", "damaged"}, {"pid", "999999999 1"}}, *owned...)
	ended, err := Cleanup(bounded(t), list)
	if len(ended) != 1 || err == nil || !strings.Contains(err.Error(), `owned process "damaged"`) {
		t.Errorf("ended %q, %v", ended, err)
	}
	<-p.Done()
}

// A process that is gone before it could be written down is not one to be owned, and no error.
func TestGoneBeforeOwned(t *testing.T) {
	p, _ := start(t, "fail")
	<-p.Done()
	if err := p.own(func(kind, what string) error { t.Errorf("owns %s %s", kind, what); return nil }); err != nil {
		t.Error(err)
	}
}
