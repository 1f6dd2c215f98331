package harness

import (
	"context"
	"fmt"
	"slices"
	"sync"

	"github.com/whitewater-kv/whitewater/history"
	"github.com/whitewater-kv/whitewater/nemesis"
)

// finish proves how the run ended: everything healed, the members in agreement, every key read through every member,
// their whole histories and their files. ctx outlives the run.
func (d *drive) finish(ctx context.Context) error {
	if err := d.heal(ctx); err != nil {
		return err
	}
	converged := d.converge(ctx)
	d.rec.UpdateMeta(func(m *history.Meta) { m.FinalStart = d.rec.Now() })
	if converged {
		last := d.finalReads(ctx)
		if d.plan.Observe {
			d.replay(ctx, last)
		}
	}
	d.rec.UpdateMeta(func(m *history.Meta) { m.FinalEnd = d.rec.Now() })
	if !d.plan.Evidence || d.cluster.Collect == nil {
		return nil
	}
	evidence, err := d.cluster.Collect(ctx)
	if err != nil {
		return fmt.Errorf("collect evidence: %w", err)
	}
	for _, e := range evidence {
		d.rec.AddEvidence(e)
	}
	return nil
}

// heal puts every lever to rest, whatever became of the faults' own healing.
func (d *drive) heal(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, healTimeout)
	defer cancel()
	if err := nemesis.HealAll(ctx, d.cluster); err != nil {
		return fmt.Errorf("heal: %w", err)
	}
	d.rec.UpdateMeta(func(m *history.Meta) { m.Healed = d.rec.Now() })
	return nil
}

// finalReads reads every key that a client ever wrote, and the whole store, through every member. It returns the
// highest revision that any member told of.
func (d *drive) finalReads(ctx context.Context) (last int64) {
	ctx, cancel := context.WithTimeout(ctx, finalTimeout)
	defer cancel()
	var keys []string
	if d.plan.Observe {
		keys = writtenKeys(d.rec.History().Ops)
	}
	if len(keys) > finalKeys {
		d.log.Info("final reads: too many keys to read one by one, ranges alone", "keys", len(keys), "limit", finalKeys)
		keys = nil
	}
	var reading sync.WaitGroup
	revisions := make([]int64, len(d.cluster.Nodes))
	for i, node := range d.cluster.Nodes {
		reading.Go(func() {
			if err := d.finalReadsAt(ctx, node, keys, &revisions[i]); err != nil {
				d.log.Warn("final reads", "node", node, "err", err)
			}
		})
	}
	reading.Wait()
	return slices.Max(revisions)
}

func (d *drive) finalReadsAt(ctx context.Context, node history.NodeID, keys []string, revision *int64) error {
	client, err := d.cluster.Dial(ctx, node)
	if err != nil {
		return err
	}
	defer client.Close()
	var reading sync.WaitGroup
	for i := range finalReaders {
		w := &worker{run: d, node: node, client: client, log: d.rec.Log(), process: d.rec.Process()}
		reading.Go(func() {
			for k := i; k < len(keys) && ctx.Err() == nil; k += finalReaders {
				w.now(ctx, history.Final, history.Request{Kind: history.Get, Key: keys[k]})
			}
		})
	}
	reading.Wait()
	w := &worker{run: d, node: node, client: client, log: d.rec.Log(), process: d.rec.Process()}
	*revision = d.finalRanges(ctx, w)
	return nil
}

// finalRanges reads the whole store page by page, as it is: nobody writes any more. Of a store that is not ours it reads
// what is ours.
func (d *drive) finalRanges(ctx context.Context, w *worker) (revision int64) {
	req := history.Request{Kind: history.Range, Key: "\x00", End: "\x00", Limit: rangePage}
	if prefix := d.cluster.Prefix; prefix != "" {
		req.Key, req.End = prefix, prefix[:len(prefix)-1]+string(rune(prefix[len(prefix)-1]+1))
	}
	for ctx.Err() == nil {
		op := w.now(ctx, history.Final, req)
		if op.Result.Outcome != history.OK {
			return revision
		}
		revision = max(revision, op.Result.Header.Revision)
		if !op.Result.More || len(op.Result.KVs) == 0 {
			return revision
		}
		req.Key = op.Result.KVs[len(op.Result.KVs)-1].Key + "\x00"
	}
	return revision
}

// writtenKeys are the keys that requests may have written, in order.
func writtenKeys(ops []history.Op) []string {
	seen := map[string]bool{}
	var visit func(history.Request)
	visit = func(r history.Request) {
		switch r.Kind {
		case history.Put, history.CAS, history.Append:
			seen[r.Key] = true
		case history.Delete:
			seen[r.Key] = seen[r.Key] || r.End == ""
		case history.Txn:
			for _, side := range [][]history.Request{r.Then, r.Else} {
				for _, op := range side {
					visit(op)
				}
			}
		}
	}
	for _, op := range ops {
		visit(op.Request)
	}
	var keys []string
	for key, is := range seen {
		if is {
			keys = append(keys, key)
		}
	}
	slices.Sort(keys)
	return keys
}
