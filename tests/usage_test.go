package tests

import (
	"bufio"
	"encoding/json"
	"math"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"unicode"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"pimultiauth/core"
	"pimultiauth/core/engine"
	"pimultiauth/providers"
	told "pimultiauth/tests/samples"
)

// usageSample is a line of a provider's testdata/usage.jsonl: what it shows, what inspect is asked and what it answers.
type usageSample struct {
	Shows string          `json:"shows"`
	In    json.RawMessage `json:"in"`
	Out   json.RawMessage `json:"out"`
}

func usageSamples(t testing.TB) []usageSample {
	names, err := filepath.Glob("../providers/*/testdata/usage.jsonl")
	require.NoError(t, err)
	var all []usageSample
	for _, name := range names {
		f, err := os.Open(name)
		require.NoError(t, err)
		lines := bufio.NewScanner(f)
		lines.Buffer(nil, 1<<20)
		for lines.Scan() {
			var s usageSample
			require.NoError(t, json.Unmarshal(lines.Bytes(), &s), "%s: %s", name, lines.Text())
			all = append(all, s)
		}
		require.NoError(t, lines.Err())
		require.NoError(t, f.Close())
	}
	return all
}

func inspected(t testing.TB, e *engine.Engine, line string) string {
	turn, err := e.Step(core.Message{At: 1, Inspect: &core.Inspect{Line: line}})
	require.NoError(t, err)
	return turn.Inspected.Line
}

func TestUsageSamplesReadAsTheySay(t *testing.T) {
	e := engine.New(providers.All())
	samples := usageSamples(t)
	for _, s := range samples {
		t.Run(s.Shows, func(t *testing.T) {
			assert.JSONEq(t, string(s.Out), inspected(t, e, string(s.In)))
		})
	}
	assert.GreaterOrEqual(t, len(samples), 120)
}

// What was written without a look at the readers: answers of the vendors as they come, pastes, overrides and identities.
func TestWhatIsInspectedReadsAsTheSamplesSay(t *testing.T) {
	all, err := told.ReadInspected(os.DirFS("../providers/testdata/inspect"), "*.jsonl")
	require.NoError(t, err)
	assert.GreaterOrEqual(t, len(all), 650)
	e := engine.New(providers.All())
	for _, s := range all {
		t.Run(s.Shows, func(t *testing.T) {
			line := inspected(t, e, string(s.In))
			var got map[string]any
			require.NoError(t, json.Unmarshal([]byte(line), &got))
			for name, want := range s.Out {
				assert.True(t, told.Meets(want, got[name]), "%s: want %v, got %s", name, want, line)
			}
		})
	}
}

// The vectors of usage: those that are samples begin with their name; the others are tested where the row says, or struck with a reason.
func TestUsageVectorsAreAllAnswered(t *testing.T) {
	elsewhere := map[string]string{
		"U8":  "TestNothingIsAskedWithoutToken",
		"U13": "TestUsageRequests",
		"U32": "tiers of BlazeAPI are a matter of choice, not of usage: Usage.Plan carries what the tier hangs on",
		"U33": "as U32",
		"U34": "a window of model \"premium\" is no window of the account: TestUsageSamplesReadAsTheySay, the older flat shape",
		"U22": "struck in part: two tokens times two schemes, each retried, tell nobody which one is wrong; the GitHub token is asked once and its 401 is said (providers.md 8, row 38)",
		"U21": "sample",
	}
	samples := usageSamples(t)
	for _, id := range strings.Fields("U1 U2 U3 U4 U6 U7 U8 U9 U12 U13 U16 U18 U19 U20 U21 U22 U23 U24 U28 U32 U33 U34 U35 U37 U38 U42") {
		found := elsewhere[id] != ""
		for _, s := range samples {
			found = found || strings.HasPrefix(s.Shows, id+":")
		}
		assert.True(t, found, id)
	}
}

func stored(provider, credential string) core.Account {
	return core.Account{ID: provider, Provider: provider, Source: "stored", Credential: core.Secret(credential), Login: strings.Contains(credential, `"oauth"`)}
}

func source(t testing.TB, provider string) *core.UsageSource {
	for _, p := range providers.All() {
		if p.ID == provider {
			require.NotNil(t, p.Usage, provider)
			return p.Usage
		}
	}
	require.Fail(t, provider)
	return nil
}

func TestUsageRequests(t *testing.T) {
	// Its claims: {"https://api.openai.com/auth":{"chatgpt_account_id":"acc-1"}}
	const chatGPT = "e30.eyJodHRwczovL2FwaS5vcGVuYWkuY29tL2F1dGgiOnsiY2hhdGdwdF9hY2NvdW50X2lkIjoiYWNjLTEifX0.c2ln"
	for _, c := range []struct {
		provider, credential, urls, authorization, extra string
	}{
		{"anthropic", `{"type":"oauth","access":"T"}`, "https://api.anthropic.com/api/oauth/usage", "Bearer T", "anthropic-beta: oauth-2025-04-20"},
		{"openai-codex", `{"type":"oauth","access":"T","accountId":"acc-1"}`, "https://chatgpt.com/backend-api/wham/usage", "Bearer T", "chatgpt-account-id: acc-1"},
		{"openai-codex", `{"type":"oauth","access":"` + chatGPT + `"}`, "https://chatgpt.com/backend-api/wham/usage", "Bearer " + chatGPT, "chatgpt-account-id: acc-1"},
		{"github-copilot", `{"type":"oauth","access":"C","refresh":"T"}`, "https://api.github.com/copilot_internal/user", "token T", ""},
		{"github-copilot", `{"type":"oauth","access":"C","refresh":"T","enterpriseUrl":"octo.ghe.com"}`, "https://api.octo.ghe.com/copilot_internal/user", "token T", ""},
		{"github-copilot", `{"type":"oauth","access":"C","refresh":"T","enterpriseUrl":"https://octo.ghe.com/"}`, "https://api.octo.ghe.com/copilot_internal/user", "token T", ""},
		{"github-copilot", `{"type":"oauth","access":"C","refresh":"T","enterpriseUrl":"evil.example/@x"}`, "", "", ""},
		{"kimi-coding", `{"type":"api_key","key":"T"}`, "https://api.kimi.com/coding/v1/usages", "Bearer T", ""},
		{"blazeapi", `{"type":"api_key","key":"T"}`, "https://blazeai.boxu.dev/api/usage", "Bearer T", ""},
		{"blazeapi", `{"type":"api_key","key":"T","request":{"baseUrl":"https://blaze.example/api/v1/chat/completions"}}`, "https://blaze.example/api/usage", "Bearer T", ""},
		{"openrouter", `{"type":"api_key","key":"T"}`, "https://openrouter.ai/api/v1/key https://openrouter.ai/api/v1/credits", "Bearer T", ""},
		{"cline", `{"type":"oauth","access":"T","accountId":"usr-1"}`, "https://api.cline.bot/api/v1/users/usr-1/balance https://api.cline.bot/api/v1/users/me/plan/usage-limits", "Bearer workos:T", ""},
		{"cline", `{"type":"oauth","access":"workos:T","accountId":"../admin"}`, "https://api.cline.bot/api/v1/users/me/plan/usage-limits", "Bearer workos:T", ""},
	} {
		var urls []string
		for _, f := range source(t, c.provider).Requests(stored(c.provider, c.credential)) {
			urls = append(urls, f.URL)
			assert.True(t, strings.HasPrefix(f.URL, f.Origin+"/"), f.URL)
			assert.LessOrEqual(t, f.MaxBytes, 256<<10)
			assert.LessOrEqual(t, f.Timeout, 10*core.Second)
			var lines []string
			for _, h := range f.Headers {
				lines = append(lines, h.Name+": "+h.Value.Reveal())
			}
			assert.Contains(t, lines, "authorization: "+c.authorization)
			if c.extra != "" {
				assert.Contains(t, lines, c.extra)
			}
		}
		assert.Equal(t, c.urls, strings.Join(urls, " "), c.credential)
	}
}

func TestNothingIsAskedWithoutToken(t *testing.T) {
	for _, p := range providers.All() {
		if p.Usage == nil {
			continue
		}
		// The second and third are Pi's notation for a command and for a variable, which only the host resolves.
		for _, credential := range []string{`{"type":"oauth","access":""}`, `{"type":"api_key","key":"!pass show key"}`, `{"type":"api_key","key":"$KEY"}`, `{}`} {
			assert.Empty(t, p.Usage.Requests(stored(p.ID, credential)), "%s %s", p.ID, credential)
		}
	}
}

// Whatever a service answers, a usage says what is known within its bounds or why nothing is.
func sane(t *testing.T, u core.Usage, at core.Time) {
	plain := func(text string) {
		assert.LessOrEqual(t, len(text), 250)
		for _, r := range text {
			assert.False(t, unicode.IsControl(r) || (r >= 0x200b && r <= 0x202e), "%q", text)
		}
	}
	plain(u.Plan)
	plain(u.Error)
	plain(u.Balance.Currency)
	assert.False(t, math.IsNaN(u.Balance.Amount) || math.IsInf(u.Balance.Amount, 0))
	for _, w := range u.Windows {
		plain(w.Name)
		plain(w.Model)
		assert.NotEmpty(t, w.Name)
		assert.True(t, w.Used >= 0 && w.Used <= 100, "%v", w.Used)
		assert.True(t, w.Known || w.Used == 0)
		assert.True(t, w.Length >= 0 && w.Length <= 366*core.Day, "%v", w.Length)
		if !w.ResetsAt.IsZero() {
			_, ok := core.PlausibleReset(w.ResetsAt, at)
			assert.True(t, ok, "%v", w.ResetsAt)
		}
	}
	assert.True(t, u.BlockedUntil.IsZero() || at.Before(u.BlockedUntil))
}

const usageNow core.Time = 1768471200000

func FuzzUsageAnswers(f *testing.F) {
	var ids []string
	sources := map[string]*core.UsageSource{}
	for _, p := range providers.All() {
		if p.Usage != nil {
			ids = append(ids, p.ID)
			sources[p.ID] = p.Usage
		}
	}
	for _, s := range usageSamples(f) {
		var in struct {
			Provider string
			Status   int
			Body     json.RawMessage
		}
		require.NoError(f, json.Unmarshal(s.In, &in))
		var text string
		if json.Unmarshal(in.Body, &text) != nil {
			text = string(in.Body)
		}
		for i, id := range ids {
			if id == in.Provider {
				f.Add(uint8(i), in.Status, text)
			}
		}
	}
	f.Fuzz(func(t *testing.T, which uint8, status int, body string) {
		id := ids[int(which)%len(ids)]
		account := stored(id, `{"type":"oauth","access":"T","subscriptionType":"max"}`)
		u := sources[id].Read(account, []core.FetchResult{{Status: status, Body: core.Secret(body)}}, usageNow)
		sane(t, u, usageNow)
		known := u.Error != "" || u.Plan != "" || len(u.Windows) > 0 || u.Balance != (core.Balance{}) || status == 200
		assert.True(t, known, "neither known nor said why")
		if status != 200 {
			assert.NotEmpty(t, u.Error)
		}
	})
}

func FuzzWindowHeaders(f *testing.F) {
	for _, s := range usageSamples(f) {
		var in struct{ Headers map[string]string }
		require.NoError(f, json.Unmarshal(s.In, &in))
		var lines []string
		for name, value := range in.Headers {
			lines = append(lines, strings.ToLower(name)+": "+value)
		}
		if len(lines) > 0 {
			f.Add(strings.Join(lines, "\n"))
		}
	}
	// One that reads what most providers say, and those that read more.
	var all []core.Provider
	for _, p := range providers.All() {
		if p.ID == "openai" || p.ID == "groq" || p.ID == "github-copilot" {
			all = append(all, p)
		}
	}
	f.Add("x-quota-snapshot-premium_interactions: ent=300&ov=0.0&ovPerm=false&rem=97.1&rst=2026-02-01T00%3A00%3A00Z\nx-usage-ratelimit-session: ent=0&rem=5.7&rst=2026-01-15T12:00:00Z")
	f.Fuzz(func(t *testing.T, text string) {
		var headers []core.Header
		for line := range strings.SplitSeq(text, "\n") {
			name, value, _ := strings.Cut(line, ":")
			headers = append(headers, core.Header{Name: strings.ToLower(name), Value: value})
		}
		for _, p := range all {
			u := core.Usage{Windows: p.Windows(headers, usageNow)}
			sane(t, u, usageNow)
		}
	})
}
