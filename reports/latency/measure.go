package latency

import (
	"cmp"
	"maps"
	"slices"
	"time"

	"github.com/HdrHistogram/hdrhistogram-go"

	"github.com/whitewater-kv/whitewater/history"
)

// names are the operations' names in reports, files and claims.
var names = map[history.Kind]string{
	history.Get: "read", history.Put: "write", history.CAS: "cas", history.Delete: "delete", history.Range: "range",
	history.Txn: "txn", history.Compact: "compact", history.Grant: "grant", history.Revoke: "revoke",
	history.KeepAlive: "keepalive", history.TimeToLive: "ttl", history.Lock: "lock", history.Unlock: "unlock",
	history.Campaign: "campaign", history.Proclaim: "proclaim", history.Resign: "resign", history.Leader: "leader",
	history.Append: "append", history.Pause: "pause",
}

// OpName is a kind's name in reports: a Get is a read, a Put is a write.
func OpName(k history.Kind) string { return names[k] }

// OpNames are all of them, sorted.
func OpNames() []string { return slices.Sorted(maps.Values(names)) }

// Measure reads the latencies of a history's load.
func Measure(h *history.History) *Recording {
	load := make([]*history.Op, 0, len(h.Ops))
	for i := range h.Ops {
		if h.Ops[i].Stage == history.Load {
			load = append(load, &h.Ops[i])
		}
	}
	r := &Recording{Open: h.Meta.Open, Phases: history.Phases(h)}
	r.Start, r.Length = bounds(h, load)
	r.Epoch = h.Meta.Epoch.Add(r.Start)
	r.Slices = r.cut(load)
	r.Ended = r.countEnded(load)
	r.Slips, r.Queued = waits(load)
	r.Ops = byFrequency(r.Slices)
	due := int64(len(load))
	for _, n := range h.Meta.Unsent[:min(r.seconds(), len(h.Meta.Unsent))] {
		r.Unsent = append(r.Unsent, n)
		due += n
	}
	if r.Length > 0 {
		r.Offered = float64(due) / r.Length.Seconds()
	}
	return r
}

// bounds is the load's part of the run. A run that was cut short has no end mark: its last operation is the end.
func bounds(h *history.History, load []*history.Op) (start, length time.Duration) {
	start, end := h.Start(), h.Meta.LoadEnd
	if len(load) == 0 {
		return start, max(0, end-start)
	}
	last := slices.MaxFunc(load, func(a, b *history.Op) int { return cmp.Compare(a.Due, b.Due) })
	if end == 0 {
		end = last.Due + 1
	}
	return start, max(0, end-start)
}

// cell is where an operation belongs.
type cell struct {
	second  int
	phase   string
	op      string
	outcome history.Outcome
}

// cut sorts operations into slices. Each second is recorded densely, then kept packed: recording into a packed
// histogram costs thirty times as much.
func (r *Recording) cut(load []*history.Op) []Slice {
	cells := map[cell][]*history.Op{}
	r.crossed = map[int]bool{}
	for _, op := range load {
		inside := history.Op{Due: max(r.Start, min(op.Due, r.Start+r.Length-1)), Return: op.Return} // what lies outside belongs to the ends
		at := cell{r.second(inside.Due), history.PhaseOf(r.Phases, &inside), OpName(op.Request.Kind), op.Result.Outcome}
		cells[at] = append(cells[at], op)
		if at.phase != history.PhaseAt(r.Phases, inside.Due) {
			r.crossed[at.second] = true
		}
	}
	pack := packer{NewHistogram(), NewHistogram()}
	out := make([]Slice, 0, len(cells))
	for at, ops := range cells {
		_, to := r.span(at.second)
		s := Slice{
			Second: at.second, Phase: at.phase, Op: at.op, Outcome: at.outcome, Count: int64(len(ops)),
			Full: r.full(at.phase, at.second), Whole: r.full(All, at.second),
		}
		for _, op := range ops {
			if at.outcome == history.OK && op.Return <= to+Grace {
				s.Held++
			}
		}
		s.faces, s.Clipped = pack.pack(ops)
		out = append(out, s)
	}
	slices.SortFunc(out, compareSlices)
	return out
}

// second is the second of the load in which a moment of it lies.
func (r *Recording) second(at time.Duration) int { return int((at - r.Start) / time.Second) }

// packer turns operations into packed histograms by way of two dense ones that it uses again and again.
type packer [2]*Histogram

// fewOps is the number of operations up to which it costs less to record them one by one than to sweep a dense
// histogram.
const fewOps = 40

func (p packer) pack(ops []*history.Op) (faces [2]*hdrhistogram.PackedHistogram, clipped int64) {
	for _, face := range Faces {
		faces[face] = hdrhistogram.NewPacked(lowest, highest, digits)
	}
	if len(ops) <= fewOps {
		return faces, recordEach(ops, faces)
	}
	for _, face := range Faces {
		p[face].reset()
	}
	for _, op := range ops {
		p[Due].Record(op.Return - op.Due)
		p[Send].Record(op.Return - op.Call)
	}
	for _, face := range Faces {
		faces[face].MergeFrom(p[face].dense)
	}
	return faces, p[Due].Clipped
}

func recordEach(ops []*history.Op, faces [2]*hdrhistogram.PackedHistogram) (clipped int64) {
	for _, op := range ops {
		for _, face := range Faces {
			from := op.Due
			if face == Send {
				from = op.Call
			}
			ns, over := inRange(op.Return - from)
			if faces[face].RecordValue(ns) != nil || over && face == Due {
				clipped++
			}
		}
	}
	return clipped
}

func (r *Recording) countEnded(load []*history.Op) []Ended {
	ended := make([]Ended, r.seconds())
	for _, op := range load {
		second := int((op.Return - r.Start) / time.Second)
		if second < 0 || second >= len(ended) {
			continue
		}
		switch op.Result.Outcome {
		case history.OK:
			ended[second].OK++
		case history.Fail:
			ended[second].Fail++
		default:
			ended[second].Unknown++
		}
	}
	return ended
}

// waits tells apart the two reasons for which an operation is sent after it was due: its client was still busy with
// the one before (the cluster's doing), or the generator was late (ours: the slip). The first operation of a process
// says nothing, because the one before it may have been a retired process's.
func waits(load []*history.Op) (slips, queued *Histogram) {
	slips, queued = NewHistogram(), NewHistogram()
	free := map[history.Process]time.Duration{}
	for _, op := range load {
		if before, ok := free[op.Process]; ok {
			queued.Record(before - op.Due)
			slips.Record(op.Call - max(op.Due, before))
		}
		free[op.Process] = op.Return
	}
	return slips, queued
}

func byFrequency(all []Slice) []string {
	count := map[string]int64{}
	for _, s := range all {
		count[s.Op] += s.Count
	}
	ops := slices.Collect(maps.Keys(count))
	slices.SortFunc(ops, func(a, b string) int {
		return cmp.Or(cmp.Compare(count[b], count[a]), cmp.Compare(a, b))
	})
	return ops
}
