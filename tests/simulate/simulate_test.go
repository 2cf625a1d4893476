package main

import (
	"fmt"
	"sync"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"pimultiauth/core"
)

func fleets(t *testing.T, words ...string) []*Fleet {
	t.Helper()
	all, err := LoadFleets("testdata/fleets", words)
	require.NoError(t, err)
	return all
}

// A page that is not read as it is meant would make every mode blind, and the comparison one between the blind.
func TestTheUsagePageIsReadAsItIsMeant(t *testing.T) {
	truth := NewTruth(fleets(t, "02-")[0], 1)
	at := begin.Add(core.Hour)
	truth.accounts[0].windows[2].add(at, 30)
	reply, why := truth.Ask(0, at)
	require.Empty(t, why)
	u := readUsage(reply, at)
	require.Len(t, u.Windows, 3, reply.Body.Reveal())
	assert.Equal(t, "opus", u.Windows[2].Model)
	assert.InDelta(t, 20, u.Windows[2].Used, 0.01)
}

func TestAtLeastFifteenFleetsShip(t *testing.T) {
	all := fleets(t)
	assert.GreaterOrEqual(t, len(all), 15)
	for _, f := range all {
		assert.NotEmpty(t, f.About, f.Name)
		assert.NotEmpty(t, turns(f, 1), f.Name)
	}
}

func TestTheSameSeedIsTheSameTrace(t *testing.T) {
	for _, policy := range Policies {
		for _, seed := range []int64{4, 6} {
			f := WildFleet(seed)
			a, b := Run(f, seed, policy, nil), Run(f, seed, policy, nil)
			assert.Equal(t, a.Trace, b.Trace, "%s seed %d", policy.Name, seed)
			assert.Equal(t, a.Score, b.Score)
		}
	}
	assert.NotEqual(t, Run(WildFleet(4), 4, Policies[0], nil).Trace, Run(WildFleet(4), 6, Policies[0], nil).Trace)
}

func TestNobodyIsBetterThanTheOptimum(t *testing.T) {
	for _, f := range fleets(t, "05-", "13-", "16-") {
		b := boundOf(f, 1)
		for _, policy := range Policies {
			s := Run(f, 1, policy, nil).Score
			assert.LessOrEqual(t, s.Used, b.alone*1.001, "%s %s", f.Name, policy.Name)
			assert.LessOrEqual(t, s.Used+s.Taken, b.all*1.001, "%s %s", f.Name, policy.Name)
			assert.Equal(t, s.Turns, s.Served+s.Refused+s.Lost, "%s %s: every turn ends once", f.Name, policy.Name)
		}
	}
}

func TestInvariantsHoldInWildSeeds(t *testing.T) {
	var lock sync.Mutex
	var found []string
	parallel(100, func(n int) {
		seed := int64(1 + n)
		r := Run(WildFleet(seed), seed, wildPolicy(seed), nil)
		lock.Lock()
		defer lock.Unlock()
		for _, v := range r.Found {
			found = append(found, fmt.Sprintf("seed %d: %s (make simulate-one SEEDS=%d)", seed, v, seed))
		}
	})
	assert.Empty(t, found)
}

// scrambled lives a day of logins that end every few minutes, in processes that die and are suspended while the disk fills and the power
// fails, with the results of effects in any order. It answers what happened to tokens.
func scrambled(seed int64, bug *Bug) (renewed int, lost []Violation) {
	f := WildFleet(seed)
	f.Days, f.Tokens, f.Usage = 1, core.Duration(10+seed%30)*core.Minute, false
	f.Accounts = f.Accounts[:min(len(f.Accounts), 4)]
	if len(f.Accounts) < 2 {
		f.Accounts = append(f.Accounts, f.Accounts[0])
	}
	f.Outages, f.Processes = nil, 2+int(seed%5)
	f.Noise = Noise{Error: 0.02, Crash: 4, Suspend: 4, Full: 3, Stale: 2, Power: 1}
	w := NewWorld(f, seed)
	w.scramble, w.bug = newRandom(seed, 700), bug
	j := NewJudge(w, core.RoundRobin)
	NewOurs(w, core.RoundRobin)
	renewed = w.Run().Redeemed
	for _, v := range j.Found {
		if v.Rule == "I3" || v.Rule == "I4" {
			lost = append(lost, v)
		}
	}
	return renewed, lost
}

func TestNoOrderOfMessagesLosesAToken(t *testing.T) {
	renewed := 0
	for seed := int64(1); seed <= 60; seed++ {
		n, lost := scrambled(seed, nil)
		renewed += n
		assert.Empty(t, lost, "seed %d", seed)
	}
	assert.Greater(t, renewed, 1000)
	for _, name := range []string{"no-hold", "no-fsync", "lost-merge-side"} {
		caught := false
		for seed := int64(1); seed <= 60 && !caught; seed++ {
			_, lost := scrambled(seed, bugCalled(name))
			caught = len(lost) > 0
		}
		assert.True(t, caught, "%s loses tokens, and nobody sees it", name)
	}
}

// A bug that breaks a rule shows that the rule can be broken: a judge that never finds anything would pass every other test.
func TestEachInvariantIsBrokenByABug(t *testing.T) {
	for rule, name := range map[string]string{
		"I1": "neighbours-account", "I2": "endless-pause", "I3": "no-fsync", "I4": "no-hold", "I5": "silent-refusal", "I6": "no-pause",
		"I7": "no-entropy", "I8": "benched-for-ever", "I9": "saves-each-answer",
	} {
		bug := bugCalled(name)
		require.NotNil(t, bug, name)
		caught := false
		for seed := int64(1); seed <= 200 && !caught; seed++ {
			if f := WildFleet(seed); len(f.Accounts) > 12 {
				continue
			}
			for _, v := range Run(WildFleet(seed), seed, wildPolicy(seed), bug).Found {
				caught = caught || v.Rule == rule
			}
		}
		assert.True(t, caught, "%s does not see %s", rule, name)
	}
	bug := bugCalled("true-entropy")
	assert.NotEqual(t, Run(WildFleet(6), 6, wildPolicy(6), bug).Trace, Run(WildFleet(6), 6, wildPolicy(6), bug).Trace, "I10")
}

func TestAtLeastThirtyBugsArePlanted(t *testing.T) {
	seen := map[string]bool{}
	for _, bug := range Bugs {
		assert.False(t, seen[bug.Name], bug.Name)
		seen[bug.Name] = true
	}
	assert.GreaterOrEqual(t, len(seen), 30)
}

// Four hours in which nobody answers, four processes, and people who keep asking.
func TestATotalOutageAddsATenthOfRequestsAtMost(t *testing.T) {
	for _, kind := range []string{"5xx", "network", "429"} {
		for _, accounts := range []int{2, 5, 20} {
			f := &Fleet{Name: "outage", Days: 1, Processes: 4, Warm: 5 * core.Minute, Headers: true, Usage: true, Times: 1}
			for range accounts {
				f.Accounts = append(f.Accounts, AccountPlan{Plan: "p", Windows: []WindowPlan{{Name: "weekly", Length: core.Week, Capacity: 1e6, Kind: Fixed, Phase: -1}}})
			}
			f.Demands = []Demand{{Name: "people", PerDay: 200, Turns: Span{4, 20}, Gap: Span{5e3, 60e3}, Took: Span{2e3, 20e3}, Cost: Span{1, 1},
				Models: []Share{{"m", 1}}, To: 24}}
			f.Outages = []Outage{{At: 8 * core.Hour, For: 4 * core.Hour, Kind: kind}}
			requests, retries := 0, 0
			for seed := int64(1); seed <= 3; seed++ {
				w := NewWorld(f, seed)
				j := NewJudge(w, core.RoundRobin)
				NewOurs(w, core.RoundRobin)
				w.Run()
				assert.Empty(t, j.Found)
				requests, retries = requests+j.outageRequests, retries+j.outageRetries
			}
			// Requests that are refused without asking anybody do not count: what is added is held against what is sent.
			assert.Greater(t, requests, 60)
			assert.LessOrEqual(t, 10*retries, requests, "%s, %d accounts", kind, accounts)
		}
	}
}
