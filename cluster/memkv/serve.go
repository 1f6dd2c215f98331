package memkv

import (
	"context"
	"errors"

	"github.com/whitewater-kv/whitewater/cluster"
	"github.com/whitewater-kv/whitewater/history"
)

// client is bound to one member.
type client struct {
	sim  *sim
	node *node
}

func (s *sim) dial(ctx context.Context, id history.NodeID) (cluster.Client, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	n := s.node(id)
	if n == nil {
		return nil, errors.New("dial " + string(id) + ": no such member")
	}
	if err := s.until(ctx, func() bool { return s.open(history.Clients, id) }); err != nil {
		return nil, errors.New("dial " + string(id) + ": " + err.Error())
	}
	return &client{s, n}, nil
}

func (c *client) Close() error { return nil }

// Do sends the request to the member, which works on it whether or not the client waits for its answer.
func (c *client) Do(ctx context.Context, req history.Request) history.Result {
	s := c.sim
	s.mu.Lock()
	if s.life.Err() != nil || c.node.life.Err() != nil {
		s.mu.Unlock()
		return refuse(errRefused)
	}
	life := c.node.life
	done := make(chan history.Result, 1)
	s.work.Go(func() { done <- s.serve(life, ctx, c.node, req) })
	s.mu.Unlock()
	select {
	case res := <-done:
		return res
	case <-life.Done():
		return history.Result{Error: errLost}
	case <-ctx.Done():
	}
	if errors.Is(ctx.Err(), context.Canceled) {
		return history.Result{Error: errCanceled}
	}
	return history.Result{Error: errTimeout}
}

// serve is the way of a request: to the member, through the cluster, and back. Whatever breaks it on the way leaves its
// outcome unknown. client ends when the one who asked has given up. The request goes on nevertheless, save those that
// wait for their turn; and one that reaches a member only after that, because it was paused or cut off, goes on or not,
// as chance has it: the member finds the request and its cancellation side by side.
func (s *sim) serve(life, client context.Context, n *node, req history.Request) history.Result {
	s.mu.Lock()
	defer s.mu.Unlock()
	if err := s.travel(life, history.Clients, n.id); err != nil || client.Err() != nil && s.rng.IntN(2) == 0 {
		return s.broken(life)
	}
	ctx, cancel := context.WithTimeout(life, s.opts.Timeout)
	defer cancel()
	if s.bug.door != nil {
		if res, ok := s.bug.door(s, n, req); ok {
			return res
		}
	}
	res, err := s.handle(ctx, life, client, n, req)
	if err != nil {
		return s.broken(life)
	}
	if err := s.travel(ctx, n.id, history.Clients); err != nil {
		return s.broken(life)
	}
	return res
}

func (s *sim) broken(life context.Context) history.Result {
	if life.Err() != nil {
		return history.Result{Error: errLost}
	}
	return history.Result{Error: "timed out at server"}
}

func (s *sim) handle(ctx, life, client context.Context, n *node, req history.Request) (history.Result, error) {
	if reason := form(req); reason != "" {
		return refuse(reason), nil
	}
	switch req.Kind {
	case history.Lock, history.Campaign:
		return s.await(life, client, n, req)
	case history.Unlock, history.Proclaim, history.Resign, history.Leader:
		return s.recipe(ctx, n, req)
	case history.KeepAlive, history.TimeToLive:
		return s.lessor(ctx, n, req)
	case history.Grant:
		if req.Lease == 0 {
			req.Lease = s.rng.Int64() + 1
		}
	}
	if !req.ReadOnly() {
		res, err := s.propose(ctx, n, req)
		if s.bug.reply != nil && err == nil {
			s.bug.reply(s, n, req, &res)
		}
		return res, err
	}
	if !req.Serializable {
		if err := s.readIndex(ctx, n); err != nil {
			return history.Result{}, err
		}
	}
	return s.look(n, req), nil
}

// look answers a read from n's own state.
func (s *sim) look(n *node, req history.Request) history.Result {
	res := history.Result{Outcome: history.OK}
	now := n.revision
	if s.bug.moment != nil {
		s.bug.moment(s, n, req, &now)
	}
	if reason := s.answer(n, req, now, &res); reason != "" {
		return refuse(reason)
	}
	res.Header = s.header(n)
	if s.bug.report != nil {
		s.bug.report(s, n, req, &res)
	}
	return res
}

func (s *sim) answer(n *node, req history.Request, now int64, res *history.Result) string {
	if req.Kind != history.Txn {
		if reason := s.store.checkRevision(req.Revision, n.revision, n.compact); reason != "" {
			return reason
		}
		s.read(req, now, n.skips, res)
		return ""
	}
	side := req.Else
	if res.Succeeded = s.store.holds(req.If, now); res.Succeeded {
		side = req.Then
	}
	for _, op := range side {
		var r history.Result
		if reason := s.answer(n, op, now, &r); reason != "" {
			return reason
		}
		res.Responses = append(res.Responses, r)
	}
	return ""
}
