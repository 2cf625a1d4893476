package pool

import (
	"slices"
	"strings"

	"pimultiauth/core"
	"pimultiauth/core/health"
	"pimultiauth/core/quota"
)

// Pool is the accounts of one provider, in order. Its exported fields may be changed freely between two picks; who changes a Candidate
// in place says so with Touch.
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
	// Warm is how long the prompt cache of a session is worth staying for; 0 takes DefaultWarm.
	Warm core.Duration
	// PerRequest lets the mode decide for every request instead of for every session.
	PerRequest bool
	// Interval is the least time between two moves of sessions to other accounts; 0 asks for none.
	Interval core.Duration
	// Strict leaves accounts out whose plan is not known where a model hangs on the plan.
	Strict bool
	// Entitled is the provider's rule of plans and models; nil when plans make no difference.
	Entitled func(model, plan string) core.Entitlement
	// Salt tells this process from others, so that they do not all come back at the same moment.
	Salt int64
	Live PoolLive

	// index finds accounts by id; it is made anew when it does not fit the accounts any more.
	index  map[string]int
	tables []*table
	loads  []load
	owned  map[string]bool
	// enrolled are the members of each group and of none, groupsOf the groups of each account; enrolledOf is for how many accounts.
	enrolled   [][]int
	enrolledOf int
	groupsOf   [][]int
	// marks are what the diary has to tell of accounts, marked the accounts with one, and written when it last told of all. looked says
	// that the last pick compared accounts.
	marks   []uint8
	marked  []int
	written int
	looked  bool
}

// PoolLive is what only this process knows of a pool.
type PoolLive struct {
	// Budget is what was spent on retries after soft faults, in thousandths of one, and BudgetAt when it was last looked at.
	Budget   int64
	BudgetAt core.Time
	// Answered is when an account last answered.
	Answered core.Time
	// MovedAt is when a session last went to another account.
	MovedAt core.Time
	// GroupAfter is the group the last new session was given, and Places the last account by group.
	GroupAfter string
	Places     map[string]string
	// Paces are the usual waits for a first output, by model.
	Paces map[string]health.Pace
}

// Home is the account a session was given, and when it was last used.
type Home struct {
	Account string
	At      core.Time
	// Since is when the session came to the account.
	Since core.Time
	// Before is the account it was on before, where its cache may still be warm, and BeforeAt when it was last used there.
	Before   string
	BeforeAt core.Time
	// Prefix is about how many tokens of the session are in the account's cache.
	Prefix int
	// Saved is as of when other processes know of it.
	Saved core.Time
	// priced is when leaving was last thought about.
	priced core.Time
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
	Live   Live
}

// Live is what only this process knows of an account.
type Live struct {
	Health health.Score
	Meter  quota.Meter
	// Served is when it last answered, and ServedModel with which model.
	Served      core.Time
	ServedModel string
	// Asked is when the request left that it answered last.
	Asked core.Time
	// Failed is when it last failed for a soft fault.
	Failed core.Time
	// Probe is until when one request tries an account whose bench has ended, while the others wait for what comes of it.
	Probe core.Time
}

// Ask is what a request wants.
type Ask struct {
	At      core.Time
	Model   string
	Session string
	// Parent is the session this one was begun from, "" for none.
	Parent string
	// Project is the folder Pi works in, "" when it is not known.
	Project string
	// Prompt is about how many tokens are sent; 0 when it is not known.
	Prompt int
	// Bound says that the request carries what only the session's present account can read.
	Bound bool
	// Stored leaves out the accounts that Pi itself resolves: they were offered for another provider.
	Stored bool
	// Tried are the accounts that already failed this request.
	Tried []string
}

// DefaultWarm is how long a prompt cache is taken to be warm where the provider documents nothing: the shortest life of those that do.
const DefaultWarm = 5 * core.Minute

// warm is the span for which a session stays.
func (p *Pool) warm() core.Duration {
	if p.Warm > 0 {
		return p.Warm
	}
	return DefaultWarm
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
		p.owned = nil
	}
	if i, ok := p.index[id]; ok {
		return i
	}
	return -1
}

// Replace puts a candidate, of whom something else is known by now, in the place of the one of the same id.
func (p *Pool) Replace(i int, c Candidate) {
	if !slices.Equal(p.Accounts[i].Projects, c.Projects) {
		// Who is kept for a project says who else is kept out of it.
		p.owned, p.tables = nil, nil
	}
	p.Accounts[i] = c
	p.Touch(i)
}

// WithModel is the standings of models with one of them replaced. The map may be that of a candidate that was copied, and stays as it is.
func WithModel(models map[string]core.Standing, model string, s core.Standing) map[string]core.Standing {
	out := make(map[string]core.Standing, len(models)+1)
	for k, v := range models {
		out[k] = v
	}
	out[model] = s
	return out
}

// Out counts a lease of an account and Back its end.
func (p *Pool) Out(i int, at core.Time) {
	c := &p.Accounts[i]
	c.InFlight++
	c.LastUsed = at
	if len(p.loads) == len(p.Accounts) {
		p.loads[i] = load{int64(c.InFlight), at}
		p.move(i)
	}
	p.mark(i, markLoad)
}

// Back is the end of a lease.
func (p *Pool) Back(i int) {
	c := &p.Accounts[i]
	if c.InFlight > 0 {
		c.InFlight--
	}
	if len(p.loads) == len(p.Accounts) {
		p.loads[i].out = int64(c.InFlight)
		p.move(i)
	}
	p.mark(i, markLoad)
}

// ModelKey is how models are told apart in standings: lower case, without a leading "vendor/".
func ModelKey(model string) string {
	model = strings.ToLower(strings.TrimSpace(model))
	if i := strings.IndexByte(model, '/'); i >= 0 && i+1 < len(model) {
		return model[i+1:]
	}
	return model
}
