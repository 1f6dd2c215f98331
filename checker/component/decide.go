package component

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/whitewater-kv/whitewater/checker/search"
)

// Decide searches for an order of the part's operations: with our own search, then, where that was cut short, with
// Porcupine. An order that was found is carried out again by other code; an error says that it did not hold.
func Decide(ctx context.Context, p *Part) (Verdict, error) {
	switch {
	case p.Lost != "":
		return Verdict{Why: p.Lost}, nil
	case len(p.Ops) > OpsLimit:
		return Verdict{Why: fmt.Sprintf("%d operations are more than the %d that are searched together", len(p.Ops), OpsLimit)}, nil
	}
	own, cancel := half(ctx)
	defer cancel()
	if v, err := Search(own, p, deadEnds); v.Verdict != search.Unknown || err != nil {
		return v, err
	}
	if verdict := Porcupine(ctx, p, true); verdict != search.Unknown {
		return Verdict{Verdict: verdict, By: "Porcupine"}, nil
	}
	return Verdict{Why: "neither our search nor Porcupine decides it within its time and memory"}, nil
}

// Search is our own search alone, which gives up after so many dead ends. An order that it found is carried out again.
func Search(ctx context.Context, p *Part, ends int) (Verdict, error) {
	if p.Lost != "" || len(p.Ops) > OpsLimit {
		return Verdict{Why: p.Lost}, nil
	}
	verdict, placed := order(ctx, p, ends)
	if verdict == search.Legal {
		if err := p.Verify(placed); err != nil {
			return Verdict{}, fmt.Errorf("an order of %d operations does not hold: %w", len(p.Ops), err)
		}
	}
	return Verdict{Verdict: verdict, By: "search"}, nil
}

// half is a context for the first of two tasks.
func half(ctx context.Context) (context.Context, context.CancelFunc) {
	deadline, ok := ctx.Deadline()
	if !ok {
		return context.WithCancel(ctx)
	}
	return context.WithTimeout(ctx, time.Until(deadline)/2)
}

// ErrUnconfirmed is a violation that one search found and that no other has confirmed in its time: it is no FAIL.
var ErrUnconfirmed = errors.New("not confirmed in time")

// questionEnds bounds one question of shrinking, in dead ends: what takes longer is answered with no.
const questionEnds = 1 << 14

// Confirm shrinks an illegal part to few operations that are illegal beyond doubt: Porcupine finds no order for them, and
// neither does trying every order, where they are few enough. Any other error than ErrUnconfirmed is a bug of ours.
func Confirm(ctx context.Context, p *Part) (*Part, error) {
	few := Shrink(p, func(p *Part) bool {
		if len(p.Ops) <= BruteLimit {
			return Brute(ctx, p) == search.Illegal
		}
		verdict, _ := order(ctx, p, questionEnds)
		return verdict == search.Illegal
	})
	verdicts := map[string]search.Verdict{"Porcupine": Porcupine(ctx, few, false)}
	if len(few.Ops) <= BruteLimit {
		verdicts["trying every order"] = Brute(ctx, few)
	} else {
		verdicts["Porcupine, narrowed"] = Porcupine(ctx, few, true)
	}
	decided := 0
	for by, v := range verdicts {
		if v == search.Legal {
			return nil, fmt.Errorf("%s finds %d suspect operations in order", by, len(few.Ops))
		}
		if v == search.Illegal {
			decided++
		}
	}
	if decided == 0 || len(few.Ops) <= BruteLimit && decided < len(verdicts) {
		return nil, fmt.Errorf("%d suspect operations: %w", len(few.Ops), ErrUnconfirmed)
	}
	return few, nil
}
