package latency_test

import (
	"bytes"
	"encoding/csv"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/whitewater-kv/whitewater/history"
	"github.com/whitewater-kv/whitewater/reports/internal/example"
	"github.com/whitewater-kv/whitewater/reports/latency"
)

// Every total is a sum of slices, and agrees with a direct count.
func TestSlicesAddUp(t *testing.T) {
	h := example.Run(example.Options{Seed: 1, Faults: true})
	h.Ops[0].Stage, h.Ops[1].Stage, h.Ops[2].Stage = history.Warmup, history.Final, history.Probe
	r := latency.Measure(h)
	want := map[string]int64{}
	for _, op := range h.Ops[3:] {
		want[latency.OpName(op.Request.Kind)+fmt.Sprint(op.Result.Outcome)]++
	}
	for _, op := range []string{"read", "write", "cas"} {
		for _, o := range latency.Every {
			f := latency.Filter{Op: op, Outcomes: []history.Outcome{o}}
			if got := r.Count(f); got != want[op+fmt.Sprint(o)] {
				t.Errorf("%s %v: %d counted, want %d", op, o, got, want[op+fmt.Sprint(o)])
			}
			if got := r.Total(f, latency.Due).Count(); got != want[op+fmt.Sprint(o)] {
				t.Errorf("%s %v: %d in the histogram, want %d", op, o, got, want[op+fmt.Sprint(o)])
			}
			var phases int64
			for _, phase := range []string{latency.Quiet, latency.Faulty, latency.Recovery} {
				f.Phase = phase
				phases += r.Count(f)
			}
			if phases != want[op+fmt.Sprint(o)] {
				t.Errorf("%s %v: the phases add up to %d", op, o, phases)
			}
		}
	}
}

// The quantiles are those of the sorted latencies, to three digits.
func TestQuantiles(t *testing.T) {
	h := example.Run(example.Options{Seed: 2, Length: 20 * time.Second})
	r := latency.Measure(h)
	for _, face := range latency.Faces {
		var exact []time.Duration
		for _, op := range h.Ops {
			if op.Result.Outcome == history.OK {
				from := op.Due
				if face == latency.Send {
					from = op.Call
				}
				exact = append(exact, op.Return-from)
			}
		}
		slices.Sort(exact)
		got := r.Total(latency.Filter{}, face)
		for _, q := range []float64{.01, .5, .9, .99, .999, 1} {
			want := exact[min(int(q*float64(len(exact))), len(exact)-1)]
			low, high := got.Quantile(q-.0005), got.Quantile(min(1, q+.0005))
			if want < low-low/500 || want > high+high/500 {
				t.Errorf("%v %v: %v is not within %v and %v", face, q, want, low, high)
			}
		}
		if got.Max() < exact[len(exact)-1] || got.Max() > exact[len(exact)-1]*1002/1000 {
			t.Errorf("max %v, want %v", got.Max(), exact[len(exact)-1])
		}
	}
}

func TestSeconds(t *testing.T) {
	h := example.Run(example.Options{Seed: 1, Faults: true})
	r := latency.Measure(h)
	if r.Length != time.Minute || len(r.Ended) != 60 {
		t.Fatalf("length %v, %d seconds", r.Length, len(r.Ended))
	}
	faulty := r.Seconds(latency.Faulty, true)
	if got := fmt.Sprint(faulty); got != "[20 21 22 23 31 32 33 40 41 42 43 44 45 46 47]" {
		t.Errorf("full faulty seconds %s", got)
	}
	if got := fmt.Sprint(r.Seconds(latency.Faulty, false)); got != "[20 21 22 23 24 31 32 33 34 40 41 42 43 44 45 46 47 48]" {
		t.Errorf("faulty seconds %s", got)
	}
	var sum time.Duration
	for _, phase := range []string{latency.Quiet, latency.Faulty, latency.Recovery} {
		sum += r.Span(phase)
	}
	if sum != r.Length || r.Span(latency.All) != r.Length {
		t.Errorf("the phases last %v, the load %v", sum, r.Length)
	}
}

// What still waits when a fault begins is the fault's, and the second in which it was due is no full quiet one: neither
// its count nor its latencies are those of a second without a fault.
func TestWaitingWhenAFaultBegins(t *testing.T) {
	const ms = time.Millisecond
	h := &history.History{Meta: history.Meta{LoadEnd: 6000 * ms, Open: true}, Faults: []history.Fault{{Start: 3050 * ms, Active: 3060 * ms, Heal: 4000 * ms, End: 4000 * ms, TookEffect: true}}}
	for due := time.Duration(0); due < 6000*ms; due += 100 * ms {
		back := due + ms
		if due == 2900*ms {
			back = 3700 * ms
		}
		h.Ops = append(h.Ops, history.Op{Process: 1, Due: due, Call: due, Return: back, Result: history.Result{Outcome: history.OK}})
	}
	r := latency.Measure(h)
	if got := r.Total(latency.Filter{Phase: latency.Quiet}, latency.Due).Max(); got > 2*ms {
		t.Errorf("the longest quiet latency is %v", got)
	}
	if got := r.Total(latency.Filter{Phase: latency.Faulty}, latency.Due).Max(); got < 800*ms {
		t.Errorf("the longest faulty latency is %v", got)
	}
	if got := fmt.Sprint(r.Seconds(latency.Quiet, true)); got != "[0 1 4 5]" {
		t.Errorf("full quiet seconds %s", got)
	}
	for _, c := range []struct {
		phase string
		full  bool
		want  int64
	}{{latency.All, false, 60}, {latency.All, true, 60}, {"", true, 60}, {latency.Quiet, false, 50}, {latency.Quiet, true, 40}, {latency.Faulty, true, 0}, {latency.Faulty, false, 10}} {
		if got := r.Count(latency.Filter{Phase: c.phase, FullOnly: c.full}); got != c.want {
			t.Errorf("phase %q, full only %v: %d counted, want %d", c.phase, c.full, got, c.want)
		}
	}
}

// A load that ends in the middle of a second has no full last second.
func TestPartialSecond(t *testing.T) {
	h := example.Run(example.Options{Seed: 1, Length: 2500 * time.Millisecond})
	r := latency.Measure(h)
	if got := len(r.Seconds(latency.All, true)); got != 2 {
		t.Errorf("%d full seconds in 2.5 s", got)
	}
	for _, s := range r.Slices {
		if s.Full != (s.Second < 2) {
			t.Errorf("second %d full: %v", s.Second, s.Full)
		}
	}
}

// Held operations are those answered by the end of their second, give or take the grace.
func TestHeld(t *testing.T) {
	at := func(ms int) time.Duration { return time.Duration(ms) * time.Millisecond }
	h := &history.History{Meta: history.Meta{LoadStart: at(1000), LoadEnd: at(2000), Open: true}}
	for _, op := range []struct {
		due, back int
		outcome   history.Outcome
	}{{1000, 1001, history.OK}, {1999, 2099, history.OK}, {1998, 2101, history.OK}, {1500, 1501, history.Fail}} {
		h.Ops = append(h.Ops, history.Op{ID: len(h.Ops), Process: 1, Due: at(op.due), Call: at(op.due), Return: at(op.back), Result: history.Result{Outcome: op.outcome}})
	}
	var held int64
	for _, s := range latency.Measure(h).Slices {
		held += s.Held
	}
	if held != 2 {
		t.Errorf("%d held, want 2", held)
	}
}

// Lateness of the generator and waiting for one's own client are told apart.
func TestSlipAndQueue(t *testing.T) {
	ms := func(n int) time.Duration { return time.Duration(n) * time.Millisecond }
	h := &history.History{Meta: history.Meta{LoadEnd: ms(1000), Open: true}, Ops: []history.Op{
		{Process: 1, Due: ms(0), Call: ms(9), Return: ms(500)},     // the first of its process: says nothing
		{Process: 1, Due: ms(100), Call: ms(503), Return: ms(504)}, // waited 400 ms for its client, then 3 ms for us
		{Process: 1, Due: ms(600), Call: ms(601), Return: ms(602)}, // 1 ms for us alone
	}}
	r := latency.Measure(h)
	if r.Slips.Count() != 2 || near(r.Slips.Max(), ms(3)) || near(r.Slips.Quantile(.01), ms(1)) {
		t.Errorf("slips %d: %v … %v", r.Slips.Count(), r.Slips.Quantile(.01), r.Slips.Max())
	}
	if near(r.Queued.Max(), ms(400)) || r.Queued.Quantile(.01) > time.Microsecond {
		t.Errorf("queued %v … %v", r.Queued.Quantile(.01), r.Queued.Max())
	}
}

// near reports a difference of more than the histogram's precision.
func near(got, want time.Duration) bool { return got < want-want/500 || got > want+want/500 }

// A server stands still for two seconds of ten. From due time its 99th percentile is about the stall; from send time
// there is next to nothing to see, because the clients stood still with it.
func TestCoordinatedOmission(t *testing.T) {
	h := stalledServer(10*time.Second, 4*time.Second, 6*time.Second)
	r := latency.Measure(h)
	due, send := r.Total(latency.Filter{}, latency.Due), r.Total(latency.Filter{}, latency.Send)
	if p99 := due.Quantile(.99); p99 < 1800*time.Millisecond || p99 > 2100*time.Millisecond {
		t.Errorf("p99 from due time %v, want about the stall of 2 s", p99)
	}
	if p99 := send.Quantile(.99); p99 > 50*time.Millisecond {
		t.Errorf("p99 from send time %v, want it to hide the stall", p99)
	}
}

// stalledServer drives a server that answers in a millisecond, except while it stands still, with 1,000 operations due
// each second by a handful of clients.
func stalledServer(length, from, to time.Duration) *history.History {
	h := &history.History{Meta: history.Meta{LoadStart: 1, LoadEnd: 1 + length, Open: true}}
	free := make([]time.Duration, 5)
	for n := 0; time.Duration(n)*time.Millisecond < length; n++ {
		due, client := 1+time.Duration(n)*time.Millisecond, n%len(free)
		call := max(due, free[client])
		back := call + time.Millisecond/2
		if call < to && back > from {
			back = to + time.Millisecond/2
		}
		free[client] = back
		h.Ops = append(h.Ops, history.Op{ID: n, Process: history.Process(client), Due: due, Call: call, Return: back, Result: history.Result{Outcome: history.OK}})
	}
	return h
}

func TestEmptyAndClipped(t *testing.T) {
	r := latency.Measure(&history.History{})
	if r.Total(latency.Filter{}, latency.Due).Quantile(.99) != 0 || len(r.Slices) != 0 || r.Span(latency.All) != 0 {
		t.Error("an empty history has latencies")
	}
	h := latency.NewHistogram()
	h.Record(time.Hour)
	h.Record(-time.Second)
	if h.Count() != 2 || h.Clipped != 1 || h.Max() > 5*time.Minute+time.Second {
		t.Errorf("count %d, clipped %d, max %v", h.Count(), h.Clipped, h.Max())
	}
}

// Whatever times a history has, measuring it neither panics nor loses an operation.
func TestAnyTimes(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 2))
	for range 200 {
		h := &history.History{Meta: history.Meta{LoadStart: time.Duration(rng.Int64N(5e9)), LoadEnd: time.Duration(rng.Int64N(9e9)), Open: rng.IntN(2) == 0}}
		for range rng.IntN(50) {
			h.Ops = append(h.Ops, history.Op{Due: time.Duration(rng.Int64N(12e9)), Call: time.Duration(rng.Int64N(12e9)), Return: time.Duration(rng.Int64N(400e9)),
				Result: history.Result{Outcome: history.Outcome(rng.IntN(3))}, Request: history.Request{Kind: history.Kind(rng.IntN(17))}})
		}
		r := latency.Measure(h)
		if r.Length > 0 && r.Count(latency.Filter{Outcomes: latency.Every}) != int64(len(h.Ops)) {
			t.Fatalf("%d of %d operations counted", r.Count(latency.Filter{Outcomes: latency.Every}), len(h.Ops))
		}
	}
}

// What the log says is what was measured.
func TestLogRoundTrip(t *testing.T) {
	r := latency.Measure(example.Run(example.Options{Seed: 3, Length: 30 * time.Second, Faults: true}))
	var out bytes.Buffer
	if err := latency.WriteLog(&out, r); err != nil {
		t.Fatal(err)
	}
	if head := out.String()[:300]; !strings.HasPrefix(head, "#[Histogram log format version 1.3]\n") || !strings.Contains(head, "#[StartTime: 1795328103") {
		t.Errorf("head:\n%s", head)
	}
	back, err := latency.ReadLog(&out)
	if err != nil {
		t.Fatal(err)
	}
	for tag, want := range map[string]*latency.Histogram{
		"read":              r.Total(latency.Filter{Op: "read", Phase: latency.Quiet}, latency.Due),
		"read.send":         r.Total(latency.Filter{Op: "read", Phase: latency.Quiet}, latency.Send),
		"write.faulty":      r.Total(latency.Filter{Op: "write", Phase: latency.Faulty}, latency.Due),
		"cas.send.recovery": r.Total(latency.Filter{Op: "cas", Phase: latency.Recovery}, latency.Send),
	} {
		got := back[tag]
		if want.Count() == 0 && got == nil {
			continue
		}
		if got == nil || got.Count() != want.Count() || got.Quantile(.99) != want.Quantile(.99) || got.Max() != want.Max() {
			t.Errorf("%s differs", tag)
		}
	}
	if _, err := latency.ReadLog(strings.NewReader("Tag=read,0.0,1.0,1.0,broken!\n")); err == nil {
		t.Error("a broken log was read")
	}
}

func TestCurveFile(t *testing.T) {
	h := latency.NewHistogram()
	for i := range 1000 {
		h.Record(time.Duration(i+1) * time.Millisecond)
	}
	var out bytes.Buffer
	if err := latency.WriteCurve(&out, h); err != nil {
		t.Fatal(err)
	}
	text := out.String()
	for _, want := range []string{" Value\tPercentile\tTotalCount\t1/(1-Percentile)", "0.500000          500         2.00", "Total count    =         1000]", " inf\n"} {
		if !strings.Contains(text, want) {
			t.Errorf("lacks %q:\n%s", want, text)
		}
	}
}

// The table has every operation once.
func TestCSV(t *testing.T) {
	h := example.Run(example.Options{Seed: 3, Faults: true})
	var out bytes.Buffer
	if err := latency.WriteCSV(&out, latency.Measure(h)); err != nil {
		t.Fatal(err)
	}
	rows, err := csv.NewReader(&out).ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	sum, seen := 0, map[string]bool{}
	for _, row := range rows[1:] {
		var due, ok, fail, unknown int
		if _, err := fmt.Sscan(strings.Join(row[3:7], " "), &due, &ok, &fail, &unknown); err != nil {
			t.Fatal(err)
		}
		if due != ok+fail+unknown {
			t.Errorf("%v does not add up", row)
		}
		key := strings.Join(row[:3], " ")
		if seen[key] {
			t.Errorf("%s comes twice", key)
		}
		seen[key] = true
		sum += due
	}
	if sum != len(h.Ops) {
		t.Errorf("%d operations, want %d", sum, len(h.Ops))
	}
}

func TestNames(t *testing.T) {
	if latency.OpName(history.Get) != "read" || latency.OpName(history.Put) != "write" {
		t.Error("a get is a read, a put is a write")
	}
	names := latency.OpNames()
	for k := history.Get; k <= history.Pause; k++ {
		if !slices.Contains(names, latency.OpName(k)) || latency.OpName(k) == "" {
			t.Errorf("kind %d has no name", k)
		}
	}
}

func BenchmarkMeasure(b *testing.B) {
	h := example.Run(example.Options{Seed: 1, Rate: 4000})
	b.ReportMetric(float64(len(h.Ops)), "ops")
	for b.Loop() {
		latency.Measure(h)
	}
}
