package main

import (
	"fmt"
	"math/rand/v2"
	"testing"

	"github.com/stretchr/testify/assert"

	"pimultiauth/core"
)

// best tries every way to serve turns of one unit and answers the most that can be served.
func best(f *Fleet, seed int64, asked []Turn, chosen []int) float64 {
	if len(chosen) == len(asked) {
		truth := NewTruth(f, seed)
		served := 0.0
		for n, i := range chosen {
			if i < 0 {
				continue
			}
			if reply := truth.Serve(i, &asked[n], asked[n].At); reply.Outcome.OK {
				served += reply.Credit
			}
		}
		return served
	}
	most := 0.0
	for i := -1; i < len(f.Accounts); i++ {
		most = max(most, best(f, seed, asked, append(chosen, i)))
	}
	return most
}

// tiny draws a world small enough for every way to be tried.
func tiny(r *rand.Rand, kinds []WindowKind, aligned bool) (*Fleet, []Turn) {
	f := &Fleet{Name: "tiny", Days: 1, Processes: 1, Times: 1}
	for n := 1 + r.IntN(2); n >= 0; n-- {
		plan := AccountPlan{Plan: "tiny"}
		phase := core.Duration(1+r.IntN(8)) * slice
		if aligned {
			// The shorter windows end where the longer ones do, so that none cross.
			phase = 2 * core.Hour
		}
		plan.Windows = append(plan.Windows, WindowPlan{Name: "short", Length: core.Hour, Capacity: float64(1 + r.IntN(2)), Kind: kinds[r.IntN(len(kinds))], Phase: phase % core.Hour})
		if r.IntN(2) == 0 {
			plan.Windows = append(plan.Windows, WindowPlan{Name: "long", Length: 4 * core.Hour, Capacity: float64(1 + r.IntN(4)), Kind: Fixed, Phase: phase})
		}
		f.Accounts = append(f.Accounts, plan)
	}
	var asked []Turn
	at := begin.Add(core.Second)
	for n := 0; n < 6; n++ {
		at = at.Add(core.Duration(r.IntN(4)) * slice)
		asked = append(asked, Turn{At: at.Add(core.Duration(n) * core.Second), Session: n, Model: "m", Cost: 1, Took: core.Second})
	}
	return f, asked
}

func TestOptimumIsWhatTryingEverythingFinds(t *testing.T) {
	for seed := int64(1); seed <= 60; seed++ {
		r := newRandom(seed, 9)
		f, asked := tiny(r, []WindowKind{Fixed}, true)
		assert.InDelta(t, best(f, seed, asked, nil), Optimum(f, seed, asked), 1e-6, "seed %d: %+v", seed, f.Accounts)
	}
}

func TestOptimumIsNeverLessThanWhatCanBeServed(t *testing.T) {
	loose, exact := 0.0, 0.0
	for seed := int64(1); seed <= 60; seed++ {
		r := newRandom(seed, 10)
		f, asked := tiny(r, []WindowKind{Fixed, FirstUse, Rolling}, false)
		served, bound := best(f, seed, asked, nil), Optimum(f, seed, asked)
		assert.GreaterOrEqual(t, bound, served-1e-6, "seed %d: %+v", seed, f.Accounts)
		loose += bound
		exact += served
	}
	assert.Less(t, loose, 1.25*exact, "a bound that says nothing")
}

func TestOptimumOfOneModelIsBoundByItsOwnWindows(t *testing.T) {
	f, err := ParseFleet("models", "plan p\nwindow weekly 7d 100 fixed phase 0h\nwindow opus 7d 10 fixed model opus phase 0h\naccounts 2 p\ndemand d\n")
	assert.NoError(t, err)
	var asked []Turn
	for n := range 60 {
		asked = append(asked, Turn{At: begin.Add(core.Duration(n) * core.Hour), Model: []string{"opus-4", "haiku"}[n%2], Cost: 1})
	}
	assert.InDelta(t, 30+20, Optimum(f, 1, asked), 1e-6)
}

func TestFlowOfAKnownNetwork(t *testing.T) {
	// Cormen, Leiserson, Rivest and Stein, Introduction to Algorithms, figure 26.1: the flow is 23.
	g := newGraph()
	for range 6 {
		g.node()
	}
	for _, e := range [][3]int{{0, 1, 16}, {0, 2, 13}, {2, 1, 4}, {1, 3, 12}, {3, 2, 9}, {2, 4, 14}, {4, 3, 7}, {3, 5, 20}, {4, 5, 4}} {
		g.edge(e[0], e[1], int64(e[2]))
	}
	assert.EqualValues(t, 23, g.flow(0, 5))
}

func TestFleetsThatSayNothingAreRefused(t *testing.T) {
	for _, text := range []string{"", "accounts 1 p", "plan p\naccounts 1 p", "plan p\nwindow w 5h x fixed\naccounts 1 p\ndemand d", "plan p\nwindow w 1m 5 fixed\naccounts 1 p\ndemand d",
		"days 0", "noise lying 200%", "demand d sessions 5", "plan p\naccounts 1 p\ndemand d hours 9..25", "outage 1 at 5h 5xx", "tells tales", "nonsense"} {
		_, err := ParseFleet("bad", text)
		assert.Error(t, err, text)
	}
	_, err := ParseFleet("good", "plan p\naccounts 1 p # one\ndemand d\n")
	assert.NoError(t, err)
	for text, want := range map[string]core.Duration{"1d12h": 36 * core.Hour, "500ms": 500, "1.5h": 90 * core.Minute, "2w": 14 * core.Day} {
		got, ok := parseDuration(text)
		assert.True(t, ok)
		assert.Equal(t, want, got, fmt.Sprint(text))
	}
}
