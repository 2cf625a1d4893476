package engine

import (
	"os"
	"path/filepath"
	"testing"

	"pimultiauth/core"
	"pimultiauth/providers"
)

// Whatever another program's file holds, what is read from it is an entry that Pi could hold, and its provider an id.
func FuzzForeign(f *testing.F) {
	names, _ := filepath.Glob(filepath.Join("testdata", "foreign", "*"))
	for _, name := range names {
		text, err := os.ReadFile(name)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(string(text), name)
	}
	e := New(providers.All())
	f.Fuzz(func(t *testing.T, text, path string) {
		for i := range sources {
			found, _ := e.readSource(sources[i].rows, text, path)
			for _, one := range found {
				c, ok := core.ReadCredential(one.entry)
				if !ok || one.provider == "" || c.Login != one.login {
					t.Fatalf("%s: %q", one.provider, one.entry.Reveal())
				}
				if c.Template {
					t.Fatalf("%q would run", c.Key.Reveal())
				}
			}
		}
	})
}
