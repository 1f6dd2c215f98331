package exchange

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"path"
	"slices"
	"time"

	"github.com/whitewater-kv/whitewater/history"
)

// robustLeaseTTL is the seconds for which the tests ask leases: their reports do not say.
const robustLeaseTTL = 7200

// Robustness reports whether a folder is a report of etcd's robustness tests.
func Robustness(report fs.FS) bool {
	files, _ := fs.Glob(report, "client-*/*.json") // the pattern is well formed
	return slices.ContainsFunc(files, func(name string) bool {
		return path.Base(name) == "operations.json" || path.Base(name) == "watch.json"
	})
}

// ReadRobustness reads a report of etcd's robustness tests: client-N/operations.json and client-N/watch.json. The
// members' own folders are left out: a history is judged by what clients saw.
func ReadRobustness(report fs.FS) (*history.History, []string, error) {
	in := &robust{notes: map[string]int{}, leased: map[string]bool{},
		h: &history.History{Meta: history.Meta{Target: "import", Judge: "linearizable", Workload: "etcd robustness"}}}
	clients, err := fs.Glob(report, "client-*")
	if err != nil {
		return nil, nil, err
	}
	for _, client := range clients {
		in.node = history.NodeID(client)
		if err := robustFile(report, client+"/operations.json", in.operation); err != nil {
			return nil, nil, err
		}
	}
	for _, client := range clients {
		in.node = history.NodeID(client)
		if err := robustFile(report, client+"/watch.json", in.watch); err != nil {
			return nil, nil, err
		}
	}
	in.forget()
	if servers, err := fs.Glob(report, "server-*"); err == nil && len(servers) > 0 {
		in.notes["the members' own folders (server-*) are not read"]++
	}
	in.h.Sort()
	return in.h, notesOf(in.notes), nil
}

// robustFile calls each for every object of a file, one after the other; a file that is not there has none.
func robustFile[T any](report fs.FS, name string, each func(*T) error) error {
	data, err := fs.ReadFile(report, name)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	decoder := json.NewDecoder(bytes.NewReader(data))
	for {
		object := new(T)
		err := decoder.Decode(object)
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err == nil {
			err = each(object)
		}
		if err != nil {
			at := min(int(decoder.InputOffset()), len(data))
			return fmt.Errorf("%s: line %d: %w", name, 1+bytes.Count(data[:at], []byte{'\n'}), err)
		}
	}
}

// robust puts a report into our words.
type robust struct {
	h      *history.History
	node   history.NodeID // the client: reports do not tell the member
	notes  map[string]int
	leased map[string]bool // keys that were put under a lease
}

func (in *robust) operation(o *robustOp) error {
	if o.Input.Type == "defragment" {
		in.notes["defragmentations are left out: they change nothing"]++
		return nil
	}
	req, err := in.request(&o.Input)
	if err != nil {
		return err
	}
	if o.Return < o.Call {
		return fmt.Errorf("an operation that returned at %d, before its call at %d", o.Return, o.Call)
	}
	op := history.Op{ID: len(in.h.Ops), Process: history.Process(o.ClientId), Node: in.node, Request: req,
		Due: time.Duration(o.Call), Call: time.Duration(o.Call), Return: time.Duration(o.Return)}
	switch res := &o.Output; {
	case res.Error != "" || res.Persisted:
		op.Result.Error = res.Error
		if res.Persisted {
			in.notes["operations that the test found in a member's log: their outcome stays unknown"]++
		}
	case res.ClientError != "":
		op.Result = history.Result{Outcome: history.Fail, Error: res.ClientError}
	default:
		op.Result = in.result(&op.Request, &o.Output)
	}
	in.h.Ops = append(in.h.Ops, op)
	return nil
}

func (in *robust) request(r *robustRequest) (history.Request, error) {
	switch {
	case r.Type == "range" && r.Range != nil:
		return ranging(r.Range), nil
	case r.Type == "txn" && r.Txn != nil:
		return in.txn(r.Txn)
	case r.Type == "leaseGrant" && r.LeaseGrant != nil:
		return history.Request{Kind: history.Grant, Lease: r.LeaseGrant.LeaseID, TTL: robustLeaseTTL}, nil
	case r.Type == "leaseRevoke" && r.LeaseRevoke != nil:
		return history.Request{Kind: history.Revoke, Lease: r.LeaseRevoke.LeaseID}, nil
	case r.Type == "compact" && r.Compact != nil:
		return history.Request{Kind: history.Compact, Revision: r.Compact.Revision}, nil
	}
	return history.Request{}, fmt.Errorf("unknown request type %q, or a request without its part; allowed: range, txn, leaseGrant, leaseRevoke, compact, defragment", r.Type)
}

func ranging(r *robustRange) history.Request {
	if r.End == "" {
		return history.Request{Kind: history.Get, Key: r.Start, Revision: r.Revision}
	}
	return history.Request{Kind: history.Range, Key: r.Start, End: r.End, Limit: r.Limit, Revision: r.Revision}
}

// txn is a transaction; one that only puts or deletes a key is how the tests record a put or a delete.
func (in *robust) txn(t *robustTxn) (req history.Request, err error) {
	req.Kind = history.Txn
	for _, c := range t.Conditions {
		compare := history.Compare{Key: c.Key, Target: "mod", Op: "=", Number: c.ExpectedRevision}
		if c.ExpectedVersion > 0 {
			compare.Target, compare.Number = "version", c.ExpectedVersion
		}
		req.If = append(req.If, compare)
	}
	if req.Then, err = in.steps(t.OperationsOnSuccess); err != nil {
		return req, err
	}
	if req.Else, err = in.steps(t.OperationsOnFailure); err != nil {
		return req, err
	}
	if len(req.If) == 0 && len(req.Else) == 0 && len(req.Then) == 1 && !req.Then[0].ReadOnly() {
		req = req.Then[0]
	}
	return req, nil
}

func (in *robust) steps(steps []robustStep) (ops []history.Request, err error) {
	for i := range steps {
		switch s := &steps[i]; s.Type {
		case "range-operation":
			ops = append(ops, ranging(&s.Range))
		case "put-operation":
			ops = append(ops, history.Request{Kind: history.Put, Key: s.Put.Key, Value: s.Put.Value.text(), Lease: s.Put.LeaseID})
			in.leased[s.Put.Key] = in.leased[s.Put.Key] || s.Put.LeaseID != 0
		case "delete-operation":
			ops = append(ops, history.Request{Kind: history.Delete, Key: s.Delete.Key})
		default:
			return nil, fmt.Errorf("unknown operation type %q in a transaction; allowed: range-operation, put-operation, delete-operation", s.Type)
		}
	}
	return ops, nil
}

func (in *robust) result(req *history.Request, r *robustResponse) history.Result {
	res := history.Result{Outcome: history.OK, Header: history.Header{Revision: max(r.Revision, 0)}}
	switch {
	case req.Kind == history.Grant:
		res.Lease, res.TTL = req.Lease, req.TTL
	case r.Range != nil:
		pairs(req, r.Range, &res)
	case r.Txn != nil && req.Kind == history.Txn:
		res.Succeeded = !r.Txn.Failure
		side := req.Then
		if r.Txn.Failure {
			side = req.Else
		}
		for i := range min(len(side), len(r.Txn.Results)) {
			answer := history.Result{Deleted: r.Txn.Results[i].Deleted}
			pairs(&side[i], &r.Txn.Results[i].robustPairs, &answer)
			res.Responses = append(res.Responses, answer)
		}
	case r.Txn != nil && len(r.Txn.Results) == 1:
		res.Deleted = r.Txn.Results[0].Deleted
	}
	return res
}

// pairs files what a range showed. How many there were in all is told as well, also if a limit cut the answer.
func pairs(req *history.Request, r *robustPairs, res *history.Result) {
	for i := range r.KVs {
		res.KVs = append(res.KVs, r.KVs[i].pair(r.KVs[i].Key))
	}
	if req.Kind == history.Range {
		res.Count, res.More = r.Count, r.Count > int64(len(r.KVs))
	}
}

// pair is a key's content; its creation is known of the first version alone.
func (v *robustVersion) pair(key string) history.KV {
	kv := history.KV{Key: key, Value: v.Value.text(), Mod: v.ModRevision, Version: v.Version}
	if v.Version == 1 {
		kv.Create = v.ModRevision
	}
	return kv
}

// prefixEnd is the first key behind all that begin with a prefix.
func prefixEnd(prefix string) string {
	for n := len(prefix); n > 0; n-- {
		if last := prefix[n-1]; last < 0xff {
			return prefix[:n-1] + string([]byte{last + 1})
		}
	}
	return "\x00"
}

func (in *robust) watch(o *robustWatch) error {
	w := history.Watch{ID: len(in.h.Watches), Node: in.node, Purpose: "load", Key: o.Request.Key, Start: o.Request.Revision, Resumes: -1,
		Progress: o.Request.WithProgressNotify, PrevKV: o.Request.WithPrevKV}
	if o.Request.WithPrefix {
		w.End = prefixEnd(w.Key)
	}
	if w.Key == "" && w.End == "\x00" {
		w.Purpose = "observer"
	}
	for _, r := range o.Responses {
		out := history.WatchResponse{At: time.Duration(r.Time), Header: history.Header{Revision: max(r.Revision, 0)}, Progress: r.IsProgressNotify}
		for i := range r.Events {
			event, err := in.event(&r.Events[i])
			if err != nil {
				return err
			}
			out.Events = append(out.Events, event)
		}
		if w.Closed = out.At; r.Error != "" {
			w.Error = r.Error
			continue
		}
		if len(w.Responses) == 0 {
			w.Opened = out.At
		}
		w.Responses = append(w.Responses, out)
	}
	in.h.Watches = append(in.h.Watches, w)
	return nil
}

func (in *robust) event(e *robustEvent) (history.Event, error) {
	out := history.Event{KV: history.KV{Key: e.Key, Mod: e.Revision}}
	switch e.Type {
	case "put-operation":
		if out.KV.Value = e.Value.text(); e.IsCreate {
			out.KV.Create, out.KV.Version = e.Revision, 1
		}
	case "delete-operation":
		out.Delete = true
	default:
		return out, fmt.Errorf("unknown event type %q; allowed: put-operation, delete-operation", e.Type)
	}
	if e.PrevValue != nil {
		prev := e.PrevValue.pair(e.Key)
		out.Prev = &prev
	}
	return out, nil
}

// forget leaves out the versions of keys that were ever under a lease. Where a version is told, so is the lease; but
// reports do not tell leases.
func (in *robust) forget() {
	drop := func(kv *history.KV) {
		if kv != nil && in.leased[kv.Key] && kv.Version > 0 {
			kv.Version, kv.Create = 0, 0
			in.notes["the versions of keys that were put under leases are left out"]++
		}
	}
	var dropAll func(res *history.Result)
	dropAll = func(res *history.Result) {
		for i := range res.KVs {
			drop(&res.KVs[i])
		}
		for i := range res.Responses {
			dropAll(&res.Responses[i])
		}
	}
	for i := range in.h.Ops {
		dropAll(&in.h.Ops[i].Result)
	}
	for i := range in.h.Watches {
		for j := range in.h.Watches[i].Responses {
			for k := range in.h.Watches[i].Responses[j].Events {
				event := &in.h.Watches[i].Responses[j].Events[k]
				drop(&event.KV)
				drop(event.Prev)
			}
		}
	}
}
