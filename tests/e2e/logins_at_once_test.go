package e2e_test

import (
	"fmt"
	"net/http"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"

	"pimultiauth/core/store"
	"pimultiauth/tests/pis"
	"pimultiauth/tests/vendor"
)

// twice is a login with a code that two people begin before either of them enters theirs.
type twice struct {
	provider string
	answers  []said
	// start and poll are where it begins and asks; begun and waits are what it gets there until the codes are entered, granted afterwards.
	start, poll  string
	begun, waits vendor.Step
	granted      [2]vendor.Step
	// more answers what follows.
	more map[string][]vendor.Step
	keys [2]string
}

func twiceWithACode() []twice {
	pending := vendor.Step{Status: 400, Body: `{"error":"authorization_pending"}`}
	begun := func(page string) vendor.Step {
		return vendor.Step{Body: `{"device_code":"d-1","user_code":"CODE-1","verification_uri":"` + page + `","expires_in":900,"interval":1}`}
	}
	tokens := func(access string) vendor.Step {
		return vendor.Step{Body: fmt.Sprintf(`{"access_token":%q,"refresh_token":"refresh of %s","id_token":"","token_type":"bearer","expires_in":36000}`, access, access)}
	}
	of := func(a, b string) [2]vendor.Step { return [2]vendor.Step{tokens(a), tokens(b)} }
	hub := func(w http.ResponseWriter, r *http.Request) {
		// Whose the token is can be read off it.
		who := keyNumber(r.Header.Get("Authorization"))
		fmt.Fprintf(w, `{"login":"u%s","id":%s,"token":%q,"expires_at":4102444800,"data":[]}`, who, who, copilot("u"+who, "individual.githubcopilot.com"))
	}
	anyone := []vendor.Step{{Raw: hub}}
	cline := func(n string) vendor.Step {
		return vendor.Step{Body: `{"success":true,"data":{"accessToken":"cline-` + n + `","refreshToken":"r` + n + `","expiresAt":"2099-01-01T00:00:00Z","userInfo":{"clineUserId":"u` + n + `"}}}`}
	}
	codex := [2]string{chatGPT("acc-1"), chatGPT("acc-2")}
	return []twice{
		{provider: "radius", answers: []said{{asks: "Sign in to", text: "device code"}}, start: radiusStart, poll: radiusToken, begun: radiusBegun[0], waits: pending,
			granted: of("radius-1", "radius-2"), keys: [2]string{"radius-1", "radius-2"}},
		{provider: "meta", start: metaStart, poll: metaPoll, begun: metaBegun[0], waits: pending, granted: of("identity-1", "identity-2"), keys: [2]string{"meta-1", "meta-2"},
			more: map[string][]vendor.Step{metaMint: {{Body: `{"api_key":"meta-1"}`}, {Body: `{"api_key":"meta-2"}`}}}},
		{provider: "kimi-coding", start: "auth.kimi.com/api/oauth/device_authorization", poll: "auth.kimi.com/api/oauth/token", begun: begun("https://www.kimi.com/code"), waits: pending,
			granted: of("kimi-1", "kimi-2"), keys: [2]string{"kimi-1", "kimi-2"}},
		{provider: "qwen", start: "chat.qwen.ai/api/v1/oauth2/device/code", poll: "chat.qwen.ai/api/v1/oauth2/token", begun: begun("https://chat.qwen.ai/authorize"), waits: pending,
			granted: of("qwen-1", "qwen-2"), keys: [2]string{"qwen-1", "qwen-2"}},
		{provider: "xai", start: "auth.x.ai/oauth2/device/code", poll: "auth.x.ai/oauth2/token", begun: begun("https://x.ai/device"), waits: pending,
			granted: of("xai-1", "xai-2"), keys: [2]string{"xai-1", "xai-2"}},
		{provider: "openai-codex", answers: []said{{asks: "method", text: "device"}}, start: "auth.openai.com/api/accounts/deviceauth/usercode", poll: "auth.openai.com/api/accounts/deviceauth/token",
			begun: vendor.Step{Body: `{"device_auth_id":"d-1","user_code":"CODE-1","interval":"1"}`}, waits: vendor.Step{Status: 403, Body: `{}`},
			granted: [2]vendor.Step{{Body: `{"authorization_code":"c-1","code_verifier":"v-1"}`}, {Body: `{"authorization_code":"c-2","code_verifier":"v-2"}`}},
			more:    map[string][]vendor.Step{"auth.openai.com/oauth/token": {tokens(codex[0]), tokens(codex[1])}}, keys: codex},
		{provider: "github-copilot", answers: []said{{asks: "Enterprise"}}, start: "github.com/login/device/code", poll: "github.com/login/oauth/access_token", begun: begun("https://github.com/login/device"),
			waits: vendor.Step{Body: `{"error":"authorization_pending"}`}, granted: of("gho_1", "gho_2"), keys: [2]string{"gho_1", "gho_2"},
			more: map[string][]vendor.Step{"api.github.com/copilot_internal/v2/token": anyone, "api.github.com/user": anyone, "api.github.com/copilot_internal/user": anyone, "api.individual.githubcopilot.com/models": anyone}},
		{provider: "kilo", start: "api.kilo.ai/api/device-auth/codes", poll: "api.kilo.ai/api/device-auth/codes/CODE-1", begun: vendor.Step{Body: `{"code":"CODE-1","verificationUrl":"https://app.kilo.ai/device","expiresIn":600}`},
			waits: vendor.Step{Status: 202, Body: `{}`}, granted: [2]vendor.Step{{Body: `{"status":"approved","token":"kilo-1"}`}, {Body: `{"status":"approved","token":"kilo-2"}`}}, keys: [2]string{"kilo-1", "kilo-2"}},
		{provider: "cline", answers: []said{{asks: "How do you want", text: "with a code"}}, start: "api.workos.com/user_management/authorize/device", poll: "api.workos.com/user_management/authenticate",
			begun: begun("https://signin.workos.com/device"), waits: pending, granted: of("w-1", "w-2"), keys: [2]string{"cline-1", "cline-2"},
			more: map[string][]vendor.Step{"api.cline.bot/api/v1/auth/register": {cline("1"), cline("2")}}},
	}
}

// keyNumber is what stands behind the last "_" or "=u" of a token, "1" or "2".
func keyNumber(header string) string {
	for _, number := range []string{"1", "2"} {
		if strings.Contains(header, "gho_"+number) || strings.Contains(header, "tid=u"+number) {
			return number
		}
	}
	return "0"
}

// Two people at two Pis of one machine log in at once: each has a code when the first of them enters it, and both accounts are there, each
// with its own tokens.
func TestTwoLoginsWithACodeAtOnce(t *testing.T) {
	vendors(t, func(s *stage) {
		s.entries(`{"deepseek":` + key("first-key", "") + `}`)
		both := [2]*pis.RPC{s.connected(), s.connected()}
		for _, c := range twiceWithACode() {
			s.row(c.provider, func(s *stage) {
				s.vendor.Route(c.start, c.begun)
				s.vendor.Route(c.poll, c.waits)
				for place, steps := range c.more {
					s.vendor.Route(place, steps...)
				}
				for _, r := range both {
					s.converse(r, "login "+c.provider, c.answers, "…enter the code")
				}
				s.vendor.Route(c.poll, c.granted[0], c.granted[1])
				for _, r := range both {
					assert.Contains(s, s.hear(r, nil, "…logged in as", c.provider+": "), "logged in as")
				}
				held := s.held(c.provider+"-1") + s.held(c.provider+"-2")
				for _, key := range c.keys {
					assert.Contains(s, held, key)
				}
			})
		}
		assert.Len(s, store.Parse(s.home.Read("multi-auth-accounts.json")).Accounts(), 2*len(twiceWithACode()))
	})
}
