// Package exchange reads histories that other tools recorded and writes ours for them: Jepsen's history.edn and
// history.txt, Jepsen's log lines, elle-cli's JSON, Porcupine's key-value logs, the reports of etcd's robustness tests,
// and CSV.
package exchange

import (
	"bytes"
	"cmp"
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strings"

	"github.com/whitewater-kv/whitewater/history"
)

// FailedCAS says what a compare-and-swap means that a tool recorded as :fail. It was recorded by different tools with
// different meanings, and a history does not say which.
type FailedCAS uint8

const (
	// Dropped: it did not take place, and says nothing, as Knossos reads it. A history that violates under this reading
	// violates under both.
	Dropped FailedCAS = iota
	// Differed: it took place and found another value than it expected, as Porcupine reads Jepsen's etcd logs. One that
	// is marked as :refused, as WriteEDN does, says nothing even so.
	Differed
)

// Read reads a history of another tool, whichever it is: the form shows in the text. The notes say what of it the
// vocabulary has no words for, and was left out or weakened.
func Read(data []byte, cas FailedCAS) (h *history.History, notes []string, err error) {
	trimmed := bytes.TrimSpace(data)
	switch {
	case len(trimmed) == 0:
		return &history.History{}, []string{"the file is empty"}, nil
	case jsonHistory.Match(data):
		return ReadJSON(data, cas)
	case strings.IndexByte("{[(;#", trimmed[0]) >= 0:
		return ReadEDN(data, cas)
	case logLine.Match(firstLine(data)) || bytes.Contains(data, []byte("jepsen.util")):
		return ReadLog(data, cas)
	}
	return nil, nil, errors.New("neither EDN nor JSON (operation maps, or one list of them) nor lines of Jepsen's log or history.txt")
}

func firstLine(data []byte) []byte {
	line, _, _ := bytes.Cut(bytes.TrimLeft(data, "\n"), []byte{'\n'})
	return line
}

// ReadEDN reads operation maps, one after the other or in one vector, as in Jepsen's history.edn and in Porcupine's
// key-value logs:
//
//	{:type :invoke, :f :cas, :value [3 4], :process 1, :time 3000}
//	{:process 0, :type :ok, :f :append, :key "0", :value "x 0 0 y"}
func ReadEDN(data []byte, cas FailedCAS) (*history.History, []string, error) {
	r := &ednReader{text: string(data)}
	in := newImporter(cas)
	for form, ok := r.next(); ok; form, ok = r.next() {
		forms := []node{form}
		if form.kind == 'l' {
			forms = form.items
		}
		for _, op := range forms {
			if err := in.addMap(op); err != nil {
				r.fail("%v", err)
			}
		}
	}
	if r.err != nil {
		return nil, nil, r.err
	}
	return in.history()
}

// addMap takes an operation map.
func (in *importer) addMap(op node) error {
	if op.kind != 'm' {
		return errors.New("expected an operation map such as {:type :invoke, :f :read, :process 0}")
	}
	if alone, err := in.record(op); alone || err != nil {
		return err
	}
	var e event
	for _, key := range []struct {
		name string
		to   *string
	}{{"process", &e.process}, {"type", &e.kind}, {"f", &e.f}} {
		value, ok := op.get(key.name)
		if !ok && key.name != "f" {
			return fmt.Errorf("an operation without :%s", key.name)
		}
		*key.to = value.String()
	}
	e.value, _ = op.get("value")
	e.key, _ = op.get("key")
	if _, _, txn := (&importer{}).micros(e); e.f == "" && !txn && e.process != nemesis {
		return errors.New("an operation without :f")
	}
	for _, key := range []struct {
		name string
		to   *string
	}{{"node", &e.node}, {"error", &e.reason}} {
		value, _ := op.get(key.name)
		*key.to = value.String()
	}
	refused, _ := op.get("refused")
	e.refused = refused.text == "true"
	if at, ok := op.get("time"); ok {
		if _, err := fmt.Sscan(at.text, &e.time); err != nil || at.kind != 'i' {
			return fmt.Errorf("a :time that is no number of nanoseconds: %q", at.text)
		}
		e.timed = true
	}
	return in.add(e)
}

// logLine is a line of Jepsen's log or of its history.txt: the process, the type, the function, the value, and perhaps
// the error, with tabs between them.
var logLine = regexp.MustCompile(`^(?:.*jepsen\.util(?::| -) )?([^\s{\[(]\S*)\s+:(invoke|ok|fail|info)\s+:(\S+)\s+(.*)$`)

// ReadLog reads Jepsen's log lines, and the lines of history.txt:
//
//	INFO  jepsen.util - 2	:invoke	:write	4
//	2	:invoke	:write	4
//
// Other lines of a log are passed over. There are no times in it: an event's time is its place, in milliseconds.
func ReadLog(data []byte, cas FailedCAS) (*history.History, []string, error) {
	in := newImporter(cas)
	n := 0
	for line := range strings.Lines(string(data)) {
		n++
		m := logLine.FindStringSubmatch(strings.TrimRight(line, "\r\n"))
		if m == nil {
			continue
		}
		e := event{process: strings.TrimPrefix(m[1], ":"), kind: m[2], f: m[3]}
		r := &ednReader{text: m[4]}
		e.value, _ = r.next()
		if reason, ok := r.next(); ok {
			e.reason = reason.String()
		}
		if r.err != nil {
			return nil, nil, fmt.Errorf("line %d: %s", n, r.err.message)
		}
		if err := in.add(e); err != nil {
			return nil, nil, fmt.Errorf("line %d: %w", n, err)
		}
	}
	return in.history()
}

// notesOf are the notes in the order of their text, each with how often it was made.
func notesOf(counts map[string]int) []string {
	var notes []string
	for note, n := range counts {
		if n > 1 {
			note = fmt.Sprintf("%s (%d times)", note, n)
		}
		notes = append(notes, note)
	}
	slices.SortFunc(notes, cmp.Compare[string])
	return notes
}
