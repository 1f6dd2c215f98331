package exchange

import (
	"bytes"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/whitewater-kv/whitewater/history"
)

// Each file in testdata is a story: what another tool wrote, what it means in our words, and what is said about it.
// UPDATE=1 rewrites the latter two: read the difference.
func TestImport(t *testing.T) {
	files, err := filepath.Glob("testdata/*.txt")
	if err != nil || len(files) == 0 {
		t.Fatalf("no test data: %v", err)
	}
	for _, file := range files {
		data, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		story, rest, _ := strings.Cut(string(data), "-- input --\n")
		input, rest, _ := strings.Cut(rest, "-- history --\n")
		want, wantNotes, _ := strings.Cut(rest, "-- notes --\n")
		cas := Dropped
		if strings.Contains(story, "cas=differed") {
			cas = Differed
		}
		h, notes, err := Read([]byte(input), cas)
		if err != nil {
			t.Errorf("%s: %v", file, err)
			continue
		}
		if os.Getenv("UPDATE") != "" {
			text := story + "-- input --\n" + input + "-- history --\n" + h.String() + "-- notes --\n"
			for _, note := range notes {
				text += note + "\n"
			}
			if err := os.WriteFile(file, []byte(text), 0o644); err != nil {
				t.Fatal(err)
			}
			continue
		}
		if got := h.String(); got != want {
			t.Errorf("%s:\ngot\n%s\nwant\n%s", file, got, want)
		}
		if got := strings.Join(notes, "\n"); got != strings.TrimSpace(wantNotes) {
			t.Errorf("%s: notes\ngot\n%s\nwant\n%s", file, got, wantNotes)
		}
		if wrong := history.Wellformed(h); len(wrong) > 0 {
			t.Errorf("%s: %s", file, strings.Join(wrong, "\n"))
		}
	}
}

func TestImportErrors(t *testing.T) {
	for input, want := range map[string]string{
		"hello":                           "neither EDN nor JSON (operation maps, or one list of them) nor lines of Jepsen's log or history.txt",
		"\n{:type :ok, :f :read":          "line 2: no '}' to the end",
		"{:type :ok, :f}":                 "line 1: a map with a key that has no value",
		"{:type :ok, :f :read}":           "line 1: an operation without :process",
		"[1]":                             "line 1: expected an operation map such as {:type :invoke, :f :read, :process 0}",
		`{:f "a`:                          "line 1: a string that does not end",
		strings.Repeat("[", 200):          "line 1: nested more than 100 deep",
		"{:process 1 :type :no :f :read}": `line 1: unknown type "no"; allowed: invoke, ok, fail, info`,
		"{:process 1 :type :ok :f :read}": "event 0: process 1 completes :read, which it did not invoke",
		"{:process 1 :type :ok :f :read :time 1.5}":      `line 1: a :time that is no number of nanoseconds: "1.5"`,
		"1\t:invoke\t:read\tnil\n1\t:invoke\t:read\tnil": "event 1: process 1 invokes :read before its last operation has completed",
		"1\t:invoke\t:write\t\"4":                        "line 1: a string that does not end",
	} {
		if _, _, err := Read([]byte(input), Dropped); err == nil || err.Error() != want {
			t.Errorf("%q\ngot  %v\nwant %s", input, err, want)
		}
	}
	if h, notes, err := Read([]byte(" \n"), Dropped); err != nil || len(h.Ops) != 0 || len(notes) != 1 {
		t.Errorf("an empty file: %v %v", notes, err)
	}
}

const ours = `p1 n1 [1ms 2ms due=0s] put x 3 -> ok rev=2
p1 n1 [2ms 3ms] get x -> 3 mod=2 rev=2
p2 n2 [3ms 9ms] put x "a \"b\"" -> unknown deadline exceeded
p1 n1 [4ms 5ms] cas x 3 4 -> ok rev=3
p1 n1 [6ms 7ms] cas x 3 4 -> lost 4 mod=3 rev=3
p1 n1 [8ms 9ms] get y -> absent rev=3
p1 n1 [10ms 11ms] delete y -> fail connection refused
p1 n1 [12ms 13ms] txn if {value x = 4} then {get x; put x 5; delete y} else {get x} -> ok rev=4 {(x 4); ; }
p1 n1 [14ms 15ms] range a z -> ok (x 5 mod=4) count=1 rev=4
p1 n1 [16ms 17ms] grant 10 -> ok lease=7
`

func TestWriteEDN(t *testing.T) {
	h, err := history.ParseHistory(ours)
	if err != nil {
		t.Fatal(err)
	}
	var edn, text, csv bytes.Buffer
	for _, err := range []error{WriteEDN(&edn, h), WriteText(&text, h), WriteCSV(&csv, h)} {
		if err != nil {
			t.Fatal(err)
		}
	}
	for file, got := range map[string]string{"history.edn": edn.String(), "history.text": text.String(), "history.csv": csv.String()} {
		file = filepath.Join("testdata", file)
		if os.Getenv("UPDATE") != "" {
			if err := os.WriteFile(file, []byte(got), 0o644); err != nil {
				t.Fatal(err)
			}
		}
		if want, err := os.ReadFile(file); err != nil || got != string(want) {
			t.Errorf("%s (%v):\ngot\n%s\nwant\n%s", file, err, got, want)
		}
	}
}

// What was written for Jepsen and read back is the same, but for what Jepsen has no words for.
func TestThereAndBack(t *testing.T) {
	h, err := history.ParseHistory(`meta target=import judge=linearizable
p1 n1 [1ms 2ms] put x 3 -> ok
p3 n1 [2ms 4ms] get x -> 3
p1 n1 [2ms 3ms] get x -> absent
p2 n2 [3.5ms 9ms] put x "a \"b\"\n" -> unknown deadline exceeded
p1 n1 [4.5ms 5ms] cas x 3 4 -> ok
p1 n1 [6ms 7ms] cas x 3 4 -> lost
p1 n1 [10ms 11ms] delete y -> fail connection refused
`)
	if err != nil {
		t.Fatal(err)
	}
	for name, write := range map[string]func(*bytes.Buffer) error{
		"history.edn": func(b *bytes.Buffer) error { return WriteEDN(b, h) },
		"history.txt": func(b *bytes.Buffer) error { return WriteText(b, h) },
	} {
		var b bytes.Buffer
		if err := write(&b); err != nil {
			t.Fatal(err)
		}
		back, notes, err := Read(b.Bytes(), Differed)
		if err != nil || len(notes) > 0 {
			t.Fatalf("%s: %v %v", name, notes, err)
		}
		if got, want := meaning(back), meaning(h); got != want {
			t.Errorf("%s:\ngot\n%s\nwant\n%s", name, got, want)
		}
	}
}

// meaning is the history without times and members, which history.txt does not have.
func meaning(h *history.History) string {
	var b strings.Builder
	for _, op := range h.Ops {
		op.Node, op.Call, op.Return, op.Due = "", 0, 0, 0
		b.WriteString(op.String() + "\n")
	}
	return b.String()
}

// recorded is the folder of the histories that come with Porcupine.
func recorded(t *testing.T) string {
	t.Helper()
	out, err := exec.Command("go", "list", "-m", "-f", "{{.Dir}}", "github.com/anishathalye/porcupine").Output()
	dir := filepath.Join(strings.TrimSpace(string(out)), "test_data")
	if _, statErr := os.Stat(dir); err != nil || statErr != nil {
		t.Skip("NOT TESTED on real recordings: Porcupine's test data is not in the module cache")
	}
	return dir
}

// Every history that comes with Porcupine is read whole: an operation for each invocation.
func TestRecordings(t *testing.T) {
	files := 0
	for pattern, invoke := range map[string]string{"jepsen/*.log": ":invoke", "kv/*.txt": ":type :invoke"} {
		found, err := filepath.Glob(filepath.Join(recorded(t), pattern))
		if err != nil {
			t.Fatal(err)
		}
		for _, file := range found {
			files++
			data, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			h, _, err := Read(data, Differed)
			if err != nil {
				t.Errorf("%s: %v", file, err)
				continue
			}
			if want := bytes.Count(data, []byte(invoke)); len(h.Ops) != want {
				t.Errorf("%s: %d operations of %d", file, len(h.Ops), want)
			}
			if wrong := history.Wellformed(h); len(wrong) > 0 {
				t.Errorf("%s: %s", file, wrong[0])
			}
		}
	}
	if files != 109 {
		t.Errorf("%d recordings, want 103 and 6", files)
	}
}

func FuzzRead(f *testing.F) {
	files, err := filepath.Glob("testdata/*.txt")
	if err != nil {
		f.Fatal(err)
	}
	for _, file := range files {
		data, err := os.ReadFile(file)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(data)
		_, rest, _ := bytes.Cut(data, []byte("-- input --\n"))
		input, _, _ := bytes.Cut(rest, []byte("-- history --\n"))
		f.Add(input)
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		h, _, err := Read(data, Differed)
		if err != nil {
			return
		}
		if wrong := history.Wellformed(h); len(wrong) > 0 && h.Meta.Target == "import" {
			t.Fatalf("%s\nin\n%s", wrong[0], h)
		}
		for name, write := range map[string]func(io.Writer, *history.History) error{"EDN": WriteEDN, "JSON": WriteJSON, "text": WriteText} {
			var b bytes.Buffer
			if err := write(&b, h); err != nil {
				t.Fatal(err)
			}
			back, _, err := Read(b.Bytes(), Differed)
			if err != nil && (name != "text" || len(h.Ops)+len(h.Faults) > 0) {
				t.Fatalf("%s: %v\nin\n%s", name, err, b.Bytes())
			}
			if name == "EDN" && back.String() != h.String() {
				t.Fatalf("written\n%s\nread\n%s", h, back)
			}
		}
	})
}
