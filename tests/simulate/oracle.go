package main

import "pimultiauth/core"

// oracle knows what is really left of every account, though not what will be asked: it takes the one that can serve and whose longest
// window ends soonest, and never meets a refusal that could be avoided. What it misses of the optimum, no policy is expected to reach
// by knowing the present better.
type oracle struct{ w *World }

// NewOracle gives a world the oracle's choice.
func NewOracle(w *World) { w.driver = &oracle{w} }

func (o *oracle) begin(r *request) {
	best, first := -1, core.Time(0)
	for i, a := range o.w.truth.accounts {
		if !o.w.truth.Could(i, r.turn.Model, o.w.now) {
			continue
		}
		if end := a.longestEnd(o.w.now); best < 0 || end < first {
			best, first = i, end
		}
	}
	if best < 0 {
		o.w.refused(r, false)
		return
	}
	o.w.attempt(r, best, "", o.w.now, func(reply Reply) {
		if reply.Outcome.OK {
			o.w.served(r, best)
		} else {
			o.w.refused(r, reply.Refused == "rate")
		}
	})
}

// longestEnd is when the longest window of the whole account ends; one that has not begun ends a length from now.
func (a *trueAccount) longestEnd(at core.Time) core.Time {
	length, end := core.Duration(0), at
	for i := range a.windows {
		w := &a.windows[i]
		if w.Model != "" || w.Length <= length {
			continue
		}
		if length, end = w.Length, w.resets(); end.IsZero() {
			end = at.Add(w.Length)
		}
	}
	return end
}
