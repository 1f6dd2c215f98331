package checker

import (
	"cmp"
	"context"
	"fmt"
	"sort"
	"strconv"
	"strings"

	"github.com/whitewater-kv/whitewater/history"
)

const bankPrefix = "bank/"

// checkBank judges accounts whose total never changes: every read of all of them shows that total, and no balance is
// ever below zero. Any one answer is a snapshot, so this holds for serializable reads too, however stale.
func checkBank(_ context.Context, h *history.History, _ Limits) Result {
	f := newFindings(h)
	b := &bank{findings: f}
	for i := range h.Ops {
		if b.opening(&h.Ops[i].Request) {
			break
		}
	}
	for i := range h.Ops {
		if op := &h.Ops[i]; op.Result.Outcome == history.OK {
			b.read(op)
		}
	}
	if b.total == 0 && b.looks > 0 {
		f.doubt("the total is not known: no transaction creates all accounts at once")
	}
	return f.done(b.snapshots, fmt.Sprintf("%d snapshots of %d accounts all hold %d, and no balance was below zero", b.snapshots, len(b.accounts), b.total),
		fmt.Sprintf("no read of all keys of %q", bankPrefix))
}

type bank struct {
	*findings
	accounts  []string // sorted
	total     int
	looks     int // answers that show any account
	snapshots int // answers that show all
	opened    *history.Op
	right     []snapshot // that add up
}

// opening takes the accounts and their total from the transaction that creates them all, unless they exist.
func (b *bank) opening(r *history.Request) bool {
	if r.Kind != history.Txn || len(r.Then) < 2 || len(r.If) != len(r.Then) {
		return false
	}
	var accounts []string
	total := 0
	for i := range r.Then {
		put, compare := &r.Then[i], &r.If[i]
		balance, err := strconv.Atoi(put.Value)
		absent := compare.Number == 0 && compare.Op == "=" && compare.Value == ""
		if put.Kind != history.Put || !strings.HasPrefix(put.Key, bankPrefix) || err != nil || !absent {
			return false
		}
		accounts, total = append(accounts, put.Key), total+balance
	}
	sort.Strings(accounts)
	b.accounts, b.total = accounts, total
	return true
}

func (b *bank) read(op *history.Op) {
	shown := map[string]string{}
	all := false // the answer covers every account
	gets := map[string]bool{}
	eachAnswer(&op.Request, &op.Result, func(r *history.Request, res *history.Result) {
		if r.CountOnly || r.KeysOnly {
			return
		}
		for i := range res.KVs {
			if kv := &res.KVs[i]; strings.HasPrefix(kv.Key, bankPrefix) {
				shown[kv.Key] = kv.Value
			}
		}
		if r.End != "" && !res.More && r.Limit == 0 && len(b.accounts) > 0 && inRange(b.accounts[0], r.Key, r.End) && inRange(b.accounts[len(b.accounts)-1], r.Key, r.End) {
			all = true
		}
		gets[r.Key] = true
	})
	b.judge(op, shown, all || b.each(gets))
}

func (b *bank) each(gets map[string]bool) bool {
	for _, key := range b.accounts {
		if !gets[key] {
			return false
		}
	}
	return len(b.accounts) > 0
}

func (b *bank) judge(op *history.Op, shown map[string]string, all bool) {
	if len(shown) == 0 {
		if all && b.opened != nil && b.opened.Return < op.Call && !op.Request.Serializable {
			b.fail("accounts-vanished", fmt.Sprintf("op %d was shown no account, op %d had been shown all before", op.ID, b.opened.ID), []history.Op{*b.opened, *op})
		}
		return
	}
	b.looks++
	total := 0
	for _, key := range sortedKeys(shown) {
		balance, err := strconv.Atoi(shown[key])
		if err != nil {
			b.fail("no-number", fmt.Sprintf("op %d was shown %q as the balance of %s", op.ID, shown[key], key), []history.Op{*op})
			return
		}
		if balance < 0 {
			b.fail("below-zero", fmt.Sprintf("op %d was shown %s with %d", op.ID, key, balance), []history.Op{*op}).show(b.balances(op, shown))
		}
		total += balance
	}
	if !all || b.total == 0 {
		return
	}
	b.snapshots++
	if b.opened == nil {
		b.opened = op
	}
	for _, key := range b.accounts {
		if _, ok := shown[key]; !ok {
			b.fail("account-missing", fmt.Sprintf("op %d was shown %d accounts and not %s, which was created together with them", op.ID, len(shown), key), b.beside(op)).show(b.balances(op, shown))
			return
		}
	}
	if total != b.total {
		b.fail("wrong-total", fmt.Sprintf("op %d was shown balances that add up to %d; the accounts were created with %d", op.ID, total, b.total), b.beside(op)).show(b.balances(op, shown))
		return
	}
	b.right = append(b.right, snapshot{op, shown})
}

// sortedKeys are a map's keys in order.
func sortedKeys[V any](m map[string]V) []string {
	keys := make([]string, 0, len(m))
	for k := range m {
		keys = append(keys, k)
	}
	sort.Strings(keys)
	return keys
}

// snapshot is an answer with the balances that it shows.
type snapshot struct {
	op    *history.Op
	shown map[string]string
}

// last is the right snapshot of the highest revision up to this answer's; of the latest call, where there are none.
func (b *bank) last(op *history.Op) (best snapshot, ok bool) {
	rev := op.Result.Header.Revision
	for _, s := range b.right {
		at := s.op.Result.Header.Revision
		if at <= rev && (!ok || at >= best.op.Result.Header.Revision) {
			best, ok = s, true
		}
	}
	return best, ok
}

// beside is a wrong answer with the last one before it that was right.
func (b *bank) beside(op *history.Op) []history.Op {
	if s, ok := b.last(op); ok {
		return []history.Op{*s.op, *op}
	}
	return []history.Op{*op}
}

// balances shows a wrong answer beside the last right one: what differs is marked.
func (b *bank) balances(op *history.Op, shown map[string]string) func() Table {
	return func() Table {
		before, ok := b.last(op)
		t := Table{Title: "the balances", Columns: []string{"account", fmt.Sprintf("op %d, revision %d", op.ID, op.Result.Header.Revision)}}
		if ok {
			t.Columns = append(t.Columns, fmt.Sprintf("op %d before it, revision %d", before.op.ID, before.op.Result.Header.Revision))
		}
		sums := [2]int{}
		for _, key := range b.accounts {
			cells := []string{text(key), cmp.Or(shown[key], "absent")}
			bad := shown[key] == ""
			if ok {
				cells, bad = append(cells, before.shown[key]), bad || shown[key] != before.shown[key]
			}
			for i, balance := range cells[1:] {
				n, _ := strconv.Atoi(balance)
				sums[i] += n
			}
			t.add(bad, cells...)
		}
		cells := []string{"together", fmt.Sprint(sums[0])}
		if ok {
			cells = append(cells, fmt.Sprint(sums[1]))
		}
		t = t.near()
		t.add(false, cells...)
		return t
	}
}
