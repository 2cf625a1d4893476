package engine_test

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"pimultiauth/core"
)

// person answers prompts and the network answers fetches; both are noted.
type person struct {
	*process
	pasted string
	status int
	body   string
	asked  []core.Fetch
	// told is how far things were said to be; at the one with the number patience the person gives up.
	told     []string
	patience int
}

// say runs a command to its end.
func (p *person) say(text string) *core.View {
	p.t.Helper()
	m := core.Message{Command: &core.Command{Text: text, Mode: "tui"}}
	for {
		m.At = p.at
		turn, err := p.core.Step(m)
		require.NoError(p.t, err)
		var others []core.Effect
		var results []core.Result
		for _, x := range turn.Effects {
			switch {
			case x.Fetch != nil:
				p.asked = append(p.asked, *x.Fetch)
				results = append(results, core.Result{ID: x.ID, Fetch: &core.FetchResult{Status: p.status, Body: core.Secret(p.body)}})
			case x.Ask != nil && x.Ask.Progress != nil:
				p.told = append(p.told, x.Ask.Progress.Text)
				results = append(results, core.Result{ID: x.ID, Ask: &core.Answer{Canceled: len(p.told) == p.patience}})
			case x.Ask != nil && x.Ask.Choose != nil:
				results = append(results, core.Result{ID: x.ID, Ask: &core.Answer{Text: "key"}})
			case x.Ask != nil && (x.Ask.Prompt != nil || x.Ask.Input != nil):
				results = append(results, core.Result{ID: x.ID, Ask: &core.Answer{Text: core.Secret(p.pasted)}})
			default:
				others = append(others, x)
			}
		}
		results = append(results, p.perform(others)...)
		if turn.Flow == 0 {
			require.NotNil(p.t, turn.View)
			return turn.View
		}
		m = core.Message{Resume: &core.Resume{Flow: turn.Flow, Results: results}}
	}
}

func text(v *core.View) string {
	out := v.Title + "\n"
	for _, row := range v.Rows {
		out += strings.Join(row.Cells, " | ") + "\n"
	}
	return out + strings.Join(v.Notes, "\n")
}

func (p *person) lease(provider string) *core.Lease {
	turn := p.tell(core.Message{Acquire: &core.Acquire{Provider: provider, Model: "m", Mode: "print"}})
	return turn.Lease
}

func begin(t *testing.T, auth string) *person {
	return &person{process: (&disk{files: map[string]string{"auth": auth}}).process(t), status: 200}
}

func TestKeysAreAddedCheckedAndUsed(t *testing.T) {
	p := begin(t, "{}")
	p.pasted, p.body = "work: gsk_canary1aaaaaaaaaaaa\nhome: gsk_canary2bbbbbbbbbbbb\nhome: gsk_canary2bbbbbbbbbbbb\n", `{"data":[]}`
	v := p.say("add groq")
	assert.False(t, v.Failed, text(v))
	assert.Contains(t, text(v), "gsk_…aaaa | groq-1 | added: works")
	assert.Contains(t, text(v), "gsk_…bbbb | groq-2 | added: works")
	assert.Contains(t, text(v), "taken once")
	assert.NotContains(t, text(v), "canary")
	require.Len(t, p.asked, 2)
	for _, f := range p.asked {
		assert.Equal(t, "https://api.groq.com", f.Origin)
		assert.Equal(t, "https://api.groq.com/openai/v1/models", f.URL)
	}
	lease := p.lease("groq")
	require.NotNil(t, lease)
	assert.Contains(t, lease.Credential.Reveal(), `"key":"gsk_canary`)
	assert.NotContains(t, p.disk.files["state"], "canary")
	v = p.say("add groq")
	assert.True(t, v.Failed)
	assert.Contains(t, text(v), "groq-1 | was there already")
	assert.NotContains(t, p.disk.files["accounts"], "groq-3")
}

func TestWhoeverGivesUpDuringAPasteGetsTheKeysThatWereChecked(t *testing.T) {
	p := begin(t, "{}")
	p.pasted, p.body, p.patience = "gsk_canary1aaaaaaaaaaaa\ngsk_canary2bbbbbbbbbbbb\ngsk_canary3cccccccccccc", `{"data":[]}`, 2
	got := text(p.say("add groq"))
	assert.Equal(t, []string{"checking gsk_…aaaa, 1 of 3", "checking gsk_…bbbb, 2 of 3"}, p.told)
	assert.Contains(t, got, "gsk_…aaaa | groq-1 | added: works")
	assert.Contains(t, got, "gsk_…bbbb | - | not added: you stopped")
	assert.Contains(t, got, "gsk_…cccc | - | not added: you stopped")
	assert.Len(t, p.asked, 1)
}

func TestKeysAreCheckedAllTogetherOrOne(t *testing.T) {
	p := begin(t, `{"groq":{"type":"api_key","key":"gsk_1"},"groq-1":{"type":"api_key","key":"gsk_2"},"deepseek":{"type":"api_key","key":"sk-3"},
		"openai-codex":{"type":"oauth","access":"a","refresh":"r","expires":1}}`)
	p.body = `{"data":[]}`
	assert.Contains(t, text(p.say("check groq/groq-1")), "groq | groq-1 | works")
	assert.Len(t, p.asked, 1)
	assert.Empty(t, p.told, "of one key nobody asks how far it is")
	assert.Contains(t, text(p.say("check openai-codex/openai-codex")), "is a login and has no key to check")
	assert.Contains(t, text(p.say("check nobody")), `There is no account called "nobody"`)
	p.say("check groq")
	assert.Len(t, p.asked, 3)
	p.told, p.patience = nil, 3
	assert.Contains(t, text(p.say("check")), "Stopped: 1 of 3 not checked.")
	assert.Len(t, p.asked, 5)
}

func TestACheckSaysWhatIsWrong(t *testing.T) {
	for _, c := range []struct {
		why, provider, key string
		status             int
		body, say          string
		added              bool
	}{
		{"wrong key", "groq", "gsk_a1b2c3d4", 401, `{"error":{"message":"Invalid API Key","type":"invalid_request_error","code":"invalid_api_key"}}`, "wrong key", false},
		{"wrong key of Google", "google", "AIzaA1b2c3", 400, `{"error":{"code":400,"message":"API key not valid. Please pass a valid API key.","status":"INVALID_ARGUMENT","details":[{"reason":"API_KEY_INVALID"}]}}`, "wrong key", false},
		{"another region", "moonshotai", "sk-a1b2c3d4", 401, `{"error":{"message":"Invalid Authentication","type":"invalid_authentication_error"}}`, "another region (moonshotai-cn)", false},
		{"a vendor that always says 200", "minimax", "a1b2c3d4e5f6", 200, `{"base_resp":{"status_code":1004,"status_msg":"login fail"}}`, "wrong key", false},
		{"no credit", "deepseek", "sk-a1b2c3d4", 200, `{"is_available":false,"balance_infos":[]}`, "no credit", true},
		{"no credit by status", "openrouter", "sk-or-v1-a1b2", 402, `{"error":{"message":"Insufficient credits","code":402}}`, "no credit", true},
		{"no permission", "openai", "sk-a1b2c3d4", 403, `{"error":{"message":"You have insufficient permissions for this operation. Missing scopes: api.model.read."}}`, "permission", true},
		{"a blocked team", "xai", "xai-a1b2c3d4", 200, `{"redacted_api_key":"xai-...c3d4","team_blocked":true,"api_key_blocked":false,"api_key_disabled":false}`, "permission", true},
		{"a key as good as any", "xai", "xai-a1b2c3d4", 200, `{"redacted_api_key":"xai-...c3d4","team_blocked":false,"api_key_blocked":false,"api_key_disabled":false}`, "works", true},
		{"no region", "anthropic", "sk-ant-a1b2c3d4", 403, `{"error":{"type":"forbidden","message":"Request not allowed in your country, region, or territory"}}`, "does not serve this region", true},
		{"limited", "cerebras", "csk-a1b2c3d4", 429, `{"message":"Too many requests"}`, "limit is reached", true},
		{"the provider is down", "mistral", "a1b2c3d4e5f6", 503, ``, "", true},
		{"nothing tells", "nvidia", "nvapi-a1b2c3d4", 200, ``, "no request that tells", true},
	} {
		p := begin(t, "{}")
		p.pasted, p.status, p.body = c.key, c.status, c.body
		v := p.say("add " + c.provider)
		assert.Contains(t, text(v), c.say, c.why)
		assert.Equal(t, !c.added, v.Failed, "%s: %s", c.why, text(v))
		assert.Equal(t, c.added, p.lease(c.provider) != nil, c.why)
		asked := len(p.asked)
		p.say("add " + c.provider + " --unchecked")
		assert.Len(t, p.asked, asked, "nothing is asked")
		assert.NotNil(t, p.lease(c.provider), c.why)
	}
}

func TestACheckOfWhatIsThere(t *testing.T) {
	p := begin(t, `{"groq":{"type":"api_key","key":"gsk_a1b2c3d4"},"groq-1":{"type":"api_key","key":"$GROQ_WORK"},"openai":{"type":"api_key","key":"sk-a","request":{"baseUrl":"https://proxy.example/v1"}},
		"amazon-bedrock":{"type":"api_key","key":"ABSKabcd","env":{"AWS_REGION":"eu-west-1"}},"amazon-bedrock-1":{"type":"api_key","key":"ABSKefgh","env":{"AWS_REGION":"evil.example/x"}}}`)
	got := text(p.say("check"))
	assert.Contains(t, got, "groq | groq | works")
	assert.Contains(t, got, "groq | groq-1 | not checked: Pi finds the key")
	assert.Contains(t, got, "openai | openai | not checked: it is used at an address of its own")
	assert.Contains(t, got, "amazon-bedrock-1 | not checked")
	var origins []string
	for _, f := range p.asked {
		origins = append(origins, f.Origin)
	}
	assert.Equal(t, []string{"https://bedrock.eu-west-1.amazonaws.com", "https://api.groq.com"}, origins)
}

func TestCloudflareTokensFindTheirAccount(t *testing.T) {
	const id = "0123456789abcdef0123456789abcdef"
	p := begin(t, "{}")
	p.pasted, p.body = "cfat_a1b2c3d4e5f6", `{"success":true,"result":[{"id":"`+id+`","name":"Example"}]}`
	v := p.say("add cloudflare")
	assert.False(t, v.Failed, text(v))
	lease := p.lease("cloudflare-workers-ai")
	require.NotNil(t, lease)
	assert.Equal(t, "https://api.cloudflare.com/client/v4/accounts/"+id+"/ai/v1", lease.BaseURL)
	assert.Contains(t, lease.Credential.Reveal(), `"env":{"CLOUDFLARE_ACCOUNT_ID":"`+id+`"}`)
	p = begin(t, "{}")
	p.pasted, p.body = "cfat_a1b2c3d4e5f6", `{"success":true,"result":[]}`
	v = p.say("add cloudflare")
	assert.True(t, v.Failed)
	assert.Contains(t, text(v), "sees no account")
}

// All tokens of one Cloudflare account share its daily allocation; a refused token says nothing of the others.
func TestTokensOfOneAccountShareItsFaults(t *testing.T) {
	const w = `"request":{"baseUrl":"https://api.cloudflare.com/client/v4/accounts/`
	auth := `{"cloudflare-workers-ai":{"type":"api_key","key":"cfat_a",` + w + `0123456789abcdef0123456789abcdef/ai/v1"}},
		"cloudflare-workers-ai-1":{"type":"api_key","key":"cfat_b","env":{"CLOUDFLARE_ACCOUNT_ID":"0123456789ABCDEF0123456789abcdef"}},
		"cloudflare-workers-ai-2":{"type":"api_key","key":"cfat_c",` + w + `fedcba9876543210fedcba9876543210/ai/v1"}}}`
	p := begin(t, auth)
	lease := p.lease("cloudflare-workers-ai")
	turn := p.settle(lease.ID, core.Outcome{Status: 429, Body: `{"errors":[{"code":3036,"message":"you have used up your daily free allocation of 10,000 neurons"}]}`})
	require.NotNil(t, turn.Lease)
	assert.Equal(t, "cloudflare-workers-ai-2", turn.Lease.Account)
	p = begin(t, auth)
	lease = p.lease("cloudflare-workers-ai")
	turn = p.settle(lease.ID, core.Outcome{Status: 401, Body: `{"errors":[{"code":10000,"message":"Authentication error"}]}`})
	require.NotNil(t, turn.Lease)
	assert.Equal(t, "cloudflare-workers-ai-1", turn.Lease.Account)
}

func TestOneAccountUnderTwoNamesIsSaidAndCoolsOnce(t *testing.T) {
	p := begin(t, `{"groq":{"type":"api_key","key":"gsk_same"},"groq-1":{"type":"api_key","key":"gsk_same"},"groq-2":{"type":"api_key","key":"gsk_other"}}`)
	assert.Contains(t, text(p.say("status")), "groq-1 is the same account as groq")
	assert.Contains(t, p.say("status --json").JSON, `"sameAs":"groq"`)
	lease := p.lease("groq")
	turn := p.settle(lease.ID, core.Outcome{Status: 429, Headers: []core.Header{{Name: "retry-after", Value: "60"}}})
	require.NotNil(t, turn.Lease)
	assert.Equal(t, "groq-2", turn.Lease.Account)
}

func TestAnOverrideIsCheckedWhenItIsUsed(t *testing.T) {
	p := begin(t, `{"openai":{"type":"api_key","key":"sk-a","request":{"baseUrl":"http://127.evil.example/v1"}},
		"openai-1":{"type":"api_key","key":"sk-b","request":{"headers":{"X-Canary":"a\r\nHost: evil"}}},
		"openai-2":{"type":"api_key","key":"sk-c","request":{"baseUrl":"https://Proxy.example:443/v1/","headers":{" X-Team ":"a"}}}}`)
	lease := p.lease("openai")
	require.NotNil(t, lease)
	assert.Equal(t, "openai-2", lease.Account)
	assert.Equal(t, "https://proxy.example/v1", lease.BaseURL)
	assert.Equal(t, []core.SecretHeader{{Name: "X-Team", Value: "a"}}, lease.Headers)
	got := text(p.say("status"))
	assert.Contains(t, got, "request.baseUrl must use https")
	assert.Contains(t, got, "correct its entry")
	assert.NotContains(t, got, "evil")
	assert.NotContains(t, p.disk.files["state"], "misconfigured", "a corrected entry needs nobody to forget")
}

func TestWhatIsWrittenIsNeverACommandOrAVariable(t *testing.T) {
	for key, want := range map[core.Secret]string{"!date": "$!date", "a$HOME": "a$$HOME", "${X}": "$${X}", "$!x": "$$!x", "plain": "plain"} {
		assert.Equal(t, want, core.EscapeTemplate(key).Reveal())
	}
}

func TestAddRefusesInWords(t *testing.T) {
	p := begin(t, "{}")
	for command, say := range map[string]string{
		"add google-gemini-cli": "Google does not allow", "add openai-codex --file x": "takes no keys", "add groq --x": "--unchecked",
		"add ../x": "There is no provider",
	} {
		v := p.say(command)
		assert.True(t, v.Failed)
		assert.Contains(t, text(v), say, command)
	}
	p.pasted = "https://console.groq.com/keys"
	assert.Contains(t, text(p.say("add groq")), "No API keys detected")
}

func TestAnAddressAndHeadersAreSetOnlyWhenTheyAreGood(t *testing.T) {
	p := begin(t, `{"openai":{"type":"api_key","key":"sk-a"}}`)
	for _, bad := range []string{"base-url http://127.evil.example", "base-url https://169.254.169.254", "base-url https://10.0.0.1", "header Host: x", "header X-A: a\x01b"} {
		assert.True(t, p.say("set openai "+bad).Failed, bad)
	}
	assert.Empty(t, p.lease("openai").BaseURL)
	for _, good := range []string{"base-url https://Proxy.example/v1/", "header X-Team: canary", "header x-team: b"} {
		v := p.say("set openai " + good)
		assert.False(t, v.Failed, text(v))
		assert.NotContains(t, text(v), "canary")
	}
	lease := p.lease("openai")
	assert.Equal(t, "https://proxy.example/v1", lease.BaseURL)
	assert.Equal(t, []core.SecretHeader{{Name: "x-team", Value: "b"}}, lease.Headers)
	p.say("set openai base-url https://10.0.0.1 --private")
	assert.Equal(t, "https://10.0.0.1", p.lease("openai").BaseURL)
	p.say("set openai base-url default")
	p.say("set openai header x-team:")
	lease = p.lease("openai")
	assert.Empty(t, lease.BaseURL)
	assert.Empty(t, lease.Headers)
}

func TestAKeyAmongTheWordsIsRefused(t *testing.T) {
	p := begin(t, "{}")
	v := p.say("add groq gsk_a1b2c3d4")
	assert.True(t, v.Failed)
	assert.Contains(t, text(v), "--from-env NAME")
	assert.NotContains(t, text(v), "gsk_")
	assert.Nil(t, p.lease("groq"))
}

func TestAddingIsUndoneAndARemovedAccountComesBack(t *testing.T) {
	p := begin(t, `{"groq":{"type":"api_key","key":"gsk_pi"},"groq-1":{"type":"api_key","key":"gsk_peer"}}`)
	p.pasted = "gsk_a1b2c3d4"
	require.False(t, p.say("add groq --from-env GROQ_KEY --unchecked --name Work").Failed)
	assert.Contains(t, text(p.say("status groq")), "Work", "it is called what it was added as")
	require.False(t, p.say("undo").Failed)
	assert.NotContains(t, text(p.say("status groq")), "Work")

	v := p.say("remove groq --yes")
	assert.True(t, v.Failed)
	assert.Contains(t, text(v), "/logout")
	v = p.say("remove groq-1")
	assert.Contains(t, text(v), "Nothing was removed", "whoever does not say yes keeps it")
	require.False(t, p.say("remove groq-1 --yes").Failed)
	assert.NotContains(t, text(p.say("status groq")), "groq-1")
	require.False(t, p.say("undo").Failed)
	assert.Contains(t, text(p.say("status groq")), "groq-1")
	p.say("pause groq")
	assert.Contains(t, p.lease("groq").Credential.Reveal(), "gsk_peer")
}

func TestARemovedAccountComesBackWhereItStood(t *testing.T) {
	p := begin(t, "{}")
	p.pasted = "gsk_a12345678901\ngsk_b12345678901"
	require.False(t, p.say("add groq --unchecked").Failed)
	p.at += 1000
	require.False(t, p.say("remove groq-1 --yes").Failed)
	p.at += 1000
	require.False(t, p.say("undo").Failed)
	assert.Regexp(t, `(?s)groq-1 \|.*groq-2 \|`, text(p.say("status groq")))
}

// A login of Pi's says nothing of whose it is; its provider does, once.
func TestALoginAsksWhoseItIs(t *testing.T) {
	p := begin(t, "{}")
	p.body = `{"account":{"uuid":"u-1","email":"me@x.example"},"organization":{"uuid":"o-1"}}`
	login := func(token string) *core.View {
		m := core.Message{Login: &core.Login{Provider: "anthropic", Mode: "tui"}}
		for {
			m.At = p.at
			turn, err := p.core.Step(m)
			require.NoError(t, err)
			var others []core.Effect
			var results []core.Result
			for _, x := range turn.Effects {
				switch {
				case x.Fetch != nil:
					p.asked = append(p.asked, *x.Fetch)
					results = append(results, core.Result{ID: x.ID, Fetch: &core.FetchResult{Status: p.status, Body: core.Secret(p.body)}})
				case x.Ask != nil && x.Ask.Pi != nil:
					results = append(results, core.Result{ID: x.ID, Ask: &core.Answer{Text: core.Secret(`{"type":"oauth","access":"` + token + `","refresh":"r` + token + `","expires":1800003600000}`)}})
				default:
					others = append(others, x)
				}
			}
			if results = append(results, p.perform(others)...); turn.Flow == 0 {
				return turn.View
			}
			m = core.Message{Resume: &core.Resume{Flow: turn.Flow, Results: results}}
		}
	}
	v := login("one")
	assert.False(t, v.Failed, text(v))
	assert.Contains(t, text(v), "me@x.example")
	require.Len(t, p.asked, 1)
	assert.Equal(t, "https://api.anthropic.com/api/oauth/profile", p.asked[0].URL)
	p.at += 1000
	v = login("two")
	assert.Contains(t, text(v), "there already", "the same account logged in again keeps its slot")
	p.at, p.status = p.at+1000, 500
	v = login("three")
	assert.False(t, v.Failed, "who does not answer is no reason to fail")
}

func TestAnAddThatIsCancelledLeavesNothingOpen(t *testing.T) {
	p := newDisk().process(t)
	turn, err := p.core.Step(core.Message{At: start, Command: &core.Command{Text: "add kilo", Mode: "tui"}})
	require.NoError(t, err)
	for turn.Effects[0].Fetch == nil {
		require.NotNil(t, turn.Effects[0].Ask.Choose)
		turn, err = p.core.Step(core.Message{At: start, Resume: &core.Resume{Flow: turn.Flow,
			Results: []core.Result{{ID: turn.Effects[0].ID, Ask: &core.Answer{Text: "login"}}}}})
		require.NoError(t, err)
	}
	_, err = p.core.Step(core.Message{At: start, Cancel: &core.Cancel{Flow: turn.Flow}})
	require.NoError(t, err)
	assert.Zero(t, p.core.Flows(), "the login that was begun inside of it has ended too")
}

func TestAProviderThatGoesAwayWhileKeysAreCheckedIsLeftOut(t *testing.T) {
	d := &disk{files: map[string]string{"auth": `{"groq":{"type":"api_key","key":"gsk_a12345678"},"xai":{"type":"api_key","key":"xai-b12345678"}}`}}
	p := d.process(t)
	turn, err := p.core.Step(core.Message{At: start, Command: &core.Command{Text: "check", Mode: "tui"}})
	require.NoError(t, err)
	require.NotNil(t, turn.Effects[0].Ask.Progress)
	turn, err = p.core.Step(core.Message{At: start, Resume: &core.Resume{Flow: turn.Flow, Results: []core.Result{{ID: turn.Effects[0].ID, Ask: &core.Answer{}}}}})
	require.NoError(t, err)
	require.NotNil(t, turn.Effects[0].Ask.Pi)
	turn, err = p.core.Step(core.Message{At: start, Resume: &core.Resume{Flow: turn.Flow, Results: []core.Result{{ID: turn.Effects[0].ID, Ask: &core.Answer{}}}}})
	require.NoError(t, err)
	require.NotNil(t, turn.Effects[0].Fetch)
	d.files["auth"] = `{}`
	p.changed("auth")
	asked := turn.Effects[0].ID
	turn, err = p.core.Step(core.Message{At: start, Resume: &core.Resume{Flow: turn.Flow, Results: []core.Result{{ID: asked, Fetch: &core.FetchResult{Status: 200, Body: "{}"}}}}})
	require.NoError(t, err)
	require.NotNil(t, turn.View)
	assert.Len(t, turn.View.Rows, 2)
}

func TestWhatANameLeadsTo(t *testing.T) {
	const barred, away = "never asked", "does not lead to this machine"
	for _, c := range []struct{ url, addresses, why string }{
		{"https://llm.corp.example", `["203.0.113.9"]`, ""},
		{"https://llm.corp.example", `["10.0.0.7","fd00::7"]`, ""},
		{"https://llm.corp.example", `[]`, ""},
		{"https://llm.corp.example", `["203.0.113.9","169.254.169.254"]`, barred},
		{"https://llm.corp.example", `["fe80::1%eth0"]`, barred},
		{"https://llm.corp.example", `["::ffff:169.254.169.254"]`, barred},
		{"https://llm.corp.example", `["fd00:ec2::254"]`, barred},
		{"https://llm.corp.example", `["not an address"]`, barred},
		{"http://localhost:8080", `["127.0.0.1","::1"]`, ""},
		{"http://a.localhost", `["203.0.113.9"]`, away},
		{"http://a.localhost", `["127.0.0.1","192.168.1.2"]`, away},
	} {
		d := &disk{files: map[string]string{}}
		turn, err := d.process(t).core.Step(core.Message{At: start, Inspect: &core.Inspect{Line: `{"what":"reach","url":"` + c.url + `","addresses":` + c.addresses + `}`}})
		require.NoError(t, err)
		if c.why == "" {
			assert.Equal(t, "{}", turn.Inspected.Line, c.addresses)
		} else {
			assert.Contains(t, turn.Inspected.Line, c.why, c.addresses)
		}
	}
}

func TestWhereAKeyBelongsIsAskedOnceAnHour(t *testing.T) {
	p := begin(t, `{}`)
	p.pasted = "cfat_a1B2c3D4e5F6a7B8c9D0e1F2a3B4c5D6e7F8a9B0"
	p.body = `{"success":true,"errors":[],"result":[{"id":"0123456789abcdef0123456789abcdef","name":"Example"}]}`
	lists := func() (n int) {
		for _, f := range p.asked {
			if strings.Contains(f.URL, "/client/v4/accounts?") {
				n++
			}
		}
		return n
	}
	p.status = 403
	assert.Contains(t, text(p.say("add cloudflare-workers-ai")), "not added")
	assert.Equal(t, 1, lists())
	p.status = 200
	assert.Contains(t, text(p.say("add cloudflare-workers-ai")), "added")
	assert.Equal(t, 2, lists(), "a refusal is not kept: it may be mended")
	assert.Contains(t, text(p.say("add cloudflare-workers-ai")), "was there already")
	assert.Equal(t, 2, lists(), "what was found is")
	p.at = p.at.Add(2 * core.Hour)
	p.say("add cloudflare-workers-ai")
	assert.Equal(t, 3, lists())
}
