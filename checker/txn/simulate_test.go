package txn

import (
	"container/heap"
	"fmt"
	"math/rand/v2"
	"strconv"
	"strings"
	"time"

	"github.com/whitewater-kv/whitewater/history"
)

// simulation is a strictly serializable store with clients: every transaction takes effect at one moment between its
// call and its return. Some answers never come.
type simulation struct {
	rng     *rand.Rand
	lists   bool
	clients int
	txns    int
	unknown float64
	keys    int // in use at one time
	perKey  int // writes of a key before it is replaced

	store  map[string]cell
	live   []string
	writes map[string]int
	named  int
	value  int
	rev    int64
	seen   []map[string]cell // by client: what it last saw, for guards
	queue  events
	h      *history.History
}

type cell struct {
	value string
	mod   int64
}

// event is the next thing that a client does.
type event struct {
	at     time.Duration
	client int
	op     int // −1: call; otherwise the operation that takes effect
}

type events []event

func (q events) Len() int           { return len(q) }
func (q events) Less(i, j int) bool { return q[i].at < q[j].at }
func (q events) Swap(i, j int)      { q[i], q[j] = q[j], q[i] }
func (q *events) Push(x any)        { *q = append(*q, x.(event)) }
func (q *events) Pop() any {
	old := *q
	x := old[len(old)-1]
	*q = old[:len(old)-1]
	return x
}

func (s *simulation) run() *history.History {
	s.store, s.writes, s.h = map[string]cell{}, map[string]int{}, &history.History{}
	s.rev = 1
	for i := 0; i < s.keys; i++ {
		s.live = append(s.live, s.fresh())
	}
	process := s.clients
	procs := make([]int, s.clients)
	for i := range procs {
		procs[i] = i
		s.seen = append(s.seen, map[string]cell{})
		heap.Push(&s.queue, event{s.wait(), i, -1})
	}
	for s.queue.Len() > 0 {
		e := heap.Pop(&s.queue).(event)
		if e.op < 0 {
			if len(s.h.Ops) < s.txns {
				s.call(e, procs[e.client])
			}
			continue
		}
		op := &s.h.Ops[e.op]
		lost := s.rng.Float64() < s.unknown
		if lost && s.rng.IntN(2) == 0 {
			op.Result = history.Result{Error: "deadline exceeded"}
		} else {
			s.apply(op, e.client)
			if lost {
				op.Result = history.Result{Error: "deadline exceeded"}
			}
		}
		op.Return = e.at + s.wait()
		if lost {
			procs[e.client] = process
			process++
			op.Return = op.Call + s.wait() // the client may have given up before it happened
		}
		heap.Push(&s.queue, event{max(e.at, op.Return) + s.wait()/8, e.client, -1})
	}
	return s.h
}

func (s *simulation) wait() time.Duration {
	return time.Duration(1 + s.rng.ExpFloat64()*float64(time.Millisecond))
}

func (s *simulation) fresh() string {
	s.named++
	if s.lists {
		return fmt.Sprintf("%s%d", Lists, s.named)
	}
	return fmt.Sprintf("%s%d", Registers, s.named)
}

func (s *simulation) call(e event, process int) {
	op := history.Op{ID: len(s.h.Ops), Process: history.Process(process), Node: "n1", Call: e.at, Request: s.request(e.client)}
	s.h.Ops = append(s.h.Ops, op)
	heap.Push(&s.queue, event{e.at + s.wait(), e.client, op.ID})
}

// request is a transaction of one to four reads and writes.
func (s *simulation) request(client int) history.Request {
	r := history.Request{Kind: history.Txn}
	put := map[string]bool{}
	for range 1 + s.rng.IntN(4) {
		i := min(s.rng.IntN(len(s.live)), s.rng.IntN(len(s.live)))
		key := s.live[i]
		if s.rng.IntN(2) == 0 || put[key] {
			r.Then = append(r.Then, history.Request{Kind: history.Get, Key: key})
			continue
		}
		put[key] = true
		s.value++
		value := strconv.Itoa(s.value)
		if s.lists {
			seen := s.seen[client][key]
			value = strings.TrimPrefix(seen.value+" "+value, " ")
			r.If = append(r.If, history.Compare{Key: key, Target: "mod", Op: "=", Number: seen.mod})
			r.Else = append(r.Else, history.Request{Kind: history.Get, Key: key})
		}
		r.Then = append(r.Then, history.Request{Kind: history.Put, Key: key, Value: value})
		if s.writes[key]++; s.writes[key] >= s.perKey {
			s.live[i] = s.fresh()
		}
	}
	return r
}

func (s *simulation) apply(op *history.Op, client int) {
	res := &op.Result
	res.Outcome, res.Succeeded = history.OK, true
	for _, c := range op.Request.If {
		res.Succeeded = res.Succeeded && s.store[c.Key].mod == c.Number
	}
	side := op.Request.Else
	if res.Succeeded {
		side = op.Request.Then
	}
	wrote := false
	for _, r := range side {
		wrote = wrote || r.Kind == history.Put
	}
	if wrote {
		s.rev++
	}
	for _, r := range side {
		var answer history.Result
		if r.Kind == history.Put {
			s.store[r.Key] = cell{r.Value, s.rev}
		} else if c, ok := s.store[r.Key]; ok {
			answer.KVs = []history.KV{{Key: r.Key, Value: c.value, Mod: c.mod}}
		}
		s.seen[client][r.Key] = s.store[r.Key]
		res.Responses = append(res.Responses, answer)
	}
}
