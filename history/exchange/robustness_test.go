package exchange

import (
	"errors"
	"os"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/whitewater-kv/whitewater/history"
)

// The reports in testdata/robustness have the form that etcd's tests write, from their own types; what they mean stands
// beside them. UPDATE=1 rewrites it: read the difference.
func TestRobustness(t *testing.T) {
	for _, name := range []string{"ok", "bad"} {
		report := os.DirFS("testdata/robustness/" + name)
		if !Robustness(report) {
			t.Errorf("%s is no report", name)
		}
		h, notes, err := ReadRobustness(report)
		if err != nil {
			t.Fatal(err)
		}
		if wrong := history.Wellformed(h); len(wrong) > 0 {
			t.Errorf("%s: %s", name, strings.Join(wrong, "\n"))
		}
		got, file := h.String()+"-- notes --\n"+strings.Join(notes, "\n")+"\n", "testdata/robustness/"+name+".text"
		if os.Getenv("UPDATE") != "" {
			if err := os.WriteFile(file, []byte(got), 0o644); err != nil {
				t.Fatal(err)
			}
		}
		if want, err := os.ReadFile(file); err != nil || got != string(want) {
			t.Errorf("%s (%v):\ngot\n%s\nwant\n%s", file, err, got, want)
		}
	}
	for _, other := range []fstest.MapFS{{}, {"history.jsonl.zst": {}}, {"client-1/notes.txt": {}}} {
		if Robustness(other) {
			t.Errorf("%v is taken for a report", other)
		}
	}
}

// An error names the file, the line, the value, and what is allowed.
func TestRobustnessErrors(t *testing.T) {
	for _, c := range []struct{ file, text, want string }{
		{"operations.json", "{}\n", `client-1/operations.json: line 1: unknown request type "", or a request without its part; allowed: range, txn, leaseGrant, leaseRevoke, compact, defragment`},
		{"operations.json", `{"Input":{"Type":"txn"}}`, `client-1/operations.json: line 1: unknown request type "txn", or a request without its part; allowed: range, txn, leaseGrant, leaseRevoke, compact, defragment`},
		{"operations.json", `{"Input":{"Type":"txn","Txn":{"OperationsOnFailure":[{"Type":"put"}]}}}`, `client-1/operations.json: line 1: unknown operation type "put" in a transaction; allowed: range-operation, put-operation, delete-operation`},
		{"operations.json", "{\"Input\":{\"Type\":\"defragment\"}}\n\n{\"Call\":\"soon\"}", `client-1/operations.json: line 3: json: cannot unmarshal string into Go struct field robustOp.Call of type int64`},
		{"operations.json", `{"Input":{"Type":"range","Range":{}},"Call":2,"Return":1}`, `client-1/operations.json: line 1: an operation that returned at 1, before its call at 2`},
		{"operations.json", `{"Input":`, `client-1/operations.json: line 1: unexpected EOF`},
		{"watch.json", `{"Responses":[{"Events":[{"Type":"lock"}]}]}`, `client-1/watch.json: line 1: unknown event type "lock"; allowed: put-operation, delete-operation`},
	} {
		_, _, err := ReadRobustness(fstest.MapFS{"client-1/" + c.file: {Data: []byte(c.text)}})
		if err == nil || err.Error() != c.want {
			t.Errorf("%s\ngot  %v\nwant %s", c.text, err, c.want)
		}
	}
	if h, _, err := ReadRobustness(fstest.MapFS{}); err != nil || len(h.Ops) != 0 {
		t.Errorf("an empty folder: %v", err)
	}
	if _, _, err := ReadRobustness(fstest.MapFS{"client-1/operations.json/x": {}}); err == nil || errors.Is(err, os.ErrNotExist) {
		t.Errorf("a folder for a file: %v", err)
	}
}

// What stands behind a prefix is the next text that does not begin with it.
func TestPrefixEnd(t *testing.T) {
	for prefix, want := range map[string]string{"": "\x00", "key": "kez", "a\xff": "b", "\xff": "\x00"} {
		if got := prefixEnd(prefix); got != want {
			t.Errorf("%q: %q, want %q", prefix, got, want)
		}
	}
}

func FuzzRobustness(f *testing.F) {
	for _, name := range []string{"ok/client-1/operations.json", "bad/client-2/operations.json", "ok/client-3/watch.json"} {
		data, err := os.ReadFile("testdata/robustness/" + name)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(data)
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		for _, name := range []string{"client-1/operations.json", "client-2/watch.json"} {
			h, _, err := ReadRobustness(fstest.MapFS{name: {Data: data}})
			if err != nil {
				continue
			}
			if _, err := history.ParseHistory(h.String()); err != nil {
				t.Fatalf("%v\nin\n%s", err, h)
			}
		}
	})
}
