package exchange

import "fmt"

// The JSON of etcd's robustness tests (tests/robustness/model and report in etcd's repository): an operation of
// Porcupine's, with etcd's request and what is known of its response. Members that are not named here are passed over.
type (
	robustOp struct {
		ClientId     int
		Input        robustRequest
		Call, Return int64 // nanoseconds since the test began
		Output       robustResponse
	}
	robustRequest struct {
		Type        string
		Range       *robustRange
		Txn         *robustTxn
		LeaseGrant  *robustLease
		LeaseRevoke *robustLease
		Compact     *robustCompact
	}
	robustRange struct {
		Start, End      string
		Limit, Revision int64
	}
	robustPut struct {
		Key     string
		Value   robustValue
		LeaseID int64
	}
	robustTxn struct {
		Conditions                               []robustCondition
		OperationsOnSuccess, OperationsOnFailure []robustStep
	}
	robustCondition struct {
		Key                               string
		ExpectedRevision, ExpectedVersion int64
	}
	robustStep struct {
		Type   string
		Range  robustRange
		Put    robustPut
		Delete struct{ Key string }
	}
	robustLease   struct{ LeaseID int64 }
	robustCompact struct{ Revision int64 }

	// robustResponse is an answer, or an error of which nobody knows whether the request took effect.
	robustResponse struct {
		Txn         *robustAnswers
		Range       *robustPairs
		ClientError string // the store refused
		Revision    int64  // −1: the answer is of no use for ordering
		Persisted   bool   // found in a member's log by the test, after the fact
		Error       string
	}
	robustAnswers struct {
		Failure bool // the conditions did not hold
		Results []struct {
			robustPairs
			Deleted int64
		}
	}
	robustPairs struct {
		KVs   []robustPair
		Count int64
	}
	robustPair struct {
		Key string
		robustVersion
	}
	robustVersion struct {
		Value                robustValue
		ModRevision, Version int64
	}
	// robustValue is a value of less than 20 bytes, or the hash of a longer one (FNV-1a).
	robustValue struct {
		Value string
		Hash  uint32
	}

	// robustWatch is a watch with all that it was sent.
	robustWatch struct {
		Request struct {
			Key                                        string
			Revision                                   int64
			WithPrefix, WithProgressNotify, WithPrevKV bool
		}
		Responses []struct {
			Events           []robustEvent
			IsProgressNotify bool
			Revision         int64
			Time             int64
			Error            string
		}
	}
	robustEvent struct {
		Type      string
		Key       string
		Value     robustValue
		Revision  int64
		IsCreate  bool
		PrevValue *robustVersion
	}
)

// text is the value, or what stands for it.
func (v robustValue) text() string {
	if v.Hash != 0 {
		return fmt.Sprintf("fnv32a:%08x", v.Hash)
	}
	return v.Value
}
