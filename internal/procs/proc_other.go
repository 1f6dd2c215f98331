//go:build !linux

package procs

import (
	"fmt"
	"os/exec"
	"strconv"
	"strings"
)

// startTime is the process's start as ps tells it; with the pid it names one process for good.
func startTime(pid int) (string, error) {
	fields, err := ps(pid)
	if err != nil {
		return "", err
	}
	if strings.HasPrefix(fields[0], "Z") {
		return "", fmt.Errorf("process %d has ended", pid)
	}
	return strings.Join(fields[1:], "_"), nil
}

func allStopped(pid int) bool {
	fields, err := ps(pid)
	return err == nil && strings.HasPrefix(fields[0], "T")
}

func ps(pid int) ([]string, error) {
	out, err := exec.Command("ps", "-o", "stat=", "-o", "lstart=", "-p", strconv.Itoa(pid)).Output()
	if err != nil {
		return nil, fmt.Errorf("ps %d: %w", pid, err)
	}
	fields := strings.Fields(string(out))
	if len(fields) < 2 {
		return nil, fmt.Errorf("ps %d: %q", pid, out)
	}
	return fields, nil
}
