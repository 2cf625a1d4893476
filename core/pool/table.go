package pool

import "pimultiauth/core"

const (
	// tablesKept bounds the models whose tables are kept at once.
	tablesKept = 8
	// believed is how long a row is used before it is made anew; what changes an account in place makes it anew at once.
	believed = 5 * core.Second
)

// table holds of every account what a choice for one model looks at, close together, so that thousands cost microseconds.
type table struct {
	model   string
	project string
	rows    []row
	// least is the lowest rank of all rows; most the recent uses of the most used account, where the balancer asks.
	least int64
	most  int64
	// whole is the provider's standing the rows were made under.
	whole  core.Standing
	ladder *ladder
}

// row is one account. Its zero value is to be made anew.
type row struct {
	// until is how long it may be used.
	until core.Time
	// rank is compared before anything else, the lower first.
	rank int64
	// base is the cost of the idle account; wellness and uses are for the balancer.
	base     int64
	wellness int32
	uses     int32
	ready    bool
	// foreign says that Pi resolves the account, so that it may be absent.
	foreign bool
}

// load is what changes with every lease.
type load struct {
	out  int64
	used core.Time
}

// Ranks: reserve before extra cost before doubt before tier before the person's priority.
const (
	rankReserve = int64(1) << 50
	rankOverage = int64(1) << 49
	rankDoubt   = int64(1) << 48
	rankTier    = int64(1) << 24
	// rankGroup shifts away what does not decide between groups.
	rankGroup = 24
	maxTier   = 1 << 20
)

// Touch says that a candidate was changed in place.
func (p *Pool) Touch(i int) {
	p.mark(i, markHard)
	p.touch(i)
}

// touch has the rows of an account made anew.
func (p *Pool) touch(i int) {
	for _, t := range p.tables {
		if i < len(t.rows) {
			t.rows[i].until = 0
		}
	}
	p.move(i)
}

// tableOf finds or makes the table of a model in a project.
func (p *Pool) tableOf(model, project string, at core.Time) *table {
	if len(p.loads) != len(p.Accounts) {
		p.loads = make([]load, len(p.Accounts))
		for i := range p.Accounts {
			p.loads[i] = load{int64(p.Accounts[i].InFlight), p.Accounts[i].LastUsed}
		}
		p.tables = nil
	}
	for i, t := range p.tables {
		if t.model != model || t.project != project {
			continue
		}
		if t.whole == p.Whole {
			return t
		}
		p.tables = append(p.tables[:i], p.tables[i+1:]...)
		break
	}
	t := &table{model: model, project: project, rows: make([]row, len(p.Accounts)), least: rankReserve << 2, whole: p.Whole}
	for i := range t.rows {
		p.renew(t, i, at)
	}
	if len(p.tables) >= tablesKept {
		p.tables = nil
	}
	p.tables = append(p.tables, t)
	return t
}

// renew makes a row anew. Scores are those of the beginning of its span, so that it does not matter when within it somebody looks.
func (p *Pool) renew(t *table, i int, at core.Time) *row {
	c, r := &p.Accounts[i], &t.rows[i]
	reason, until, _ := p.judge(c, t.model, t.project, at)
	span := at - at%core.Time(believed)
	r.ready, r.until, r.foreign = reason == "", span.Add(believed), c.Source != "stored"
	switch {
	case !r.ready && at < until:
		r.until = min(r.until, until)
	case r.ready && !c.Expires.IsZero():
		r.until = min(r.until, c.Expires)
	}
	var e core.Entitlement
	if p.Entitled != nil {
		e = p.Entitled(t.model, c.Usage.Plan)
	}
	r.rank = c.rank(e, span, t.model)
	t.least = min(t.least, r.rank)
	c.Live.Meter.Look(&c.Usage)
	wellness, uses := c.wellness(span)
	r.base, r.wellness, r.uses = base(c.scarcity(t.model, e.Class, span), wellness), int32(wellness), int32(min(uses, 1<<30))
	return r
}

// rank joins what orders accounts before their mode.
func (c *Candidate) rank(e core.Entitlement, at core.Time, model string) int64 {
	rank := int64(min(max(e.Tier, 0), maxTier))*rankTier + int64(min(max(c.Priority, -maxTier), maxTier)) + maxTier
	if c.Reserve {
		rank += rankReserve
	}
	if doubted(c.Standing, at) || doubted(c.Models[model], at) {
		rank += rankDoubt
	}
	if c.Overage {
		if _, cause := c.gone(model, e.Class, at); cause != "" {
			rank += rankOverage
		}
	}
	return rank
}
