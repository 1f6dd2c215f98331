package main

import (
	"os"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/rogpeppe/go-internal/testscript"

	"github.com/whitewater-kv/whitewater/cluster/etcd/member"
)

// TestMain lets the test's own program be a member of a cluster, and the whitewater that the stories call.
func TestMain(m *testing.M) {
	if member.MaybeMain() {
		return
	}
	testscript.Main(m, map[string]func(){"whitewater": main})
}

// The stories of testdata/script: what a person types, and what comes of it, exit codes included. Those whose name
// begins with "etcd" launch real members.
func TestStories(t *testing.T) {
	testscript.Run(t, testscript.Params{
		Dir:                 "testdata/script",
		UpdateScripts:       os.Getenv("WHITEWATER_UPDATE") != "",
		RequireExplicitExec: true,
		RequireUniqueNames:  true,
		Setup: func(env *testscript.Env) error {
			for _, pair := range os.Environ() { // the caller's own variables must not steer the stories
				if name, _, _ := strings.Cut(pair, "="); strings.HasPrefix(name, "WHITEWATER_") {
					env.Setenv(name, "")
				}
			}
			env.Setenv("NO_COLOR", "1")
			env.Setenv("GITHUB_ACTIONS", "")
			return nil
		},
		Cmds: map[string]func(*testscript.TestScript, bool, []string){"exits": exits, "awaits": awaits, "guards": guards, "nowhere": nowhere},
	})
}

// exits runs a program and wants its exit code: exits 64 whitewater run --bogus.
func exits(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) < 2 {
		ts.Fatalf("usage: exits CODE PROGRAM ARG...")
	}
	err := ts.Exec(args[1], args[2:]...)
	code := "0"
	if err != nil {
		code = strings.TrimPrefix(err.Error(), "exit status ")
	}
	if code != args[0] {
		ts.Fatalf("exit code %s, want %s", code, args[0])
	}
}

// awaits waits until a file holds at least so many bytes: awaits runs/current/history.jsonl.zst 1000.
func awaits(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 2 {
		ts.Fatalf("usage: awaits FILE BYTES")
	}
	want, err := strconv.ParseInt(args[1], 10, 64)
	ts.Check(err)
	for end := time.Now().Add(2 * time.Minute); ; time.Sleep(20 * time.Millisecond) {
		if info, err := os.Stat(ts.MkAbs(args[0])); err == nil && info.Size() >= want {
			return
		}
		if time.Now().After(end) {
			ts.Fatalf("%s did not come to %d bytes", args[0], want)
		}
	}
}
