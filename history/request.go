package history

// Kind is what a request asks for.
type Kind uint8

// The kinds of request. CAS is a transaction on one key with names of its own, because reports speak of it.
const (
	Get        Kind = iota // Key [Revision] [Serializable] -> KVs: one or none
	Put                    // Key Value [Lease]             -> Prev: one or none
	Delete                 // Key [End]                     -> Deleted, Prev
	CAS                    // Key Expect Value: if value(Key)=Expect put, else get -> Succeeded; Prev (won) or KVs (lost)
	Range                  // Key End [Limit] [Revision] …  -> KVs in key order, Count, More
	Txn                    // If, Then, Else                -> Succeeded, Responses
	Compact                // Revision
	Grant                  // TTL [Lease: the wanted id]    -> Lease, TTL
	Revoke                 // Lease
	KeepAlive              // Lease                         -> TTL (0: the lease is gone)
	TimeToLive             // Lease                         -> TTL (-1: gone), Granted, Keys
	Lock                   // Key (the lock's name) Lease   -> Key (the holder's key); waits its turn
	Unlock                 // Key (the holder's key)
	Campaign               // Key (the election's name) Value Lease -> Leader; waits its turn
	Proclaim               // Leader Value
	Resign                 // Leader
	Leader                 // Key (the election's name)     -> KVs: the leader's key, one or none
	Append                 // Key Value [Lease]: the key's value, followed by Value; absent counts as empty -> Prev: one or none
	Pause                  // no request: the worker waits for Wait; never recorded
	kinds                  // the number of kinds
)

// Compare is one condition of a transaction.
type Compare struct {
	Key    string `json:"key"`
	Target string `json:"target"` // "value", "version", "mod", "create", "lease"
	Op     string `json:"op"`     // "=", "!=", "<", ">"
	Value  string `json:"value,omitempty"`
	Number int64  `json:"number,omitempty"`
}

// LeaderKey identifies a won election, as etcd's election service does.
type LeaderKey struct {
	Name  string `json:"name"`
	Key   string `json:"key"`
	Rev   int64  `json:"rev"`
	Lease int64  `json:"lease"`
}

// Request is what a client asks. Which fields matter is said beside each Kind; the others are zero.
type Request struct {
	Kind         Kind
	Serializable bool // answer from the member's own state, possibly stale
	KeysOnly     bool
	CountOnly    bool
	Key          string
	End          string // exclusive; "" = the key alone, "\x00" = all keys from Key on
	Value        string
	Expect       string
	Revision     int64 // read at this revision; 0 = now
	Limit        int64 // most pairs answered; 0 = all
	Lease        int64
	TTL          int64 // seconds
	If           []Compare
	Then, Else   []Request
	Leader       *LeaderKey
	Wait         int64 // Pause: nanoseconds
}

// ReadOnly reports whether the request cannot change the store.
func (r Request) ReadOnly() bool {
	switch r.Kind {
	case Get, Range, TimeToLive, Leader, Pause:
		return true
	case Txn:
		for _, side := range [][]Request{r.Then, r.Else} {
			for _, op := range side {
				if !op.ReadOnly() {
					return false
				}
			}
		}
		return true
	}
	return false
}

// Header is what a store says with every answer: who answered, and how far it was.
type Header struct {
	Cluster  uint64 `json:"cluster,omitempty"`
	Member   uint64 `json:"member,omitempty"`
	Revision int64  `json:"rev,omitempty"`
	Term     uint64 `json:"term,omitempty"`
}

// KV is a key with its value and its place in the store's history.
type KV struct {
	Key     string `json:"key"`
	Value   string `json:"value"`
	Create  int64  `json:"create,omitempty"` // revision of its creation
	Mod     int64  `json:"mod,omitempty"`    // revision of its last change
	Version int64  `json:"version,omitempty"`
	Lease   int64  `json:"lease,omitempty"`
}

// Result is what the client was told. Failures are data: Outcome and Error say what is known.
type Result struct {
	Outcome   Outcome
	Succeeded bool // CAS, Txn: the compare held
	More      bool
	Error     string // the reason's class from the driver's error table, for Fail and Unknown: "deadline exceeded"
	Header    Header
	KVs       []KV
	Prev      []KV // what a put or delete replaced; what a won CAS replaced
	Count     int64
	Deleted   int64
	Lease     int64
	TTL       int64
	Granted   int64
	Key       string
	Leader    *LeaderKey
	Keys      []string // TimeToLive: the keys attached
	Responses []Result // Txn: one for each request of the side taken; only their answers are set
}
