package engine_test

import (
	"encoding/base64"
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"pimultiauth/core"
	"pimultiauth/core/engine"
	"pimultiauth/providers"
)

func token(claims string) string {
	return "e30." + base64.RawURLEncoding.EncodeToString([]byte(claims)) + ".c2ln"
}

// The rows of the peer's vectors about whose a credential is and what is sent of it, by their names. I1 is struck in its key: two members
// of one workspace have two quotas (I10), so the key names the member too.
func TestVectorsOfCredentials(t *testing.T) {
	const auth, profile = `"https://api.openai.com/auth":`, `"https://api.openai.com/profile":`
	codex := func(claims string) string { return `{"type":"oauth","access":"` + token(claims) + `"}` }
	cline := func(exp int) string {
		return fmt.Sprintf(`{"type":"api_key","key":"workos:%s"}`, token(fmt.Sprintf(`{"exp":%d}`, exp)))
	}
	for _, tt := range []struct{ row, what, provider, credential, want string }{
		{"I1", "identity", "openai-codex", codex(`{` + auth + `{"chatgpt_account_id":"acc-1","chatgpt_user_id":"user-1"},` + profile + `{"email":"A@B.co"}}`), `{"key":"account:acc-1/user-1","strong":true}`},
		{"I2", "identity", "openai-codex", codex(`{` + auth + `{"chatgpt_account_user_id":"user-1__acc-1","user_id":"user-1","chatgpt_account_id":"acc-1"}}`), `{"key":"account:acc-1/user-1__acc-1","strong":true}`},
		{"I4", "identity", "openai-codex", codex(`{` + profile + `{"email":"x@y.z"}}`), `{"key":"email:x@y.z","strong":false}`},
		{"I5, opaque", "identity", "openai-codex", `{"type":"oauth","access":"opaque"}`, `{"key":null,"strong":false}`},
		{"I5, no claims", "identity", "openai-codex", `{"type":"oauth","access":"a.b.c"}`, `{"key":null,"strong":false}`},
		{"I5, top-level email", "identity", "openai-codex", codex(`{"email":"x@y.z"}`), `{"key":null,"strong":false}`},
		{"I10", "identity", "openai-codex", codex(`{` + auth + `{"chatgpt_account_id":"acc-1","chatgpt_user_id":"user-2"}}`), `{"key":"account:acc-1/user-2","strong":true}`},
		{"I11", "identity", "cline", `{"type":"oauth","access":"t","accountId":"Usr 1"}`, `{"key":"account:usr_1","strong":true}`},
		{"I12", "identity", "cline", `{"type":"oauth","access":"t","userInfo":{"email":"A@b.co"}}`, `{"key":"email:a_b.co","strong":false}`},
		{"I15", "identity", "kilo", `{"type":"oauth","access":"t","email":"a@b.co"}`, `{"key":"email:a@b.co","strong":false}`},
		{"K10", "secret", "cline", `{"type":"oauth","access":"AT","refresh":"r"}`, `{"form":"workos:[secret]","expired":false}`},
		{"K11", "secret", "kilo", `{"type":"oauth","access":"AT","refresh":"r"}`, `{"form":"access token","expired":false}`},
		{"K12", "secret", "cline", cline(1768471199), `{"form":"workos:[secret]","expired":true}`},
		{"K13", "secret", "cline", cline(1768474800), `{"form":"workos:[secret]","expired":false}`},
		{"K15", "secret", "openai", cline(1), `{"form":"key","expired":false}`},
	} {
		t.Run(tt.row, func(t *testing.T) {
			line := (&core.Object{}).String("what", tt.what).Int("at", 1768471200000).String("provider", tt.provider).Raw("credential", tt.credential).Text()
			turn, err := engine.New(providers.All()).Step(core.Message{At: 1768471200000, Inspect: &core.Inspect{Line: line}})
			require.NoError(t, err)
			assert.JSONEq(t, tt.want, turn.Inspected.Line)
		})
	}
}

// S30: a key that is a token and has ended is passed over, and pinned strictly it says what to do.
func TestAKeyThatHasEndedIsSkipped(t *testing.T) {
	d := newDisk()
	key := func(exp int64) string { return "workos:" + token(fmt.Sprintf(`{"exp":%d}`, exp)) }
	d.files["auth"] = fmt.Sprintf(`{"cline":{"type":"api_key","key":%q},"cline-1":{"type":"api_key","key":%q}}`, key(int64(start)/1000-1), key(int64(start)/1000+3600))
	p := d.process(t)
	lease := p.tell(core.Message{Acquire: &core.Acquire{Provider: "cline", Model: "m", Mode: "print"}}).Lease
	require.NotNil(t, lease)
	assert.Equal(t, "cline-1", lease.Account)
}

// L8: answers without content, from one key.
func TestEmptyAnswersEndInAnError(t *testing.T) {
	p := newDisk("demo").process(t)
	attempts := 0
	turn := p.acquire("s")
	for ; turn.Lease != nil; turn = p.settle(turn.Lease.ID, core.Outcome{Empty: true, Status: 200}) {
		attempts++
	}
	assert.LessOrEqual(t, attempts, 3)
	assert.NotNil(t, turn.Refuse)
}

// D14, D15 and O14: the base URL of a Cloudflare token names its account, and nothing else.
func TestVectorsOfCloudflaresAddress(t *testing.T) {
	const good = "https://api.cloudflare.com/client/v4/accounts/0123456789abcdef0123456789abcdef/ai/v1"
	for _, tt := range []struct{ row, url, want string }{
		{"D14", good, good},
		{"D14, O14, with a slash", good + "/", good},
		{"D15, http", strings.Replace(good, "https", "http", 1), ""},
		{"D15, another host", strings.Replace(good, ".com", ".com.evil.tld", 1), ""},
		{"D15, no account", "https://api.cloudflare.com/client/v4/accounts//ai/v1", ""},
		{"D15, an endpoint", good + "/chat/completions", ""},
	} {
		t.Run(tt.row, func(t *testing.T) {
			line := (&core.Object{}).String("what", "override").String("provider", "cloudflare-workers-ai").Raw("request", fmt.Sprintf(`{"baseUrl":%q}`, tt.url)).Text()
			turn, err := engine.New(providers.All()).Step(core.Message{At: start, Inspect: &core.Inspect{Line: line}})
			require.NoError(t, err)
			if tt.want == "" {
				assert.Contains(t, turn.Inspected.Line, `"error"`)
				return
			}
			assert.JSONEq(t, fmt.Sprintf(`{"request":{"baseUrl":%q}}`, tt.want), turn.Inspected.Line)
		})
	}
}

// H25: what an answer says of a limit that is not reached keeps nobody out.
func TestHeadersOfAnAnswerCoolNobody(t *testing.T) {
	p := newDisk("groq").process(t)
	lease := p.ask("openai-completions").Lease
	p.settle(lease.ID, core.Outcome{OK: true, Status: 200, Headers: []core.Header{{Name: "x-ratelimit-limit-requests", Value: "50"},
		{Name: "x-ratelimit-remaining-requests", Value: "49"}, {Name: "x-ratelimit-reset-requests", Value: "1m"}}})
	assert.NotNil(t, p.ask("openai-completions").Lease)
	assert.NotContains(t, p.disk.files["state"], "fault")
}
