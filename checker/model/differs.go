package model

import (
	"fmt"

	"github.com/whitewater-kv/whitewater/history"
)

// Told says which answers of a history tell what a write replaced: only there does silence mean that there was nothing.
type Told func(kind history.Kind, inner bool) bool

// Differs compares a recorded answer with the right one and says where they first differ; "" = they agree. What was
// not recorded (a revision, a version or a count of zero) is not compared, nor are reads of a past revision.
func Differs(req *history.Request, got, want *history.Result, told Told) string {
	return differs(req, got, want, told, false)
}

func differs(req *history.Request, got, want *history.Result, told Told, inner bool) string {
	switch req.Kind {
	case history.Get, history.Range:
		if req.Revision != 0 {
			return ""
		}
		return ReadDiffers(req, got, want)
	case history.Put, history.Append:
		return prevDiffers(req, got, want, told, inner)
	case history.Delete:
		if (got.Header.Revision > 0 || inner || got.Deleted > 0) && got.Deleted != want.Deleted {
			return fmt.Sprintf("it deleted %d keys, and there were %d", got.Deleted, want.Deleted)
		}
		return prevDiffers(req, got, want, told, inner)
	case history.CAS:
		if got.Succeeded != want.Succeeded {
			return fmt.Sprintf("it %s, and should have %s", outcome(got), outcome(want))
		}
		if got.Succeeded {
			return prevDiffers(req, got, want, told, inner)
		}
		return kvsDiffer(got.KVs, want.KVs, false)
	case history.Txn:
		return txnDiffers(req, got, want, told)
	}
	return ""
}

func outcome(r *history.Result) string {
	if r.Succeeded {
		return "won"
	}
	return "lost"
}

func txnDiffers(req *history.Request, got, want *history.Result, told Told) string {
	if got.Succeeded != want.Succeeded {
		return fmt.Sprintf("its compares %s, and should have %s", outcome(got), outcome(want))
	}
	side := Side(req, want.Succeeded)
	if len(got.Responses) == 0 {
		return ""
	}
	if len(got.Responses) != len(side) {
		return fmt.Sprintf("it was answered %d times for %d requests", len(got.Responses), len(side))
	}
	for i := range side {
		if d := differs(&side[i], &got.Responses[i], &want.Responses[i], told, true); d != "" {
			return fmt.Sprintf("its request %d: %s", i+1, d)
		}
	}
	return ""
}

// ReadDiffers compares the answers to a get or a range.
func ReadDiffers(req *history.Request, got, want *history.Result) string {
	counted := got.Count > 0 || len(got.KVs) == 0 && req.Kind == history.Range
	if req.CountOnly || counted {
		if got.Count != want.Count {
			return fmt.Sprintf("it counted %d keys, and there were %d", got.Count, want.Count)
		}
		if req.CountOnly {
			return ""
		}
		if got.More != want.More {
			return fmt.Sprintf("it said more=%v of %d keys", got.More, want.Count)
		}
	}
	return kvsDiffer(got.KVs, want.KVs, req.KeysOnly)
}

func prevDiffers(req *history.Request, got, want *history.Result, told Told, inner bool) string {
	if len(got.Prev) == 0 && !told(req.Kind, inner) {
		return ""
	}
	if d := kvsDiffer(got.Prev, want.Prev, false); d != "" {
		return "it replaced what was not there: " + d
	}
	return ""
}

func kvsDiffer(got, want []history.KV, keysOnly bool) string {
	for i := range max(len(got), len(want)) {
		switch {
		case i >= len(got):
			return fmt.Sprintf("%s was missing, which was %s", want[i].Key, text(&want[i]))
		case i >= len(want) || got[i].Key < want[i].Key:
			return fmt.Sprintf("%s was there as %s, and should not have been", got[i].Key, text(&got[i]))
		case got[i].Key > want[i].Key:
			return fmt.Sprintf("%s was missing, which was %s", want[i].Key, text(&want[i]))
		}
		if !same(&got[i], &want[i], keysOnly) {
			return fmt.Sprintf("%s was %s, and should have been %s", got[i].Key, text(&got[i]), text(&want[i]))
		}
	}
	return ""
}

// same compares what was recorded of a key. An answer with keys alone comes from the store's index, which does not know
// leases.
func same(got, want *history.KV, keysOnly bool) bool {
	return (keysOnly || got.Value == want.Value) && (got.Mod == 0 || got.Mod == want.Mod) &&
		(got.Create == 0 || got.Create == want.Create) && (got.Version == 0 || got.Version == want.Version) &&
		(keysOnly || got.Version == 0 || got.Lease == want.Lease)
}

func text(kv *history.KV) string {
	lease := ""
	if kv.Lease != 0 {
		lease = fmt.Sprintf(", lease %x", kv.Lease)
	}
	return fmt.Sprintf("%q (create %d, mod %d, version %d%s)", kv.Value, kv.Create, kv.Mod, kv.Version, lease)
}
