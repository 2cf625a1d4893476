package main

import (
	"math/rand/v2"
	"sort"
	"strings"

	"github.com/tidwall/gjson"

	"pimultiauth/core"
)

// peer is the older extension's way of choosing, made anew from its description for comparison: per request and not per session,
// reading failures from their text alone. It is shown in its best light: its processes share one state at once, and reading usage
// costs no time.
type peer struct {
	w        *World
	mode     core.Mode
	accounts []peerAccount
	active   int
	// cascade is the run of failures since the last success: whoever failed in it is blocked until retryAt.
	cascade map[int]bool
	count   int
	retryAt core.Time
	cursor  int
	random  *rand.Rand
}

type peerAccount struct {
	until      core.Time
	errors     int
	uses       int
	lastUsed   core.Time
	transients int
	weekly     int
	// ring holds the last hundred outcomes, true for good ones; took the time of each.
	ring []bool
	took []core.Duration
	// snapshot is the usage as last read.
	snapshot   core.Usage
	snapshotAt core.Time
}

// NewPeer gives a world the peer's choice in one of its modes.
func NewPeer(w *World, mode core.Mode) {
	w.driver = &peer{w: w, mode: mode, accounts: make([]peerAccount, len(w.fleet.Accounts)), cascade: map[int]bool{}, random: newRandom(w.seed, 500)}
}

func (p *peer) begin(r *request) { p.next(r, map[int]bool{}, max(11, len(p.accounts)), false) }

func (p *peer) next(r *request, excluded map[int]bool, left int, retry bool) {
	i := -1
	if left > 0 {
		i = p.pick(excluded)
	}
	if i < 0 {
		p.w.refused(r, retry)
		return
	}
	p.try(r, i, excluded, left, 0)
}

func (p *peer) try(r *request, i int, excluded map[int]bool, left, retries int) {
	p.w.attempt(r, i, "", p.w.now, func(reply Reply) {
		a := &p.accounts[i]
		o := reply.Outcome
		switch {
		case o.OK:
			a.note(true, reply.Took)
			a.until, a.transients, a.weekly = 0, 0, 0
			p.cascade, p.count = map[int]bool{}, 0
			p.w.served(r, i)
		case o.Aborted, o.Emitted:
			p.w.refused(r, o.Emitted && !o.Aborted)
		case reply.Refused != "":
			p.spent(i, o.Text)
			excluded[i] = true
			p.next(r, excluded, left-1, reply.Refused == "rate")
		case retries < 2:
			p.try(r, i, excluded, left, retries+1)
		default:
			a.transients++
			p.fails(i)
			a.until = max(a.until, p.w.now.Add(min(15*core.Minute, 15*core.Second<<min(a.transients-1, 10))))
			excluded[i] = true
			p.next(r, excluded, left-1, true)
		}
	})
}

// spent marks a quota or rate refusal as its text says.
func (p *peer) spent(i int, text string) {
	a := &p.accounts[i]
	p.fails(i)
	a.errors++
	wait, week := core.Hour, false
	if _, after, ok := strings.Cut(text, "Try again in "); ok {
		if seconds, ok := core.ParseDecimal(strings.SplitN(after, " ", 2)[0]); ok {
			wait = core.Duration(seconds) * core.Second
			week = wait > 36*core.Hour && wait <= 8*core.Day
		}
	}
	if week {
		a.weekly++
		wait = max(wait, []core.Duration{12, 24, 48, 72}[min(a.weekly, 4)-1]*core.Hour)
	} else {
		a.weekly = 0
	}
	a.until = max(a.until, p.w.now.Add(wait))
}

func (p *peer) fails(i int) {
	p.accounts[i].note(false, 0)
	p.cascade[i] = true
	p.count++
	p.retryAt = p.w.now.Add(min(core.Second<<min(p.count-1, 20), 300*core.Second))
}

func (a *peerAccount) note(good bool, took core.Duration) {
	a.ring, a.took = append(a.ring, good), append(a.took, took)
	if len(a.ring) > 100 {
		a.ring, a.took = a.ring[1:], a.took[1:]
	}
}

// health is the weighted mean of successes, latency and streak; its share of time in cooldown is left at none.
func (a *peerAccount) health() float64 {
	if len(a.ring) == 0 {
		return 1
	}
	if len(a.ring) < 5 {
		return 0.6
	}
	good, total := 0, core.Duration(0)
	for i, ok := range a.ring {
		if ok {
			good++
			total += a.took[i]
		}
	}
	streak := 0
	for i := len(a.ring) - 1; i >= 0 && streak < 10 && a.ring[i]; i-- {
		streak++
	}
	latency := 0.5
	if good > 0 {
		latency = max(0, 1-float64(total)/float64(good)/5000)
	}
	return 0.4*float64(good)/float64(len(a.ring)) + 0.2*latency + 0.2 + 0.2*float64(streak)/10
}

func (p *peer) available(excluded map[int]bool) []int {
	var out []int
	for i := range p.accounts {
		if !excluded[i] && p.accounts[i].until <= p.w.now {
			out = append(out, i)
		}
	}
	return out
}

func (p *peer) pick(failed map[int]bool) int {
	excluded := failed
	if p.w.now < p.retryAt {
		excluded = map[int]bool{}
		for i := range failed {
			excluded[i] = true
		}
		for i := range p.cascade {
			excluded[i] = true
		}
	}
	if len(excluded) >= len(p.accounts) {
		return -1
	}
	free := p.available(excluded)
	if len(free) == 0 && p.w.fleet.Usage {
		for i, n := 0, 0; i < len(p.accounts) && n < 6; i++ {
			if !excluded[i] {
				p.read(i, 0)
				n++
			}
		}
		free = p.available(excluded)
	}
	if len(free) == 0 {
		// It lets the account go whose cooldown ends first.
		soonest := -1
		for i := range p.accounts {
			if !excluded[i] && (soonest < 0 || p.accounts[i].until < p.accounts[soonest].until) {
				soonest = i
			}
		}
		if soonest < 0 {
			return -1
		}
		p.accounts[soonest].until = 0
		free = []int{soonest}
	}
	i := -1
	switch p.mode {
	case core.UsageBased:
		i = p.byUsage(free)
	case core.Balancer:
		i = p.byWeight(free)
	default:
		for step := range p.accounts {
			if at := (p.active + step) % len(p.accounts); i < 0 && in(free, at) {
				i = at
			}
		}
	}
	if i < 0 {
		return -1
	}
	p.accounts[i].uses++
	p.accounts[i].lastUsed = p.w.now
	p.active = i
	if p.mode == core.RoundRobin && len(excluded) == 0 {
		p.active = (i + 1) % len(p.accounts)
	}
	return i
}

func in(list []int, v int) bool {
	at := sort.SearchInts(list, v)
	return at < len(list) && list[at] == v
}

// local orders by errors, uses, last use and place.
func (p *peer) local(a, b int) bool {
	x, y := &p.accounts[a], &p.accounts[b]
	switch {
	case x.errors != y.errors:
		return x.errors < y.errors
	case x.uses != y.uses:
		return x.uses < y.uses
	case x.lastUsed != y.lastUsed:
		return x.lastUsed < y.lastUsed
	}
	return a < b
}

func (p *peer) byUsage(free []int) int {
	order := free
	if len(free) > 8 {
		p.cursor++
		at := p.cursor % len(free)
		order = append(append([]int{}, free[at:]...), free[:at]...)
	}
	for from := 0; p.w.fleet.Usage && from < len(order); from += 8 {
		window := order[from:min(from+8, len(order))]
		best, bestRank := -1, rank{}
		for _, i := range window {
			if !p.read(i, 15*core.Second) {
				continue
			}
			k := rankOf(p.accounts[i].snapshot)
			if k.spent {
				continue
			}
			if best < 0 || k.before(bestRank) || (k == bestRank && p.local(i, best)) {
				best, bestRank = i, k
			}
		}
		if best >= 0 {
			return best
		}
	}
	best := free[0]
	for _, i := range free[1:] {
		if p.local(i, best) {
			best = i
		}
	}
	return best
}

// rank is the order of the peer's usage mode.
type rank struct {
	spent, untouched bool
	used             float64
	reset            core.Time
}

func rankOf(u core.Usage) rank {
	k := rank{untouched: true, used: -1}
	n := 0
	for _, w := range u.Windows {
		if w.Model != "" || n == 2 {
			continue
		}
		n++
		if w.Known {
			k.used = max(k.used, w.Used)
			k.spent = k.spent || w.Used >= 100
		}
		k.untouched = k.untouched && w.Known && w.Used <= 0
		if !w.ResetsAt.IsZero() {
			k.reset = w.ResetsAt
		}
	}
	k.untouched = k.untouched && n == 2
	return k
}

func (k rank) before(o rank) bool {
	switch {
	case k.untouched != o.untouched:
		return k.untouched
	case k.used != o.used:
		return o.used < 0 || (k.used >= 0 && k.used < o.used)
	case k.reset != o.reset:
		return o.reset == 0 || (k.reset != 0 && k.reset < o.reset)
	}
	return false
}

// read brings a usage snapshot and what follows from it: a cooldown of an account that has quota ends, one without gets one.
func (p *peer) read(i int, fresh core.Duration) bool {
	a := &p.accounts[i]
	if !a.snapshotAt.IsZero() && p.w.now.Sub(a.snapshotAt) <= fresh {
		return true
	}
	p.w.score.UsageReads++
	reply, why := p.w.truth.Ask(i, p.w.now)
	if why != "" || reply.Status != 200 || !gjson.Get(reply.Body.Reveal(), "windows").IsArray() {
		return false
	}
	a.snapshot, a.snapshotAt = readUsage(reply, p.w.now), p.w.now
	if k := rankOf(a.snapshot); !k.spent {
		a.until = 0
	} else {
		a.until = max(a.until, max(p.w.now.Add(core.Minute), a.snapshot.BlockedUntil))
	}
	return true
}

func (p *peer) byWeight(free []int) int {
	most := 0
	for _, i := range free {
		most = max(most, p.accounts[i].uses)
	}
	total := 0.0
	weights := make([]float64, len(free))
	for n, i := range free {
		weights[n] = max(1e-9, float64(most-p.accounts[i].uses)+3) * p.accounts[i].health()
		total += weights[n]
	}
	if total <= 0 {
		return -1
	}
	v := p.random.Float64() * total
	for n, i := range free {
		if v -= weights[n]; v < 0 {
			return i
		}
	}
	return free[len(free)-1]
}

// plain is fill-first without any of our rules: the first account that is not cooling.
type plain struct {
	w     *World
	until []core.Time
}

// NewPlain gives a world plain fill-first.
func NewPlain(w *World) { w.driver = &plain{w, make([]core.Time, len(w.fleet.Accounts))} }

func (p *plain) begin(r *request) { p.next(r, 0, false) }

func (p *plain) next(r *request, from int, retry bool) {
	for i := from; i < len(p.until); i++ {
		if p.until[i] <= p.w.now {
			p.try(r, i, false)
			return
		}
	}
	p.w.refused(r, retry)
}

func (p *plain) try(r *request, i int, again bool) {
	p.w.attempt(r, i, "", p.w.now, func(reply Reply) {
		switch o := reply.Outcome; {
		case o.OK:
			p.w.served(r, i)
		case o.Aborted, o.Emitted:
			p.w.refused(r, o.Emitted && !o.Aborted)
		case reply.Refused != "":
			end := reply.Told
			if end.IsZero() {
				end = p.w.now.Add(map[string]core.Duration{"rate": core.Minute, "quota": core.Hour}[reply.Refused])
			}
			p.until[i] = end
			p.next(r, i+1, reply.Refused == "rate")
		case !again:
			p.try(r, i, true)
		default:
			p.next(r, i+1, true)
		}
	})
}
