package engine

import (
	"strconv"

	"pimultiauth/core"
	"pimultiauth/core/flow"
	"pimultiauth/core/pool"
	"pimultiauth/core/store"
)

const (
	// leaseSpan is how long a lease may be out before it counts as lost: longer than any answer takes.
	leaseSpan = 2 * core.Hour
	// maxAttempts bounds the attempts of one request, whatever the number of accounts.
	maxAttempts = 8
)

// request is what Pi asked, over all its attempts.
type request struct {
	provider string
	model    string
	session  string
	mode     string
	sticky   bool
	// home is the account the session was on when the request came.
	home string
	// account is the one whose lease is out; tried are those that failed.
	account  string
	tried    []string
	causes   map[string]string
	retried  bool
	attempts int
	deadline core.Time
	// api and bound are the wire and what it carries that only one account reads; strip is what a refusal showed to be too much.
	api   string
	bound []string
	strip []string
	// restarting says that output of a failed attempt was shown and is to be replaced.
	restarting bool
}

// choice is what the last pick of a provider saw.
type choice struct {
	ask     pool.Ask
	at      core.Time
	model   string
	session string
	account string
	losses  []pool.Loss
	attempt int
}

func (r *request) ask(at core.Time) pool.Ask {
	return pool.Ask{At: at, Model: pool.ModelKey(r.model), Session: r.session, Tried: r.tried}
}

func (e *Engine) acquire(m core.Message) (core.Turn, error) {
	a := m.Acquire
	if a.Provider == "" {
		return core.Turn{}, ErrNoRequest
	}
	if a.Peek {
		return e.peek(a, m.At), nil
	}
	p := e.offer(a)
	r := &request{provider: a.Provider, model: a.Model, session: a.Session, mode: a.Mode, sticky: a.Sticky, api: a.API, bound: a.Bound}
	if a.Session != "" {
		r.home = p.Homes[a.Session].Account
	}
	if r.sticky {
		return e.acquireHome(r, p, m.At), nil
	}
	pick := e.pick(r, p, m.At)
	if pick.Index < 0 {
		if keys := e.renewable(r, p, m.At); len(keys) > 0 {
			return e.begin(func(h *flow.Host) core.Turn { return e.renewFor(h, r, keys) }), nil
		}
		return e.refuse(r, p, m.At, false), nil
	}
	if pick.New && r.home == "" && r.session != "" && len(p.Accounts) > 1 {
		return e.begin(func(h *flow.Host) core.Turn { return e.settleIn(h, r, m.At) }), nil
	}
	return e.lease(r, p, pick, m.At), nil
}

// peek answers whose turn it would be, without taking the turn.
func (e *Engine) peek(a *core.Acquire, at core.Time) core.Turn {
	if p := e.pools[a.Provider]; p != nil {
		r := request{model: a.Model}
		if pick := p.Pick(r.ask(at), nil); pick.Index >= 0 {
			c := &p.Accounts[pick.Index]
			return core.Turn{Lease: &core.Lease{Account: c.ID, Provider: a.Provider, Label: c.Label, Source: c.Source, Credential: c.Credential}}
		}
	}
	return core.Turn{Refuse: &core.Refuse{Say: a.Provider + ": no account is ready."}}
}

// acquireHome serves a cache warmer: the session's own account or nobody.
func (e *Engine) acquireHome(r *request, p *pool.Pool, at core.Time) core.Turn {
	i := p.Find(r.home)
	if i >= 0 {
		if reason, _, _ := p.Judge(&p.Accounts[i], r.ask(at)); reason == "" {
			return e.out(r, &p.Accounts[i], at, 0)
		}
	}
	return core.Turn{Refuse: &core.Refuse{Say: r.provider + ": the session's account is not free, so its cache is not kept warm."}}
}

// settleIn is the flow that gives a new session its place in the round. The place is taken while the host holds the gate, so that
// sessions that begin at once in several processes spread.
func (e *Engine) settleIn(h *flow.Host, r *request, at core.Time) core.Turn {
	place := e.effect(core.Effect{File: &core.File{Op: "save", Name: "state"}})
	e.saves[place.ID] = func() string {
		p := e.pools[r.provider]
		if p == nil {
			return store.Blank
		}
		pick := p.Pick(r.ask(at), nil)
		if pick.Index < 0 || p.Accounts[pick.Index].Source == "explicit" {
			return store.Blank
		}
		return e.moveHome(r, p, p.Accounts[pick.Index].ID, at)
	}
	h.Do(place)
	delete(e.saves, place.ID)
	p := e.pools[r.provider]
	if p == nil {
		return core.Turn{Refuse: &core.Refuse{Say: r.provider + ": its accounts were removed a moment ago."}}
	}
	pick := e.pick(r, p, at)
	if pick.Index < 0 {
		return e.refuse(r, p, at, false)
	}
	turn := e.lease(r, p, pick, at)
	turn.Lease.Switched = false
	return turn
}

// moveHome keeps a session's account and the place in the round, and answers the change.
func (e *Engine) moveHome(r *request, p *pool.Pool, account string, at core.Time) string {
	// Who waited long for the gate comes with an older time; its place must count all the same.
	if at <= p.AfterAt {
		at = p.AfterAt + 1
	}
	p.After, p.AfterAt = account, at
	p.Homes[r.session] = pool.Home{Account: account, At: at}
	return store.PlaceDelta(p.Provider, account, r.session, at)
}

// offer brings the accounts that Pi resolves by itself into the pool of a request.
func (e *Engine) offer(a *core.Acquire) *pool.Pool {
	p := e.pools[a.Provider]
	if p == nil {
		p = e.poolOf(a.Provider)
	}
	for i := len(p.Accounts) - 1; i >= 0 && p.Accounts[i].Source != "stored"; i-- {
		p.Accounts[i].Absent = true
	}
	for _, member := range a.Members {
		if member.Source != "ambient" && member.Source != "explicit" {
			continue
		}
		if member.Source == "ambient" && holds(p, member.Mark) {
			// The same key under two names is one account.
			continue
		}
		id := a.Provider + "@" + member.Source
		label := member.Label
		if label == "" {
			label = member.Source
		}
		i := p.Find(id)
		if i < 0 {
			account := core.Account{ID: id, Provider: a.Provider, Source: member.Source}
			p.Accounts = append(p.Accounts, e.candidate(account, e.state.Account(a.Provider, id), nil))
			i = len(p.Accounts) - 1
		}
		p.Accounts[i].Label, p.Accounts[i].Mark, p.Accounts[i].Absent = label, member.Mark, false
	}
	return p
}

func holds(p *pool.Pool, mark int64) bool {
	for i := range p.Accounts {
		if c := &p.Accounts[i]; mark != 0 && c.Source == "stored" && c.Mark == mark {
			return true
		}
	}
	return false
}

// pick chooses and remembers why.
func (e *Engine) pick(r *request, p *pool.Pool, at core.Time) pool.Pick {
	c := e.choices[r.provider]
	if c == nil {
		c = &choice{}
		e.choices[r.provider] = c
	}
	pick := p.Pick(r.ask(at), c.losses)
	c.at, c.model, c.session, c.attempt, c.losses, c.account = at, r.model, r.session, r.attempts+1, pick.Losses, ""
	c.ask = r.ask(at)
	if pick.Index >= 0 {
		c.account = p.Accounts[pick.Index].ID
	}
	return pick
}

// lease hands out a picked account and keeps its place.
func (e *Engine) lease(r *request, p *pool.Pool, pick pool.Pick, at core.Time) core.Turn {
	c := &p.Accounts[pick.Index]
	turn := core.Turn{}
	// A session of a pool of one has nowhere else to be, and a key given with the request is no home.
	if pick.New && c.Source != "explicit" && len(p.Accounts) > 1 {
		if r.session == "" {
			p.After = c.ID
		} else {
			turn.Effects = append(turn.Effects, e.saveDelta(e.moveHome(r, p, c.ID, at), false))
		}
	}
	out := e.out(r, c, at, 0)
	out.Effects = append(turn.Effects, out.Effects...)
	return out
}

// out writes the lease itself.
func (e *Engine) out(r *request, c *pool.Candidate, at, notBefore core.Time) core.Turn {
	e.lastLease++
	r.attempts++
	r.account = c.ID
	r.deadline = at.Add(leaseSpan)
	c.InFlight++
	c.LastUsed = at
	e.requests[e.lastLease] = r
	lease := &core.Lease{
		ID: e.lastLease, Account: c.ID, Provider: r.provider, Label: c.Label, Source: c.Source, Credential: c.Credential,
		NotBefore: notBefore, Deadline: r.deadline, Attempt: r.attempts, Switched: r.home != "" && r.home != c.ID, Restart: r.restarting,
	}
	e.carry(r, lease)
	turn := core.Turn{Lease: lease}
	if e.config.Debug {
		e.log(&turn, (&core.Object{}).Int("at", int64(at)).String("event", "lease").Int("lease", lease.ID).String("provider", r.provider).
			String("model", r.model).String("account", c.ID).Int("attempt", int64(r.attempts)))
	}
	return turn
}

// log adds a line to the debug log.
func (e *Engine) log(turn *core.Turn, line *core.Object) {
	turn.Effects = append(turn.Effects, e.effect(core.Effect{Log: &core.Log{Line: line.Text()}}))
}

func leaseName(id int64) string { return strconv.FormatInt(id, 10) }
