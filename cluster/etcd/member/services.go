package member

import (
	"go.etcd.io/etcd/server/v3/etcdserver/api/v3election/v3electionpb"
	"go.etcd.io/etcd/server/v3/etcdserver/api/v3lock/v3lockpb"
)

// The lock and election services' messages live in etcd's server module, behind the door of this package.
type (
	LockRequest     = v3lockpb.LockRequest
	UnlockRequest   = v3lockpb.UnlockRequest
	CampaignRequest = v3electionpb.CampaignRequest
	ProclaimRequest = v3electionpb.ProclaimRequest
	ResignRequest   = v3electionpb.ResignRequest
	LeaderRequest   = v3electionpb.LeaderRequest
	LeaderKey       = v3electionpb.LeaderKey
	LockClient      = v3lockpb.LockClient
	ElectionClient  = v3electionpb.ElectionClient
)

// Clients of the two services.
var (
	NewLockClient     = v3lockpb.NewLockClient
	NewElectionClient = v3electionpb.NewElectionClient
)
