package procs

import (
	"context"
	"errors"
	"fmt"
	"os"
	"strconv"
	"strings"
	"time"
)

// Owned is one entry of what a harness told its Own hook.
type Owned struct{ Kind, What string }

// Cleanup ends the processes among the entries that are still the same processes: pid and start time match. It returns
// a line for each one ended. Entries of other kinds are left alone. One that cannot be ended, or read, does not keep the
// others.
func Cleanup(ctx context.Context, owned []Owned) (ended []string, err error) {
	var errs []error
	for _, o := range owned {
		if o.Kind != "pid" {
			continue
		}
		pid, start, err := parse(o.What)
		if err != nil {
			errs = append(errs, err)
			continue
		}
		killed, err := kill(ctx, pid, start)
		if killed {
			ended = append(ended, fmt.Sprintf("ended process %d", pid))
		}
		errs = append(errs, err)
	}
	return ended, errors.Join(errs...)
}

// Alive reports whether the process of a "pid" entry is still there.
func Alive(what string) bool {
	pid, start, err := parse(what)
	if err != nil {
		return false
	}
	now, err := startTime(pid)
	return err == nil && now == start
}

func parse(what string) (pid int, start string, err error) {
	number, start, ok := strings.Cut(what, " ")
	pid, err = strconv.Atoi(number)
	if err != nil || !ok || pid <= 1 || start == "" {
		return 0, "", fmt.Errorf("owned process %q: want \"PID STARTTIME\"", what)
	}
	return pid, start, nil
}

// kill ends exactly this process. The handle is taken before the start time is read, so that (on Linux, where a handle
// is a pidfd) the process that was looked at is the process that is killed.
func kill(ctx context.Context, pid int, start string) (bool, error) {
	handle, err := os.FindProcess(pid)
	if err != nil {
		return false, nil // no such process
	}
	defer handle.Release()
	what := fmt.Sprintf("%d %s", pid, start)
	if !Alive(what) {
		return false, nil
	}
	if err := handle.Kill(); err != nil && Alive(what) {
		return false, fmt.Errorf("end process %d: %w", pid, err)
	}
	tick := time.NewTicker(5 * time.Millisecond)
	defer tick.Stop()
	for Alive(what) {
		select {
		case <-ctx.Done():
			return false, fmt.Errorf("process %d did not end after SIGKILL: %w", pid, ctx.Err())
		case <-tick.C:
		}
	}
	return true, nil
}
