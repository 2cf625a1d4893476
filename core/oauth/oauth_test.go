package oauth_test

import (
	"testing"

	"github.com/stretchr/testify/assert"

	"pimultiauth/core"
	"pimultiauth/core/oauth"
)

func TestWhatPiSaysOfARenewalIsReadForPeople(t *testing.T) {
	for _, c := range []struct {
		name, text string
		code, says string
		permanent  bool
	}{
		{"the service's own description", `Anthropic token refresh request failed. url=https://platform.claude.com/v1/oauth/token; details=Error: HTTP request failed. status=400; url=https://platform.claude.com/v1/oauth/token; body={"error":"invalid_grant","error_description":"Refresh token not found or invalid"}`,
			"invalid_grant", "Refresh token not found or invalid", true},
		{"a stack behind it", "details=Error: HTTP request failed. body={\"error\":\"invalid_grant\",\"error_description\":\"Gone\"}; stack=Error: body={\"error\":\"x\"}\n at f {y}", "invalid_grant", "Gone", true},
		{"a code where nothing describes it", `Token refresh failed (400): {"error":"invalid_grant"}`, "invalid_grant", "invalid_grant", true},
		{"an error that is an object", `Failed: 401 {"error":{"message":"Your refresh token has already been used to generate a new access token. Please try signing in again.","type":"invalid_request_error","code":"refresh_token_reused"}}`,
			"refresh_token_reused", "Your refresh token has already been used to generate a new access token. Please try signing in again.", true},
		{"no answer", `Anthropic token refresh request failed. url=https://platform.claude.com/v1/oauth/token; details=TypeError: fetch failed; cause=Error: connect ECONNREFUSED 127.0.0.1:1`,
			"provider_error", "its service could not be reached", false},
		{"a port in use", "listen EADDRINUSE: address already in use 127.0.0.1:1456", "provider_error",
			"another program has the port that the browser comes back to, probably another login; end that one first", false},
		{"nobody came back (radius 0.87.1)", "OAuth callback did not complete.", "provider_error", "the browser did not come back: the login was denied there, or another login has the port", false},
		{"a code that nobody entered", "Device flow timed out", "request_timeout", "the code expired before it was entered; begin the login anew", false},
		{"a code that nobody entered on a machine whose clock drifts", "Device flow timed out after one or more slow_down responses. This is often caused by clock drift in WSL or VM environments.", "request_timeout",
			"Device flow timed out after one or more slow_down responses. This is often caused by clock drift in WSL or VM environments.", false},
		{"a code in an error that is an object", `OpenAI Codex device auth failed with status 400: {"error":{"code":"access_denied"}}`, "provider_error", "access_denied", false},
		{"a broken answer is left away", `HTTP request failed. body={"error":`, "provider_error", `HTTP request failed.`, false},
		{"an object behind braces that hold none", `failed {x}: {"error":"invalid_grant","error_description":"Gone"}`, "invalid_grant", "Gone", true},
		{"braces without an object", `failed {x} {y}`, "provider_error", "failed", false},
		{"an answer that says nothing", `status=503; body={"ok":false}`, "provider_error", `status=503`, false},
		{"an answer that holds tokens (Pi 0.87.1 and 1.5.2, openai-codex)", `OpenAI Codex token exchange response missing fields: {"access_token":"at-canary","refresh_token":"rt-canary"}`,
			"provider_error", "OpenAI Codex token exchange response missing fields", false},
		{"an answer that ends early (anthropic)", `Token exchange returned invalid JSON. url=https://platform.claude.com/v1/oauth/token; body={"access_token":"canary`,
			"provider_error", "Token exchange returned invalid JSON.", false},
		{"nothing but an answer", `{"access_token":"canary"}`, "provider_error", "its service's answer could not be read", false},
		{"a page", `OpenAI Codex token exchange failed (502): <html>canary</html>`, "provider_error", "OpenAI Codex token exchange failed (502)", false},
		{"a token that the service echoes", `failed (400): {"error":"bad","error_description":"unknown token sk-ant-ort01-0123456789abcdef"}`, "provider_error", "unknown token [secret]", false},
	} {
		t.Run(c.name, func(t *testing.T) {
			e := oauth.Worded(c.text)
			assert.Equal(t, c.code, e.Code)
			assert.Equal(t, c.says, e.Text)
			assert.Equal(t, c.permanent, e.Permanent)
		})
	}
}

func TestARotatedTokenIsTakenOutOfAnErrorThatQuotesIt(t *testing.T) {
	const at = core.Time(1768471200000)
	const old = `{"type":"oauth","access":"a1","refresh":"r1","expires":1,"accountId":"acc-1"}`
	const words = "OpenAI Codex token refresh response missing fields: "
	for _, c := range []struct{ name, text, want string }{
		{"no refresh token: the old one stays (F36)", words + `{"access_token":"a2","expires_in":3600}`, `{"type":"oauth","access":"a2","refresh":"r1","expires":1768474800000,"accountId":"acc-1"}`},
		{"no lifetime", words + `{"access_token":"a2","refresh_token":"r2"}`, `{"type":"oauth","access":"a2","refresh":"r2","expires":1768474800000,"accountId":"acc-1"}`},
		{"a lifetime in words (O5)", words + `{"access_token":"a2","refresh_token":"r2","expires_in":"600"}` + "\n    at f (x.js:1:1) {}", `{"type":"oauth","access":"a2","refresh":"r2","expires":1768471800000,"accountId":"acc-1"}`},
		{"cut off: a part of a token is none", words + `{"access_token":"a2","refresh_token":"r`, ""},
		{"a refusal", `failed (400): {"error":"invalid_grant"}`, ""},
		{"no access token", words + `{"refresh_token":"r2"}`, ""},
		{"words alone", "fetch failed", ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			fresh, ok := oauth.Salvage(c.text, old, at)
			assert.Equal(t, c.want != "", ok)
			if ok {
				assert.JSONEq(t, c.want, fresh.Reveal())
			}
		})
	}
}

func FuzzWhatPiQuotes(f *testing.F) {
	f.Add(`missing fields: {"access_token":"CANARY","refresh_token":"CANARY","expires_in":"soon"} at f {x}`)
	f.Add(`body={"error":{"message":"no","code":"x"}}; stack=`)
	f.Add(`{{{{"access_token":"CANARY"}`)
	f.Fuzz(func(t *testing.T, text string) {
		e := oauth.Worded(text)
		if e.Code == "" || len(e.Text) > 210 {
			t.Fatalf("%q", e)
		}
		fresh, ok := oauth.Salvage(text, `{"type":"oauth","access":"a","refresh":"r","expires":1}`, 1768471200000)
		if ok && !core.IsJSON(fresh.Reveal()) {
			t.Fatal(fresh.Reveal())
		}
	})
}
