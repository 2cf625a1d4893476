package e2e_test

import (
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"pimultiauth/core/store"
	"pimultiauth/tests/pis"
	"pimultiauth/tests/vendor"
)

const (
	clineStart, clineToken = "api.cline.bot/api/v1/auth/authorize", "api.cline.bot/api/v1/auth/token"
	radiusFound            = "radius.pi.dev/v1/oauth"
)

// browserLogin is a login that ends with the browser's call of this machine.
type browserLogin struct {
	provider string
	answers  []said
	// token is where a code is redeemed, after what routes answer; good is the query that comes back when all is well.
	token, good string
	routes      map[string][]vendor.Step
	// granted are the replies for two accounts, keys what is kept of them.
	granted [2]vendor.Step
	keys    [2]string
	// port is where it waits for the browser, 0 for any that is free.
	port  int
	since string
}

func browserLogins() []browserLogin {
	tokens := func(access string) vendor.Step {
		return vendor.Step{Body: fmt.Sprintf(`{"access_token":%q,"refresh_token":"refresh of %s","id_token":"i","scope":"openid chatgpt.tokens.use.direct","expires_in":36000}`, access, access)}
	}
	cline := func(n string) vendor.Step {
		return vendor.Step{Body: `{"success":true,"data":{"accessToken":"cline-token-` + n + `","refreshToken":"r` + n + `","expiresAt":"2099-01-01T00:00:00Z","userInfo":{"clineUserId":"u` + n + `"}}}`}
	}
	of := func(keys [2]string) [2]vendor.Step { return [2]vendor.Step{tokens(keys[0]), tokens(keys[1])} }
	claude, codex := [2]string{"sk-ant-oat01-first", "sk-ant-oat01-second"}, [2]string{chatGPT("acc-first"), chatGPT("acc-second")}
	radius, openAI := [2]string{"radius-first", "radius-second"}, [2]string{"openai-first", "openai-second"}
	const good = "code=code-2&state=STATE"
	return []browserLogin{
		{provider: "openrouter", token: "openrouter.ai/api/v1/auth/keys", good: "code=code-2", keys: [2]string{"sk-or-first", "sk-or-second"},
			granted: [2]vendor.Step{{Body: `{"key":"sk-or-first"}`}, {Body: `{"key":"sk-or-second"}`}}},
		{provider: "radius", answers: []said{{asks: "Sign in to", text: "browser"}}, token: radiusToken, good: good, port: 1456, keys: radius, granted: of(radius),
			routes: map[string][]vendor.Step{radiusFound: {{Body: `{"authorizationEndpoint":"https://radius.pi.dev/authorize"}`}}}},
		{provider: "openai", since: "1.5.2", answers: []said{{asks: "method", text: "chatgpt"}}, token: openAIToken, good: good + "&client_id=issued-2", port: 1455, keys: openAI, granted: of(openAI)},
		{provider: "openai-codex", answers: []said{{asks: "method", text: "browser"}}, token: "auth.openai.com/oauth/token", good: good, port: 1455, keys: codex, granted: of(codex)},
		{provider: "anthropic", answers: []said{{asks: "method", text: "browser"}}, token: "platform.claude.com/v1/oauth/token", good: good, port: 53692, keys: claude, granted: of(claude)},
		{provider: "cline", answers: []said{{asks: "How do you want", text: "machine"}}, token: clineToken, good: good, port: 48801, keys: [2]string{"cline-token-1", "cline-token-2"}, granted: [2]vendor.Step{cline("1"), cline("2")},
			routes: map[string][]vendor.Step{clineStart: {{Raw: func(w http.ResponseWriter, r *http.Request) {
				http.Redirect(w, r, "https://app.cline.bot/login?"+url.Values{"callback_url": {r.URL.Query().Get("callback_url")}}.Encode(), http.StatusFound)
			}}}}},
	}
}

// alone says that one port is all this login has, without a way around it.
func (c browserLogin) alone(pi pis.Pi) bool {
	return c.provider == "radius" || c.provider == "openai" || c.provider == "anthropic" && pi.Version < "1"
}

// logsIn is true for what may be played with the stage's Pi; it scripts the vendor.
func (s *stage) logsIn(c browserLogin) bool {
	for place, steps := range c.routes {
		s.vendor.Route(place, steps...)
	}
	return c.since == "" || s.pi.Version >= c.since
}

// redeemed are the codes that a token endpoint was asked for.
func (s *stage) redeemed(place string) (bodies []string) {
	for _, a := range s.vendor.Asked() {
		if a.Host+a.Path == place {
			bodies = append(bodies, a.Body)
		}
	}
	return bodies
}

// The browser comes back with what belongs to another login, then with what is this one's; it brings a refusal; its port is another's.
func TestALoginInTheBrowser(t *testing.T) {
	vendors(t, func(s *stage) {
		s.entries(`{"deepseek":` + key("first-key", "") + `}`)
		r := s.connected()
		for _, c := range browserLogins() {
			if !s.logsIn(c) {
				continue
			}
			// open is the person who leaves the browser to it; comes is the browser, once the page is shown.
			open := func(comes func(page string)) []said {
				return append([]said{{asks: "https://", does: comes}, {asks: "aste", text: "…"}}, c.answers...)
			}
			name, old := c.provider+": ", s.pi.Version < "1"
			accounts := s.home.Read("multi-auth-accounts.json")
			s.row(name+"denied", func(s *stage) {
				if old && (c.provider == "anthropic" || c.provider == "openai-codex") {
					s.Skip("this Pi tells the browser alone, and waits on")
				}
				shown := s.converse(r, "login "+c.provider, open(func(page string) { s.browse(page, "", "error=access_denied&state=STATE") }), name)
				assert.Regexp(s, "access_denied|the login was denied", shown)
				assert.NotContains(s, shown, "logged in as")
				assert.Equal(s, accounts, s.home.Read("multi-auth-accounts.json"))
				assert.Empty(s, s.redeemed(c.token))
			})
			s.row(name+"another login's answer, then its own", func(s *stage) {
				s.vendor.Route(c.token, c.granted[0])
				shown := s.converse(r, "login "+c.provider, open(func(page string) {
					assert.GreaterOrEqual(s, s.browse(page, "/elsewhere", c.good), 400)
					if c.provider != "openrouter" {
						// OpenRouter has no state; nobody else knows its path.
						assert.GreaterOrEqual(s, s.browse(page, "", "code=stolen&state=of-another"), 400)
						assert.GreaterOrEqual(s, s.browse(page, "", "code=stolen"), 400)
					}
					assert.Equal(s, 200, s.browse(page, "", c.good))
				}), "…logged in as", name)
				assert.Contains(s, shown, "logged in as")
				assert.NotContains(s, shown, c.keys[0])
				assert.Contains(s, s.held(c.provider+"-1"), c.keys[0])
				redeemed := s.redeemed(c.token)
				require.Len(s, redeemed, 1)
				assert.Contains(s, redeemed[0], "code-2")
				assert.Contains(s, redeemed[0], map[bool]string{true: "48801", false: "code_verifier"}[c.provider == "cline"])
			})
			if c.port == 0 {
				continue
			}
			s.row(name+"its port in use", func(s *stage) {
				s.occupied(c.port)
				s.vendor.Route(c.token, c.granted[1])
				accounts := s.home.Read("multi-auth-accounts.json")
				switch {
				case c.alone(s.pi):
					shown := s.converse(r, "login "+c.provider, c.answers, name)
					assert.Regexp(s, "is in use, probably by|has the port", shown)
					assert.Equal(s, accounts, s.home.Read("multi-auth-accounts.json"))
				case c.provider == "openai-codex":
					// Who cannot be called back can be pasted to.
					shown := s.converse(r, "login "+c.provider, append(slices.Clone(c.answers), said{asks: "aste", text: "http://localhost:1455/auth/callback?code=code-3&state=STATE"}), "…logged in as", name)
					assert.Contains(s, shown, "logged in as")
				default:
					// Another port serves as well.
					shown := s.converse(r, "login "+c.provider, open(func(page string) { assert.Equal(s, 200, s.browse(page, "", c.good)) }), "…logged in as", name)
					assert.Contains(s, shown, "logged in as")
				}
			})
		}
	})
}

// Two people at two Pis of one machine are in the browser at once. Where one port is all there is, the second is told so and gets in once the
// first is done.
func TestTwoLoginsInTheBrowserAtOnce(t *testing.T) {
	vendors(t, func(s *stage) {
		s.entries(`{"deepseek":` + key("first-key", "") + `}`)
		first, second := s.connected(), s.connected()
		for _, c := range browserLogins() {
			if !s.logsIn(c) {
				continue
			}
			s.row(c.provider, func(s *stage) {
				s.vendor.Route(c.token, c.granted[0], c.granted[1])
				name, line, left := c.provider+": ", "login "+c.provider, said{asks: "aste", text: "…"}
				begin := func(r *pis.RPC) (page string) {
					s.Helper()
					s.converse(r, line, append([]said{{asks: "https://", does: func(of string) { page = of }}}, c.answers...), "…https://")
					return page
				}
				end := func(r *pis.RPC, answer said) {
					s.Helper()
					assert.Contains(s, s.hear(r, []said{answer}, "…logged in as", name), "logged in as")
				}
				there := begin(first)
				switch {
				case c.alone(s.pi):
					assert.Regexp(s, "is in use, probably by|has the port", s.converse(second, line, c.answers, name))
					assert.Equal(s, 200, s.browse(there, "", c.good))
					end(first, left)
					assert.Equal(s, 200, s.browse(begin(second), "", c.good))
					end(second, left)
				case c.provider == "openai-codex":
					here := begin(second)
					assert.GreaterOrEqual(s, s.browse(here, "", c.good), 400, "the second one's browser finds the first one's door, which is not for it")
					end(second, said{asks: "aste", text: "http://localhost:1455/auth/callback?code=code-3&state=" + stateInPage.FindStringSubmatch(here)[1]})
					assert.Equal(s, 200, s.browse(there, "", c.good))
					end(first, left)
				default:
					assert.Equal(s, 200, s.browse(begin(second), "", c.good))
					assert.Equal(s, 200, s.browse(there, "", c.good))
					end(second, left)
					end(first, left)
				}
				held := []string{s.held(c.provider + "-1"), s.held(c.provider + "-2")}
				for _, key := range c.keys {
					assert.Contains(s, strings.Join(held, " "), key)
				}
			})
		}
		assert.Len(s, store.Parse(s.home.Read("multi-auth-accounts.json")).Accounts(), map[bool]int{true: 10, false: 12}[s.pi.Version < "1"])
	})
}
