package store_test

import (
	"fmt"
	"math/rand"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"

	"pimultiauth/core"
	"pimultiauth/core/store"
)

// randomDelta is a change as some process may make it, or one of a newer version; times are often equal.
func randomDelta(r *rand.Rand) string {
	provider, account := fmt.Sprint("p", r.Intn(2)), fmt.Sprint("a", r.Intn(3))
	at := core.Time(1000 + r.Intn(4))
	switch r.Intn(12) {
	case 0:
		return store.PlaceDelta(provider, account, fmt.Sprint("s", r.Intn(2)), at)
	case 1:
		return store.StandingDelta(provider, account, "", core.Standing{At: at, Fault: core.RateLimited, Until: at + core.Time(r.Intn(3)+1)})
	case 2:
		return store.StandingDelta(provider, account, "m", core.Standing{At: at})
	case 3:
		return store.SettingDelta(provider, account, []string{"label", "paused"}[r.Intn(2)], []string{`"x"`, "true", "null"}[r.Intn(3)], at)
	case 4:
		return store.RemovedDelta(provider, account, int64(r.Intn(2)), at)
	case 5:
		return store.PinDelta(provider, core.Pin{Account: account, Strict: r.Intn(2) == 0}, at)
	case 6:
		if r.Intn(2) == 0 {
			return store.GroupRemovedDelta(provider, "g", at)
		}
		return store.GroupDelta(provider, core.Group{ID: "g", Accounts: []string{account}}, at)
	case 7:
		return store.HiddenDelta(provider, r.Intn(2) == 0, at)
	case 8:
		var tally store.Tally
		tally.Add(at, r.Intn(2) == 0)
		return new(store.Tree).CountDelta(provider, account, &tally, at)
	case 9:
		return fmt.Sprintf(`{"providers":{%q:{"later":{"at":%d,"x":%d}}}}`, provider, at, r.Intn(3))
	case 10:
		return fmt.Sprintf(`{"providers":%s}`, []string{"1", `{"at":3}`, `{"p0":null}`, `{"p0":{"accounts":[]}}`}[r.Intn(4)])
	}
	return fmt.Sprintf(`{"top%d":%s}`, r.Intn(2), []string{"1", `"at"`, `[1]`, `{"k":12345678901234567890}`, `{"at":7}`, "null", `"{\"at\":9}"`, `{"at":1e400}`, `{"at":5,"at":"x"}`}[r.Intn(9)])
}

// randomState makes a file as some process may have left it.
func randomState(r *rand.Rand) string {
	out := store.Blank
	for range r.Intn(6) {
		out = store.Merge(out, randomDelta(r))
	}
	return out
}

// Two to eight processes change what they know, save it and read it, in any order. Whoever has saved last and everybody who reads then
// knows all that was saved, and nothing else; joined in any order, the changes give the same text.
func TestHistoriesOfProcessesConverge(t *testing.T) {
	for seed := range int64(1500) {
		r := rand.New(rand.NewSource(seed))
		processes := make([]*store.Tree, 2+r.Intn(7))
		for i := range processes {
			processes[i] = store.Parse(store.Blank)
		}
		disk := store.Blank
		var all []string
		save := func(p *store.Tree) {
			p.Join(disk)
			disk = p.Text()
		}
		for range 4 + r.Intn(30) {
			p := processes[r.Intn(len(processes))]
			switch r.Intn(4) {
			case 0:
				save(p)
			case 1:
				p.Join(disk)
			default:
				delta := randomDelta(r)
				all = append(all, delta)
				p.Join(delta)
			}
		}
		for _, p := range processes {
			save(p)
		}
		r.Shuffle(len(all), func(i, j int) { all[i], all[j] = all[j], all[i] })
		oracle := store.Blank
		for _, delta := range all {
			oracle = store.Merge(oracle, delta)
		}
		if disk != oracle {
			t.Fatalf("seed %d:\n%s\n%s", seed, disk, oracle)
		}
		for _, p := range processes {
			p.Join(disk)
			if p.Text() != disk {
				t.Fatalf("seed %d: a process knows something else:\n%s\n%s", seed, p.Text(), disk)
			}
		}
	}
}

// A change says all that it changed: whoever follows the changes ends with what whoever reads everything has.
func TestAJoinNamesWhatItChanged(t *testing.T) {
	r := rand.New(rand.NewSource(2))
	for range 5000 {
		tree := store.Parse(randomState(r))
		before := tree.Text()
		changes := tree.Join(randomDelta(r))
		assert.Equal(t, tree.Text() != before, len(changes) > 0, "%s\n%s", before, tree.Text())
	}
	tree := store.Parse(store.Blank)
	tree.Join(store.StandingDelta("p", "a", "", core.Standing{At: 1}))
	assert.Equal(t, []store.Change{{Provider: "p", Part: "accounts", Key: "a"}}, tree.Join(store.StandingDelta("p", "a", "", core.Standing{At: 2})))
	assert.Equal(t, []store.Change{{Provider: "p", Part: "accounts", Key: "b"}}, tree.Join(store.StandingDelta("p", "b", "m", core.Standing{At: 2})))
	assert.Equal(t, []store.Change{{Provider: "p", Part: "pin"}}, tree.Join(store.PinDelta("p", core.Pin{Account: "a"}, 1)))
	assert.Equal(t, []store.Change{{Provider: "q"}}, tree.Join(store.PinDelta("q", core.Pin{Account: "a"}, 1)))
	assert.Equal(t, []store.Change{{Part: "hidden"}}, tree.Join(store.HiddenDelta("q", true, 1)))
	assert.Empty(t, tree.Join(store.HiddenDelta("q", true, 1)))
}

func TestMergeIsCommutativeAssociativeAndIdempotent(t *testing.T) {
	r := rand.New(rand.NewSource(1))
	for range 20000 {
		a, b, c := randomState(r), randomState(r), randomState(r)
		ab := store.Merge(a, b)
		if ba := store.Merge(b, a); ab != ba {
			t.Fatalf("not commutative:\n%s\n%s\n%s\n%s", a, b, ab, ba)
		}
		if left, right := store.Merge(ab, c), store.Merge(a, store.Merge(b, c)); left != right {
			t.Fatalf("not associative:\n%s\n%s\n%s\n%s\n%s", a, b, c, left, right)
		}
		if twice := store.Merge(ab, b); twice != ab {
			t.Fatalf("not idempotent:\n%s\n%s\n%s", a, b, twice)
		}
	}
}

func TestMerge(t *testing.T) {
	for _, tt := range []struct{ name, a, b, want string }{
		{"unknown fields survive", `{"x":1}`, `{"y":{"z":[1,{}]}}`, `{"x":1,"y":{"z":[1,{}]}}`},
		{"big numbers keep their literal", `{"n":12345678901234567890}`, `{}`, `{"n":12345678901234567890}`},
		{"the later leaf stays", `{"l":{"at":1,"v":9}}`, `{"l":{"at":2,"v":1}}`, `{"l":{"at":2,"v":1}}`},
		{"a leaf beats a container", `{"l":{"at":1}}`, `{"l":{"k":2}}`, `{"l":{"at":1}}`},
		{"the last of a repeated key counts", `{"k":1,"k":2}`, `{}`, `{"k":2}`},
		{"garbage is empty", `[1]`, `{"k":2}`, `{"k":2}`},
		{"a byte order mark is no damage", "\ufeff{\"k\":1}", `{}`, `{"k":1}`},
	} {
		t.Run(tt.name, func(t *testing.T) { assert.Equal(t, tt.want, store.Merge(tt.a, tt.b)) })
	}
}

func TestPruneDropsOnlyOldSessions(t *testing.T) {
	text := store.Merge(store.PlaceDelta("p", "a", "old", 1000), store.PlaceDelta("p", "b", "new", core.Time(2*core.Day)))
	prune := func(text string) string {
		tree := store.Parse(text)
		tree.Prune(core.Time(2 * core.Day))
		return tree.Text()
	}
	pruned := prune(text)
	assert.NotContains(t, pruned, "old")
	assert.Contains(t, pruned, `"new"`)
	assert.Contains(t, pruned, `"account":"b"`)
	assert.Equal(t, pruned, prune(pruned))
}

func FuzzMerge(f *testing.F) {
	f.Add(`{"a":{"at":1}}`, `{"a":1}`)
	f.Add(store.PlaceDelta("p", "a", "s", 3), `{"providers":[]}`)
	f.Fuzz(func(t *testing.T, a, b string) {
		ab := store.Merge(a, b)
		if ab != store.Merge(b, a) {
			t.Fatalf("not commutative: %q %q", a, b)
		}
		if store.Merge(ab, a) != ab || store.Merge(ab, ab) != ab {
			t.Fatalf("not idempotent: %q %q", a, b)
		}
		if left, right := store.Merge(ab, "{}"), store.Merge(a, store.Merge(b, "{}")); left != right {
			t.Fatalf("not associative: %q %q", a, b)
		}
		store.Check(a, store.Version)
		tree := store.Parse(a)
		for _, id := range tree.Providers() {
			p := tree.Provider(id)
			p.Account("a")
			tree.Count(id, "a", 1000)
		}
		tree.Chains()
		tree.Hidden()
		store.ReadConfig(a, b)
		store.ReadAuth(a, func(id string) bool { return id == "p" })
		store.ReadProviders(a)
		tree.Prune(core.Time(2 * core.Day))
		if tree.Text() != store.Parse(tree.Text()).Text() {
			t.Fatalf("not read as it was written: %q", tree.Text())
		}
		used := store.Parse(a)
		used.Usages(func(_ string, u core.Usage, _ int64) {
			for _, w := range u.Windows {
				if w.Known && !(w.Used >= 0) {
					t.Fatalf("%q is used %v", a, w.Used)
				}
			}
		})
		used.UsageReads(1000, "p")
		used.PruneUsage(core.Time(40 * core.Day))
		store.Recall(a+"\n"+b, "state", tree)
	})
}

func TestCheck(t *testing.T) {
	for _, tt := range []struct {
		name, text        string
		damaged, readOnly bool
	}{
		{"a missing file is good", "", false, false},
		{"white space is damage", " \n", true, false},
		{"truncated", `{"version":2,"prov`, true, false},
		{"array", `[]`, true, false},
		{"null", `null`, true, false},
		{"wrong types", `{"version":2,"providers":[]}`, true, false},
		{"the peer's version", `{"version":1,"providers":{}}`, false, false},
		{"nested a hundred deep", strings.Repeat(`{"a":`, 100) + "1" + strings.Repeat("}", 100), true, false},
		{"a newer version is read-only", `{"version":3,"providers":{}}`, false, true},
	} {
		t.Run(tt.name, func(t *testing.T) {
			damaged, readOnly := store.Check(tt.text, store.Version)
			assert.Equal(t, tt.damaged, damaged != "", damaged)
			assert.Equal(t, tt.readOnly, readOnly != "", readOnly)
		})
	}
}

func TestAStateTakesWrongTypesAsAbsent(t *testing.T) {
	tree := store.Parse(`{"providers":{"p":{"place":7,"accounts":{"a":{"standing":{"at":1,"fault":"unauthorized","until":"x"}},
		"b":5,"c":{"standing":{"at":2,"fault":"rate_limited","until":9,"mark":-1}},
		"d":{"settings":{"label":{"at":1,"value":"\u001b[31mred\u202e"},"paused":{"at":1,"value":"yes"},"priority":{"at":1,"value":1e300},"projects":{"at":1,"value":["/a",7,"","/a"]}},
			"health":{"at":-1,"good":-5,"bad":1e99},"removed":{"at":"x"}}},"sessions":[1],"pin":{"at":1,"account":["x"],"strict":true},
		"order":{"at":1,"value":{"x":1}},"groups":{"g":{"at":1,"accounts":"x","priority":"1","health":7,"maxInFlight":-3}}},"q":null},
		"hidden":{"__proto__":{"at":1,"value":true},"h":{"at":1,"value":true},"i":{"at":1,"value":1}},"chains":{"c":{"at":1,"hops":[{"provider":"p"}]},"d":7}}`)
	assert.Equal(t, []string{"p", "q"}, tree.Providers())
	assert.Nil(t, tree.Provider("q"))
	p := tree.Provider("p")
	assert.Zero(t, p.Account("a").Standing, "a damaged end is no suspension")
	assert.Zero(t, p.Account("b"))
	assert.Equal(t, core.Time(9), p.Account("c").Standing.Until)
	assert.Equal(t, int64(0), p.Account("c").Standing.Mark)
	d := p.Account("d")
	assert.Equal(t, "red", d.Label)
	assert.Equal(t, core.Settings{Projects: []string{"/a"}}, d.Settings)
	assert.Zero(t, d.Health)
	assert.Zero(t, d.Removed)
	assert.Empty(t, p.Sessions)
	assert.Empty(t, p.Order)
	assert.Equal(t, []core.Group{{ID: "g"}}, p.Groups)
	hidden, shown := tree.Hidden()
	assert.Equal(t, []string{"h"}, hidden)
	assert.Empty(t, shown)
	assert.Empty(t, tree.Chains(), "a chain of one leads nowhere")
}

func TestSettingsComeBackAsTheyWereWritten(t *testing.T) {
	group := core.Group{ID: "g", Name: "Work", Accounts: []string{"a", "b"}, Priority: 2, Mode: core.Balancer, MaxInFlight: 3, Health: 0.5, Cooldown: 9, Backoff: 2}
	chain := core.Chain{
		ID: "c", Name: "Way out", Attempts: 2, Triggers: []core.FaultKind{core.QuotaSpent}, Models: map[string]map[string]string{"m": {"q": "n"}},
		Hops: []core.Hop{{Provider: "p"}, {Provider: "q", Models: map[string]string{"m": "n"}, API: "x", Health: 0.25, Attempts: 1}},
	}
	tree := store.Parse(store.Blank)
	for _, delta := range []string{
		store.SettingDelta("p", "a", "label", `"Mine"`, 1), store.SettingDelta("p", "a", "paused", "true", 1), store.SettingDelta("p", "a", "pause", `"tax"`, 1),
		store.SettingDelta("p", "a", "reserve", "true", 1), store.SettingDelta("p", "a", "overage", "true", 1), store.SettingDelta("p", "a", "priority", "-4", 1),
		store.SettingDelta("p", "a", "projects", core.Quoted([]string{"/w"}), 1), store.ModeDelta("p", core.FillFirst, 1),
		store.PinDelta("p", core.Pin{Account: "a", Strict: true}, 1), store.OrderDelta("p", []string{"b", "a"}, 1), store.StrategyDelta("p", core.ByTurn, 1),
		store.GroupDelta("p", group, 1), store.GroupDelta("p", core.Group{ID: "gone"}, 1), store.GroupRemovedDelta("p", "gone", 2),
		store.ChainDelta(chain, 1), store.HiddenDelta("h", true, 1), store.HiddenDelta("s", true, 1), store.HiddenDelta("s", false, 2),
		store.HealthDelta("p", "a", store.Health{At: 5, Good: 1.5, Bad: 2, Slow: 1.25}), store.RemovedDelta("p", "a", 7, 8),
	} {
		tree.Join(delta)
	}
	p := store.Parse(tree.Text()).Provider("p")
	a := p.Account("a")
	assert.Equal(t, "Mine", a.Label)
	assert.Equal(t, core.Settings{Paused: true, Pause: "tax", Reserve: true, Overage: true, Priority: -4, Projects: []string{"/w"}}, a.Settings)
	assert.Equal(t, store.Health{At: 5, Good: 1.5, Bad: 2, Slow: 1.25}, a.Health)
	assert.Equal(t, store.Removed{At: 8, Mark: 7}, a.Removed)
	assert.Equal(t, core.FillFirst, p.Mode)
	assert.Equal(t, core.Pin{Account: "a", Strict: true}, p.Pin)
	assert.Equal(t, []string{"b", "a"}, p.Order)
	assert.Equal(t, core.ByTurn, p.Strategy)
	assert.Equal(t, []core.Group{group}, p.Groups)
	assert.Equal(t, []core.Chain{chain}, tree.Chains())
	hidden, shown := tree.Hidden()
	assert.Equal(t, []string{"h"}, hidden)
	assert.Equal(t, []string{"s"}, shown)
	assert.Equal(t, core.Time(9), tree.After(3, "providers", "p", "accounts", "a", "removed"), "what a person does now counts, whatever clock wrote before")
}

func TestCountsAreTheLastDayOverAllProcesses(t *testing.T) {
	var one, two store.Tally
	for hour := range 30 {
		one.Add(core.Time(core.Hour)*core.Time(hour), true)
	}
	two.Add(core.Time(29*core.Hour), false)
	tree := store.Parse(new(store.Tree).CountDelta("p", "a", &one, core.Time(29*core.Hour)))
	size := len(tree.Text())
	for range 500 {
		tree.Join(tree.CountDelta("p", "a", &two, core.Time(29*core.Hour)))
	}
	assert.Equal(t, store.Counts{Requests: 524, Failures: 500}, tree.Count("p", "a", core.Time(29*core.Hour)))
	assert.Equal(t, store.Counts{Requests: 501, Failures: 500}, tree.Count("p", "a", core.Time(52*core.Hour)))
	assert.Less(t, len(tree.Text()), size+10, "however many processes count, they share one sum")
	tree.Prune(core.Time(60 * core.Hour))
	assert.NotContains(t, tree.Text(), "hours")
}

func TestOwner(t *testing.T) {
	known := func(ids ...string) func(string) bool {
		return func(id string) bool { return strings.Contains(" "+strings.Join(ids, " ")+" ", " "+id+" ") }
	}
	for _, tt := range []struct {
		id, owner string
		n         int
		known     []string
	}{
		{"anthropic", "anthropic", 0, []string{"anthropic"}},
		{"anthropic-1", "anthropic", 1, []string{"anthropic"}},
		{"anthropic-12", "anthropic", 12, []string{"anthropic"}},
		{"anthropic-01", "anthropic-01", 0, []string{"anthropic"}},
		{"anthropic-0", "anthropic-0", 0, []string{"anthropic"}},
		{"anthropic-", "anthropic-", 0, []string{"anthropic"}},
		{"llama-3", "llama-3", 0, []string{"llama-3", "llama-4"}},
		{"llama-4", "llama-4", 0, nil},
		{"llama-3-1", "llama-3", 1, []string{"llama-3"}},
		{"llama-3", "llama-3", 0, []string{"llama", "llama-3"}},
		{"unknown-1", "unknown-1", 0, nil},
	} {
		owner, n := store.Owner(tt.id, known(tt.known...))
		assert.Equal(t, tt.owner, owner, tt.id)
		assert.Equal(t, tt.n, n, tt.id)
	}
}

func TestReadAuth(t *testing.T) {
	auth := store.ReadAuth(`{"p-2":{"type":"api_key","key":"k2"},"p":{"type":"api_key","key":"k0"},"p-1":{"type":"oauth","access":"a","refresh":"r","expires":5},
		"bad":{"type":"api_key"},"__proto__":{"type":"api_key","key":"x"},"q":{"type":"api_key","key":"!op read x"},"n":7}`,
		func(id string) bool { return id == "p" })
	var ids []string
	for _, a := range auth.Accounts {
		ids = append(ids, a.Provider+":"+a.ID)
	}
	assert.Equal(t, []string{"p:p", "p:p-1", "p:p-2", "q:q"}, ids)
	assert.True(t, auth.Accounts[1].Login)
	assert.Equal(t, core.Time(5), auth.Accounts[1].Expires)
	assert.Equal(t, "[secret]", fmt.Sprint(auth.Accounts[0].Credential))
	assert.NotContains(t, fmt.Sprintf("%v %+v %#v %s", auth, auth, auth, auth.Accounts[0].Credential), "k0")
	for _, damaged := range []string{" ", "{", "[]", "null", "7", `"x"`} {
		assert.NotEmpty(t, store.ReadAuth(damaged, func(string) bool { return false }).Damaged, damaged)
	}
}

func TestReadConfig(t *testing.T) {
	c := store.ReadConfig(`{"debug":true,"hiddenProviders":["a"],"rotationModes":{"p":"balancer","q":"nonsense"}}`,
		`{"debug":"yes","excludeProviders":["b",7],"rotationModes":{"p":"fill-first"}}`)
	assert.True(t, c.Debug, "a wrong value falls back to the one before")
	assert.Equal(t, []string{"b"}, c.Hidden)
	assert.Equal(t, core.FillFirst, c.Modes["p"])
	assert.Len(t, c.Warnings, 3)
	assert.Contains(t, strings.Join(c.Warnings, "\n"), `"nonsense"`)
	assert.Empty(t, store.ReadConfig("", "").Warnings)
	c = store.ReadConfig(`{"footer":false,"switchNotices":false,"plainMessages":false,"waitSeconds":0}`, `{"footer":true,"waitSeconds":5}`)
	assert.Equal(t, []bool{false, true, true}, []bool{c.NoFooter, c.NoNotices, c.Raw}, "the one in the runtime directory counts, key by key")
	assert.Equal(t, 5*core.Second, c.Wait)
	assert.Equal(t, core.Minute, store.ReadConfig("{}", "").Wait)
	assert.Len(t, store.ReadConfig(`{"waitSeconds":-1,"footer":"no"}`, "").Warnings, 2)
	assert.Len(t, store.ReadConfig("{", "[]").Warnings, 2)
}
