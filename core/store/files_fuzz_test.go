package store_test

import (
	"math"
	"testing"

	"pimultiauth/core"
	"pimultiauth/core/store"
)

// Whatever stands in a file of ours or of Pi's, what is read from it can be used: ids are ids, numbers are numbers, and looking changes nothing.
func FuzzFiles(f *testing.F) {
	f.Add(`{"groq":{"type":"api_key","key":"k"},"groq-1":{"type":"oauth","access":"a","refresh":"r","expires":5}}`)
	f.Add(`{"debug":true,"hiddenProviders":["groq"],"rotationModes":{"groq":"balanced"},"chains":[{"hops":[]}]}`)
	f.Add(`{"version":2,"providers":{"p":{"accounts":{"p":{"standing":{"at":1,"fault":"quota_spent","until":9},"renewal":{"at":1,"failures":2}}},"homes":{"s":{"at":1,"account":"p"}}}}}`)
	f.Add(`{"version":1,"accounts":{"p/p":{"at":1,"windows":[{"name":"week","usedPercent":1e999,"resetsAt":"x"}],"balance":{"amount":"-1"}}}}`)
	f.Add(store.Merge(store.CredentialDelta("p", "p-1", `{"type":"api_key","key":"k"}`, 3, 3), store.AdoptedDelta("p", "p-1", 7, 3)))
	f.Add(`{"file":"state","delta":{"providers":{"p":{"accounts":{"p":{"standing":{"at":1}}}}}}}` + "\n" + `{"file":"accounts"`)
	known := func(id string) bool { return id == "groq" || id == "p" }
	f.Fuzz(func(t *testing.T, text string) {
		seen := map[string]bool{}
		for _, a := range store.ReadAuth(text, known).Accounts {
			if provider, _ := store.Owner(a.ID, known); seen[a.ID] || !store.ValidID(a.ID) || a.Provider != provider {
				t.Fatalf("%q of %q from %q", a.ID, a.Provider, text)
			}
			seen[a.ID] = true
		}
		store.ReadConfig(text, "")
		store.ReadConfig("", text)
		store.ReadProviders(text)
		for _, name := range []string{"state", "accounts", "usage"} {
			once := store.Parse(store.Blank)
			store.Recall(text, name, once)
			before := once.Text()
			store.Recall(text, name, once)
			if once.Text() != before {
				t.Fatalf("recalled twice: %q, then %q", before, once.Text())
			}
		}
		if damaged, _ := store.Check(text, store.Version); damaged != "" {
			return
		}
		tree := store.Parse(text)
		before := tree.Text()
		for _, a := range tree.Accounts() {
			if !store.ValidID(a.ID) || a.Provider == "" {
				t.Fatalf("%q of %q from %q", a.ID, a.Provider, text)
			}
			tree.Override(a.Provider, a.ID)
		}
		tree.Hidden()
		tree.Chains()
		for _, id := range tree.Providers() {
			tree.Provider(id)
			tree.Place(id)
			tree.Home(id, "s")
			for _, name := range append(tree.Names(id), id) {
				tree.Account(id, name)
				tree.Added(id, name)
				tree.Count(id, name, 5)
			}
		}
		tree.Usages(func(key string, u core.Usage, _ int64) {
			for i := range u.Windows {
				if w := &u.Windows[i]; math.IsNaN(w.Used) || math.IsInf(w.Used, 0) || w.Used < 0 {
					t.Fatalf("%s used %v from %q", key, w.Used, text)
				}
			}
		})
		if tree.Text() != before {
			t.Fatalf("looking changed %q into %q", before, tree.Text())
		}
		if again := store.Parse(before).Text(); again != before {
			t.Fatalf("not canonical: %q, then %q", before, again)
		}
		tree.Prune(1_800_000_000_000)
		pruned := tree.Text()
		tree.Prune(1_800_000_000_000)
		if tree.Text() != pruned {
			t.Fatalf("pruned twice: %q, then %q", pruned, tree.Text())
		}
	})
}
