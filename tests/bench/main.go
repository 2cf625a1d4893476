// Command bench prints what the extension costs the real Pi, paired in one run; it asserts nothing.
package main

import (
	"fmt"
	"log"
	"os"
	"path/filepath"
	"sort"
	"time"

	"pimultiauth/tests/pis"
	"pimultiauth/tests/vendor"
)

const runs = 9

// takes is how long the scripted provider takes for an answer: less than any that is not on this machine.
const takes = 50 * time.Millisecond

func main() {
	log.SetFlags(0)
	newer, err := pis.New()
	if err != nil {
		log.Fatal(err)
	}
	for _, pi := range []pis.Pi{pis.Old(), newer} {
		if err := startUp(pi); err != nil {
			log.Fatal(err)
		}
		if err := failover(pi); err != nil {
			log.Fatal(err)
		}
	}
}

func median(values []time.Duration) time.Duration {
	sort.Slice(values, func(i, j int) bool { return values[i] < values[j] })
	return values[len(values)/2]
}

// startUp compares --list-models without an extension, with one that does nothing and with ours, in turn.
func startUp(pi pis.Pi) error {
	dir, err := os.MkdirTemp("", "pi-multi-auth-bench-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	home, err := pis.NewHome(dir)
	if err != nil {
		return err
	}
	if err := home.Keys("anthropic", "key-a", "anthropic-1", "key-b"); err != nil {
		return err
	}
	empty := filepath.Join(dir, "empty.js")
	if err := os.WriteFile(empty, []byte("export default function () {}\n"), 0o600); err != nil {
		return err
	}
	ours, err := pis.Shipped()
	if err != nil {
		return err
	}
	times := map[string][]time.Duration{}
	for i := range runs + 1 {
		for _, extension := range []string{"", empty, ours} {
			home.Extension = extension
			began := time.Now()
			if _, err := home.Run(pi, "--list-models"); err != nil {
				return err
			}
			if i > 0 {
				times[extension] = append(times[extension], time.Since(began))
			}
		}
	}
	var addedEmpty, added []time.Duration
	for i := range times[""] {
		addedEmpty = append(addedEmpty, times[empty][i]-times[""][i])
		added = append(added, times[ours][i]-times[""][i])
	}
	fmt.Printf("Pi %s --list-models, median of %d: %d ms; added by an empty extension %d ms, by ours %d ms\n", pi.Version, runs,
		median(times[""]).Milliseconds(), median(addedEmpty).Milliseconds(), median(added).Milliseconds())
	return nil
}

// failover measures from the first byte of one account's 429 to the arrival of the next account's request. The first time in a process
// is told beside the others, because code is compiled when it is first run, Pi's and the module's.
func failover(pi pis.Pi) error {
	var gaps, first []time.Duration
	for range runs {
		server := vendor.Start()
		dir, err := os.MkdirTemp("", "pi-multi-auth-bench-")
		if err != nil {
			return err
		}
		home, err := pis.NewHome(dir)
		if err != nil {
			return err
		}
		if home.Extension, err = pis.Shipped(); err != nil {
			return err
		}
		limited, fine := vendor.Limited(600), vendor.Step{Wait: takes}
		limited.Wait = takes
		keys := []string{"demo", "key-0"}
		server.Script("key-0", limited)
		for i := 1; i < 8; i++ {
			key := fmt.Sprintf("key-%d", i)
			keys = append(keys, fmt.Sprintf("demo-%d", i), key)
			server.Script(key, limited)
		}
		server.Script("key-7", fine)
		if err := home.Models("demo", "openai-completions", server.URL+"/v1"); err != nil {
			return err
		}
		if err := home.Keys(keys...); err != nil {
			return err
		}
		if _, err := home.Run(pi, "--model", "demo/model-1", "-p", "hello"); err != nil {
			return err
		}
		asked := server.Asked()
		for i := 1; i < len(asked); i++ {
			gap := asked[i].Came.Sub(asked[i-1].First)
			gaps = append(gaps, gap)
			if i == 1 {
				first = append(first, gap)
			}
		}
		server.Close()
		os.RemoveAll(dir)
	}
	if len(first) == 0 {
		return fmt.Errorf("pi %s asked no second account", pi.Version)
	}
	fmt.Printf("Pi %s from a 429 to the next account's request, %d times: median %.1f ms; the first time in %d processes: median %.1f ms\n", pi.Version,
		len(gaps), float64(median(gaps).Microseconds())/1000, len(first), float64(median(first).Microseconds())/1000)
	return nil
}
