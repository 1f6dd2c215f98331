package checker

// All is the catalog of checkers, in the order in which they run and are reported.
//
// Adding a property: a file with one func(context.Context, *history.History, Limits) Result, a line here, known-bad
// histories in testdata, and a mutation in package generate that it alone catches.
var All = []Checker{
	{"linearizable", "every operation takes effect at one moment between its call and its return", checkLinearizable},
	{"durable", "no acknowledged write is missing at the end, on any member", checkDurable},
	{"revisions", "revisions never go back, none is used twice, and every answer is what the store held at its revision", checkRevisions},
	{"leader-terms", "at most one leader per term, and no member's term goes back", checkLeaderTerms},
	{"crashes", "no member panicked, hit a fatal error or ended unasked", checkCrashes},
	{"activity", "enough happened for the other verdicts to mean something", checkActivity},
	{"serializable", "every read of a past state shows the store at one revision, and no client's goes back", checkSerializable},
	{"watch", "every watch is ordered, unique, complete, atomic and resumable, and shows the store's history", checkWatch},
	{"raft", "one leader per term, matching logs, and nothing committed or acknowledged is missing from them", checkRaft},
	{"hashes", "the members' stores hash alike at one revision", checkHashes},
	{"transactions", "no cycle of dependencies and real time among transactions: they are strictly serializable", checkTransactions},
	{"bank", "the accounts' total never changes, and no balance is below zero", checkBank},
	{"set", "nothing added to a set is lost, stale or doubled, and nothing is in it that nobody added", checkSet},
	{"lease", "no key vanishes before its lease was promised to end, and none is under a lease that has ended", checkLease},
	{"discovery", "services are listed while they keep their leases alive, and not after they left", checkDiscovery},
	{"lock", "every lock is granted to the oldest contender alone, whose key is there", checkLock},
	{"election", "at each revision the oldest candidate leads, and it alone", checkElection},
	{"availability", "how long the store was of no use around each fault; never a verdict on safety", checkAvailability},
}
