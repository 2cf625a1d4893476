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
	return e.left(r, p, at)
}

// left goes on along a chain, or to the end of the request.
func (e *Engine) left(r *request, p *pool.Pool, at core.Time) core.Turn {
	if turn, ok := e.failover(r, p, at); ok {
		return turn
	}
	return e.refuse(r, p, at, false)
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
