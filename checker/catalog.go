package checker

// All is the catalog of checkers, in the order in which they run and are reported.
//
// Adding a property: a file with one func(context.Context, *history.History, Limits) Result, a line here, known-bad
// histories in testdata, and a mutation in package generate that it alone catches.
var All = []Checker{
	{"linearizable", "every operation takes effect at one moment between its call and its return", checkLinearizable},
	{"durable", "no acknowledged write is missing at the end, on any member", checkDurable},
	{"revisions", "revisions never go back, none is used twice, and one revision means one value", checkRevisions},
	{"leader-terms", "at most one leader per term, and no member's term goes back", checkLeaderTerms},
	{"crashes", "no member panicked, hit a fatal error or ended unasked", checkCrashes},
	{"activity", "enough happened for the other verdicts to mean something", checkActivity},
	{"serializable", "every read of a past state shows the store at one revision, and no client's goes back", checkSerializable},
	{"watch", "every watch is ordered, unique, complete, atomic and resumable, and shows the store's history", checkWatch},
	{"raft", "one leader per term, matching logs, and nothing committed or acknowledged is missing from them", checkRaft},
	{"hashes", "the members' stores hash alike at one revision", checkHashes},
}
