package arch

import (
	"slices"
	"strconv"
	"strings"
)

// layers is the import table: which of our packages each may import. A name stands for the package and those below
// it. Imports point down only, so that history stays the ground floor and a checker never compiles a server.
var layers = map[string][]string{
	"history":             {},
	"cluster":             {"history"},
	"cluster/memkv":       {"cluster", "history", "internal/seed"},
	"cluster/etcd":        {"cluster", "history", "internal/procs", "internal/links"},
	"cluster/etcd/member": {"history"},
	"cluster/drivers":     {"cluster", "history"},
	"workloads":           {"history", "internal/seed"},
	"nemesis":             {"cluster", "history", "internal/seed"},
	"checker":             {"checker", "history"},
	"reports":             {"reports", "checker", "history", "internal/seed"},
	"store":               {"history"},
	"scenarios":           {"history", "internal"},
	"harness": {"harness", "cluster", "history", "workloads", "nemesis", "checker", "reports", "scenarios", "store",
		"internal"},
	"serve":          {"history", "store", "reports", "checker", "internal"},
	"internal/seed":  {},
	"internal/units": {},
	"internal/procs": {},
	"internal/links": {"cluster", "history", "internal/seed"},
	"internal/arch":  {},
	"cmd/whitewater": {"cluster", "history", "workloads", "nemesis", "checker", "reports", "scenarios", "store",
		"harness", "internal", "serve", "cmd/whitewater"},
}

// notFor takes back what a layer's names would allow.
var notFor = map[string][]string{
	"harness": {"cluster/etcd", "cluster/drivers", "cluster/memkv"}, // its tests need no etcd
	"cluster": {"cluster/etcd", "cluster/memkv"},
}

// doors names, for each dependency, the only packages of ours that import it. Exchanging one is then a matter of one
// folder. The longest name that fits decides.
var doors = map[string][]string{
	"github.com/anishathalye/porcupine": {"checker"},
	"go.etcd.io/etcd/client":            {"cluster/etcd"},
	"go.etcd.io/etcd/api":               {"cluster/etcd"},
	"go.etcd.io/etcd/server":            {"cluster/etcd/member"},
	"go.etcd.io/etcd":                   {"cluster/etcd"},
	"go.etcd.io/raft":                   {"cluster/etcd/member"},
	"go.etcd.io/bbolt":                  {"cluster/etcd/member"},
	"google.golang.org/grpc":            {"cluster/etcd"},
	"google.golang.org/protobuf":        {"cluster/etcd"},
	"go.uber.org/zap":                   {"cluster/etcd"},
	"github.com/HdrHistogram":           {"reports"},
	"golang.org/x/perf":                 {"reports"},
	"github.com/klauspost/compress":     {"store"},
	"go.yaml.in/yaml":                   {"scenarios"},
	"github.com/spf13":                  {"cmd/whitewater"},
	"golang.org/x/term":                 {"reports", "cmd/whitewater"},
	"golang.org/x/sys":                  {"internal/procs", "internal/links", "cluster/etcd", "cmd/whitewater"},
	"golang.org/x/net":                  {"cluster/etcd"},
	"golang.org/x/sync":                 {"cluster/etcd"},
	"github.com/rogpeppe/go-internal":   {}, // tests only
	"github.com/santhosh-tekuri":        {}, // tests only
}

// imports holds the import table and the doors. Tests may reach sideways: they join what the program keeps apart.
func imports(s *source) (found []string) {
	if s.test {
		return nil
	}
	layer, ok := longest(layers, s.dir)
	if !ok {
		return []string{s.at(s.file.Package, "package %s is not in the import table", s.dir)}
	}
	for _, imp := range s.file.Imports {
		name, err := strconv.Unquote(imp.Path.Value)
		if err != nil {
			continue
		}
		if ours, ok := strings.CutPrefix(name, Module); ok {
			within := below(ours, layer)
			if !within && (!belowAny(ours, layers[layer]) || belowAny(ours, notFor[layer])) {
				found = append(found, s.at(imp.Pos(), "%s imports %s, which is not below it", s.dir, ours))
			}
			continue
		}
		first, _, _ := strings.Cut(name, "/")
		if !strings.Contains(first, ".") {
			continue // the standard library
		}
		door, ok := longest(doors, name)
		if !ok {
			found = append(found, s.at(imp.Pos(), "%s imports %s, which has no door: who may?", s.dir, name))
		} else if !belowAny(s.dir, doors[door]) {
			found = append(found, s.at(imp.Pos(), "%s imports %s: only %s may", s.dir, name, strings.Join(doors[door], ", ")))
		}
	}
	return found
}

// longest is the longest key that name is, or is below.
func longest(table map[string][]string, name string) (best string, ok bool) {
	for key := range table {
		if below(name, key) && (!ok || len(key) > len(best)) {
			best, ok = key, true
		}
	}
	return best, ok
}

func below(name, top string) bool { return name == top || strings.HasPrefix(name, top+"/") }

func belowAny(name string, tops []string) bool {
	return slices.ContainsFunc(tops, func(top string) bool { return below(name, top) })
}
