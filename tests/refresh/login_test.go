package refresh

import (
	"errors"
	"fmt"
	"net/url"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"github.com/tidwall/gjson"

	"pimultiauth/core"
	"pimultiauth/core/engine"
	"pimultiauth/core/store"
	"pimultiauth/providers"
	"pimultiauth/tests/host"
)

// desk is a person at a login, and the service they log in to.
type desk struct {
	t *testing.T
	*host.Script
	// asked are the requests as "METHOD url body", slept the pauses between polls.
	asked []string
	slept []core.Duration
	shown []core.Device
	pages []string
	// serve answers a request; n counts those to the same address.
	serve func(f core.Fetch, n int) (core.FetchResult, error)
	seen  map[string]int
	// back answers what comes back to a listener.
	back func(l core.Listen) (core.Answer, error)
	// leave makes the person give up after so many pauses; 0 never.
	leave  int
	chosen string
	env    map[string]string
	bound  func(ports []int) (int, error)
}

func newDesk(t *testing.T) *desk {
	d := &desk{t: t, seen: map[string]int{}, env: map[string]string{}}
	d.Script = &host.Script{Core: host.Native{Engine: engine.New(providers.All())}, Disk: &host.Disk{Files: map[string]string{}, Fails: map[string]string{}}, At: start, Seed: 7}
	d.Fetch = func(f core.Fetch) (core.FetchResult, error) {
		if strings.HasSuffix(f.URL, "/profile") || strings.HasSuffix(f.URL, "/user") {
			// Whose a login is may stay unknown; these logins are not about it.
			return core.FetchResult{Status: 404}, nil
		}
		d.asked = append(d.asked, f.Method+" "+f.URL+" "+f.Body.Reveal())
		require.True(t, strings.HasPrefix(f.URL, f.Origin+"/"), "%s is bound to %s", f.URL, f.Origin)
		require.NotZero(t, f.Timeout)
		require.NotZero(t, f.MaxBytes)
		address, _, _ := strings.Cut(f.URL, "?")
		d.seen[address]++
		return d.serve(f, d.seen[address])
	}
	d.Ask = func(a core.Ask) (core.Answer, error) {
		switch {
		case a.Sleep != nil:
			d.slept = append(d.slept, a.Sleep.Wait)
			return core.Answer{Canceled: d.leave != 0 && len(d.slept) >= d.leave}, nil
		case a.Input != nil:
			return core.Answer{Text: core.Secret(d.env[a.Input.Name])}, nil
		case a.Crypto != nil && a.Crypto.Op == "random":
			return core.Answer{Text: "STATE"}, nil
		case a.Crypto != nil && a.Crypto.Op == "pkce":
			return core.Answer{Text: "VERIFIER", Extra: "CHALLENGE"}, nil
		case a.Device != nil:
			d.shown = append(d.shown, *a.Device)
			return core.Answer{}, nil
		case a.Choose != nil:
			return core.Answer{Text: core.Secret(d.chosen), Canceled: d.chosen == ""}, nil
		case a.Progress != nil:
			return core.Answer{}, nil
		case a.Listen != nil && a.Listen.Keep:
			if d.bound != nil {
				port, err := d.bound(a.Listen.Ports)
				return core.Answer{Port: port}, err
			}
			return core.Answer{Port: a.Listen.Ports[0]}, nil
		case a.Listen != nil:
			d.pages = append(d.pages, a.Listen.Open)
			return d.back(*a.Listen)
		}
		return core.Answer{}, errors.New("nobody is there to answer")
	}
	_, err := d.Tell(core.Message{Start: &core.Start{Known: []string{"cline", "kilo", "kimi-coding", "qwen", "anthropic"}}})
	require.NoError(t, err)
	return d
}

func (d *desk) login(provider, method string) *core.View {
	d.t.Helper()
	turn, err := d.Tell(core.Message{Login: &core.Login{Provider: provider, Method: method, Mode: "tui"}})
	require.NoError(d.t, err)
	require.NotNil(d.t, turn.View)
	require.NotContains(d.t, turn.View.Title, "SECRET")
	return turn.View
}

// accounts are the logins our file and the journal hold, as "provider/id access refresh expires".
func (d *desk) accounts() []string {
	var out []string
	own := store.Parse(d.Disk.Files["accounts"])
	store.Recall(d.Disk.Files["journal"], "accounts", own)
	for _, a := range own.Accounts() {
		entry := a.Credential.Reveal()
		out = append(out, fmt.Sprint(a.Provider, "/", a.ID, " ", gjson.Get(entry, "access").String(), " ", gjson.Get(entry, "refresh").String(), " ",
			core.Time(gjson.Get(entry, "expires").Num).Sub(start)/core.Second))
	}
	return out
}

func (d *desk) entry(provider, id string) gjson.Result {
	for _, a := range store.Parse(d.Disk.Files["accounts"]).Accounts() {
		if a.Provider == provider && a.ID == id {
			return gjson.Parse(a.Credential.Reveal())
		}
	}
	return gjson.Result{}
}

func answered(status int, body string) (core.FetchResult, error) {
	return core.FetchResult{Status: status, Body: core.Secret(body)}, nil
}

const (
	kimiStart = `{"device_code":"DEV","user_code":"ABCD-EFGH","verification_uri":"https://www.kimi.com/code","verification_uri_complete":"https://www.kimi.com/code?user_code=ABCD-EFGH","expires_in":600,"interval":5}`
	tokens    = `{"access_token":"SECRET-A","refresh_token":"SECRET-R","expires_in":900,"token_type":"Bearer"}`
)

// kimi answers polls one after the other; the last one stays.
func kimi(startReply string, polls ...string) func(core.Fetch, int) (core.FetchResult, error) {
	return func(f core.Fetch, n int) (core.FetchResult, error) {
		if strings.HasSuffix(f.URL, "/device_authorization") {
			return answered(200, startReply)
		}
		switch poll := polls[min(n, len(polls))-1]; poll {
		case "down":
			return core.FetchResult{}, errors.New("the connection failed")
		case "500":
			return answered(500, "oops")
		case "429":
			return answered(429, "{}")
		default:
			if strings.Contains(poll, `"error"`) {
				return answered(400, poll)
			}
			return answered(200, poll)
		}
	}
}

const (
	pending  = `{"error":"authorization_pending"}`
	slowDown = `{"error":"slow_down"}`
)

func TestDeviceLogins(t *testing.T) {
	seconds := func(d []core.Duration) []int {
		out := []int{}
		for _, s := range d {
			out = append(out, int(s/core.Second))
		}
		return out
	}
	tests := []struct {
		name  string
		start string
		polls []string
		// says is in the title; slept are the pauses, nil for whatever.
		says  string
		slept []int
		fails bool
	}{
		{"at once", kimiStart, []string{tokens}, "logged in as kimi-coding-1, 1 account", []int{}, false},
		{"after two polls", kimiStart, []string{pending, pending, tokens}, "logged in", []int{5, 5}, false},
		{"9.9 F21: slow_down three times", kimiStart, []string{slowDown, slowDown, slowDown, tokens}, "logged in", []int{10, 15, 15}, false},
		{"the network is lost while polling", kimiStart, []string{pending, "down", "down", pending, tokens}, "logged in", []int{5, 10, 15, 15}, false},
		{"the service has a bad moment", kimiStart, []string{"500", "429", tokens}, "logged in", []int{10, 15}, false},
		{"denied", kimiStart, []string{pending, `{"error":"access_denied"}`}, "denied", nil, true},
		{"expired at the service", kimiStart, []string{`{"error":"expired_token"}`}, "expired", nil, true},
		{"never entered", kimiStart, []string{pending}, "expired", nil, true},
		{"another error, in the service's words", kimiStart, []string{`{"error":"server_on_fire","error_description":"come \u001b[31mback\nlater"}`}, "come back later", nil, true},
		{"no interval", strings.Replace(kimiStart, `"interval":5`, `"interval":0`, 1), []string{pending, tokens}, "logged in", []int{5}, false},
		{"an interval of an hour", strings.Replace(kimiStart, `"interval":5`, `"interval":3600`, 1), []string{pending, tokens}, "logged in", []int{60}, false},
		{"an interval of no time", strings.Replace(kimiStart, `"interval":5`, `"interval":0.01`, 1), []string{pending, tokens}, "logged in", []int{1}, false},
		{"an interval below zero", strings.Replace(kimiStart, `"interval":5`, `"interval":-9`, 1), []string{pending, tokens}, "logged in", []int{5}, false},
		{"no lifetime", strings.Replace(kimiStart, `"expires_in":600,`, ``, 1), []string{pending, tokens}, "logged in", nil, false},
		{"no code", `{"user_code":"A"}`, []string{tokens}, "no code", nil, true},
		{"no JSON", `<html>`, []string{tokens}, "no code", nil, true},
		{"a token without a refresh token", kimiStart, []string{`{"access_token":"SECRET-A","expires_in":900}`}, "logged in", nil, false},
		{"a reply without a token", kimiStart, []string{`{"ok":true}`}, "no token", nil, true},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			d := newDesk(t)
			d.serve = kimi(tt.start, tt.polls...)
			view := d.login("kimi-coding", "")
			assert.Equal(t, tt.fails, view.Failed, view.Title)
			assert.Contains(t, view.Title, tt.says)
			if tt.slept != nil {
				assert.Equal(t, tt.slept, seconds(d.slept))
			}
			if tt.fails {
				assert.Empty(t, d.accounts())
				return
			}
			require.Len(t, d.accounts(), 1)
			assert.Equal(t, "SECRET-A", d.entry("kimi-coding", "kimi-coding-1").Get("access").String())
			require.Len(t, d.shown, 1)
			assert.Equal(t, "https://www.kimi.com/code?user_code=ABCD-EFGH", d.shown[0].URL)
			assert.Equal(t, "ABCD-EFGH", d.shown[0].Code)
		})
	}
}

// RFC 8628 section 5.4: whoever could make the service name another page could send a person there.
func TestAPageThatIsNotTheServicesOwnIsNotShown(t *testing.T) {
	pages := []string{
		"http://www.kimi.com/code", "https://www.kimi.com.evil.example/", "https://evil.example/?www.kimi.com", "https://www.kimi.com@evil.example/",
		"https://evil.example\\@www.kimi.com/", "https://www.kіmi.com/code", "https://www.xn--kmi-pma.com/", "javascript:alert(1)", "//www.kimi.com/",
		"https://www.kimi.com:8443/", "https://www.kimi.com/\u001b[31m", "https://www.kimi.com/a b", "https:///www.kimi.com", "", "https://kimi.com.", "HTTPS//",
		"https://user:pass@www.kimi.com/",
	}
	for _, page := range pages {
		t.Run(page, func(t *testing.T) {
			d := newDesk(t)
			quoted := string(core.AppendQuoted(nil, page))
			d.serve = kimi(`{"device_code":"D","user_code":"U","verification_uri_complete":`+quoted+`,"expires_in":600}`, tokens)
			view := d.login("kimi-coding", "")
			if page == "" {
				require.Equal(t, "https://www.kimi.com/code/authorize_device?user_code=U", d.shown[0].URL, "the provider's own page takes its place")
				return
			}
			require.True(t, view.Failed)
			require.Contains(t, view.Title, "not its own")
			require.Empty(t, d.shown)
		})
	}
}

func TestTheClientIDIsThePersonsOwnWhereTheyNameOne(t *testing.T) {
	for _, tt := range []struct{ provider, env, own string }{
		{"kimi-coding", "KIMI_CODING_OAUTH_CLIENT_ID", "17e5f671-d194-4dfb-9706-5516cb48c098"},
		{"qwen", "QWEN_OAUTH_CLIENT_ID", "f0304373b74a44d2b584a3fb70ca9e56"},
	} {
		for _, named := range []string{"", "  ", "mine"} {
			d := newDesk(t)
			d.env[tt.env] = named
			d.serve = func(f core.Fetch, _ int) (core.FetchResult, error) {
				form, err := url.ParseQuery(f.Body.Reveal())
				require.NoError(t, err)
				want := tt.own
				if named == "mine" {
					want = "mine"
				}
				require.Equal(t, want, form.Get("client_id"))
				if strings.Contains(f.URL, "device") {
					return answered(200, `{"device_code":"D","user_code":"U","verification_uri":"https://chat.qwen.ai/authorize","verification_uri_complete":"","expires_in":600}`)
				}
				return answered(200, tokens)
			}
			if tt.provider == "kimi-coding" {
				inner := d.serve
				d.serve = func(f core.Fetch, n int) (core.FetchResult, error) {
					r, err := inner(f, n)
					if strings.Contains(f.URL, "device") {
						r.Body = kimiStart
					}
					return r, err
				}
			}
			require.False(t, d.login(tt.provider, "").Failed)
		}
	}
}

func TestQwen(t *testing.T) {
	startReply := `{"device_code":"D","user_code":"U","verification_uri":"https://chat.qwen.ai/authorize","expires_in":900,"interval":12}`
	run := func(reply string, polls ...string) *desk {
		d := newDesk(t)
		d.serve = func(f core.Fetch, n int) (core.FetchResult, error) {
			if strings.HasSuffix(f.URL, "/device/code") {
				return answered(200, startReply)
			}
			if n <= len(polls) {
				return answered(400, polls[n-1])
			}
			return answered(200, reply)
		}
		return d
	}
	t.Run("9.9 F22: slow_down with an interval of 12 s", func(t *testing.T) {
		d := run(tokens, slowDown)
		require.False(t, d.login("qwen", "").Failed)
		require.Equal(t, []core.Duration{17 * core.Second}, d.slept)
	})
	t.Run("9.9 F25: the verifier is in the token call alone", func(t *testing.T) {
		d := run(tokens)
		require.False(t, d.login("qwen", "").Failed)
		require.Len(t, d.asked, 2)
		require.Contains(t, d.asked[0], "code_challenge=CHALLENGE&code_challenge_method=S256")
		require.Contains(t, d.asked[0], "scope=openid+profile+email+model.completion")
		require.NotContains(t, d.asked[0], "VERIFIER")
		require.Contains(t, d.asked[1], "code_verifier=VERIFIER")
		require.NotContains(t, d.shown[0].URL, "VERIFIER")
	})
	t.Run("9.9 F24 and its neighbours: resource_url", func(t *testing.T) {
		for given, want := range map[string]string{
			"https://dashscope.aliyuncs.com/compatible-mode/v1/": "",
			"":                     "",
			"portal.qwen.ai":       "https://portal.qwen.ai/v1",
			"portal.qwen.ai/v1/":   "https://portal.qwen.ai/v1",
			"http://plain.example": "",
		} {
			d := run(strings.Replace(tokens, "{", `{"resource_url":"`+given+`",`, 1))
			require.False(t, d.login("qwen", "").Failed)
			require.Equal(t, want, d.entry("qwen", "qwen-1").Get("request.baseUrl").String(), given)
		}
	})
	t.Run("a refused start says that the service has ended and what to use", func(t *testing.T) {
		for _, status := range []int{400, 403, 404, 410, 503} {
			d := newDesk(t)
			d.serve = func(core.Fetch, int) (core.FetchResult, error) { return answered(status, `{"error":"gone"}`) }
			view := d.login("qwen", "")
			require.True(t, view.Failed)
			require.Contains(t, view.Title, "2026-04-15")
			require.Contains(t, view.Title, "qwen-token-plan")
		}
	})
}

func TestKilo(t *testing.T) {
	begin := `{"code":"K-1","verificationUrl":"https://kilo.ai/device?code=K-1","expiresIn":600}`
	type reply struct {
		status int
		body   string
	}
	tests := []struct {
		name  string
		start reply
		polls []reply
		says  string
		fails bool
		calls int
	}{
		{"approved", reply{200, begin}, []reply{{202, ""}, {200, `{"status":"approved","token":"SECRET-T"}`}}, "logged in as kilo-1", false, 3},
		{"9.9 F14: too many", reply{429, ""}, nil, "too many", true, 1},
		{"9.9 F16: 403", reply{200, begin}, []reply{{403, ""}}, "denied", true, 2},
		{"9.9 F16: 410", reply{200, begin}, []reply{{410, ""}}, "expired", true, 2},
		{"9.9 F17: approved without a token", reply{200, begin}, []reply{{200, `{"status":"approved"}`}}, "no token", true, 2},
		{"9.9 F18: 502 once", reply{200, begin}, []reply{{502, "bad gateway"}, {200, `{"status":"approved","token":"SECRET-T"}`}}, "logged in", false, 3},
		{"9.9 F39: a token without a status", reply{200, begin}, []reply{{200, `{"token":"SECRET-T"}`}}, "logged in", false, 2},
		{"denied by status", reply{200, begin}, []reply{{200, `{"status":"denied"}`}}, "denied", true, 2},
		{"neither", reply{200, begin}, []reply{{200, `{}`}}, "lacks", true, 2},
		{"another status", reply{200, begin}, []reply{{404, `{}`}}, "refused", true, 2},
		{"never approved", reply{200, begin}, []reply{{202, ""}}, "expired", true, 200},
		{"no code", reply{200, `{"verificationUrl":"https://kilo.ai/x","expiresIn":600}`}, nil, "no code", true, 1},
		{"a lifetime in words", reply{200, `{"code":"K","verificationUrl":"https://kilo.ai/x","expiresIn":"600"}`}, nil, "no code", true, 1},
		{"a page elsewhere", reply{200, `{"code":"K","verificationUrl":"https://kilo.ai.evil.example/x","expiresIn":600}`}, nil, "not its own", true, 1},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			d := newDesk(t)
			d.serve = func(f core.Fetch, n int) (core.FetchResult, error) {
				if f.Method == "POST" {
					return answered(tt.start.status, tt.start.body)
				}
				require.Equal(t, "https://api.kilo.ai/api/device-auth/codes/K-1", f.URL)
				r := tt.polls[min(n, len(tt.polls))-1]
				return answered(r.status, r.body)
			}
			view := d.login("kilo", "")
			assert.Equal(t, tt.fails, view.Failed, view.Title)
			assert.Contains(t, view.Title, tt.says)
			assert.Len(t, d.asked, tt.calls)
			if !tt.fails {
				assert.Equal(t, []string{"kilo/kilo-1 SECRET-T SECRET-T 31536000"}, roundTo(d.accounts()))
			}
		})
	}
}

// roundTo forgets the seconds that were slept.
func roundTo(accounts []string) []string {
	for i := range accounts {
		words := strings.Fields(accounts[i])
		words[3] = "31536000"
		accounts[i] = strings.Join(words, " ")
	}
	return accounts
}

const clineReply = `{"success":true,"data":{"accessToken":"SECRET-A","refreshToken":"SECRET-R","tokenType":"Bearer","expiresAt":"2027-01-15T09:00:00Z","userInfo":{"subject":"sub","email":"a@b.co","name":"A B","clineUserId":"usr-1","accounts":null}}}`

// cline answers the start with a page and the exchange with a reply.
func cline(reply string, status int) func(core.Fetch, int) (core.FetchResult, error) {
	return func(f core.Fetch, _ int) (core.FetchResult, error) {
		if strings.Contains(f.URL, "/authorize?") {
			return core.FetchResult{Status: 302, Headers: []core.Header{{Name: "location", Value: "https://app.cline.bot/login?x=1"}}}, nil
		}
		return answered(status, reply)
	}
}

func TestClineInTheBrowser(t *testing.T) {
	port := func(text string) func(core.Listen) (core.Answer, error) {
		return func(l core.Listen) (core.Answer, error) {
			return core.Answer{Text: core.Secret(text), Port: l.Ports[0]}, nil
		}
	}
	paste := func(text string) func(core.Listen) (core.Answer, error) {
		return func(core.Listen) (core.Answer, error) { return core.Answer{Text: core.Secret(text)}, nil }
	}
	tests := []struct {
		name string
		back func(core.Listen) (core.Answer, error)
		// body is in the exchange, "" when there must be none.
		body string
		says string
	}{
		{"the browser comes back", port("state=STATE&code=C0&provider=google"), `"code":"C0"`, "logged in as a@b.co (cline-1)"},
		{"its provider is handed on", port("state=STATE&code=C0&provider=google"), `"provider":"google"`, "logged in"},
		{"without a provider there is none", port("state=STATE&code=C0"), `"redirect_uri":"http://127.0.0.1:48801/auth?state=STATE"}`, "logged in"},
		{"9.9 F2: the whole address is pasted", paste("http://127.0.0.1:48803/auth?code=C1&provider=google"), `"code":"C1"`, "logged in"},
		{"9.9 F3: a query is pasted", paste("code=C2&provider=x"), `"provider":"x"`, "logged in"},
		{"9.9 F4: a code goes before tokens in the address", paste("http://127.0.0.1:48801/auth?refreshToken=R&idToken=I&code=C3"), `"code":"C3"`, "logged in"},
		{"the code alone is pasted", paste("C4"), `"code":"C4"`, "logged in"},
		{"a code with escapes", paste("code=a%2Bb%2Fc%3D"), `"code":"a+b/c="`, "logged in"},
		{"an address with a token but no code", paste("http://127.0.0.1:48801/auth?refreshToken=R"), "", "no code"},
		{"an address without a query", paste("http://127.0.0.1:48801/auth"), "", "no code"},
		{"prose", paste("I do not know"), "", "no code"},
		{"the state of another login is pasted", paste("http://127.0.0.1:48801/auth?code=C&state=OTHER"), "", "another login"},
		{"the callback without a state", port("code=C"), "", "another login"},
		{"denied in the browser", port("error=access_denied&state=STATE"), "", "access_denied"},
		{"denied with words", port("error=access_denied&error_description=you+said+no&state=STATE"), "", "you said no"},
		{"given up", func(core.Listen) (core.Answer, error) { return core.Answer{Canceled: true}, nil }, "", "cancelled"},
		{"nobody came back", func(core.Listen) (core.Answer, error) { return core.Answer{}, errors.New("nobody came back in time") }, "", "in time"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			d := newDesk(t)
			d.back, d.serve = tt.back, cline(clineReply, 200)
			view := d.login("cline", "browser")
			assert.Contains(t, view.Title, tt.says)
			require.Contains(t, d.asked[0], "callback_url=http%3A%2F%2F127.0.0.1%3A48801%2Fauth%3Fstate%3DSTATE")
			if tt.body == "" {
				require.Len(t, d.asked, 1)
				require.Empty(t, d.accounts())
				return
			}
			require.Contains(t, d.asked[1], tt.body)
			require.Equal(t, []string{"https://app.cline.bot/login?x=1"}, d.pages)
			entry := d.entry("cline", "cline-1")
			assert.Equal(t, "usr-1", entry.Get("accountId").String())
			assert.Equal(t, "a@b.co", entry.Get("userInfo.email").String())
			assert.EqualValues(t, 1800003600000, entry.Get("expires").Num)
		})
	}
}

func TestClinesRefusals(t *testing.T) {
	tests := []struct {
		name   string
		status int
		body   string
		says   string
	}{
		{"9.9 F8: the description", 400, `{"error":"bad","error_description":"desc"}`, "desc"},
		{"the error", 400, `{"success":false,"error":"bad thing"}`, "bad thing"},
		{"no words", 500, ``, "refused"},
		{"200 without success", 200, `{"success":false,"error":"nope"}`, "nope"},
		{"200 without data", 200, `{"success":true}`, "refused"},
		{"9.9 F9: no refresh token at a login", 200, `{"success":true,"data":{"accessToken":"SECRET-A"}}`, "lacks a token"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			d := newDesk(t)
			d.serve = cline(tt.body, tt.status)
			d.back = func(core.Listen) (core.Answer, error) { return core.Answer{Text: "code=C"}, nil }
			view := d.login("cline", "browser")
			require.True(t, view.Failed)
			require.Contains(t, view.Title, tt.says)
		})
	}
	t.Run("9.9 F11: no expiry and an opaque token last an hour", func(t *testing.T) {
		d := newDesk(t)
		d.serve = cline(`{"success":true,"data":{"accessToken":"A","refreshToken":"R"}}`, 200)
		d.back = func(core.Listen) (core.Answer, error) { return core.Answer{Text: "code=C"}, nil }
		require.False(t, d.login("cline", "browser").Failed)
		require.Equal(t, []string{"cline/cline-1 A R 3600"}, d.accounts())
	})
	t.Run("ports in use leave pasting", func(t *testing.T) {
		d := newDesk(t)
		d.bound = func(ports []int) (int, error) {
			require.Len(t, ports, 11)
			return 0, errors.New("its ports are in use")
		}
		d.serve = cline(clineReply, 200)
		d.back = func(l core.Listen) (core.Answer, error) {
			require.Empty(t, l.Ports)
			require.True(t, l.Paste)
			return core.Answer{Text: "C9"}, nil
		}
		require.False(t, d.login("cline", "browser").Failed)
	})
	t.Run("a page elsewhere is not shown", func(t *testing.T) {
		d := newDesk(t)
		d.serve = func(core.Fetch, int) (core.FetchResult, error) {
			return answered(200, `{"redirect_url":"https://cline.bot.evil.example/"}`)
		}
		view := d.login("cline", "browser")
		require.True(t, view.Failed)
		require.Empty(t, d.pages)
	})
}

func TestClineWithACode(t *testing.T) {
	d := newDesk(t)
	d.chosen = "device"
	d.serve = func(f core.Fetch, n int) (core.FetchResult, error) {
		switch {
		case strings.HasSuffix(f.URL, "/authorize/device"):
			return answered(200, `{"device_code":"D","user_code":"WXYZ","verification_uri":"https://signin.workos.com/device","interval":5}`)
		case strings.HasSuffix(f.URL, "/authenticate") && n == 1:
			return answered(400, pending)
		case strings.HasSuffix(f.URL, "/authenticate"):
			return answered(200, `{"access_token":"SECRET-WA","refresh_token":"SECRET-WR"}`)
		}
		require.Equal(t, "https://api.cline.bot/api/v1/auth/register", f.URL)
		require.Contains(t, f.Body.Reveal(), `"accessToken":"SECRET-WA"`)
		return answered(200, clineReply)
	}
	view := d.login("cline", "")
	require.False(t, view.Failed, view.Title)
	require.Equal(t, []string{"cline/cline-1 SECRET-A SECRET-R 3600"}, d.accounts())
}

func TestClineIsRenewedByItsOwnRules(t *testing.T) {
	for _, tt := range []struct {
		name      string
		status    int
		body      string
		permanent bool
	}{
		{"400", 400, `{"success":false,"error":"invalid_request"}`, true},
		{"401", 401, `{"success":false,"error":"unauthorized"}`, true},
		{"9.9 F38: 403 invalid_token", 403, `{"success":false,"error":"invalid_token"}`, true},
		{"403 for another reason", 403, `{"success":false,"error":"region_blocked"}`, false},
		{"500", 500, `{}`, false},
		{"a page in between", 403, `<html>captive portal</html>`, false},
	} {
		t.Run(tt.name, func(t *testing.T) {
			renewed(t, "cline", tt.status, tt.body, tt.permanent)
		})
	}
}

func TestKimiAndQwenAreRenewedByTheirOwnRules(t *testing.T) {
	for _, provider := range []string{"kimi-coding", "qwen"} {
		for _, tt := range []struct {
			status    int
			body      string
			permanent bool
		}{
			{400, `{"error":"invalid_grant"}`, true},
			// 9.9 F27; 403 is upstream's rule.
			{401, `{"error":"unauthorized"}`, true},
			{403, `{"error":"forbidden"}`, true},
			{500, `{"error":"server_error"}`, false},
			{429, `{}`, false},
			{400, `{"error":"temporarily_unavailable"}`, false},
			{403, `<html>blocked by a proxy</html>`, false},
		} {
			t.Run(fmt.Sprint(provider, tt.status, tt.body), func(t *testing.T) { renewed(t, provider, tt.status, tt.body, tt.permanent) })
		}
	}
}

// renewed lets a renewal fail over and over and looks whether the account is given up.
func renewed(t *testing.T, provider string, status int, body string, permanent bool) {
	w := newWorld(t)
	w.login(provider+"-1", -core.Minute)
	w.reply = func(string) (core.FetchResult, error) {
		return core.FetchResult{Status: status, Body: core.Secret(body)}, nil
	}
	p := w.process()
	p.run(start.Add(3 * core.Hour))
	view := p.tell(core.Message{Command: &core.Command{Text: "status --json", Mode: "print"}}).View
	if permanent {
		require.Equal(t, 2, w.calls)
		require.Contains(t, view.JSON, "its login has ended")
		return
	}
	require.Greater(t, w.calls, 4)
	require.NotContains(t, view.JSON, "its login has ended")
}

func TestKiloHasNothingToRenewWith(t *testing.T) {
	// 9.9 F19: one millisecond before the end the token is the same; after it only a login helps.
	w := newWorld(t)
	w.login("kilo-1", -1)
	p := w.process()
	p.Fetch = func(core.Fetch) (core.FetchResult, error) {
		require.Fail(t, "nothing is asked")
		return core.FetchResult{}, nil
	}
	p.run(start.Add(core.Hour))
	view := p.tell(core.Message{Command: &core.Command{Text: "status --json", Mode: "print"}}).View
	require.Contains(t, view.JSON, "log in again")
}

func TestGivingUpChangesNothing(t *testing.T) {
	d := newDesk(t)
	d.leave = 2
	d.serve = kimi(kimiStart, pending)
	view := d.login("kimi-coding", "")
	require.Contains(t, view.Title, "cancelled")
	require.False(t, view.Failed)
	require.Empty(t, d.accounts())
	require.Len(t, d.slept, 2, "the third poll never was")
	d.chosen = ""
	require.Contains(t, d.login("cline", "").Title, "cancelled")
	require.True(t, d.login("cline", "telepathy").Failed)
}

func TestAnAccountThatIsThereAlreadyKeepsItsSlot(t *testing.T) {
	d := newDesk(t)
	d.back = func(core.Listen) (core.Answer, error) { return core.Answer{Text: "code=C"}, nil }
	d.serve = cline(clineReply, 200)
	require.Contains(t, d.login("cline", "browser").Title, "1 account")
	d.serve = cline(strings.NewReplacer("usr-1", "usr-2", "SECRET-A", "SECRET-B", "SECRET-R", "SECRET-S").Replace(clineReply), 200)
	require.Contains(t, d.login("cline", "browser").Title, "2 accounts")
	// The first one is refused by the service, and its person logs in again.
	turn, err := d.Tell(core.Message{Acquire: &core.Acquire{Provider: "cline", Model: "m", Mode: "print"}})
	require.NoError(t, err)
	require.Equal(t, "cline-1", turn.Lease.Account)
	_, err = d.Tell(core.Message{Settle: &core.Settle{Lease: turn.Lease.ID, Outcome: core.Outcome{Status: 402, Body: `{"error":"no credit"}`}}})
	require.NoError(t, err)
	d.serve = cline(strings.Replace(clineReply, "SECRET-A", "SECRET-C", 1), 200)
	view := d.login("cline", "browser")
	require.Contains(t, view.Title, "2 accounts")
	require.Contains(t, strings.Join(view.Notes, " "), "there already")
	require.Equal(t, []string{"cline/cline-1 SECRET-C SECRET-R 3600", "cline/cline-2 SECRET-B SECRET-S 3600"}, d.accounts())
	status, err := d.Tell(core.Message{Command: &core.Command{Text: "status --json", Mode: "print"}})
	require.NoError(t, err)
	require.NotContains(t, status.View.JSON, "suspended")
	require.NotContains(t, status.View.JSON, "cooling")
}

func TestALoginThatCannotBeWrittenSaysSo(t *testing.T) {
	d := newDesk(t)
	d.serve = kimi(kimiStart, tokens)
	d.Disk.Fails["save accounts"] = "no space left on the disk"
	view := d.login("kimi-coding", "")
	require.True(t, view.Failed)
	require.Contains(t, view.Title, "no space left")
}

func TestPisOwnLoginsAreUsedForFurtherAccounts(t *testing.T) {
	d := newDesk(t)
	inner := d.Ask
	n := 0
	d.Ask = func(a core.Ask) (core.Answer, error) {
		if a.Pi != nil {
			require.Equal(t, "login", a.Pi.Op)
			require.Equal(t, "anthropic", a.Pi.Provider)
			n++
			return core.Answer{Text: core.Secret(fmt.Sprintf(`{"type":"oauth","access":"SECRET-%d","refresh":"SECRET-R%d","expires":1800003600000}`, n, n))}, nil
		}
		return inner(a)
	}
	require.Contains(t, d.login("anthropic", "").Title, "1 account")
	require.Contains(t, d.login("anthropic", "").Title, "2 accounts")
	require.Equal(t, []string{"anthropic/anthropic-1 SECRET-1 SECRET-R1 3600", "anthropic/anthropic-2 SECRET-2 SECRET-R2 3600"}, d.accounts())
}

func TestWhatPisLoginWritesOverIsKept(t *testing.T) {
	old := `{"type":"oauth","access":"A1","refresh":"R1","expires":1800003600000}`
	tell := func(d *desk, replaced, credential string) core.Turn {
		turn, err := d.Tell(core.Message{Login: &core.Login{Provider: "anthropic", Replaced: core.Secret(replaced), Credential: core.Secret(credential)}})
		require.NoError(t, err)
		return turn
	}
	d := newDesk(t)
	turn := tell(d, old, `{"type":"oauth","access":"A2","refresh":"R2","expires":1800003600000}`)
	require.Contains(t, turn.View.Title, "anthropic-1")
	require.Equal(t, []string{"anthropic/anthropic-1 A1 R1 3600"}, d.accounts())
	require.NotNil(t, tell(d, old, `{"type":"oauth","access":"A3","refresh":"R3","expires":1800003600000}`).Done, "it is there already")
	same := newDesk(t)
	require.NotNil(t, tell(same, `{"type":"oauth","access":"A1","refresh":"R1","expires":1,"accountId":"x"}`,
		`{"type":"oauth","access":"A2","refresh":"R2","expires":1,"accountId":"x"}`).Done, "the same account")
	require.Empty(t, same.accounts())
	require.NotNil(t, tell(newDesk(t), `{"type":"api_key","key":"k"}`, old).Done, "a key is no login")
}
