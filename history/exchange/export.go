package exchange

import (
	"bufio"
	"cmp"
	"encoding/csv"
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/whitewater-kv/whitewater/history"
)

// WriteEDN writes the history as Jepsen's history.edn: an operation map a line, values of keys as [key value], as
// jepsen.independent has them. Elle and Knossos read it. Kinds of request that Jepsen has no values for have the value
// nil; our members, revisions and times due are additional keys.
func WriteEDN(w io.Writer, h *history.History) error {
	out := bufio.NewWriter(w)
	for i, e := range exported(h) {
		fmt.Fprintf(out, "{:index %d, :type :%s, :process %d, :f :%s, :value %s, :time %d", i, e.kind, e.op.Process, f(&e.op.Request), value(e.op, e.kind), e.at)
		if e.op.Node != "" {
			fmt.Fprintf(out, ", :node %s", literal(string(e.op.Node)))
		}
		if e.kind == "invoke" && e.op.Due != e.op.Call {
			fmt.Fprintf(out, ", :due %d", e.op.Due)
		}
		if rev := e.op.Result.Header.Revision; e.kind != "invoke" && rev != 0 {
			fmt.Fprintf(out, ", :rev %d", rev)
		}
		if reason := e.op.Result.Error; e.kind != "invoke" && reason != "" {
			fmt.Fprintf(out, ", :error %s", literal(reason))
		}
		out.WriteString("}\n")
	}
	return out.Flush()
}

// WriteText writes the history as Jepsen's history.txt: process, type, function and value with tabs between them.
func WriteText(w io.Writer, h *history.History) error {
	out := bufio.NewWriter(w)
	for _, e := range exported(h) {
		fmt.Fprintf(out, "%d\t:%s\t:%s\t%s", e.op.Process, e.kind, f(&e.op.Request), value(e.op, e.kind))
		if e.kind != "invoke" && e.op.Result.Error != "" {
			fmt.Fprintf(out, "\t%s", literal(e.op.Result.Error))
		}
		out.WriteByte('\n')
	}
	return out.Flush()
}

// half is an operation's invocation or completion.
type half struct {
	op   *history.Op
	kind string
	at   time.Duration
	rank int // among the halves of one moment
}

// exported are the halves of all operations in the order of time. What happened in the same moment counts as concurrent,
// so that invocations come first; but a process's own stay in their order.
func exported(h *history.History) []half {
	halves := make([]half, 0, 2*len(h.Ops))
	last := map[history.Process]half{}
	for i := range h.Ops {
		op := &h.Ops[i]
		call := half{op, "invoke", op.Call, 0}
		if before, ok := last[op.Process]; ok && before.at == call.at {
			call.rank = before.rank + 1
		}
		end := half{op, completion(op), op.Return, 1}
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
func completion(op *history.Op) string {
	switch {
	case op.Result.Outcome == history.Fail, op.Result.Outcome == history.OK && conditional(&op.Request) && !op.Result.Succeeded:
		return "fail"
	case op.Result.Outcome == history.OK:
		return "ok"
	}
	return "info"
}

func conditional(r *history.Request) bool {
	return r.Kind == history.CAS || r.Kind == history.Txn && len(r.If) > 0
}

func f(r *history.Request) string {
	switch r.Kind {
	case history.Get:
		return "read"
	case history.Put:
		return "write"
	}
	return r.Kind.String()
}

// value is the operation's value as EDN.
func value(op *history.Op, kind string) string {
	req := &op.Request
	switch req.Kind {
	case history.Get:
		read := "nil"
		if kind == "ok" && len(op.Result.KVs) > 0 {
			read = literal(op.Result.KVs[0].Value)
		}
		return fmt.Sprintf("[%s %s]", literal(req.Key), read)
	case history.Put:
		return fmt.Sprintf("[%s %s]", literal(req.Key), literal(req.Value))
	case history.CAS:
		return fmt.Sprintf("[%s [%s %s]]", literal(req.Key), literal(req.Expect), literal(req.Value))
	case history.Delete, history.Lock, history.Unlock:
		return fmt.Sprintf("[%s nil]", literal(req.Key))
	case history.Txn:
		return micros(op, kind)
	case history.Range:
		if kind != "ok" {
			return "nil"
		}
		var pairs []string
		for _, kv := range op.Result.KVs {
			pairs = append(pairs, literal(kv.Key)+" "+literal(kv.Value))
		}
		return "{" + strings.Join(pairs, ", ") + "}"
	}
	return "nil"
}

// micros are the reads and writes of a transaction that won: [[:r k v] [:w k v]].
func micros(op *history.Op, kind string) string {
	var parts []string
	for i, r := range op.Request.Then {
		switch r.Kind {
		case history.Put:
			parts = append(parts, fmt.Sprintf("[:w %s %s]", literal(r.Key), literal(r.Value)))
		case history.Get:
			read := "nil"
			if kind == "ok" && i < len(op.Result.Responses) && len(op.Result.Responses[i].KVs) > 0 {
				read = literal(op.Result.Responses[i].KVs[0].Value)
			}
			parts = append(parts, fmt.Sprintf("[:r %s %s]", literal(r.Key), read))
		case history.Delete:
			parts = append(parts, fmt.Sprintf("[:w %s nil]", literal(r.Key)))
		}
	}
	return "[" + strings.Join(parts, " ") + "]"
}

// literal is a whole number where the text is one, so that Jepsen's checkers see the numbers they expect; else a string.
func literal(text string) string {
	if n, err := strconv.ParseInt(text, 10, 64); err == nil && strconv.FormatInt(n, 10) == text {
		return text
	}
	return ednString(text)
}

// ednString quotes as EDN does: fewer escapes than Go has.
func ednString(text string) string {
	var b strings.Builder
	b.WriteByte('"')
	for _, c := range text {
		switch {
		case c == '"' || c == '\\':
			b.WriteByte('\\')
			b.WriteRune(c)
		case c < ' ' || c == 0x7f:
			fmt.Fprintf(&b, `\u%04x`, c)
		default:
			b.WriteRune(c)
		}
	}
	b.WriteByte('"')
	return b.String()
}

// columns of the CSV form; times are nanoseconds since the run's epoch.
var columns = []string{"index", "process", "node", "stage", "f", "key", "value", "expect", "outcome", "succeeded", "error", "read", "mod", "rev", "term", "due_ns", "call_ns", "return_ns"}

// WriteCSV writes a row for each operation, with its columns named in the first.
func WriteCSV(w io.Writer, h *history.History) error {
	out := csv.NewWriter(w)
	if err := out.Write(columns); err != nil {
		return err
	}
	for i := range h.Ops {
		op := &h.Ops[i]
		read, mod := "", ""
		if len(op.Result.KVs) > 0 {
			read, mod = op.Result.KVs[0].Value, strconv.FormatInt(op.Result.KVs[0].Mod, 10)
		}
		row := []string{strconv.Itoa(op.ID), strconv.Itoa(int(op.Process)), string(op.Node), op.Stage.String(), f(&op.Request), op.Request.Key,
			op.Request.Value, op.Request.Expect, op.Result.Outcome.String(), strconv.FormatBool(op.Result.Succeeded), op.Result.Error, read, mod,
			strconv.FormatInt(op.Result.Header.Revision, 10), strconv.FormatUint(op.Result.Header.Term, 10),
			strconv.FormatInt(int64(op.Due), 10), strconv.FormatInt(int64(op.Call), 10), strconv.FormatInt(int64(op.Return), 10)}
		if err := out.Write(row); err != nil {
			return err
		}
	}
	out.Flush()
	return out.Error()
}
