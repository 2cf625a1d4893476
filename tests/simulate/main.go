package main

import (
	"flag"
	"fmt"
	"os"
	"runtime/pprof"
	"strconv"
	"strings"
)

const fleetFolder = "tests/simulate/testdata/fleets"

func main() {
	if err := run(os.Args[1:]); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func run(args []string) error {
	what := "compare"
	if len(args) > 0 && !strings.HasPrefix(args[0], "-") {
		what, args = args[0], args[1:]
	}
	flags := flag.NewFlagSet(what, flag.ContinueOnError)
	seeds := flags.String("seeds", "", "seeds, e.g. 1..20")
	words := flags.String("fleets", "", "parts of fleets' names, separated by commas")
	folder := flags.String("folder", fleetFolder, "where fleets lie")
	mode := flags.String("mode", "", "parts of policies' names, separated by commas")
	bug := flags.String("bug", "", "the planted bug to run with")
	profile := flags.String("profile", "", "where to write what took the time, for go tool pprof")
	if err := flags.Parse(args); err != nil {
		return err
	}
	from, to, err := seedRange(*seeds)
	if err != nil {
		return err
	}
	if *profile != "" {
		f, err := os.Create(*profile)
		if err != nil {
			return err
		}
		defer func() { _ = f.Close() }()
		if err := pprof.StartCPUProfile(f); err != nil {
			return err
		}
		defer pprof.StopCPUProfile()
	}
	switch what {
	case "compare":
		return compare(*folder, split(*words), split(*mode), from, to)
	case "long":
		return long(from, to)
	case "one":
		return one(from, to, *bug)
	case "mutants":
		return mutants(split(*bug), from, to)
	}
	return fmt.Errorf("there is no %s: compare, long, one or mutants", what)
}

func split(text string) []string {
	return strings.FieldsFunc(text, func(r rune) bool { return r == ',' || r == ' ' })
}

// seedRange reads "7" and "1..20"; nothing is zero and zero.
func seedRange(text string) (from, to int64, err error) {
	if text == "" {
		return 0, 0, nil
	}
	low, high, both := strings.Cut(text, "..")
	if !both {
		high = low
	}
	if from, err = strconv.ParseInt(low, 10, 64); err == nil {
		to, err = strconv.ParseInt(high, 10, 64)
	}
	if err != nil || from < 1 || to < from {
		return 0, 0, fmt.Errorf("seeds are written 1..20, not %q", text)
	}
	return from, to, nil
}

func policiesOf(words []string) []Policy {
	var out []Policy
	for _, p := range Policies {
		if matches(p.Name, words) {
			out = append(out, p)
		}
	}
	return out
}

func compare(folder string, words, modes []string, from, to int64) error {
	if from == 0 {
		from, to = 1, 4
	}
	fleets, err := LoadFleets(folder, words)
	if err != nil {
		return err
	}
	policies := policiesOf(modes)
	if len(policies) == 0 {
		return fmt.Errorf("no policy is called %s", strings.Join(modes, " or "))
	}
	seeds := int(to - from + 1)
	all := Compare(fleets, policies, from, to)
	violations := 0
	for i := range all {
		c := &all[i]
		c.Print(policies, seeds)
		for n, found := range c.Found {
			for seed := from; seed <= to; seed++ {
				for k, v := range found[seed] {
					if violations++; k < 3 {
						fmt.Printf("  %s seed %d: %s\n", policies[n].Name, seed, v)
					}
				}
			}
		}
	}
	fmt.Printf("\nMean and worst of %d fleets, %d seeds each (bars: quota %.0f%%, avoidable %.1f%%, warm %.0f%%)\n", len(all), seeds, 100*barQuota, 100*barAvoidable, 100*barWarm)
	fmt.Printf("  %-18s %16s %18s %16s %8s %8s\n", "", "quota", "avoidable", "warm", "cold", "met")
	for i, p := range policies {
		var quota, avoidable, warm, cold float64
		lowQuota, highAvoidable, lowWarm := 2.0, 0.0, 2.0
		met := 0
		for n := range all {
			s := all[n].Scores[i]
			quota += s.QuotaShare()
			avoidable += s.AvoidableShare()
			warm += s.WarmShare()
			cold += share(s.Cold, s.Tokens)
			lowQuota, lowWarm = min(lowQuota, s.QuotaShare()), min(lowWarm, s.WarmShare())
			highAvoidable = max(highAvoidable, s.AvoidableShare())
			if s.QuotaShare() >= barQuota && s.AvoidableShare() <= barAvoidable && s.WarmShare() >= barWarm {
				met++
			}
		}
		n := float64(len(all))
		fmt.Printf("  %-18s %6.2f%% >=%6.2f%% %7.3f%% <=%7.3f%% %6.2f%% >=%6.2f%% %7.1f%% %4d/%d\n", p.Name, 100*quota/n, 100*lowQuota, 100*avoidable/n, 100*highAvoidable,
			100*warm/n, 100*lowWarm, 100*cold/n, met, len(all))
	}
	fmt.Printf("%d violations\n", violations)
	if violations > 0 {
		return fmt.Errorf("invariants did not hold")
	}
	return nil
}
