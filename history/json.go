package history

import (
	"encoding/base64"
	"encoding/json"
	"fmt"
	"strconv"
	"unicode/utf8"
)

// AppendRecord appends the record as one line of JSON, with its newline. An operation has two lines, of type invoke and
// of type ok, fail or info, each whole in itself.
func AppendRecord(b []byte, r Record) []byte {
	switch {
	case r.Call != nil:
		b = appendOp(b, r.Call, "invoke")
	case r.Return != nil:
		b = appendOp(b, r.Return, types[min(r.Return.Result.Outcome, Fail)])
	case r.Watch != nil:
		b = appendWatch(b, r.Watch)
	case r.Response != nil:
		b = appendResponse(b, r.WatchID, r.Response)
	case r.Fault != nil:
		b = appendText(b, `{"type":"info","process":"nemesis","f":`, r.Fault.Name)
		b = appendNumber(b, `,"time":`, int64(r.Fault.Start))
		b = appendValue(b, `,"fault":`, r.Fault)
	case r.Status != nil:
		b = appendValue(b, `{"type":"status","status":`, r.Status)
	case r.Evidence != nil:
		b = appendValue(b, `{"type":"evidence","evidence":`, r.Evidence)
	case r.Meta != nil:
		b = appendValue(b, `{"type":"meta","meta":`, r.Meta)
	default:
		return b
	}
	return append(b, "}\n"...)
}

// types are Jepsen's words for outcomes.
var types = [...]string{Unknown: "info", OK: "ok", Fail: "fail"}

// names of the kinds in JSON, Jepsen's where it has one; the verb of the text form otherwise.
func functionName(k Kind) string {
	switch k {
	case Get:
		return "read"
	case Put:
		return "write"
	}
	return k.String()
}

func appendOp(b []byte, op *Op, kind string) []byte {
	b = append(b, `{"index":`...)
	b = strconv.AppendInt(b, int64(op.ID), 10)
	b = append(b, `,"type":"`...)
	b = append(b, kind...)
	b = append(b, `","process":`...)
	b = strconv.AppendInt(b, int64(op.Process), 10)
	b = append(b, ',')
	b = appendRequest(b, &op.Request)
	time := op.Call
	if kind != "invoke" {
		time = op.Return
		b = appendResult(b, &op.Request, &op.Result)
	}
	b = append(b, `,"time":`...)
	b = strconv.AppendInt(b, int64(time), 10)
	if kind != "invoke" {
		b = append(b, `,"call":`...)
		b = strconv.AppendInt(b, int64(op.Call), 10)
	}
	if op.Due != op.Call {
		b = append(b, `,"due":`...)
		b = strconv.AppendInt(b, int64(op.Due), 10)
	}
	if op.Stage != Load {
		b = appendText(b, `,"stage":`, op.Stage.String())
	}
	return appendText(b, `,"node":`, string(op.Node))
}

// appendRequest appends the request's members, without braces.
func appendRequest(b []byte, r *Request) []byte {
	b = append(b, `"f":"`...)
	b = append(b, functionName(r.Kind)...)
	b = append(b, '"')
	b = appendWord(b, `,"key":`, r.Key)
	b = appendWord(b, `,"end":`, r.End)
	switch r.Kind {
	case Get: // "value" is what was read
	case CAS:
		b = appendText(b, `,"value":[`, r.Expect)
		b = append(appendText(b, `,`, r.Value), ']')
	case Put:
		b = appendText(b, `,"value":`, r.Value)
	default:
		b = appendWord(b, `,"value":`, r.Value)
	}
	b = appendNumber(b, `,"at":`, r.Revision)
	b = appendNumber(b, `,"limit":`, r.Limit)
	b = appendNumber(b, `,"lease":`, r.Lease)
	b = appendNumber(b, `,"ttl":`, r.TTL)
	b = appendNumber(b, `,"wait":`, r.Wait)
	b = appendFlag(b, `,"serializable":true`, r.Serializable)
	b = appendFlag(b, `,"keys_only":true`, r.KeysOnly)
	b = appendFlag(b, `,"count_only":true`, r.CountOnly)
	if r.Leader != nil {
		b = append(appendLeader(append(b, `,"leader":{`...), r.Leader), '}')
	}
	if len(r.If) > 0 {
		b = appendList(append(b, `,"if":`...), r.If, appendCompare)
	}
	if len(r.Then) > 0 {
		b = appendList(append(b, `,"then":`...), r.Then, appendRequest)
	}
	if len(r.Else) > 0 {
		b = appendList(append(b, `,"else":`...), r.Else, appendRequest)
	}
	return b
}

func appendCompare(b []byte, c *Compare) []byte {
	b = appendText(b, `"key":`, c.Key)
	b = appendText(b, `,"target":`, c.Target)
	b = appendText(b, `,"op":`, c.Op)
	b = appendWord(b, `,"value":`, c.Value)
	return appendNumber(b, `,"number":`, c.Number)
}

// appendResult appends the result's members, each with its comma. A get's answer is its value; null if there is none.
func appendResult(b []byte, req *Request, r *Result) []byte {
	switch {
	case req.Kind == Get && r.Outcome == OK && len(r.KVs) == 0:
		b = append(b, `,"value":null`...)
	case req.Kind == Get && r.Outcome == OK && len(r.KVs) == 1 && r.KVs[0].Key == req.Key && r.KVs[0].Lease == 0:
		b = appendText(b, `,"value":`, r.KVs[0].Value)
		b = appendNumber(b, `,"create":`, r.KVs[0].Create)
		b = appendNumber(b, `,"mod":`, r.KVs[0].Mod)
		b = appendNumber(b, `,"version":`, r.KVs[0].Version)
	case len(r.KVs) > 0:
		b = appendList(append(b, `,"kvs":`...), r.KVs, appendPair)
	}
	if len(r.Prev) > 0 {
		b = appendList(append(b, `,"prev":`...), r.Prev, appendPair)
	}
	b = appendFlag(b, `,"won":true`, r.Succeeded)
	b = appendFlag(b, `,"more":true`, r.More)
	b = appendNumber(b, `,"count":`, r.Count)
	b = appendNumber(b, `,"deleted":`, r.Deleted)
	b = appendNumber(b, `,"granted_lease":`, r.Lease)
	b = appendNumber(b, `,"ttl_left":`, r.TTL)
	b = appendNumber(b, `,"ttl_granted":`, r.Granted)
	b = appendWord(b, `,"holder":`, r.Key)
	if r.Leader != nil {
		b = append(appendLeader(append(b, `,"leader_key":{`...), r.Leader), '}')
	}
	if len(r.Keys) > 0 {
		b = append(b, `,"keys":`...)
		for i, key := range r.Keys {
			b = appendText(b, separator(i), key)
		}
		b = append(b, ']')
	}
	b = appendHeader(b, r.Header)
	b = appendWord(b, `,"error":`, r.Error)
	if len(r.Responses) > 0 {
		b = append(b, `,"responses":`...)
		for i := range r.Responses {
			b = append(appendAnswer(append(b, separator(i)...), &r.Responses[i]), '}')
		}
		b = append(b, ']')
	}
	return b
}

// appendAnswer appends one answer of a transaction, with its opening brace. An outcome that is not set is left out.
func appendAnswer(b []byte, r *Result) []byte {
	start := len(b)
	if r.Outcome != Unknown {
		b = appendText(b, `,"type":`, types[min(r.Outcome, Fail)])
	}
	// The request is not beside its answer in the line, so no short form of a get's.
	if b = appendResult(b, &Request{Kind: Range}, r); len(b) == start {
		return append(b, '{')
	}
	b[start] = '{'
	return b
}

func appendHeader(b []byte, h Header) []byte {
	b = appendNumber(b, `,"rev":`, h.Revision)
	b = appendUnsigned(b, `,"term":`, h.Term)
	b = appendUnsigned(b, `,"member":`, h.Member)
	return appendUnsigned(b, `,"cluster":`, h.Cluster)
}

func appendPair(b []byte, kv *KV) []byte {
	b = appendText(b, `"key":`, kv.Key)
	b = appendText(b, `,"value":`, kv.Value)
	b = appendNumber(b, `,"create":`, kv.Create)
	b = appendNumber(b, `,"mod":`, kv.Mod)
	b = appendNumber(b, `,"version":`, kv.Version)
	return appendNumber(b, `,"lease":`, kv.Lease)
}

func appendLeader(b []byte, k *LeaderKey) []byte {
	b = appendText(b, `"name":`, k.Name)
	b = appendText(b, `,"key":`, k.Key)
	b = appendNumber(b, `,"rev":`, k.Rev)
	return appendNumber(b, `,"lease":`, k.Lease)
}

// appendList appends objects whose members each appends.
func appendList[T any](b []byte, list []T, each func([]byte, *T) []byte) []byte {
	for i := range list {
		b = append(b, separator(i)...)
		b = append(b, '{')
		b = append(each(b, &list[i]), '}')
	}
	return append(b, ']')
}

func separator(i int) string {
	if i == 0 {
		return "["
	}
	return ","
}

func appendNumber(b []byte, name string, n int64) []byte {
	if n == 0 {
		return b
	}
	return strconv.AppendInt(append(b, name...), n, 10)
}

func appendUnsigned(b []byte, name string, n uint64) []byte {
	if n == 0 {
		return b
	}
	return strconv.AppendUint(append(b, name...), n, 10)
}

func appendFlag(b []byte, member string, set bool) []byte {
	if !set {
		return b
	}
	return append(b, member...)
}

func appendWord(b []byte, name, text string) []byte {
	if text == "" {
		return b
	}
	return appendText(b, name, text)
}

// appendText appends a string. Bytes that are no UTF-8 cannot be in JSON: they become {"base64":"…"}.
func appendText(b []byte, name, text string) []byte {
	b = append(b, name...)
	if !utf8.ValidString(text) {
		b = append(b, `{"base64":"`...)
		b = base64.StdEncoding.AppendEncode(b, []byte(text))
		return append(b, `"}`...)
	}
	b = append(b, '"')
	from := 0
	for i := 0; i < len(text); i++ {
		if c := text[i]; c < ' ' || c == '"' || c == '\\' || c == 0x7f {
			b = append(b, text[from:i]...)
			from = i + 1
			if c == '"' || c == '\\' {
				b = append(b, '\\', c)
			} else {
				b = append(b, '\\', 'u', '0', '0', hex[c>>4], hex[c&15])
			}
		}
	}
	return append(append(b, text[from:]...), '"')
}

const hex = "0123456789abcdef"

// appendValue appends what encoding/json makes of the value: for records that are few.
func appendValue[T any](b []byte, name string, value *T) []byte {
	data, err := json.Marshal(value)
	if err != nil {
		panic(fmt.Sprintf("history: %T always has a JSON form: %v", value, err))
	}
	return append(append(b, name...), data...)
}
