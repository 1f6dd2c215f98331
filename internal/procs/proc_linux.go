package procs

import (
	"fmt"
	"os"
	"strconv"
	"strings"
)

// startTime is the process's start in clock ticks since boot; with the pid it names one process for good.
func startTime(pid int) (string, error) {
	fields, err := stat(fmt.Sprintf("/proc/%d/stat", pid))
	if err != nil {
		return "", err
	}
	if fields[0] == "Z" || fields[0] == "X" {
		return "", fmt.Errorf("process %d has ended", pid)
	}
	return fields[19], nil
}

// allStopped reports whether every thread is stopped: the first one stops a moment before the others.
func allStopped(pid int) bool {
	threads, err := os.ReadDir(fmt.Sprintf("/proc/%d/task", pid))
	if err != nil || len(threads) == 0 {
		return false
	}
	for _, thread := range threads {
		fields, err := stat("/proc/" + strconv.Itoa(pid) + "/task/" + thread.Name() + "/stat")
		if err != nil || fields[0] != "T" {
			return false
		}
	}
	return true
}

// stat returns the fields of a stat file from the state on (proc(5) counts it as the third). The name before it is
// in parentheses and may hold anything, parentheses too.
func stat(path string) ([]string, error) {
	data, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	text := string(data)
	fields := strings.Fields(text[strings.LastIndexByte(text, ')')+1:])
	if len(fields) < 20 {
		return nil, fmt.Errorf("%s: %d fields", path, len(fields))
	}
	return fields, nil
}
