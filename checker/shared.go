package checker

import (
	"context"

	"github.com/whitewater-kv/whitewater/checker/certificate"
	"github.com/whitewater-kv/whitewater/checker/register"
	"github.com/whitewater-kv/whitewater/history"
)

// shared is what several checkers need of one history, made when the first of them asks for it and changed by none. Judge
// has one for all that it runs, one after another; a checker that is called alone has none, and makes its own.
type shared struct {
	reader    *register.Reader
	chronicle *chronicle
	order     *certificate.Outcome
}

// reader is what the history's answers mean.
func (lim Limits) reader(h *history.History) *register.Reader {
	s := lim.shared
	if s == nil {
		return register.NewReader(h)
	}
	if s.reader == nil {
		s.reader = register.NewReader(h)
	}
	return s.reader
}

// chronicle is the history by key and revision, of the keys to keep at least; nil keeps all.
func (lim Limits) chronicle(h *history.History, keep func(key string) bool) *chronicle {
	s := lim.shared
	if s == nil {
		return newChronicleOf(h, keep)
	}
	if s.chronicle == nil {
		s.chronicle = newChronicle(h)
	}
	return s.chronicle
}

// rules are those by which revisions order the history.
func (lim Limits) rules(r *register.Reader) certificate.Rules {
	return certificate.Rules{Serializable: r.Serializable, Told: r.ReportsPrev, Exempt: r.Exempt, NoEvidence: lim.NoEvidence}
}

// order is the history by its revisions. One that a limit cut short is nobody else's.
func (lim Limits) order(ctx context.Context, h *history.History) certificate.Outcome {
	s := lim.shared
	if s != nil && s.order != nil {
		return *s.order
	}
	out := certificate.Certify(ctx, h, lim.rules(lim.reader(h)))
	if s != nil && ctx.Err() == nil {
		s.order = &out
	}
	return out
}
