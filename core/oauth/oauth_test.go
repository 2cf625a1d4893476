package oauth_test

import (
	"testing"

	"github.com/stretchr/testify/assert"

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
		{"a broken answer stays as it is", `HTTP request failed. body={"error":`, "provider_error", `HTTP request failed. body={"error":`, false},
		{"braces without an object", `failed {x} {y}`, "provider_error", "failed {x} {y}", false},
		{"an answer that says nothing", `status=503; body={"ok":false}`, "provider_error", `status=503; body={"ok":false}`, false},
	} {
		t.Run(c.name, func(t *testing.T) {
			e := oauth.Worded(c.text)
			assert.Equal(t, c.code, e.Code)
			assert.Equal(t, c.says, e.Text)
			assert.Equal(t, c.permanent, e.Permanent)
		})
	}
}
