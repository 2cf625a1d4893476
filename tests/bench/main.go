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

// failover measures from the first byte of one account's 429 to the arrival of the next account's request.
func failover(pi pis.Pi) error {
	var gaps []time.Duration
	for range 4 {
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
		keys := []string{"demo", "key-0"}
		server.Script("key-0", vendor.Limited(600))
		for i := 1; i < 8; i++ {
			key := fmt.Sprintf("key-%d", i)
			keys = append(keys, fmt.Sprintf("demo-%d", i), key)
			server.Script(key, vendor.Limited(600))
		}
		server.Script("key-7", vendor.Step{})
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
			gaps = append(gaps, asked[i].Came.Sub(asked[i-1].First))
		}
		server.Close()
		os.RemoveAll(dir)
	}
	fmt.Printf("Pi %s from a 429 to the next account's request, %d times: median %.1f ms\n", pi.Version, len(gaps), float64(median(gaps).Microseconds())/1000)
	return nil
}
