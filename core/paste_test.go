package core

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
)

var openaiLike = KeyShape{Prefixes: []string{"sk-"}}

func keysOf(p Paste) []string {
	var out []string
	for _, k := range p.Keys {
		out = append(out, k.Key.Reveal())
	}
	return out
}

// The vectors of the peer, where they are right, and the ways people paste keys.
var pasted = []struct {
	why        string
	text       string
	keys       string
	duplicates int
	ignored    int
}{
	{"K1: two lines", "sk-a1b2c3d4\nsk-e5f6g7h8", "sk-a1b2c3d4 sk-e5f6g7h8", 0, 0},
	{"K4: no gap", "sk-or-v1-aaaa1111sk-or-v1-bbbb2222", "sk-or-v1-aaaa1111 sk-or-v1-bbbb2222", 0, 0},
	{"K5: comma and space", "k1,k2 k1", "k1 k2", 1, 0},
	{"K7: Bearer", "Bearer sk-abc", "sk-abc", 0, 0},
	{"K8: export", "export OPENAI_API_KEY=sk-abc", "sk-abc", 0, 0},
	{"one plain word", "mykey", "mykey", 0, 0},
	{"quotes", `"sk-abc"`, "sk-abc", 0, 0},
	{"single quotes and a comma", "'sk-abc',\n'sk-def',", "sk-abc sk-def", 0, 0},
	{"typographic quotes", "\u201csk-abc\u201d", "sk-abc", 0, 0},
	{"env file", "# mine\nDEBUG=true\nPORT=3000\nMODEL=gpt-5.1-codex\nOPENAI_API_KEY=\"sk-abc\"\n", "sk-abc", 0, 2},
	{"env file of several providers", "ANTHROPIC_API_KEY=sk-ant-api03-zzz\nOPENAI_API_KEY=sk-abc\nGROQ_API_KEY=gsk_123", "sk-abc", 0, 0},
	{"numbered variables", "OPENAI_API_KEY_1=sk-abc\nOPENAI_API_KEY_2=sk-def", "sk-abc sk-def", 0, 0},
	{"a list in a variable", "OPENAI_API_KEYS=k1,k2;k3", "k1 k2 k3", 0, 0},
	{"spaces around =", "OPENAI_API_KEY = sk-abc", "sk-abc", 0, 0},
	{"yaml", "api_key: sk-abc", "sk-abc", 0, 0},
	{"yaml list", "keys:\n  - sk-abc\n  - sk-def", "sk-abc sk-def", 0, 0},
	{"toml", "api_key = \"abc\"", "abc", 0, 0},
	{"setx", "setx OPENAI_API_KEY \"sk-abc\"", "sk-abc", 0, 0},
	{"powershell", "$env:OPENAI_API_KEY = \"sk-abc\"", "sk-abc", 0, 0},
	{"powershell without spaces", "$env:OPENAI_API_KEY=\"abc-1\"", "abc-1", 0, 0},
	{"fish", "set -gx OPENAI_API_KEY abcd", "abcd", 0, 0},
	{"trailing remark", "sk-abc # work", "sk-abc", 0, 0},
	{"label before", "work sk-abc", "sk-abc", 0, 0},
	{"label with a colon", "My work account: sk-abc", "sk-abc", 0, 0},
	{"label glued", "work:sk-abc", "sk-abc", 0, 0},
	{"label in letters that are shorter in lower case", "İŞİM-İKİİ:sk-abc", "sk-abc", 0, 0},
	{"mail address", "alice@example.com: sk-abc\nbob@example.com:sk-def", "sk-abc sk-def", 0, 0},
	{"mail address with dashes", "alice@example.com----sk-abc", "sk-abc", 0, 0},
	{"csv with a head", "name,key\nwork,sk-abc\nhome,sk-def", "sk-abc sk-def", 0, 0},
	{"table", "| work | sk-abc |\n|------|-----|\n| home | sk-def |", "sk-abc sk-def", 0, 0},
	{"bullets", "- sk-abc\n* sk-def\n\u2022 sk-ghi\n1. sk-jkl\n2) sk-mno\n- [x] sk-pqr", "sk-abc sk-def sk-ghi sk-jkl sk-mno sk-pqr", 0, 0},
	{"labels on their own lines", "Account2024\nsk-abc\nAccount2025\nsk-def", "sk-abc sk-def", 0, 0},
	{"fence", "```\nsk-abc\n```\n", "sk-abc", 0, 3},
	{"fence with a language", "```env\nOPENAI_API_KEY=sk-abc\n```", "sk-abc", 0, 2},
	{"header", "Authorization: Bearer sk-abc", "sk-abc", 0, 0},
	{"headers", "Content-Type: application/json\nanthropic-version: 2023-06-01\nx-api-key: abc123", "abc123", 0, 0},
	{"curl", `curl https://api.openai.com/v1/models -H "Authorization: Bearer sk-abc" -H 'Content-Type: application/json' -d '{"model":"gpt-5.1-codex"}'`, "sk-abc", 0, 0},
	{"a flag", "pi --api-key=sk-abc --model gpt-5", "sk-abc", 0, 0},
	{"a flag and a space", "pi --api-key abc123def", "abc123def", 0, 0},
	{"code", "client = OpenAI(api_key='sk-abc', timeout=30)", "sk-abc", 0, 0},
	{"docker", "docker run -e OPENAI_API_KEY=sk-abc image:latest", "sk-abc", 0, 0},
	{"a password is no key", "username: bob\npassword: hunter2\napi key: sk-abc", "sk-abc", 0, 0},
	{"remarks behind dashes", "sk-abc -- work\nsk-def -- home", "sk-abc sk-def", 0, 0},
	{"curl over lines", "curl https://api.x.io/v1/models \\\n  -H \"x-api-key: 0123456789abcdef\" \\\n  -d '{\"model\": \"claude-opus-4-5\"}'", "0123456789abcdef", 0, 0},
	{"curl with the key in the query", "curl 'https://generativelanguage.googleapis.com/v1beta/models?key=AIzaSyA1'", "AIzaSyA1", 0, 0},
	{"url with the key", "https://generativelanguage.googleapis.com/v1beta/models?alt=sse&key=AIzaSyA1", "AIzaSyA1", 0, 0},
	{"json string", `"sk-abc"`, "sk-abc", 0, 0},
	{"json list", `["sk-abc", "sk-def", "sk-abc"]`, "sk-abc sk-def", 1, 0},
	{"json object", `{"label":"my-laptop","project":"proj-12345678","apiKey":"abc"}`, "abc", 0, 0},
	{"json by label", `{"work":"sk-abc","home":"sk-def"}`, "sk-abc sk-def", 0, 0},
	{"json by label, unknown shape", `{"work":"k1","home":"k2"}`, "k1 k2", 0, 0},
	{"json headers", `{"headers":{"Authorization":"Bearer sk-abc","Content-Type":"application/json"}}`, "sk-abc", 0, 0},
	{"auth.json", `{"openai":{"type":"api_key","key":"sk-abc"},"openai-1":{"type":"api_key","key":"sk-def"},"anthropic":{"type":"oauth","access":"at12345678","refresh":"rt12345678","expires":1}}`, "sk-abc sk-def", 0, 0},
	{"jsonl", "{\"key\":\"sk-abc\"}\n{\"key\":\"sk-def\"}", "sk-abc sk-def", 0, 0},
	{"half of a json", "  \"apiKey\": \"sk-abc\",", "sk-abc", 0, 0},
	{"escaped line feeds", `sk-abc\nsk-def`, "sk-abc sk-def", 0, 0},
	{"windows line ends", "sk-abc\r\nsk-def\r\n", "sk-abc sk-def", 0, 1},
	{"zero width and no-break space", "\ufeffsk-a\u200bbc\u00a0sk-def", "sk-abc sk-def", 0, 0},
	{"a sentence", "Here is my key: sk-abc, thanks a lot!", "sk-abc", 0, 0},
	{"end of a sentence", "Please use sk-abc.", "sk-abc", 0, 0},
	{"workos", "workos:eyJhbGciOiJSUzI1NiJ9.eyJleHAiOjF9.c2ln", "workos:eyJhbGciOiJSUzI1NiJ9.eyJleHAiOjF9.c2ln", 0, 0},
	{"a key of two parts", "sk-abc123:secret456", "sk-abc123:secret456", 0, 0},
	{"padding", "ABSKQmVkcm9ja0FQSUtleS1hYmNkZWZnaA==", "ABSKQmVkcm9ja0FQSUtleS1hYmNkZWZnaA==", 0, 0},
	{"padding in a variable", "AWS_BEARER_TOKEN_BEDROCK=ABSKQmVkcm9ja0FQSUtleQ==", "ABSKQmVkcm9ja0FQSUtleQ==", 0, 0},
	{"Meta's bars", "LLM|123456|abcDEF-x", "LLM|123456|abcDEF-x", 0, 0},
	{"uuid", "7d9f1c1e-2b3a-4c5d-8e9f-0a1b2c3d4e5f", "7d9f1c1e-2b3a-4c5d-8e9f-0a1b2c3d4e5f", 0, 0},
	{"a dot in it", "0a1b2c3d4e5f60718293a4b5c6d7e8f9.AbCdEfGh12345678", "0a1b2c3d4e5f60718293a4b5c6d7e8f9.AbCdEfGh12345678", 0, 0},
	{"shortened beside a whole one", "sk-abc...wxyz\nsk-whole1", "sk-whole1", 0, 0},
	{"placeholder beside a real one", "OPENAI_API_KEY=your_api_key_here\nOPENAI_API_KEY=sk-abc", "sk-abc", 0, 0},
	{"repeats a few characters by chance", "ab-12ab-345678", "ab-12ab-345678", 0, 0},
	{"unknown prefix, equal pieces", "zz-v1-aaaa1111zz-v1-bbbb2222", "zz-v1-aaaa1111 zz-v1-bbbb2222", 0, 0},
}

func TestPasteMany(t *testing.T) {
	for _, c := range pasted {
		shape, env := openaiLike, []string{"OPENAI_API_KEY"}
		if !strings.Contains(c.text, "sk-") {
			shape = KeyShape{}
		}
		got := ReadKeys(c.text, true, shape, env)
		assert.Equal(t, c.keys, strings.Join(keysOf(got), " "), "%s: %s", c.why, c.text)
		assert.Equal(t, c.duplicates, got.Duplicates, c.why)
		assert.Equal(t, c.ignored, got.Ignored, c.why)
		assert.Empty(t, got.Error, c.why)
	}
}

func TestPasteRefuses(t *testing.T) {
	for _, c := range []struct {
		why, text string
		many      bool
		say       string
	}{
		{"K6: several where one is wanted", "a b", false, "Multiple API keys detected"},
		{"two keys where one is wanted", "sk-abc\nsk-def", false, "Multiple API keys detected"},
		{"nothing", "", true, "No API keys detected"},
		{"blank", " \n\n", true, "No API keys detected"},
		{"a url", "https://platform.openai.com/api-keys", true, "No API keys detected"},
		{"prose", "please send me the new one soon", true, "No API keys detected"},
		{"shortened", "sk-abc...wxyz", false, "shortened"},
		{"stars", "sk-abc****wxyz", false, "shortened"},
		{"bullets", "sk-••••••wxyz", false, "shortened"},
		{"variable", "$OPENAI_API_KEY", false, "variable"},
		{"variable in a variable", "OPENAI_API_KEY=${WORK_KEY}", false, "variable"},
		{"placeholder", "OPENAI_API_KEY=<your-api-key>", false, "stands for a key"},
		{"login", `{"type":"oauth","access":"at-123456789","refresh":"rt-123456789"}`, false, "log in"},
		{"command", "!op read op://x", false, "Multiple API keys detected"},
		{"too long", strings.Repeat("sk-abcdefgh ", 100000), true, "longer than 1 MB"},
	} {
		got := ReadKeys(c.text, c.many, KeyShape{}, nil)
		assert.Contains(t, got.Error, c.say, "%s: %v", c.why, keysOf(got))
		assert.Empty(t, got.Keys, c.why)
	}
}

func TestPasteOne(t *testing.T) {
	got := ReadKeys("work sk-abc\nsk-abc", false, openaiLike, nil)
	assert.Equal(t, []string{"sk-abc"}, keysOf(got))
	assert.Equal(t, 1, got.Duplicates)
}

func TestPasteTakesABaseURLThatIsNamed(t *testing.T) {
	for _, text := range []string{
		`{"apiKey":"sk-abc","baseUrl":"https://proxy.example/v1/"}`,
		"OPENAI_BASE_URL=https://proxy.example/v1\nOPENAI_API_KEY=sk-abc",
		"base_url: https://proxy.example/v1\nkey: sk-abc",
	} {
		got := ReadKeys(text, true, openaiLike, nil)
		assert.Equal(t, []PastedKey{{Key: "sk-abc", BaseURL: "https://proxy.example/v1"}}, got.Keys, text)
		assert.Equal(t, 1, got.Overrides)
	}
	got := ReadKeys(`[{"key":"sk-abc","baseUrl":"https://a.example"},{"key":"sk-def"}]`, true, openaiLike, nil)
	assert.Equal(t, []PastedKey{{Key: "sk-abc", BaseURL: "https://a.example"}, {Key: "sk-def"}}, got.Keys)
	got = ReadKeys(`{"key":"sk-abc","baseUrl":"http://evil.example"}`, true, openaiLike, nil)
	assert.Equal(t, []PastedKey{{Key: "sk-abc"}}, got.Keys)
}

// Whatever is pasted, nothing crashes, and what is taken is taken again when it is pasted alone.
func FuzzReadKeys(f *testing.F) {
	for _, c := range pasted {
		f.Add(c.text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		got := ReadKeys(text, true, openaiLike, []string{"OPENAI_API_KEY"})
		for _, k := range got.Keys {
			key := k.Key.Reveal()
			if key == "" || strings.ContainsAny(key, " \n\t,;\"'") {
				t.Fatalf("%q is no key", key)
			}
			if strings.HasPrefix(key, "$") || strings.HasPrefix(key, "!") {
				t.Fatalf("%q would be read as a variable or a command", key)
			}
			if got.Error != "" && strings.Contains(got.Error, key) && len(key) > 7 {
				t.Fatalf("%q is told", key)
			}
		}
		if (len(got.Keys) == 0) != (got.Error != "") {
			t.Fatalf("%d keys and %q", len(got.Keys), got.Error)
		}
	})
}
