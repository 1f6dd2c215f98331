// Package etcd is the driver for etcd: any etcd server program from 3.4 on, or the one built into this binary.
//
// Members are processes on this machine. They listen on Unix sockets in their own folders wherever they can; they call each other through forward proxies (HTTP_PROXY) that know the caller, and clients call them through a link
// each: that is where links are cut.
package etcd

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"path/filepath"
	"slices"
	"time"

	"github.com/whitewater-kv/whitewater/cluster"
	"github.com/whitewater-kv/whitewater/cluster/etcd/member"
	"github.com/whitewater-kv/whitewater/history"
	"github.com/whitewater-kv/whitewater/internal/links"
)

// Driver launches etcd.
var Driver = cluster.Driver{Name: "etcd", Doc: "etcd: the one built in, or any server program from 3.4 on", Launch: Launch}

// Sizes are the numbers of members that a cluster can have. Even ones tolerate no more failures than one less.
var Sizes = []int{1, 3, 5, 7, 9}

const (
	// launchTimeout bounds the time until all members answer, if the context has no deadline.
	launchTimeout = 2 * time.Minute
	closeTimeout  = time.Minute
	// launches bounds the attempts to find free ports.
	launches = 5
)

// system is a running cluster.
type system struct {
	spec     cluster.Spec
	epoch    time.Time // wall clock when Since was zero
	token    string
	id       uint64 // the cluster's
	version  string
	resolves bool // members start only when they have resolved their peers' names
	foreign  bool // somebody else's: its processes are not ours to know
	order    []history.NodeID
	nodes    map[history.NodeID]*node
	fabric   *links.Fabric // nil: direct
	certs    *certificates // nil: plain
	held     []io.Closer   // ports
	dials    *dialler
	probes   map[history.NodeID]*client // past the links, for Status and Admin
}

// Launch starts a cluster of new members and returns when all of them answer and agree on a leader. Errors that the
// machine is to blame for are *cluster.EnvironmentError.
func Launch(ctx context.Context, spec cluster.Spec) (*cluster.Cluster, error) {
	spec, err := defaults(spec)
	if err != nil {
		return nil, err
	}
	logClients(spec.ClientLog)
	b, err := ask(ctx, spec.Binary)
	if err != nil {
		return nil, err
	}
	for attempt := 1; ; attempt++ {
		s := newSystem(spec)
		err := s.launch(ctx, b)
		if err == nil {
			return s.cluster(), nil
		}
		err = errors.Join(err, s.close())
		if !errors.Is(err, errPortTaken) || attempt == launches || ctx.Err() != nil {
			return nil, err
		}
		spec.Log.Warn("a port was taken between choosing and using it; trying others", "err", err)
	}
}

func defaults(spec cluster.Spec) (cluster.Spec, error) {
	if spec.Nodes == 0 {
		spec.Nodes = 3
	}
	if !slices.Contains(Sizes, spec.Nodes) {
		return spec, fmt.Errorf("launch: %d nodes: want one of %v", spec.Nodes, Sizes)
	}
	if spec.Heartbeat == 0 {
		spec.Heartbeat = 100 * time.Millisecond
	}
	if spec.Election == 0 {
		spec.Election = 10 * spec.Heartbeat
	}
	if spec.Election < 5*spec.Heartbeat || spec.Heartbeat < time.Millisecond {
		return spec, fmt.Errorf("launch: election timeout %v with heartbeats every %v: etcd wants at least five times as much", spec.Election, spec.Heartbeat)
	}
	if spec.Log == nil {
		spec.Log = slog.New(slog.DiscardHandler)
	}
	if spec.Since == nil {
		began := time.Now()
		spec.Since = func() time.Duration { return time.Since(began) }
	}
	dir, err := filepath.Abs(spec.Dir)
	if spec.Dir == "" || err != nil {
		return spec, fmt.Errorf("launch: no folder for the members: %q", spec.Dir)
	}
	spec.Dir = dir
	return spec, nil
}

func newSystem(spec cluster.Spec) *system {
	random := make([]byte, 8)
	rand.Read(random) // never fails
	s := &system{spec: spec, token: "whitewater-" + hex.EncodeToString(random), nodes: make(map[history.NodeID]*node),
		probes: make(map[history.NodeID]*client), epoch: time.Now().Add(-spec.Since())}
	for i := range spec.Nodes {
		id := history.NodeID(fmt.Sprintf("n%d", i+1))
		s.order = append(s.order, id)
		s.nodes[id] = &node{id: id, dir: filepath.Join(spec.Dir, "nodes", string(id)), own: spec.Own}
	}
	if !spec.Direct {
		s.fabric = links.New(spec.Log)
	}
	return s
}

func (s *system) launch(ctx context.Context, b *binary) error {
	if _, bounded := ctx.Deadline(); !bounded {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeout(ctx, launchTimeout)
		defer cancel()
	}
	s.version, s.resolves = b.version, !b.atLeast(3, 5, 7)
	for _, id := range s.order {
		if err := s.nodes[id].prepare(); err != nil {
			return err
		}
	}
	if s.spec.TLS {
		var err error
		if s.certs, err = issue(filepath.Join(s.spec.Dir, "nodes", "tls"), s.order); err != nil {
			return environment("make certificates", err)
		}
	}
	s.dials = newDialler(s.certs)
	if err := s.address(); err != nil {
		return err
	}
	if err := s.configure(ctx, b); err != nil {
		return err
	}
	for _, id := range s.order {
		probe, err := s.dials.open(s.nodes[id].client, s.expect(id))
		if err != nil {
			return err
		}
		s.probes[id] = probe
	}
	if err := s.startAll(ctx); err != nil {
		return err
	}
	return s.await(ctx, func() string { return s.disagreement(ctx) })
}

// configure writes down how each member is started, and which ids it must answer with.
func (s *system) configure(ctx context.Context, b *binary) error {
	common, err := s.common(ctx, b)
	if err != nil {
		return err
	}
	urls := make(map[history.NodeID]string)
	for _, id := range s.order {
		n, proxy := s.nodes[id], ""
		if s.fabric != nil {
			if proxy, err = s.fabric.ForwardProxy(id); err != nil {
				return environment("launch "+string(id), err)
			}
		}
		n.path, n.args, n.env = b.path, s.own(n, common), s.environ(b, proxy)
		if err := os.WriteFile(filepath.Join(n.dir, "args"), []byte(script(n)), 0o644); err != nil {
			return environment("prepare "+string(id), err)
		}
		urls[id] = s.peerURL(id)
	}
	ids, clusterID, err := member.IDs(s.token, urls)
	if err != nil {
		return fmt.Errorf("launch: %w", err)
	}
	s.id = clusterID
	for id, n := range s.nodes {
		n.member = ids[id]
	}
	return nil
}

func (s *system) cluster() *cluster.Cluster {
	c := &cluster.Cluster{Driver: "etcd", Version: s.version, Nodes: slices.Clone(s.order), ElectionTimeout: s.spec.Election,
		Endpoints: make(map[history.NodeID]string), Dial: s.dial, Status: s.status, Watch: s.watch, Collect: s.collect,
		Close: s.close, Process: processes{s}, Admin: admin{s}}
	for id, n := range s.nodes {
		c.Endpoints[id] = n.endpoint
	}
	if s.fabric != nil {
		c.Network = network{s}
	}
	return c
}

// close ends everything, whatever state it is in. It may be called again.
func (s *system) close() error {
	ctx, cancel := context.WithTimeout(context.Background(), closeTimeout)
	defer cancel()
	var errs []error
	for _, probe := range s.probes {
		errs = append(errs, probe.Close())
	}
	for _, n := range s.nodes {
		if !s.foreign {
			errs = append(errs, n.close(ctx, s.spec.KeepData))
		}
	}
	for _, port := range s.held {
		port.Close()
	}
	if s.fabric != nil {
		errs = append(errs, s.fabric.Close())
	}
	if s.certs != nil {
		errs = append(errs, os.RemoveAll(s.certs.dir))
	}
	return errors.Join(errs...)
}
