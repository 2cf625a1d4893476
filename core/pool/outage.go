package pool

import (
	"pimultiauth/core"
	"pimultiauth/core/health"
)

const (
	// budgetFull is what a pool may spend on retries, budgetOpen what has to be left for the next one, and budgetEarned what an answer
	// brings back (after gRPC's retry throttling, proposal A6). A failure costs one whole.
	budgetFull   = 8000
	budgetOpen   = 4000
	budgetEarned = 500
	budgetCost   = 1000
	// budgetWait is how long without anything brings one back.
	budgetWait = 10 * core.Minute
	// ProbeSpan is how long the others wait for the one that tries an account whose bench has ended.
	ProbeSpan = 30 * core.Second
	// maxGrown bounds what repeats make of an assumed end.
	maxGrown = 15 * core.Minute
	// spreadShare and maxSpread bound how far the returns of several processes are spread after an end they share.
	spreadShare = 8
	maxSpread   = 25 * core.Second
	// justNow is how long an answer says that there is no outage.
	justNow = 10 * core.Second
	// sullied is how long an answer speaks for an account in an outage.
	sullied = core.Hour
	// maxPaces bounds the models whose usual wait is kept.
	maxPaces = 64
)

// Soft reports whether a kind may pass by itself at any moment: nobody is to be without an account because of it.
func Soft(kind core.FaultKind) bool {
	switch kind {
	case core.Overloaded, core.Network, core.Timeout, core.Empty, core.Unknown:
		return true
	}
	return false
}

// Doubtful reports whether an account has a standing that ended by time alone, at an end that was assumed: whether it serves is not known
// before one request has tried.
func Doubtful(s core.Standing) bool {
	return s.Fault != "" && !s.Until.IsZero() && (Soft(s.Fault) || s.Source == core.FromDefault || s.Source == core.FromText)
}

// doubted reports whether an account whose bench has ended stands behind those that nothing speaks against: for as long again as the bench
// was.
func doubted(s core.Standing, at core.Time) bool {
	return Doubtful(s) && at < s.Until.Add(max(s.Until.Sub(s.Since()), core.Minute)) && s.Until.Sub(at) <= core.ResetFuture
}

// lastResort finds an account when nobody is ready, but for soft faults: the one that comes back first. -1 when there is none.
func (p *Pool) lastResort(ask Ask) int {
	best := -1
	var first core.Time
	for i := range p.Accounts {
		c := &p.Accounts[i]
		reason, until, _ := p.Judge(c, ask)
		switch {
		case reason == IsCooling && Soft(c.Standing.Fault):
		case reason == ModelCooling && Soft(c.Models[ask.Model].Fault):
		case reason == BeingProbed:
		default:
			continue
		}
		if best < 0 || until < first {
			best, first = i, until
		}
	}
	return best
}

// MayBench reports whether one more account may be benched for a soft fault: at most half of a pool, and never the last one that is ready.
func (p *Pool) MayBench(id string, ask Ask) bool {
	benched, ready := 0, false
	for i := range p.Accounts {
		c := &p.Accounts[i]
		if c.Absent || c.ID == id {
			continue
		}
		reason, _, _ := p.Judge(c, ask)
		ready = ready || reason == ""
		if reason == IsCooling && Soft(c.Standing.Fault) {
			benched++
		}
	}
	return ready && (benched+1)*2 <= len(p.Accounts)
}

// Spend counts a soft failure and reports whether it may be tried once more, and Earn an answer.
func (p *Pool) Spend(at core.Time) bool {
	if waited := at.Sub(p.Live.BudgetAt); waited > 0 {
		p.Live.Budget = max(p.Live.Budget-int64(min(waited, core.Day)*budgetCost/budgetWait), 0)
	}
	// Also when the clock was set back: from then on it counts again.
	p.Live.BudgetAt = at
	p.Live.Budget = min(p.Live.Budget+budgetCost, budgetFull)
	return budgetFull-p.Live.Budget >= budgetOpen
}

// Unsullied reports whether nothing speaks against an account, and it has answered lately or another one just now: going to it adds at
// most one attempt to an outage, and the accounts that are not in use add none.
func (p *Pool) Unsullied(i int, model string, at core.Time) bool {
	c := &p.Accounts[i]
	return !Doubtful(c.Standing) && !Doubtful(c.Models[model]) && c.Live.Served >= c.Live.Failed &&
		(at.Sub(c.Live.Served) <= sullied || at.Sub(p.Live.Answered) <= justNow)
}

// Earn counts an answer.
func (p *Pool) Earn() { p.Live.Budget = max(p.Live.Budget-budgetEarned, 0) }

// Grow is the end of an assumed standing that follows others of its kind: twice as long each time, bounded and off by a little, so that
// those that failed together do not come back together. It answers the end and how many times in a row it is.
func Grow(old core.Standing, kind core.FaultKind, at, until core.Time, base core.Duration, backoff float64, seed int64) (core.Time, int) {
	times := 1
	if old.Fault == kind && at.Sub(old.Until) < maxGrown {
		times = min(old.Times+1, 16)
	}
	span := until.Sub(at)
	if base > 0 {
		span = base
	}
	if backoff < 1 {
		backoff = 2
	}
	longest := max(maxGrown, span)
	for n := 1; n < times && span < longest; n++ {
		span = min(core.Duration(float64(span)*backoff), longest)
	}
	span += min(span/10, maxSpread) * core.Duration(mix(seed)%1000) / 1000
	return at.Add(span), times
}

// Spread moves an end by a part of its wait that differs between processes.
func (p *Pool) Spread(s core.Standing, account string) core.Time {
	room := min(s.Until.Sub(s.Since())/spreadShare, maxSpread)
	if room <= 0 || p.Salt == 0 {
		return s.Until
	}
	return s.Until.Add(core.Duration(mix(p.Salt^int64(s.Until)^core.Secret(account).Mark()) % int64(room+1)))
}

// mix turns entropy into a number that is evenly spread and not negative (splitmix64 by Steele, Lea and Flood, 2014).
func mix(seed int64) int64 {
	z := uint64(seed) + 0x9e3779b97f4a7c15
	z = (z ^ z>>30) * 0xbf58476d1ce4e5b9
	z = (z ^ z>>27) * 0x94d049bb133111eb
	return int64((z ^ z>>31) >> 1)
}

// Answered keeps what an answer tells of an account: that it serves, how fast beside the model's usual, and how much work it did.
func (p *Pool) Answered(i int, model string, at core.Time, o *core.Outcome) {
	p.Earn()
	p.Live.Answered = at
	l := &p.Accounts[i].Live
	what := uint8(markSoft)
	if l.Served <= p.Accounts[i].Usage.At || l.ServedModel != model {
		// The first answer after a look at the quota may prove the look wrong.
		what = markHard
	}
	p.mark(i, what)
	l.Health = l.Health.Add(at, true)
	l.Served, l.ServedModel = at, model
	if l.Asked = o.Started; l.Asked.IsZero() {
		l.Asked = at
	}
	l.Meter.Worked(o.Input + o.Cached/10 + o.Output)
	if wait := o.First.Sub(o.Started); !o.First.IsZero() && wait > 0 {
		usual := p.Live.Paces[model]
		l.Health = l.Health.Waited(wait, usual.Usual)
		if p.Live.Paces == nil || len(p.Live.Paces) > maxPaces {
			p.Live.Paces = map[string]health.Pace{}
		}
		p.Live.Paces[model] = usual.Add(wait)
	}
	p.touch(i)
}

// Outdates reports whether the account has answered a request here that left after what a standing is about, whenever that is heard of. What
// a clock that was ahead wrote proves nothing.
func (l *Live) Outdates(s *core.Standing, at core.Time) bool {
	return s.Fault != "" && s.Since() <= l.Asked && l.Asked <= at
}

// Failed keeps that an attempt failed for a reason that says something about how well the account serves.
func (p *Pool) Failed(i int, at core.Time) {
	l := &p.Accounts[i].Live
	l.Health = l.Health.Add(at, false)
	l.Failed = at
	p.mark(i, markSoft)
	p.touch(i)
}
