// Package history is the vocabulary of a run: what every client asked, what it was told and when, and what was
// broken meanwhile. It imports the standard library alone; every other package speaks it.
//
// All times are durations since the run's epoch on one monotonic clock (Recorder.Now).
package history

import "time"

// NodeID names a member of the cluster: "n1", "n2", …
type NodeID string

// Clients stands for the client side of a link between clients and a member.
const Clients NodeID = "clients"

// Process is a logical, single-threaded client. After an Unknown outcome its number is retired and never used again.
type Process int

// Outcome says what is known of an operation's effect.
type Outcome uint8

// Unknown is the zero value: a forgotten classification never reads as proof.
const (
	Unknown Outcome = iota // it may have happened, and may still happen at any later time
	OK                     // it happened, once, between call and return
	Fail                   // it never happened and never will
)

// Stage says in which part of a run an operation was issued.
type Stage uint8

const (
	Load   Stage = iota // the measured part, faults included
	Warmup              // before the measured part; judged, not measured
	Final               // after healing: every key read through every member
	Probe               // the nemesis's own: fresh reads at a victim; judged, not measured
)

// Op is one operation of one process: a request, its result, and when.
type Op struct {
	ID      int // position in the history; unique
	Process Process
	Node    NodeID // the member the client is bound to
	Stage   Stage
	Request Request
	Result  Result
	Due     time.Duration // when the pace wanted it sent; equals Call in a closed loop
	Call    time.Duration
	Return  time.Duration // when the client had its answer or gave up waiting
}

// History is everything recorded in a run: what checkers judge and reports summarise.
type History struct {
	Meta     Meta
	Ops      []Op // ordered by Call
	Watches  []Watch
	Faults   []Fault  // ordered by Start
	Statuses []Status // ordered by At
	Evidence []Evidence
}

// Meta describes the run as a whole.
type Meta struct {
	Run         string    `json:"run,omitempty"`
	Scenario    string    `json:"scenario,omitempty"`
	Workload    string    `json:"workload,omitempty"`
	Target      string    `json:"target,omitempty"` // driver's name: "etcd", "memkv"
	Version     string    `json:"version,omitempty"`
	Nodes       []NodeID  `json:"nodes,omitempty"`
	Seed        uint64    `json:"seed"`
	Epoch       time.Time `json:"epoch"` // wall clock at time zero
	Consistency string    `json:"consistency,omitempty"`
	// Judge is the consistency that reads are judged by: "" = each by what it asked for; "linearizable" = serializable
	// reads too, in a negative control; "serializable" = linearizable reads too.
	Judge       string  `json:"judge,omitempty"`
	Rate        float64 `json:"rate,omitempty"` // offered operations per second; 0 = closed loop
	Open        bool    `json:"open_loop"`
	Clients     int     `json:"clients,omitempty"`
	Interrupted bool    `json:"interrupted,omitempty"`
	// Marks of the run's course; a zero mark was not reached.
	LoadStart  time.Duration `json:"load_start,omitempty"` // warm-up is over, measuring begins
	LoadEnd    time.Duration `json:"load_end,omitempty"`
	Healed     time.Duration `json:"healed,omitempty"`
	Converged  time.Duration `json:"converged,omitempty"` // a leader, equal applied index on all members
	FinalStart time.Duration `json:"final_start,omitempty"`
	FinalEnd   time.Duration `json:"final_end,omitempty"`
	// Unsent counts, by second of the load, the operations of an open loop that were due and still waiting for their
	// client when the load ended.
	Unsent []int64 `json:"unsent,omitempty"`
	// Planned is the number of fault steps of the schedule; more than were recorded means that some never ran.
	Planned int `json:"planned_faults"`
	// ElectionTimeout is the target's, for claims stated in election timeouts.
	ElectionTimeout time.Duration `json:"election_timeout,omitempty"`
}
