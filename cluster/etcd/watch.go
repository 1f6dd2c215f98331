package etcd

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	pb "go.etcd.io/etcd/api/v3/etcdserverpb"
	"google.golang.org/grpc"

	"github.com/whitewater-kv/whitewater/cluster"
	"github.com/whitewater-kv/whitewater/history"
)

// watch opens one stream with one watch on it, along the clients' link. Nothing is resumed behind the caller's back:
// when the stream breaks, the watch ends with an error, and every response is passed on as it was sent.
func (s *system) watch(ctx context.Context, w history.Watch, each func(history.WatchResponse)) error {
	n, ok := s.nodes[w.Node]
	if !ok {
		return fmt.Errorf("watch on %s: no such member", w.Node)
	}
	c, err := s.dials.open(address{"tcp", n.endpoint}, s.expect(w.Node))
	if err != nil {
		return err
	}
	defer c.Close()
	return c.watch(ctx, w, each)
}

func (c *client) watch(ctx context.Context, w history.Watch, each func(history.WatchResponse)) error {
	ctx, end := context.WithCancel(ctx)
	var asking sync.WaitGroup
	defer asking.Wait()
	defer end()
	stream, err := pb.NewWatchClient(c.conn).Watch(ctx, grpc.WaitForReady(true))
	if err == nil {
		err = stream.Send(&pb.WatchRequest{RequestUnion: &pb.WatchRequest_CreateRequest{CreateRequest: watchRequest(w)}})
	}
	for err == nil {
		var response *pb.WatchResponse
		if response, err = stream.Recv(); err != nil {
			break
		}
		if err = c.expect.check(headerOf(response.GetHeader())); err == nil {
			err = deliver(response, each)
		}
		if err == nil && response.GetCreated() && w.Progress {
			asking.Go(func() { askForBookmarks(ctx, stream) })
		}
	}
	if ctx.Err() != nil {
		return nil
	}
	c.account.ended(err)
	var compacted *cluster.Compacted
	if errors.As(err, &compacted) {
		return err
	}
	return fmt.Errorf("watch on %s: %w", w.Node, err)
}

// bookmarkEvery is how often a watch that wants bookmarks asks for one. Those that the store sends of its own accord come
// when nothing else does; one that was asked for comes amid events, and must not overtake them.
const bookmarkEvery = 50 * time.Millisecond

// askForBookmarks ends with ctx, or when the stream has broken, which its reader is told. It begins when the watch was
// created: one that is asked for before may be answered before, and is then about the watches that were there already.
func askForBookmarks(ctx context.Context, stream pb.Watch_WatchClient) {
	ticker := time.NewTicker(bookmarkEvery)
	defer ticker.Stop()
	for {
		select {
		case <-ticker.C:
			if stream.Send(&pb.WatchRequest{RequestUnion: &pb.WatchRequest_ProgressRequest{ProgressRequest: &pb.WatchProgressRequest{}}}) != nil {
				return
			}
		case <-ctx.Done():
			return
		}
	}
}

func watchRequest(w history.Watch) *pb.WatchCreateRequest {
	key, end := span(w.Key, w.End)
	create := &pb.WatchCreateRequest{Key: key, RangeEnd: end, StartRevision: w.Start, PrevKv: w.PrevKV,
		ProgressNotify: w.Progress, Fragment: w.Fragment}
	if w.NoPut {
		create.Filters = append(create.Filters, pb.WatchCreateRequest_NOPUT)
	}
	if w.NoDelete {
		create.Filters = append(create.Filters, pb.WatchCreateRequest_NODELETE)
	}
	return create
}

// deliver passes a response on; the last one, which cancels the watch, is an error instead.
func deliver(r *pb.WatchResponse, each func(history.WatchResponse)) error {
	if r.GetCompactRevision() != 0 {
		return &cluster.Compacted{Revision: r.GetCompactRevision()}
	}
	if r.GetCanceled() {
		return fmt.Errorf("cancelled by the store: %s", r.GetCancelReason())
	}
	response := history.WatchResponse{Header: headerOf(r.GetHeader()), Created: r.GetCreated(), Fragment: r.GetFragment()}
	for _, e := range r.GetEvents() {
		event := history.Event{Delete: e.GetType() == 1, KV: kvOf(e.GetKv())}
		if e.GetPrevKv() != nil {
			prev := kvOf(e.GetPrevKv())
			event.Prev = &prev
		}
		response.Events = append(response.Events, event)
	}
	response.Progress = !response.Created && !response.Fragment && len(response.Events) == 0
	each(response)
	return nil
}
