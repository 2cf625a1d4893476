package main

import (
	"math"
	"math/rand/v2"
	"sort"
	"strconv"

	"pimultiauth/core"
)

// begin is the first instant of every world: Monday, 2027-01-04 00:00 UTC.
const begin = core.Time(1_799_020_800_000)

// Turn is one question of a session and what its answer costs. Turns come at their times whatever happened to those before them, so
// that every policy is asked the same.
type Turn struct {
	At      core.Time
	Session int
	Process int
	// Number counts from 0 within the session.
	Number int
	Model  string
	Cost   float64
	Took   core.Duration
	// Prompt is how many tokens are sent.
	Prompt int
	// Parent is the session this one was begun from, -1 for none.
	Parent int
}

func sessionName(n int) string { return "s" + strconv.Itoa(n) }

func newRandom(seed int64, stream uint64) *rand.Rand {
	return rand.New(rand.NewPCG(uint64(seed), stream))
}

func (s Span) draw(r *rand.Rand) float64 { return s.Low + (s.High-s.Low)*r.Float64() }

// drawLong draws with a long tail: half of what comes is in the lowest fifth.
func (s Span) drawLong(r *rand.Rand) float64 {
	v := r.Float64()
	return s.Low + (s.High-s.Low)*v*v*math.Sqrt(v)
}

// turns draws what a fleet's people ask, in the order of time.
func turns(f *Fleet, seed int64) []Turn {
	var out []Turn
	sessions := 0
	for i, d := range f.Demands {
		r := newRandom(seed, 100+uint64(i))
		total := 0.0
		for _, m := range d.Models {
			total += m.Weight
		}
		for day := 0; day < f.Days; day++ {
			if d.Workdays && day%7 >= 5 {
				continue
			}
			for n := poisson(r, d.PerDay); n > 0; n-- {
				at := begin.Add(core.Duration(day)*core.Day + core.Duration((d.From+(d.To-d.From)*r.Float64())*float64(core.Hour)))
				together := 1
				if r.Float64() < d.Burst {
					together = d.BurstSize
				}
				for ; together > 0; together-- {
					out = session(out, &sessions, r, f, &d, total, at.Add(core.Duration(r.IntN(20_000))), -1, 0)
				}
			}
		}
	}
	end := begin.Add(core.Duration(f.Days) * core.Day)
	kept := out[:0]
	for _, t := range out {
		if t.At.Before(end) {
			kept = append(kept, t)
		}
	}
	sort.SliceStable(kept, func(i, j int) bool { return kept[i].At < kept[j].At })
	return kept
}

func session(out []Turn, sessions *int, r *rand.Rand, f *Fleet, d *Demand, total float64, at core.Time, parent, depth int) []Turn {
	id := *sessions
	*sessions++
	process := r.IntN(f.Processes)
	model := d.Models[0].Model
	for v, i := r.Float64()*total, 0; i < len(d.Models); i++ {
		model = d.Models[i].Model
		if v -= d.Models[i].Weight; v < 0 {
			break
		}
	}
	count := int(d.Turns.drawLong(r) + 0.5)
	if depth > 0 {
		count = count/3 + 1
	}
	prompt := 8000 + r.IntN(20_000)
	for n := 0; n < max(count, 1); n++ {
		t := Turn{At: at, Session: id, Process: process, Number: n, Model: model, Cost: d.Cost.draw(r),
			Took: core.Duration(d.Took.drawLong(r)), Prompt: prompt, Parent: parent}
		out = append(out, t)
		if depth == 0 && r.Float64() < d.Children {
			for c := 1 + r.IntN(3); c > 0; c-- {
				out = session(out, sessions, r, f, d, total, at.Add(t.Took/2+core.Duration(r.IntN(2000))), id, 1)
			}
		}
		prompt += 500 + r.IntN(4000)
		at = at.Add(t.Took + core.Duration(d.Gap.drawLong(r)))
	}
	return out
}

func poisson(r *rand.Rand, mean float64) int {
	if mean > 50 {
		return max(0, int(mean+math.Sqrt(mean)*r.NormFloat64()+0.5))
	}
	limit, p, n := math.Exp(-mean), 1.0, 0
	for {
		if p *= r.Float64(); p <= limit {
			return n
		}
		n++
	}
}

// burn is use by somebody else.
type burn struct {
	at     core.Time
	amount float64
}

// burns draws what others use of each account, in the order of time.
func burns(f *Fleet, seed int64) [][]burn {
	out := make([][]burn, len(f.Accounts))
	r := newRandom(seed, 200)
	for _, o := range f.Others {
		for i := range f.Accounts {
			if !names(o.Accounts, i+1) {
				continue
			}
			for day := 0; day < f.Days; day++ {
				// Eight pieces a day, more on some days than on others.
				mood := 0.4 + 1.2*r.Float64()
				for n := 0; n < 8; n++ {
					at := begin.Add(core.Duration(day)*core.Day + core.Duration((o.From+(o.To-o.From)*r.Float64())*float64(core.Hour)))
					out[i] = append(out[i], burn{at, o.PerDay / 8 * mood})
				}
			}
		}
	}
	for i := range out {
		sort.SliceStable(out[i], func(a, b int) bool { return out[i][a].at < out[i][b].at })
	}
	return out
}

func names(accounts []int, n int) bool {
	for _, a := range accounts {
		if a == n {
			return true
		}
	}
	return len(accounts) == 0
}
