package engine

import (
	"pimultiauth/core"
	"pimultiauth/core/flow"
	"pimultiauth/core/pool"
	"pimultiauth/core/view"
)

// hops is how far a request has come along a chain.
type hops struct {
	chain core.Chain
	// at is the place of the present provider.
	at  int
	api string
	// from and model are what was asked for.
	from  string
	model string
	// before are the accounts of the providers that were left, for the message when nobody is found.
	before []view.Account
	// say begins the notice of the hop; "" when the session has been told.
	say string
}

// nobody goes on when the present provider has nobody ready: with a login that can be renewed, along a chain, or to the end of the request.
func (e *Engine) nobody(r *request, p *pool.Pool, at core.Time) core.Turn {
	if keys := e.renewable(r, p, at); len(keys) > 0 && r.attempts < maxAttempts {
		return e.begin(func(h *flow.Host) core.Turn { return e.renewFor(h, r, keys) })
	}
	if !r.looked && r.attempts < maxAttempts && r.here < r.limit(p) && e.overlooked(r, p, at) {
		r.looked = true
		return e.begin(func(h *flow.Host) core.Turn { return e.lookFor(h, r) })
	}
	return e.left(r, p, at)
}

// overlooked reports whether an account is kept out by nothing but an old look at its windows: pages err, limits are lifted early, plans
// change, and where no screen is open nobody else would look again before the window ends.
func (e *Engine) overlooked(r *request, p *pool.Pool, at core.Time) bool {
	if e.reader.offline || e.reader.running || r.hops != nil {
		return false
	}
	ask := r.ask(at)
	for i := range p.Accounts {
		c := &p.Accounts[i]
		reason, _, _ := p.Judge(c, ask)
		if (reason == pool.QuotaGone || (reason == pool.IsCooling && c.Standing.Source == core.FromWindow)) &&
			e.readable(c, at) != nil && e.dueToRead(c, at) <= at {
			return true
		}
	}
	return false
}

// lookFor is the flow that looks again, at some accounts, before a request is refused.
func (e *Engine) lookFor(h *flow.Host, r *request) core.Turn {
	e.readUsage(h, r.provider, "", false, 1)
	if turn, ok := e.leaseNow(h, r); ok {
		return turn
	}
	p := e.pools[r.provider]
	if p == nil {
		return core.Turn{Refuse: &core.Refuse{Say: r.provider + ": its accounts were removed a moment ago."}}
	}
	return e.left(r, p, h.At())
}

// left goes on along a chain, or to the end of the request.
func (e *Engine) left(r *request, p *pool.Pool, at core.Time) core.Turn {
	if turn, ok := e.failover(r, p, at); ok {
		return turn
	}
	if turn, ok := e.standBy(r, p, at); ok {
		return turn
	}
	return e.refuse(r, p, at, false)
}

// standBy leases the account that returns first for the moment it does, once in a request that a person looks at, when that is soon.
func (e *Engine) standBy(r *request, p *pool.Pool, at core.Time) (core.Turn, bool) {
	if r.mode != "tui" || r.waited || r.attempts >= maxAttempts || r.here >= r.limit(p) {
		return core.Turn{}, false
	}
	ask := r.ask(at)
	ask.Tried = nil
	first, back := -1, at.Add(e.config.Wait)
	for i := range p.Accounts {
		c := &p.Accounts[i]
		_, until, _ := p.Judge(c, ask)
		if until <= at || until > back || p.Pin.Strict && p.Pin.Account != "" && p.Pin.Account != c.ID {
			continue
		}
		then := ask
		then.At = until
		if reason, _, _ := p.Judge(c, then); reason == "" && (first < 0 || until < back) {
			first, back = i, until
		}
	}
	if first < 0 {
		return core.Turn{}, false
	}
	r.waited, r.tried, r.retried = true, nil, false
	turn := e.lease(r, p, pool.Pick{Index: first, New: p.Accounts[first].ID != r.home, Wait: back.Sub(at)}, at)
	turn.Lease.Say, turn.Lease.Wait = "", view.Waiting(r.provider, turn.Lease.Label, len(p.Accounts) > 1)
	return turn, true
}

// failover finds the next provider of a chain that has somebody, and leases it.
func (e *Engine) failover(r *request, p *pool.Pool, at core.Time) (core.Turn, bool) {
	if r.sticky || p.Pin.Strict && p.Pin.Account != "" || r.attempts >= maxAttempts {
		return core.Turn{}, false
	}
	if r.hops != nil {
		return e.hop(r, p, *r.hops, at)
	}
	kinds := append(r.kinds, p.Blocks(r.ask(at))...)
	for _, chain := range p.Chains {
		next := hops{chain: chain, at: -1, from: r.provider, model: r.model}
		for i := range chain.Hops {
			if chain.Hops[i].Provider == r.provider {
				next.at = i
				break
			}
		}
		if next.at < 0 || !pool.Triggers(&chain, kinds) {
			continue
		}
		if turn, ok := e.hop(r, p, next, at); ok {
			return turn, true
		}
	}
	return core.Turn{}, false
}

func (e *Engine) hop(r *request, p *pool.Pool, h hops, at core.Time) (core.Turn, bool) {
	for h.at++; h.at < len(h.chain.Hops); h.at++ {
		to := &h.chain.Hops[h.at]
		target := e.pools[to.Provider]
		if target == nil || e.hidden(to.Provider) || to.Provider == r.provider {
			continue
		}
		next := *r
		next.hops, next.provider, next.tried, next.here, next.retried, next.kinds = &h, to.Provider, nil, 0, false, nil
		next.model = pool.Counterpart(&h.chain, to, h.model)
		next.home = target.Homes[r.session].Account
		if r.session == "" {
			next.home = ""
		}
		if to.Health > 0 && target.MeanHealth(next.ask(at)) < to.Health {
			continue
		}
		pick := e.pick(&next, target, at)
		if pick.Index < 0 {
			continue
		}
		h.api, h.before = to.API, append(h.before, e.unable(r, p, at, false)...)
		if next.home == "" || pick.New {
			h.say = h.from + " has no account that can answer now; " + to.Provider + "/" + next.model + " is asked instead, with "
		} else {
			h.say = ""
		}
		*r = next
		return e.lease(r, target, pick, at), true
	}
	return core.Turn{}, false
}

// limit is how many attempts a request may make at its present provider.
func (r *request) limit(p *pool.Pool) int {
	most := min(len(p.Accounts)+2, maxAttempts)
	if r.hops == nil {
		for i := range p.Chains {
			for _, hop := range p.Chains[i].Hops {
				if hop.Provider == p.Provider {
					most = attempts(&p.Chains[i], &hop, most)
				}
			}
		}
		return most
	}
	return attempts(&r.hops.chain, &r.hops.chain.Hops[r.hops.at], most)
}

func attempts(chain *core.Chain, hop *core.Hop, most int) int {
	switch {
	case hop.Attempts > 0:
		return min(hop.Attempts, most)
	case chain.Attempts > 0:
		return min(chain.Attempts, most)
	}
	return most
}
