package nemesis_test

import (
	"strings"
	"testing"

	"github.com/whitewater-kv/whitewater/nemesis"
)

// A step as a line and back. The second column is the line that String writes, where it is not the first.
func TestStepText(t *testing.T) {
	for _, tt := range [][2]string{
		{"at 8s for 2s kill leader"},
		{"at 8s for 2s partition leader one-way"},
		{"at 1m30s for 500ms partition majority-minority"},
		{"at 0s for 2s delay n2 200ms"},
		{"at 3s for 1s move-leader"},
		{"  at 90s  for 2000ms kill   all ", "at 1m30s for 2s kill all"},
	} {
		want := tt[1]
		if want == "" {
			want = tt[0]
		}
		s, err := nemesis.ParseStep(tt[0])
		if err != nil || s.String() != want {
			t.Errorf("%q: %q, %v; want %q", tt[0], s, err, want)
		}
	}
}

func TestFaultFlag(t *testing.T) {
	for flag, want := range map[string]string{
		"kill:leader@20s+4s":                 "at 20s for 4s kill leader",
		"kill:leader@20s":                    "at 20s for 3s kill leader",
		"pause@1.5s+2s":                      "at 1.5s for 2s pause",
		"partition:majority-minority@20s+4s": "at 20s for 4s partition majority-minority",
		"partition:leader:one-way@20s+4s":    "at 20s for 4s partition leader one-way",
		"clients:n2:replies@5s+1s":           "at 5s for 1s clients n2 replies",
	} {
		s, err := nemesis.ParseFaultFlag(flag)
		if err != nil || s.String() != want {
			t.Errorf("%q: %q, %v; want %q", flag, s, err, want)
		}
	}
}

// What is wrong is named, with what is allowed.
func TestStepErrors(t *testing.T) {
	for text, want := range map[string]string{
		"kill leader":                       `want "at TIME for TIME FAULT [TARGET] [SHAPE]"`,
		"at 8 for 2s kill leader":           `"8" is not a time since the start, like 20s`,
		"at -8s for 2s kill leader":         `"-8s" is not a time`,
		"at 8s for 0s kill leader":          `"0s" is not a length of time, like 4s`,
		"at 8s for 2s kil leader":           `no fault is called "kil"; there are kill, stop, pause,`,
		"at 8s for 2s kill boss":            `"boss" is not a target; there are leader,`,
		"at 8s for 2s kill leader one-way":  `"one-way" is not a target`,
		"at 8s for 2s partition leader odd": `"odd" is neither a target nor a shape of partition; its shapes are isolate,`,
		"at 8s for 2s partition bridge one": `"one" is neither a target nor a shape`,
		"at 8s for 2s kill n0":              `"n0" is not a target`,
	} {
		if s, err := nemesis.ParseStep(text); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: %v, %v; want %q", text, s, err, want)
		}
	}
	for text, want := range map[string]string{
		"kill":                     "want FAULT[:TARGET][:SHAPE]@TIME[+TIME]",
		"kill:a:b:c@1s":            "want FAULT[:TARGET][:SHAPE]@TIME[+TIME]",
		"kill:leader@soon":         `fault "kill:leader@soon": "soon" is not a time`,
		"kill:leader@1s+":          `"" is not a length of time`,
		"partition:nowhere@1s+1s":  `"nowhere" is neither a target nor a shape`,
		"partition:isolate:n1@1s+": `"" is not a length`,
	} {
		if s, err := nemesis.ParseFaultFlag(text); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: %v, %v; want %q", text, s, err, want)
		}
	}
}

// Whatever parses is written in a way that parses to the same.
func FuzzStep(f *testing.F) {
	f.Add("at 8s for 2s kill leader")
	f.Add("at 1h for 1ns partition n12 one-way-in")
	f.Add("at .5s for 1us clients replies")
	f.Fuzz(func(t *testing.T, text string) {
		s, err := nemesis.ParseStep(text)
		if err != nil {
			return
		}
		if again, err := nemesis.ParseStep(s.String()); err != nil || again != s {
			t.Errorf("%q is %+v, written %q, which is %+v, %v", text, s, s.String(), again, err)
		}
	})
}

func TestScheduleText(t *testing.T) {
	const want = "at 2s for 3s pause leader\nat 8s for 2s partition leader one-way\n"
	s, err := nemesis.ParseSchedule("# two faults\n\nat 8s for 2s partition leader one-way\nat 2s for 3s pause leader # early\n")
	if err != nil || s.String() != want {
		t.Errorf("got %v\n%s\nwant\n%s", err, s, want)
	}
	_, err = nemesis.ParseSchedule("at 1s for 1s kill\n\nkill\nat 1s for 1s kill boss")
	if err == nil || !strings.HasPrefix(err.Error(), `line 3: step "kill": want`) || !strings.Contains(err.Error(), "\nline 4: ") {
		t.Errorf("%v; want lines 3 and 4 named", err)
	}
}

// Overlaps: faults that would be put upon each other are rejected, others are welcome.
func TestScheduleOverlaps(t *testing.T) {
	for _, tt := range []struct{ a, b, want string }{
		{"at 1s for 2s kill leader", "at 3s for 2s kill leader", ""}, // one after the other
		{"at 1s for 4s kill leader", "at 3s for 2s kill leader", ""}, // the next leader
		{"at 1s for 4s kill leader", "at 3s for 2s pause follower", ""},
		{"at 1s for 4s pause n1", "at 3s for 2s kill n2", ""},
		{"at 1s for 4s pause n1", "at 3s for 2s kill n1", "the same node"},
		{"at 1s for 4s pause n1", "at 3s for 2s kill leader", ""},
		{"at 1s for 4s pause leader", "at 3s for 2s kill n1", "the same node"},
		{"at 1s for 4s pause one", "at 3s for 2s kill all", "the same node"},
		{"at 1s for 4s partition leader", "at 3s for 2s kill leader", ""},
		{"at 1s for 4s partition n1", "at 3s for 2s partition n2", "healing one would heal the other"},
		{"at 1s for 4s delay", "at 3s for 2s partition n2", "healing one would heal the other"},
		{"at 1s for 4s grey-leader", "at 3s for 2s partition n2", "healing one would heal the other"},
		{"at 1s for 4s clients n1", "at 3s for 2s partition n1", ""},
		{"at 1s for 4s clients n1", "at 3s for 2s clients n2 replies", ""},
		{"at 1s for 4s clients leader", "at 3s for 2s clients leader", "nodes that may be the same"},
		{"at 1s for 4s compact", "at 2s for 1s kill leader", ""},
		{"at 1s for 4s duty leader", "at 3s for 2s kill leader", "the same node"}, // it may be seen to run
		{"at 1s for 4s duty n1", "at 3s for 2s kill follower", "the same node"},
		{"at 1s for 4s duty n1", "at 3s for 2s kill n2", ""},
		{"at 1s for 4s kill leader", "at 3s for 2s duty leader", ""},
	} {
		_, err := nemesis.ParseSchedule(tt.a + "\n" + tt.b)
		switch {
		case tt.want == "" && err != nil:
			t.Errorf("%s, %s: %v", tt.a, tt.b, err)
		case tt.want != "" && (err == nil || !strings.Contains(err.Error(), tt.want) || !strings.Contains(err.Error(), tt.b)):
			t.Errorf("%s, %s: %v; want %q", tt.a, tt.b, err, tt.want)
		}
	}
	bad := nemesis.Schedule{{At: 2, For: 1, Fault: "kill"}, {At: 1, For: 1, Fault: "kill"}, {At: 5, For: 1, Fault: "kil"}, {At: 6, Fault: "kill"}}
	err := bad.Check()
	for _, want := range []string{"it comes after", `no fault is called "kil"`, "a length above 0"} {
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%v; want %q", err, want)
		}
	}
}
