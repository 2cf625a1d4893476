package e2e_test

import (
	"encoding/json"
	"fmt"
	"net"
	"net/url"
	"regexp"
	"strconv"
	"strings"
	"sync"
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

// listening makes Pi listen for the browser's way back on an address of loopback of its own, so that tests beside this one do not meet it,
// and answers it; 0 leaves Pi its own choice.
func (s *stage) listening(host byte) string {
	if host == 0 {
		return ""
	}
	address := fmt.Sprintf("127.0.%d.%d", len(s.pi.Version), host)
	s.home.Env = append(s.home.Env, "PI_OAUTH_CALLBACK_HOST="+address)
	return address
}

// takeRadius takes the port that Radius wants, whose address cannot be chosen, until the tests are over. Who has it already may keep it.
var takeRadius = sync.OnceFunc(func() { _, _ = net.Listen("tcp", "127.0.0.1:1456") })

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
	// since is the version of Pi that has it first, "" for all; host is where Pi listens for the browser, "" for its own choice.
	since string
	host  byte
}

// Where Meta, Radius and OpenAI are asked, and what they answer when all is well.
const (
	metaStart   = "auth.meta.com/oidc/device/authorization/"
	metaPoll    = "auth.meta.com/oidc/device/token/"
	metaMint    = "api.meta.ai/muse-code/key"
	radiusStart = "radius.pi.dev/v1/oauth/device"
	radiusToken = "radius.pi.dev/v1/oauth/token"
	openAIToken = "auth.openai.com/api/accounts/oauth/token"
	openAIBack  = "http://127.0.0.1:1455/auth/callback?code=code-2"
)

var (
	metaBegun    = []vendor.Step{{Body: `{"device_code":"d-1","user_code":"META-1","verification_uri":"https://auth.meta.com/device","expires_in":900,"interval":1}`}}
	radiusBegun  = []vendor.Step{{Body: `{"device_code":"d-1","user_code":"RADI-1","verification_uri":"https://radius.pi.dev/device","expires_in":900,"interval":1}`}}
	openAITokens = []vendor.Step{{Body: `{"access_token":"openai-second","refresh_token":"refresh-second","id_token":"i","scope":"openid chatgpt.tokens.use.direct","expires_in":36000}`}}
)

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
		{name: "in the browser, pasted", provider: "openrouter", model: "openai/gpt-5.1", first: signedIn("sk-or-v1-first", "", ""),
			answers: []said{{paste, "http://127.0.0.1/oauth/callback?code=code-2"}},
			routes:  map[string][]vendor.Step{"openrouter.ai/api/v1/auth/keys": {{Body: `{"key":"sk-or-v1-second"}`}}},
			key:     "sk-or-v1-second", shows: []string{"https://openrouter.ai/auth?"}, place: "openrouter.ai/api/v1/auth/keys", form: []string{`"code":"code-2"`, `"code_verifier":`}},
		{name: "with a code, told to ask less often", provider: "meta", model: "muse-spark-1.1", first: signedIn("meta-first", "identity-first", ""),
			routes: map[string][]vendor.Step{metaStart: metaBegun, metaPoll: {{Status: 400, Body: `{"error":"authorization_pending"}`}, {Status: 400, Body: `{"error":"slow_down","interval":1}`}, {Body: `{"access_token":"identity-second"}`}},
				metaMint: {{Body: `{"api_key":"meta-second"}`}}},
			key: "meta-second", shows: []string{"META-1", "https://auth.meta.com/device"}, place: metaPoll, form: []string{"device_code=d-1"}},
		{name: "with a code, told to ask less often", provider: "radius", first: signedIn("radius-first", "refresh-first", ""), answers: []said{{"Sign in to", "device code"}},
			routes: map[string][]vendor.Step{radiusStart: radiusBegun, radiusToken: append([]vendor.Step{{Status: 400, Body: `{"error":"slow_down"}`}}, tokens("radius-second")...)},
			key:    "radius-second", shows: []string{"RADI-1", "https://radius.pi.dev/device"}, place: radiusToken, form: []string{"device_code=d-1"}},
		{name: "in the browser, pasted", provider: "openai", model: "gpt-5.5", since: "1.5.2", first: key("openai-first", ""), host: 61,
			answers: []said{{"method", "chatgpt"}, {paste, openAIBack + "&state=STATE&client_id=issued-2"}},
			routes:  map[string][]vendor.Step{openAIToken: openAITokens}, key: "openai-second", shows: []string{"https://auth.openai.com/api/accounts/authorize?"},
			place: openAIToken, form: []string{"code=code-2", "client_id=issued-2", "code_verifier="}},
	}
}

// The logins that Pi ships serve further accounts: the dialogs are the person's, the tokens ours to keep, and Pi's own entry stays.
func TestPisOwnLoginsServeASecondAccount(t *testing.T) {
	for _, c := range piLogins() {
		t.Run(c.provider+" "+c.name, func(t *testing.T) {
			vendors(t, func(s *stage) {
				if c.since != "" && s.pi.Version < c.since {
					s.Skipf("Pi %s has no login of %s", s.pi.Version, c.provider)
				}
				s.listening(c.host)
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
				if c.model == "" {
					// Its models come over a wire of Pi's own, which the scripted vendor does not speak.
					return
				}
				var first struct{ Access, Key string }
				require.NoError(s, json.Unmarshal([]byte(c.first), &first))
				s.vendor.Script(first.Access+first.Key, vendor.Limited(3600))
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
	const keysOf = "openrouter.ai/api/v1/auth/keys"
	refused := func(code string) vendor.Step {
		return vendor.Step{Status: 400, Body: fmt.Sprintf(`{"error":%q}`, code)}
	}
	meta := func(polls ...vendor.Step) map[string][]vendor.Step {
		return map[string][]vendor.Step{metaStart: metaBegun, metaPoll: polls}
	}
	radius := func(polls ...vendor.Step) map[string][]vendor.Step {
		return map[string][]vendor.Step{radiusStart: radiusBegun, radiusToken: polls}
	}
	byCode := []said{{"Sign in to", "device code"}}
	openAIPaste := []said{{"method", "chatgpt"}, {"paste", openAIBack + "&state=STATE&client_id=issued-2"}}
	begun := []vendor.Step{{Body: `{"device_code":"d-1","user_code":"WXYZ-9876","verification_uri":"https://github.com/login/device","expires_in":900,"interval":1}`}}
	for _, c := range []struct {
		name, line string
		answers    []said
		routes     map[string][]vendor.Step
		says       string
		never      string
		// since is the version of Pi that has the login first, host where it listens, taken the port that somebody else has there already.
		since string
		host  byte
		taken int
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

		{name: "Meta: denied", line: "login meta", says: "denied", routes: meta(refused("access_denied"))},
		{name: "Meta: too late", line: "login meta", says: "expired", routes: meta(refused("expired_token"))},
		{name: "Meta: too late by the clock", line: "login meta", says: "timed out", routes: map[string][]vendor.Step{
			metaStart: {{Body: `{"device_code":"d-1","user_code":"META-1","verification_uri":"https://auth.meta.com/device","expires_in":2,"interval":1}`}}, metaPoll: {refused("authorization_pending")}}},
		{name: "Meta: the network is lost while it waits", line: "login meta", says: "meta: ", routes: meta(refused("authorization_pending"), vendor.Step{Drop: true})},
		{name: "Meta: no page of its own", line: "login meta", says: "meta: ", never: "canary", routes: map[string][]vendor.Step{
			metaStart: {{Body: `{"device_code":"dc-canary-0123456789","user_code":"META-1","verification_uri":"javascript:alert(1)","access_token":"at-canary-0123456789"}`}}}},
		{name: "Radius: denied", line: "login radius", answers: byCode, says: "denied", routes: radius(refused("access_denied"))},
		{name: "Radius: too late", line: "login radius", answers: byCode, says: "expired", routes: radius(refused("expired_token"))},
		{name: "Radius: the network is lost while it waits", line: "login radius", answers: byCode, says: "radius: ", routes: radius(refused("authorization_pending"), vendor.Step{Drop: true})},
		{name: "Radius: who gives up", line: "login radius", answers: []said{{"Sign in to", "-"}}, says: "cancelled"},
		{name: "Radius: the browser's port in use", line: "login radius", answers: []said{{"Sign in to", "browser"}}, says: "radius: ", taken: 1456,
			routes: map[string][]vendor.Step{"radius.pi.dev/v1/oauth": {{Body: `{"authorizationEndpoint":"https://radius.pi.dev/authorize"}`}}}},
		{name: "OpenRouter: who gives up", line: "login openrouter", answers: []said{{"paste", "-"}}, says: "cancelled"},
		{name: "OpenRouter: denied", line: "login openrouter", answers: []said{{"paste", "code-2"}}, says: "openrouter: ",
			routes: map[string][]vendor.Step{keysOf: {{Status: 403, Body: `{"error":{"message":"Invalid code or code_verifier"}}`}}}},
		{name: "OpenRouter: too late", line: "login openrouter", answers: []said{{"paste", "code-2"}}, says: "expired",
			routes: map[string][]vendor.Step{keysOf: {{Status: 400, Body: `{"error":{"message":"The code has expired"}}`}}}},
		{name: "OpenRouter: the network is lost", line: "login openrouter", answers: []said{{"paste", "code-2"}}, says: "openrouter: ", routes: map[string][]vendor.Step{keysOf: {{Drop: true}}}},
		{name: "OpenRouter: no key in the answer", line: "login openrouter", answers: []said{{"paste", "code-2"}}, says: "openrouter: ", never: "canary",
			routes: map[string][]vendor.Step{keysOf: {{Body: `{"token":"at-canary-0123456789"`}}}},
		{name: "OpenAI: another login's state", line: "login openai", since: "1.5.2", host: 62, says: "state", answers: []said{{"method", "chatgpt"}, {"paste", openAIBack + "&state=other&client_id=issued-2"}}},
		{name: "OpenAI: another page's address", line: "login openai", since: "1.5.2", host: 63, says: "must start with", answers: []said{{"method", "chatgpt"}, {"paste", "https://evil.example/auth/callback?code=c&state=STATE&client_id=i"}}},
		{name: "OpenAI: denied", line: "login openai", since: "1.5.2", host: 64, says: "access_denied", answers: []said{{"method", "chatgpt"}, {"paste", "http://127.0.0.1:1455/auth/callback?error=access_denied"}}},
		{name: "OpenAI: too late", line: "login openai", since: "1.5.2", host: 65, says: "openai: ", answers: openAIPaste,
			routes: map[string][]vendor.Step{openAIToken: {{Status: 400, Body: `{"error":"invalid_grant","error_description":"the code has expired"}`}}}},
		{name: "OpenAI: the network is lost", line: "login openai", since: "1.5.2", host: 66, says: "openai: ", answers: openAIPaste, routes: map[string][]vendor.Step{openAIToken: {{Drop: true}}}},
		{name: "OpenAI: who gives up", line: "login openai", since: "1.5.2", host: 67, says: "cancelled", answers: []said{{"method", "chatgpt"}, {"paste", "-"}}},
		{name: "OpenAI: its port in use", line: "login openai", since: "1.5.2", host: 68, taken: 1455, says: "port 1455 is in use", answers: openAIPaste},
		{name: "OpenAI: tokens without the right scope", line: "login openai", since: "1.5.2", host: 69, says: "openai: ", never: "canary", answers: openAIPaste,
			routes: map[string][]vendor.Step{openAIToken: {{Body: `{"access_token":"at-canary-0123456789","refresh_token":"rt-canary-0123456789","id_token":"i","scope":"openid","expires_in":9}`}}}},
	} {
		t.Run(c.name, func(t *testing.T) {
			vendors(t, func(s *stage) {
				if c.since != "" && s.pi.Version < c.since {
					s.Skipf("Pi %s has no such login", s.pi.Version)
				}
				if address := s.listening(c.host); c.taken == 1456 {
					takeRadius()
				} else if c.taken != 0 {
					other, err := net.Listen("tcp", net.JoinHostPort(address, strconv.Itoa(c.taken)))
					require.NoError(s, err)
					defer other.Close()
				}
				s.entries(`{"anthropic":` + key("first-key", "") + `}`)
				for place, steps := range c.routes {
					s.vendor.Route(place, steps...)
				}
				shown := s.converse(s.connected(), c.line, c.answers, strings.Fields(c.line)[1]+": ")
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

// Two people at two Pis log in at once: both accounts are there, each with its own tokens.
func TestTwoLoginsAtOnceWithPisOwn(t *testing.T) {
	for _, provider := range []string{"meta", "openrouter"} {
		t.Run(provider, func(t *testing.T) {
			vendors(t, func(s *stage) {
				s.entries(`{"anthropic":` + key("first-key", "") + `}`)
				s.vendor.Route(metaStart, metaBegun...)
				s.vendor.Route(metaPoll, vendor.Step{Body: `{"access_token":"identity-1"}`}, vendor.Step{Body: `{"access_token":"identity-2"}`})
				s.vendor.Route(metaMint, vendor.Step{Body: `{"api_key":"second-1"}`}, vendor.Step{Body: `{"api_key":"second-2"}`})
				s.vendor.Route("openrouter.ai/api/v1/auth/keys", vendor.Step{Body: `{"key":"second-1"}`}, vendor.Step{Body: `{"key":"second-2"}`})
				pis := []*pis.RPC{s.connected(), s.connected()}
				var wait sync.WaitGroup
				for _, r := range pis {
					wait.Add(1)
					go func() {
						defer wait.Done()
						shown := s.converse(r, "login "+provider, []said{{"paste", "code-2"}}, "…logged in as", provider+": ")
						assert.Contains(s, shown, "logged in as")
					}()
				}
				wait.Wait()
				all := s.home.Read("multi-auth-accounts.json")
				assert.Contains(s, all, "second-1")
				assert.Contains(s, all, "second-2")
				assert.Len(s, store.Parse(all).Accounts(), 2)
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
