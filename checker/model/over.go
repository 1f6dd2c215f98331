package model

import (
	"sort"

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
	latest := map[string]Change{}
	var extra []string
	for _, c := range *o.changes {
		if _, seen := latest[c.KV.Key]; !seen && Covers(key, end, c.KV.Key) {
			extra = append(extra, c.KV.Key)
		}
		latest[c.KV.Key] = c
	}
	sort.Strings(extra)
	next, more := 0, true
	emit := func(k string) {
		if c := latest[k]; !c.Deleted {
			more = each(c.KV)
		}
	}
	o.under.Scan(key, end, func(kv history.KV) bool {
		for ; more && next < len(extra) && extra[next] <= kv.Key; next++ {
			emit(extra[next])
		}
		if _, changed := latest[kv.Key]; more && !changed {
			more = each(kv)
		}
		return more
	})
	for ; more && next < len(extra); next++ {
		emit(extra[next])
	}
}

// Overlay returns a view of under with the changes that there are on top, whenever it is looked at.
func Overlay(under View, changes *[]Change) View { return &over{under, changes} }
