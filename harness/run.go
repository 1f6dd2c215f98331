package harness

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"runtime/debug"
	"strings"
	"sync"

	"github.com/whitewater-kv/whitewater/checker"
	"github.com/whitewater-kv/whitewater/cluster"
	"github.com/whitewater-kv/whitewater/history"
	"github.com/whitewater-kv/whitewater/nemesis"
	"github.com/whitewater-kv/whitewater/reports/summary"
	"github.com/whitewater-kv/whitewater/reports/terminal"
	"github.com/whitewater-kv/whitewater/scenarios"
	"github.com/whitewater-kv/whitewater/store"
)

// Files of a run's folder that the harness writes itself.
const (
	ScenarioFile  = "scenario.yaml" // resolved: it runs again as it is
	ScheduleFile  = "schedule.txt"  // the faults, a line each
	LogFile       = "whitewater.log"
	ClientLogFile = "client.log"
)

// Garbage collections are rare while a load is measured: a recorded history only grows, so looking through it again and
// again would find nothing, and take the processor from the members. But garbage shall not be what the memory is full of.
const (
	gcPercent    = 400
	garbageBytes = 1 << 30
)

// gcPace is how much garbage may gather, in percent of a heap.
func gcPace(heapBytes uint64) int {
	return int(min(gcPercent, max(50, 100*garbageBytes/max(heapBytes, 1))))
}

// Config is one run to be carried out.
type Config struct {
	Scenario *scenarios.Scenario // its seed is set
	Driver   cluster.Driver
	Store    string           // the folder of all runs
	Schedule nemesis.Schedule // in place of the scenario's faults, for a replay; nil = the scenario's
	Progress terminal.Progress
	// Began is told of the run's folder before anything is started in it.
	Began func(*store.Run)
	// Live is given what was recorded, once a second, for whoever looks on; nil = nobody. An error ends the run.
	Live func([]history.Record) error
}

// Recorded is a run that was carried out, ready to be judged.
type Recorded struct {
	Run      *store.Run
	History  *history.History
	Fidelity summary.Fidelity
	Gauges   []summary.Gauge
	Schedule nemesis.Schedule
	// Environment says why the run could not be carried out, or not to its end; "" = it was.
	Environment string
	// Online is how far the run was certified while it went on; nil = it was not.
	Online *checker.Certified
}

// Run launches a cluster, carries out the scenario on it and ends the cluster; nothing is left but the run's folder. When
// ctx ends, the load ends, and everything that proves how the run came out is still done. An error means that there is
// no run; what went wrong later is in the Recorded.
func Run(ctx context.Context, cfg Config) (*Recorded, error) {
	plan, err := Resolve(cfg.Scenario, "")
	if err != nil {
		return nil, err
	}
	if cfg.Schedule != nil {
		plan.Schedule, plan.Meta.Planned = cfg.Schedule, len(cfg.Schedule)
	}
	rec := history.NewRecorder(plan.Meta)
	run, err := store.Create(cfg.Store, cfg.Scenario.Name, rec.History().Meta)
	if err != nil {
		return nil, err
	}
	plan.name(run.ID())
	rec.UpdateMeta(func(m *history.Meta) { m.Run = run.ID() })
	if cfg.Began != nil {
		cfg.Began(run)
	}
	r := &Recorded{Run: run, Schedule: plan.Schedule}
	if err := cfg.begin(r); err != nil {
		return nil, err
	}
	err = cfg.record(ctx, plan, rec, r)
	r.History = rec.History()
	if early := ctx.Err() != nil && len(r.History.Ops) == 0; err != nil && !early { // to be ended before it began is nobody's fault
		r.Environment = err.Error()
	}
	if err := r.save(); err != nil { // what was recorded can be judged
		r.Environment = told(r.Environment, err)
	}
	return r, nil
}

// name gives the run's name to everything that must differ from other runs'. Values begin with its short tail.
func (p *Plan) name(run string) {
	p.Meta.Run = run
	for i := range p.Loads {
		p.Loads[i].Params.Run = run[strings.LastIndexByte(run, '-')+1:]
	}
}

// begin writes down what is about to happen, and takes the measure of the disk.
func (cfg Config) begin(r *Recorded) error {
	if err := r.Run.Write(ScenarioFile, cfg.Scenario.YAML()); err != nil {
		return err
	}
	if err := r.Run.Write(ScheduleFile, []byte(r.Schedule.String())); err != nil {
		return err
	}
	took, err := probeFsync(r.Run.Path())
	if err != nil {
		return err
	}
	r.Fidelity.FsyncP50, r.Fidelity.FsyncP99 = quantile(took, .5), quantile(took, .99)
	return nil
}

// record launches the cluster and drives it, with the monitor beside it.
func (cfg Config) record(ctx context.Context, plan Plan, rec *history.Recorder, r *Recorded) (err error) {
	logs, err := openLogs(r.Run)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, logs.close()) }()

	spec := SpecOf(cfg.Scenario)
	spec.Dir, spec.Since, spec.Own, spec.Log, spec.ClientLog = r.Run.Path(), rec.Now, r.Run.Own, logs.own, logs.clients
	c, err := cfg.Driver.Launch(ctx, spec)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, c.Close()) }()
	rec.UpdateMeta(func(m *history.Meta) {
		m.Nodes, m.Version, m.Target, m.ElectionTimeout = c.Nodes, c.Version, c.Driver, c.ElectionTimeout
	})
	plan.Meta.Nodes = c.Nodes
	cfg.Progress.Event(0, fmt.Sprintf("%s %s: %d members up after %.1f s", c.Driver, c.Version, len(c.Nodes), rec.Now().Seconds()))
	logs.own.Info("launched", "version", c.Version, "nodes", c.Nodes, "schedule", plan.Schedule.String())

	done := make(chan struct{})
	var watching sync.WaitGroup
	var lost error
	driving, stop := context.WithCancel(ctx)
	defer stop()
	m := newMonitor(rec, plan, cfg.keep(r.Run), cfg.Progress)
	m.online = startOnline(plan, cfg.Scenario, logs.own)
	defer func() { r.Online = m.online.finish() }()
	if cfg.Scenario.Abort.On == scenarios.Violation {
		m.abort, m.grace = stop, cfg.Scenario.Abort.Grace
	}
	watching.Go(func() {
		if lost = m.run(done); lost != nil {
			stop() // a run that cannot be written down is not worth going on with
		}
	})
	defer debug.SetGCPercent(debug.SetGCPercent(gcPercent))
	before := takeGauge()
	err = Drive(driving, c, plan, rec, logs.own)
	measure(&r.Fidelity, before, takeGauge())
	close(done)
	watching.Wait()
	return errors.Join(err, lost)
}

// keep is where drained records go.
func (cfg Config) keep(run *store.Run) func([]history.Record) error {
	return func(records []history.Record) error {
		if cfg.Live != nil {
			if err := cfg.Live(records); err != nil {
				return err
			}
		}
		return run.Record(records)
	}
}

// logs are the files into which a run's parts speak; nothing of it reaches the terminal.
type logs struct {
	own     *slog.Logger
	clients io.Writer
	files   []*os.File
}

func openLogs(run *store.Run) (*logs, error) {
	l := &logs{}
	for _, name := range []string{LogFile, ClientLogFile} {
		file, err := os.OpenFile(run.File(name), os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o644)
		if err != nil {
			return nil, errors.Join(fmt.Errorf("open a log: %w", err), l.close())
		}
		l.files = append(l.files, file)
	}
	l.own = slog.New(slog.NewJSONHandler(l.files[0], &slog.HandlerOptions{Level: slog.LevelDebug}))
	l.clients = l.files[1]
	return l, nil
}

func (l *logs) close() error {
	var errs []error
	for _, file := range l.files {
		errs = append(errs, file.Close())
	}
	return errors.Join(errs...)
}
