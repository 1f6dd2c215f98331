package txn

import (
	"fmt"
	"strings"

	"github.com/whitewater-kv/whitewater/history"
)

// growing is a list that requests append to, whatever it holds: what they left is known from the lists that were read.
type growing struct {
	texts   []string       // every list that was read, in the order of first reading
	readers map[string]int // who read it first: its place in the history
	last    map[string]string
	pieces  map[string]bool // what was appended, or may have been, or was refused
	longest string
	put     bool // it is written as a whole as well
	torn    bool // those who read it do not agree on one order
}

// unread is what stands for the part of a list that nobody read.
const unread = "… "

// listed is a list's text without the delimiter behind its last element: elements that are appended end with it, those
// of a list that is put as a whole stand between.
func listed(name, text string) string {
	if strings.HasPrefix(name, Lists) {
		return strings.TrimSuffix(text, " ")
	}
	return text
}

// learn finds the lists that requests append to, and what each append left. A history without appends is not looked at
// twice.
func (c *check) learn() {
	for i := range c.h.Ops {
		c.appends(&c.h.Ops[i].Request)
	}
	if len(c.grown) == 0 {
		return
	}
	c.learning = true
	c.transactions()
	c.learning = false
	for _, name := range c.grownNames {
		g := c.grown[name]
		if g.put {
			c.limit(fmt.Sprintf("%s is appended to and also written as a whole: not judged", name))
			continue
		}
		for _, text := range g.texts {
			c.spell(name, g, text)
		}
	}
}

func (c *check) appends(r *history.Request) {
	switch {
	case r.Kind == history.Txn:
		for _, side := range [][]history.Request{r.Then, r.Else} {
			for j := range side {
				c.appends(&side[j])
			}
		}
	case r.Kind == history.Append && strings.HasPrefix(r.Key, Registers):
		c.limit("appends to " + r.Key + " are not judged")
	case r.Kind == history.Append && strings.HasPrefix(r.Key, Lists) && c.grown[r.Key] == nil:
		c.grown[r.Key] = &growing{readers: map[string]int{}, last: map[string]string{}, pieces: map[string]bool{}}
		c.grownNames = append(c.grownNames, r.Key)
	}
}

// shown takes in a list that the operation under way was shown.
func (g *growing) shown(text string, op int32) {
	if _, known := g.readers[text]; !known {
		g.readers[text] = int(op)
		g.texts = append(g.texts, text)
	}
}

// spell takes a list that was read apart: what was appended last to each of its beginnings. Lists that are not the
// beginnings of one another have no common order.
func (c *check) spell(name string, g *growing, text string) {
	reader := g.readers[text]
	if len(text) > len(g.longest) {
		g.longest = text
	}
	seen := map[string]bool{}
	for at := 0; at < len(text); {
		end := len(text)
		if i := strings.IndexByte(text[at:], ' '); i >= 0 {
			end = at + i
		}
		element, upTo := text[at:end], text[:end]
		at = end + 1
		if !g.pieces[element] {
			c.found(Anomaly{Name: "garbage-read", Ops: []int{reader}, Why: fmt.Sprintf("a transaction read %s = [%s], and nobody appended %s", name, text, element)})
			return
		}
		if seen[element] {
			return // it is there twice, which is said where duplicates are
		}
		seen[element] = true
		before, known := g.last[element]
		if !known {
			g.last[element] = upTo
		} else if before != upTo && !g.torn {
			g.torn = true
			ops := []int{reader}
			for _, other := range g.texts {
				if other == before || strings.HasPrefix(other, before+" ") {
					ops = []int{g.readers[other], reader}
					break
				}
			}
			c.found(Anomaly{Name: "incompatible-order", Ops: ops, Why: fmt.Sprintf("%s was read as [%s] and as [%s]: neither is the beginning of the other", name, before, upTo)})
		}
	}
}

// append files an append as the write of the list that it left. One that nobody read left a list of its own, behind the
// longest that was read.
func (c *check) append(name, piece string) {
	g, element := c.grown[name], strings.TrimSuffix(piece, " ")
	if c.learning {
		g.pieces[element] = true
		return
	}
	text, known := g.last[element]
	if !known {
		text = unread + element
	}
	c.micros = append(c.micros, micro{version: c.intern(name, text), write: true, blind: true})
	if !known {
		c.versions[c.micros[len(c.micros)-1].version].loose = true
	}
}

// explained reports whether a version that nobody wrote needs no further word: its elements were appended, and that
// they are not in this order, or not twice, is said elsewhere.
func (c *check) explained(v int32) bool {
	return c.grown[c.keys[c.versions[v].key].name] != nil
}

// behind is the version that a loose one comes after: the longest that was read, if there is one order.
func (c *check) behind(v int32) int32 {
	k := &c.keys[c.versions[v].key]
	if g := c.grown[k.name]; !g.torn {
		if id, ok := k.versions[g.longest]; ok {
			return id
		}
	}
	return none
}
