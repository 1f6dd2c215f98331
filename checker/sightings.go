package checker

import (
	"cmp"
	"math"
	"slices"
)

// sightings are what was seen of one key: by the operations, and then by one watch after another.
type sightings struct {
	list []change
	by   source // the watch whose sightings are now compared with those of the watches before it
	at   int    // how far in list that has come
	told int    // where it last saw the same
}

// known reports whether a sighting says nothing new, and counts the watches that saw the same.
func (s *sightings) known(seen *change) bool {
	// A hot key's value is read a thousand times in a row: once is enough.
	for i := len(s.list) - 1; i >= 0 && i >= len(s.list)-4; i-- {
		if x := &s.list[i]; seen.kv != nil && x.repeats(seen) && (x.by == seen.by || x.by >= 0 && seen.by >= 0) {
			return true
		}
	}
	if seen.by >= 0 {
		return false
	}
	if s.by != seen.by {
		s.by, s.at, s.told = seen.by, 0, -1
	}
	for s.at < len(s.list) && (s.list[s.at].by >= 0 || s.list[s.at].rev < seen.rev) {
		s.at++
	}
	if s.at == len(s.list) || s.list[s.at].by == seen.by || !s.list[s.at].repeats(seen) {
		return false
	}
	if x := &s.list[s.at]; s.told != s.at && x.also < math.MaxUint16 {
		s.told = s.at
		x.also++
	}
	return true
}

// repeats reports whether two sightings say the same, and as much.
func (a *change) repeats(b *change) bool {
	return a.rev == b.rev && (a.kv == nil) == (b.kv == nil) && a.full == b.full && a.hidden == b.hidden && a.agrees(*b)
}

// settle sorts what was seen of one key and makes it one change for each revision: what most of those say who saw it.
func (c *chronicle) settle(key string, seen []change) []change {
	slices.SortFunc(seen, func(a, b change) int { return cmp.Or(cmp.Compare(a.rev, b.rev), cmp.Compare(a.by.rank(), b.by.rank())) })
	seen = slices.CompactFunc(seen, func(a, b change) bool { return a.by == b.by && a.repeats(&b) })
	out := seen[:0]
	for i := 0; i < len(seen); {
		j := i + 1
		for j < len(seen) && seen[j].rev == seen[i].rev {
			j++
		}
		out = append(out, c.agree(key, seen[i:j]))
		i = j
	}
	return out
}

// agree returns what most saw, with all that is known of it, and files those who saw something else.
func (c *chronicle) agree(key string, seen []change) change {
	best, votes, all := 0, 0, 0
	for i := range seen {
		all += seen[i].votes()
	}
	for i := range seen {
		if seen[i].full || seen[i].kv == nil {
			best = i
			break
		}
	}
	for i := best; votes < all && i < len(seen); i++ {
		n := 0
		for j := range seen {
			if seen[i].agrees(seen[j]) {
				n += seen[j].votes()
			}
		}
		if n > votes {
			best, votes = i, n
		}
	}
	for i := range seen {
		if !seen[best].agrees(seen[i]) {
			c.clashes = append(c.clashes, clash{key, seen[best], seen[i]})
		}
	}
	return seen[best]
}

// votes is how many saw the change.
func (a *change) votes() int { return 1 + int(a.also) }

func (a change) agrees(b change) bool {
	if a.kv == nil || b.kv == nil {
		return a.kv == b.kv
	}
	if !a.hidden && !b.hidden && a.kv.Value != b.kv.Value {
		return false
	}
	if !a.full || !b.full {
		return true
	}
	// etcd answers a request for keys alone from its index, which does not know leases.
	return a.kv.Create == b.kv.Create && a.kv.Version == b.kv.Version && (a.kv.Lease == b.kv.Lease || a.hidden || b.hidden)
}
