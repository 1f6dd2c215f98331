package scenarios

// table is every field of a scenario file, bound to s. What a file may say is said here and nowhere else.
func table(s *Scenario, n Names) object {
	return object{
		{"version", "of the format", versionField{&s.Version}},
		{"name", "of the scenario; its file's name if it is left out", text{&s.Name}},
		{"doc", "what it is for", text{&s.Doc}},
		{"expect", "violation marks a negative control: it is right if a violation is found", choice{&s.Expect, []string{Pass, Violation}}},
		{"seed", "decides everything random; 0 draws one when the run starts", seed(&s.Seed)},
		{"target", "the system under test", targetTable(&s.Target, n)},
		{"load", "what the clients do", loadTable(&s.Load, n)},
		{"faults", "what breaks the cluster meanwhile", faultsTable(&s.Faults, n)},
		{"checks", "the checks to judge by; all if it is left out", wordList{&s.Checks, "check", n.Checks}},
		{"checker", "what checking may spend", object{
			{"timeout", "for each check; reaching it is unknown, never a pass", duration(&s.Checker.Timeout)},
			{"memory", "for all checks; reaching it is unknown, never a pass", size(&s.Checker.Memory)},
			{"evidence", "judge with the members' own files", boolean{&s.Checker.Evidence}},
		}},
		{"abort", "what ends the load early; it is healed, read and judged as always", object{
			{"on", "violation: one that is found while the run goes on", choice{&s.Abort.On, []string{Violation}}},
			{"grace", "for how long the load goes on all the same", duration(&s.Abort.Grace)},
		}},
		{"claims", "statements about the numbers, judged met, missed or inconclusive", claims{&s.Claims}},
	}
}

func targetTable(t *Target, n Names) object {
	return object{
		{"name", "the driver", choice{&t.Name, n.Targets}},
		{"binary", "the server's program instead of the one built in", text{&t.Binary}},
		{"version", "what the members must report: 3.7.3, or 3.7 for any of them", text{&t.Version}},
		{"nodes", "members: 1, 3, 5, 7 or 9", integer(&t.Nodes)},
		{"args", "further flags of the server, without their dashes", texts{&t.Args}},
		{"heartbeat-interval", "of the leader; 0 = the server's default", duration(&t.Heartbeat)},
		{"election-timeout", "without a heartbeat, until a member calls an election; 0 = the server's default", duration(&t.Election)},
		{"snapshot-count", "log entries between two snapshots; 0 = the server's default", integer(&t.SnapshotCount)},
		{"tls", "encrypt client and peer traffic with throw-away certificates", boolean{&t.TLS}},
		{"unsafe-no-fsync", "let members answer before their data is on disk", boolean{&t.UnsafeNoFsync}},
		{"direct", "nothing between clients and members: for benchmarks; no partitions", boolean{&t.Direct}},
	}
}

func loadTable(l *Load, n Names) object {
	return object{
		{"workload", "one or several, side by side on keys of their own", wordList{&l.Workloads, "workload", n.Workloads}},
		{"mix", "weights of the kinds of operation, such as { read: 60, write: 30, cas: 10 }", weights{&l.Mix}},
		{"rate", "operations offered by all clients together, open loop; 0 = closed loop", rate(&l.Rate)},
		{"arrival", "how the operations of an open loop are spread in time", choice{&l.Arrival, []string{"poisson", "constant"}}},
		{"clients", "each one operation at a time; 4n is four for each member", count(&l.Clients)},
		{"conns", "connections in all, to the members in turn, shared by the clients; 0 = one for each client", integer(&l.Conns)},
		{"duration", "of the measured part", duration(&l.Duration)},
		{"warmup", "before it: judged, not measured", duration(&l.Warmup)},
		{"total", "operations after which the load ends early; 0 = none", integer(&l.Total)},
		{"timeout", "after which a client gives up waiting, and the outcome is unknown", duration(&l.Timeout)},
		{"consistency", "l: linearizable reads; s: serializable", choice{&l.Consistency, []string{"l", "s"}}},
		{"judge", "what reads are judged by, if not by what they ask for", choice{&l.Judge, []string{"linearizable", "serializable"}}},
		{"keys", "the keys that clients use; the workload's own where left out", object{
			{"live", "in use at one time", integer(&l.Keys.Live)},
			{"ops-per-key", "operations on a key before a fresh one replaces it", integer(&l.Keys.OpsPerKey)},
			{"key-size", "bytes of a key, at least", size(&l.Keys.KeySize)},
			{"val-size", "bytes of a value, at least", size(&l.Keys.ValSize)},
			{"key-space", "distinct keys of a benchmark", integer(&l.Keys.KeySpace)},
			{"sequential", "keys of a benchmark in order, not at random", boolean{&l.Keys.Sequential}},
		}},
		{"ttl", "of leases; 0 = the workload's own", duration(&l.TTL)},
		{"hold", "how long a lock or leadership is held, on average; 0 = the workload's own", duration(&l.Hold)},
		{"limit", "most pairs that a range answers; 0 = the workload's own", integer(&l.Limit)},
		{"rw-ratio", "reads for each write, of benchmarks that mix them; 0 = the workload's own", ratio(&l.RWRatio)},
		{"txn-ops", "operations in one transaction of a benchmark; 0 = the workload's own", integer(&l.TxnOps)},
	}
}

func faultsTable(f *Faults, n Names) object {
	return object{
		{"random", "kinds of fault to draw from", wordList{&f.Random, "fault", n.Faults}},
		{"interval", "from the start of one random fault to the start of the next, on average", duration(&f.Interval)},
		{"hold", "how long a random fault lasts: 3s, or 2s..4s; 0s = shares of the interval", span(&f.Hold)},
		{"gap", "from a random fault's end to the next one's start, at least; 0 = a share of the interval", duration(&f.Gap)},
		{"at", "exact faults, in addition", steps{&f.At, n.Faults}},
	}
}
