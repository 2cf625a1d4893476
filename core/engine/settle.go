package engine

import (
	"pimultiauth/core"
	"pimultiauth/core/fault"
	"pimultiauth/core/flow"
	"pimultiauth/core/pool"
	"pimultiauth/core/store"
)

const (
	// retryPause is the pause before the same account is asked once more after a fault of the way there.
	retryPause = 500 * core.Millisecond
	// longestPause is how long a request waits for the same account before another one is asked.
	longestPause = 5 * core.Second
	// longestCooldown holds where a month's window is meant (design: caps).
	longestCooldown = 45 * core.Day
	// homeRefreshed is how stale a session's stored time may get before a success renews it.
	homeRefreshed = core.Hour
)

func (e *Engine) settle(m core.Message) (core.Turn, error) {
	id := m.Settle.Lease
	r := e.requests[id]
	if r == nil {
		return core.Turn{}, ErrNoLease
	}
	delete(e.requests, id)
	p := e.pools[r.provider]
	at := -1
	if p != nil {
		at = p.Find(r.account)
	}
	if at < 0 {
		// The account was removed while it answered: the answer stands, nothing is learned.
		if m.Settle.Outcome.OK {
			return core.Turn{Done: &core.Done{}}, nil
		}
		return core.Turn{Refuse: &core.Refuse{Original: true}}, nil
	}
	c := &p.Accounts[at]
	if c.InFlight > 0 {
		c.InFlight--
	}
	if m.Settle.Outcome.OK {
		return e.succeeded(r, p, c, m.At), nil
	}
	if turn, ok := e.probe(r, c, m.Settle.Outcome, m.At); ok {
		return turn, nil
	}
	return e.failed(r, p, c, m.Settle.Outcome, m.At), nil
}

func (e *Engine) succeeded(r *request, p *pool.Pool, c *pool.Candidate, at core.Time) core.Turn {
	turn := core.Turn{Done: &core.Done{}}
	if r.sticky {
		return turn
	}
	if c.Standing.Fault != "" {
		c.Standing = core.Standing{At: at}
		turn.Effects = append(turn.Effects, e.saveDelta(store.StandingDelta(p.Provider, c.ID, "", c.Standing), false))
	}
	if model := pool.ModelKey(r.model); c.Models[model].Fault != "" {
		c.Models[model] = core.Standing{At: at}
		turn.Effects = append(turn.Effects, e.saveDelta(store.StandingDelta(p.Provider, c.ID, model, c.Models[model]), false))
	}
	if home, ok := p.Homes[r.session]; ok && home.Account == c.ID && at.Sub(home.At) > homeRefreshed {
		p.Homes[r.session] = pool.Home{Account: c.ID, At: at}
		turn.Effects = append(turn.Effects, e.saveDelta(store.HomeDelta(p.Provider, c.ID, r.session, at), false))
	}
	return turn
}

func (e *Engine) failed(r *request, p *pool.Pool, c *pool.Candidate, o core.Outcome, at core.Time) core.Turn {
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
	if next, ok := e.without(r, c, f, o, at); ok {
		next.Effects = append(turn.Effects, next.Effects...)
		return next
	}
	if f.Verdict == core.Surface {
		original.Effects = turn.Effects
		return original
	}
	if f.Verdict == core.Retry && !r.retried && !o.Emitted && f.Until.Sub(at) <= longestPause && r.attempts < maxAttempts {
		r.retried = true
		notBefore := at.Add(retryPause)
		if notBefore.Before(f.Until) {
			notBefore = f.Until
		}
		next := e.out(r, c, at, notBefore)
		next.Effects = append(turn.Effects, next.Effects...)
		return next
	}
	if r.causes == nil {
		r.causes = map[string]string{}
	}
	r.causes[c.ID] = f.Cause
	r.tried = append(r.tried, c.ID)
	r.retried = false
	turn.Effects = append(turn.Effects, e.bench(r, p, c, f, at)...)
	e.urge(c, f.Kind)
	next := e.another(r, p, o, at)
	next.Effects = append(turn.Effects, next.Effects...)
	return next
}

// another goes on after an account failed: the next one, or the end of the request.
func (e *Engine) another(r *request, p *pool.Pool, o core.Outcome, at core.Time) core.Turn {
	pick := pool.Pick{Index: -1}
	if r.attempts < maxAttempts {
		pick = e.pick(r, p, at)
	}
	if o.Emitted {
		inPlace := (r.mode == "tui" || r.mode == "print") && !o.ToolCall
		if pick.Index < 0 || !inPlace {
			turn := e.refuse(r, p, at, pick.Index >= 0)
			if pick.Index >= 0 && r.session != "" && p.Accounts[pick.Index].Source != "explicit" {
				// Pi asks again by itself, and must not meet the account that has just broken off.
				turn.Effects = append(turn.Effects, e.saveDelta(e.moveHome(r, p, p.Accounts[pick.Index].ID, at), false))
			}
			return turn
		}
		r.restarting = true
	}
	if pick.Index < 0 {
		if keys := e.renewable(r, p, at); len(keys) > 0 && r.attempts < maxAttempts {
			return e.begin(func(h *flow.Host) core.Turn { return e.renewFor(h, r, keys) })
		}
		return e.refuse(r, p, at, false)
	}
	turn := e.lease(r, p, pick, at)
	if o.Emitted {
		failed := r.tried[len(r.tried)-1]
		turn.Lease.Say = r.provider + ": " + labelOf(p, failed) + " broke off (" + r.causes[failed] + "); the answer starts anew on " + turn.Lease.Label + "."
	}
	return turn
}

// bench gives what the fault is about its standing and queues it for the disk.
func (e *Engine) bench(r *request, p *pool.Pool, c *pool.Candidate, f core.Fault, at core.Time) []core.Effect {
	if f.Verdict == core.Retry || (f.Verdict == core.Rotate && f.Until <= at) {
		return nil
	}
	s := core.Standing{At: at, Fault: f.Kind, Cause: f.Cause, Source: f.Source, Mark: c.Mark}
	if f.Verdict == core.Rotate {
		s.Until = min(f.Until, at.Add(longestCooldown))
	}
	if f.Kind == core.Unknown && !e.othersReady(r, p, c, at) {
		// What nobody understands must not take away the last account that may still work.
		return nil
	}
	switch f.Scope {
	case core.ScopeModel:
		model := pool.ModelKey(r.model)
		if c.Models == nil {
			c.Models = map[string]core.Standing{}
		}
		c.Models[model] = s
		return []core.Effect{e.saveDelta(store.StandingDelta(p.Provider, c.ID, model, s), true)}
	case core.ScopeProvider:
		if s.Until.IsZero() {
			return nil
		}
		s.Mark = 0
		p.Whole = s
		return []core.Effect{e.saveDelta(store.StandingDelta(p.Provider, "", "", s), true)}
	case core.ScopeUpstream:
		delta := store.Blank
		for i := range p.Accounts {
			other := &p.Accounts[i]
			if other.ID != c.ID && (c.Upstream == "" || other.Upstream != c.Upstream) {
				continue
			}
			shared := s
			shared.Mark = other.Mark
			other.Standing = shared
			delta = store.Merge(delta, store.StandingDelta(p.Provider, other.ID, "", shared))
		}
		return []core.Effect{e.saveDelta(delta, true)}
	case core.ScopeAccount:
		c.Standing = s
		return []core.Effect{e.saveDelta(store.StandingDelta(p.Provider, c.ID, "", s), true)}
	}
	return nil
}

func (e *Engine) othersReady(r *request, p *pool.Pool, c *pool.Candidate, at core.Time) bool {
	for i := range p.Accounts {
		if other := &p.Accounts[i]; other.ID != c.ID {
			if reason, _, _ := p.Judge(other, r.ask(at)); reason == "" {
				return true
			}
		}
	}
	return false
}

func labelOf(p *pool.Pool, id string) string {
	if i := p.Find(id); i >= 0 {
		return p.Accounts[i].Label
	}
	return id
}
