package tests

import (
	"encoding/base64"
	"encoding/json"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"pimultiauth/core"
	"pimultiauth/core/engine"
	"pimultiauth/providers"
	told "pimultiauth/tests/samples"
)

const (
	accountA = "0123456789abcdef0123456789abcdef"
	accountB = "fedcba9876543210fedcba9876543210"
)

func workersAI(account string) string {
	return "https://api.cloudflare.com/client/v4/accounts/" + account + "/ai/v1"
}

func claims(payload string) string {
	return "eyJhbGciOiJSUzI1NiJ9." + base64.RawURLEncoding.EncodeToString([]byte(payload)) + ".c2ln"
}

// vector is a row of what is known of other programs that rotate, as a question for inspect and what must be in its answer. vectors_test.go
// has the rows that are no such question, and those that are struck.
type vector struct{ id, question, answer string }

func pasted(id, provider, mode, text, answer string) vector {
	q, _ := json.Marshal(map[string]any{"what": "paste", "provider": provider, "mode": mode, "text": text})
	return vector{id, string(q), answer}
}

func cloudflare(id, text, keys string, duplicates, ignored, overrides string) vector {
	return pasted(id, "cloudflare-workers-ai", "many", text, `{"keys":`+keys+`,"duplicates":`+duplicates+`,"ignored":`+ignored+`,"overrides":`+overrides+`,"error":null}`)
}

func one(token, base string) string {
	if base == "" {
		return `[{"key":"` + token + `","baseUrl":null}]`
	}
	return `[{"key":"` + token + `","baseUrl":"` + base + `"}]`
}

func override(id, provider, request, answer string) vector {
	return vector{id, `{"what":"override","provider":"` + provider + `","modelBaseUrl":"https://api.example.com/v1","request":` + request + `}`, answer}
}

func identity(id, provider, credential, answer string) vector {
	return vector{id, `{"what":"identity","provider":"` + provider + `","credential":` + credential + `}`, answer}
}

func secret(id, provider, credential, answer string) vector {
	return vector{id, `{"what":"secret","at":1768471200000,"provider":"` + provider + `","credential":` + credential + `}`, answer}
}

func vectors() []vector {
	const dash = "https://dash.cloudflare.com/"
	a, b := workersAI(accountA), workersAI(accountB)
	login := func(access, more string) string {
		return `{"type":"oauth","access":"` + access + `","refresh":"r","expires":1` + more + `}`
	}
	return []vector{
		cloudflare("C1", "cfat_abc123", one("cfat_abc123", ""), "0", "0", "0"),
		cloudflare("C5", "cfat_a1 "+dash+accountA, one("cfat_a1", a), "0", "0", "1"),
		cloudflare("C6", "cfat_a1 "+dash+accountA+"/ai/workers-ai", one("cfat_a1", a), "0", "0", "1"),
		cloudflare("C7", "cfat_a1\r\n\r\n"+dash+accountA+"?to=/:account/ai", one("cfat_a1", a), "0", "1", "1"),
		cloudflare("C8", "cfat_a1\n"+dash+accountA, one("cfat_a1", a), "0", "0", "1"),
		cloudflare("C10", dash+accountA+"/\ncfat_a1", one("cfat_a1", a), "0", "0", "1"),
		cloudflare("C11", "cfat_a1\n"+a, one("cfat_a1", a), "0", "0", "1"),
		cloudflare("C13", "cfat_a1 "+workersAI(strings.ToUpper(accountA)), one("cfat_a1", a), "0", "0", "1"),
		cloudflare("C15", "curl https://api.cloudflare.com/client/v4/accounts/"+accountA+"/ai/run/@cf/x -H 'Authorization: Bearer cfat_a1'", one("cfat_a1", a), "0", "0", "1"),
		cloudflare("C18", "cfat_a1 account_id="+accountA, one("cfat_a1", a), "0", "0", "1"),
		cloudflare("C19", `cfat_a1 accountId: "`+accountA+`"`, one("cfat_a1", a), "0", "0", "1"),
		cloudflare("C20", "cfat_a1 account: "+accountA, one("cfat_a1", a), "0", "0", "1"),
		cloudflare("C21", "cfat_a1\nAccount ID: "+accountA, one("cfat_a1", a), "0", "0", "1"),
		cloudflare("C23", `{"api_token":"cfat_a1","account_id":"`+accountA+`"}`, one("cfat_a1", a), "0", "0", "1"),
		cloudflare("C26", "cfat_a1 "+dash+accountA+" "+dash+accountB, one("cfat_a1", ""), "0", "0", "0"),
		cloudflare("C27", "cfat_a1 "+dash+accountA+"/x\ncfat_b2 "+dash+accountB+"/x", `[{"key":"cfat_a1","baseUrl":"`+a+`"},{"key":"cfat_b2","baseUrl":"`+b+`"}]`, "0", "0", "2"),
		cloudflare("C31", "```\ncfat_a1\n```\n", one("cfat_a1", ""), "0", "3", "0"),
		pasted("C33", "cloudflare-workers-ai", "many", "abcDEF123456\n"+dash+accountA, `{"keys":`+one("abcDEF123456", a)+`}`),
		cloudflare("C37", "cfat_a1 "+dash+accountA[1:]+"/", one("cfat_a1", ""), "0", "0", "0"),
		pasted("C39", "cloudflare-workers-ai", "one", "cfat_a1 cfat_b2", `{"error":true}`),
		pasted("C41", "cloudflare-workers-ai", "many", "CLOUDFLARE_API_TOKEN=cfat_a1", `{"keys":`+one("cfat_a1", "")+`,"error":null}`),

		pasted("K1", "openai", "many", "sk-a1b2c3d4\nsk-e5f6g7h8", `{"keys":[{"key":"sk-a1b2c3d4"},{"key":"sk-e5f6g7h8"}],"error":null}`),
		pasted("K4", "openrouter", "many", "sk-or-v1-aaaa1111sk-or-v1-bbbb2222", `{"keys":[{"key":"sk-or-v1-aaaa1111"},{"key":"sk-or-v1-bbbb2222"}]}`),
		pasted("K5", "groq", "many", "k1,k2 k1", `{"keys":[{"key":"k1"},{"key":"k2"}],"duplicates":1}`),
		pasted("K6", "groq", "one", "a b", `{"error":true}`),
		pasted("K7", "openai", "many", "Bearer sk-abc", `{"keys":[{"key":"sk-abc"}]}`),
		pasted("K8", "openai", "many", "export OPENAI_API_KEY=sk-abc", `{"keys":[{"key":"sk-abc"}]}`),
		secret("K10", "cline", login("AT", ""), `{"form":"workos:[secret]"}`),
		secret("K11", "kilo", login("AT", ""), `{"form":"access token"}`),
		secret("K12", "cline", `{"type":"api_key","key":"workos:`+claims(`{"exp":1768471199}`)+`"}`, `{"form":"workos:[secret]","expired":true}`),
		secret("K13", "cline", `{"type":"api_key","key":"workos:`+claims(`{"exp":1768474800}`)+`"}`, `{"form":"workos:[secret]","expired":false}`),
		secret("K15", "openai", `{"type":"api_key","key":"workos:`+claims(`{"exp":1}`)+`"}`, `{"form":"key","expired":false}`),
		pasted("K18 a", "google-antigravity", "many", "AIzaSyA1b2C3d4E5f6G7h8I9j0K1l2M3n4O5p6Q", `{"error":true}`),
		pasted("K18 b", "google-gemini-cli", "many", "AIzaSyA1b2C3d4E5f6G7h8I9j0K1l2M3n4O5p6Q", `{"error":true}`),
		pasted("K18 c", "google", "many", "AIzaSyA1b2C3d4E5f6G7h8I9j0K1l2M3n4O5p6Q", `{"keys":[{"key":"AIzaSyA1b2C3d4E5f6G7h8I9j0K1l2M3n4O5p6Q"}]}`),

		override("D14", "cloudflare-workers-ai", `{"baseUrl":"`+a+`/"}`, `{"request":{"baseUrl":"`+a+`"}}`),
		override("D15 http", "cloudflare-workers-ai", `{"baseUrl":"`+strings.Replace(a, "https", "http", 1)+`"}`, `{"error":true}`),
		override("D15 host", "cloudflare-workers-ai", `{"baseUrl":"https://api.cloudflare.com.evil.tld/client/v4/accounts/`+accountA+`/ai/v1"}`, `{"error":true}`),
		override("D15 empty", "cloudflare-workers-ai", `{"baseUrl":"https://api.cloudflare.com/client/v4/accounts//ai/v1"}`, `{"error":true}`),
		override("D15 path", "cloudflare-workers-ai", `{"baseUrl":"`+a+`/chat/completions"}`, `{"error":true}`),

		override("O1", "openai", `{"baseUrl":"https://x.io/v1/"}`, `{"request":{"baseUrl":"https://x.io/v1"}}`),
		override("O3 a", "openai", `{"baseUrl":"http://localhost:8080"}`, `{"request":{"baseUrl":"http://localhost:8080"}}`),
		override("O3 b", "openai", `{"baseUrl":"http://a.localhost/v1"}`, `{"request":{"baseUrl":"http://a.localhost/v1"}}`),
		override("O3 c", "openai", `{"baseUrl":"http://127.0.0.1:1/v1"}`, `{"request":{"baseUrl":"http://127.0.0.1:1/v1"}}`),
		override("O3 d", "openai", `{"baseUrl":"http://[::1]:3/v1"}`, `{"request":{"baseUrl":"http://[::1]:3/v1"}}`),
		override("O5 a", "openai", `{"baseUrl":"http://192.168.1.2/v1"}`, `{"error":true}`),
		override("O5 b", "openai", `{"baseUrl":"http://0.0.0.0/"}`, `{"error":true}`),
		override("O7", "openai", `{"baseUrl":"https://u:p@x.io/v1"}`, `{"error":true}`),
		{id: "O8", question: `{"what":"override","provider":"openai","request":{"headers":{" A ":"b"}},"headers":{"a":"caller","Q":"1"}}`, answer: `{"headers":{"A":"b","Q":"1"}}`},
		override("O10 a", "openai", `{"headers":[]}`, `{"error":true}`),
		override("O10 b", "openai", `{"headers":null}`, `{"error":true}`),
		override("O10 c", "openai", `{"headers":"x"}`, `{"error":true}`),
		override("O14", "cloudflare", `{"baseUrl":"`+a+`/"}`, `{"request":{"baseUrl":"`+a+`"}}`),

		identity("I1", "openai-codex", login(claims(`{"https://api.openai.com/auth":{"chatgpt_account_id":"acc-1","chatgpt_user_id":"user-1"},"https://api.openai.com/profile":{"email":"A@B.co"}}`), ""), `{"key":"~account:acc-1","strong":true}`),
		identity("I2", "openai-codex", login(claims(`{"https://api.openai.com/auth":{"chatgpt_account_id":"acc-1","chatgpt_account_user_id":"user-1__acc-1","user_id":"user-1"}}`), ""), `{"key":"~user-1__acc-1"}`),
		identity("I4", "openai-codex", login(claims(`{"https://api.openai.com/profile":{"email":"x@y.z"}}`), ""), `{"key":"email:x@y.z","strong":false}`),
		identity("I5 a", "openai-codex", login("opaque", ""), `{"key":null}`),
		identity("I5 b", "openai-codex", login("a.b.c", ""), `{"key":null}`),
		identity("I5 c", "openai-codex", login(claims(`{"email":"x@y.z"}`), ""), `{"key":null}`),
		identity("I11", "cline", login("t", `,"accountId":"Usr 1"`), `{"key":"account:usr_1"}`),
		identity("I12", "cline", login("t", `,"userInfo":{"email":"A@b.co"}`), `{"key":"email:a_b.co"}`),
	}
}

func TestVectorsOfPastesOverridesAndIdentities(t *testing.T) {
	e := engine.New(providers.All())
	for _, v := range vectors() {
		t.Run(v.id, func(t *testing.T) {
			turn, err := e.Step(core.Message{At: 1, Inspect: &core.Inspect{Line: v.question}})
			require.NoError(t, err)
			var want, got any
			require.NoError(t, json.Unmarshal([]byte(v.answer), &want))
			require.NoError(t, json.Unmarshal([]byte(turn.Inspected.Line), &got))
			assert.True(t, told.Meets(want, got), "%s\n%s", v.answer, turn.Inspected.Line)
		})
	}
}
