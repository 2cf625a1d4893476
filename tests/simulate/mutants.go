package main

import (
	"fmt"
	"sync"
)

// mutants plants each bug in one seed after another until something that holds without it does not hold with it.
func mutants(words []string, from, to int64) error {
	if from == 0 {
		from, to = 1, 1000
	}
	var chosen []*Bug
	for i := range Bugs {
		if matches(Bugs[i].Name, words) {
			chosen = append(chosen, &Bugs[i])
		}
	}
	sound := newSound()
	caught := make([]string, len(chosen))
	parallel(len(chosen), func(n int) {
		for seed := from; seed <= to && caught[n] == ""; seed++ {
			if why := catches(chosen[n], seed, sound); why != "" {
				caught[n] = fmt.Sprintf("seed %-4d %s", seed, why)
			}
		}
	})
	missed := 0
	for n, bug := range chosen {
		why := caught[n]
		if why == "" {
			missed++
			why = "NOT CAUGHT"
		}
		fmt.Printf("  %-20s %-62s %.150s\n", bug.Name, bug.About, why)
	}
	fmt.Printf("%d of %d planted bugs caught within seeds %d..%d\n", len(chosen)-missed, len(chosen), from, to)
	if missed > 0 {
		return fmt.Errorf("%d planted bugs live", missed)
	}
	return nil
}

// sound remembers what runs without a bug come to.
type sound struct {
	lock sync.Mutex
	runs map[int64]Result
}

func newSound() *sound { return &sound{runs: map[int64]Result{}} }

func (s *sound) run(seed int64) Result {
	s.lock.Lock()
	r, known := s.runs[seed]
	s.lock.Unlock()
	if !known {
		r = Run(WildFleet(seed), seed, wildPolicy(seed), nil)
		s.lock.Lock()
		s.runs[seed] = r
		s.lock.Unlock()
	}
	return r
}

// catches tells what of a seed a bug breaks, "" for nothing: a rule that holds without it, or a figure that is far worse.
func catches(bug *Bug, seed int64, sound *sound) string {
	good := sound.run(seed)
	bad := Run(WildFleet(seed), seed, wildPolicy(seed), bug)
	broken := map[string]bool{}
	for _, v := range good.Found {
		broken[v.Rule] = true
	}
	for _, v := range bad.Found {
		if !broken[v.Rule] {
			return v.String()
		}
	}
	g, b := good.Score, bad.Score
	switch {
	case b.Unauthorized > 2*g.Unauthorized+5:
		return fmt.Sprintf("attempts with a bad credential: %d, not %d", b.Unauthorized, g.Unauthorized)
	case g.WarmShare() >= barWarm && b.Warm >= 100 && b.WarmShare() < 0.9:
		return fmt.Sprintf("warm turns: %.0f%%, not %.0f%%", 100*b.WarmShare(), 100*g.WarmShare())
	case b.Avoidable > 3*g.Avoidable+b.Turns/50+5:
		return fmt.Sprintf("avoidable refusals: %d, not %d", b.Avoidable, g.Avoidable)
	case b.Wasted > 3*g.Wasted+50:
		return fmt.Sprintf("wasted attempts: %d, not %d", b.Wasted, g.Wasted)
	}
	if bad.Trace != good.Trace && Run(WildFleet(seed), seed, wildPolicy(seed), bug).Trace != bad.Trace {
		return "I10: the same seed is another trace"
	}
	return ""
}
