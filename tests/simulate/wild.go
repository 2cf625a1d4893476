package main

import (
	"fmt"

	"pimultiauth/core"
)

// wildCost bounds what a wild fleet costs: about its days times its accounts and its processes.
const (
	wildDays = 4
	wildCost = 6
)

// WildFleet draws the fleet of a seed in which everything goes wrong: what it holds to is the invariants.
func WildFleet(seed int64) *Fleet {
	r := newRandom(seed, 600)
	pick := func(share float64) bool { return r.Float64() < share }
	f := &Fleet{Name: fmt.Sprintf("wild-%d", seed), About: "drawn by seed", Warm: core.Duration(1+r.IntN(60)) * core.Minute,
		Headers: pick(0.6), Usage: pick(0.6), Times: []float64{0, 0.5, 0.9, 1}[r.IntN(4)]}
	// A squared lot: mostly few, at times as many as people have.
	few := func(most int) int {
		v := r.Float64()
		return 1 + int(v*v*v*v*float64(most))
	}
	accounts := few(50)
	f.Processes = few(32)
	f.Days = min(max(wildCost*4/(accounts+f.Processes), 1), wildDays)
	if pick(0.4) {
		f.Tokens = core.Duration(20+r.IntN(600)) * core.Minute * core.Duration(1+accounts/6)
	}
	perDay := 12 + r.Float64()*40
	capacity := perDay / float64(accounts) * (0.4 + 2*r.Float64())
	plans := 1 + r.IntN(3)
	for n := 0; n < plans; n++ {
		plan := AccountPlan{Plan: fmt.Sprint("plan", n)}
		size := capacity * (0.3 + 2*r.Float64())
		kind := func() WindowKind { return []WindowKind{Fixed, FirstUse, Rolling}[r.IntN(3)] }
		if pick(0.8) {
			plan.Windows = append(plan.Windows, WindowPlan{Name: "5h", Length: 5 * core.Hour, Capacity: size * 0.6, Kind: kind(), Phase: -1})
		}
		if pick(0.3) {
			plan.Windows = append(plan.Windows, WindowPlan{Name: "daily", Length: core.Day, Capacity: size, Kind: Fixed, Phase: 0})
		}
		if pick(0.7) {
			// Lives are short, so that only some see the end of a week.
			w := WindowPlan{Name: "weekly", Length: core.Week, Capacity: size * 5, Kind: kind(), Phase: -1}
			if pick(0.4) {
				w.Name, w.Length, w.Capacity = "long", core.Duration(20+r.IntN(40))*core.Hour, size
			}
			plan.Windows = append(plan.Windows, w)
		}
		if pick(0.3) {
			plan.Windows = append(plan.Windows, WindowPlan{Name: "opus", Length: core.Week, Capacity: size * 2, Kind: Fixed, Phase: -1, Model: "opus"})
		}
		if pick(0.15) {
			plan.Windows = append(plan.Windows, WindowPlan{Name: "monthly", Length: 30 * core.Day, Capacity: size * 10, Kind: Fixed, Phase: -1})
		}
		if pick(0.3) {
			plan.Rate = 2 + r.IntN(20)
		}
		for i := n; i < accounts; i += plans {
			f.Accounts = append(f.Accounts, plan)
		}
	}
	models := []Share{{"sonnet-4", 1}}
	if pick(0.5) {
		models = append(models, Share{"opus-4", 1})
	}
	for n := 1 + r.IntN(2); n > 0; n-- {
		from := float64(r.IntN(20))
		f.Demands = append(f.Demands, Demand{Name: "wild", PerDay: perDay / 8, Turns: Span{2, 24}, Gap: Span{500, 200e3}, Took: Span{2e3, 60e3},
			Cost: Span{0.3, 2}, Models: models, From: from, To: from + 4, Burst: r.Float64() * 0.3, BurstSize: 2 + r.IntN(6),
			Children: r.Float64() * 0.05})
	}
	if pick(0.4) {
		f.Others = append(f.Others, Other{PerDay: capacity * r.Float64(), To: 24})
	}
	for n := r.IntN(4); n > 0; n-- {
		o := Outage{At: core.Duration(r.IntN(f.Days*24)) * core.Hour, For: core.Duration(5+r.IntN(300)) * core.Minute,
			Kind: []string{"5xx", "429", "network", "slow"}[r.IntN(4)]}
		if pick(0.5) {
			o.Accounts = []int{1 + r.IntN(accounts)}
		}
		f.Outages = append(f.Outages, o)
	}
	some := func(most float64) float64 {
		if pick(0.5) {
			return 0
		}
		return r.Float64() * most
	}
	f.Noise = Noise{Lying: some(0.3), Missing: some(0.3), Error: some(0.05), Rate: some(0.05), Slow: some(0.05), Empty: some(0.02),
		Broken: some(0.03), Aborted: some(0.03), Crash: some(2), Suspend: some(2), Full: some(1), Stale: some(2), Power: some(0.5)}
	return f
}

// wildPolicy is the mode of a seed.
func wildPolicy(seed int64) Policy { return Policies[seed%4] }
