package store_test

import (
	"testing"

	"github.com/stretchr/testify/assert"

	"pimultiauth/core"
	"pimultiauth/core/store"
)

// What a version 1 file says, field by field as pi-multi-auth 0.7.0 writes it.
const old = `{"version":1,"ui":{"hiddenProviders":[" a ","a","",3]},"providers":{
	"openai-codex":{"credentialIds":["openai-codex","openai-codex-2",7],"activeIndex":-3,"rotationMode":"balancer",
		"manualActiveCredentialId":"openai-codex-2","friendlyNames":{"openai-codex":"Work ","openai-codex-2":"  "},
		"disabledCredentials":{"openai-codex":{"error":"key was revoked","disabledAt":1},"openai-codex-3":{"error":"","disabledAt":"x"}},
		"quotaExhaustedUntil":{"openai-codex":1900000000000,"openai-codex-2":"soon"},"lastQuotaError":{"openai-codex":"weekly limit"},
		"modelIncompatibilities":{"openai-codex":{"openai/GPT-5.5":{"modelId":"GPT-5.5","blockedUntil":1900000000000,"blockedAt":1,"error":"no"},"x":{"blockedUntil":-1}}},
		"pools":[{"poolId":"p1","displayName":"Team","credentialIds":["openai-codex"],"priority":2,"poolMode":"balancer","maxConcurrent":3,"healthThreshold":0.4,
			"config":{"cooldownMs":1000,"backoffMultiplier":2}},{"poolId":" ","credentialIds":["x"]},{"poolId":"empty","credentialIds":[]},7],
		"poolConfig":{"enablePools":true,"failoverStrategy":"health-based"},
		"chains":[{"chainId":"c1","displayName":"Out","providers":[{"providerId":"openai-codex"},{"providerId":"anthropic","modelMapping":{"gpt-5.5":"claude"},"maxAttempts":2}],
			"maxAttemptsPerProvider":1,"failoverTriggers":["quota","quota_weekly","nonsense"],"modelMapping":{"m":{"anthropic":"n"}}},{"chainId":"one","providers":[{"providerId":"a"}]}]},
	"anthropic":{"rotationMode":"fastest","manualActiveCredentialId":" ","friendlyNames":[1],"quotaExhaustedUntil":null},
	"__proto__":{"rotationMode":"balancer"},"broken":7}}`

func TestUpgrade(t *testing.T) {
	tree := store.Parse(store.Upgrade(old))
	assert.Equal(t, []string{"openai-codex"}, tree.Providers(), "what says nothing is left out")
	hidden, _ := tree.Hidden()
	assert.Equal(t, []string{"a"}, hidden)
	p := tree.Provider("openai-codex")
	assert.Equal(t, []string{"openai-codex", "openai-codex-2"}, p.Order)
	assert.Equal(t, core.Balancer, p.Mode)
	assert.Equal(t, core.Pin{Account: "openai-codex-2"}, p.Pin)
	first, third := p.Account("openai-codex"), p.Account("openai-codex-3")
	assert.Equal(t, "Work", first.Label)
	assert.Equal(t, core.Settings{Paused: true, Pause: "key was revoked"}, first.Settings)
	assert.True(t, third.Settings.Paused, "the peer loses a disabled account without a reason; here it stays out")
	assert.Empty(t, p.Account("openai-codex-2"))
	assert.Equal(t, core.Time(1900000000000), first.Standing.Until)
	assert.Equal(t, "cooled down earlier: weekly limit", first.Standing.Cause)
	assert.Len(t, first.Models, 1)
	assert.Equal(t, core.Time(1900000000000), first.Models["gpt-5.5"].Until)
	assert.Equal(t, core.ByHealth, p.Strategy)
	assert.Equal(t, []core.Group{{ID: "p1", Name: "Team", Accounts: []string{"openai-codex"}, Priority: 2, Mode: core.Balancer, MaxInFlight: 3, Health: 0.4, Cooldown: 1000, Backoff: 2}}, p.Groups)
	assert.Equal(t, []core.Chain{{
		ID: "c1", Name: "Out", Attempts: 1, Triggers: []core.FaultKind{core.QuotaSpent}, Models: map[string]map[string]string{"m": {"anthropic": "n"}},
		Hops: []core.Hop{{Provider: "openai-codex"}, {Provider: "anthropic", Models: map[string]string{"gpt-5.5": "claude"}, Attempts: 2}},
	}}, tree.Chains())
}

func TestWhatWasTakenOverGivesWayToAllThatIsWrittenSince(t *testing.T) {
	tree := store.Parse(store.Upgrade(old))
	tree.Join(store.GroupRemovedDelta("openai-codex", "p1", 2))
	tree.Join(store.SettingDelta("openai-codex", "openai-codex", "label", `"Mine"`, 2))
	before := tree.Text()
	assert.Empty(t, tree.Join(store.Upgrade(old)), "taking it over again brings nothing back")
	assert.Equal(t, before, tree.Text())
}

func TestIsOld(t *testing.T) {
	for text, want := range map[string]bool{
		old: true, `{"providers":{}}`: true, `{"version":2,"providers":{}}`: false, `{"version":"1","providers":{}}`: true, `{}`: false, "": false, "[]": false, store.Blank: false,
	} {
		assert.Equal(t, want, store.IsOld(text), text)
	}
}

func FuzzUpgrade(f *testing.F) {
	f.Add(old)
	f.Add(`{"providers":{"p":{"pools":{"poolId":1},"chains":[[]],"friendlyNames":{"a":{"b":1}}}}}`)
	f.Fuzz(func(t *testing.T, text string) {
		out := store.Upgrade(text)
		if damaged, readOnly := store.Check(out, store.Version); damaged != "" || readOnly != "" || store.IsOld(out) {
			t.Fatalf("%q became %q: %s%s", text, out, damaged, readOnly)
		}
		if store.Merge(out, out) != out {
			t.Fatalf("not canonical: %q", out)
		}
	})
}

func TestAccountsOfOurs(t *testing.T) {
	entry := core.Secret(`{"type":"oauth","access":"a","refresh":"r","expires":5,"big":12345678901234567890,"request":{"x":[1]}}`)
	tree := store.Parse(store.BlankAccounts)
	tree.Join(store.CredentialDelta("p", "p-10", entry, 10, 10))
	tree.Join(store.CredentialDelta("p", "p-9", `{"type":"api_key","key":"k"}`, 10, 12))
	tree.Join(store.IdentityDelta("p", "p-10", core.Identity{Key: "u1", Strong: true, Label: "me@example.com"}, 10))
	tree.Join(store.AdoptedDelta("p", "p-10", 77, 10))
	tree.Join(store.OverrideDelta("p", "p-9", "https://x.example", []core.SecretHeader{{Name: "a", Value: "b"}}, 10))
	accounts := store.Parse(tree.Text()).Accounts()
	assert.Len(t, accounts, 2)
	assert.Equal(t, "p-9", accounts[0].ID)
	nine := accounts[1]
	assert.Equal(t, entry, nine.Credential, "unknown fields and big numbers stay as they are")
	assert.Equal(t, core.Identity{Key: "u1", Strong: true, Label: "me@example.com"}, nine.Identity)
	assert.Equal(t, "me@example.com", nine.Label)
	assert.Equal(t, []any{core.Time(10), core.Time(10), int64(77), true}, []any{nine.Added, nine.Issued, nine.Adopted, nine.Own})
	base, headers := tree.Override("p", "p-9")
	assert.Equal(t, "https://x.example", base)
	assert.Equal(t, []core.SecretHeader{{Name: "a", Value: "b"}}, headers)
	assert.Equal(t, []string{"p-10", "p-9"}, tree.Names("p"))
}

func TestARemovedAccountStaysRemovedWhateverComesLate(t *testing.T) {
	tree := store.Parse(store.CredentialDelta("p", "p-1", `{"type":"api_key","key":"canary"}`, 10, 10))
	tree.Join(store.ForgetDelta("p", "p-1", 20))
	assert.Empty(t, tree.Accounts())
	assert.True(t, tree.Forget())
	assert.NotContains(t, tree.Text(), "canary")
	tree.Join(store.CredentialDelta("p", "p-1", `{"type":"api_key","key":"renewed"}`, 10, 30))
	assert.Empty(t, tree.Accounts(), "a renewal that was under way")
	assert.True(t, tree.Forget())
	assert.NotContains(t, tree.Text(), "renewed")
	assert.Equal(t, []string{"p-1"}, tree.Names("p"), "its name is not given to another account")
	tree.Join(store.CredentialDelta("p", "p-1", `{"type":"api_key","key":"anew"}`, 40, 40))
	assert.Len(t, tree.Accounts(), 1, "a login of a person")
	assert.False(t, tree.Forget())
}

func TestForgettingKeepsTheLawsOfTheJoin(t *testing.T) {
	deltas := []string{
		store.CredentialDelta("p", "a", `{"type":"api_key","key":"1"}`, 10, 10), store.CredentialDelta("p", "a", `{"type":"api_key","key":"2"}`, 10, 30),
		store.ForgetDelta("p", "a", 20), store.CredentialDelta("p", "a", `{"type":"api_key","key":"3"}`, 25, 25), store.AdoptedDelta("p", "a", 1, 10),
	}
	forget := func(text string) string {
		tree := store.Parse(text)
		tree.Forget()
		return tree.Text()
	}
	for mask := range 1 << (2 * len(deltas)) {
		a, b := store.BlankAccounts, store.BlankAccounts
		for i, delta := range deltas {
			if mask>>(2*i)&1 != 0 {
				a = store.Merge(a, delta)
			}
			if mask>>(2*i+1)&1 != 0 {
				b = store.Merge(b, delta)
			}
		}
		want := forget(store.Merge(a, b))
		if got := forget(store.Merge(forget(a), forget(b))); got != want {
			t.Fatalf("%s\n%s\n%s\n%s", a, b, want, got)
		}
	}
}

func TestRecallTakesWhatTheJournalKnows(t *testing.T) {
	journal := `{"journal":1}` + "\n" + `{"known":"state","delta":` + store.ModeDelta("p", core.Balancer, 5) + "}\n\n" +
		`{"pending":"state","delta":` + store.ModeDelta("p", core.FillFirst, 6) + "}\n" +
		`{"known":"accounts","delta":` + store.CredentialDelta("p", "a", `{"type":"api_key","key":"k"}`, 1, 1) + "}\n" + `{"known":"state","del`
	state, accounts := store.Parse(store.Blank), store.Parse(store.BlankAccounts)
	store.Recall(journal, "state", state)
	store.Recall(journal, "accounts", accounts)
	assert.Equal(t, core.FillFirst, state.Provider("p").Mode)
	assert.Len(t, accounts.Accounts(), 1)
	assert.NotContains(t, state.Text(), "api_key")
}
