package etcd

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"runtime"
	"strings"
	"sync"
	"syscall"

	"github.com/whitewater-kv/whitewater/cluster"
	"github.com/whitewater-kv/whitewater/history"
	"github.com/whitewater-kv/whitewater/internal/procs"
)

// node is one member: its folder, its flags, and its process if it has one.
type node struct {
	id     history.NodeID
	dir    string // working directory of its process; data, sockets and log are in it
	handle *os.File
	path   string
	args   []string
	env    []string
	own    func(kind, what string) error

	member   uint64 // the id that it must answer with
	client   address
	peer     address
	endpoint string // where clients reach it: a link, or the member itself

	mu      sync.Mutex
	proc    *procs.Process
	starts  int
	mourned chan struct{} // closed when the end of proc is noted

	notes   sync.Mutex
	unasked []procs.Exit
	tails   [][]string
}

// address is where a member listens.
type address struct{ network, addr string }

// sockets are the names of a member's listeners in its folder; etcd wants a port and takes it as part of the name.
const (
	peerSocket   = "p:1"
	clientSocket = "c:1"
	logName      = "etcd.log"
	dataName     = "data"
	// socketPathBytes is less than the shortest limit on the path of a Unix socket (104, macOS).
	socketPathBytes = 100
	tailLines       = 10
)

// prepare makes the member's folder and finds out whether it can be written.
func (n *node) prepare() error {
	doing := "prepare " + string(n.id)
	if err := os.MkdirAll(n.dir, 0o755); err != nil {
		return environment(doing, err)
	}
	probe := filepath.Join(n.dir, ".writable")
	if err := os.WriteFile(probe, make([]byte, 4096), 0o600); err != nil {
		os.Remove(probe)
		return environment(doing, err)
	}
	if err := os.Remove(probe); err != nil {
		return environment(doing, err)
	}
	handle, err := os.Open(n.dir)
	if err != nil {
		return environment(doing, err)
	}
	n.handle = handle
	return nil
}

// environment says that the machine is in the way, with what to do about the usual reasons.
func environment(doing string, err error) error {
	var already *cluster.EnvironmentError
	if errors.As(err, &already) {
		return err
	}
	e := &cluster.EnvironmentError{Doing: doing, Err: err}
	switch {
	case errors.Is(err, syscall.ENOSPC), errors.Is(err, syscall.EDQUOT):
		e.Hint = "the disk is full"
	case errors.Is(err, fs.ErrPermission), errors.Is(err, syscall.EROFS):
		e.Hint = "the folder must be writable"
	case errors.Is(err, syscall.ENOTDIR), errors.Is(err, fs.ErrExist):
		e.Hint = "something that is not a folder is in the way"
	}
	return e
}

// socket is a path by which this process reaches a socket in the member's folder, however deep that is: the members
// themselves use names relative to their working directory.
func (n *node) socket(name string) (string, error) {
	path := filepath.Join(n.dir, name)
	if len(path) <= socketPathBytes {
		return path, nil
	}
	if runtime.GOOS != "linux" {
		return "", &cluster.EnvironmentError{Doing: "launch " + string(n.id), Hint: "choose a shorter path",
			Err: fmt.Errorf("%s: longer than %d bytes, too long for a Unix socket", path, socketPathBytes)}
	}
	return fmt.Sprintf("/proc/self/fd/%d/%s", n.handle.Fd(), name), nil
}

// start starts the member's process. It returns when the process exists, not when it answers: a member that was cut
// off would not.
func (n *node) start() error {
	n.mu.Lock()
	defer n.mu.Unlock()
	if n.proc != nil {
		if _, ended := n.proc.Exit(); !ended {
			return fmt.Errorf("start %s: it is %s already", n.id, n.proc.State())
		}
		<-n.mourned // a moment: the log is still that of the one who died
	}
	n.removeSockets()
	proc, err := procs.Start(procs.Command{Name: string(n.id), Path: n.path, Args: n.args, Env: n.env, Dir: n.dir,
		Log: filepath.Join(n.dir, logName), Own: n.own})
	if err != nil {
		return environment("launch "+string(n.id), err)
	}
	n.proc = proc
	n.starts++
	n.mourned = make(chan struct{})
	go n.mourn(proc, n.mourned)
	return nil
}

// mourn records an end that nobody asked for, while the log's end still belongs to it.
func (n *node) mourn(proc *procs.Process, noted chan<- struct{}) {
	defer close(noted)
	<-proc.Done()
	exit, _ := proc.Exit()
	if exit.Asked {
		return
	}
	tail := lastWords(proc.Tail(wordsLines))
	n.notes.Lock()
	defer n.notes.Unlock()
	n.unasked = append(n.unasked, exit)
	n.tails = append(n.tails, tail)
}

// removeSockets removes what a killed process left: etcd 3.4 does not start on a socket that is there already.
func (n *node) removeSockets() {
	for _, name := range []string{peerSocket, clientSocket} {
		os.Remove(filepath.Join(n.dir, name)) // mostly there is none
	}
}

func (n *node) process() (*procs.Process, error) {
	n.mu.Lock()
	defer n.mu.Unlock()
	if n.proc == nil {
		return nil, fmt.Errorf("%s was never started", n.id)
	}
	return n.proc, nil
}

// noted is closed when the end of the newest process is written down, if nobody asked for it.
func (n *node) noted() <-chan struct{} {
	n.mu.Lock()
	defer n.mu.Unlock()
	return n.mourned
}

func (n *node) state() string {
	proc, err := n.process()
	if err != nil {
		return "stopped"
	}
	return proc.State()
}

// died returns an error if the process ended and nobody asked for it: with the reason that its log shows.
func (n *node) died() error {
	proc, err := n.process()
	if err != nil {
		return nil // it has not been started yet
	}
	exit, ended := proc.Exit()
	if !ended {
		return nil
	}
	e := &cluster.EnvironmentError{Doing: "launch " + string(n.id), Err: fmt.Errorf("its process ended: %s", exit.Status),
		Tail: lastWords(proc.Tail(wordsLines))}
	switch text := strings.Join(e.Tail, "\n"); {
	case strings.Contains(text, "address already in use"):
		e.Hint, e.Err = "another program has its port", errors.Join(e.Err, errPortTaken)
	case noSpace.MatchString(text):
		e.Hint = "the disk is full"
	case strings.Contains(text, "permission denied"), strings.Contains(text, "read-only file system"):
		e.Hint = "its folder must be writable"
	}
	return e
}

// wordsLines is how far back a process's reason to end is looked for: the stacks of all its goroutines may follow it.
const wordsLines = 10_000

// lastWords are the lines from the one that says why a process ended, or the last ones.
func lastWords(tail []string) []string {
	for i, line := range tail {
		if classOf(line) != "" {
			return tail[i:min(len(tail), i+3)]
		}
	}
	return tail[max(0, len(tail)-tailLines):]
}

// noSpace is a full disk, in words or, as bbolt logs it, by its number.
var noSpace = regexp.MustCompile(`no space left on device|fs\.PathError=&\{write \S+ 28\}`)

var errPortTaken = errors.New("port taken")

// close ends the process, paused or not, and removes what the member has on the machine besides its log.
func (n *node) close(ctx context.Context, keepData bool) error {
	var errs []error
	if proc, err := n.process(); err == nil {
		if err := proc.Kill(ctx); err != nil {
			errs = append(errs, err)
		} else {
			<-n.noted()
		}
	}
	n.removeSockets()
	if !keepData {
		errs = append(errs, os.RemoveAll(filepath.Join(n.dir, dataName)))
	}
	if n.handle != nil {
		n.handle.Close() // again is harmless
	}
	return errors.Join(errs...)
}
