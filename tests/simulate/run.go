package main

import (
	"fmt"
	"runtime"
	"sync"
	"time"

	"pimultiauth/core"
)

// Policy is somebody to compare.
type Policy struct {
	Name string
	// Mode is ours where Ours, else the peer's; Plain is neither.
	Mode   core.Mode
	Ours   bool
	Plain  bool
	Oracle bool
}

// Policies are ours, the peer's three, plain fill-first, and one that knows what nobody can.
var Policies = []Policy{
	{Name: "ours/usage-based", Mode: core.UsageBased, Ours: true},
	{Name: "ours/round-robin", Mode: core.RoundRobin, Ours: true},
	{Name: "ours/balancer", Mode: core.Balancer, Ours: true},
	{Name: "ours/fill-first", Mode: core.FillFirst, Ours: true},
	{Name: "peer/usage-based", Mode: core.UsageBased},
	{Name: "peer/round-robin", Mode: core.RoundRobin},
	{Name: "peer/balancer", Mode: core.Balancer},
	{Name: "plain/fill-first", Mode: core.FillFirst, Plain: true},
	{Name: "oracle", Oracle: true},
}

// Result is what came of one run.
type Result struct {
	Score Score
	Found []Violation
	Trace uint64
	Cost  time.Duration
}

// Run lives one seed of a fleet with a policy; a bug may be planted in ours. The score lacks the optimum.
func Run(f *Fleet, seed int64, policy Policy, bug *Bug) Result {
	from := time.Now()
	w := NewWorld(f, seed)
	var judge *Judge
	switch {
	case policy.Ours:
		w.bug = bug
		judge = NewJudge(w, policy.Mode)
		NewOurs(w, policy.Mode)
	case policy.Plain:
		NewPlain(w)
	case policy.Oracle:
		NewOracle(w)
	default:
		NewPeer(w, policy.Mode)
	}
	r := Result{Score: w.Run(), Trace: w.trace}
	if judge != nil {
		r.Found = judge.Found
	}
	r.Cost = time.Since(from)
	return r
}

// bound is what Optimum says of a seed of a fleet: of everybody's demand, and of ours as if nobody else used the accounts.
type bound struct{ all, alone float64 }

func boundOf(f *Fleet, seed int64) bound {
	asked := turns(f, seed)
	b := bound{all: Optimum(f, seed, asked)}
	b.alone = b.all
	if len(f.Others) > 0 {
		quiet := *f
		quiet.Others = nil
		b.alone = Optimum(&quiet, seed, asked)
	}
	return b
}

// join gives a score its optimum: the least of three bounds. What others really took was not to be had. What a provider let through
// when a window had less left than a request cost was free: it counts neither as used nor as wanted.
func (b bound) join(s *Score) {
	s.Optimum = min(b.all-s.Taken, b.alone, s.Used+s.Unserved)
}

// parallel does work for 0 to n-1 on as many cores as there are.
func parallel(n int, work func(int)) {
	next := make(chan int)
	var group sync.WaitGroup
	for range min(runtime.GOMAXPROCS(0), max(n, 1)) {
		group.Add(1)
		go func() {
			defer group.Done()
			for i := range next {
				work(i)
			}
		}()
	}
	for i := range n {
		next <- i
	}
	close(next)
	group.Wait()
}

// Comparison is the runs of one fleet, by policy.
type Comparison struct {
	Fleet  *Fleet
	Scores []Score
	Found  []map[int64][]Violation
	Cost   []time.Duration
	Slow   time.Duration
}

// Compare runs every policy on every seed of every fleet.
func Compare(fleets []*Fleet, policies []Policy, from, to int64) []Comparison {
	seeds := int(to - from + 1)
	out := make([]Comparison, len(fleets))
	for i, f := range fleets {
		out[i] = Comparison{f, make([]Score, len(policies)), make([]map[int64][]Violation, len(policies)), make([]time.Duration, len(policies)), 0}
	}
	var lock sync.Mutex
	parallel(len(fleets)*seeds, func(n int) {
		c, seed := &out[n/seeds], from+int64(n%seeds)
		best := boundOf(c.Fleet, seed)
		for i, policy := range policies {
			r := Run(c.Fleet, seed, policy, nil)
			best.join(&r.Score)
			lock.Lock()
			c.Scores[i].Add(r.Score)
			c.Cost[i] += r.Cost
			if len(r.Found) > 0 {
				if c.Found[i] == nil {
					c.Found[i] = map[int64][]Violation{}
				}
				c.Found[i][seed] = r.Found
			}
			if policy.Ours {
				c.Slow = max(c.Slow, r.Cost)
			}
			lock.Unlock()
		}
	})
	return out
}

// The bars of the comparison.
const (
	barQuota     = 0.97
	barAvoidable = 0.005
	barWarm      = 0.97
)

// Print writes a comparison as a table.
func (c *Comparison) Print(policies []Policy, seeds int) {
	s := c.Scores[0]
	fmt.Printf("\n%s: %s\n%d accounts, %d processes, %d days, %d turns a seed; wanted %.0f, others took %.0f, optimum %.0f\n", c.Fleet.Name, c.Fleet.About,
		len(c.Fleet.Accounts), c.Fleet.Processes, c.Fleet.Days, s.Turns/seeds, s.Asked/float64(seeds), s.Taken/float64(seeds), s.Optimum/float64(seeds))
	fmt.Printf("  %-18s %7s %9s %6s %6s %9s %8s %8s %7s %7s %7s\n", "", "quota", "avoidable", "warm", "cold", "stranded", "refused", "switches", "wasted", "reads", "ms/seed")
	for i, p := range policies {
		s := c.Scores[i]
		cold := share(s.Cold, s.Tokens)
		fmt.Printf("  %-18s %6.2f%%%s %7.3f%%%s %5.1f%%%s %5.1f%% %9.1f %8d %8d %7d %7d %7.1f\n", p.Name,
			100*s.QuotaShare(), under(s.QuotaShare() < barQuota), 100*s.AvoidableShare(), under(s.AvoidableShare() > barAvoidable),
			100*s.WarmShare(), under(s.WarmShare() < barWarm), 100*cold, (s.Optimum-s.Used)/float64(seeds),
			s.Refused/seeds, s.Switches/seeds, s.Wasted/seeds, s.UsageReads/seeds, float64(c.Cost[i].Microseconds())/1000/float64(seeds))
	}
}

func under(missed bool) string {
	if missed {
		return "!"
	}
	return " "
}
