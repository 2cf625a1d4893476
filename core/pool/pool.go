package pool

import (
	"strings"

	"pimultiauth/core"
)

// Pool is the accounts of one provider, in order.
type Pool struct {
	Provider string
	Mode     core.Mode
	Accounts []Candidate
	// Whole is the standing of the provider as a whole.
	Whole core.Standing
	// After is the account the last new session was given, and AfterAt when: places only move forward in time.
	After   string
	AfterAt core.Time
	// Homes are the accounts of sessions.
	Homes map[string]Home
	// Pin, Groups and Strategy are what a person set. Groups stand in the order of their priority and id.
	Pin      Pin
	Groups   []Group
	Strategy Strategy
	// Chains are those that were defined with this provider; they may begin with another one.
	Chains []Chain

	// index finds accounts by id; it is made anew when it does not fit the accounts any more.
	index map[string]int
}

// Home is the account a session was given, and when it was last used.
type Home struct {
	Account string
	At      core.Time
}

// Candidate is an account and what is known of it.
type Candidate struct {
	core.Account
	Settings
	Standing core.Standing
	// Usage is what was seen of its quota; the zero value knows nothing.
	Usage core.Usage
	// Models are standings of single models on this account.
	Models map[string]core.Standing
	// InFlight counts the leases that are out.
	InFlight int
	// LastUsed is when it was last leased; zero when never.
	LastUsed core.Time
	// Absent says that Pi did not offer this account with the present request.
	Absent bool
}

// Ask is what a request wants.
type Ask struct {
	At      core.Time
	Model   string
	Session string
	// Tried are the accounts that already failed this request.
	Tried []string
}

// Reason is why a candidate lost, or that it won.
type Reason string

// The reasons.
const (
	Won             Reason = "chosen"
	Behind          Reason = "ready, another one was next"
	HomeWon         Reason = "ready, the session stays where its cache is warm"
	ExplicitWon     Reason = "ready, a key was given with the request"
	AlreadyTried    Reason = "already failed this request"
	IsCooling       Reason = "cooling"
	IsSuspended     Reason = "suspended"
	ModelCooling    Reason = "this model is blocked on it"
	ProviderCooling Reason = "the provider is cooling"
	LoginExpired    Reason = "login expired"
	NotOffered      Reason = "not there with this request"
)

// Loss is what became of one candidate.
type Loss struct {
	Account string
	Reason  Reason
	// Until is when the reason ends; zero when it does not end by itself or is none.
	Until core.Time
	// Cause adds what is known, in plain words.
	Cause string
}

// Pick is a choice and its reasons.
type Pick struct {
	// Index of the chosen candidate, -1 when nobody is ready.
	Index int
	// Losses has one entry for each candidate, in pool order; the chosen one's is Won. It is empty when a session's home was taken
	// without a look at the others; Explain tells their reasons.
	Losses []Loss
	// New says that the account is not the session's home, so that its place has to be kept.
	New bool
}

// Judge tells why a candidate cannot be leased now; "" when it can.
func (p *Pool) Judge(c *Candidate, ask Ask) (Reason, core.Time, string) {
	if c.Absent {
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
	if p.Whole.KindAt(ask.At, 0) == core.StandingCooling {
		return ProviderCooling, p.Whole.Until, p.Whole.Cause
	}
	switch c.Standing.KindAt(ask.At, c.Mark) {
	case core.StandingSuspended:
		return IsSuspended, 0, c.Standing.Cause
	case core.StandingCooling:
		return IsCooling, c.Standing.Until, c.Standing.Cause
	}
	if s, ok := c.Models[ask.Model]; ok && ask.Model != "" && s.KindAt(ask.At, c.Mark) != core.StandingReady {
		return ModelCooling, s.Until, s.Cause
	}
	if c.Login && !c.Expires.IsZero() && !ask.At.Before(c.Expires) {
		return LoginExpired, 0, "its access token has ended"
	}
	return "", 0, ""
}

// Pick chooses the account for a request, reusing losses for its reasons. A session whose home is ready costs no look at the others.
func (p *Pool) Pick(ask Ask, losses []Loss) Pick {
	if home, ok := p.Homes[ask.Session]; ok && ask.Session != "" && !p.explicitThere() {
		if i := p.Find(home.Account); i >= 0 {
			if reason, _, _ := p.Judge(&p.Accounts[i], ask); reason == "" {
				return Pick{Index: i, Losses: losses[:0]}
			}
		}
	}
	return p.Explain(ask, losses)
}

// explicitThere reports whether a key was given with the request. Accounts of Pi's own resolution stand behind those of files.
func (p *Pool) explicitThere() bool {
	for i := len(p.Accounts) - 1; i >= 0 && p.Accounts[i].Source != "stored"; i-- {
		if p.Accounts[i].Source == "explicit" && !p.Accounts[i].Absent {
			return true
		}
	}
	return false
}

// Explain chooses as Pick does and gives every candidate its reason.
func (p *Pool) Explain(ask Ask, losses []Loss) Pick {
	pick := Pick{Index: -1, Losses: losses[:0]}
	home := p.Homes[ask.Session].Account
	if ask.Session == "" {
		home = ""
	}
	explicit, homeAt, after := -1, -1, -1
	for i := range p.Accounts {
		c := &p.Accounts[i]
		reason, until, cause := p.Judge(c, ask)
		pick.Losses = append(pick.Losses, Loss{Account: c.ID, Reason: reason, Until: until, Cause: cause})
		if c.ID == p.After {
			after = i
		}
		if reason != "" {
			continue
		}
		if c.Source == "explicit" {
			explicit = i
		}
		if c.ID == home {
			homeAt = i
		}
	}
	behind := Behind
	switch {
	case explicit >= 0:
		pick.Index, behind = explicit, ExplicitWon
	case homeAt >= 0:
		pick.Index, behind = homeAt, HomeWon
	default:
		pick.Index = p.next(pick.Losses, after)
	}
	for i := range pick.Losses {
		if pick.Losses[i].Reason != "" {
			continue
		}
		if i == pick.Index {
			pick.Losses[i].Reason = Won
		} else {
			pick.Losses[i].Reason = behind
		}
	}
	pick.New = pick.Index >= 0 && p.Accounts[pick.Index].ID != home
	return pick
}

// next finds the account of a new session among those without a reason against them.
func (p *Pool) next(losses []Loss, after int) int {
	n := len(p.Accounts)
	best := -1
	for step := 1; step <= n; step++ {
		i := (after + step) % n
		if p.Mode == core.FillFirst {
			i = step - 1
		}
		if losses[i].Reason != "" {
			continue
		}
		if p.Mode != core.Balancer {
			return i
		}
		if best < 0 || lighter(&p.Accounts[i], &p.Accounts[best]) {
			best = i
		}
	}
	return best
}

// lighter orders ready accounts for Balancer: fewer requests under way, then the longer unused.
func lighter(a, b *Candidate) bool {
	if a.InFlight != b.InFlight {
		return a.InFlight < b.InFlight
	}
	return a.LastUsed.Before(b.LastUsed)
}

// Find answers the index of an account, -1 when the pool has none of that id.
func (p *Pool) Find(id string) int {
	if i, ok := p.index[id]; ok && i < len(p.Accounts) && p.Accounts[i].ID == id && len(p.index) == len(p.Accounts) {
		return i
	}
	if len(p.index) != len(p.Accounts) {
		p.index = make(map[string]int, len(p.Accounts))
		for i := range p.Accounts {
			p.index[p.Accounts[i].ID] = i
		}
	}
	if i, ok := p.index[id]; ok {
		return i
	}
	return -1
}

// ModelKey is how models are told apart in standings: lower case, without a leading "vendor/".
func ModelKey(model string) string {
	model = strings.ToLower(strings.TrimSpace(model))
	if i := strings.IndexByte(model, '/'); i >= 0 && i+1 < len(model) {
		return model[i+1:]
	}
	return model
}
