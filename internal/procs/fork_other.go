//go:build !linux

package procs

import (
	"os/exec"
	"syscall"
)

// attributes has no parent-death signal here: after a kill -9 of the harness the children live until Cleanup.
func attributes() *syscall.SysProcAttr { return &syscall.SysProcAttr{Setpgid: true} }

func fork(cmd *exec.Cmd) error { return cmd.Start() }
