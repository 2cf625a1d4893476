package main

import (
	"fmt"
	"os"
	"path/filepath"
	"sort"
	"strconv"
	"strings"
	"sync"
	"time"
)

// progress is where long keeps which seeds are done, and for which build of it.
const progress = ".build/simulate-long.txt"

// long runs wild seeds and says which invariants did not hold; one that was interrupted goes on where it stood.
func long(from, to int64) error {
	if from == 0 {
		from, to = 1, 1000
	}
	key := fmt.Sprintf("%d..%d", from, to)
	next := from
	if text, err := os.ReadFile(progress); err == nil {
		for _, line := range strings.Split(string(text), "\n") {
			if range_, done, ok := strings.Cut(line, " "); ok && range_ == key {
				if n, err := strconv.ParseInt(done, 10, 64); err == nil && n >= from && n < to {
					next = n + 1
					fmt.Printf("going on at seed %d\n", next)
				}
			}
		}
	}
	if err := os.MkdirAll(filepath.Dir(progress), 0o755); err != nil {
		return err
	}
	const batch = 200
	violations, total := 0, time.Duration(0)
	var slowest time.Duration
	slowestSeed := from
	count := 0
	for next <= to {
		last := min(next+batch-1, to)
		found := map[int64][]Violation{}
		var lock sync.Mutex
		parallel(int(last-next+1), func(n int) {
			seed := next + int64(n)
			r := Run(WildFleet(seed), seed, wildPolicy(seed), nil)
			lock.Lock()
			defer lock.Unlock()
			total += r.Cost
			if r.Cost > slowest {
				slowest, slowestSeed = r.Cost, seed
			}
			count++
			if len(r.Found) > 0 {
				found[seed] = r.Found
			}
		})
		seeds := make([]int64, 0, len(found))
		for seed := range found {
			seeds = append(seeds, seed)
		}
		sort.Slice(seeds, func(i, j int) bool { return seeds[i] < seeds[j] })
		for _, seed := range seeds {
			violations += len(found[seed])
			fmt.Printf("seed %d (%s): %s\n  make simulate-one SEEDS=%d\n", seed, wildPolicy(seed).Name, found[seed][0], seed)
		}
		if err := os.WriteFile(progress, []byte(key+" "+strconv.FormatInt(last, 10)+"\n"), 0o644); err != nil {
			return err
		}
		next = last + 1
	}
	if count > 0 {
		fmt.Printf("%d seeds of up to %d days: %d violations; %.1f ms a seed, the slowest, %d, %.1f ms\n", count, wildDays, violations,
			float64(total.Microseconds())/1000/float64(count), slowestSeed, float64(slowest.Microseconds())/1000)
	}
	if violations > 0 {
		return fmt.Errorf("invariants did not hold")
	}
	return nil
}

// one runs wild seeds and tells all about them.
func one(from, to int64, bug string) error {
	for seed := max(from, 1); seed <= max(to, 1); seed++ {
		f := WildFleet(seed)
		r := Run(f, seed, wildPolicy(seed), bugCalled(bug))
		fmt.Printf("seed %d, %s, %d accounts, %d processes, trace %016x, %.1f ms\n%+v\n%+v\n", seed, wildPolicy(seed).Name, len(f.Accounts), f.Processes, r.Trace,
			float64(r.Cost.Microseconds())/1000, *f, r.Score)
		for _, v := range r.Found {
			fmt.Println(" ", v)
		}
	}
	return nil
}

func bugCalled(name string) *Bug {
	for i := range Bugs {
		if Bugs[i].Name == name {
			return &Bugs[i]
		}
	}
	return nil
}
