package main

import (
	"encoding/json"
	"fmt"
	"os"
	"runtime"
	"strings"

	"github.com/whitewater-kv/whitewater/harness"
	"github.com/whitewater-kv/whitewater/reports/summary"
	"github.com/whitewater-kv/whitewater/scenarios"
	"github.com/whitewater-kv/whitewater/store"
)

// machineFile is what a run's reports say of the program and the machine: judging it again needs it too.
const machineFile = "env.json"

// machineRecord is the content of machineFile.
type machineRecord struct {
	Build  build          `json:"build"`
	System []summary.Pair `json:"system"`
	// Elsewhere are the flags that reach the cluster, if it was not ours; nothing secret.
	Elsewhere string `json:"elsewhere,omitempty"`
}

// writeMachine stores what the program and the machine are, and the script that does the run again.
func writeMachine(run *store.Run, elsewhere string) (machineRecord, error) {
	m := machineRecord{Build: builds(), System: system(), Elsewhere: elsewhere}
	data, err := json.MarshalIndent(m, "", "  ")
	if err != nil {
		return m, err
	}
	if err := run.Write(machineFile, append(data, '\n')); err != nil {
		return m, environment(err)
	}
	script := reproScript
	if elsewhere != "" {
		script = fmt.Sprintf(reproElsewhere, harness.ScenarioFile, elsewhere)
	}
	if err := run.Write("repro.sh", []byte(script)); err != nil {
		return m, environment(err)
	}
	return m, nil
}

const (
	reproScript = `#!/bin/sh
# Does this run again: the same scenario, seed and schedule.
exec whitewater replay "$(dirname "$0")" "$@"
`
	reproElsewhere = `#!/bin/sh
# Does this run again: the same scenario and seed, on the same cluster.
exec whitewater bench "$(dirname "$0")/%s" %s "$@"
`
)

// readMachine is what a stored run's machineFile says; nothing, if it has none.
func readMachine(run *store.Run) (m machineRecord) {
	if data, err := run.Read(machineFile); err == nil {
		_ = json.Unmarshal(data, &m) // an older run's may lack what this program would like to know
	}
	return m
}

// reproduce is what the reports say of doing a run again.
func (m machineRecord) reproduce(run *store.Run, s *scenarios.Scenario, schedule string) summary.Reproduce {
	if run.Bare() {
		return summary.Reproduce{}
	}
	command := "whitewater replay " + run.ID()
	if m.Elsewhere != "" {
		command = "whitewater bench " + quoted(run.File(harness.ScenarioFile)) + " " + m.Elsewhere
	}
	return summary.Reproduce{
		Command: command, File: harness.ScenarioFile, Scenario: string(s.YAML()), Schedule: schedule,
		Versions: []summary.Pair{
			{Name: "whitewater", Value: strings.TrimSpace(m.Build.Whitewater + " " + m.Build.Commit)},
			{Name: "porcupine", Value: m.Build.Porcupine}, {Name: "go", Value: m.Build.Go},
		},
		Env: m.System,
	}
}

// system is the machine in a few words.
func system() []summary.Pair {
	pairs := []summary.Pair{
		{Name: "platform", Value: runtime.GOOS + "/" + runtime.GOARCH},
		{Name: "processors", Value: fmt.Sprint(runtime.NumCPU())},
	}
	if data, err := os.ReadFile("/proc/sys/kernel/osrelease"); err == nil {
		pairs = append(pairs, summary.Pair{Name: "kernel", Value: strings.TrimSpace(string(data))})
	}
	if name, err := os.Hostname(); err == nil {
		pairs = append(pairs, summary.Pair{Name: "host", Value: name})
	}
	return pairs
}
