package oauth

import (
	"testing"

	"github.com/stretchr/testify/assert"

	"pimultiauth/core"
)

func TestWhatAPersonPastesForACallback(t *testing.T) {
	const state, issuer = "S-1_x", "https://auth.example"
	for _, c := range []struct{ why, text, code, fails string }{
		{"the code alone", "C1", "C1", ""},
		{"the whole address", "http://127.0.0.1:48803/auth?code=C1&state=S-1_x", "C1", ""},
		{"its query", "?code=C1&state=S-1_x", "C1", ""},
		{"its query without the mark", "code=C1&state=S-1_x", "C1", ""},
		{"fields by another order and of others", "https://a.example/cb?provider=google&state=S-1_x&scope=a+b&code=C1", "C1", ""},
		{"an encoded code", "http://localhost/cb?code=4%2F0AX4&state=S-1_x", "4/0AX4", ""},
		{"a fragment behind it", "http://localhost/cb?code=C1&state=S-1_x#_=_", "C1", ""},
		{"the service's issuer", "http://localhost/cb?code=C1&state=S-1_x&iss=https%3A%2F%2Fauth.example", "C1", ""},
		{"a code with its state behind a hash", "C1#S-1_x", "C1", ""},
		{"an address that says no state", "http://localhost/cb?code=C1", "C1", ""},
		{"the state of another login", "http://localhost/cb?code=C1&state=S-2", "", "state_mismatch"},
		{"the state of another login behind a hash", "C1#S-2", "", "state_mismatch"},
		{"the state twice, the wrong one first", "code=C1&state=S-2&state=S-1_x", "", "state_mismatch"},
		{"another issuer", "code=C1&state=S-1_x&iss=https%3A%2F%2Fevil.example", "", "issuer_mismatch"},
		{"a denial", "http://localhost/cb?error=access_denied&error_description=No+thanks&state=S-1_x", "", "access_denied"},
		{"a denial beside a code", "http://localhost/cb?error=access_denied&code=C1&state=S-1_x", "", "access_denied"},
		{"an empty code", "http://localhost/cb?code=&state=S-1_x", "", "no_code"},
		{"an address without a query", "http://localhost/cb", "", "no_code"},
		{"a refresh token and no code", "http://localhost/cb?refreshToken=R&idToken=I&state=S-1_x", "", "no_code"},
		{"words", "I could not log in", "", "no_code"},
		{"nothing", "", "", "no_code"},
		{"a hash and nothing before it", "#S-1_x", "", "no_code"},
	} {
		code, _, err := codeOf(c.text, state, issuer, true)
		assert.Equal(t, c.code, code, c.why)
		if c.fails == "" {
			assert.NoError(t, err, c.why)
		} else if failed, ok := err.(*core.TokenError); assert.True(t, ok, "%s: %v", c.why, err) {
			assert.Equal(t, c.fails, failed.Code, c.why)
		}
	}
	// A call of the browser's brings the state always.
	_, _, err := codeOf("code=C1", state, issuer, false)
	assert.ErrorContains(t, err, "another login")
}
