package serve

import (
	"bytes"
	"encoding/json"
	"os"
	"regexp"
	"slices"
	"testing"

	"github.com/whitewater-kv/whitewater/history"
	"github.com/whitewater-kv/whitewater/reports/metrics"
)

// etcdMetrics are those of a member that the dashboard asks for, as etcd 3.7 names them.
var etcdMetrics = []string{
	"etcd_disk_backend_commit_duration_seconds_bucket", "etcd_disk_wal_fsync_duration_seconds_bucket", "etcd_mvcc_db_total_size_in_bytes",
	"etcd_mvcc_db_total_size_in_use_in_bytes", "etcd_network_peer_round_trip_time_seconds_bucket", "etcd_server_has_leader",
	"etcd_server_leader_changes_seen_total", "etcd_server_proposals_applied_total", "etcd_server_proposals_failed_total",
	"etcd_server_proposals_pending", "grpc_server_handled_total",
}

var (
	metricName = regexp.MustCompile(`\b(?:whitewater|etcd|grpc)_[a-z_]+\b`)
	sampleName = regexp.MustCompile(`(?m)^(whitewater_[a-z_]+)[ {]`)
	labelled   = regexp.MustCompile(`(?:job=~"[^"]*"|grpc_service="[^"]*")`)
)

// The dashboard asks for nothing that nobody writes: every metric of ours is in a live run's answer, and every other is
// known to be etcd's.
func TestDashboard(t *testing.T) {
	data, err := os.ReadFile("../contrib/grafana/whitewater.json")
	if err != nil {
		t.Fatal(err)
	}
	live := metrics.NewLive()
	live.Add(text(t, "p1 n1 [1.1s 1.2s] put x 1 -> ok rev=2\nfault 0 [1s 1s 0s 0s] kill leader nodes=(n2)\nstatus n1 [1.9s] up running leader=n1 term=2\n"))
	live.Add([]history.Record{{Meta: &history.Meta{Run: "r"}}, {Fault: &history.Fault{ID: 1, Name: "kill", Nodes: []history.NodeID{"n1"}}},
		{Status: &history.Status{Node: "n1", Up: true, Leader: "n1", Term: 2}}})
	var out bytes.Buffer
	if err := live.Write(&out); err != nil {
		t.Fatal(err)
	}
	known := slices.Clone(etcdMetrics)
	for _, found := range sampleName.FindAllStringSubmatch(out.String(), -1) {
		known = append(known, found[1])
	}
	var board struct {
		Panels []struct {
			Title   string
			Targets []struct{ Expr string }
		}
		Annotations struct{ List []struct{ Expr string } }
		Templating  struct{ List []struct{ Query string } }
	}
	if err := json.Unmarshal(data, &board); err != nil {
		t.Fatal(err)
	}
	asked := map[string]bool{}
	look := func(where, expr string) {
		for _, name := range metricName.FindAllString(labelled.ReplaceAllString(expr, ""), -1) {
			if asked[name] = true; !slices.Contains(known, name) {
				t.Errorf("%s asks for %s, which nobody writes: %s", where, name, expr)
			}
		}
	}
	for _, p := range board.Panels {
		if len(p.Targets) == 0 {
			t.Errorf("panel %s asks for nothing", p.Title)
		}
		for _, target := range p.Targets {
			look("panel "+p.Title, target.Expr)
		}
	}
	for _, a := range board.Annotations.List {
		look("an annotation", a.Expr)
	}
	for _, v := range board.Templating.List {
		look("a variable", v.Query)
	}
	for _, name := range append(slices.Clone(etcdMetrics), "whitewater_ops_total", "whitewater_op_latency_seconds", "whitewater_offered_rate",
		"whitewater_schedule_slip_seconds", "whitewater_fault_active", "whitewater_leader_changes_total") {
		if !asked[name] {
			t.Errorf("no panel shows %s", name)
		}
	}
}
