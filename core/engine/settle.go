package engine

import (
	"pimultiauth/core"
	"pimultiauth/core/fault"
	"pimultiauth/core/pool"
	"pimultiauth/core/store"
)

const (
	// retryPause is the pause before the same account is asked once more after a fault of the way there.
	retryPause = 500 * core.Millisecond
	// longestPause is how long a request waits for the same account before another one is asked.
	longestPause = 5 * core.Second
	// longestCooldown holds where a month's window is meant (design: caps).
	longestCooldown = core.ResetFuture
	// countsTold is how often the counts of an account leave for the disk at most.
	countsTold = 15 * core.Minute
	// homeRefreshed is how stale a session's stored time may get before a success renews it.
	homeRefreshed = 2 * core.Minute
)

func (e *Engine) settle(m core.Message) (core.Turn, error) {
	id := m.Settle.Lease
	r := e.requests[id]
	if r == nil {
		// The clock has ended it while the machine slept, or an instance before this one gave it out.
		return stands(&m.Settle.Outcome), nil
	}
	e.letGo(id)
	p := e.pools[r.provider]
	at := -1
	if p != nil {
		at = p.Find(r.account)
	}
	if at < 0 {
		// The account was removed while it answered.
		return stands(&m.Settle.Outcome), nil
	}
	p.Back(at)
	e.endTrial(r, p, at)
	o := &m.Settle.Outcome
	e.hear(p, &p.Accounts[at], o)
	var turn core.Turn
	probing := false
	if o.OK {
		turn = e.succeeded(r, p, at, o, m.At)
	} else if turn, probing = e.probe(r, &p.Accounts[at], *o, m.At); !probing {
		turn = e.failed(r, p, at, *o, m.At)
	}
	turn.Effects = append(turn.Effects, e.count(p, at, o, m.At)...)
	return turn, nil
}

// stands is the end of a request of which nothing can be learned any more: what came of it stands as it is.
func stands(o *core.Outcome) core.Turn {
	if o.OK {
		return core.Turn{Done: &core.Done{}}
	}
	return core.Turn{Refuse: &core.Refuse{Original: true}}
}

// counted is how often this process asked an account since it told the others, when that was, and whether there is anything to tell.
type counted struct {
	tally  store.Tally
	told   core.Time
	untold bool
}

// count notes that an account was asked, and tells the others from time to time. What was stopped counts for nobody.
func (e *Engine) count(p *pool.Pool, i int, o *core.Outcome, at core.Time) []core.Effect {
	c := &p.Accounts[i]
	if o.Aborted || c.Source != "stored" {
		return nil
	}
	// A key that is only looked up lives on the stack.
	n := e.counts[p.Provider+"/"+c.ID]
	if n == nil {
		n = &counted{told: at}
		e.counts[usageKey(p.Provider, c.ID)] = n
	}
	n.tally.Add(at, o.OK)
	n.untold = true
	if n.told.Within(countsTold, at) {
		return nil
	}
	return e.tellCounts(at)
}

// tellCounts adds what this process counted since it told of it last to what all have, while the host holds the gate, and says how those
// accounts have served.
func (e *Engine) tellCounts(at core.Time) []core.Effect {
	untold := false
	for _, n := range e.counts {
		untold = untold || n.untold
		n.told, n.untold = at, false
	}
	if !untold {
		return nil
	}
	x := e.effect(core.Effect{File: &core.File{Op: "save", Name: "state"}})
	e.saves[x.ID] = func() string {
		delta := store.Blank
		for _, id := range core.Keys(e.pools) {
			p := e.pools[id]
			for i := range p.Accounts {
				c := &p.Accounts[i]
				n := e.counts[usageKey(id, c.ID)]
				if n == nil || n.tally.Empty() {
					continue
				}
				delta = store.Merge(delta, e.state.CountDelta(id, c.ID, &n.tally, at))
				n.tally = store.Tally{}
				if h := c.Live.Health; !h.At.IsZero() {
					delta = store.Merge(delta, store.HealthDelta(id, c.ID, store.Health{At: h.At, Good: h.Good, Bad: h.Bad, Slow: h.Slow}))
				}
			}
		}
		return delta
	}
	return []core.Effect{x}
}

func (e *Engine) succeeded(r *request, p *pool.Pool, i int, o *core.Outcome, at core.Time) core.Turn {
	turn := core.Turn{Done: &core.Done{}}
	c := &p.Accounts[i]
	model := pool.ModelKey(r.model)
	p.Answered(i, model, at, o)
	if r.sticky {
		return turn
	}
	if outdates(o, &c.Standing, at) {
		e.standing(p, i, "", cleared(o, &c.Standing, at))
		turn.Effects = append(turn.Effects, e.saveDelta(store.StandingDelta(p.Provider, c.ID, "", c.Standing), false))
	}
	if s := c.Models[model]; outdates(o, &s, at) {
		e.standing(p, i, model, cleared(o, &s, at))
		turn.Effects = append(turn.Effects, e.saveDelta(store.StandingDelta(p.Provider, c.ID, model, c.Models[model]), false))
	}
	if home, ok := p.Homes[r.session]; ok && home.Account == c.ID {
		home.At, home.Prefix = max(home.At, at), max(o.Input+o.Cached+o.Output, r.prompt, 0)
		if !home.Saved.Within(homeRefreshed, at) && !e.savedAt.Within(core.Second, at) {
			home.Saved = at
			turn.Effects = append(turn.Effects, e.saveDelta(store.HomeDelta(p.Provider, c.ID, r.session, at), false))
		}
		p.Homes[r.session] = home
	}
	return turn
}

// outdates reports whether an answer ends a standing: one whose request left before the failure says nothing about what came after. A
// failure that is yet to come was written by a clock that was ahead.
func outdates(o *core.Outcome, s *core.Standing, at core.Time) bool {
	return s.Fault != "" && (o.Started.IsZero() || !o.Started.Before(s.Since()) || s.At.Sub(at) > core.SetBack)
}

// cleared is dated when the request left, so that what another process was told meanwhile is not outdated by it.
func cleared(o *core.Outcome, s *core.Standing, at core.Time) core.Standing {
	if o.Started.IsZero() {
		return core.Standing{At: at}
	}
	return core.Standing{At: max(o.Started, s.At+1)}
}

func (e *Engine) failed(r *request, p *pool.Pool, i int, o core.Outcome, at core.Time) core.Turn {
	c := &p.Accounts[i]
	original := core.Turn{Refuse: &core.Refuse{Original: true}}
	if o.Aborted || r.sticky {
		return original
	}
	f := fault.Read(e.provider(r.provider), r.model, o, at)
	turn := core.Turn{}
	if e.config.Debug {
		e.log(&turn, (&core.Object{}).Int("at", int64(at)).String("event", "fault").String("provider", r.provider).String("account", c.ID).
			Int("status", int64(o.Status)).String("kind", string(f.Kind)).String("scope", string(f.Scope)).String("verdict", string(f.Verdict)).
			TimeOrNull("until", f.Until).String("source", string(f.Source)))
	}
	if next, ok := e.without(r, p, i, f, o, at); ok {
		next.Effects = append(turn.Effects, next.Effects...)
		return next
	}
	if f.Verdict == core.Surface {
		original.Effects = turn.Effects
		return original
	}
	// A secret that was replaced while a request was out with it says nothing about the one in its place.
	replaced := r.mark != c.Mark && aboutSecret(f.Kind)
	if replaced && !o.Emitted && r.attempts < maxAttempts && p.Ready(i, r.ask(at)) {
		next := e.out(r, p, i, at, 0)
		next.Effects = append(turn.Effects, next.Effects...)
		return next
	}
	soft := pool.Soft(f.Kind)
	// A bare refusal to every account in turn is the provider's too.
	again := !(soft || (f.Kind == core.RateLimited && f.Source == core.FromDefault)) || p.Spend(at)
	if soft {
		p.Failed(i, at)
	}
	doubtful := soft && (pool.Doubtful(c.Standing) || pool.Doubtful(c.Models[pool.ModelKey(r.model)]))
	if f.Verdict == core.Retry && again && !doubtful && p.Ready(i, r.ask(at)) && !r.retried && !o.Emitted && f.Until.Sub(at) <= longestPause && r.here < r.limit(p) {
		r.retried = true
		notBefore := at.Add(retryPause)
		if notBefore.Before(f.Until) {
			notBefore = f.Until
		}
		next := e.out(r, p, i, at, notBefore)
		next.Effects = append(turn.Effects, next.Effects...)
		return next
	}
	if r.causes == nil {
		r.causes = map[string]string{}
	}
	r.causes[c.ID] = f.Cause
	r.kinds = append(r.kinds, f.Kind)
	r.tried = append(r.tried, c.ID)
	r.retried = false
	if !replaced {
		turn.Effects = append(turn.Effects, e.bench(r, p, c, f, at)...)
		e.urge(c, f.Kind)
	}
	if !o.Emitted && e.inVain(r, p, f, at) {
		p.Whole = core.Standing{At: max(at, p.Whole.At+1), Fault: f.Kind, Until: at.Add(trialPause), Cause: f.Cause, Source: f.Source}
		turn.Effects = append(turn.Effects, e.saveDelta(store.StandingDelta(p.Provider, "", "", p.Whole), true))
		r.waited = true
		next := e.nobody(r, p, at)
		next.Effects = append(turn.Effects, next.Effects...)
		return next
	}
	if !again && !o.Emitted {
		// Too many requests fail for reasons of the provider: one more attempt would only add to them, but for one where answers come.
		if next := p.Pick(r.ask(at)); next.Index < 0 || !p.Unsullied(next.Index, pool.ModelKey(r.model), at) {
			original.Effects = turn.Effects
			return original
		}
	}
	next := e.another(r, p, o, at)
	next.Effects = append(turn.Effects, next.Effects...)
	return next
}

// another goes on after an account failed: the next one, or the end of the request.
func (e *Engine) another(r *request, p *pool.Pool, o core.Outcome, at core.Time) core.Turn {
	if r.only != "" {
		// Whoever was begun with one account is told what that one said.
		return core.Turn{Refuse: &core.Refuse{Original: true}}
	}
	pick := pool.Pick{Index: -1}
	if r.here < r.limit(p) && r.attempts < maxAttempts {
		pick = e.pick(r, p, at)
	}
	if o.Emitted {
		inPlace := (r.mode == "tui" || r.mode == "print") && !o.ToolCall
		if pick.Index < 0 || !inPlace {
			turn := e.refuse(r, p, at, pick.Index >= 0)
			if pick.Index >= 0 && r.session != "" && p.Accounts[pick.Index].Source != "explicit" {
				// Pi asks again by itself, and must not meet the account that has just broken off.
				turn.Effects = append(turn.Effects, e.saveDelta(e.moveHome(r, p, pick, at), false))
			}
			return turn
		}
		r.restarting = true
	}
	if pick.Index < 0 {
		return e.nobody(r, p, at)
	}
	turn := e.lease(r, p, pick, at)
	if o.Emitted {
		failed := r.tried[len(r.tried)-1]
		turn.Lease.Say = r.provider + ": " + labelOf(p, failed) + " broke off (" + r.causes[failed] + "); the answer starts anew on " + turn.Lease.Label + "."
	}
	return turn
}

func labelOf(p *pool.Pool, id string) string {
	if i := p.Find(id); i >= 0 {
		return p.Accounts[i].Label
	}
	return id
}
