package terminal

import (
	"encoding/json"
	"fmt"
	"io"
	"strings"
	"sync"
	"time"

	"github.com/whitewater-kv/whitewater/history"
	"github.com/whitewater-kv/whitewater/reports/claims"
)

// Snapshot is what a run looks like at one moment. The harness takes one a second; the display never touches the
// measuring path.
type Snapshot struct {
	At     time.Duration // since the load's start; negative while warming up
	Length time.Duration // of the load, as planned
	Stage  string        // "warm-up", "load", "healing", "final reads", "checking"
	Ops    int64         // ended so far
	// Of the last second:
	OK, Fail, Unknown int64
	Offered           float64       // 0 in a closed loop
	P50, P99          time.Duration // from due time
	Recent            []int64       // OK of the last seconds, oldest first

	Nodes      []Node
	Leader     history.NodeID
	Term       uint64
	Leaderless time.Duration // for how long there has been no leader
	Fault      string        // what is active: "kill n1 (leader)  4 s"
	Next       string        // what comes next: "partition at 40 s"

	Certified  int64         // the revision up to which the run is certified so far; 0 = it is not
	Behind     time.Duration // how long ago whatever has returned since was not certified yet
	Violations int           // found until there
}

// Node is a member in a snapshot.
type Node struct {
	ID    history.NodeID
	State string // as in history.Status: "running", "paused", "killed", …; "" = running
	Up    bool
}

// Progress shows a run while it goes on. Its methods are called by one goroutine.
type Progress interface {
	Show(Snapshot)
	// Event tells of a fault, a leader change, a warning; at is since the load's start.
	Event(at time.Duration, text string)
	Close()
}

// Modes are the ways of showing progress.
var Modes = []string{"auto", "tty", "plain", "json", "none"}

// NewProgress makes the progress display of a mode. "auto" is a redrawn block on a terminal, plain lines elsewhere.
func NewProgress(mode string, w io.Writer, style Style) (Progress, error) {
	switch mode {
	case "auto", "":
		if style.TTY {
			return newBlock(w, style), nil
		}
		return &plainLines{w: w}, nil
	case "tty":
		return newBlock(w, style), nil
	case "plain":
		return &plainLines{w: w}, nil
	case "json":
		return &jsonLines{w: json.NewEncoder(w)}, nil
	case "none":
		return silent{}, nil
	}
	return nil, fmt.Errorf("progress mode %q is unknown (allowed: %s)", mode, strings.Join(Modes, ", "))
}

type silent struct{}

func (silent) Show(Snapshot)               {}
func (silent) Event(time.Duration, string) {}
func (silent) Close()                      {}

// plainLines writes a line every five seconds and one for each event.
type plainLines struct {
	w    io.Writer
	next time.Duration
	last string
}

const plainEvery = 5 * time.Second

func (p *plainLines) Show(s Snapshot) {
	if s.Stage != p.last {
		p.last, p.next = s.Stage, s.At
		if s.Stage != "load" {
			fmt.Fprintf(p.w, "t=%ds %s\n", int(s.At.Round(time.Second).Seconds()), s.Stage)
			return
		}
	}
	if s.At < p.next || s.Stage != "load" {
		return
	}
	p.next = s.At.Truncate(plainEvery) + plainEvery
	certified := ""
	if s.Certified > 0 {
		certified = fmt.Sprintf(" certified=%d behind=%s", s.Certified, compact(s.Behind))
	}
	fmt.Fprintf(p.w, "t=%ds ok=%d/s p99=%s unknown=%d leader=%s term=%d%s\n", int(s.At.Round(time.Second).Seconds()), s.OK, compact(s.P99), s.Unknown,
		orNone(s.Leader), s.Term, certified)
}

func (p *plainLines) Event(at time.Duration, text string) {
	fmt.Fprintf(p.w, "t=%.1fs %s\n", at.Seconds(), safe(text))
}

func (p *plainLines) Close() {}

func compact(d time.Duration) string { return strings.ReplaceAll(claims.ShowDuration(d), " ", "") }

func orNone(id history.NodeID) string {
	if id == "" {
		return "none"
	}
	return string(id)
}

// jsonLines writes every snapshot and event as a line of JSON.
type jsonLines struct{ w *json.Encoder }

type progressLine struct {
	Type    string         `json:"type"`
	T       float64        `json:"t"`
	Stage   string         `json:"stage"`
	Ops     int64          `json:"ops"`
	OK      int64          `json:"ok_per_s"`
	Fail    int64          `json:"fail_per_s"`
	Unknown int64          `json:"unknown_per_s"`
	Offered float64        `json:"offered_per_s"`
	P50     float64        `json:"p50_ms"`
	P99     float64        `json:"p99_ms"`
	Leader  history.NodeID `json:"leader"`
	Term    uint64         `json:"term"`
	Fault   string         `json:"fault,omitempty"`

	Certified  int64   `json:"certified_rev,omitempty"`
	Behind     float64 `json:"certified_behind_s,omitempty"`
	Violations int     `json:"violations,omitempty"`
}

type eventLine struct {
	Type string  `json:"type"`
	T    float64 `json:"t"`
	Text string  `json:"text"`
}

func (j *jsonLines) Show(s Snapshot) {
	_ = j.w.Encode(progressLine{"progress", s.At.Seconds(), s.Stage, s.Ops, s.OK, s.Fail, s.Unknown, s.Offered,
		float64(s.P50) / 1e6, float64(s.P99) / 1e6, s.Leader, s.Term, s.Fault,
		s.Certified, float64(s.Behind.Milliseconds()) / 1e3, s.Violations}) // progress is best effort
}

func (j *jsonLines) Event(at time.Duration, text string) {
	_ = j.w.Encode(eventLine{"event", at.Seconds(), text})
}

func (j *jsonLines) Close() {}

// redrawn is the block on a terminal. A goroutine of its own redraws it four times a second, so that the clock moves
// between snapshots; Close ends it.
type redrawn struct {
	w     io.Writer
	style Style
	done  chan struct{}
	wg    sync.WaitGroup

	mu    sync.Mutex
	snap  Snapshot
	taken time.Time
	lines int // drawn, to be drawn over
}

const frame = 250 * time.Millisecond

func newBlock(w io.Writer, style Style) *redrawn {
	r := &redrawn{w: w, style: style, done: make(chan struct{})}
	r.wg.Go(r.run)
	return r
}

func (r *redrawn) run() {
	tick := time.NewTicker(frame)
	defer tick.Stop()
	for {
		select {
		case <-r.done:
			return
		case <-tick.C:
			r.mu.Lock()
			r.draw()
			r.mu.Unlock()
		}
	}
}

func (r *redrawn) Show(s Snapshot) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.snap, r.taken = s, time.Now()
}

// Event writes a line above the block.
func (r *redrawn) Event(at time.Duration, text string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.erase()
	fmt.Fprintln(r.w, r.style.clip(r.style.paint(fmt.Sprintf("  %6.1f s ", at.Seconds()), dim)+safe(text)))
	r.draw()
}

// Close ends the drawing and takes the block away: the result takes its place.
func (r *redrawn) Close() {
	close(r.done)
	r.wg.Wait()
	r.mu.Lock()
	defer r.mu.Unlock()
	r.erase()
}

func (r *redrawn) draw() {
	if r.taken.IsZero() {
		return
	}
	s := r.snap
	if s.Stage == "load" || s.Stage == "warm-up" {
		s.At += time.Since(r.taken)
	}
	lines := Frame(s, r.style)
	r.erase()
	fmt.Fprint(r.w, strings.Join(lines, "\n")+"\n")
	r.lines = len(lines)
}

// erase moves back to the block's first line and clears from there on.
func (r *redrawn) erase() {
	if r.lines > 0 {
		fmt.Fprintf(r.w, "\x1b[%dA\x1b[J", r.lines)
		r.lines = 0
	}
}
