package main

import (
	"encoding/json"
	"fmt"
	"io/fs"

	"pimultiauth/core"
	"pimultiauth/core/engine"
	"pimultiauth/providers"
	"pimultiauth/tests/samples"
)

// inspections are the questions beside failures, in the order they are printed, with the fields of their answers.
var inspections = []struct {
	what    string
	columns []string
}{
	{"usage", []string{"plan", "windows", "blocked", "balance", "error"}},
	{"paste", []string{"keys", "duplic.", "ignored", "overr.", "error"}},
	{"override", []string{"request", "error"}},
	{"identity", []string{"key", "strong"}},
}

var columnOf = map[string]string{"blockedUntil": "blocked", "duplicates": "duplic.", "overrides": "overr."}

// inspected asks the core what it makes of the samples and counts what is right, a table for each kind of question.
func inspected(dir fs.FS, patterns ...string) (map[string]*table, error) {
	all, err := samples.ReadInspected(dir, patterns...)
	if err != nil {
		return nil, err
	}
	tables := map[string]*table{}
	for _, kind := range inspections {
		tables[kind.what] = &table{columns: kind.columns}
	}
	e := engine.New(providers.All())
	for _, s := range all {
		var in struct{ What, Provider string }
		if err := json.Unmarshal(s.In, &in); err != nil {
			return nil, err
		}
		t := tables[in.What]
		if t == nil {
			return nil, fmt.Errorf("%s: nobody counts %q", s.Shows, in.What)
		}
		turn, err := e.Step(core.Message{At: 1, Inspect: &core.Inspect{Line: string(s.In)}})
		if err != nil {
			return nil, err
		}
		var got map[string]any
		if err := json.Unmarshal([]byte(turn.Inspected.Line), &got); err != nil {
			return nil, err
		}
		right := make([]bool, len(t.columns))
		for i := range right {
			right[i] = true
		}
		whole := true
		for name, want := range s.Out {
			ok := samples.Meets(want, got[name])
			whole = whole && ok
			column := name
			if short := columnOf[name]; short != "" {
				column = short
			}
			for i, c := range t.columns {
				if c == column {
					right[i] = ok
				}
			}
		}
		t.add(in.Provider, right)
		if !whole {
			want, _ := json.Marshal(s.Out)
			t.differ = append(t.differ, fmt.Sprintf("%s: %s\n    got  %s\n    want %s", in.Provider, s.Shows, turn.Inspected.Line, want))
		}
	}
	return tables, nil
}
