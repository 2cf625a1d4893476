package engine

import (
	"pimultiauth/core"
	"pimultiauth/core/fault"
	"pimultiauth/core/flow"
	"pimultiauth/core/pool"
	"pimultiauth/core/store"
	"pimultiauth/core/view"
)

const (
	// leaseSpan is how long a lease may be out before it counts as lost: longer than any answer takes.
	leaseSpan = 2 * core.Hour
	// maxAttempts bounds the attempts of one request, whatever the number of accounts; with few of them it is two more than there are.
	maxAttempts = 8
	// longestStagger bounds how long a request stands back for the interval between moves.
	longestStagger = 30 * core.Second
)

// request is what Pi asked, over all its attempts.
type request struct {
	provider string
	model    string
	session  string
	mode     string
	sticky   bool
	parent   string
	project  string
	prompt   int
	seed     int64
	// home is the account the session was on when the request came.
	home string
	// only is the one account that may serve; "" for any.
	only string
	// account is the one whose lease is out, and mark that of the secret it left with; tried are those that failed.
	account string
	mark    int64
	tried   []string
	causes  map[string]string
	kinds   []core.FaultKind
	retried bool
	// waited says that the request has stood by for an account once.
	waited bool
	// looked says that usage was read anew before it was to be refused.
	looked bool
	// probing says that it tries an account whose bench has ended, and benched is what was known of that one.
	probing bool
	benched core.Standing
	// trial says that it asked an account last of which nobody knew whether it serves again.
	trial    bool
	attempts int
	// here counts the attempts at the present provider.
	here     int
	deadline core.Time
	// api and bound are the wire and what it carries that only one account reads; strip is what a refusal showed to be too much.
	api   string
	bound []string
	strip []string
	// bind says that what it carries keeps it where it is.
	bind bool
	// restarting says that output of a failed attempt was shown and is to be replaced.
	restarting bool
	// hops says how the request came to a provider that it was not meant for; nil while it is at its own.
	hops *hops
}

// choice is what the last pick of a provider saw.
type choice struct {
	ask     pool.Ask
	pick    pool.Pick
	model   string
	account string
	attempt int
}

func (r *request) ask(at core.Time) pool.Ask {
	return pool.Ask{
		At: at, Model: pool.ModelKey(r.model), Session: r.session, Parent: r.parent, Project: r.project, Prompt: r.prompt,
		Bound: r.bind, Stored: r.hops != nil, Tried: r.tried,
	}
}

func (e *Engine) acquire(m core.Message) (core.Turn, error) {
	a := m.Acquire
	if a.Provider == "" {
		return core.Turn{}, ErrNoRequest
	}
	if a.Peek {
		return e.peek(a, m.At), nil
	}
	e.inUse(a.Provider, a.Mode, m.At)
	p := e.offer(a)
	r := &request{
		provider: a.Provider, model: a.Model, session: a.Session, mode: a.Mode, sticky: a.Sticky,
		parent: a.Parent, project: a.Project, prompt: a.Prompt, api: a.API, bound: a.Bound, seed: m.Seed,
	}
	r.only, r.tried = a.Only, append(r.tried, a.Except...)
	_, r.bind = fault.Move(a.API, a.Bound)
	if a.Session != "" {
		r.home = p.Homes[a.Session].Account
	}
	if r.sticky {
		return e.acquireHome(r, p, m.At), nil
	}
	if r.only != "" {
		return e.acquireOnly(r, p, m.At), nil
	}
	pick := e.pick(r, p, m.At)
	if pick.Index < 0 {
		return e.nobody(r, p, m.At), nil
	}
	if pick.New && pick.Turn && r.home == "" && r.session != "" && len(p.Accounts) > 1 && !p.PerRequest {
		return e.begin(func(h *flow.Host) core.Turn { return e.settleIn(h, r, m.At) }), nil
	}
	return e.lease(r, p, pick, m.At), nil
}

// peek answers whose turn it would be, without taking the turn.
func (e *Engine) peek(a *core.Acquire, at core.Time) core.Turn {
	if p := e.pools[a.Provider]; p != nil {
		r := request{model: a.Model}
		if pick := p.Pick(r.ask(at)); pick.Index >= 0 {
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
			return e.out(r, p, i, at, 0)
		}
	}
	return core.Turn{Refuse: &core.Refuse{Say: r.provider + ": the session's account is not free, so its cache is not kept warm."}}
}

// settleIn is the flow that gives a new session its place in the round. The place is taken while the host holds the gate, so that
// sessions that begin at once in several processes spread.
func (e *Engine) settleIn(h *flow.Host, r *request, at core.Time) core.Turn {
	var given pool.Pick
	e.underGate(h, "state", false, func() string {
		p := e.pools[r.provider]
		if p == nil {
			return store.Blank
		}
		pick := e.decide(r, p, at)
		if pick.Index < 0 || p.Accounts[pick.Index].Source == "explicit" {
			return store.Blank
		}
		given = pick
		return e.moveHome(r, p, pick, at)
	})
	p := e.pools[r.provider]
	if p == nil {
		return core.Turn{Refuse: &core.Refuse{Say: r.provider + ": its accounts were removed a moment ago."}}
	}
	pick := e.pick(r, p, at)
	if pick.Index < 0 {
		return e.nobody(r, p, at)
	}
	if pick.Why == pool.HomeWon {
		// The session has been at its home for as long as the gate took: what counts is why it was sent there.
		pick.Why, pick.Group, pick.Unpinned, pick.Wait = given.Why, given.Group, given.Unpinned, given.Wait
		e.choices[r.provider].pick = pick
	}
	turn := e.lease(r, p, pick, at)
	turn.Lease.Switched = false
	return turn
}

// moveHome keeps a session's account and, where the mode gave it, the place in the round. It answers the change.
func (e *Engine) moveHome(r *request, p *pool.Pool, pick pool.Pick, at core.Time) string {
	account := p.Accounts[pick.Index].ID
	// Who waited long for the gate comes with an older time; its place must count all the same.
	if at <= p.AfterAt {
		at = p.AfterAt + 1
	}
	p.Settle(r.session, account, at)
	if !pick.Turn {
		return store.HomeDelta(p.Provider, account, r.session, at)
	}
	p.After, p.AfterAt = account, at
	p.Placed(pick)
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
		if c := &p.Accounts[i]; c.Label != label || c.Mark != member.Mark {
			c.Label, c.Mark = label, member.Mark
			p.Touch(i)
		}
		p.Accounts[i].Absent = false
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

// pick chooses and remembers what for; the reasons are made up when somebody asks.
func (e *Engine) pick(r *request, p *pool.Pool, at core.Time) pool.Pick {
	c := e.choices[r.provider]
	if c == nil {
		c = &choice{}
		e.choices[r.provider] = c
	}
	c.ask, c.model, c.attempt, c.account = r.ask(at), r.model, r.attempts+1, ""
	c.pick = e.decide(r, p, at)
	if c.pick.Index >= 0 {
		c.account = p.Accounts[c.pick.Index].ID
	}
	return c.pick
}

// lease hands out a picked account and keeps its place.
func (e *Engine) lease(r *request, p *pool.Pool, pick pool.Pick, at core.Time) core.Turn {
	c := &p.Accounts[pick.Index]
	turn := core.Turn{}
	moves := r.home != "" && pick.New && r.session != ""
	wait := pick.Wait
	if moves && p.Interval > 0 {
		wait = max(wait, min(p.Live.MovedAt.Add(p.Interval).Sub(at), longestStagger))
	}
	switch {
	case c.Source == "explicit" || len(p.Accounts) == 1:
		// A session of a pool of one has nowhere else to be, and a key given with the request is no home.
	case r.session == "" || p.PerRequest:
		if pick.Turn {
			p.After = c.ID
			p.Placed(pick)
		}
	case pick.New:
		turn.Effects = append(turn.Effects, e.saveDelta(e.moveHome(r, p, pick, at), false))
	default:
		p.Settle(r.session, c.ID, at)
	}
	var notBefore core.Time
	if wait > 0 {
		notBefore = at.Add(wait)
	}
	r.trial = pick.Probe
	if pick.Probe && len(p.Accounts) > 1 {
		turn.Effects = append(turn.Effects, e.beginTrial(r, p, pick.Index, at)...)
	}
	out := e.out(r, p, pick.Index, at, notBefore)
	out.Lease.Say = e.sayLease(r, p, pick, moves || r.home == "", at)
	out.Effects = append(turn.Effects, out.Effects...)
	return out
}

// sayLease tells people when an account is used that they would not expect.
func (e *Engine) sayLease(r *request, p *pool.Pool, pick pool.Pick, news bool, at core.Time) string {
	c := &p.Accounts[pick.Index]
	switch {
	case r.hops != nil && r.hops.say != "":
		return r.hops.say + c.Label + "."
	case pick.Unpinned && news && pick.New:
		say := r.provider + ": " + labelOf(p, p.Pin.Account) + " is pinned and cannot serve"
		if i := p.Find(p.Pin.Account); i >= 0 {
			reason, until, cause := p.Judge(&p.Accounts[i], r.ask(at))
			say += " (" + view.Because(string(reason), cause, until, at, e.zone) + ")"
		}
		return say + "; " + c.Label + " is used instead. Pin it strictly to wait for it."
	case r.home != "" && pick.New && r.home != c.ID && !e.config.NoNotices:
		i := p.Find(r.home)
		if i < 0 {
			return ""
		}
		cause, until := r.causes[r.home], core.Time(0)
		if cause == "" {
			// It has not failed this request, so what is known stands against it, or another one is worth more than its cache.
			var reason pool.Reason
			if reason, until, cause = p.Judge(&p.Accounts[i], r.ask(at)); cause == "" {
				cause = string(reason)
			}
		} else if end, out := p.Holds(&p.Accounts[i], &p.Accounts[i].Standing, at); out {
			until = end
		}
		return view.Moved(r.provider, labelOf(p, r.home), c.Label, cause, p.Pin.Account == c.ID, until, at, e.zone)
	}
	return ""
}

// out writes the lease itself.
func (e *Engine) out(r *request, p *pool.Pool, i int, at, notBefore core.Time) core.Turn {
	e.lastLease++
	c := &p.Accounts[i]
	r.attempts++
	r.here++
	r.account, r.mark = c.ID, c.Mark
	r.deadline = at.Add(leaseSpan)
	p.Out(i, at)
	e.hold(e.lastLease, r)
	lease := &core.Lease{
		ID: e.lastLease, Account: c.ID, Provider: r.provider, Label: c.Label, Source: c.Source, Credential: e.filled(c),
		NotBefore: notBefore, Deadline: r.deadline, Attempt: r.attempts, Switched: r.home != "" && r.home != c.ID, Restart: r.restarting,
		BaseURL: c.BaseURL, Headers: c.Headers,
	}
	if r.hops != nil {
		lease.Model, lease.API, lease.Switched = r.model, r.hops.api, true
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
