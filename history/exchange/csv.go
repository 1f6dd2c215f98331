package exchange

import (
	"encoding/csv"
	"io"
	"strconv"

	"github.com/whitewater-kv/whitewater/history"
)

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
		row := []string{strconv.Itoa(op.ID), strconv.Itoa(int(op.Process)), string(op.Node), op.Stage.String(), functionOf(&op.Request), op.Request.Key,
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

// functionOf is a request's name in a row.
func functionOf(r *history.Request) string {
	switch r.Kind {
	case history.Get:
		return "read"
	case history.Put:
		return "write"
	}
	return r.Kind.String()
}
