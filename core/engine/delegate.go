package engine

import (
	"pimultiauth/core"
	"pimultiauth/core/flow"
	"pimultiauth/core/pool"
)

// acquireOnly serves a process that was begun with one account: that one or nobody. Its login is renewed like any other.
func (e *Engine) acquireOnly(r *request, p *pool.Pool, at core.Time) core.Turn {
	i := p.Find(r.only)
	if i < 0 {
		return core.Turn{Refuse: &core.Refuse{Say: r.provider + ": there is no account " + core.PlainLine(r.only, 80) + ", which this process was begun with."}}
	}
	reason, until, cause := p.Judge(&p.Accounts[i], r.ask(at))
	if reason == "" {
		return e.out(r, p, i, at, 0)
	}
	for _, key := range e.renewable(r, p, at) {
		if key != r.provider+"/"+r.only {
			continue
		}
		return e.begin(func(h *flow.Host) core.Turn {
			renewed := e.renew(h, key)
			p := e.pools[r.provider]
			if !renewed || p == nil || p.Find(r.only) < 0 {
				return core.Turn{Refuse: &core.Refuse{Say: r.provider + ": the login of " + core.PlainLine(r.only, 80) + " could not be renewed; log in again."}}
			}
			return e.out(r, p, p.Find(r.only), h.At(), 0)
		})
	}
	if cause == "" {
		cause = string(reason)
	}
	return core.Turn{Refuse: &core.Refuse{Say: r.provider + ": " + core.PlainLine(r.only, 80) + ", which this process was begun with, cannot answer now (" + cause + ").", Until: until}}
}
