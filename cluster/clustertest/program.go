package clustertest

import (
	"fmt"
	"math/rand/v2"

	"github.com/whitewater-kv/whitewater/history"
)

// Program is random requests of every kind that a store answers by itself, good ones and bad ones, for a store that is
// empty and at revision 1. Two stores that mean the same answer each of them the same.
func Program(rng *rand.Rand, steps int) []history.Request {
	p := &program{rng: rng}
	for range steps {
		p.requests = append(p.requests, p.next())
	}
	return p.requests
}

type program struct {
	rng      *rand.Rand
	requests []history.Request
	values   int
}

// Texts that requests are made of: few, so that they meet, and among them those at the edges.
var (
	keys = []string{"a", "b", "c", "ab", "a\x00", "\xff", "d", "e", "b", "c"}
	ends = []string{"", "\x00", "b", "c", "d", "a", "\xff\xff", "b\x00"}
)

func pick[T any](rng *rand.Rand, from []T) T { return from[rng.IntN(len(from))] }

func (p *program) key() string {
	if p.rng.IntN(60) == 0 {
		return ""
	}
	return pick(p.rng, keys)
}

func (p *program) value() string {
	p.values++
	return fmt.Sprint(p.values % 5) // few, so that compares with them hold now and then
}

// revision is one that the store may have, is past, or will not have for long; mostly the present.
func (p *program) revision() int64 {
	if p.rng.IntN(4) > 0 {
		return 0
	}
	return int64(p.rng.IntN(len(p.requests)*3/4 + 3))
}

func (p *program) lease() int64 {
	if p.rng.IntN(3) > 0 {
		return 0
	}
	return int64(p.rng.IntN(4)) + 1
}

func (p *program) next() history.Request {
	switch n := p.rng.IntN(40); {
	case n < 20:
		return p.simple()
	case n < 31:
		return p.transaction(3)
	case n < 34:
		return history.Request{Kind: history.Grant, TTL: 1000, Lease: int64(p.rng.IntN(4)) + 1}
	case n < 36:
		return history.Request{Kind: history.Revoke, Lease: int64(p.rng.IntN(5)) + 1}
	case n < 38:
		return history.Request{Kind: history.TimeToLive, Lease: int64(p.rng.IntN(5)) + 1}
	case n < 39:
		return history.Request{Kind: history.KeepAlive, Lease: int64(p.rng.IntN(5)) + 1}
	}
	return history.Request{Kind: history.Compact, Revision: int64(p.rng.IntN(len(p.requests)/3+2)) + 1}
}

// simple is a request that a transaction may hold, too.
func (p *program) simple() history.Request {
	switch n := p.rng.IntN(11); {
	case n < 4:
		return history.Request{Kind: history.Put, Key: p.key(), Value: p.value(), Lease: p.lease()}
	case n < 5:
		return history.Request{Kind: history.CAS, Key: p.key(), Expect: p.value(), Value: p.value()}
	case n < 6:
		return history.Request{Kind: history.Delete, Key: p.key(), End: pick(p.rng, ends)}
	case n < 8:
		return history.Request{Kind: history.Get, Key: p.key(), Revision: p.revision(), Serializable: p.rng.IntN(3) == 0}
	}
	r := history.Request{Kind: history.Range, Key: p.key(), End: pick(p.rng, ends), Revision: p.revision(),
		KeysOnly: p.rng.IntN(5) == 0, CountOnly: p.rng.IntN(7) == 0}
	if p.rng.IntN(2) == 0 {
		r.Limit = int64(p.rng.IntN(4))
	}
	return r
}

func (p *program) transaction(depth int) history.Request {
	r := history.Request{Kind: history.Txn}
	for range p.rng.IntN(3) {
		r.If = append(r.If, p.compare())
	}
	for _, side := range []*[]history.Request{&r.Then, &r.Else} {
		for range p.rng.IntN(4) {
			if depth > 0 && p.rng.IntN(5) == 0 {
				*side = append(*side, p.transaction(depth-1))
				continue
			}
			*side = append(*side, p.simple())
		}
	}
	return r
}

func (p *program) compare() history.Compare {
	c := history.Compare{Key: p.key(), Op: pick(p.rng, []string{"=", "!=", "<", ">"}),
		Target: pick(p.rng, []string{"value", "version", "mod", "create", "lease"})}
	switch c.Target {
	case "value":
		c.Value = p.value()
	case "version", "lease":
		c.Number = int64(p.rng.IntN(4))
	default:
		c.Number = int64(p.rng.IntN(len(p.requests)*3/4 + 2))
	}
	return c
}

// Answer is an answer's text, without who gave it, at which term, and how much of a lease is left.
func Answer(request history.Request, result history.Result) string {
	if request.Kind == history.TimeToLive {
		result.TTL = min(result.TTL, 1)
	}
	result.Header = history.Header{Revision: result.Header.Revision}
	return asText(request, result)
}
