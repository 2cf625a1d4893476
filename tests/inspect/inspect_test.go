package main

import (
	"encoding/json"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"pimultiauth/tests/pis"
)

// kinds are lines of every kind, with the keys that their answers have and a part of what they must say.
var kinds = []struct{ line, keys, says string }{
	{`{"what":"fault","at":1800000000000,"provider":"openai","model":"m","outcome":{"status":429,"headers":{"retry-after":"20"},"body":"","text":"","emitted":false}}`,
		"confidence kind scope source until verdict", `"until":1800000020000`},
	{`{"what":"usage","at":1800000000000,"provider":"openrouter","status":200,"headers":{},"body":"{\"data\":{\"limit\":10,\"usage\":4,\"limit_remaining\":6}}","account":{}}`,
		"balance blockedUntil error plan windows", `"balance":{`},
	{`{"what":"paste","provider":"groq","mode":"many","text":"GROQ_API_KEY=gsk_canary1234567890abcdef"}`,
		"duplicates error ignored keys overrides", `"keys":[{`},
	{`{"what":"override","provider":"openai","modelBaseUrl":"https://api.openai.com/v1","request":{"baseUrl":"https://mine.example/v1/"}}`,
		"request", `https://mine.example/v1"`},
	{`{"what":"override","provider":"openai","request":{"baseUrl":"http://127.evil.example/"}}`, "error", "http"},
	{`{"what":"identity","provider":"openai","credential":{"type":"api_key","key":"sk-canary"}}`, "key strong", `"strong":`},
	{`{"what":"secret","at":1800000000000,"provider":"openai","credential":{"type":"api_key","key":"sk-canary"}}`, "expired form", `"expired":false`},
	{`{"what":"choice","at":1800000000000,"provider":"demo","accounts":[{"id":"demo"},{"id":"demo-1","standing":{"fault":"rate_limited","until":1800000060000}}]}`,
		"candidates chosen mode pool provider why", `"reason":"cooling","until":1800000060000`},
	{`{"what":"replay","text":""}`, "decisions text", `"decisions":0`},
	{`{"what":"nonsense"}`, "error", "use fault, usage"},
	{`[1,2]`, "error", "one JSON object"},
	{`garbage`, "error", "one JSON object"},
	{`{"what":"fault","outcome":{"status":500,"body":"` + strings.Repeat("x", 1<<20) + `"}}`, "confidence kind scope source until verdict", "overloaded"},
}

func TestEveryKindOfLineIsAnsweredByOneObject(t *testing.T) {
	if _, err := os.Stat(filepath.Join(pis.Root(), "js-loader", "core.wasm")); err != nil {
		t.Skip("make builds the module: " + err.Error())
	}
	var in strings.Builder
	for _, kind := range kinds {
		in.WriteString(kind.line + "\n\n")
	}
	var out strings.Builder
	require.NoError(t, run(strings.NewReader(strings.TrimSpace(in.String())), &out))
	lines := strings.Split(strings.TrimSuffix(out.String(), "\n"), "\n")
	require.Len(t, lines, len(kinds), "an empty line is passed over, a last one needs no end")
	for i, kind := range kinds {
		var answer map[string]json.RawMessage
		require.NoError(t, json.Unmarshal([]byte(lines[i]), &answer), lines[i])
		var keys []string
		for key := range answer {
			keys = append(keys, key)
		}
		slices.Sort(keys)
		line := kind.line[:min(len(kind.line), 120)]
		assert.Equal(t, kind.keys, strings.Join(keys, " "), "%s: %s", line, lines[i])
		assert.Contains(t, lines[i], kind.says, line)
		assert.NotContains(t, lines[i], "sk-canary", "a secret is masked")
	}
}
