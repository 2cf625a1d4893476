package e2e_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"pimultiauth/tests/pis"
	"pimultiauth/tests/vendor"
)

// Pi's own /login offers our logins, shows what they show in its own dialog and keeps the entry; no model is offered before.
func TestPisOwnLoginCommandHasOurLogins(t *testing.T) {
	if !pis.HasTerminals() {
		t.Skip("tmux is not installed")
	}
	for _, c := range []struct {
		provider, chosen string
		routes           map[string][]vendor.Step
		// seen is what is to be seen before the second of several ways is taken, shows what the login shows.
		seen   string
		shows  []string
		key    string
		access string
	}{
		{provider: "kilo", chosen: "Kilo", key: "kilo-canary", access: "kilo-canary", shows: []string{"KILO-1", "https://app.kilo.ai/device"}, routes: map[string][]vendor.Step{
			"api.kilo.ai/api/device-auth/codes":        {{Body: `{"code":"KILO-1","verificationUrl":"https://app.kilo.ai/device","expiresIn":60}`}},
			"api.kilo.ai/api/device-auth/codes/KILO-1": {{Status: 202, Body: `{}`}, {Body: `{"status":"approved","token":"kilo-canary"}`}},
			"api.kilo.ai/api/profile":                  {{Body: `{"user":{"email":"one@example.com"}}`}},
			"api.kilo.ai/api/gateway/models":           {{Body: oneModel}},
		}},
		{provider: "cline", chosen: "Cline", key: "workos:cline-canary", access: "cline-canary", seen: "with a code in any browser", shows: []string{"CLIN-1", "workos.com/device"}, routes: map[string][]vendor.Step{
			"api.workos.com/user_management/authorize/device": {{Body: `{"device_code":"d1","user_code":"CLIN-1","verification_uri":"https://signin.workos.com/device","expires_in":300,"interval":1}`}},
			"api.workos.com/user_management/authenticate":     {{Status: 400, Body: `{"error":"authorization_pending"}`}, {Body: `{"access_token":"w1","refresh_token":"w2"}`}},
			"api.cline.bot/api/v1/auth/register":              {{Body: `{"success":true,"data":{"accessToken":"cline-canary","refreshToken":"r1","expiresAt":"2099-01-01T00:00:00Z","userInfo":{"clineUserId":"u1","email":"one@example.com"}}}`}},
			"api.cline.bot/api/v1/ai/cline/models":            {{Body: oneModel}},
		}},
	} {
		t.Run(c.provider, func(t *testing.T) {
			vendors(t, func(s *stage) {
				s.entries(`{}`)
				for place, steps := range c.routes {
					s.vendor.Route(place, steps...)
				}
				s.vendor.Script(c.key, vendor.Step{Text: "from the new login"})
				assert.NotContains(s, s.run("--list-models").Out, c.provider, "no phantom models")
				s.home.Env = append(s.home.Env, "PI_OFFLINE=", "PI_SKIP_VERSION_CHECK=1", "PI_TELEMETRY=0")
				screen, err := s.home.StartScreen(s.pi)
				require.NoError(s, err)
				s.Cleanup(screen.Close)
				s.shows(screen, "/login")
				s.types(screen, "/login")
				s.shows(screen, "Select authentication method")
				require.NoError(s, screen.Press("Enter"))
				s.shows(screen, "Select provider to configure")
				require.NoError(s, screen.Press("-l", c.provider))
				s.shows(screen, "→ "+c.chosen)
				require.NoError(s, screen.Press("Enter"))
				if c.seen != "" {
					s.shows(screen, c.seen)
					require.NoError(s, screen.Press("Down", "Enter"))
				}
				s.shows(screen, c.shows...)
				s.eventually("the entry is Pi's to keep", func() bool { return strings.Contains(s.home.Read("auth.json"), fmt.Sprintf("%q", c.access)) })
				screen.Close()
				assert.NotContains(s, s.home.Read("multi-auth-accounts.json"), c.access)
				ran := s.run("-p", "/multi-auth status")
				assert.Contains(s, ran.Out, c.provider, ran.Err)
				ran = s.run("--model", c.provider+"/maker/model-x", "-p", "hello")
				assert.Equal(s, "from the new login\n", ran.Out, ran.Err)
			})
		})
	}
}

// TestPisOwnLoginDialogKeepsOurLoginWhole resizes Pi's own dialog while it shows a login of ours, and leaves it with Esc: the code stays
// to be seen at every size, the service is asked no more, nothing is kept, and the next login is whole again.
func TestPisOwnLoginDialogKeepsOurLoginWhole(t *testing.T) {
	if !pis.HasTerminals() {
		t.Skip("tmux is not installed")
	}
	vendors(t, func(s *stage) {
		s.entries(`{}`)
		// A service that never ends the wait says so in the same words for ever.
		s.vendor.Route("api.kilo.ai/api/device-auth/codes", vendor.Step{Body: `{"code":"KILO-1","verificationUrl":"https://app.kilo.ai/device","expiresIn":600}`})
		s.vendor.Route("api.kilo.ai/api/device-auth/codes/KILO-1", vendor.Step{Status: 202, Body: `{}`})
		s.home.Env = append(s.home.Env, "PI_OFFLINE=", "PI_SKIP_VERSION_CHECK=1", "PI_TELEMETRY=0")
		screen, err := s.home.StartScreen(s.pi)
		require.NoError(s, err)
		s.Cleanup(screen.Close)
		s.shows(screen, "/login")
		for range 2 {
			s.types(screen, "/login")
			s.now(screen, "Select authentication method")
			require.NoError(s, screen.Press("Enter"))
			s.now(screen, "Select provider to configure")
			require.NoError(s, screen.Press("-l", "kilo"))
			s.now(screen, "→ Kilo")
			require.NoError(s, screen.Press("Enter"))
			for _, at := range []size{{100, 30}, {60, 16}, {200, 50}} {
				require.NoError(s, screen.Resize(at.columns, at.rows))
				text := s.now(screen, "KILO-1", "app.kilo.ai/device")
				for line := range strings.Lines(text) {
					assert.LessOrEqual(s, columnsOf(strings.TrimSuffix(line, "\n")), at.columns)
				}
			}
			require.NoError(s, screen.Press("Escape"))
			require.NoError(s, screen.Without("KILO-1"))
		}
		assert.Equal(s, `{}`, s.home.Read("auth.json"))
		assert.NotContains(s, s.home.Read("multi-auth-accounts.json"), "kilo")
	})
}
