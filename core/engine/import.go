package engine

import (
	"strings"

	"github.com/tidwall/gjson"

	"pimultiauth/core"
	"pimultiauth/core/flow"
	"pimultiauth/core/oauth"
	"pimultiauth/core/store"
	"pimultiauth/core/view"
)

// source is another program that keeps accounts of its own, and where.
type source struct {
	id   string
	name string
	// places are files, of which the first that is there counts; one that ends in "/*" is all of a folder. tool is asked when there is none.
	places []string
	tool   string
	// rows are where such a file holds an account.
	rows []sourceRow
	// hidden says of what is kept where nobody else reads it, "" for nothing.
	hidden string
}

// sourceRow is an object of a file that is an account.
type sourceRow struct {
	// provider is whose it is; "" where "type" or the name of the object says so.
	provider string
	// at is the object's name within the file, "*" stands for each of them and "" for the file itself.
	at string
}

// sources are the programs that are known: Claude Code (docs, "Credential management"), Codex CLI (docs, "Authentication"), GitHub CLI
// (manual, "gh auth login"), opencode (docs, "Providers") and CLIProxyAPI (its README); read 2026-11.
var sources = []source{
	{"claude-code", "Claude Code", []string{"$CLAUDE_CONFIG_DIR/.credentials.json", "~/.claude/.credentials.json"}, "claude-keychain",
		[]sourceRow{{"anthropic", "claudeAiOauth"}}, ""},
	{"codex", "Codex CLI", []string{"$CODEX_HOME/auth.json", "~/.codex/auth.json"}, "", []sourceRow{{"openai-codex", "tokens"}, {"openai", ""}},
		"where its configuration says cli_auth_credentials_store = \"keyring\", its login is in the system's store and cannot be read"},
	{"gh", "GitHub CLI", []string{"$GH_CONFIG_DIR/hosts.yml", "$XDG_CONFIG_HOME/gh/hosts.yml", "$APPDATA/GitHub CLI/hosts.yml", "~/.config/gh/hosts.yml"}, "gh",
		[]sourceRow{{"github-copilot", ""}}, ""},
	{"opencode", "opencode", []string{"$XDG_DATA_HOME/opencode/auth.json", "~/.local/share/opencode/auth.json"}, "", []sourceRow{{"", "*"}}, ""},
	{"cliproxyapi", "CLIProxyAPI", []string{"~/.cli-proxy-api/*"}, "", []sourceRow{{"", ""}}, ""},
}

// theirNames are what other programs call a provider; with "/oauth" behind it of a login alone.
var theirNames = core.Table{
	{"claude", "anthropic"}, {"codex", "openai-codex"}, {"openai/oauth", "openai-codex"}, {"kimi", "kimi-coding"}, {"kimi-for-coding", "kimi-coding"}, {"copilot", "github-copilot"},
	{"zai-coding-plan", "zai"}, {"zhipuai-coding-plan", "zai-coding-cn"}, {"vercel", "vercel-ai-gateway"}, {"azure", "azure-openai-responses"}, {"gemini-cli", "google-gemini-cli"},
	{"gemini", "google-gemini-cli"}, {"antigravity", "google-antigravity"},
}

// borrowed is the field of a credential that is read from another program's file and never renewed here.
const borrowed = "borrowed"

// foreign is an account that was found elsewhere.
type foreign struct {
	provider string
	// entry is as auth.json would hold it.
	entry core.Secret
	login bool
	label string
	// path is the file it stands in.
	path string
	// base and headers came with a file of ours.
	base    string
	headers string
}

// The names that programs have for one thing.
var (
	keyNames     = []string{"key", "api_key", "OPENAI_API_KEY", "oauth_token"}
	accessNames  = []string{"accessToken", "access_token", "access"}
	refreshNames = []string{"refreshToken", "refresh_token", "refresh"}
	endNames     = []string{"expiresAt", "expires_at", "expires", "expired", "expiry"}
	extraNames   = [][2]string{{"accountId", "accountId"}, {"account_id", "accountId"}, {"email", "email"}, {"subscriptionType", "subscriptionType"}, {"enterpriseUrl", "enterpriseUrl"}}
)

// readForeign reads one account of another program totally; false for what is none.
func readForeign(provider string, o gjson.Result) (foreign, bool) {
	text := func(names []string) string { return strings.TrimSpace(core.First(o, names...).String()) }
	f := foreign{provider: provider}
	access, refresh := text(accessNames), text(refreshNames)
	key := core.First(o, keyNames...)
	switch {
	case access != "" || refresh != "":
		f.login = true
		end := core.First(o, endNames...)
		ends := core.EpochTime(end)
		if ends.IsZero() && end.Type == gjson.String {
			ends, _ = core.ParseTimestamp(end.Str)
		}
		if ends.IsZero() {
			ends = core.ClaimedExpiry(access)
		}
		if ends.IsZero() && refresh != "" {
			// Whatever its end may be, a token that can be renewed is renewed before it is trusted.
			ends = 1
		}
		entry := (&core.Object{}).String("type", "oauth").String("access", access).String("refresh", refresh).Int("expires", int64(ends))
		for _, n := range extraNames {
			if v := o.Get(n[0]); v.Type == gjson.String && v.Str != "" {
				entry.String(n[1], core.Plain(v.Str, 200))
			}
		}
		f.entry = core.Secret(entry.Text())
	case key.Type == gjson.String && strings.TrimSpace(key.Str) != "":
		f.entry = core.Secret((&core.Object{}).String("type", "api_key").String("key", core.EscapeTemplate(core.Secret(strings.TrimSpace(key.Str))).Reveal()).Text())
	default:
		return f, false
	}
	return f, store.ValidID(provider)
}

// providerNamed is a provider by the name another program has for it.
func (e *Engine) providerNamed(name string, login bool) string {
	if id := theirNames.Of(name + "/oauth"); id != "" && login {
		return id
	}
	if id := theirNames.Of(name); id != "" {
		return id
	}
	if p, ok := e.catalogue[name]; ok {
		return p.ID
	}
	return name
}

// readSource reads what a file of another program holds. why says that it is no such file.
func (e *Engine) readSource(rows []sourceRow, text, path string) (found []foreign, why string) {
	if strings.HasSuffix(path, ".yml") {
		text = hostsJSON(text)
	}
	root, ok := core.ReadObject(text)
	if !ok {
		return nil, "it is damaged or of another shape"
	}
	add := func(provider string, o gjson.Result) {
		f, ok := readForeign(provider, o)
		if !ok {
			return
		}
		f.provider, f.path = e.providerNamed(provider, f.login), path
		found = append(found, f)
	}
	for _, row := range rows {
		switch {
		case row.at == "*":
			root.ForEach(func(name, o gjson.Result) bool {
				id, _ := store.Owner(name.String(), e.knows)
				add(id, o)
				return len(found) < mostChecked
			})
		case row.provider == "":
			add(root.Get("type").String(), root)
		case row.at == "":
			add(row.provider, root)
		default:
			add(row.provider, root.Get(row.at))
		}
	}
	return found, ""
}

// hostsJSON is GitHub's own host of gh's hosts.yml as JSON: of YAML only what gh writes, a key and a word a line.
func hostsJSON(text string) string {
	var o core.Object
	at := ""
	for line := range strings.Lines(text) {
		key, value, ok := strings.Cut(strings.TrimSpace(line), ":")
		value = strings.Trim(strings.TrimSpace(value), `"'`)
		switch {
		case !ok:
		case line[0] != ' ' && line[0] != '\t':
			at = key
		case at == "github.com" && key == "oauth_token" && value != "" && !strings.Contains(o.Text(), key):
			o.String(key, value)
		}
	}
	return o.Text()
}

// look finds what a program keeps. why says what could not be read, "" for nothing.
func (e *Engine) look(h *flow.Host, s *source) (found []foreign, why string) {
	for _, place := range s.places {
		kind, path := "place", place
		if folder, ok := strings.CutSuffix(place, "/*"); ok {
			kind, path = "folder", folder
		}
		answer, err := h.Ask(core.Ask{Input: &core.Input{Kind: kind, Name: path}})
		at := answer.Extra.Reveal()
		switch {
		case err != nil:
			return nil, view.Clean(place) + " cannot be read: " + core.PlainLine(err.Error(), 100)
		case at == "":
			continue
		case kind == "place":
			if found, why = e.readSource(s.rows, answer.Text.Reveal(), at); why != "" {
				why = view.Clean(at) + ": " + why
			}
		default:
			gjson.Parse(answer.Text.Reveal()).ForEach(func(_, file gjson.Result) bool {
				var more []foreign
				not := file.Get("error").String()
				if not == "" {
					more, not = e.readSource(s.rows, file.Get("text").String(), file.Get("path").String())
				}
				if not != "" && why == "" {
					why = view.Clean(file.Get("path").String()) + ": " + core.PlainLine(not, 100)
				}
				found = append(found, more...)
				return true
			})
		}
		if len(found) > 0 || why != "" {
			return found, why
		}
		break
	}
	if s.tool != "" {
		if answer, err := h.Ask(core.Ask{Input: &core.Input{Kind: "tool", Name: s.tool}}); err != nil {
			return nil, core.PlainLine(err.Error(), 100)
		} else if text := answer.Text.Reveal(); text != "" {
			if !strings.HasPrefix(text, "{") {
				text = (&core.Object{}).String("oauth_token", text).Text()
			}
			return e.readSource(s.rows, text, s.tool)
		}
	}
	return nil, s.hidden
}

// bringIn is the command that takes accounts of other programs over: without a source it only shows what there is.
func (e *Engine) bringIn(h *flow.Host, c *call) *core.View {
	word := c.word(0)
	v := &core.View{Title: "Found", Rows: []core.Row{{Cells: []string{"source", "provider", "account", "ends", ""}, Tone: "head"}}}
	var chosen *source
	for i := range sources {
		if s := &sources[i]; word == s.id || strings.EqualFold(word, s.name) {
			chosen = s
		}
	}
	switch {
	case word == "peer":
		return e.adopt(h, c)
	case word != "" && chosen == nil:
		return e.importFile(h, c, word)
	}
	var found []foreign
	for i := range sources {
		s := &sources[i]
		if chosen != nil && s != chosen {
			continue
		}
		list, why := e.look(h, s)
		for j := range list {
			v.Rows = append(v.Rows, e.foundRow(h, s, &list[j]))
		}
		if why != "" && (chosen != nil || why != s.hidden) {
			v.AddRow("bad", s.name, "-", "-", "-", why)
		}
		found = append(found, list...)
	}
	if chosen == nil {
		if n := len(e.leftByPeer()); n > 0 {
			v.AddRow("", "peer", "-", core.Decimal(int64(n))+" entries of auth.json", "-", "used where they stand; import peer --move takes them over")
		}
		v.Notes = []string{"import SOURCE takes over; a source is one of claude-code, codex, gh, opencode, cliproxyapi, peer, or the path of a file."}
		if len(v.Rows) == 1 {
			v.Rows, v.Notes = nil, append([]string{"There is nothing to import."}, v.Notes...)
		}
		return v
	}
	if len(found) == 0 {
		v.Failed, v.Title = true, chosen.name+" has no accounts that can be read"
		if len(v.Rows) == 1 {
			v.Rows = nil
		}
		return v
	}
	way, no := e.wayOf(h, c, chosen, found, v)
	if no != nil {
		return no
	}
	return e.takeOver(h, c, chosen, found, way)
}

func (e *Engine) foundRow(h *flow.Host, s *source, f *foreign) core.Row {
	row := core.Row{Cells: []string{s.name, f.provider, e.whose(f), "-", "new"}, Tone: "good"}
	credential, _ := core.ReadCredential(f.entry)
	if ends := e.provider(f.provider).Ends(credential); f.login && ends > 1 {
		row.Cells[3] = view.Clock(ends, h.At(), e.zone)
		if ends <= h.At() {
			row.Cells[3] = "has ended"
		}
	}
	if twin := e.twin(f); twin != "" {
		row.Cells[4], row.Tone = "there already, as "+twin, ""
	} else if why := e.unwanted(f.provider); why != "" {
		row.Cells[4], row.Tone = why, ""
	}
	return row
}

// unwanted says why a provider's accounts are not taken, "" for those that are.
func (e *Engine) unwanted(provider string) string {
	switch {
	case e.hidden(provider):
		return "left alone: " + e.catalogue[provider].Retired
	case !e.knows(provider):
		return "left alone: Pi has no such provider"
	}
	return ""
}

func (e *Engine) whose(f *foreign) string {
	if who := e.identityOf(f.provider, f.entry); who.Label != "" {
		return core.PlainLine(who.Label, 60)
	}
	if f.login {
		return "a login"
	}
	credential, _ := core.ReadCredential(f.entry)
	return credential.Key.Mask()
}

// twin is the account that a found one is already.
func (e *Engine) twin(f *foreign) string {
	if twin := e.holder(f.provider, f.entry); twin != "" {
		return twin
	}
	for i := range e.members[f.provider] {
		if a := &e.members[f.provider][i]; f.login && a.Login && e.sameAccount(f.provider, a.Credential, f.entry) {
			return a.ID
		}
	}
	return ""
}

// wayOf asks what is to become of single-use refresh tokens, where the command does not say. Keys are copied without a question.
func (e *Engine) wayOf(h *flow.Host, c *call, s *source, found []foreign, shown *core.View) (string, *core.View) {
	logins := false
	for i := range found {
		logins = logins || found[i].login
	}
	switch {
	case c.has("move"):
		return "move", nil
	case c.has("borrow") || c.has("yes") || !logins:
		return "borrow", nil
	}
	answer, err := h.Ask(core.Ask{Choose: &core.Choose{Title: "A login's refresh token works once, so it has one owner. What of those of " + s.name + "?", Options: []core.Option{
		{ID: "borrow", Label: "Borrow: read them from " + s.name + " whenever they are needed, never renew them here"},
		{ID: "move", Label: "Move: take them over; " + s.name + " has to log in again"},
		{ID: "no", Label: "Nothing: I log in anew with /multi-auth login"},
	}}})
	switch {
	case err != nil:
		shown.Notes = append(shown.Notes, "Nothing was imported. A login's refresh token works once, so it has one owner: import "+s.id+" --borrow reads it from "+s.name+
			" whenever it is needed and never renews it; --move takes it over, and "+s.name+" has to log in again; or log in anew with login PROVIDER.")
		return "", shown
	case answer.Canceled || answer.Text == "no":
		return "", &core.View{Title: "Nothing was imported"}
	}
	return answer.Text.Reveal(), nil
}

// takeOver keeps found accounts.
func (e *Engine) takeOver(h *flow.Host, c *call, s *source, found []foreign, way string) *core.View {
	name := "the file"
	if s != nil {
		name = s.name
	}
	v := &core.View{Title: "Imported", Rows: []core.Row{{Cells: []string{"provider", "account", ""}, Tone: "head"}}}
	done, moved := 0, false
	var undo []func(core.Time) string
	var logins []string
	for i := range found {
		f := &found[i]
		row := core.Row{Cells: []string{f.provider, e.whose(f), "imported"}, Tone: "good"}
		switch twin := e.twin(f); {
		case e.unwanted(f.provider) != "":
			row.Cells[2], row.Tone = e.unwanted(f.provider), ""
		case twin != "":
			row.Cells[1], row.Cells[2], row.Tone = twin, "there already", ""
		default:
			if f.login && way == "borrow" && s != nil {
				mark := (&core.Object{}).String("refresh", "").String(borrowed, s.id).Text()
				f.entry = core.Secret(core.JoinObjects(f.entry.Reveal(), mark))
				row.Cells[2] = "borrowed from " + name
			}
			moved = moved || f.login && way == "move"
			slot, why := e.keepForeign(h, f)
			if why != "" {
				row.Cells[2], row.Tone = "not kept: "+why, "bad"
				break
			}
			row.Cells[1] = slot
			done++
			provider := f.provider
			if f.login {
				logins = append(logins, provider)
			}
			undo = append(undo, func(at core.Time) string {
				return store.ForgetDelta(provider, slot, max(at, e.own.Added(provider, slot)+1))
			})
		}
		v.Rows = append(v.Rows, row)
	}
	e.remember(edit{core.Decimal(int64(done)) + " accounts of " + name + " imported.", func(at core.Time) revision {
		return revision{own: all(undo)(at)}
	}}, done > 0)
	if moved {
		v.Notes = append(v.Notes, "Its logins are used here now. "+name+" still has a copy of the same refresh tokens: log in to it again before you use it there, or the service ends both.")
	}
	if done == 0 {
		v.Notes = append(v.Notes, "Nothing new was imported.")
	}
	for _, provider := range logins {
		v.Notes = append(v.Notes, e.terms(h, provider)...)
	}
	return v
}

// keepForeign gives a found account a slot of its own.
func (e *Engine) keepForeign(h *flow.Host, f *foreign) (slot, why string) {
	if f.login && gjson.Get(f.entry.Reveal(), "access").String() != "" {
		f.entry = e.introduce(h, f.provider, f.entry)
	}
	if err := e.holdSlots(h, f.provider); err != nil {
		return "", core.Plain(err.Error(), 100)
	}
	if twin := e.twin(f); twin != "" {
		return "", "it is there already, as " + twin
	}
	slot = e.newID(f.provider)
	label := f.label
	if label == "" {
		label = core.PlainLine(e.identityOf(f.provider, f.entry).Label, 60)
	}
	if why, _ = e.saveLogin(h, f.provider, slot, label, f.entry); why != "" {
		return "", core.Plain(why, 100)
	}
	if f.base != "" || f.headers != "" {
		var headers []core.SecretHeader
		gjson.Parse(f.headers).ForEach(func(name, value gjson.Result) bool {
			headers = append(headers, core.SecretHeader{Name: name.String(), Value: core.Secret(value.String())})
			return len(headers) < core.MaxHeaders
		})
		h.Do(e.saveOwn(store.OverrideDelta(f.provider, slot, f.base, headers, h.At())))
	}
	return slot, ""
}

// reborrow reads a login from the program it is borrowed from: that one renews it, and nobody else.
func (e *Engine) reborrow(h *flow.Host, provider string, credential core.Secret) (core.Secret, error) {
	id := gjson.Get(credential.Reveal(), borrowed).String()
	for i := range sources {
		s := &sources[i]
		if s.id != id {
			continue
		}
		found, _ := e.look(h, s)
		who, access := e.identityOf(provider, credential), gjson.Get(credential.Reveal(), "access").String()
		for j := range found {
			f := &found[j]
			if f.provider != provider || !f.login {
				continue
			}
			if fresh := gjson.Get(f.entry.Reveal(), "access").String(); fresh == access || fresh == "" {
				continue
			}
			entry := e.introduce(h, provider, f.entry)
			if other := e.identityOf(provider, entry); other.Key != who.Key && (other.Key != "" || who.Key != "") {
				continue
			}
			return core.Secret(core.JoinObjects(entry.Reveal(), (&core.Object{}).String("refresh", "").String(borrowed, id).Text())), nil
		}
		return "", oauth.Worded(s.name + ", whose login it is, has not renewed it; use " + s.name + " once, or import it with --move")
	}
	return "", oauth.Worded("it is borrowed from a program that is not known")
}

// leftByPeer are the accounts of auth.json that Pi itself does not know.
func (e *Engine) leftByPeer() []core.Account {
	var out []core.Account
	for _, id := range e.providers("") {
		for _, a := range e.members[id] {
			if !a.Own && a.Entry != "" && a.Entry != id {
				out = append(out, a)
			}
		}
	}
	return out
}

// adopt takes the entries that the peer left in auth.json into our file, where they stand in the place of the entries.
func (e *Engine) adopt(h *flow.Host, c *call) *core.View {
	left := e.leftByPeer()
	switch {
	case len(left) == 0:
		return &core.View{Title: "Nothing to import", Notes: []string{"auth.json holds no accounts of the older pi-multi-auth that are not ours by now."}}
	case !c.has("move") && !c.has("yes"):
		v := &core.View{Title: "Found", Notes: []string{"They are used where they stand. import peer --move takes them into multi-auth-accounts.json; the older pi-multi-auth should not run beside it any more."}}
		for _, a := range left {
			v.AddRow("", a.Provider, a.Label, a.Entry)
		}
		return v
	}
	at := h.At()
	delta := store.BlankAccounts
	for _, a := range left {
		when := max(at, e.own.Added(a.Provider, a.ID)+1)
		delta = store.Merge(delta, store.CredentialDelta(a.Provider, a.ID, a.Credential, when, when))
		delta = store.Merge(delta, store.AdoptedDelta(a.Provider, a.ID, a.Mark, when))
	}
	return e.revise(h, revision{own: delta}, core.Decimal(int64(len(left)))+" accounts stand in multi-auth-accounts.json now; doctor --fix takes what is left of them out of auth.json.",
		func(at core.Time) revision {
			back := store.BlankAccounts
			for _, a := range left {
				back = store.Merge(back, store.ForgetDelta(a.Provider, a.ID, max(at, e.own.Added(a.Provider, a.ID)+1)))
			}
			return revision{own: back}
		})
}

// importFile takes accounts out of a file: one that export wrote, Pi's or the peer's auth.json, or one of another program.
func (e *Engine) importFile(h *flow.Host, c *call, path string) *core.View {
	answer, err := h.Ask(core.Ask{Input: &core.Input{Kind: "file", Name: path}})
	if err != nil {
		return failed(view.Clean(path)+": "+core.PlainLine(err.Error(), 100), "A source is one of claude-code, codex, gh, opencode, cliproxyapi, peer, or the path of a file.")
	}
	text := answer.Text.Reveal()
	if root, ok := core.ReadObject(text); ok && root.Get(exportMark).Exists() {
		if root.Get(exportMark).Num > exportVersion {
			return failed(view.Clean(path) + " was written by a newer version")
		}
		if sealed := root.Get("sealed"); sealed.Exists() {
			pass, no := e.passphrase(h, c, false)
			if no != nil {
				return no
			}
			opened, err := h.Ask(core.Ask{Crypto: &core.Crypto{Op: "open", Text: core.Secret(sealed.Raw), Key: pass}})
			if err != nil {
				return failed(view.Clean(path) + ": " + core.PlainLine(err.Error(), 100))
			}
			if root, ok = core.ReadObject(opened.Text.Reveal()); !ok {
				return failed(view.Clean(path) + " holds no accounts")
			}
		}
		return e.takeOver(h, c, nil, readExport(root), "move")
	}
	for _, rows := range [][]sourceRow{{{"anthropic", "claudeAiOauth"}, {"openai-codex", "tokens"}}, {{"", "*"}}, {{"", ""}}} {
		if found, _ := e.readSource(rows, text, path); len(found) > 0 {
			return e.takeOver(h, c, nil, found, "move")
		}
	}
	return failed(view.Clean(path) + " holds no accounts that can be read")
}

// readExport reads the accounts of a file that export wrote.
func readExport(root gjson.Result) []foreign {
	var found []foreign
	root.Get("accounts").ForEach(func(_, a gjson.Result) bool {
		entry := core.Secret(a.Get("credential").Raw)
		credential, ok := core.ReadCredential(entry)
		if provider := a.Get("provider").String(); ok && store.ValidID(provider) {
			found = append(found, foreign{provider: provider, entry: entry, login: credential.Login, label: core.PlainLine(a.Get("label").String(), longestName),
				base: a.Get("baseUrl").String(), headers: a.Get("headers").Raw})
		}
		return true
	})
	return found
}
