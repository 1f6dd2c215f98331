package exchange

import (
	"strings"

	"github.com/whitewater-kv/whitewater/history"
)

// micros are the parts of a transaction, [[:r k nil] [:w k v] [:append k v] …], and what the names of its keys begin
// with; false if the event is none. Elle's histories leave the :f out.
func (in *importer) micros(e event) (group string, micros []node, ok bool) {
	key, value := in.keyed(e)
	if in.values.grouped && key != anyKey {
		group = key + "/"
	}
	if e.f == "txn" || e.f == "" && value.kind == 'l' && len(value.items) > 0 && len(value.items[0].items) == 3 {
		return group, value.items, true
	}
	return "", nil, false
}

func (in *importer) transaction(group string, micros []node) (history.Request, bool) {
	txn := history.Request{Kind: history.Txn}
	for _, micro := range micros {
		if len(micro.items) != 3 {
			return in.wordless("txn", "transactions with parts that are not [function key value]")
		}
		f, value := micro.items[0].text, micro.items[2]
		key := in.named(group + micro.items[1].String())
		switch {
		case f == "r":
			txn.Then = append(txn.Then, history.Request{Kind: history.Get, Key: key})
		case f == "append":
			txn.Then = append(txn.Then, history.Request{Kind: history.Append, Key: key, Value: in.element(value)})
		case f == "w" && value.kind == 'n':
			txn.Then = append(txn.Then, history.Request{Kind: history.Delete, Key: key})
		case f == "w":
			txn.Then = append(txn.Then, history.Request{Kind: history.Put, Key: key, Value: value.String()})
		default:
			return in.wordless("txn", "transactions with :"+f)
		}
	}
	return txn, true
}

// named is the name of a transaction's key: of a list if it is appended to, or if it is only read where others are; of a
// register otherwise.
func (in *importer) named(key string) string {
	v := &in.values
	if v.appended[key] || strings.HasPrefix(key, listPrefix) || len(v.appended) > 0 && !v.written[key] && !strings.HasPrefix(key, registerPrefix) {
		return prefixed(listPrefix, key)
	}
	return prefixed(registerPrefix, key)
}

// answers files what a transaction's reads saw.
func (in *importer) answers(req history.Request, micros []node, res *history.Result) {
	if len(req.Then) != len(micros) {
		return
	}
	for i, r := range req.Then {
		var answer history.Result
		if micro := micros[i]; r.Kind == history.Get && len(micro.items) == 3 {
			in.read(event{f: "r"}, r, micro.items[2], &answer)
		}
		res.Responses = append(res.Responses, answer)
	}
}
