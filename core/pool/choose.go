package pool

import "pimultiauth/core"

// Pick is a choice. Explain tells its reasons.
type Pick struct {
	// Index of the chosen candidate, -1 when nobody is ready.
	Index int
	// Why is Won where the mode decided, else the reason it was not asked.
	Why Reason
	// New says that the account is not the session's home, so that its place has to be kept.
	New bool
	// Turn says that the account was given as the next of the round, so that the place moves on.
	Turn bool
	// Group is the id of the group that gave the account, "" for none.
	Group string
	// Probe says that the account's bench has ended and nobody knows yet whether it serves.
	Probe bool
	// Last says that every account is benched for soft faults and this one is asked all the same.
	Last bool
	// Unpinned says that the pinned account cannot serve.
	Unpinned bool
	// Wait is how long the attempt stands back, so that one of several with the same prefix fills the cache for the others.
	Wait core.Duration
}

// Pick chooses the account for a request. A session that stays costs no look at the others.
func (p *Pool) Pick(ask Ask) Pick {
	pick := p.pick(ask)
	if pick.Index >= 0 {
		c := &p.Accounts[pick.Index]
		pick.New = ask.Session == "" || p.Homes[ask.Session].Account != c.ID
		pick.Probe = Doubtful(c.Standing) || Doubtful(c.Models[ask.Model])
	}
	return pick
}

func (p *Pool) pick(ask Ask) Pick {
	if i := p.explicit(ask); i >= 0 {
		return Pick{Index: i, Why: ExplicitWon}
	}
	unpinned := false
	if p.Pin.Account != "" {
		i := p.Find(p.Pin.Account)
		if i >= 0 && p.Ready(i, ask) {
			return Pick{Index: i, Why: PinWon}
		}
		if p.Pin.Strict {
			return Pick{Index: -1, Why: NotPinned, Unpinned: true}
		}
		unpinned = true
	}
	pick := Pick{Index: -1}
	stagger := core.Duration(0)
	if !p.PerRequest {
		pick.Index, pick.Why, stagger = p.stay(ask)
	}
	if pick.Index < 0 {
		pick = p.choose(ask)
		pick.Wait = stagger
	}
	if pick.Index < 0 {
		if i := p.lastResort(ask); i >= 0 {
			pick = Pick{Index: i, Why: Won, Last: true}
		}
	}
	pick.Unpinned = unpinned
	return pick
}

// Ready reports whether a candidate may be leased now.
func (p *Pool) Ready(i int, ask Ask) bool {
	reason, _, _ := p.Judge(&p.Accounts[i], ask)
	return reason == ""
}

// explicit finds a ready key that was given with the request, -1 for none. Accounts of Pi's own resolution stand behind those of files.
func (p *Pool) explicit(ask Ask) int {
	for i := len(p.Accounts) - 1; i >= 0 && p.Accounts[i].Source != "stored"; i-- {
		if p.Accounts[i].Source == "explicit" && p.Ready(i, ask) {
			return i
		}
	}
	return -1
}

// sieve lets the candidates through that an ask may have.
type sieve struct {
	p     *Pool
	t     *table
	ask   Ask
	tried []int
	// rank is the highest rank that is let through, shifted by rankGroup; most bounds the requests under way, 0 for none.
	rank int64
	most int64
}

func (p *Pool) sieve(ask Ask) sieve {
	p.looked = true
	s := sieve{p: p, t: p.tableOf(ask.Model, ask.Project, ask.At), ask: ask, rank: 1 << 60}
	for _, id := range ask.Tried {
		if i := p.Find(id); i >= 0 {
			s.tried = append(s.tried, i)
		}
	}
	return s
}

// open answers the row of a candidate that is ready for the ask, nil for others.
func (s *sieve) open(i int) *row {
	r := &s.t.rows[i]
	if s.ask.At >= r.until {
		r = s.p.renew(s.t, i, s.ask.At)
	}
	if !r.ready || r.rank>>rankGroup > s.rank || (s.most > 0 && s.p.loads[i].out >= s.most) {
		return nil
	}
	for _, tried := range s.tried {
		if tried == i {
			return nil
		}
	}
	if r.foreign && (s.ask.Stored || s.p.Accounts[i].Absent) {
		return nil
	}
	return r
}

// choose finds the account of a new session. What the table offers is judged once more before it is given away: it may have changed
// within the seconds a row is believed.
func (p *Pool) choose(ask Ask) Pick {
	if len(p.Accounts) == 0 {
		return Pick{Index: -1}
	}
	s := p.sieve(ask)
	for range len(p.Accounts) + 1 {
		pick := p.grouped(&s)
		if pick.Index < 0 || p.Ready(pick.Index, ask) {
			return pick
		}
		p.touch(pick.Index)
		s.tried = append(s.tried, pick.Index)
	}
	return Pick{Index: -1}
}
