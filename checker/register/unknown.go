package register

import "github.com/whitewater-kv/whitewater/history"

// unknown returns what an operation of unknown outcome may have done. Where that depends on what cannot be said here,
// each possibility is an action of its own: together they allow more than the operation does, never less.
func (r *Reader) unknown(op *history.Op) (actions []Action, exact bool) {
	req := &op.Request
	switch req.Kind {
	case history.Put:
		r.touch = append(r.touch, Touch{Key: req.Key, Write: value(req.Value)})
	case history.Append:
		t := Touch{Key: req.Key}
		t.Read, t.Write = r.texts.appended(req.Key, req.Value, r.op)
		r.touch = append(r.touch, t)
	case history.Delete:
		if req.End != "" {
			return nil, false
		}
		r.touch = append(r.touch, Touch{Key: req.Key, Write: absent})
	case history.CAS:
		r.touch = append(r.touch, Touch{Key: req.Key, Read: value(req.Expect), Write: value(req.Value)})
	case history.Txn:
		r.sides(req)
		return r.buf, false
	default:
		return nil, true
	}
	if r.Exempt(req.Key) {
		return nil, true
	}
	r.buf = append(r.buf, Action{Touches: r.touch, Maybe: true})
	return r.buf, true
}

// sides appends an action for each side of a transaction that writes, nested ones included.
func (r *Reader) sides(req *history.Request) {
	for _, side := range [][]history.Request{req.Then, req.Else} {
		var touches []Touch
		for i := range side {
			switch sub := &side[i]; {
			case r.Exempt(sub.Key):
			case sub.Kind == history.Put:
				touches = append(touches, Touch{Key: sub.Key, Write: value(sub.Value)})
			case sub.Kind == history.Append:
				t := Touch{Key: sub.Key}
				t.Read, t.Write = r.texts.appended(sub.Key, sub.Value, r.op)
				touches = append(touches, t)
			case sub.Kind == history.Delete && sub.End == "":
				touches = append(touches, Touch{Key: sub.Key, Write: absent})
			case sub.Kind == history.Txn:
				r.sides(sub)
			}
		}
		if len(touches) > 0 {
			r.buf = append(r.buf, Action{Touches: merge(touches), Maybe: true})
		}
	}
}
