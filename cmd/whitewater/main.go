// Command whitewater takes a Raft key-value cluster through white water: it launches the cluster, drives it, breaks it
// meanwhile, and says whether it came out right.
package main

import (
	"os"

	"github.com/whitewater-kv/whitewater/cluster/etcd/member"
)

func main() {
	if member.MaybeMain() {
		return
	}
	os.Exit(execute(os.Args[1:], app{out: os.Stdout, err: os.Stderr, getenv: os.Getenv}))
}
