package procs

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"
)

// The test binary plays the children itself: no shell, no other program.
func TestMain(m *testing.M) {
	switch os.Getenv("PROCS_TEST") {
	case "":
		os.Exit(m.Run())
	case "sleep":
		fmt.Println("ready")
		time.Sleep(time.Hour)
	case "fail":
		fmt.Println("cannot go on")
		os.Exit(3)
	case "obey": // ends well on SIGTERM
		hear := make(chan os.Signal, 1)
		signal.Notify(hear, syscall.SIGTERM)
		fmt.Println("ready")
		<-hear
	case "linger": // ends well on SIGTERM, once it is allowed to
		hear := make(chan os.Signal, 1)
		signal.Notify(hear, syscall.SIGTERM)
		fmt.Println("ready")
		<-hear
		fmt.Println("leaving")
		for _, err := os.Stat(os.Getenv("PROCS_LEAVE")); err != nil; _, err = os.Stat(os.Getenv("PROCS_LEAVE")) {
			time.Sleep(time.Millisecond)
		}
	case "crash": // ends badly on SIGTERM
		hear := make(chan os.Signal, 1)
		signal.Notify(hear, syscall.SIGTERM)
		fmt.Println("ready")
		<-hear
		os.Exit(2)
	case "harness": // starts a child, tells who it is, and waits to be killed
		_, err := Start(Command{Name: "grandchild", Path: os.Args[0], Log: os.Getenv("PROCS_LOG"),
			Env: []string{"PROCS_TEST=sleep"}, Own: func(kind, what string) error {
				fmt.Println(kind, what)
				return nil
			}})
		if err != nil {
			fmt.Println(err)
		}
		time.Sleep(time.Hour)
	}
}

func start(t *testing.T, role string) (*Process, *[]Owned) {
	t.Helper()
	owned := new([]Owned)
	p, err := Start(Command{Name: role, Path: os.Args[0], Env: []string{"PROCS_TEST=" + role},
		Log: filepath.Join(t.TempDir(), "log"), Own: func(kind, what string) error {
			*owned = append(*owned, Owned{kind, what})
			return nil
		}})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { p.Kill(context.Background()) })
	return p, owned
}

func bounded(t *testing.T) context.Context {
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	t.Cleanup(cancel)
	return ctx
}

func until(t *testing.T, what string, ok func() bool) {
	t.Helper()
	for end := time.Now().Add(time.Minute); !ok(); time.Sleep(2 * time.Millisecond) {
		if time.Now().After(end) {
			t.Fatalf("not within a minute: %s", what)
		}
	}
}

func ready(t *testing.T, p *Process) {
	t.Helper()
	until(t, "ready", func() bool { return slices.Contains(p.Tail(5), "ready") })
}

// What the operating system says of a process follows each signal before the call returns.
func TestStates(t *testing.T) {
	ctx := bounded(t)
	p, _ := start(t, "obey")
	ready(t, p)
	var states []string
	note := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		states = append(states, p.State())
	}
	note(nil)
	note(p.Pause(ctx))
	note(p.Pause(ctx)) // again: nothing changes
	note(p.Resume(ctx))
	note(p.Pause(ctx))
	note(p.Stop(ctx)) // resumes it first
	if got, want := strings.Join(states, " "), "running paused paused running paused stopped"; got != want {
		t.Errorf("states: %s, want %s", got, want)
	}
	if exit, ended := p.Exit(); !ended || !exit.Asked || exit.Status != "exit status 0" {
		t.Errorf("exit: %+v, %v", exit, ended)
	}
	if err := p.Pause(ctx); err == nil {
		t.Error("paused a process that has ended")
	}
}

// Each end says whether it was asked for; a crash during an orderly stop was not.
func TestExit(t *testing.T) {
	ctx := bounded(t)
	for _, test := range []struct {
		role  string
		end   func(*Process) error
		state string
		exit  string
		asked bool
	}{
		{"sleep", func(p *Process) error { return p.Kill(ctx) }, "killed", "signal: killed", true},
		{"sleep", func(p *Process) error { return errors.Join(p.Pause(ctx), p.Kill(ctx)) }, "killed", "signal: killed", true},
		{"obey", func(p *Process) error { return p.Stop(ctx) }, "stopped", "exit status 0", true},
		{"sleep", func(p *Process) error { return p.Stop(ctx) }, "stopped", "signal: terminated", true},
		{"crash", func(p *Process) error { return p.Stop(ctx) }, "exited", "exit status 2", false},
		{"sleep", func(p *Process) error { return syscall.Kill(p.PID(), syscall.SIGKILL) }, "exited", "signal: killed", false},
	} {
		p, _ := start(t, test.role)
		ready(t, p)
		if err := test.end(p); err != nil {
			t.Fatal(err)
		}
		<-p.Done()
		exit, _ := p.Exit()
		if p.State() != test.state || exit.Status != test.exit || exit.Asked != test.asked {
			t.Errorf("%s: %s %+v, want %s %q %v", test.role, p.State(), exit, test.state, test.exit, test.asked)
		}
		if err := p.Kill(ctx); err != nil {
			t.Errorf("%s: killing the dead: %v", test.role, err)
		}
	}
}

func TestExitByItself(t *testing.T) {
	p, _ := start(t, "fail")
	<-p.Done()
	if exit, _ := p.Exit(); exit.Asked || exit.Status != "exit status 3" || p.State() != "exited" {
		t.Errorf("%+v, %s", exit, p.State())
	}
	// A binary that measures coverage adds a word of its own when it ends.
	if tail := p.Tail(2); len(tail) == 0 || tail[0] != "cannot go on" {
		t.Errorf("tail %q", tail)
	}
}

func TestStartErrors(t *testing.T) {
	dir := t.TempDir()
	for _, test := range []struct {
		command Command
		want    error
	}{
		{Command{Name: "n1", Path: filepath.Join(dir, "none"), Log: filepath.Join(dir, "log")}, os.ErrNotExist},
		{Command{Name: "n1", Path: dir, Log: filepath.Join(dir, "log")}, os.ErrPermission},
		{Command{Name: "n1", Path: os.Args[0], Log: filepath.Join(dir, "no", "log")}, os.ErrNotExist},
	} {
		_, err := Start(test.command)
		if !errors.Is(err, test.want) || !strings.HasPrefix(err.Error(), "start n1: ") {
			t.Errorf("%s: %v, want %v", test.command.Path, err, test.want)
		}
	}
}

// A process that could not be recorded as owned does not run.
func TestNotOwned(t *testing.T) {
	full := errors.New("disk full")
	var what string
	p, err := Start(Command{Name: "n1", Path: os.Args[0], Env: []string{"PROCS_TEST=sleep"},
		Log: filepath.Join(t.TempDir(), "log"), Own: func(_, w string) error { what = w; return full }})
	if p != nil || !errors.Is(err, full) {
		t.Errorf("%v, %v", p, err)
	}
	if Alive(what) {
		t.Errorf("process %s still runs", what)
	}
}

// Cleanup ends what it is told, and only if pid and start time both match.
func TestCleanup(t *testing.T) {
	p, owned := start(t, "sleep")
	entry := (*owned)[0]
	if want := fmt.Sprintf("%d ", p.PID()); entry.Kind != "pid" || !strings.HasPrefix(entry.What, want) {
		t.Fatalf("owned %+v, want pid %s…", entry, want)
	}
	if ended, err := Cleanup(bounded(t), []Owned{{"pid", entry.What + "0"}, {"dir", "/"}}); len(ended) != 0 || err != nil {
		t.Errorf("another start time: %q, %v", ended, err)
	}
	if p.State() != "running" {
		t.Fatal("ended a process that is not ours")
	}
	if ended, err := Cleanup(bounded(t), *owned); len(ended) != 1 || err != nil {
		t.Errorf("%q, %v", ended, err)
	}
	<-p.Done()
	if ended, err := Cleanup(bounded(t), *owned); len(ended) != 0 || err != nil {
		t.Errorf("again: %q, %v", ended, err)
	}
	for _, bad := range []string{"", "12", "x y", "1 5", "-1 5", "7 "} {
		if _, err := Cleanup(bounded(t), []Owned{{"pid", bad}}); err == nil {
			t.Errorf("accepted %q", bad)
		}
	}
}

// kill -9 of the harness ends its children on Linux; elsewhere, and whatever happens, Cleanup does.
func TestHarnessKilled(t *testing.T) {
	dir := t.TempDir()
	harness := exec.Command(os.Args[0])
	harness.Env = []string{"PROCS_TEST=harness", "PROCS_LOG=" + filepath.Join(dir, "log")}
	out, err := harness.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := harness.Start(); err != nil {
		t.Fatal(err)
	}
	var kind, pid, began string
	if _, err := fmt.Fscan(out, &kind, &pid, &began); err != nil {
		t.Fatal(err)
	}
	what := pid + " " + began
	if kind != "pid" || !Alive(what) {
		t.Fatalf("%s %s is not alive", kind, what)
	}
	harness.Process.Kill()
	harness.Wait()
	if runtime.GOOS == "linux" {
		until(t, "the child dies with the harness", func() bool { return !Alive(what) })
	}
	if _, err := Cleanup(bounded(t), []Owned{{kind, what}}); err != nil || Alive(what) {
		t.Errorf("%v, alive %v", err, Alive(what))
	}
}

// Children survive the end of the goroutine, and so of the OS thread, that asked for them.
func TestThreadEnds(t *testing.T) {
	started := make(chan *Process)
	for range 5 {
		go func() {
			runtime.LockOSThread() // never unlocked: the thread ends with the goroutine
			p, _ := start(t, "sleep")
			started <- p
		}()
	}
	var all []*Process
	for range 5 {
		all = append(all, <-started)
	}
	for _, p := range all {
		ready(t, p)
		if p.State() != "running" {
			t.Errorf("%d is %s", p.PID(), p.State())
		}
	}
}

func TestTail(t *testing.T) {
	path := filepath.Join(t.TempDir(), "log")
	long := strings.Repeat("x", 100) + "\n"
	os.WriteFile(path, []byte(strings.Repeat(long, 20_000)+"one\n\ntwo\r\nthree"), 0o600)
	if got := tail(path, 0, 30_000); len(got) > tailBytes/len(long)+4 {
		t.Errorf("%d lines were read", len(got))
	}
	if got := tail(path, int64(len(long)*20_000+3), 3); !slices.Equal(got, []string{"two", "three"}) {
		t.Errorf("from a byte on: %q", got)
	}
	if got := tail(path, 0, 3); !slices.Equal(got, []string{"one", "two", "three"}) {
		t.Errorf("%q", got)
	}
	if got := tail(filepath.Join(path, "none"), 0, 3); got != nil {
		t.Errorf("%q", got)
	}
	os.WriteFile(path, []byte("one"), 0o600)
	if got := tail(path, 0, 3); !slices.Equal(got, []string{"one"}) {
		t.Errorf("%q", got)
	}
}
