package engine

import (
	"sort"

	"pimultiauth/core"
	"pimultiauth/core/pool"
	"pimultiauth/core/view"
)

// refuse ends a request without an answer. again says that somebody else could answer, if Pi asked once more.
func (e *Engine) refuse(r *request, p *pool.Pool, at core.Time, again bool) core.Turn {
	var accounts []view.Account
	for i := range p.Accounts {
		if p.Accounts[i].Absent {
			continue
		}
		a := e.account(p, &p.Accounts[i], at)
		if cause, ok := r.causes[a.ID]; ok && a.Why == "" {
			a.Why = cause
		}
		if s, ok := p.Accounts[i].Models[pool.ModelKey(r.model)]; ok && a.Standing == core.StandingReady && s.KindAt(at, p.Accounts[i].Mark) != core.StandingReady {
			a.Standing, a.Why, a.Until = s.KindAt(at, p.Accounts[i].Mark), s.Cause+" for "+r.model, s.Until
		}
		if again && r.causes[a.ID] == "" {
			continue
		}
		if a.Why == "" {
			a.Why = "not asked after " + leaseName(int64(r.attempts)) + " attempts"
		}
		accounts = append(accounts, a)
	}
	return core.Turn{Refuse: view.Refusal(r.provider, accounts, at, e.zone, again)}
}

// account is what there is to show of a candidate.
func (e *Engine) account(p *pool.Pool, c *pool.Candidate, at core.Time) view.Account {
	a := view.Account{Provider: p.Provider, ID: c.ID, Label: c.Label, Source: c.Source, Login: c.Login, Standing: core.StandingReady, InFlight: c.InFlight}
	standing := c.Standing
	if p.Whole.KindAt(at, 0) == core.StandingCooling {
		standing = p.Whole
	}
	if kind := standing.KindAt(at, c.Mark); kind != core.StandingReady {
		a.Standing, a.Fault, a.Why, a.Until = kind, standing.Fault, standing.Cause, standing.Until
		if kind == core.StandingSuspended {
			a.Until, a.Fix = 0, fix(standing.Fault, c.Login)
		}
	} else if c.Login && !c.Expires.IsZero() && !at.Before(c.Expires) {
		a.Standing, a.Fault, a.Why, a.Fix = core.StandingSuspended, core.Unauthorized, "login expired", "log in again with /login"
	}
	models := make([]string, 0, len(c.Models))
	for model, s := range c.Models {
		if s.KindAt(at, c.Mark) != core.StandingReady {
			models = append(models, model)
		}
	}
	sort.Strings(models)
	for _, model := range models {
		a.Models = append(a.Models, view.BlockedModel{Model: model, Why: c.Models[model].Cause, Until: c.Models[model].Until})
	}
	return a
}

// fix says what a person can do about a suspension.
func fix(kind core.FaultKind, login bool) string {
	switch kind {
	case core.Unauthorized:
		if login {
			return "log in again with /login"
		}
		return "put a valid key in its place"
	case core.Unpaid, core.PolicyOverage:
		return "add credit at the provider"
	case core.Misconfigured:
		return "correct its entry"
	}
	return "look at the account at the provider"
}
