package pool

import (
	"strings"

	"pimultiauth/core"
	"pimultiauth/core/quota"
)

// Reason is why a candidate lost, or that it won.
type Reason string

// The reasons.
const (
	Won             Reason = "chosen"
	Behind          Reason = "ready, another one was next"
	HomeWon         Reason = "ready, the session stays where its cache is warm"
	BackWon         Reason = "ready, the session went back to where its cache is still warm"
	ParentWon       Reason = "ready, the session shares the cache of the one it was begun from"
	PinWon          Reason = "ready, another account is pinned"
	ExplicitWon     Reason = "ready, a key was given with the request"
	GroupWon        Reason = "ready, another pool goes first"
	ReserveHeld     Reason = "ready, kept in reserve"
	TierHeld        Reason = "ready, another plan goes first"
	OverageHeld     Reason = "ready, would cost extra"
	DoubtHeld       Reason = "ready, it failed last and nobody has tried it since"
	PriorityHeld    Reason = "ready, another account has priority"
	AlreadyTried    Reason = "already failed this request"
	IsPaused        Reason = "paused"
	NotItsProject   Reason = "kept for other projects"
	ProjectHasOwn   Reason = "this project has accounts of its own"
	IsCooling       Reason = "cooling"
	IsSuspended     Reason = "suspended"
	ModelCooling    Reason = "this model is blocked on it"
	ProviderCooling Reason = "the provider is cooling"
	LoginExpired    Reason = "login expired"
	NotOffered      Reason = "not there with this request"
	QuotaGone       Reason = "its quota is used up"
	PlanDenied      Reason = "its plan does not include this model"
	PlanUnproven    Reason = "its plan is not known"
	BeingProbed     Reason = "another request tries it"
	GroupFull       Reason = "as many requests are under way as its pool allows"
	NotPinned       Reason = "another account is pinned strictly"
)

// Judge tells why a candidate cannot be leased now; "" when it can.
func (p *Pool) Judge(c *Candidate, ask Ask) (Reason, core.Time, string) {
	if c.Absent || (ask.Stored && c.Source != "stored") {
		return NotOffered, 0, ""
	}
	for _, id := range ask.Tried {
		if id == c.ID {
			cause := c.Standing.Cause
			if s := c.Models[ask.Model]; s.Fault != "" {
				cause = s.Cause
			}
			return AlreadyTried, 0, cause
		}
	}
	return p.judge(c, ask.Model, ask.Project, ask.At)
}

// judge tells what stands against a candidate whoever asks for a model in a project.
func (p *Pool) judge(c *Candidate, model, project string, at core.Time) (Reason, core.Time, string) {
	switch {
	case c.Paused:
		return IsPaused, 0, ""
	case len(c.Projects) > 0 && !within(project, c.Projects):
		return NotItsProject, 0, ""
	case len(c.Projects) == 0 && p.hasOwn(project):
		return ProjectHasOwn, 0, ""
	case p.Whole.KindAt(at, 0) == core.StandingCooling:
		return ProviderCooling, p.Whole.Until, p.Whole.Cause
	}
	if s := &c.Standing; s.Fault != "" {
		if until, out := p.Holds(c, s, at); out {
			if s.Until.IsZero() {
				return IsSuspended, 0, s.Cause
			}
			if s.Until == c.Live.Probe {
				return BeingProbed, until, s.Cause
			}
			return IsCooling, until, s.Cause
		}
	}
	if s, ok := c.Models[model]; ok && s.Fault != "" && model != "" {
		if until, out := p.Holds(c, &s, at); out {
			return ModelCooling, until, s.Cause
		}
	}
	if !c.Expires.IsZero() && !at.Before(c.Expires) {
		return LoginExpired, 0, "its access token has ended"
	}
	return p.judgeQuota(c, model, at)
}

// Holds reports whether a standing keeps an account out, and until when: the one answer for whoever asks an account and whoever shows it.
func (p *Pool) Holds(c *Candidate, s *core.Standing, at core.Time) (core.Time, bool) {
	if s.Until.IsZero() {
		return 0, s.KindAt(at, c.Mark) == core.StandingSuspended
	}
	until := p.Spread(*s, c.ID)
	ended := *s
	ended.Until = until
	return until, ended.KindAt(at, c.Mark) == core.StandingCooling && (s.Source == core.FromHeader || !c.disproved(*s))
}

func (p *Pool) judgeQuota(c *Candidate, model string, at core.Time) (Reason, core.Time, string) {
	class := ""
	if p.Entitled != nil {
		e := p.Entitled(model, c.Usage.Plan)
		switch {
		case e.Denied != "":
			return PlanDenied, 0, e.Denied
		case e.Unproven && p.Strict:
			return PlanUnproven, 0, ""
		}
		class = e.Class
	}
	if until, cause := c.gone(model, class, at); cause != "" && (!c.Overage || c.Usage.Balance.Exhausted) {
		return QuotaGone, until, cause
	}
	if at.Before(c.Live.Probe) {
		return BeingProbed, c.Live.Probe, c.Standing.Cause
	}
	return "", 0, ""
}

// gone tells until when what was seen of the quota leaves nothing for a model, and what is used up; "" when something is left or nothing
// is known. An answer that came after the look proves it wrong.
func (c *Candidate) gone(model, class string, at core.Time) (core.Time, string) {
	u := &c.Usage
	if u.At.IsZero() {
		return 0, ""
	}
	var until core.Time
	cause := ""
	if at.Before(u.BlockedUntil) && c.Live.Served <= u.At {
		until, cause = u.BlockedUntil, "the provider blocks it"
	}
	for i := range u.Windows {
		w := &u.Windows[i]
		end, spent := quota.Spent(w, u.At, at)
		if !spent || !quota.Counts(w, model, class) || (c.Live.Served > u.At && (w.Model == "" || c.Live.ServedModel == model)) {
			continue
		}
		if end >= until {
			until, cause = end, "its "+w.Name+" quota is used up"
		}
	}
	if u.Balance.Exhausted && cause == "" && c.Live.Served <= u.At && at.Sub(u.At) < core.Hour {
		cause = "its balance is used up"
	}
	return until, cause
}

// disproved reports whether a later look at the quota says that a spent account is not spent any more.
func (c *Candidate) disproved(s core.Standing) bool {
	u := &c.Usage
	if s.Fault != core.QuotaSpent || u.At.Sub(s.At) < core.Minute || u.Error != "" || len(u.Windows) == 0 || u.At.Before(u.BlockedUntil) || u.Balance.Exhausted {
		return false
	}
	for i := range u.Windows {
		if w := &u.Windows[i]; !w.Known || (w.Used >= 99 && w.ResetsAt != 0) {
			return false
		}
	}
	return true
}

// hasOwn reports whether accounts of the pool are kept for a project. Such a project uses no others: work and private never mix.
func (p *Pool) hasOwn(project string) bool {
	if project == "" {
		return false
	}
	if len(p.index) != len(p.Accounts) {
		p.Find("")
	}
	own, ok := p.owned[project]
	if !ok {
		for i := range p.Accounts {
			own = own || within(project, p.Accounts[i].Projects)
		}
		if p.owned == nil || len(p.owned) > 64 {
			p.owned = map[string]bool{}
		}
		p.owned[project] = own
	}
	return own
}

// within reports whether a folder is one of some or lies below one.
func within(project string, folders []string) bool {
	project = strings.ReplaceAll(project, `\`, "/") + "/"
	for _, f := range folders {
		f = strings.TrimRight(strings.ReplaceAll(f, `\`, "/"), "/") + "/"
		if project != "/" && strings.HasPrefix(project, f) {
			return true
		}
	}
	return false
}
