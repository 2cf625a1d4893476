package tests

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	json "github.com/tidwall/gjson"

	"pimultiauth/core"
	"pimultiauth/core/engine"
	"pimultiauth/core/store"
	"pimultiauth/providers"
	"pimultiauth/tests/host"
)

// samples are keys as the vendors' pages show them, made up behind their prefix.
var samples = map[string][]string{
	"amazon-bedrock": {"ABSKQmVkcm9ja0FQSUtleS1hYmNkZWZnaGlqa2xtbm9wcXJzdHV2d3h5eg=="},
	"anthropic":      {"sk-ant-api03-" + strings.Repeat("aB3_x-9Z", 11) + "-abcdefAA"},
	"cline":          {"workos:eyJhbGciOiJSUzI1NiJ9.eyJleHAiOjQwMDAwMDAwMDB9.c2ln"},
	"google":         {"AIzaSyA1b2C3d4E5f6G7h8I9j0K1l2M3n4O5p6Q"},
	"groq":           {"gsk_" + strings.Repeat("aB3x9Z", 8)},
	"huggingface":    {"hf_" + strings.Repeat("aBcDeFgH", 4)},
	"meta":           {"LLM|1234567890123456|aBcDeFgHiJkLmNoPqRsTuVwXyZ0"},
	"openai":         {"sk-proj-" + strings.Repeat("aB3_x-9Z", 18), "sk-" + strings.Repeat("aB3x9Z", 8)},
	"openrouter":     {"sk-or-v1-" + strings.Repeat("0123456789abcdef", 4)},
	"xai":            {"xai-" + strings.Repeat("aB3x9ZqW", 10)},
	"zai":            {"0a1b2c3d4e5f60718293a4b5c6d7e8f9.AbCdEfGh12345678"},
}

// sampleOf is a key of a provider: a documented one, else its prefix with something behind it.
func sampleOf(p core.Provider, n string) string {
	if s := samples[p.ID]; s != nil {
		return strings.TrimRight(s[0], "=") + n
	}
	prefix := ""
	if len(p.Key.Prefixes) > 0 {
		prefix = p.Key.Prefixes[0]
	}
	return prefix + "0a1B2c3D4e5F6a7B8c9D0e1F2a3B4c5D" + n
}

// catalogue is the one that ships and two providers more: a value each, with nothing of them anywhere else.
func catalogue() []core.Provider {
	return append(providers.All(),
		core.Provider{ID: "next-keys", Name: "Next Keys", Keys: true, Env: []string{"NEXT_KEYS_API_KEY"}, Origins: []string{"https://api.next-keys.example"},
			Key: core.KeyShape{Prefixes: []string{"nk_"}}, Check: core.KeyCheck{URL: "https://api.next-keys.example/v1/models", Header: "authorization"},
			Windows: core.HeaderWindows},
		core.Provider{ID: "next-login", Name: "Next Login", Login: "own", Mode: core.UsageBased, Origins: []string{"https://api.next-login.example"},
			Identity: core.IdentityRule{Account: []string{"access/sub"}}.Read,
			Methods:  []core.LoginMethod{{ID: "device", Label: "Device"}},
			Renew:    func(core.Host, core.Secret) (core.Secret, error) { return "", core.ErrCanceled }},
	)
}

// Every provider of the catalogue goes through this one suite.
func TestEveryProvider(t *testing.T) {
	ids := map[string]bool{}
	for _, p := range catalogue() {
		t.Run(p.ID, func(t *testing.T) {
			for _, id := range append([]string{p.ID}, p.Aliases...) {
				assert.True(t, store.ValidID(id), id)
				assert.False(t, ids[id], "%s is there twice", id)
				ids[id] = true
				// Its own id must never be read as the second account of another provider.
				owner, n := store.Owner(id, func(known string) bool { return ids[known] })
				assert.Equal(t, id, owner)
				assert.Zero(t, n)
			}
			assert.NotEmpty(t, p.Name)
			assert.True(t, p.Mode == "" || p.Mode.Valid())
			if p.Retired != "" {
				assert.True(t, strings.HasSuffix(p.Retired, "."), "a sentence")
				assert.False(t, p.Keys || p.Login != "", "what is retired does nothing")
				return
			}
			assert.True(t, p.Keys || p.Login != "", "it has some kind of account")
			assert.Contains(t, []string{"", "pi", "own"}, p.Login)
			assert.NotEmpty(t, p.Origins)
			for _, origin := range p.Origins {
				concrete := strings.ReplaceAll(origin, "*", "x1")
				u, why := core.ParseURL(concrete)
				assert.Empty(t, why)
				assert.Equal(t, concrete, u.String())
				assert.Equal(t, "https", u.Scheme)
				assert.True(t, p.MayReach(concrete, core.Override{}), origin)
				assert.False(t, p.MayReach(concrete+".evil.example", core.Override{}), origin)
				domain := origin[strings.LastIndexByte(origin, '*')+1:]
				assert.GreaterOrEqual(t, strings.Count(domain, "."), 1, "%s reaches over a whole registry", origin)
			}
			for _, name := range append(slices.Clone(p.Env), p.Vars...) {
				assert.Regexp(t, `^[A-Z][A-Z0-9_]*\??$`, name)
			}
			if p.Keys {
				keys(t, p)
			}
			if p.Check.URL != "" {
				u, why := core.ParseURL(strings.NewReplacer("{AWS_REGION|us-east-1}", "us-east-1", "{AZURE_OPENAI_RESOURCE_NAME}", "x1", "{CLOUDFLARE_ACCOUNT_ID}", "x1").
					Replace(strings.SplitN(p.Check.URL, "?", 2)[0]))
				assert.Empty(t, why)
				assert.True(t, p.MayReach(u.Origin(), core.Override{}), "the key is checked where it may be sent")
			}
			if p.Login == "own" {
				assert.NotEmpty(t, p.Methods, "it has a login of its own")
				assert.True(t, p.Renewal != nil || p.Renew != nil, "its logins are renewed")
			}
			for _, id := range append([]string{p.ID}, p.Aliases...) {
				named := p
				named.ID = id
				rotates(t, named)
				tellsUsage(t, named)
				addsAndShows(t, named)
			}
		})
	}
	assert.GreaterOrEqual(t, len(ids), 51)
}

// keys checks that keys of the vendor's shape are read out of a paste and told apart.
func keys(t *testing.T, p core.Provider) {
	for _, sample := range append(slices.Clone(samples[p.ID]), sampleOf(p, "1")) {
		assert.True(t, len(p.Key.Prefixes) == 0 || slices.ContainsFunc(p.Key.Prefixes, func(prefix string) bool { return strings.HasPrefix(sample, prefix) }), sample)
		for _, text := range []string{sample, "Bearer " + sample, "my account: " + sample, `{"api_key":"` + sample + `"}`} {
			got := p.ReadPaste(text, false)
			if assert.Len(t, got.Keys, 1, "%s: %s", text, got.Error) {
				assert.Equal(t, sample, got.Keys[0].Key.Reveal())
			}
		}
		if len(p.Env) > 0 {
			got := p.ReadPaste("export OTHER_API_KEY=nothing-of-it-1\nexport "+p.Env[0]+"='"+sample+"'\n", true)
			if assert.Len(t, got.Keys, 1) {
				assert.Equal(t, sample, got.Keys[0].Key.Reveal())
			}
		}
	}
	entry := func(key, env string) core.Secret {
		return core.Secret(`{"type":"api_key","key":"` + key + `","env":{"X":"` + env + `"}}`)
	}
	one := p.IdentityOf(entry("k-1", "a"))
	assert.True(t, one.Strong && one.Key != "")
	assert.NotContains(t, one.Key, "k-1")
	assert.Equal(t, one, p.IdentityOf(entry("k-1", "a")))
	assert.NotEqual(t, one, p.IdentityOf(entry("k-2", "a")))
	assert.NotEqual(t, one, p.IdentityOf(entry("k-1", "b")), "one key at two resources is two accounts")
}

// rotates leases the provider's accounts in the core as it ships: the second answers when the first is refused.
func rotates(t *testing.T, p core.Provider) {
	entry := func(n string) string {
		if p.Keys {
			return `{"type":"api_key","key":"` + sampleOf(p, n) + `"}`
		}
		return `{"type":"oauth","access":"at-` + n + `","refresh":"rt-` + n + `","expires":1800003600000}`
	}
	c := host.Native{Engine: engine.New(catalogue())}
	// A start reads files until it knows enough.
	turn, err := c.Call(core.Message{At: 1800000000000, Start: &core.Start{Known: []string{p.ID}}})
	for require.NoError(t, err); turn.Flow != 0; require.NoError(t, err) {
		var results []core.Result
		for _, effect := range turn.Effects {
			read := &core.FileResult{Missing: true}
			if effect.File != nil && effect.File.Name == "auth" {
				read = &core.FileResult{Text: core.Secret(`{"` + p.ID + `":` + entry("1") + `,"` + p.ID + `-1":` + entry("2") + `}`)}
			}
			results = append(results, core.Result{ID: effect.ID, File: read})
		}
		turn, err = c.Call(core.Message{At: 1800000000000, Resume: &core.Resume{Flow: turn.Flow, Results: results}})
	}
	require.NotNil(t, turn.Ready)
	assert.Contains(t, turn.Ready.Providers, p.ID)
	turn, err = c.Call(core.Message{At: 1800000000001, Acquire: &core.Acquire{Provider: p.ID, Model: "m", Mode: "print"}})
	require.NoError(t, err)
	require.NotNil(t, turn.Lease)
	first := turn.Lease.Account
	turn, err = c.Call(core.Message{At: 1800000000002, Settle: &core.Settle{Lease: turn.Lease.ID, Outcome: core.Outcome{Status: 429,
		Headers: []core.Header{{Name: "retry-after", Value: "60"}}, Text: "429 rate limited"}}})
	require.NoError(t, err)
	require.NotNil(t, turn.Lease, "nobody takes over")
	assert.NotEqual(t, first, turn.Lease.Account)
}

// addsAndShows adds two keys with the command that people use and asks for usage: the provider's own, or that there is none.
func addsAndShows(t *testing.T, p core.Provider) {
	s := &host.Script{Core: host.Native{Engine: engine.New(catalogue())}, Disk: &host.Disk{Files: map[string]string{}, Fails: map[string]string{}}, At: 1800000000000, Seed: 7}
	asked := 0
	s.Fetch = func(f core.Fetch) (core.FetchResult, error) {
		asked++
		assert.True(t, p.MayReach(f.Origin, core.Override{}), f.Origin)
		return core.FetchResult{Status: 503}, nil
	}
	s.Ask = func(a core.Ask) (core.Answer, error) {
		if a.Input != nil {
			return core.Answer{Text: core.Secret(sampleOf(p, "1") + "\n" + sampleOf(p, "2"))}, nil
		}
		return core.Answer{}, nil
	}
	say := func(text string) (*core.View, string) {
		turn, err := s.Tell(core.Message{Command: &core.Command{Text: text, Mode: "print"}})
		require.NoError(t, err)
		require.NotNil(t, turn.View)
		shown := turn.View.Title + "\n" + strings.Join(turn.View.Notes, "\n") + "\n"
		for _, row := range turn.View.Rows {
			shown += strings.Join(row.Cells, " ") + "\n"
		}
		return turn.View, shown
	}
	_, err := s.Tell(core.Message{Start: &core.Start{Known: []string{p.ID}}})
	require.NoError(t, err)
	added, shown := say("add " + p.ID + " --unchecked --from-env KEYS")
	if !p.Keys {
		assert.True(t, added.Failed, "it takes no keys, and says so")
		return
	}
	if p.Locate != nil {
		assert.Contains(t, shown, "not added", "where nobody tells its place")
		return
	}
	require.False(t, added.Failed, shown)
	accounts := store.Parse(s.Disk.Files["accounts"]).Accounts()
	require.Len(t, accounts, 2, shown)
	turn, err := s.Tell(core.Message{Acquire: &core.Acquire{Provider: p.ID, Model: "m", Mode: "print"}})
	require.NoError(t, err)
	require.NotNil(t, turn.Lease)
	first := turn.Lease.Account
	turn, err = s.Tell(core.Message{Settle: &core.Settle{Lease: turn.Lease.ID, Outcome: core.Outcome{Status: 401, Body: `{"error":{"message":"invalid api key","type":"authentication_error"}}`}}})
	require.NoError(t, err)
	require.NotNil(t, turn.Lease, "nobody takes over")
	assert.NotEqual(t, first, turn.Lease.Account)
	asked = 0
	_, shown = say("usage " + p.ID)
	assert.NotContains(t, shown, "0%", "what is not known is not zero")
	if p.Usage != nil && p.Usage.Keys {
		assert.NotZero(t, asked)
		assert.Contains(t, shown, "not read")
		return
	}
	assert.Zero(t, asked, "keys have no usage of their own here")
	assert.Contains(t, shown, "no usage", "and it is said")
}

// tellsUsage asks the core what a usage endpoint that says nothing leaves known: nothing, in words.
func tellsUsage(t *testing.T, p core.Provider) {
	c := host.Native{Engine: engine.New(catalogue())}
	turn, err := c.Call(core.Message{At: 1800000000000, Inspect: &core.Inspect{Line: `{"what":"usage","at":1800000000000,"provider":"` + p.ID + `","status":200,"headers":{},"body":"{}"}`}})
	require.NoError(t, err)
	answer := json.Parse(turn.Inspected.Line)
	for _, field := range []string{"plan", "windows", "blockedUntil", "balance", "error"} {
		assert.True(t, answer.Get(field).Exists(), "%s: %s", field, answer.Raw)
	}
	assert.Empty(t, answer.Get("windows").Array(), "nothing is known, and that is neither zero nor full")
	if p.Usage == nil {
		assert.NotEmpty(t, answer.Get("error").Str, "a provider without usage says so")
		return
	}
	assert.True(t, p.Usage.Logins || p.Usage.Keys, "it says for whom")
	asked := 0
	for _, entry := range []string{
		`{"type":"oauth","access":"at","refresh":"rt","expires":1800003600000,"accountId":"acc-1"}`, `{"type":"api_key","key":"sk-1"}`,
	} {
		for _, request := range []string{``, `{"baseUrl":"http://127.evil.example/v1"}`, `{"baseUrl":"https://169.254.169.254"}`} {
			credential := entry
			if request != "" {
				credential = entry[:len(entry)-1] + `,"request":` + request + `}`
			}
			account := core.Account{ID: p.ID, Provider: p.ID, Source: "stored", Login: strings.Contains(entry, "oauth"), Credential: core.Secret(credential)}
			for _, f := range p.Usage.Requests(account) {
				asked++
				assert.True(t, p.MayReach(f.Origin, core.Override{}), "usage is asked of %s", f.Origin)
				assert.True(t, strings.HasPrefix(f.URL, f.Origin+"/"), f.URL)
			}
		}
	}
	assert.NotZero(t, asked)
}

// What Pi ships is where a credential may be sent: a new address of a vendor is found here and not by a person.
func TestTheCatalogueKnowsWherePiSends(t *testing.T) {
	known := map[string]core.Provider{}
	for _, p := range providers.All() {
		for _, id := range append([]string{p.ID}, p.Aliases...) {
			known[id] = p
		}
	}
	folder := filepath.Join("..", "js-loader", "node_modules", "@earendil-works", "pi-ai", "dist", "providers", "data")
	entries, err := os.ReadDir(folder)
	require.NoError(t, err)
	seen := 0
	for _, entry := range entries {
		id, ok := strings.CutSuffix(entry.Name(), ".json")
		if !ok || id[0] == '.' {
			continue
		}
		p, ok := known[id]
		assert.True(t, ok, "Pi ships %s", id)
		text, err := os.ReadFile(filepath.Join(folder, entry.Name()))
		require.NoError(t, err)
		var walk func(v json.Result)
		walk = func(v json.Result) {
			v.ForEach(func(name, value json.Result) bool {
				if name.Str == "baseUrl" && value.Str != "" {
					address := strings.NewReplacer("{CLOUDFLARE_ACCOUNT_ID}", "x1", "{CLOUDFLARE_GATEWAY_ID}", "x1", "{location}", "x1").Replace(value.Str)
					u, why := core.ParseURL(address)
					assert.Empty(t, why, value.Str)
					assert.True(t, p.MayReach(u.Origin(), core.Override{}), "%s is sent to %s", id, value.Str)
					seen++
				}
				if value.IsObject() || value.IsArray() {
					walk(value)
				}
				return true
			})
		}
		walk(json.ParseBytes(text))
	}
	assert.NotZero(t, seen)
}
