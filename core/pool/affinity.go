package pool

import (
	"pimultiauth/core"
	"pimultiauth/core/quota"
)

const (
	// together is how many requests of sessions with one prefix stay on one account at once; more of them spread.
	together = 4
	// stagger is what each one beyond stands back, so that the first fills the cache of the account it spreads to.
	stagger    = 250 * core.Millisecond
	maxStagger = 2 * core.Second
	// pricing is how often leaving a warm account is thought about, and settled how long a session stays at least.
	pricing = core.Minute
	settled = 10 * core.Minute
	// leastGain is how many times dearer than another the home has to be before an empty cache is left, in thousandths; prefixPrice is
	// what each token of a warm prefix adds to it, one in so many.
	leastGain   = 6000
	prefixPrice = 20
	// homesKept is from how many sessions on those that are cold are forgotten, and homesSwept at how many new ones that is done.
	homesKept  = 4096
	homesSwept = 256
)

// stay finds the account a session stays with: its home while the cache there is warm, the home before when the present one cannot serve,
// or that of the session it was begun from. It answers -1 where the mode is to decide, with the wait of one that spreads.
func (p *Pool) stay(ask Ask) (int, Reason, core.Duration) {
	if ask.Session == "" {
		return -1, "", 0
	}
	home, ok := p.Homes[ask.Session]
	if !ok {
		return p.join(ask)
	}
	if i := p.Find(home.Account); i >= 0 && (ask.Bound || ask.At.Sub(home.At) <= p.warm()) && p.Ready(i, ask) {
		if !p.leave(i, home, ask) {
			return i, HomeWon, 0
		}
		return -1, "", 0
	}
	if home.Before != "" && ask.At.Sub(home.BeforeAt) <= p.warm() {
		if i := p.Find(home.Before); i >= 0 && p.Ready(i, ask) {
			return i, BackWon, 0
		}
	}
	return -1, "", 0
}

// join finds the account of the session a new one was begun from: both send the same prefix. Beyond some at once they spread.
func (p *Pool) join(ask Ask) (int, Reason, core.Duration) {
	home, ok := p.Homes[ask.Parent]
	if !ok || ask.Parent == "" {
		return -1, "", 0
	}
	i := p.Find(home.Account)
	if i < 0 || ask.At.Sub(home.At) > p.warm() || !p.Ready(i, ask) {
		return -1, "", 0
	}
	p.looked = true
	if over := p.Accounts[i].InFlight - together; over >= 0 {
		return -1, "", min(core.Duration(over+1)*stagger, maxStagger)
	}
	return i, ParentWon, 0
}

// leave decides whether a session leaves a warm account that can still serve: only in the mode that knows prices, when another account is
// so much cheaper that it is worth more than the prefix that has to be sent anew.
func (p *Pool) leave(i int, home Home, ask Ask) bool {
	if p.Mode != core.UsageBased || ask.Bound || ask.At.Sub(home.priced) < pricing || ask.At.Sub(home.Since) < settled ||
		(p.Interval > 0 && ask.At.Sub(p.Live.MovedAt) < p.Interval) {
		return false
	}
	home.priced = ask.At
	p.Homes[ask.Session] = home
	s := p.sieve(ask)
	stays := s.open(i)
	other := p.grouped(&s).Index
	if stays == nil || other < 0 || other == i {
		return false
	}
	goes := &s.t.rows[other]
	return gain(stays.base, goes.base) > price(max(home.Prefix, ask.Prompt))
}

// gain is how many times dearer one account is than another, in thousandths.
func gain(stays, goes int64) int64 { return stays * quota.Full / max(goes, 1) }

// price is the gain for which a warm prefix is given up.
func price(prefix int) int64 { return leastGain + int64(min(max(prefix, 0), 1_000_000))/prefixPrice }

// Settle keeps that a session uses an account from an instant on.
func (p *Pool) Settle(session, account string, at core.Time) {
	home := p.Homes[session]
	if home.Account != account {
		if home.Account != "" {
			p.Live.MovedAt = at
		}
		home = Home{Account: account, Since: at, Saved: at, Before: home.Account, BeforeAt: home.At}
	}
	home.At = max(home.At, at)
	p.Homes[session] = home
	if n := len(p.Homes); n > homesKept && n%homesSwept == 0 {
		p.forget(at)
	}
}

// forget drops the sessions whose caches are cold for long: first those of another day, then, when too many are left, the others.
func (p *Pool) forget(at core.Time) {
	for _, idle := range [...]core.Duration{core.Day, 2 * p.warm()} {
		for session, home := range p.Homes {
			if at.Sub(home.At) > idle {
				delete(p.Homes, session)
			}
		}
		if len(p.Homes) <= homesKept {
			return
		}
	}
}
