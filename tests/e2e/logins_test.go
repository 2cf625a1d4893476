package e2e_test

import (
	"encoding/json"
	"fmt"
	"net/url"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"pimultiauth/core/store"
	"pimultiauth/tests/pis"
	"pimultiauth/tests/vendor"
)

// said is what a person answers to a dialog whose words hold asks: an option that holds the text, or the text itself. STATE in it stands
// for the state of the page that was shown; "-" gives up.
type said struct{ asks, text string }

var stateInPage = regexp.MustCompile(`[?&]state=([^&\s"]+)`)

// converse gives a command and answers its dialogs; it ends with the notice that begins with one of the ends or holds what stands behind
// its "…", and answers all that was said.
func (s *stage) converse(r *pis.RPC, line string, answers []said, ends ...string) string {
	s.Helper()
	require.NoError(s, r.Send(map[string]any{"type": "prompt", "message": "/multi-auth " + line}))
	var all strings.Builder
	state := ""
	for {
		event, err := r.Until(`"extension_ui_request"`)
		require.NoError(s, err, all.String())
		var request struct {
			ID, Method, Title, Message string
			Options                    []string
		}
		require.NoError(s, json.Unmarshal([]byte(event), &request))
		words := request.Title + "\n" + request.Message
		all.WriteString(words + "\n" + strings.Join(request.Options, "\n") + "\n")
		if found := stateInPage.FindStringSubmatch(words); found != nil {
			state, _ = url.QueryUnescape(found[1])
		}
		switch request.Method {
		case "notify":
			for _, end := range ends {
				if part, anywhere := strings.CutPrefix(end, "…"); anywhere && strings.Contains(request.Message, part) || strings.HasPrefix(request.Message, end) {
					return all.String()
				}
			}
		case "select", "input":
			reply := map[string]any{"type": "extension_ui_response", "id": request.ID, "cancelled": true}
			for _, a := range answers {
				if !strings.Contains(words, a.asks) || a.text == "-" {
					continue
				}
				delete(reply, "cancelled")
				reply["value"] = strings.ReplaceAll(a.text, "STATE", state)
				for _, option := range request.Options {
					if strings.Contains(strings.ToLower(option), a.text) {
						reply["value"] = option
					}
				}
				break
			}
			require.NoError(s, r.Send(reply))
		}
	}
}

// held answers the credential of an account of ours, "" when there is none.
func (s *stage) held(id string) string {
	for _, account := range store.Parse(s.home.Read("multi-auth-accounts.json")).Accounts() {
		if account.ID == id {
			return account.Credential.Reveal()
		}
	}
	return ""
}

// piLogin is a login that Pi ships, for the second account of its provider.
type piLogin struct {
	name, provider, model string
	// first is Pi's own account, which is refused; answers are the person's, routes the vendor's.
	first   string
	answers []said
	routes  map[string][]vendor.Step
	// shows is what the person must be shown, key what comes with the requests of the new account.
	shows []string
	key   string
	// form is what the token endpoint gets, at place.
	place string
	form  []string
}

func piLogins() []piLogin {
	second := chatGPT("acc-second")
	tokens := func(access string) []vendor.Step {
		return []vendor.Step{{Body: fmt.Sprintf(`{"access_token":%q,"refresh_token":"refresh-second","id_token":"","token_type":"bearer","expires_in":36000,"account":{"uuid":"u2","email_address":"second@example.com"},"organization":{"uuid":"o2"}}`, access)}}
	}
	business := copilot("second", "individual.githubcopilot.com")
	const paste = "paste"
	return []piLogin{
		{name: "in the browser, pasted", provider: "openai-codex", model: "gpt-5.5", first: signedIn(chatGPT("acc-first"), "refresh-first", `,"accountId":"acc-first"`),
			answers: []said{{"method", "browser"}, {paste, "http://localhost:1455/auth/callback?code=code-2&state=STATE"}},
			routes:  map[string][]vendor.Step{"auth.openai.com/oauth/token": tokens(second)}, key: second,
			shows: []string{"https://auth.openai.com/oauth/authorize"}, place: "auth.openai.com/oauth/token", form: []string{"code=code-2", "grant_type=authorization_code", "code_verifier="}},
		{name: "with a code", provider: "openai-codex", model: "gpt-5.5", first: signedIn(chatGPT("acc-first"), "refresh-first", `,"accountId":"acc-first"`),
			answers: []said{{"method", "device"}},
			routes: map[string][]vendor.Step{
				"auth.openai.com/api/accounts/deviceauth/usercode": {{Body: `{"device_auth_id":"d-1","user_code":"ABCD-1234","interval":"1"}`}},
				"auth.openai.com/api/accounts/deviceauth/token":    {{Status: 403, Body: `{"error":{"code":"deviceauth_authorization_pending"}}`}, {Body: `{"authorization_code":"code-2","code_verifier":"verifier-2"}`}},
				"auth.openai.com/oauth/token":                      tokens(second),
			}, key: second, shows: []string{"ABCD-1234", "https://auth.openai.com/codex/device"}, place: "auth.openai.com/oauth/token", form: []string{"code=code-2", "code_verifier=verifier-2"}},
		{name: "with a code", provider: "github-copilot", model: "gpt-5-mini", first: signedIn(copilot("first", "individual.githubcopilot.com"), "gho_first", ""),
			answers: []said{{"Enterprise", ""}},
			routes: map[string][]vendor.Step{
				"github.com/login/device/code":               {{Body: `{"device_code":"d-1","user_code":"WXYZ-9876","verification_uri":"https://github.com/login/device","expires_in":900,"interval":1}`}},
				"github.com/login/oauth/access_token":        {{Body: `{"error":"authorization_pending"}`}, {Body: `{"access_token":"gho_second","token_type":"bearer"}`}},
				"api.github.com/copilot_internal/v2/token":   {{Body: fmt.Sprintf(`{"token":%q,"expires_at":4102444800}`, business)}},
				"api.github.com/user":                        {{Body: `{"login":"second","id":2}`}},
				"api.individual.githubcopilot.com/models":    {{Body: `{"data":[{"id":"gpt-5-mini","model_picker_enabled":true}]}`}},
				"api.github.com/copilot_internal/user":       {{Body: `{"login":"second","copilot_plan":"individual"}`}},
				"api.individual.githubcopilot.com/_ping":     {{Body: `{}`}},
				"api.individual.githubcopilot.com/v1/models": {{Body: `{"data":[]}`}},
			}, key: business, shows: []string{"WXYZ-9876", "https://github.com/login/device"}, place: "github.com/login/oauth/access_token", form: []string{"device_code=d-1"}},
		{name: "in the browser, pasted", provider: "anthropic", model: "claude-haiku-4-5", first: signedIn("sk-ant-oat01-first", "refresh-first", ""),
			answers: []said{{"method", "browser"}, {paste, "code-2#STATE"}},
			routes: map[string][]vendor.Step{
				"platform.claude.com/v1/oauth/token":  tokens("sk-ant-oat01-second"),
				"api.anthropic.com/api/oauth/profile": {{Body: `{"account":{"uuid":"u2","email":"second@example.com"},"organization":{"uuid":"o2"}}`}},
			},
			key: "sk-ant-oat01-second", shows: []string{"https://claude.ai/oauth/authorize"}, place: "platform.claude.com/v1/oauth/token", form: []string{"code-2", "authorization_code"}},
		{name: "with a code", provider: "xai", model: "grok-4.5", first: signedIn("xai-first", "refresh-first", ""),
			routes: map[string][]vendor.Step{
				"auth.x.ai/oauth2/device/code": {{Body: `{"device_code":"d-1","user_code":"GROK-1","verification_uri":"https://x.ai/device","expires_in":900,"interval":1}`}},
				"auth.x.ai/oauth2/token":       append([]vendor.Step{{Status: 400, Body: `{"error":"authorization_pending"}`}}, tokens("xai-second")...),
			}, key: "xai-second", shows: []string{"GROK-1", "https://x.ai/device"}, place: "auth.x.ai/oauth2/token", form: []string{"device_code=d-1"}},
	}
}

// The logins that Pi ships serve further accounts: the dialogs are the person's, the tokens ours to keep, and Pi's own entry stays.
func TestPisOwnLoginsServeASecondAccount(t *testing.T) {
	for _, c := range piLogins() {
		t.Run(c.provider+" "+c.name, func(t *testing.T) {
			vendors(t, func(s *stage) {
				require.NoError(s, s.home.Write("settings.json", `{"transport":"sse"}`))
				s.entries(fmt.Sprintf(`{%q:%s}`, c.provider, c.first))
				for place, steps := range c.routes {
					s.vendor.Route(place, steps...)
				}
				r := s.connected()
				shown := s.converse(r, "login "+c.provider, c.answers, "…logged in as", c.provider+": ")
				assert.Contains(s, shown, "logged in as", "%v", r.Errors())
				for _, words := range c.shows {
					assert.Contains(s, shown, words)
				}
				entry := s.held(c.provider + "-1")
				assert.Contains(s, entry, c.key)
				for _, secret := range []string{c.key, "refresh-second", "gho_second"} {
					assert.NotContains(s, shown, secret)
				}
				sent := ""
				for _, a := range s.vendor.Asked() {
					if a.Host+a.Path == c.place {
						sent = a.Body
					}
				}
				for _, field := range c.form {
					assert.Contains(s, sent, field)
				}
				var first struct{ Access string }
				require.NoError(s, json.Unmarshal([]byte(c.first), &first))
				s.vendor.Script(first.Access, vendor.Limited(3600))
				s.vendor.Script(c.key, vendor.Step{Text: "the second speaks"})
				ran := s.run("--model", c.provider+"/"+c.model, "-p", "hello")
				assert.Equal(s, "the second speaks\n", ran.Out, ran.Err)
				assert.Equal(s, s.auth, s.home.Read("auth.json"), "Pi's own entry stays")
			})
		})
	}
}

func TestALoginOfPisThatEndsOtherwiseChangesNothing(t *testing.T) {
	const start, poll = "github.com/login/device/code", "github.com/login/oauth/access_token"
	begun := []vendor.Step{{Body: `{"device_code":"d-1","user_code":"WXYZ-9876","verification_uri":"https://github.com/login/device","expires_in":900,"interval":1}`}}
	for _, c := range []struct {
		name, line string
		answers    []said
		routes     map[string][]vendor.Step
		says       string
		never      string
	}{
		{name: "who is denied", line: "login github-copilot", answers: []said{{"Enterprise", ""}}, says: "denied",
			routes: map[string][]vendor.Step{start: begun, poll: {{Body: `{"error":"access_denied","error_description":"The user has denied your request"}`}}}},
		{name: "who is too late", line: "login github-copilot", answers: []said{{"Enterprise", ""}}, says: "expired",
			routes: map[string][]vendor.Step{start: begun, poll: {{Body: `{"error":"expired_token","error_description":"The code has expired"}`}}}},
		{name: "who gives up", line: "login github-copilot", answers: []said{{"Enterprise", "-"}}, says: "cancelled"},
		{name: "another login's state", line: "login anthropic", answers: []said{{"method", "browser"}, {"paste", "code-2#of-another-login"}}, says: "state",
			routes: map[string][]vendor.Step{"platform.claude.com/v1/oauth/token": {{Body: `{}`}}}},
		{name: "a reply that holds tokens and not all of them", line: "login anthropic", answers: []said{{"method", "browser"}, {"paste", "code-2#STATE"}}, says: "anthropic: ", never: "canary",
			routes: map[string][]vendor.Step{"platform.claude.com/v1/oauth/token": {{Body: `{"access_token":"at-canary-0123456789","refresh_token":"rt-canary-0123456789"`}}}},
		{name: "a reply of tokens where the kind is wrong", line: "login openai-codex", answers: []said{{"method", "browser"}, {"paste", "code-2"}}, says: "openai-codex: ", never: "canary",
			routes: map[string][]vendor.Step{"auth.openai.com/oauth/token": {{Body: `{"access_token":"at-canary-0123456789","refresh_token":"rt-canary-0123456789","expires_in":"soon"}`}}}},
	} {
		t.Run(c.name, func(t *testing.T) {
			vendors(t, func(s *stage) {
				s.entries(`{"anthropic":` + key("first-key", "") + `}`)
				for place, steps := range c.routes {
					s.vendor.Route(place, steps...)
				}
				shown := s.converse(s.connected(), c.line, c.answers, "anthropic: ", "openai-codex: ", "github-copilot: ")
				assert.Contains(s, strings.ToLower(shown), c.says)
				assert.NotContains(s, shown, "logged in as")
				if c.never != "" {
					assert.NotContains(s, shown, c.never)
				}
				assert.NotContains(s, s.home.Read("multi-auth-accounts.json"), `"access"`)
				assert.Equal(s, s.auth, s.home.Read("auth.json"))
			})
		})
	}
}

func TestInPrintModeALoginSaysWhatToDoInstead(t *testing.T) {
	vendors(t, func(s *stage) {
		s.entries(`{}`)
		for _, provider := range []string{"openai-codex", "anthropic", "github-copilot"} {
			ran := s.run("-p", "/multi-auth login "+provider)
			assert.Contains(s, ran.Out, "run pi and type /multi-auth login", ran.Err)
		}
		assert.Empty(s, s.home.Read("multi-auth-accounts.json"))
	})
}
