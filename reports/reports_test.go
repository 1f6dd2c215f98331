package reports_test

import (
	"bytes"
	"encoding/xml"
	"fmt"
	"os"
	"path"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/whitewater-kv/whitewater/history"
	"github.com/whitewater-kv/whitewater/reports"
	"github.com/whitewater-kv/whitewater/reports/internal/example"
	"github.com/whitewater-kv/whitewater/reports/summary"
)

// Every format renders every kind of run, from one that never began to one with a counterexample; and says the same
// twice.
func TestFormats(t *testing.T) {
	h := example.Run(example.Options{Seed: 1, Faults: true})
	short := example.Run(example.Options{Seed: 1, Length: time.Second})
	closed := example.Run(example.Options{Seed: 1, Length: 3 * time.Second, Closed: true})
	for name, make := range map[string]func() *reports.Summary{
		"violation": func() *reports.Summary { return reports.Summarise(h, example.Violated(h), reports.Options{}) },
		"short":     func() *reports.Summary { return reports.Summarise(short, example.Passed(short), reports.Options{}) },
		"closed":    func() *reports.Summary { return reports.Summarise(closed, example.Passed(closed), reports.Options{}) },
		"nothing": func() *reports.Summary {
			return reports.Summarise(&history.History{}, nil, reports.Options{Environment: "no etcd"})
		},
	} {
		first, second := make(), make()
		for _, f := range reports.Formats {
			var a, b bytes.Buffer
			if err := f.Write(&a, first); err != nil {
				t.Errorf("%s as %s: %v", name, f.Name, err)
			}
			if err := f.Write(&b, second); err != nil {
				t.Errorf("%s as %s: %v", name, f.Name, err)
			}
			if !bytes.Equal(a.Bytes(), b.Bytes()) {
				t.Errorf("%s as %s differs from one time to the next", name, f.Name)
			}
			if strings.Contains(a.String(), "NaN") && f.Name != "metrics" && f.Name != "html" {
				t.Errorf("%s as %s shows NaN", name, f.Name)
			}
		}
	}
}

func TestCatalog(t *testing.T) {
	var names []string
	for _, f := range reports.Formats {
		if f.Name == "" || f.File == "" || f.Doc == "" || slices.Contains(names, f.Name) {
			t.Errorf("format %+v", f.Name)
		}
		names = append(names, f.Name)
		if found, ok := reports.Find(f.Name); !ok || found.File != f.File {
			t.Errorf("%s is not found", f.Name)
		}
	}
	if _, ok := reports.Find("pdf"); ok {
		t.Error("pdf is found")
	}
}

// The files of a run's folder, by their names.
func TestFiles(t *testing.T) {
	h := example.Run(example.Options{Seed: 1, Faults: true})
	s := reports.Summarise(h, example.Violated(h), reports.Options{})
	var paths []string
	for _, f := range reports.Formats {
		outputs, err := f.Render(s)
		if err != nil {
			t.Fatal(err)
		}
		for _, o := range outputs {
			paths = append(paths, o.Path)
			if len(o.Data) == 0 {
				t.Errorf("%s is empty", o.Path)
			}
			if strings.HasSuffix(o.Path, ".svg") {
				wellFormed(t, o.Path, o.Data)
			}
		}
	}
	for _, want := range strings.Fields("summary.txt verdict.json summary.md report.html junit.xml bench.txt metrics.prom latency.hlog read.hgrm read.send-time.hgrm" +
		" write.hgrm timeseries.csv rate.svg latency-raw.svg latency-quantiles.svg counterexample/r17/ops.jsonl counterexample/r17/explain.md" +
		" counterexample/r17/timeline.svg counterexample/r17/porcupine.html") {
		if !slices.Contains(paths, want) {
			t.Errorf("%s is not among them", want)
		}
	}
}

func wellFormed(t *testing.T, name string, data []byte) {
	t.Helper()
	if err := xml.Unmarshal(data, new(struct{})); err != nil {
		t.Errorf("%s: %v", name, err)
	}
	if bytes.Contains(data, []byte("NaN")) || bytes.Contains(data, []byte("Inf")) {
		t.Errorf("%s has a coordinate that is no number", name)
	}
}

func TestExplain(t *testing.T) {
	h := example.Run(example.Options{Seed: 1, Faults: true})
	f, _ := reports.Find("counterexample")
	outputs, err := f.Render(reports.Summarise(h, example.Violated(h), reports.Options{Reproduce: summary.Reproduce{Command: "whitewater replay X"}}))
	if err != nil {
		t.Fatal(err)
	}
	for _, o := range outputs {
		switch {
		case strings.HasSuffix(o.Path, "explain.md"):
			want := "# key r17 is not linearizable: a read returned an older value\n\nCheck: linearizable. 4 operations of 403. Times count from the start of the load, negative before it.\n\n" +
				"```text\nop 100  31.040 – 31.102 s  client 11  n3  put r17 12 → ok\nop 101  31.120 – 31.204 s  client 4  n3  put r17 17 → ok\n" +
				"op 102  31.241 – 31.260 s  client 9  n3  get r17 → 17\nop 103  31.288 – 31.301 s  client 2  n1  get r17 → 12\n```\n\n" +
				"- before these, r17 is 12\n- client 2 was told 12 after client 9 had been told 17: no order has both\n\nMeanwhile:\n\n" +
				"- n1 was back 0.9 s after a kill, term 3\n- pause n2 was active\n\nAgain: `whitewater replay X`\n"
			if string(o.Data) != want {
				t.Errorf("%s", o.Data)
			}
		case strings.HasSuffix(o.Path, "ops.jsonl"):
			if n := bytes.Count(o.Data, []byte("\n")); n != 4 || bytes.Contains(o.Data, []byte("\n\n")) {
				t.Errorf("%d lines:\n%s", n, o.Data)
			}
		}
	}
}

// Counterexamples of the same name get folders of their own, and no name leaves the run's folder.
func TestFolders(t *testing.T) {
	h := example.Run(example.Options{Seed: 1, Length: 2 * time.Second})
	results := example.Violated(h)
	for _, name := range []string{"r17", "r17", "../../etc", "", "a/b c", strings.Repeat("x", 300)} {
		c := results[0].Counterexample[0]
		c.Name = name
		results[1].Counterexample = append(results[1].Counterexample, c)
	}
	var folders []string
	for _, c := range reports.Summarise(h, results, reports.Options{}).Counterexamples {
		folders = append(folders, strings.TrimPrefix(c.Folder, "counterexample/"))
	}
	want := fmt.Sprintf("[r17 durable-r17 durable-r17-2 _._.._etc unnamed a_b_c %s]", strings.Repeat("x", 64))
	if got := fmt.Sprint(folders); got != want {
		t.Errorf("%s\nwant %s", got, want)
	}
}

// The one order of exit codes is the same by every name.
func TestExitNames(t *testing.T) {
	code, _ := reports.Exit(reports.Findings{Signal: reports.ExitInterrupt})
	if code != reports.ExitInterrupt || reports.Worst(reports.ExitPass, reports.ExitUnknown) != reports.ExitUnknown {
		t.Errorf("exit code %d", code)
	}
	if reports.Word(reports.ExitClaim) != "CLAIM MISSED" {
		t.Error(reports.Word(reports.ExitClaim))
	}
}

// The page on reports names every file that there is.
func TestFilesAreDocumented(t *testing.T) {
	page, err := os.ReadFile("../docs/REPORT.md")
	if err != nil {
		t.Fatal(err)
	}
	h := example.Run(example.Options{Seed: 1, Faults: true})
	for _, f := range reports.Formats {
		outputs, err := f.Render(reports.Summarise(h, example.Violated(h), reports.Options{}))
		if err != nil {
			t.Fatal(err)
		}
		for _, o := range outputs {
			name := path.Base(o.Path)
			if op, isCurve := strings.CutSuffix(name, ".hgrm"); isCurve {
				_, face, _ := strings.Cut(op, ".")
				name = strings.TrimSuffix("read."+face, ".") + ".hgrm"
			}
			if !bytes.Contains(page, []byte("`"+name+"`")) {
				t.Errorf("docs/REPORT.md does not name %s", o.Path)
			}
		}
	}
}
