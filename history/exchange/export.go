package exchange

import (
	"bufio"
	"cmp"
	"io"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/whitewater-kv/whitewater/history"
)

// ownRecord is the key of the operation maps that carries our own text form: everything that Jepsen has no words for.
const ownRecord = "whitewater"

// WriteEDN writes the history as Jepsen's history.edn: an operation map a line, values of keys as [key value], as
// jepsen.independent has them, transactions as Elle has them, faults as the nemesis's lines. Our members, revisions and
// times due are additional keys. So is :whitewater, our own form of the operation, or of what is no operation at all: by
// it ReadEDN reads the same history again.
func WriteEDN(w io.Writer, h *history.History) error {
	out := bufio.NewWriter(w)
	var b []byte
	index := 0
	write := func(n node) {
		n.items = append([]node{keyword("index"), number(int64(index))}, n.items...)
		index++
		b = append(n.edn(b[:0]), '\n')
		out.Write(b) // the error sticks
	}
	rest := *h
	rest.Ops = nil
	for line := range strings.Lines(rest.String()) {
		n := nemesisLine("record", 0, nothing)
		n.items = append(n.items, keyword(ownRecord), quoted(strings.TrimSuffix(line, "\n")))
		write(n)
	}
	for _, e := range exported(h) {
		n := e.node()
		if e.op != nil && e.kind == "invoke" {
			n.items = append(n.items, keyword(ownRecord), vector(number(int64(e.op.ID)), quoted(e.op.String())))
		}
		write(n)
	}
	return out.Flush()
}

// WriteJSON writes the history as elle-cli's JSON: the operation maps of history.edn in one list, without our own form.
func WriteJSON(w io.Writer, h *history.History) error {
	out := bufio.NewWriter(w)
	var b []byte
	for i, e := range exported(h) {
		n := e.node()
		n.items = append([]node{keyword("index"), number(int64(i))}, n.items...)
		b = append(b[:0], "[\n"...)
		if i > 0 {
			b = append(b[:0], ",\n"...)
		}
		out.Write(n.json(b)) // the error sticks
	}
	if len(h.Ops)+len(h.Faults) == 0 {
		out.WriteByte('[')
	}
	out.WriteString("]\n")
	return out.Flush()
}

// WriteText writes the history as Jepsen's history.txt: process, type, function and value with tabs between them.
func WriteText(w io.Writer, h *history.History) error {
	out := bufio.NewWriter(w)
	for _, e := range exported(h) {
		process := ":" + nemesis
		if e.op != nil {
			process = strconv.Itoa(int(e.op.Process))
		}
		out.WriteString(process + "\t:" + e.kind + "\t" + string(keyword(e.f).edn(nil)) + "\t" + string(e.value.edn(nil)))
		if e.op != nil && e.kind != "invoke" && e.op.Result.Error != "" {
			out.WriteString("\t" + string(literal(e.op.Result.Error).edn(nil)))
		}
		out.WriteByte('\n')
	}
	return out.Flush()
}

// half is an operation's invocation or completion, or, without an operation, a line of the nemesis.
type half struct {
	op      *history.Op
	f, kind string
	value   node
	at      time.Duration
	rank    int // among the halves of one moment
}

// node is the half's operation map, but for its index.
func (e *half) node() node {
	if e.op == nil {
		return nemesisLine(e.f, e.at, e.value)
	}
	n := node{kind: 'm', items: []node{keyword("type"), keyword(e.kind), keyword("process"), number(int64(e.op.Process)),
		keyword("f"), keyword(e.f), keyword("value"), e.value, keyword("time"), number(int64(e.at))}}
	add := func(key string, value node) { n.items = append(n.items, keyword(key), value) }
	if e.op.Node != "" {
		add("node", quoted(string(e.op.Node)))
	}
	if e.kind == "invoke" {
		if e.op.Due != e.op.Call {
			add("due", number(int64(e.op.Due)))
		}
		return n
	}
	if rev := e.op.Result.Header.Revision; rev != 0 {
		add("rev", number(rev))
	}
	if reason := e.op.Result.Error; reason != "" {
		add("error", literal(reason))
	}
	if e.op.Request.Kind == history.CAS && e.op.Result.Outcome == history.Fail {
		add("refused", node{kind: 'b', text: "true"})
	}
	return n
}

func nemesisLine(f string, at time.Duration, value node) node {
	return node{kind: 'm', items: []node{keyword("type"), keyword("info"), keyword("process"), keyword(nemesis),
		keyword("f"), keyword(f), keyword("value"), value, keyword("time"), number(int64(at))}}
}

// exported are the halves of all operations, and the faults, in the order of time. What happened in the same moment counts
// as concurrent, so that invocations come first; but a process's own stay in their order.
func exported(h *history.History) []half {
	halves := make([]half, 0, 2*len(h.Ops)+4*len(h.Faults))
	for i := range h.Faults {
		halves = append(halves, faultLines(&h.Faults[i])...)
	}
	last, x := map[history.Process]half{}, newNatives(h)
	for i := range h.Ops {
		op := &h.Ops[i]
		n := x.of(op)
		call := half{op, n.f, "invoke", n.asked, op.Call, 0}
		if before, ok := last[op.Process]; ok && before.at == call.at {
			call.rank = before.rank + 1
		}
		end := half{op, n.f, completion(op, &n), n.asked, op.Return, 1}
		if end.kind == "ok" {
			end.value = n.seen
		}
		if end.at == call.at {
			end.rank = call.rank + 1
		}
		last[op.Process] = end
		halves = append(halves, call, end)
	}
	slices.SortStableFunc(halves, func(a, b half) int { return cmp.Or(cmp.Compare(a.at, b.at), cmp.Compare(a.rank, b.rank)) })
	return halves
}

// completion is Jepsen's type of the answer. A compare that did not hold is a :fail, as Jepsen's etcd clients have it.
func completion(op *history.Op, n *native) string {
	switch {
	case op.Result.Outcome == history.Fail, op.Result.Outcome == history.OK && n.lost:
		return "fail"
	case op.Result.Outcome == history.OK:
		return "ok"
	}
	return "info"
}

// faultLines are what Jepsen's nemesis would have logged: that it begins, that it has done it, and the same of healing.
func faultLines(f *history.Fault) []half {
	members := vector()
	for _, n := range f.Nodes {
		members.items = append(members.items, quoted(string(n)))
	}
	line := func(what string, at time.Duration, value node) half {
		return half{f: what + "-" + f.Name, kind: "info", value: value, at: at, rank: 2}
	}
	lines := []half{line("start", f.Start, quoted(f.Target))}
	if f.TookEffect {
		lines = append(lines, line("start", f.Active, members))
	}
	if f.Heal > 0 {
		lines = append(lines, line("stop", f.Heal, nothing), line("stop", max(f.Heal, f.End), nothing))
	}
	return lines
}
