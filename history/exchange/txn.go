package exchange

import "github.com/whitewater-kv/whitewater/history"

// registers is what the keys of Jepsen's transactions begin with: by it the checker of transactions knows them.
const registers = "wr/"

// transaction is [[:r k nil] [:w k v] …]. Lists that grow by [:append k v] have no words: nobody knows the new list
// when it is written.
func (in *importer) transaction(value node) (history.Request, bool) {
	txn := history.Request{Kind: history.Txn}
	for _, micro := range value.items {
		if len(micro.items) != 3 {
			in.note("transactions with parts that are not [function key value] are left out")
			return txn, false
		}
		key := registers + micro.items[1].String()
		switch f := micro.items[0].text; f {
		case "r":
			txn.Then = append(txn.Then, history.Request{Kind: history.Get, Key: key})
		case "w":
			txn.Then = append(txn.Then, history.Request{Kind: history.Put, Key: key, Value: micro.items[2].String()})
		default:
			in.note("transactions with :%s are left out: there are no words for it", f)
			return txn, false
		}
	}
	return txn, true
}

// answers files what a transaction's reads saw.
func (in *importer) answers(req history.Request, value node, res *history.Result) {
	if len(req.Then) != len(value.items) {
		return // also a put that clears elements first: it was told nothing
	}
	for i, r := range req.Then {
		var answer history.Result
		micro := value.items[i]
		if r.Kind == history.Get && len(micro.items) == 3 && micro.items[2].kind != 'n' {
			answer.KVs = []history.KV{{Key: r.Key, Value: micro.items[2].String()}}
		}
		res.Responses = append(res.Responses, answer)
	}
}
