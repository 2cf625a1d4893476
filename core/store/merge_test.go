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

// randomState makes a file as some process may have left it: known fields, unknown ones, leaves with equal times.
func randomState(r *rand.Rand) string {
	out := store.Blank
	for range r.Intn(6) {
		provider, account := fmt.Sprint("p", r.Intn(2)), fmt.Sprint("a", r.Intn(3))
		at := core.Time(1000 + r.Intn(4))
		switch r.Intn(5) {
		case 0:
			out = store.Merge(out, store.PlaceDelta(provider, account, fmt.Sprint("s", r.Intn(2)), at))
		case 1:
			out = store.Merge(out, store.StandingDelta(provider, account, "", core.Standing{At: at, Fault: core.RateLimited, Until: at + core.Time(r.Intn(3)+1)}))
		case 2:
			out = store.Merge(out, store.StandingDelta(provider, account, "m", core.Standing{At: at}))
		case 3:
			out = store.Merge(out, fmt.Sprintf(`{"providers":{%q:{"later":{"at":%d,"x":%d}}}}`, provider, at, r.Intn(3)))
		case 4:
			out = store.Merge(out, fmt.Sprintf(`{"top%d":%s}`, r.Intn(2), []string{"1", `"at"`, `[1]`, `{"k":12345678901234567890}`, `{"at":7}`, "null", `"{\"at\":9}"`}[r.Intn(7)]))
		}
	}
	return out
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
	pruned := store.Prune(text, core.Time(2*core.Day))
	assert.NotContains(t, pruned, "old")
	assert.Contains(t, pruned, `"new"`)
	assert.Contains(t, pruned, `"account":"b"`)
	assert.Equal(t, pruned, store.Prune(pruned, core.Time(2*core.Day)))
}

func FuzzMerge(f *testing.F) {
	f.Add(`{"a":{"at":1}}`, `{"a":1}`)
	f.Add(store.PlaceDelta("p", "a", "s", 3), `{"providers":[]}`)
	f.Fuzz(func(t *testing.T, a, b string) {
		ab := store.Merge(a, b)
		if ab != store.Merge(b, a) {
			t.Fatalf("not commutative: %q %q", a, b)
		}
		store.ReadState(a)
		store.Check(a)
		store.ReadConfig(a, b)
		store.ReadAuth(a, func(id string) bool { return id == "p" })
		store.ReadProviders(a)
		if len(store.Prune(a, 1)) > len(a)*6+2 {
			t.Fatal("prune grew the text")
		}
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
		{"a newer version is read-only", `{"version":3,"providers":{}}`, false, true},
	} {
		t.Run(tt.name, func(t *testing.T) {
			damaged, readOnly := store.Check(tt.text)
			assert.Equal(t, tt.damaged, damaged != "", damaged)
			assert.Equal(t, tt.readOnly, readOnly != "", readOnly)
		})
	}
}

func TestReadStateTakesWrongTypesAsAbsent(t *testing.T) {
	s := store.ReadState(`{"providers":{"p":{"place":7,"accounts":{"a":{"standing":{"at":1,"fault":"unauthorized","until":"x"}},
		"b":5,"c":{"standing":{"at":2,"fault":"rate_limited","until":9,"mark":-1}}},"sessions":[1]},"q":null}}`)
	assert.Len(t, s.Providers, 1)
	assert.NotContains(t, s.Providers["p"].Accounts, "a", "a damaged end is no suspension")
	assert.Equal(t, core.Time(9), s.Providers["p"].Accounts["c"].Until)
	assert.Equal(t, int64(0), s.Providers["p"].Accounts["c"].Mark)
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
	assert.Len(t, store.ReadConfig("{", "[]").Warnings, 2)
}
