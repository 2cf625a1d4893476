package pool

import (
	"strconv"

	"pimultiauth/core"
)

// Loss is what became of one candidate.
type Loss struct {
	Account string
	// Reason is Won for the chosen one.
	Reason Reason
	// Until is when the reason ends; zero when it does not end by itself or is none.
	Until core.Time
	// Cause adds what is known, in plain words.
	Cause string
	// Needs says in plain words what would have to change for it to win; "" for the chosen one.
	Needs string
	Terms Terms
}

// Explain chooses as Pick does and tells the reasons, without leaving a trace of it.
func (p *Pool) Explain(ask Ask) (Pick, []Loss) {
	home, ok := p.Homes[ask.Session]
	pick := p.Pick(ask)
	if ok {
		p.Homes[ask.Session] = home
	}
	return pick, p.Reasons(ask, pick)
}

// Reasons gives every candidate the one reason it lost a pick for, its score and what would make it win.
func (p *Pool) Reasons(ask Ask, pick Pick) []Loss {
	losses := make([]Loss, len(p.Accounts))
	most := int64(0)
	for i := range p.Accounts {
		_, uses := p.Accounts[i].wellness(ask.At)
		most = max(most, uses)
	}
	winner := int64(0)
	rank := func(i int) int64 {
		c := &p.Accounts[i]
		var e core.Entitlement
		if p.Entitled != nil {
			e = p.Entitled(ask.Model, c.Usage.Plan)
		}
		return c.rank(e, ask.At, ask.Model)
	}
	if pick.Index >= 0 {
		winner = rank(pick.Index)
	}
	for i := range p.Accounts {
		c, l := &p.Accounts[i], &losses[i]
		l.Account = c.ID
		l.Reason, l.Until, l.Cause = p.Judge(c, ask)
		l.Terms = p.terms(c, ask.Model, ask.At, most)
		switch {
		case i == pick.Index:
			l.Reason, l.Until, l.Cause = Won, 0, ""
		case l.Reason == "" && pick.Index < 0 && p.Pin.Strict:
			l.Reason = NotPinned
		case l.Reason == "":
			l.Reason = p.behind(pick, i, rank(i), winner)
		}
		if i != pick.Index {
			l.Needs = p.needs(l, pick)
		}
	}
	return losses
}

// behind is the reason a ready candidate lost for.
func (p *Pool) behind(pick Pick, i int, rank, winner int64) Reason {
	switch {
	case pick.Why != Won:
		return pick.Why
	case rank>>rankGroup == winner>>rankGroup && len(p.Groups) > 0:
		p.enroll()
		in := pick.Group == "" && len(p.groupsOf[i]) == 0
		for _, g := range p.groupsOf[i] {
			in = in || p.Groups[g].ID == pick.Group
		}
		if p.full(i) {
			return GroupFull
		}
		if !in {
			return GroupWon
		}
		if rank > winner {
			return PriorityHeld
		}
	case rank <= winner:
	case rank >= rankReserve && winner < rankReserve:
		return ReserveHeld
	case rank&rankOverage > winner&rankOverage:
		return OverageHeld
	case rank&rankDoubt > winner&rankDoubt:
		return DoubtHeld
	case rank>>rankGroup > winner>>rankGroup:
		return TierHeld
	default:
		return PriorityHeld
	}
	return Behind
}

// needs says what would have to change for a candidate to win.
func (p *Pool) needs(l *Loss, pick Pick) string {
	switch l.Reason {
	case Behind:
		return p.needsMode(l, pick)
	case HomeWon, BackWon, ParentWon:
		return "the cache of the session gets cold, or its account cannot serve"
	case PinWon, NotPinned:
		return "the pin is taken away"
	case ExplicitWon:
		return "the key that was given is left out"
	case GroupWon, ReserveHeld, TierHeld, PriorityHeld, OverageHeld, DoubtHeld:
		return "those before it cannot serve"
	case GroupFull:
		return "a request on it ends"
	case AlreadyTried, NotOffered:
		return "another request"
	case IsPaused:
		return "it is resumed"
	case NotItsProject, ProjectHasOwn:
		return "its projects are changed"
	case IsSuspended, LoginExpired:
		return "its credential is mended"
	case PlanDenied, PlanUnproven:
		return "its plan is seen to include the model"
	case QuotaGone:
		return "its quota resets, or use beyond the plan is allowed"
	case BeingProbed:
		return "that request is answered"
	}
	return "the block ends"
}

func (p *Pool) needsMode(l *Loss, pick Pick) string {
	mode := p.Mode
	for g := range p.Groups {
		if p.Groups[g].ID == pick.Group && p.Groups[g].Mode != "" {
			mode = p.Groups[g].Mode
		}
	}
	switch mode {
	case core.UsageBased:
		return "its cost of " + strconv.FormatInt(l.Terms.Cost, 10) + " falls below that of the chosen one"
	case core.Balancer:
		return "its weight of " + strconv.FormatInt(l.Terms.Weight, 10) + " rises above that of the chosen one"
	case core.FillFirst:
		return "those before it in order cannot serve"
	}
	return "its turn comes"
}

// Text is a JSON object of the terms.
func (t Terms) Text() string {
	return (&core.Object{}).Int("scarcity", t.Scarcity).Int("health", t.Health).Int("load", t.Load).Int("uses", t.Uses).
		Int("cost", t.Cost).Int("weight", t.Weight).Text()
}
