package engine

import (
	"pimultiauth/core"
	"pimultiauth/core/pool"
	"pimultiauth/core/store"
)

// softBench is how long an account is left alone after a soft fault that came back at once; repeats make it longer.
const softBench = 15 * core.Second

// trialPause is how long a provider is left alone whose accounts all refuse without a word of when: short enough for Pi's own retries.
const trialPause = 10 * core.Second

// inVain reports whether a trial failed as one does that the whole provider refuses, while nobody is left but accounts in the same case. One
// trial speaks for all of them then.
func (e *Engine) inVain(r *request, p *pool.Pool, f core.Fault, at core.Time) bool {
	if !r.trial || f.Kind != core.RateLimited || f.Source != core.FromDefault || f.Scope == core.ScopeModel {
		return false
	}
	next := p.Pick(r.ask(at))
	return next.Index >= 0 && next.Probe
}

// bench gives what the fault is about its standing and queues it for the disk.
func (e *Engine) bench(r *request, p *pool.Pool, c *pool.Candidate, f core.Fault, at core.Time) []core.Effect {
	soft := pool.Soft(f.Kind)
	if f.Verdict == core.Retry && soft && f.Scope != core.ScopeRequest {
		// It came back at once. Whether the others of the provider fail too is theirs to show.
		f.Scope = core.ScopeAccount
		if f.Until < at.Add(softBench) {
			f.Until, f.Source = at.Add(softBench), core.FromDefault
		}
	}
	if (f.Verdict == core.Retry && !soft) || (f.Verdict != core.Suspend && f.Until <= at) {
		return nil
	}
	if soft && f.Scope != core.ScopeProvider && !p.MayBench(c.ID, r.ask(at)) {
		// What may pass at any moment must not take away the last account that may still work.
		return nil
	}
	old := c.Standing
	if f.Scope == core.ScopeModel {
		old = c.Models[pool.ModelKey(r.model)]
	}
	// Several may fail within a millisecond, and the last word counts.
	s := core.Standing{At: max(at, old.At+1), Fault: f.Kind, Cause: f.Cause, Source: f.Source, Mark: markOf(c, f.Kind)}
	if s.At.Sub(at) > core.Second {
		s.Began = at
	}
	if f.Verdict != core.Suspend {
		s.Until = min(f.Until, at.Add(longestCooldown))
		if soft || f.Source == core.FromDefault {
			cooldown, backoff := p.Patience(c.ID)
			s.Until, s.Times = pool.Grow(old, f.Kind, at, s.Until, cooldown, backoff, r.seed)
		}
		switch {
		case outlasts(c, &old, &s, at):
			return nil
		case old.Fault != f.Kind || old.KindAt(at, c.Mark) != core.StandingCooling:
		case s.Source == core.FromDefault && named(old.Source),
			s.Until < old.Until && (s.Source != core.FromHeader || old.Source == core.FromHeader):
			// What somebody said outranks what is assumed, and who said it stands with the end.
			s.Until, s.Source, s.Times = old.Until, old.Source, old.Times
		}
	}
	switch f.Scope {
	case core.ScopeModel:
		model := pool.ModelKey(r.model)
		e.standing(p, p.Find(c.ID), model, s)
		return []core.Effect{e.saveDelta(store.StandingDelta(p.Provider, c.ID, model, s), true)}
	case core.ScopeProvider:
		if s.Until.IsZero() {
			return nil
		}
		s.Mark = 0
		p.Whole = s
		return []core.Effect{e.saveDelta(store.StandingDelta(p.Provider, "", "", s), true)}
	case core.ScopeUpstream, core.ScopeAccount:
		var effects []core.Effect
		for i := range p.Accounts {
			other := &p.Accounts[i]
			if other.ID != c.ID && !shares(f, &c.Account, &other.Account) {
				continue
			}
			shared := s
			shared.At, shared.Mark = max(s.At, other.Standing.At+1), markOf(other, f.Kind)
			if shared.At.Sub(at) > core.Second {
				shared.Began = at
			}
			e.standing(p, i, "", shared)
			effects = append(effects, e.saveDelta(store.StandingDelta(p.Provider, other.ID, "", shared), true))
		}
		return effects
	}
	return nil
}

// outlasts reports whether what was told of an account ends later than what goes wrong with it now: another fault in between takes
// nothing of it back.
func outlasts(c *pool.Candidate, old, s *core.Standing, at core.Time) bool {
	return named(old.Source) && old.Fault != s.Fault && old.Until > s.Until && old.KindAt(at, c.Mark) == core.StandingCooling
}

// named reports whether an end was told rather than assumed or read out of words.
func named(s core.Source) bool {
	return s == core.FromHeader || s == core.FromBody || s == core.FromWindow
}

// markOf is the secret a fault is about, 0 when it is about the account behind it: a quota does not return because a login was renewed.
func markOf(c *pool.Candidate, kind core.FaultKind) int64 {
	if c.Login && !aboutSecret(kind) {
		return 0
	}
	return c.Mark
}

// aboutSecret reports whether a fault is that of what was sent to say who asks.
func aboutSecret(kind core.FaultKind) bool {
	return kind == core.Unauthorized || kind == core.Forbidden || kind == core.Misconfigured
}

// standing keeps what was learned of an account, or of one model on it.
func (e *Engine) standing(p *pool.Pool, i int, model string, s core.Standing) {
	if i < 0 {
		return
	}
	c := &p.Accounts[i]
	if model == "" {
		c.Standing = s
	} else {
		c.Models = pool.WithModel(c.Models, model, s)
	}
	p.Touch(i)
}

// beginTrial lets one request try an account whose bench has ended, in this process and by the shared state in the others.
func (e *Engine) beginTrial(r *request, p *pool.Pool, i int, at core.Time) []core.Effect {
	c := &p.Accounts[i]
	if at.Before(c.Live.Probe) {
		// One that nobody else is left for joins the trial that is on.
		return nil
	}
	r.probing, r.benched = true, c.Standing
	c.Live.Probe = at.Add(pool.ProbeSpan)
	p.Touch(i)
	if c.Standing.Fault == "" || c.Standing.Until.IsZero() {
		return nil
	}
	// A trial is news, and what it is about is not: an answer to a request that left after the failure still speaks against it.
	held := c.Standing
	held.At, held.Began, held.Until = max(at, held.At+1), held.Since(), c.Live.Probe
	e.standing(p, i, "", held)
	return []core.Effect{e.saveDelta(store.StandingDelta(p.Provider, c.ID, "", held), false)}
}

// endTrial ends it, whatever came of it; who learned nothing leaves the account to the next one here.
func (e *Engine) endTrial(r *request, p *pool.Pool, i int) {
	if !r.probing {
		return
	}
	r.probing = false
	if c := &p.Accounts[i]; c.Standing.Fault == r.benched.Fault && c.Standing.Until == c.Live.Probe {
		r.benched.At, r.benched.Began = c.Standing.At, c.Standing.Began
		c.Standing = r.benched
	}
	p.Accounts[i].Live.Probe = 0
	p.Touch(i)
}
