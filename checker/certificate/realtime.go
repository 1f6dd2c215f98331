package certificate

import (
	"fmt"
	"time"
)

// realTime compares the order with the clock: nothing may stand before what had returned when it was called.
func (c *certifier) realTime() {
	earliest := time.Duration(1<<63 - 1)
	for i := len(c.cert.Steps) - 1; i >= 0; i-- {
		s := c.cert.Steps[i]
		if s.Op < 0 {
			continue
		}
		op := &c.h.Ops[s.Op]
		if op.Call > earliest {
			c.early()
			return
		}
		if !c.used[s.Op] {
			earliest = min(earliest, op.Return)
		}
	}
}

// early finds all that stand too early, each with the proof.
func (c *certifier) early() {
	moments := make([]Moment, 0, len(c.cert.Steps))
	for _, s := range c.cert.Steps {
		if s.Op < 0 {
			continue
		}
		op := &c.h.Ops[s.Op]
		moments = append(moments, Moment{Call: op.Call, Ret: op.Return, Height: s.Revision, ID: s.Op, Bound: true,
			Proves: !c.used[s.Op], Strict: c.used[s.Op] || Wrote(&op.Request, &op.Result)})
	}
	for _, v := range Inversions(moments) {
		c.find(Finding{Kind: Early, Op: v.After.ID, With: []int32{v.Before.ID}, Rev: v.After.Height, Why: early(v)})
	}
}

func early(v Inversion) string {
	return fmt.Sprintf("stands at revision %d, but the store had reached revision %d %s before it was called", v.After.Height,
		v.Before.Height, Ago(v.After.Call-v.Before.Ret))
}

// Ago is a span of time as sentences tell it.
func Ago(d time.Duration) string {
	switch {
	case d >= 1000*time.Second:
		return fmt.Sprintf("%.0f s", d.Seconds())
	case d >= time.Second:
		return fmt.Sprintf("%.4g s", d.Seconds())
	case d >= time.Millisecond:
		return fmt.Sprintf("%.4g ms", float64(d)/1e6)
	}
	return fmt.Sprintf("%.4g µs", float64(d)/1e3)
}
