package pool

import (
	"pimultiauth/core"
	"pimultiauth/core/quota"
)

// Terms are the parts of a candidate's score, by name. They are whole numbers, so that every machine comes to the same order.
type Terms struct {
	// Scarcity is the sum over its windows of what using them costs: quota.Neutral for each that is used as fast as its time passes.
	Scarcity int64
	// Health is recent success in thousandths.
	Health int64
	// Load is the requests under way.
	Load int64
	// Uses are the recent answers, faded, in thousandths.
	Uses int64
	// Cost joins them: the lower one goes first where the mode is usage-based.
	Cost int64
	// Weight joins them for the balancer: the higher one goes first.
	Weight int64
}

const (
	// healthy is the health from which on an account costs nothing extra: what is not known must not stand behind what is.
	healthy  = 600
	unwell   = 60
	spread   = 4
	evenness = 3000
)

// scarcity sums over the windows that count for a model. One whose windows are not known costs as much as one that keeps pace.
func (c *Candidate) scarcity(model, class string, at core.Time) int64 {
	u := &c.Usage
	sum := int64(0)
	for i := range u.Windows {
		w := &u.Windows[i]
		if quota.Counts(w, model, class) {
			sum += quota.At(w, u.At, at, c.Live.Meter.Own(w)).Scarcity()
		}
	}
	if sum == 0 {
		return 2 * quota.Neutral
	}
	return sum
}

// wellness is recent success in thousandths, and uses how many answers that is made of, faded.
func (c *Candidate) wellness(at core.Time) (wellness, uses int64) {
	h := &c.Live.Health
	if h.At.IsZero() {
		return healthy, 0
	}
	value, seen := h.Look(at)
	// The conversions keep a machine from joining two steps into one of another rounding.
	return int64(float64(value*1000) + 0.5), int64(float64(seen*1000) + 0.5)
}

// cost is a scarcity under a load: each request under way makes the account dearer, so that many at once spread.
func cost(base, load int64) int64 { return base * (spread + load) / spread }

// weight is the balancer's: fewer recent uses than the most used account, fewer requests under way, better health.
func weight(most, uses, wellness, load int64) int64 {
	return (max(most, uses) - uses + evenness) * wellness / (load + 1)
}

// base is the cost of an idle account.
func base(scarcity, wellness int64) int64 {
	return scarcity * healthy / min(max(wellness, unwell), healthy)
}

// terms are the parts of the score for people; most is the recent uses of the most used account.
func (p *Pool) terms(c *Candidate, model string, at core.Time, most int64) Terms {
	class := ""
	if p.Entitled != nil {
		class = p.Entitled(model, c.Usage.Plan).Class
	}
	c.Live.Meter.Look(&c.Usage)
	t := Terms{Scarcity: c.scarcity(model, class, at), Load: int64(c.InFlight)}
	t.Health, t.Uses = c.wellness(at)
	t.Cost = cost(base(t.Scarcity, t.Health), t.Load)
	t.Weight = weight(most, t.Uses, t.Health, t.Load)
	return t
}
