package exchange

import (
	"fmt"
	"strconv"
	"strings"

	"github.com/whitewater-kv/whitewater/history"
)

// records are the lines of our own text form that a history of ours carries, as WriteEDN wrote it.
type records struct {
	ops   []history.Op
	lines []string // whatever is no operation
	bare  int      // invocations without one
}

// record takes the operation map's :whitewater: a line, or an operation's number with its line. It reports whether the map
// is no more than that.
func (in *importer) record(op node) (alone bool, err error) {
	own, ok := op.get(ownRecord)
	switch {
	case !ok:
		kind, _ := op.get("type")
		if kind.String() == "invoke" {
			in.records.bare++
		}
		return false, nil
	case own.kind == 's':
		in.records.lines = append(in.records.lines, own.text)
		return true, nil
	case own.kind != 'l' || len(own.items) != 2 || own.items[0].kind != 'i' || own.items[1].kind != 's':
		return false, fmt.Errorf("a :%s that is neither a line nor an operation's number with its line: %s", ownRecord, own)
	}
	line, err := history.ParseOp(own.items[1].text)
	if err != nil {
		return false, fmt.Errorf(":%s: %w", ownRecord, err)
	}
	if line.ID, err = strconv.Atoi(own.items[0].text); err != nil {
		return false, fmt.Errorf(":%s: %w", ownRecord, err)
	}
	in.records.ops = append(in.records.ops, line)
	return false, nil
}

// own is the history that the records tell, if they tell all of it.
func (in *importer) own() (h *history.History, ok bool, err error) {
	r := &in.records
	if len(r.ops)+len(r.lines) == 0 || r.bare > 0 {
		if len(r.ops) > 0 {
			in.note("%d operations lack :%s: read as Jepsen's", r.bare, ownRecord)
		}
		return nil, false, nil
	}
	if h, err = history.ParseHistory(strings.Join(r.lines, "\n")); err != nil {
		return nil, false, fmt.Errorf(":%s: %w", ownRecord, err)
	}
	h.Ops = r.ops
	h.Sort()
	return h, true, nil
}
