package model

import (
	"slices"
	"strings"

	"github.com/whitewater-kv/whitewater/history"
)

// over is a view with a few changes on top.
type over struct {
	under   View
	changes *[]Change
}

// Get returns a key's content.
func (o *over) Get(key string) (history.KV, bool) {
	list := *o.changes
	for i := len(list) - 1; i >= 0; i-- {
		if list[i].KV.Key != key {
			continue
		}
		if list[i].Deleted {
			return history.KV{}, false
		}
		return list[i].KV, true
	}
	return o.under.Get(key)
}

// Scan calls each for the keys of a range, in order, until it returns false.
func (o *over) Scan(key, end string, each func(history.KV) bool) {
	changed := o.latest(key, end)
	more := true
	emit := func(c *Change) {
		if changed = changed[1:]; !c.Deleted {
			more = each(c.KV)
		}
	}
	o.under.Scan(key, end, func(kv history.KV) bool {
		for more && len(changed) > 0 && changed[0].KV.Key < kv.Key {
			emit(changed[0])
		}
		switch {
		case !more:
		case len(changed) > 0 && changed[0].KV.Key == kv.Key:
			emit(changed[0])
		default:
			more = each(kv)
		}
		return more
	})
	for more && len(changed) > 0 {
		emit(changed[0])
	}
}

// latest are the last changes of the keys of a range, in order of the keys.
func (o *over) latest(key, end string) []*Change {
	var out []*Change
	list := *o.changes
	for i := len(list) - 1; i >= 0; i-- {
		if Covers(key, end, list[i].KV.Key) {
			out = append(out, &list[i])
		}
	}
	slices.SortStableFunc(out, func(a, b *Change) int { return strings.Compare(a.KV.Key, b.KV.Key) })
	return slices.CompactFunc(out, func(a, b *Change) bool { return a.KV.Key == b.KV.Key })
}

// Overlay returns a view of under with the changes that there are on top, whenever it is looked at.
func Overlay(under View, changes *[]Change) View { return &over{under, changes} }
