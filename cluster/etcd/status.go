package etcd

import (
	"context"
	"time"

	pb "go.etcd.io/etcd/api/v3/etcdserverpb"

	"github.com/whitewater-kv/whitewater/history"
)

// statusTimeout bounds the wait for one member's word about itself, which it gives without asking others.
const statusTimeout = time.Second

// status asks past the links: what is cut off from clients can still be observed.
func (s *system) status(ctx context.Context, id history.NodeID) history.Status {
	n, ok := s.nodes[id]
	if !ok {
		return history.Status{At: s.spec.Since(), Node: id}
	}
	ctx, cancel := context.WithTimeout(ctx, statusTimeout)
	defer cancel()
	report := history.Status{Node: id}
	if !s.foreign {
		report.State = n.state()
	}
	if !s.foreign && report.State != "running" {
		report.At = s.spec.Since()
		return report
	}
	response, err := maintenance(s.probes[id].conn).Status(ctx, "")
	report.At = s.spec.Since()
	if err != nil || s.expect(id).check(headerOf(response.Header)) != nil {
		return report
	}
	fill(&report, (*pb.StatusResponse)(response), s.name(response.Leader))
	return report
}

func fill(report *history.Status, r *pb.StatusResponse, leader history.NodeID) {
	report.Up = true
	report.Member = r.GetHeader().GetMemberId()
	report.Leader = leader
	report.Term, report.Index, report.Applied = r.GetRaftTerm(), r.GetRaftIndex(), r.GetRaftAppliedIndex()
	report.Revision, report.DBBytes, report.Errors = r.GetHeader().GetRevision(), r.GetDbSize(), r.GetErrors()
}

// name is the node with the member id; "" = nobody.
func (s *system) name(member uint64) history.NodeID {
	for id, n := range s.nodes {
		if member != 0 && n.member == member {
			return id
		}
	}
	return ""
}
