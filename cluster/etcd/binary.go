package etcd

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"time"

	"github.com/whitewater-kv/whitewater/cluster"
	"github.com/whitewater-kv/whitewater/cluster/etcd/member"
)

// binary is an etcd server program and what it said of itself. Flags come and go between versions, so which ones a
// member gets is decided by asking the program, never by its version alone.
type binary struct {
	path    string
	env     []string // what makes our own binary an etcd server
	version string
	help    string
}

// askTimeout bounds one question to a program. A loaded machine takes seconds to start one.
const askTimeout = time.Minute

// ask runs the program for its version and its flags. "" is this very binary.
func ask(ctx context.Context, path string) (*binary, error) {
	b := &binary{path: path}
	environment := func(err error, hint string) error {
		return &cluster.EnvironmentError{Doing: "ask " + b.path + " for its version", Err: err, Hint: hint}
	}
	if path == "" {
		self, err := os.Executable()
		if err != nil {
			return nil, environment(err, "")
		}
		b.path, b.env = self, []string{member.Env + "=1"}
	}
	found, err := exec.LookPath(b.path)
	if err != nil {
		return nil, environment(err, "the binary must be an etcd server")
	}
	if b.path, err = filepath.Abs(found); err != nil {
		return nil, environment(err, "")
	}
	out, err := b.run(ctx, "--version")
	if err != nil {
		return nil, environment(err, "the binary must be an etcd server")
	}
	match := regexp.MustCompile(`(?m)^etcd Version: (\S+)`).FindStringSubmatch(out)
	if match == nil {
		return nil, environment(fmt.Errorf("it answers %q", firstLine(out)), "the binary must be an etcd server")
	}
	b.version = match[1]
	if b.help, err = b.run(ctx, "--help"); err != nil {
		return nil, environment(err, "")
	}
	return b, nil
}

// run returns what the program prints. A program that is not etcd may do anything: it gets no input and little time.
func (b *binary) run(ctx context.Context, args ...string) (string, error) {
	ctx, cancel := context.WithTimeout(ctx, askTimeout)
	defer cancel()
	cmd := exec.CommandContext(ctx, b.path, args...)
	cmd.Env = b.env
	cmd.Dir = os.TempDir()
	cmd.WaitDelay = time.Second
	var out bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &out
	err := cmd.Run()
	if ctx.Err() != nil {
		return "", ctx.Err()
	}
	if err != nil && !errors.Is(err, exec.ErrWaitDelay) {
		if said := firstLine(out.String()); said != "" {
			err = fmt.Errorf("%w: %s", err, said)
		}
		return "", err
	}
	return out.String(), nil
}

// has reports whether the help names the flag.
func (b *binary) has(flag string) bool {
	at := strings.Index(b.help, flag)
	for at >= 0 {
		rest := b.help[at+len(flag):]
		if rest == "" || !strings.ContainsAny(rest[:1], "-abcdefghijklmnopqrstuvwxyz0123456789") {
			return true
		}
		next := strings.Index(rest, flag)
		if next < 0 {
			return false
		}
		at += len(flag) + next
	}
	return false
}

// accepts reports whether the program takes a flag that the help may not name: etcd checks its flags before it prints
// its version.
func (b *binary) accepts(ctx context.Context, flag string) bool {
	_, err := b.run(ctx, flag, "--version")
	return err == nil
}

// first is the first of the flags that the program has; "" = none.
func (b *binary) first(flags ...string) string {
	for _, flag := range flags {
		if b.has(flag) {
			return flag
		}
	}
	return ""
}

// atLeast reports whether the version is this one or newer, such as 3, 5 or 3, 5, 7; false if it is no version.
func (b *binary) atLeast(version ...int) bool {
	parts := strings.FieldsFunc(b.version, func(r rune) bool { return r == '.' || r == '-' })
	for i, want := range version {
		if i == len(parts) {
			return false
		}
		if has, err := strconv.Atoi(parts[i]); err != nil || has != want {
			return err == nil && has > want
		}
	}
	return true
}

func firstLine(text string) string {
	line, _, _ := strings.Cut(strings.TrimSpace(text), "\n")
	return line
}
