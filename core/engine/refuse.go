package engine

import (
	"pimultiauth/core"
	"pimultiauth/core/pool"
	"pimultiauth/core/view"
)

// obstacles is how many things that stand against an account one after another are looked at.
const obstacles = 4

// refuse ends a request without an answer. again says that somebody else could answer, if Pi asked once more.
func (e *Engine) refuse(r *request, p *pool.Pool, at core.Time, again bool) core.Turn {
	if e.config.Raw && r.attempts > 0 {
		return core.Turn{Refuse: &core.Refuse{Original: true}}
	}
	provider := r.provider
	var accounts []view.Account
	if r.hops != nil {
		provider = r.hops.from
		accounts = append(accounts, r.hops.before...)
	}
	accounts = append(accounts, e.unable(r, p, at, again)...)
	return core.Turn{Refuse: view.Refusal(provider, accounts, at, e.zone, again)}
}

// unable lists the accounts of a pool with what keeps each from answering a request.
func (e *Engine) unable(r *request, p *pool.Pool, at core.Time, again bool) []view.Account {
	var accounts []view.Account
	for i := range p.Accounts {
		c := &p.Accounts[i]
		if c.Absent || (again && r.causes[c.ID] == "") {
			continue
		}
		a := e.account(p, c, at)
		if r.hops != nil {
			a.Label = p.Provider + " " + a.Label
		}
		if a.Standing != core.StandingSuspended {
			ask := r.ask(at)
			ask.Tried = nil
			e.judged(&a, p, c, ask, r.model)
		}
		if a.Why == "" {
			a.Why = r.causes[a.ID]
		}
		if a.Why == "" {
			a.Why = "not asked after " + core.Decimal(int64(r.attempts)) + " attempts"
		}
		accounts = append(accounts, a)
	}
	return accounts
}

// judged adds what stands against an account for one ask, beside its standing and after it: what ends last is what people wait for.
func (e *Engine) judged(a *view.Account, p *pool.Pool, c *pool.Candidate, ask pool.Ask, model string) {
	for range obstacles {
		ask.At = max(ask.At, a.Until)
		reason, until, cause := p.Judge(c, ask)
		if reason == "" && p.Pin.Strict && p.Pin.Account != "" && p.Pin.Account != c.ID {
			reason = pool.NotPinned
		}
		if reason == "" || reason == pool.AlreadyTried || (reason == pool.LoginExpired && a.Standing == core.StandingCooling) {
			return
		}
		a.Standing, a.Until, a.Why = core.StandingCooling, until, string(reason)
		switch reason {
		case pool.ModelCooling:
			a.Why = cause + " for " + model
		case pool.IsCooling, pool.QuotaGone, pool.PlanDenied, pool.ProviderCooling:
			a.Why = cause
		case pool.BeingProbed:
			a.Why += " after " + cause
		}
		if until.IsZero() {
			a.Standing, a.Fix = core.StandingSuspended, remedy(reason)
			return
		}
	}
}

// remedy says what a person can do about a rule that keeps an account out.
func remedy(reason pool.Reason) string {
	switch reason {
	case pool.IsPaused:
		return "resume it"
	case pool.NotItsProject, pool.ProjectHasOwn:
		return "change which projects it is for"
	case pool.PlanDenied:
		return "use a model its plan includes"
	case pool.PlanUnproven:
		return "have its usage read, or allow plans that are not known"
	case pool.NotPinned:
		return "take the pin away"
	case pool.QuotaGone:
		return "allow it paid use, or add credit at the provider"
	}
	return ""
}

// account is what there is to show of a candidate.
func (e *Engine) account(p *pool.Pool, c *pool.Candidate, at core.Time) view.Account {
	a := view.Account{Provider: p.Provider, ID: c.ID, Label: c.Label, Source: c.Source, Login: c.Login, Twin: c.Twin, Standing: core.StandingReady, InFlight: c.InFlight}
	a.Settings, a.Pinned, a.Usage, a.Plan, a.LastUsed = c.Settings, p.Pin.Account == c.ID, c.Usage, c.Usage.Plan, c.LastUsed
	a.Untold = e.catalogue[p.Provider].Usage == nil && e.catalogue[p.Provider].Windows == nil
	a.Headers, a.Who = len(c.Headers), c.Identity.Label
	if a.Who == "" {
		a.Who = e.identities[usageKey(p.Provider, c.ID)].who.Label
	}
	counts := e.state.Count(p.Provider, c.ID, at)
	a.Requests, a.Failures = counts.Requests, counts.Failures
	if own := e.counts[usageKey(p.Provider, c.ID)]; own != nil {
		counts = own.tally.Count(at)
		a.Requests, a.Failures = a.Requests+counts.Requests, a.Failures+counts.Failures
	}
	for _, g := range p.Groups {
		if contains(g.Accounts, c.ID) {
			a.Pools = append(a.Pools, g.ID)
		}
	}
	if r := e.files["usage"].tree.UsageRead(usageKey(p.Provider, c.ID)); r.Fails > 0 {
		a.Usage.Error = r.Error
	}
	standing := &c.Standing
	until, out := p.Holds(c, standing, at)
	if p.Whole.KindAt(at, 0) == core.StandingCooling {
		standing, until, out = &p.Whole, p.Whole.Until, true
	}
	if out {
		a.Standing, a.Fault, a.Why, a.Until = core.StandingCooling, standing.Fault, standing.Cause, until
		if standing.Until.IsZero() {
			a.Standing, a.Fix = core.StandingSuspended, e.fix(standing.Fault, c)
		}
	} else if c.Login && !c.Expires.IsZero() && !at.Before(c.Expires) && e.canRenew(c) {
		a.Why = "login expired; it is renewed with the next request"
	} else if !c.Login && !c.Expires.IsZero() && !at.Before(c.Expires) {
		a.Standing, a.Fault, a.Why, a.Fix = core.StandingSuspended, core.Unauthorized, "key expired", e.fix(core.Unauthorized, c)
	} else if c.Login && !c.Expires.IsZero() && !at.Before(c.Expires) {
		a.Standing, a.Fault, a.Why, a.Fix = core.StandingSuspended, core.Unauthorized, "login expired", e.fix(core.Unauthorized, c)
	}
	for _, model := range core.Keys(c.Models) {
		s := c.Models[model]
		if until, out := p.Holds(c, &s, at); out {
			a.Models = append(a.Models, view.BlockedModel{Model: model, Why: s.Cause, Until: until})
		}
	}
	return a
}

// fix says what a person can do about a suspension.
func (e *Engine) fix(kind core.FaultKind, c *pool.Candidate) string {
	switch kind {
	case core.Unauthorized:
		if c.Login && e.isPis(c) {
			return "log in again with /login"
		}
		if c.Login {
			return "log in again with /multi-auth login " + c.Provider
		}
		if c.Own {
			return "give it a valid key: add " + c.Provider + " --account " + spoken(c.Label)
		}
		return "put a valid key in its place"
	case core.Unpaid, core.PolicyOverage:
		return "add credit at the provider, then resume it"
	case core.Misconfigured:
		return "correct its entry"
	}
	return "look at the account at the provider, then resume it"
}
