package component

import (
	"fmt"
	"strings"

	"github.com/whitewater-kv/whitewater/checker/model"
	"github.com/whitewater-kv/whitewater/history"
)

// step carries operations out on the content.
type step struct {
	part    *Part
	content *content
	eval    model.Evaluator
}

// numbered is the revision that stands for all: any key that is there then has one above 1, as in every store.
const numbered = 1

// do carries an operation out and reports whether its answer is right.
func (s *step) do(o *Op, other bool) bool {
	if o.Request == nil {
		s.content.end(o.Ends, s.part.strict[o.Ends])
		return true
	}
	changes, ok := s.would(o, other)
	s.content.apply(changes)
	return ok
}

// would is what an operation changes, and whether its answer is right. What is put under a lease that has ended is
// refused; if nobody knows the answer, that it has happened is then the same as that it has not.
func (s *step) would(o *Op, other bool) ([]model.Change, bool) {
	req := o.Request
	if other {
		req = o.Other
	}
	want, changes := s.eval.Eval(s.content, numbered, req)
	if o.Result != nil && model.Differs(req, o.Result, &want, s.part.told) != "" {
		return nil, false
	}
	for i := range changes {
		if id := changes[i].KV.Lease; id != 0 && s.content.over(id) {
			return nil, o.Maybe
		}
	}
	return changes, true
}

// replay carries an order out on a store that goes forward only. It shares nothing with step but the model.
type replay struct {
	part  *Part
	store *model.Store
	ended map[int64]bool
}

func newReplay(p *Part) *replay {
	return &replay{part: p, store: model.NewStore(), ended: map[int64]bool{}}
}

// do carries one operation out and says where its answer differs.
func (r *replay) do(o *Op, other bool) (differs string) {
	if o.Request == nil {
		r.end(o.Ends)
		return ""
	}
	req := o.Request
	if other {
		req = o.Other
	}
	want, changes := model.Eval(r.store, r.store.Revision, req)
	for i := range changes {
		if r.ended[changes[i].KV.Lease] {
			if o.Maybe {
				return ""
			}
			return fmt.Sprintf("lease %x had ended", changes[i].KV.Lease)
		}
	}
	if o.Result != nil {
		if d := model.Differs(req, o.Result, &want, r.part.told); d != "" {
			return d
		}
	}
	if len(changes) > 0 {
		r.store.Apply(r.store.Revision+1, changes)
	}
	return ""
}

func (r *replay) end(lease int64) {
	if r.ended[lease] {
		return
	}
	r.ended[lease] = r.part.strict[lease]
	var gone []model.Change
	r.store.Scan("", "\x00", func(kv history.KV) bool {
		if kv.Lease == lease {
			gone = append(gone, model.Change{KV: history.KV{Key: kv.Key}, Deleted: true})
		}
		return true
	})
	r.store.Apply(r.store.Revision+1, gone)
}

// String is the whole state; revisions do not belong to it.
func (r *replay) String() string {
	var b strings.Builder
	r.store.Scan("", "\x00", func(kv history.KV) bool {
		fmt.Fprintf(&b, "%q %q %d %x,", kv.Key, kv.Value, kv.Version, kv.Lease)
		return true
	})
	fmt.Fprint(&b, r.ended)
	return b.String()
}

// Verify checks an order of the part's operations by itself: every one that answered stands in it once, one of unknown
// outcome at most once; nothing stands before what had returned when it was called; and each is answered as it was.
func (p *Part) Verify(order []Placed) error {
	stands := make([]bool, len(p.Ops))
	r := newReplay(p)
	for _, at := range order {
		o := &p.Ops[at.Op]
		if stands[at.Op] {
			return fmt.Errorf("%s stands twice", o.name())
		}
		stands[at.Op] = true
		if d := r.do(o, at.Other && o.Other != nil); d != "" {
			return fmt.Errorf("%s: %s", o.name(), d)
		}
	}
	return p.verifyTimes(order, stands)
}

func (p *Part) verifyTimes(order []Placed, stands []bool) error {
	soonest := int64(1<<63 - 1)
	for i := len(order) - 1; i >= 0; i-- {
		o := &p.Ops[order[i].Op]
		if int64(o.Call) > soonest {
			return fmt.Errorf("%s stands before one that had returned when it was called", o.name())
		}
		if !o.Maybe {
			soonest = min(soonest, int64(o.Return))
		}
	}
	for i := range p.Ops {
		if !stands[i] && !p.Ops[i].Maybe {
			return fmt.Errorf("%s has no place", p.Ops[i].name())
		}
	}
	return nil
}

func (o *Op) name() string {
	if o.ID == None {
		return fmt.Sprintf("the end of lease %x", o.Ends)
	}
	return fmt.Sprintf("operation %d", o.ID)
}
