package history

import "time"

// Watch is one watch stream on one member, from its opening to its end.
type Watch struct {
	ID        int
	Node      NodeID
	Purpose   string // "observer": all keys, the whole run; "replay": all keys from revision 1 after healing; "load": a workload's; "glimpse": all keys from the first revision that is left, for a moment
	Key, End  string // as in a range; "" with End "\x00" = every key
	Start     int64  // first revision asked for; 0 = from now
	PrevKV    bool
	Progress  bool // progress notifications asked for
	Fragment  bool
	NoPut     bool
	NoDelete  bool
	Resumes   int // the ID of the watch that this one resumes; -1 = none
	Opened    time.Duration
	Closed    time.Duration
	Responses []WatchResponse
	Compacted int64  // the store cancelled it: revisions below this one are compacted
	Error     string // why it ended, if not by us
}

// WatchResponse is one message of a watch stream.
type WatchResponse struct {
	At       time.Duration
	Header   Header
	Created  bool
	Progress bool // a bookmark: every event up to Header.Revision has been delivered
	Fragment bool // the events of this revision go on in the next response
	Events   []Event
}

// Event is one change of one key.
type Event struct {
	Delete bool
	KV     KV
	Prev   *KV // if asked for, and if there was one that is not compacted
}

// Fault is one fault as carried out: planned, injected, checked for effect, healed.
type Fault struct {
	ID     int           `json:"id"`
	Step   string        `json:"step"` // the schedule's line: "at 8s for 2s kill leader"
	Name   string        `json:"name"`
	Target string        `json:"target"` // as planned: "leader"
	Shape  string        `json:"shape,omitempty"`
	Nodes  []NodeID      `json:"nodes"` // as resolved
	Start  time.Duration `json:"start"` // injection begins
	Active time.Duration `json:"active"`
	Heal   time.Duration `json:"heal"` // healing begins
	End    time.Duration `json:"end"`  // healing is done
	// TookEffect is set when the fault saw its own effect; Evidence says what it saw.
	TookEffect   bool     `json:"took_effect"`
	Evidence     []string `json:"evidence,omitempty"`
	Error        string   `json:"error,omitempty"`
	LeaderBefore NodeID   `json:"leader_before,omitempty"`
	TermBefore   uint64   `json:"term_before,omitempty"`
}

// Status is what a member said of itself at one moment, or that it said nothing.
type Status struct {
	At       time.Duration `json:"at"`
	Node     NodeID        `json:"node"`
	Up       bool          `json:"up"`    // it answered
	State    string        `json:"state"` // as the supervisor knows: "running", "paused", "killed", "stopped", "exited"
	Member   uint64        `json:"member,omitempty"`
	Leader   NodeID        `json:"leader,omitempty"` // whom it takes for the leader; "" = nobody
	Term     uint64        `json:"term,omitempty"`
	Index    uint64        `json:"index,omitempty"`   // raft index
	Applied  uint64        `json:"applied,omitempty"` // raft applied index
	Revision int64         `json:"rev,omitempty"`
	DBBytes  int64         `json:"db_bytes,omitempty"`
	Errors   []string      `json:"errors,omitempty"` // alarms
}

// Evidence is what was read from one member's files and from the member itself after the run.
type Evidence struct {
	Node     NodeID     `json:"node"`
	Member   uint64     `json:"member,omitempty"`
	Restarts int        `json:"restarts,omitempty"`
	Crashes  []LogLine  `json:"crashes,omitempty"` // panics, fatal errors, Go runtime errors, data races
	Leads    []Lead     `json:"leads,omitempty"`   // "became leader at term" in its log
	Hash     *HashKV    `json:"hash,omitempty"`
	WAL      *WAL       `json:"wal,omitempty"`
	Exits    []Exit     `json:"exits,omitempty"` // ends of its process that nobody asked for
	Notes    []string   `json:"notes,omitempty"` // what could not be read, and why
	Snaps    []Snapshot `json:"snapshots,omitempty"`
}

// LogLine is a line of a member's log that says more than routine.
type LogLine struct {
	At    time.Duration `json:"at"`
	Class string        `json:"class"` // "panic", "fatal", "runtime", "race"
	Line  string        `json:"line"`
	No    int           `json:"no"` // line number in the log
}

// Lead is a member's own word that it became leader.
type Lead struct {
	At   time.Duration `json:"at"`
	Term uint64        `json:"term"`
}

// Exit is the end of a member's process.
type Exit struct {
	At     time.Duration `json:"at"`
	Status string        `json:"status"`
	Tail   []string      `json:"tail"` // the last lines of its log
}

// HashKV is the hash of a member's store at one revision.
type HashKV struct {
	Revision int64  `json:"rev"`
	Compact  int64  `json:"compact"`
	Hash     uint32 `json:"hash"`
}

// Snapshot is a raft snapshot found in a member's files.
type Snapshot struct {
	Index uint64 `json:"index"`
	Term  uint64 `json:"term"`
}

// WAL is a member's write-ahead log, decoded.
type WAL struct {
	First   uint64 `json:"first"` // index of the first entry still there
	Commit  uint64 `json:"commit"`
	Term    uint64 `json:"term"`
	States  []HardState
	Entries []Entry
}

// HardState is a raft hard state as it was saved, in order.
type HardState struct {
	Term   uint64 `json:"term"`
	Vote   uint64 `json:"vote"`
	Commit uint64 `json:"commit"`
}

// Entry is one raft log entry, the last written at its index.
type Entry struct {
	Index   uint64   `json:"index"`
	Term    uint64   `json:"term"`
	Digest  uint64   `json:"digest"`            // of the entry's bytes and type
	Request *Request `json:"request,omitempty"` // what it asks of the store, if it does
}
