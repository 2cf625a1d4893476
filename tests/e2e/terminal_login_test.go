package e2e_test

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"pimultiauth/core/store"
	"pimultiauth/tests/pis"
	"pimultiauth/tests/vendor"
)

// Logins with a code, Kimi's, Qwen's and two of Pi's own, where a person sees it: what is shown, how it ends, and what there is afterwards.
func TestALoginWithACodeInATerminal(t *testing.T) {
	if !pis.HasTerminals() {
		t.Skip("tmux is not installed")
	}
	const (
		kimiStart, kimiPoll = "auth.kimi.com/api/oauth/device_authorization", "auth.kimi.com/api/oauth/token"
		kimiPage            = "https://www.kimi.com/code/authorize_device"
		qwenStart, qwenPoll = "chat.qwen.ai/api/v1/oauth2/device/code", "chat.qwen.ai/api/v1/oauth2/token"
		qwenPage            = "https://chat.qwen.ai/authorize"
		secret              = "access-canary-0123456789"
	)
	begun := func(page, life string) []vendor.Step {
		return []vendor.Step{{Body: `{"device_code":"d-1","user_code":"TERM-1","verification_uri":"` + page + `","expires_in":` + life + `,"interval":1}`}}
	}
	answer := func(code string) vendor.Step { return vendor.Step{Status: 400, Body: `{"error":"` + code + `"}`} }
	granted := vendor.Step{Body: `{"access_token":"` + secret + `","refresh_token":"refresh-canary","token_type":"Bearer","expires_in":3600}`}
	for _, c := range []struct {
		name, provider, says string
		routes               map[string][]vendor.Step
		// leaves makes the person press Escape once the code is shown; added says whether there is an account then.
		leaves, added bool
		// second is the question whose second answer is the code's way, "" where nothing is asked.
		second string
	}{
		{name: "Kimi: told to ask less often", provider: "kimi-coding", says: "logged in as", added: true, routes: map[string][]vendor.Step{kimiStart: begun(kimiPage, "900"), kimiPoll: {answer("slow_down"), granted}}},
		{name: "Kimi: denied", provider: "kimi-coding", says: "denied", routes: map[string][]vendor.Step{kimiStart: begun(kimiPage, "900"), kimiPoll: {answer("authorization_pending"), answer("access_denied")}}},
		{name: "Kimi: too late", provider: "kimi-coding", says: "expired", routes: map[string][]vendor.Step{kimiStart: begun(kimiPage, "900"), kimiPoll: {answer("expired_token")}}},
		{name: "Kimi: too late by the clock", provider: "kimi-coding", says: "expired", routes: map[string][]vendor.Step{kimiStart: begun(kimiPage, "3"), kimiPoll: {answer("authorization_pending")}}},
		{name: "Kimi: given up", provider: "kimi-coding", says: "cancelled", leaves: true, routes: map[string][]vendor.Step{kimiStart: begun(kimiPage, "900"), kimiPoll: {answer("authorization_pending")}}},
		{name: "Kimi: the network is lost for a while", provider: "kimi-coding", says: "logged in as", added: true, routes: map[string][]vendor.Step{kimiStart: begun(kimiPage, "900"), kimiPoll: {answer("authorization_pending"), {Drop: true}, granted}}},
		{name: "Qwen: the service has ended", provider: "qwen", says: "ended on 2026-04-15. Use a key of Alibaba Cloud Model Studio or a Qwen Token Plan", routes: map[string][]vendor.Step{qwenStart: {{Status: 403, Body: `{"error":"forbidden"}`}}}},
		{name: "Qwen: told to ask less often", provider: "qwen", says: "logged in as", added: true, routes: map[string][]vendor.Step{qwenStart: begun(qwenPage, "900"), qwenPoll: {answer("slow_down"), granted}}},
		{name: "Qwen: denied", provider: "qwen", says: "denied", routes: map[string][]vendor.Step{qwenStart: begun(qwenPage, "900"), qwenPoll: {answer("authorization_pending"), answer("access_denied")}}},
		{name: "Qwen: too late", provider: "qwen", says: "expired", routes: map[string][]vendor.Step{qwenStart: begun(qwenPage, "900"), qwenPoll: {answer("expired_token")}}},
		{name: "Qwen: given up", provider: "qwen", says: "cancelled", leaves: true, routes: map[string][]vendor.Step{qwenStart: begun(qwenPage, "900"), qwenPoll: {answer("authorization_pending")}}},
		{name: "Meta: given up", provider: "meta", says: "cancelled", leaves: true, routes: map[string][]vendor.Step{metaStart: begun("https://auth.meta.com/device", "900"), metaPoll: {answer("authorization_pending")}}},
		{name: "Radius: given up", provider: "radius", says: "cancelled", leaves: true, second: "Sign in to", routes: map[string][]vendor.Step{radiusStart: begun("https://radius.pi.dev/device", "900"), radiusToken: {answer("authorization_pending")}}},
	} {
		t.Run(c.name, func(t *testing.T) {
			vendors(t, func(s *stage) {
				s.entries(`{}`)
				for place, steps := range c.routes {
					s.vendor.Route(place, steps...)
				}
				s.home.Env = append(s.home.Env, "PI_OFFLINE=", "PI_SKIP_VERSION_CHECK=1", "PI_TELEMETRY=0")
				screen, err := s.home.StartScreen(s.pi)
				require.NoError(s, err)
				defer screen.Close()
				s.shows(screen, "/login")
				s.types(screen, "/multi-auth login "+c.provider)
				if c.second != "" {
					s.shows(screen, c.second)
					require.NoError(s, screen.Press("Down", "Enter"))
				}
				if c.leaves {
					// Of the others the code may be gone before anybody looks.
					s.shows(screen, "TERM-1")
					require.NoError(s, screen.Press("Escape"))
				}
				s.shows(screen, c.says)
				all := s.home.Read("multi-auth-accounts.json")
				if c.added {
					assert.Contains(s, all, secret)
					assert.Len(s, store.Parse(all).Accounts(), 1)
				} else {
					assert.NotContains(s, all, `"access"`)
				}
			})
		})
	}
}
