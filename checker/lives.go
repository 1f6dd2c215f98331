package checker

import (
	"fmt"
	"slices"
	"strings"

	"github.com/whitewater-kv/whitewater/history"
)

// life is one existence of a key: from the revision that created it to the one that deleted it.
type life struct {
	key     string
	created int64
	deleted int64 // 0: nobody saw it deleted
}

// lives are the existences of the keys that begin with a name, by the chronicle. A lock's or an election's contenders
// each have a key under its name, and the one that was created first holds it.
func (c *chronicle) lives(name string) (all []life) {
	for _, key := range c.within(name, name+"\xff") {
		now := life{key: key}
		for _, x := range c.changes[key] {
			switch {
			case x.kv == nil && now.created > 0:
				now.deleted = x.rev
				all, now = append(all, now), life{key: key}
			case x.kv != nil && now.created == 0:
				now.created = x.rev
				if x.full {
					now.created = x.kv.Create
				}
			case x.kv != nil && x.full && x.kv.Create > now.created: // nobody saw the deletion in between
				all, now = append(all, now), life{key: key, created: x.kv.Create}
			}
		}
		if now.created > 0 {
			all = append(all, now)
		}
	}
	return all
}

// aliveAt reports whether the key existed at a revision, as far as can be said for certain.
func (c *chronicle) aliveAt(l life, rev int64) bool {
	if l.created > rev {
		return false
	}
	if l.deleted > 0 {
		return l.deleted > rev
	}
	// Nobody saw it deleted: that counts only if somebody would have, or saw it later.
	if n := c.upTo(l.key, 1<<62); n > 0 && c.changes[l.key][n-1].rev > rev && c.changes[l.key][n-1].kv != nil {
		return c.changes[l.key][n-1].kv.Create == l.created
	}
	return c.nothingUnseen(l.key, l.created, rev)
}

// at is the existence of a key at a revision.
func lifeAt(all []life, key string, rev int64) (life, bool) {
	for _, l := range all {
		if l.key == key && l.created <= rev && (l.deleted == 0 || l.deleted > rev) {
			return l, true
		}
	}
	return life{}, false
}

// elder is a contender that was there before another one and still is, at a revision.
func (c *chronicle) elder(all []life, of life, rev int64) (life, bool) {
	for _, l := range all {
		if l.key != of.key && l.created < of.created && c.aliveAt(l, rev) {
			return l, true
		}
	}
	return life{}, false
}

func (l life) String() string {
	if l.deleted == 0 {
		return fmt.Sprintf("%s, created at revision %d", l.key, l.created)
	}
	return fmt.Sprintf("%s, created at revision %d and deleted at %d", l.key, l.created, l.deleted)
}

// contest is the lock or election that a contender's key belongs to.
func contest(key string) string {
	return key[:strings.LastIndexByte(key, '/')+1]
}

// contests are the names of all locks or elections, with the existences of their contenders' keys.
type contests struct {
	c     *chronicle
	known map[string][]life
}

// newContests prepares those of the kinds of request that contend.
func newContests(h *history.History, lim Limits, kinds ...history.Kind) *contests {
	names := map[string]bool{}
	for i := range h.Ops {
		if r := &h.Ops[i].Request; slices.Contains(kinds, r.Kind) {
			names[r.Key+"/"] = true
			if r.Leader != nil {
				names[contest(r.Leader.Key)] = true
			}
		}
	}
	return &contests{c: lim.chronicle(h, func(key string) bool { return names[contest(key)] }), known: map[string][]life{}}
}

func (x *contests) of(name string) []life {
	all, ok := x.known[name]
	if !ok {
		all = x.c.lives(name)
		x.known[name] = all
	}
	return all
}
