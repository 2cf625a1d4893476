package e2e_test

import (
	"cmp"
	"encoding/json"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"pimultiauth/core/store"
	"pimultiauth/tests/pis"
	"pimultiauth/tests/vendor"
)

// said is what a person does where the words of a dialog or a notice hold asks. A dialog gets an option that holds text, or the text itself;
// STATE in it stands for the state of the page that was shown, "-" gives up and "…" leaves the dialog open. does is done with a notice, and
// gets the page that it names.
type said struct {
	asks, text string
	does       func(page string)
}

var (
	stateInPage = regexp.MustCompile(`[?&]state=([^&\s"]+)`)
	pageInText  = regexp.MustCompile(`https://\S+`)
)

// converse gives a command and answers its dialogs; it ends with the notice that begins with one of the ends or holds what stands behind
// its "…", and answers all that was said.
func (s *stage) converse(r *pis.RPC, line string, answers []said, ends ...string) string {
	s.Helper()
	require.NoError(s, r.Send(map[string]any{"type": "prompt", "message": "/multi-auth " + line}))
	return s.hear(r, answers, ends...)
}

// hear is converse with a command that was given before.
func (s *stage) hear(r *pis.RPC, answers []said, ends ...string) string {
	s.Helper()
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
		var answer *said
		for i := range answers {
			if of := request.Method == "notify"; answer == nil && of == (answers[i].does != nil) && strings.Contains(words, answers[i].asks) {
				answer = &answers[i]
			}
		}
		switch request.Method {
		case "notify":
			if answer != nil {
				answer.does(pageInText.FindString(words))
			}
			for _, end := range ends {
				if part, anywhere := strings.CutPrefix(end, "…"); anywhere && strings.Contains(request.Message, part) || strings.HasPrefix(request.Message, end) {
					return all.String()
				}
			}
		case "select", "input":
			reply := map[string]any{"type": "extension_ui_response", "id": request.ID, "cancelled": true}
			if answer != nil && answer.text == "…" {
				continue
			}
			if answer != nil && answer.text != "-" {
				delete(reply, "cancelled")
				reply["value"] = strings.ReplaceAll(answer.text, "STATE", state)
				for _, option := range request.Options {
					if strings.Contains(strings.ToLower(option), answer.text) {
						reply["value"] = option
					}
				}
			}
			require.NoError(s, r.Send(reply))
		}
	}
}

// browse is the person's browser, which the page of a login sends back to this machine with a query, or to another path of it; STATE stands
// for the login's state. It answers the status of what is shown there.
func (s *stage) browse(page, path, query string) int {
	s.Helper()
	at, err := url.Parse(page)
	require.NoError(s, err)
	fields := at.Query()
	where, err := url.Parse(cmp.Or(fields.Get("redirect_uri"), fields.Get("callback_url")))
	require.NoError(s, err)
	state := cmp.Or(fields.Get("state"), where.Query().Get("state"))
	call, err := http.NewRequest("GET", "http://"+net.JoinHostPort(s.back, where.Port())+cmp.Or(path, where.Path)+"?"+strings.ReplaceAll(query, "STATE", state), nil)
	require.NoError(s, err)
	call.Host, call.Close = where.Host, true
	answer, err := http.DefaultClient.Do(call)
	require.NoError(s, err)
	answer.Body.Close()
	return answer.StatusCode
}

// occupied takes a port of the address where logins wait for the browser until the stage or its row is over.
func (s *stage) occupied(port int) {
	s.Helper()
	other, err := net.Listen("tcp", net.JoinHostPort(s.back, strconv.Itoa(port)))
	require.NoError(s, err)
	s.Cleanup(func() { other.Close() })
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
	// since is the version of Pi that has it first, "" for all.
	since string
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
			answers: []said{{asks: "method", text: "browser"}, {asks: paste, text: "http://localhost:1455/auth/callback?code=code-2&state=STATE"}},
			routes:  map[string][]vendor.Step{"auth.openai.com/oauth/token": tokens(second)}, key: second,
			shows: []string{"https://auth.openai.com/oauth/authorize"}, place: "auth.openai.com/oauth/token", form: []string{"code=code-2", "grant_type=authorization_code", "code_verifier="}},
		{name: "with a code, told to ask less often", provider: "openai-codex", model: "gpt-5.5", first: signedIn(chatGPT("acc-first"), "refresh-first", `,"accountId":"acc-first"`),
			answers: []said{{asks: "method", text: "device"}},
			routes: map[string][]vendor.Step{
				"auth.openai.com/api/accounts/deviceauth/usercode": {{Body: `{"device_auth_id":"d-1","user_code":"ABCD-1234","interval":"1"}`}},
				"auth.openai.com/api/accounts/deviceauth/token":    {{Status: 403, Body: `{"error":{"code":"deviceauth_authorization_pending"}}`}, {Status: 400, Body: `{"error":"slow_down"}`}, {Body: `{"authorization_code":"code-2","code_verifier":"verifier-2"}`}},
				"auth.openai.com/oauth/token":                      tokens(second),
			}, key: second, shows: []string{"ABCD-1234", "https://auth.openai.com/codex/device"}, place: "auth.openai.com/oauth/token", form: []string{"code=code-2", "code_verifier=verifier-2"}},
		{name: "with a code, told to ask less often", provider: "github-copilot", model: "gpt-5-mini", first: signedIn(copilot("first", "individual.githubcopilot.com"), "gho_first", ""),
			answers: []said{{asks: "Enterprise", text: ""}},
			routes: map[string][]vendor.Step{
				"github.com/login/device/code":               {{Body: `{"device_code":"d-1","user_code":"WXYZ-9876","verification_uri":"https://github.com/login/device","expires_in":900,"interval":1}`}},
				"github.com/login/oauth/access_token":        {{Body: `{"error":"authorization_pending"}`}, {Body: `{"error":"slow_down","interval":1}`}, {Body: `{"access_token":"gho_second","token_type":"bearer"}`}},
				"api.github.com/copilot_internal/v2/token":   {{Body: fmt.Sprintf(`{"token":%q,"expires_at":4102444800}`, business)}},
				"api.github.com/user":                        {{Body: `{"login":"second","id":2}`}},
				"api.individual.githubcopilot.com/models":    {{Body: `{"data":[{"id":"gpt-5-mini","model_picker_enabled":true}]}`}},
				"api.github.com/copilot_internal/user":       {{Body: `{"login":"second","copilot_plan":"individual"}`}},
				"api.individual.githubcopilot.com/_ping":     {{Body: `{}`}},
				"api.individual.githubcopilot.com/v1/models": {{Body: `{"data":[]}`}},
			}, key: business, shows: []string{"WXYZ-9876", "https://github.com/login/device"}, place: "github.com/login/oauth/access_token", form: []string{"device_code=d-1"}},
		{name: "in the browser, pasted", provider: "anthropic", model: "claude-haiku-4-5", first: signedIn("sk-ant-oat01-first", "refresh-first", ""),
			answers: []said{{asks: "method", text: "browser"}, {asks: paste, text: "code-2#STATE"}},
			routes: map[string][]vendor.Step{
				"platform.claude.com/v1/oauth/token":  tokens("sk-ant-oat01-second"),
				"api.anthropic.com/api/oauth/profile": {{Body: `{"account":{"uuid":"u2","email":"second@example.com"},"organization":{"uuid":"o2"}}`}},
			},
			key: "sk-ant-oat01-second", shows: []string{"https://claude.ai/oauth/authorize"}, place: "platform.claude.com/v1/oauth/token", form: []string{"code-2", "authorization_code"}},
		{name: "with a code, told to ask less often", provider: "xai", model: "grok-4.5", first: signedIn("xai-first", "refresh-first", ""),
			routes: map[string][]vendor.Step{
				"auth.x.ai/oauth2/device/code": {{Body: `{"device_code":"d-1","user_code":"GROK-1","verification_uri":"https://x.ai/device","expires_in":900,"interval":1}`}},
				"auth.x.ai/oauth2/token":       append([]vendor.Step{{Status: 400, Body: `{"error":"authorization_pending"}`}, {Status: 400, Body: `{"error":"slow_down","interval":1}`}}, tokens("xai-second")...),
			}, key: "xai-second", shows: []string{"GROK-1", "https://x.ai/device"}, place: "auth.x.ai/oauth2/token", form: []string{"device_code=d-1"}},
		{name: "in the browser, pasted", provider: "openrouter", model: "openai/gpt-5.1", first: signedIn("sk-or-v1-first", "", ""),
			answers: []said{{asks: paste, text: "http://127.0.0.1/oauth/callback?code=code-2"}},
			routes:  map[string][]vendor.Step{"openrouter.ai/api/v1/auth/keys": {{Body: `{"key":"sk-or-v1-second"}`}}},
			key:     "sk-or-v1-second", shows: []string{"https://openrouter.ai/auth?"}, place: "openrouter.ai/api/v1/auth/keys", form: []string{`"code":"code-2"`, `"code_verifier":`}},
		{name: "with a code, told to ask less often", provider: "meta", model: "muse-spark-1.1", first: signedIn("meta-first", "identity-first", ""),
			routes: map[string][]vendor.Step{metaStart: metaBegun, metaPoll: {{Status: 400, Body: `{"error":"authorization_pending"}`}, {Status: 400, Body: `{"error":"slow_down","interval":1}`}, {Body: `{"access_token":"identity-second"}`}},
				metaMint: {{Body: `{"api_key":"meta-second"}`}}},
			key: "meta-second", shows: []string{"META-1", "https://auth.meta.com/device"}, place: metaPoll, form: []string{"device_code=d-1"}},
		{name: "with a code, told to ask less often", provider: "radius", first: signedIn("radius-first", "refresh-first", ""), answers: []said{{asks: "Sign in to", text: "device code"}},
			routes: map[string][]vendor.Step{radiusStart: radiusBegun, radiusToken: append([]vendor.Step{{Status: 400, Body: `{"error":"slow_down"}`}}, tokens("radius-second")...)},
			key:    "radius-second", shows: []string{"RADI-1", "https://radius.pi.dev/device"}, place: radiusToken, form: []string{"device_code=d-1"}},
		{name: "in the browser, pasted", provider: "openai", model: "gpt-5.5", since: "1.5.2", first: key("openai-first", ""),
			answers: []said{{asks: "method", text: "chatgpt"}, {asks: paste, text: openAIBack + "&state=STATE&client_id=issued-2"}},
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

// Every row is a login in one and the same Pi, which none of those before may have left in a bad state.
func TestALoginThatEndsOtherwiseChangesNothing(t *testing.T) {
	const (
		hubStart, hubPoll     = "github.com/login/device/code", "github.com/login/oauth/access_token"
		grokStart, grokPoll   = "auth.x.ai/oauth2/device/code", "auth.x.ai/oauth2/token"
		codexStart, codexPoll = "auth.openai.com/api/accounts/deviceauth/usercode", "auth.openai.com/api/accounts/deviceauth/token"
		claudeToken           = "platform.claude.com/v1/oauth/token"
		codexToken            = "auth.openai.com/oauth/token"
		keysOf                = "openrouter.ai/api/v1/auth/keys"
	)
	refused := func(code string) vendor.Step {
		return vendor.Step{Status: 400, Body: fmt.Sprintf(`{"error":%q}`, code)}
	}
	pending, lost := refused("authorization_pending"), vendor.Step{Drop: true}
	begun := func(code, page string) vendor.Step {
		return vendor.Step{Body: fmt.Sprintf(`{"device_code":"d-1","user_code":%q,"verification_uri":%q,"expires_in":900,"interval":1}`, code, page)}
	}
	flow := func(start, poll string, begun vendor.Step) func(polls ...vendor.Step) map[string][]vendor.Step {
		return func(polls ...vendor.Step) map[string][]vendor.Step {
			return map[string][]vendor.Step{start: {begun}, poll: polls}
		}
	}
	meta, radius := flow(metaStart, metaPoll, metaBegun[0]), flow(radiusStart, radiusToken, radiusBegun[0])
	hub := flow(hubStart, hubPoll, begun("WXYZ-9876", "https://github.com/login/device"))
	grok := flow(grokStart, grokPoll, begun("GROK-1", "https://x.ai/device"))
	codex := flow(codexStart, codexPoll, vendor.Step{Body: `{"device_auth_id":"d-1","user_code":"ABCD-1234","interval":"1"}`})
	codexWaits := vendor.Step{Status: 403, Body: `{"error":{"code":"deviceauth_authorization_pending"}}`}
	noEnterprise, byCode, codexCode, inBrowser := said{asks: "Enterprise"}, said{asks: "Sign in to", text: "device code"}, said{asks: "method", text: "device"}, said{asks: "method", text: "browser"}
	chatGPT, paste := said{asks: "method", text: "chatgpt"}, func(text string) said { return said{asks: "aste", text: text} }
	openAIPaste := []said{chatGPT, paste(openAIBack + "&state=STATE&client_id=issued-2")}
	const neverEntered = "expired before it was entered"
	rows := []struct {
		name, provider string
		answers        []said
		routes         map[string][]vendor.Step
		says           string
		never          string
		// since is the version of Pi that has the login first, taken the port that somebody else has; late lets the code's time go by once it
		// is shown.
		since string
		taken int
		late  bool
	}{
		{name: "who is denied", provider: "github-copilot", answers: []said{noEnterprise}, says: "denied",
			routes: hub(vendor.Step{Body: `{"error":"access_denied","error_description":"The user has denied your request"}`})},
		{name: "who is too late", provider: "github-copilot", answers: []said{noEnterprise}, says: "expired",
			routes: hub(vendor.Step{Body: `{"error":"expired_token","error_description":"The code has expired"}`})},
		{name: "too late by the clock", provider: "github-copilot", answers: []said{noEnterprise}, says: neverEntered, late: true, routes: hub(vendor.Step{Body: `{"error":"authorization_pending"}`})},
		{name: "the network is lost while it waits", provider: "github-copilot", answers: []said{noEnterprise}, says: "could not be reached", routes: hub(vendor.Step{Body: `{"error":"authorization_pending"}`}, lost)},
		{name: "who gives up", provider: "github-copilot", answers: []said{{asks: "Enterprise", text: "-"}}, says: "cancelled"},

		{name: "another login's state", provider: "anthropic", answers: []said{inBrowser, paste("code-2#of-another-login")}, says: "state", routes: map[string][]vendor.Step{claudeToken: {{Body: `{}`}}}},
		{name: "a reply that holds tokens and not all of them", provider: "anthropic", answers: []said{inBrowser, paste("code-2#STATE")}, says: "anthropic: ", never: "canary",
			routes: map[string][]vendor.Step{claudeToken: {{Body: `{"access_token":"at-canary-0123456789","refresh_token":"rt-canary-0123456789"`}}}},
		{name: "denied", provider: "anthropic", answers: []said{inBrowser, paste("code-2#STATE")}, says: "said no", routes: map[string][]vendor.Step{claudeToken: {{Status: 400, Body: `{"error":"access_denied","error_description":"The person said no"}`}}}},
		{name: "too late", provider: "anthropic", answers: []said{inBrowser, paste("code-2#STATE")}, says: "has expired", routes: map[string][]vendor.Step{claudeToken: {{Status: 400, Body: `{"error":"invalid_grant","error_description":"The code has expired"}`}}}},
		{name: "the network is lost", provider: "anthropic", answers: []said{inBrowser, paste("code-2#STATE")}, says: "could not be reached", routes: map[string][]vendor.Step{claudeToken: {lost}}},
		{name: "who gives up", provider: "anthropic", answers: []said{inBrowser, paste("-")}, says: "cancelled"},

		{name: "a reply of tokens where the kind is wrong", provider: "openai-codex", answers: []said{inBrowser, paste("code-2")}, says: "openai-codex: ", never: "canary",
			routes: map[string][]vendor.Step{codexToken: {{Body: `{"access_token":"at-canary-0123456789","refresh_token":"rt-canary-0123456789","expires_in":"soon"}`}}}},
		{name: "another login's state", provider: "openai-codex", answers: []said{inBrowser, paste("http://localhost:1455/auth/callback?code=code-2&state=other")}, says: "state mismatch"},
		{name: "the network is lost", provider: "openai-codex", answers: []said{inBrowser, paste("code-2")}, says: "could not be reached", routes: map[string][]vendor.Step{codexToken: {lost}}},
		{name: "who gives up", provider: "openai-codex", answers: []said{inBrowser, paste("-")}, says: "cancelled"},
		{name: "with a code, denied", provider: "openai-codex", answers: []said{codexCode}, says: "access_denied", routes: codex(codexWaits, vendor.Step{Status: 400, Body: `{"error":{"code":"access_denied"}}`})},
		{name: "with a code, too late", provider: "openai-codex", answers: []said{codexCode}, says: "has expired", routes: codex(codexWaits, vendor.Step{Status: 400, Body: `{"error":{"code":"expired_token","message":"The code has expired"}}`})},
		{name: "with a code, too late by the clock", provider: "openai-codex", answers: []said{codexCode}, says: neverEntered, late: true, routes: codex(codexWaits)},
		{name: "with a code, the network is lost while it waits", provider: "openai-codex", answers: []said{codexCode}, says: "could not be reached", routes: codex(codexWaits, lost)},
		{name: "with a code, who gives up", provider: "openai-codex", answers: []said{{asks: "method", text: "-"}}, says: "cancelled"},

		{name: "denied", provider: "xai", says: "denied", routes: grok(refused("access_denied"))},
		{name: "too late", provider: "xai", says: "expired", routes: grok(refused("expired_token"))},
		{name: "too late by the clock", provider: "xai", says: neverEntered, late: true, routes: grok(pending)},
		{name: "the network is lost while it waits", provider: "xai", says: "could not be reached", routes: grok(pending, lost)},

		{name: "denied", provider: "meta", says: "denied", routes: meta(refused("access_denied"))},
		{name: "too late", provider: "meta", says: "expired", routes: meta(refused("expired_token"))},
		{name: "too late by the clock", provider: "meta", says: neverEntered, late: true, routes: meta(pending)},
		{name: "the network is lost while it waits", provider: "meta", says: "could not be reached", routes: meta(pending, lost)},
		{name: "no page of its own", provider: "meta", says: "meta: ", never: "canary", routes: map[string][]vendor.Step{
			metaStart: {{Body: `{"device_code":"dc-canary-0123456789","user_code":"META-1","verification_uri":"javascript:alert(1)","access_token":"at-canary-0123456789"}`}}}},

		{name: "denied", provider: "radius", answers: []said{byCode}, says: "denied", routes: radius(refused("access_denied"))},
		{name: "too late", provider: "radius", answers: []said{byCode}, says: "expired", routes: radius(refused("expired_token"))},
		{name: "too late by the clock", provider: "radius", answers: []said{byCode}, says: neverEntered, late: true, routes: radius(pending)},
		{name: "the network is lost while it waits", provider: "radius", answers: []said{byCode}, says: "could not be reached", routes: radius(pending, lost)},
		{name: "who gives up", provider: "radius", answers: []said{{asks: "Sign in to", text: "-"}}, says: "cancelled"},

		{name: "who gives up", provider: "openrouter", answers: []said{paste("-")}, says: "cancelled"},
		{name: "denied", provider: "openrouter", answers: []said{paste("code-2")}, says: "openrouter: ",
			routes: map[string][]vendor.Step{keysOf: {{Status: 403, Body: `{"error":{"message":"Invalid code or code_verifier"}}`}}}},
		{name: "too late", provider: "openrouter", answers: []said{paste("code-2")}, says: "expired",
			routes: map[string][]vendor.Step{keysOf: {{Status: 400, Body: `{"error":{"message":"The code has expired"}}`}}}},
		{name: "the network is lost", provider: "openrouter", answers: []said{paste("code-2")}, says: "could not be reached", routes: map[string][]vendor.Step{keysOf: {lost}}},
		{name: "no key in the answer", provider: "openrouter", answers: []said{paste("code-2")}, says: "openrouter: ", never: "canary",
			routes: map[string][]vendor.Step{keysOf: {{Body: `{"token":"at-canary-0123456789"`}}}},

		{name: "another login's state", provider: "openai", since: "1.5.2", says: "state", answers: []said{chatGPT, paste(openAIBack + "&state=other&client_id=issued-2")}},
		{name: "another page's address", provider: "openai", since: "1.5.2", says: "must start with", answers: []said{chatGPT, paste("https://evil.example/auth/callback?code=c&state=STATE&client_id=i")}},
		{name: "denied", provider: "openai", since: "1.5.2", says: "access_denied", answers: []said{chatGPT, paste("http://127.0.0.1:1455/auth/callback?error=access_denied")}},
		{name: "too late", provider: "openai", since: "1.5.2", says: "openai: ", answers: openAIPaste,
			routes: map[string][]vendor.Step{openAIToken: {{Status: 400, Body: `{"error":"invalid_grant","error_description":"the code has expired"}`}}}},
		{name: "the network is lost", provider: "openai", since: "1.5.2", says: "could not be reached", answers: openAIPaste, routes: map[string][]vendor.Step{openAIToken: {lost}}},
		{name: "who gives up", provider: "openai", since: "1.5.2", says: "cancelled", answers: []said{chatGPT, paste("-")}},
		{name: "its port in use", provider: "openai", since: "1.5.2", taken: 1455, says: "port 1455 is in use", answers: openAIPaste},
		{name: "tokens without the right scope", provider: "openai", since: "1.5.2", says: "openai: ", never: "canary", answers: openAIPaste,
			routes: map[string][]vendor.Step{openAIToken: {{Body: `{"access_token":"at-canary-0123456789","refresh_token":"rt-canary-0123456789","id_token":"i","scope":"openid","expires_in":9}`}}}},
	}
	vendors(t, func(s *stage) {
		s.clock()
		s.entries(`{"anthropic":` + key("first-key", "") + `}`)
		r, ahead := s.connected(), 0
		for _, c := range rows {
			if c.since != "" && s.pi.Version < c.since {
				continue
			}
			s.row(c.provider+": "+c.name, func(s *stage) {
				if c.taken != 0 {
					s.occupied(c.taken)
				}
				for place, steps := range c.routes {
					s.vendor.Route(place, steps...)
				}
				answers := append([]said{{asks: "enter the code", does: func(string) {
					if c.late {
						ahead += 1000
						s.later(ahead)
					}
				}}}, c.answers...)
				shown := s.converse(r, "login "+c.provider, answers, c.provider+": ")
				assert.Contains(s, strings.ToLower(shown), c.says)
				assert.NotContains(s, shown, "logged in as")
				if c.never != "" {
					assert.NotContains(s, shown, c.never)
				}
				assert.NotContains(s, s.home.Read("multi-auth-accounts.json"), `"access"`)
				assert.Equal(s, s.auth, s.home.Read("auth.json"))
			})
		}
	})
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
