package main

import (
	"fmt"
	"io/fs"

	"pimultiauth/core"
	"pimultiauth/core/fault"
	"pimultiauth/providers"
	"pimultiauth/tests/samples"
)

// faults reads the samples of failures.
func faults(dir fs.FS) (table, error) {
	t := table{columns: []string{"kind", "scope", "verdict", "end", "source"}}
	all, err := samples.Read(dir)
	if err != nil {
		return t, err
	}
	known := map[string]*core.Provider{}
	for _, p := range providers.All() {
		known[p.ID] = &p
		for _, alias := range p.Aliases {
			known[alias] = &p
		}
	}
	for _, s := range all {
		p := known[s.Provider]
		if p == nil {
			p = &core.Provider{ID: s.Provider}
		}
		got := samples.Told(fault.Read(p, s.Model, s.Outcome, s.At), s.At)
		right := []bool{got.Kind == s.Want.Kind, got.Scope == s.Want.Scope, got.Verdict == s.Want.Verdict, got.End == s.Want.End, got.Source == s.Want.Source}
		t.add(s.Provider, right)
		if got != s.Want {
			t.differ = append(t.differ, fmt.Sprintf("%s: %s\n    got  %s\n    want %s", s.Provider, s.Name, got, s.Want))
		}
	}
	return t, nil
}
