package engine_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"github.com/tidwall/gjson"

	"pimultiauth/core"
	"pimultiauth/core/engine"
	"pimultiauth/providers"
)

// machine is a person whose other programs keep accounts at places, and whose written files are noted.
type machine struct {
	*process
	places  map[string]string
	choice  string
	typed   []string
	env     map[string]string
	written map[string]string
	fetched []core.Fetch
	profile string
	mode    string
}

func newMachine(t *testing.T, auth string) *machine {
	return &machine{process: (&disk{files: map[string]string{"auth": auth}}).process(t), places: map[string]string{}, env: map[string]string{},
		written: map[string]string{}, mode: "tui"}
}

func sample(t *testing.T, name string) string {
	text, err := os.ReadFile(filepath.Join("testdata", "foreign", name))
	require.NoError(t, err)
	return string(text)
}

func (p *machine) say(text string) *core.View {
	p.t.Helper()
	turn := p.follow(core.Message{Command: &core.Command{Text: text, Mode: p.mode}})
	require.NotNil(p.t, turn.View)
	return turn.View
}

// follow tells the core something and performs what it asks for.
func (p *machine) follow(m core.Message) core.Turn {
	p.t.Helper()
	for {
		m.At = p.at
		turn, err := p.core.Step(m)
		require.NoError(p.t, err)
		var results []core.Result
		for _, x := range turn.Effects {
			r, mine := p.answer(x)
			if !mine {
				results = append(results, p.perform([]core.Effect{x})...)
			} else if x.Waits {
				r.ID = x.ID
				results = append(results, r)
			}
		}
		if turn.Flow == 0 {
			return turn
		}
		m = core.Message{Resume: &core.Resume{Flow: turn.Flow, Results: results}}
	}
}

func (p *machine) answer(x core.Effect) (r core.Result, mine bool) {
	switch {
	case x.Fetch != nil:
		p.fetched = append(p.fetched, *x.Fetch)
		r.Fetch = &core.FetchResult{Status: 200, Body: core.Secret(p.profile)}
		return r, true
	case x.File != nil && x.File.Op == "create":
		if _, ok := p.written[x.File.Name]; ok {
			r.Error = "there is a file of that name already"
			return r, true
		}
		p.written[x.File.Name] = x.File.Delta.Reveal()
		r.File = &core.FileResult{}
		return r, true
	case x.File != nil && x.File.Op == "append":
		p.disk.files[x.File.Name] += x.File.Delta.Reveal()
		return r, true
	case x.File != nil && x.File.Op == "put":
		p.disk.files["auth"] = core.JoinObjects(p.disk.files["auth"], (&core.Object{}).Raw(x.File.Key, x.File.Delta.Reveal()).Text())
		r.File = &core.FileResult{}
		return r, true
	case x.Ask == nil:
		return r, false
	}
	r.Ask = &core.Answer{}
	switch a := x.Ask; {
	case a.Choose != nil:
		if p.choice == "" {
			r.Error = "nobody is there to answer"
		}
		r.Ask.Text = core.Secret(p.choice)
	case a.Prompt != nil:
		r.Ask.Text, p.typed = core.Secret(p.typed[0]), p.typed[1:]
	case a.Crypto != nil && a.Crypto.Op == "seal":
		r.Ask.Text = core.Secret((&core.Object{}).String("with", a.Crypto.Key.Reveal()).String("data", a.Crypto.Text.Reveal()).Text())
	case a.Crypto != nil && a.Crypto.Op == "open":
		if r.Ask.Text = core.Secret(gjson.Get(a.Crypto.Text.Reveal(), "data").String()); gjson.Get(a.Crypto.Text.Reveal(), "with").String() != a.Crypto.Key.Reveal() {
			r.Error = "the passphrase is another one, or the file is damaged"
		}
	case a.Input != nil && a.Input.Kind == "env":
		r.Ask.Text = core.Secret(p.env[a.Input.Name])
	case a.Input != nil:
		text, ok := p.places[a.Input.Name]
		switch {
		case strings.HasPrefix(text, "error: "):
			r.Error = text[7:]
		case ok:
			r.Ask.Text, r.Ask.Extra = core.Secret(text), core.Secret(a.Input.Name)
		case a.Input.Kind == "file":
			r.Error = "there is no such file"
		}
	case a.Sleep != nil:
	default:
		return r, false
	}
	return r, true
}

// accounts are the credentials that our file holds by now, by account.
func (p *machine) accounts() map[string]string {
	out := map[string]string{}
	gjson.Get(p.disk.files["accounts"], "providers").ForEach(func(_, provider gjson.Result) bool {
		provider.Get("accounts").ForEach(func(id, account gjson.Result) bool {
			account.Get("credential").ForEach(func(_, c gjson.Result) bool {
				out[id.String()] = c.Get("entry").Raw
				return true
			})
			return true
		})
		return true
	})
	return out
}

func everything(t *testing.T) *machine {
	p := newMachine(t, "{}")
	p.places["~/.claude/.credentials.json"] = sample(t, "claude-code.json")
	p.places["$CODEX_HOME/auth.json"] = sample(t, "codex.json")
	p.places["~/.config/gh/hosts.yml"] = sample(t, "gh.yml")
	p.places["~/.local/share/opencode/auth.json"] = sample(t, "opencode.json")
	p.places["~/.cli-proxy-api"] = core.Array([]string{
		(&core.Object{}).String("path", "/h/.cli-proxy-api/one.json").String("text", sample(t, "cliproxyapi.json")).Text(),
		(&core.Object{}).String("path", "/h/.cli-proxy-api/two.json").String("error", "permission denied").Text(),
	})
	return p
}

func TestWhatOtherProgramsKeepIsFoundAndNothingIsTaken(t *testing.T) {
	p := everything(t)
	v := p.say("import")
	for _, row := range []string{
		"Claude Code | anthropic | a login | 09:00 | new",
		"Codex CLI | openai-codex | ",
		"Codex CLI | openai | sk-…7890 | - | new",
		"GitHub CLI | github-copilot | gho_…6789 | - | new",
		"opencode | anthropic | a login | 09:00 | new",
		"opencode | openai-codex | ",
		"opencode | groq | gsk_…7890 | - | new",
		"opencode | kimi-coding | sk-kimi-…7890 | - | new",
		"opencode | https://models.example | … | - | left alone: Pi has no such provider",
		"CLIProxyAPI | anthropic | one@example.com | 09:00 | new",
		"CLIProxyAPI | - | - | - | /h/.cli-proxy-api/two.json: permission denied",
	} {
		assert.Contains(t, text(v), row)
	}
	assert.NotContains(t, text(v), "canary", "no secret is shown")
	assert.NotContains(t, text(v), "ghe.example", "another host's token is not GitHub's")
	assert.Empty(t, p.accounts())
	assert.Empty(t, p.fetched, "looking asks nobody")
}

func TestALoginIsNotTakenWithoutAWordAboutItsOnlyOwner(t *testing.T) {
	p := everything(t)
	p.choice = ""
	v := p.say("import claude-code")
	assert.Contains(t, text(v), "has one owner")
	assert.Contains(t, text(v), "--borrow")
	assert.Empty(t, p.accounts())
}

func TestABorrowedLoginIsReadAgainAndNeverRedeemed(t *testing.T) {
	p := everything(t)
	p.profile = `{"account":{"uuid":"u-1","email":"one@example.com"},"organization":{"uuid":"o-1"}}`
	v := p.say("import claude-code --borrow")
	assert.Contains(t, text(v), "anthropic-1 | borrowed from Claude Code")
	entry := p.accounts()["anthropic-1"]
	assert.NotContains(t, entry, "sk-ant-ort01-canary-r", "the refresh token stays the other program's alone")
	assert.Equal(t, "max", gjson.Get(entry, "subscriptionType").String())
	assert.Contains(t, text(p.say("import")), "Claude Code | anthropic | a login | 09:00 | there already, as anthropic-1")
	p.fetched = nil
	p.at += 3_600_000
	lease := func() core.Turn {
		return p.follow(core.Message{Acquire: &core.Acquire{Provider: "anthropic", Model: "m", Mode: "print"}})
	}
	turn := lease()
	require.Nil(t, turn.Lease, "its owner has not renewed it")
	assert.Contains(t, turn.Refuse.Say, "anthropic")
	assert.Empty(t, p.fetched)
	p.places["~/.claude/.credentials.json"] = strings.ReplaceAll(strings.ReplaceAll(sample(t, "claude-code.json"), "canary-a", "canary-b"), "1800003600000", "1800007200000")
	p.at += 20 * 60_000
	turn = lease()
	require.NotNil(t, turn.Lease, "%+v", turn)
	assert.Contains(t, turn.Lease.Credential.Reveal(), "canary-b")
	for _, f := range p.fetched {
		assert.Equal(t, "GET", f.Method, "nothing is redeemed")
	}
	p.places["~/.claude/.credentials.json"] = strings.ReplaceAll(sample(t, "claude-code.json"), "canary-a", "canary-c")
	p.profile = `{"account":{"uuid":"u-2"},"organization":{"uuid":"o-2"}}`
	p.at += 7_200_000
	assert.Nil(t, lease().Lease, "who logged in there as somebody else does not become this account")
}

func TestAMovedLoginSaysWhatHappensToItsFormerOwner(t *testing.T) {
	p := everything(t)
	v := p.say("import codex --move")
	assert.Contains(t, text(v), "log in to it again")
	assert.Contains(t, p.accounts()["openai-codex-1"], "rt_canary")
	assert.Contains(t, p.accounts()["openai-1"], "sk-canary-key")
	assert.Equal(t, int64(1_800_003_600_000), gjson.Get(p.accounts()["openai-codex-1"], "expires").Int(), "the token says when it ends")
	v = p.say("import codex --move")
	assert.Contains(t, text(v), "openai-codex-1 | there already")
	assert.Contains(t, text(v), "Nothing new was imported")
	assert.False(t, p.say("undo").Failed)
	assert.NotContains(t, text(p.say("status")), "openai-codex-1")
}

func TestWhatTermsSayOfSubscriptionsIsToldOncePerPerson(t *testing.T) {
	p := everything(t)
	assert.Contains(t, text(p.say("import claude-code --borrow")), "Said this once")
	assert.NotContains(t, text(p.say("import codex --move")), "Said this once")
	assert.Contains(t, p.accounts(), "openai-codex-1")
	// Another process of the same person knows it too.
	next := &machine{process: p.disk.process(t), places: p.places, mode: "tui"}
	assert.NotContains(t, text(next.say("import cliproxyapi --move")), "Said this once")
	other := everything(t)
	delete(other.places, "~/.claude/.credentials.json")
	other.places["$CODEX_HOME/auth.json"] = `{"OPENAI_API_KEY":"sk-canary-key"}`
	assert.NotContains(t, text(other.say("import codex --move")), "Said this once", "a key is no login of a subscription")
	assert.Contains(t, other.accounts(), "openai-1")
}

func TestAKeyThatLooksLikeACommandIsImportedAsAKey(t *testing.T) {
	p := newMachine(t, "{}")
	p.places["~/.local/share/opencode/auth.json"] = `{"groq":{"type":"api","key":"!rm $HOME"}}`
	p.say("import opencode")
	assert.Equal(t, "$!rm $$HOME", gjson.Get(p.accounts()["groq-1"], "key").String())
}

func TestDamagedFilesOfOtherProgramsAreSaidAndHurtNobody(t *testing.T) {
	for _, c := range []struct{ text, say string }{
		{"", "damaged"}, {"[]", "damaged"}, {"{", "damaged"}, {"null", "damaged"}, {"\x00\xff", "damaged"},
		{`{"claudeAiOauth":7}`, "no accounts"}, {`{"claudeAiOauth":{"accessToken":7}}`, ""}, {`{"claudeAiOauth":{"accessToken":"","refreshToken":null}}`, "no accounts"},
		{`{"claudeAiOauth":{"accessToken":["a"],"expiresAt":1e400}}`, ""}, {strings.Repeat(`{"a":`, 5000) + "1" + strings.Repeat("}", 5000), "damaged"},
		{"error: permission denied", "cannot be read: permission denied"},
	} {
		p := newMachine(t, "{}")
		p.places["~/.claude/.credentials.json"] = c.text
		v := p.say("import claude-code --borrow")
		if c.say != "" {
			assert.True(t, v.Failed, "%.40q", c.text)
			assert.Contains(t, text(v), c.say, "%.40q", c.text)
		}
	}
}

func TestRetiredProvidersAreNotImported(t *testing.T) {
	p := newMachine(t, "{}")
	p.places["~/.cli-proxy-api"] = core.Array([]string{(&core.Object{}).String("path", "/x.json").String("text", `{"type":"antigravity","access_token":"a","refresh_token":"r"}`).Text()})
	v := p.say("import cliproxyapi --move")
	assert.Contains(t, text(v), "left alone")
	assert.Empty(t, p.accounts())
}

func TestAnExportIsSealedAndImportedElsewhere(t *testing.T) {
	p := newMachine(t, `{"groq":{"type":"api_key","key":"gsk_canary1"},"anthropic-1":{"type":"oauth","access":"a-canary","refresh":"r-canary","expires":1800003600000}}`)
	p.say("import claude-code --borrow")
	p.say("rename groq spare")
	p.say("set groq base-url https://api.groq.com/other")
	p.typed = []string{"one", "two"}
	assert.Contains(t, text(p.say("export /tmp/x.json")), "differ")
	p.mode = "print"
	assert.Contains(t, text(p.say("export /tmp/x.json")), "--from-env")
	p.env["PASS"] = "secret"
	v := p.say("export /tmp/x.json --from-env PASS")
	assert.False(t, v.Failed, text(v))
	assert.Contains(t, text(v), "2 accounts are in /tmp/x.json")
	assert.Contains(t, text(v), "lives on one machine")
	assert.Contains(t, text(p.say("export /tmp/x.json --from-env PASS")), "already")
	q := newMachine(t, "{}")
	q.mode, q.places["/tmp/x.json"] = "print", p.written["/tmp/x.json"]
	q.env["PASS"] = "wrong"
	assert.Contains(t, text(q.say("import /tmp/x.json --from-env PASS")), "passphrase is another one")
	assert.Empty(t, q.accounts())
	q.env["PASS"] = "secret"
	v = q.say("import /tmp/x.json --from-env PASS")
	assert.False(t, v.Failed, text(v))
	assert.Contains(t, q.accounts()["groq-1"], "gsk_canary1")
	assert.Contains(t, q.accounts()["anthropic-1"], "r-canary")
	assert.Contains(t, text(q.say("status")), "spare")
	lease := q.follow(core.Message{Acquire: &core.Acquire{Provider: "groq", Model: "m", Mode: "print"}}).Lease
	assert.Equal(t, "https://api.groq.com/other", lease.BaseURL)
	v = p.say("export /tmp/plain.json --plain")
	assert.Contains(t, text(v), "readable to whoever gets it")
	assert.Contains(t, p.written["/tmp/plain.json"], "gsk_canary1")
	assert.NotContains(t, p.written["/tmp/x.json"][:60], "accounts")
}

func TestAccountsAreGivenBackToAuthJSONAndPisOwnEntryStays(t *testing.T) {
	const pis = `{"type":"oauth","access":"pi","refresh":"pi-r","expires":1800003600000,"big":12345678901234567890}`
	p := newMachine(t, `{"anthropic":`+pis+`,"odd":7}`)
	p.places["~/.local/share/opencode/auth.json"] = sample(t, "opencode.json")
	p.say("import opencode --move")
	p.say("set groq-1 base-url https://api.groq.com/other")
	v := p.say("export --to auth.json")
	assert.False(t, v.Failed, text(v))
	auth := gjson.Parse(p.disk.files["auth"])
	assert.Equal(t, pis, auth.Get("anthropic").Raw)
	assert.Equal(t, "7", auth.Get("odd").Raw)
	assert.Equal(t, "r-canary", auth.Get("anthropic-1.refresh").String())
	assert.Equal(t, "gsk_canary!$$1234567890", auth.Get("groq-1.key").String(), "no value runs as a command or expands a variable")
	assert.Equal(t, "https://api.groq.com/other", auth.Get("groq-1.request.baseUrl").String())
	assert.NotContains(t, p.disk.files["accounts"], "canary", "a single-use token has one owner")
	lease := p.follow(core.Message{Acquire: &core.Acquire{Provider: "groq", Model: "m", Mode: "print"}}).Lease
	require.NotNil(t, lease)
	assert.Equal(t, "https://api.groq.com/other", lease.BaseURL, "they serve from there")
	assert.Contains(t, text(p.say("export --to auth.json")), "already")
}

func TestWhatThePeerLeftIsTakenOver(t *testing.T) {
	p := newMachine(t, `{"anthropic":{"type":"oauth","access":"a","refresh":"r","expires":1800003600000},"anthropic-1":{"type":"oauth","access":"b","refresh":"s","expires":1800003600000}}`)
	assert.Contains(t, text(p.say("import")), "1 entries of auth.json")
	assert.Contains(t, text(p.say("import peer")), "anthropic-1")
	assert.Empty(t, p.accounts())
	assert.False(t, p.say("import peer --move").Failed)
	assert.Len(t, p.accounts(), 1)
	assert.Contains(t, text(p.say("status")), "anthropic-1")
	assert.NotContains(t, text(p.say("status")), "@auth", "the entry is not an account beside it")
	assert.Contains(t, text(p.say("import peer")), "Nothing to import")
}

func TestAnotherModeIsRunOverKeptDecisions(t *testing.T) {
	p := newMachine(t, `{"demo":{"type":"api_key","key":"a"},"demo-1":{"type":"api_key","key":"b"}}`)
	p.core = engine.New(providers.All())
	p.follow(core.Message{Seed: 5, Start: &core.Start{Known: []string{"demo"}, Decisions: true}})
	assert.Contains(t, text(p.say("simulate --mode fill-first")), "No decisions are kept yet")
	assert.True(t, p.say("simulate --mode nonsense").Failed)
	for i := range 6 {
		p.at += 100
		turn := p.follow(core.Message{Acquire: &core.Acquire{Provider: "demo", Model: "m", Session: "s" + string(rune('0'+i)), Mode: "print"}})
		p.at += 100
		p.follow(core.Message{Settle: &core.Settle{Lease: turn.Lease.ID, Outcome: good}})
	}
	v := p.say("simulate --mode fill-first --json")
	was, would := gjson.Get(v.JSON, "providers.0.was.accounts"), gjson.Get(v.JSON, "providers.0.would.accounts")
	assert.Equal(t, `{"demo":3,"demo-1":3}`, was.Raw, v.JSON)
	assert.Equal(t, `{"demo":6}`, would.Raw, v.JSON)
	same := p.say("simulate --mode round-robin --json").JSON
	assert.Equal(t, gjson.Get(same, "providers.0.was").Raw, gjson.Get(same, "providers.0.would").Raw, "the same mode fares the same")
}

// besideOurs is a machine on which the peer, which numbers accounts without knowing ours, has put one under a name of ours, and that was
// taken over.
func besideOurs(t *testing.T) *machine {
	p := newMachine(t, `{}`)
	p.places["~/.local/share/opencode/auth.json"] = sample(t, "opencode.json")
	p.say("import opencode --move")
	require.Contains(t, p.accounts()["anthropic-1"], "r-canary")
	p.disk.files["auth"] = `{"anthropic-1":{"type":"oauth","access":"b","refresh":"s","expires":1900003600000}}`
	p.changed("auth")
	assert.Equal(t, 1, strings.Count(text(p.say("status")), "anthropic-1@auth"))
	assert.False(t, p.say("import peer --move").Failed)
	assert.Contains(t, p.accounts()["anthropic-1"], "r-canary", "ours is not written over")
	assert.Contains(t, p.accounts()["anthropic-1@auth"], `"refresh":"s"`)
	assert.Contains(t, text(p.say("import peer")), "Nothing to import")
	return p
}

func TestWhatThePeerPutsUnderATakenNameIsOneAccountBesideIt(t *testing.T) {
	p := besideOurs(t)
	assert.Equal(t, 1, strings.Count(text(p.say("status")), "anthropic-1@auth"), "the entry it came from is no account of its own any more")
	assert.False(t, p.say("remove anthropic-1@auth --yes").Failed)
	assert.NotContains(t, text(p.say("status")), "@auth", "and neither it nor the entry is left when it is removed")
	assert.Contains(t, p.accounts()["anthropic-1"], "r-canary")
}

func TestWhoStandsInThePlaceOfAnEntryGoesBackIntoIt(t *testing.T) {
	p := besideOurs(t)
	assert.False(t, p.say("export --to auth.json").Failed)
	auth := gjson.Parse(p.disk.files["auth"])
	assert.Equal(t, "s", auth.Get("anthropic-1.refresh").String())
	assert.Equal(t, "r-canary", auth.Get("anthropic-2.refresh").String())
	assert.NotContains(t, p.disk.files["auth"], "@auth", "the peer has no such names")
}

func TestEverySourceThatIsOfferedIsOne(t *testing.T) {
	p := newMachine(t, `{}`)
	offered := p.say(`complete "import "`).Rows
	assert.Len(t, offered, 6)
	for _, row := range offered {
		assert.NotContains(t, text(p.say("import "+row.Cells[0])), "A source is one of", row.Cells[0])
	}
}
