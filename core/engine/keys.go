package engine

import (
	"strconv"
	"strings"

	"github.com/tidwall/gjson"

	"pimultiauth/core"
	"pimultiauth/core/fault"
	"pimultiauth/core/flow"
	"pimultiauth/core/pool"
	"pimultiauth/core/store"
	"pimultiauth/core/view"
)

// identified is who a credential was found to be; its mark says whether that still holds.
type identified struct {
	mark int64
	who  core.Identity
}

// identify tells which accounts of a provider are one at the vendor.
func (e *Engine) identify(provider string, list []core.Account) {
	p := e.provider(provider)
	first := make(map[string]string, len(list))
	for i := range list {
		a := &list[i]
		name := provider + "/" + a.ID
		was := e.identities[name]
		if was.mark != a.Mark || a.Mark == 0 {
			was = identified{a.Mark, p.IdentityOf(a.Credential)}
			e.identities[name] = was
		}
		if was.who.Key != "" {
			a.Identity.Key, a.Identity.Strong = was.who.Key, was.who.Strong
		}
		if p.Upstream != nil {
			if c, ok := core.ReadCredential(a.Credential); ok {
				a.Upstream = p.Upstream(c)
			}
		}
		if a.Identity.Key == "" {
			continue
		}
		if twin := first[a.Identity.Key]; twin != "" {
			a.Twin = twin
		} else {
			first[a.Identity.Key] = a.ID
		}
	}
}

// introduce writes into a new login what its provider says of whose it is. A provider that does not answer is no reason to fail.
func (e *Engine) introduce(h *flow.Host, provider string, credential core.Secret) core.Secret {
	p := e.provider(provider)
	if p.Profile == nil || e.identityOf(provider, credential).Strong {
		return credential
	}
	for _, fetch := range p.Profile.Source.Requests(core.Account{Provider: provider, Login: true, Credential: credential}) {
		answer, err := h.Fetch(fetch)
		if err != nil || answer.Status != 200 {
			continue
		}
		body, ok := core.ReadObject(answer.Body.Reveal())
		var extra core.Object
		for _, field := range p.Profile.Fields {
			if v := body.Get(field[1]); ok && (v.Type == gjson.String || v.Type == gjson.Number) {
				extra.String(field[0], core.Plain(v.String(), 200))
			}
		}
		credential = core.Secret(core.JoinObjects(credential.Reveal(), extra.Text()))
	}
	return credential
}

// shares reports whether a fault of one account is one of another too: both draw on what it is about. A refused secret says nothing of
// another secret of the same account.
func shares(f core.Fault, a, b *core.Account) bool {
	if f.Scope == core.ScopeUpstream && a.Upstream != "" && a.Upstream == b.Upstream {
		return true
	}
	return f.Kind != core.Unauthorized && f.Kind != core.Misconfigured && a.Identity.Strong && b.Identity.Strong && a.Identity.Key == b.Identity.Key
}

// override reads what an account puts over its provider's requests: what a person set for it counts before what its entry says. It
// answers in plain words why it cannot be used, "" when it can.
func (e *Engine) override(c *pool.Candidate) string {
	p := e.provider(c.Provider)
	o, why := core.ReadOverride(gjson.Get(c.Credential.Reveal(), "request").Raw)
	if why != "" {
		return why
	}
	base, headers := e.own.Override(c.Provider, c.ID)
	if base != "" {
		if o.BaseURL, why = core.CheckBaseURL(base, true); why != "" {
			return "its base URL " + why
		}
	}
	for _, h := range headers {
		if why := core.CheckHeader(h); why != "" {
			return "its header \"" + core.PlainLine(h.Name, 40) + "\" " + why
		}
	}
	if why := p.CheckOverride(o, ""); why != "" {
		return why
	}
	c.BaseURL, c.Headers = o.BaseURL, core.MergeHeaders(o.Headers, headers)
	return ""
}

// setOverride is the command that changes an account's base URL or one of its headers. A private address needs the person's --private.
func (e *Engine) setOverride(h *flow.Host, cmd *call, a *core.Account, what, value string) *core.View {
	base, headers := e.own.Override(a.Provider, a.ID)
	say := ""
	switch {
	case what == "base-url" && (value == "" || value == "default"):
		base, say = "", a.Label+" uses the provider's own address again."
	case what == "base-url":
		address, why := core.CheckBaseURL(value, cmd.has("private"))
		if why == "" {
			why = e.provider(a.Provider).CheckOverride(core.Override{BaseURL: address}, "")
		}
		if why != "" {
			return failed("The address "+strings.TrimPrefix(why, "request.baseUrl "), "--private allows one of your own network.")
		}
		base, say = address, a.Label+" is used at "+address+"."
	default:
		name, text, parted := strings.Cut(value, ":")
		if !parted {
			return failed("A header is written as \"Name: value\"", "\"Name:\" takes it away.")
		}
		header := core.SecretHeader{Name: strings.TrimSpace(name), Value: core.Secret(strings.TrimSpace(text))}
		if why := core.CheckHeader(header); why != "" {
			return failed("The header " + why)
		}
		kept := core.MergeHeaders(headers, []core.SecretHeader{header})
		say = a.Label + " sends " + header.Name + " with its requests."
		if header.Value == "" {
			kept, say = kept[:len(kept)-1], a.Label+" sends "+header.Name+" no longer."
		}
		if headers = kept; len(headers) > core.MaxHeaders {
			return failed("An account has at most 32 headers of its own")
		}
	}
	v := &core.View{Title: "Done", Notes: []string{say}}
	for _, r := range h.Do(e.saveOwn(store.OverrideDelta(a.Provider, a.ID, base, headers, e.own.After(h.At(), "providers", a.Provider, "accounts", a.ID, "override")))) {
		if r.Error != "" {
			v.Failed, v.Title = true, "It could not be written ("+core.Plain(r.Error, 100)+"), so it holds in this Pi only"
		}
	}
	e.rebuild()
	return v
}

// filled is an account's credential with the variable that names its account at the vendor, where only its address says that.
func (e *Engine) filled(c *pool.Candidate) core.Secret {
	name := e.catalogue[c.Provider].UpstreamVar
	if name == "" || c.Upstream == "" || c.Source != "stored" || gjson.Get(c.Credential.Reveal(), "env."+name).String() != "" {
		return c.Credential
	}
	env := core.JoinObjects(gjson.Get(c.Credential.Reveal(), "env").Raw, (&core.Object{}).String(name, c.Upstream).Text())
	return core.Secret(core.JoinObjects(c.Credential.Reveal(), (&core.Object{}).Raw("env", env).Text()))
}

// bound guards a request of the core's own that carries a credential: it is sent to the provider's addresses or to the account's
// override, and otherwise not at all.
func (e *Engine) bound(c *pool.Candidate, f *core.Fetch) bool {
	url, _, _ := strings.Cut(f.URL, "?")
	u, why := core.ParseURL(url)
	if why != "" {
		return false
	}
	f.Origin = u.Origin()
	p := e.provider(c.Provider)
	return p.MayReach(f.Origin, core.Override{BaseURL: c.BaseURL, Private: true})
}

// checkKey asks the vendor whether a key works, with the cheapest request there is. The kind is "" for one that works and Unknown where
// nothing tells; what is said never holds the key.
func (e *Engine) checkKey(h *flow.Host, provider string, credential core.Secret, own core.Override) (core.FaultKind, string) {
	p := e.provider(provider)
	c, _ := core.ReadCredential(credential)
	if p.Check.URL != "" && !c.Login {
		entry, why := e.keyOf(h, provider, credential)
		if why != "" {
			return core.Unknown, "not checked: " + why
		}
		if entry != "" {
			c, _ = core.ReadCredential(entry)
		}
	}
	fetch, why := p.CheckFetch(c, own)
	if why != "" {
		return core.Unknown, "not checked: " + why
	}
	fetch.Ends = true
	answer, err := h.Fetch(fetch)
	if err != nil {
		return core.Unknown, "not checked: " + core.Plain(err.Error(), 100)
	}
	body := answer.Body.Reveal()
	kind := core.CheckedBody(body)
	if answer.Status < 200 || answer.Status > 299 {
		kind = fault.Read(p, "", core.Outcome{Status: answer.Status, Headers: answer.Headers, Body: body}, h.At()).Kind
		if place := strings.ToLower(body); strings.Contains(place, "region") || strings.Contains(place, "country") || strings.Contains(place, "location is not supported") {
			return core.Forbidden, "the provider does not serve this region with it"
		}
	}
	switch kind {
	case "":
		return "", "works"
	case core.Unauthorized:
		return kind, "wrong key: the provider does not know it" + e.elsewhere(provider)
	case core.Unpaid, core.PolicyOverage:
		return kind, "the key is right, its account has no credit"
	case core.Forbidden, core.NotEntitled:
		return kind, "the key is right, but has not the permission"
	case core.RateLimited, core.QuotaSpent, core.Overloaded:
		return kind, "the key is right; its limit is reached for now"
	}
	return core.Unknown, "not checked: the provider answered with HTTP " + strconv.Itoa(answer.Status)
}

// elsewhere names the same vendor's other regions, whose keys are not valid here.
func (e *Engine) elsewhere(provider string) string {
	family := strings.TrimSuffix(strings.TrimSuffix(provider, "-cn"), "-coding")
	var ids []string
	for id := range e.catalogue {
		if id != provider && (id == family || id == family+"-cn" || id == family+"-coding-cn") {
			ids = append(ids, id)
		}
	}
	if len(ids) == 0 {
		return ""
	}
	return ", or it is one of another region (" + strings.Join(core.Sorted(ids), ", ") + ")"
}

// checked are the keys that a person wants checked: of all providers, of one, or one account's.
func (e *Engine) checked(cmd *call) ([]pool.Candidate, *core.View) {
	word := strings.Join(cmd.words, " ")
	ids := e.providers(word)
	if len(ids) == 0 && word != "" {
		_, c, no := e.find(word)
		if no != nil {
			return nil, no
		}
		if c.Login {
			return nil, failed(c.Label+" is a login and has no key to check", "Its next request or /multi-auth usage tells whether it works.")
		}
		return []pool.Candidate{*c}, nil
	}
	var list []pool.Candidate
	for _, id := range ids {
		p := e.pools[id]
		for i := range p.Accounts {
			if c := &p.Accounts[i]; c.Source == "stored" && !c.Login {
				list = append(list, *c)
			}
		}
	}
	return list, nil
}

const (
	// endedByPerson is the error of a fetch that the person ended (core.Fetch.Ends).
	endedByPerson = "you stopped"
	// youStopped is what is said of a key whose check was ended so.
	youStopped = "not checked: " + endedByPerson
)

// goesOn says how far a list of keys is checked, where it is more than one, and whether the person still waits for it.
func goesOn(h *flow.Host, at, of int, what string) bool {
	if of < 2 {
		return true
	}
	text := "checking " + view.Clean(what) + ", " + strconv.Itoa(at+1) + " of " + strconv.Itoa(of)
	answer, err := h.Ask(core.Ask{Progress: &core.Progress{Text: text}})
	return err != nil || !answer.Canceled
}

// check is the command that checks the keys of a provider, of one account, or of all.
func (e *Engine) check(h *flow.Host, cmd *call) *core.View {
	v := &core.View{Title: "Keys", Rows: []core.Row{{Cells: []string{"provider", "account", "key"}, Tone: "head"}}}
	list, no := e.checked(cmd)
	if no != nil {
		return no
	}
	for i := range list {
		// Meanwhile others may have taken it away.
		_, c := e.accountOf(list[i].Provider, list[i].ID)
		if c == nil || c.Source != "stored" || c.Login {
			continue
		}
		credential, own := e.filled(c), core.Override{BaseURL: c.BaseURL}
		kind, say := core.Unknown, youStopped
		if goesOn(h, i, len(list), list[i].Label) {
			kind, say = e.checkKey(h, list[i].Provider, credential, own)
		}
		if say == youStopped {
			v.Notes = append(v.Notes, "Stopped: "+strconv.Itoa(len(list)-i)+" of "+strconv.Itoa(len(list))+" not checked.")
			break
		}
		tone := "good"
		switch kind {
		case "":
		case core.Unknown, core.RateLimited, core.QuotaSpent, core.Overloaded:
			tone = "wait"
		default:
			tone = "bad"
		}
		if kind == "" {
			say += e.proven(h, list[i].Provider, list[i].ID)
		}
		v.AddRow(tone, list[i].Provider, list[i].Label, say)
	}
	if len(v.Rows) == 1 && len(v.Notes) == 0 {
		v.Rows, v.Notes = nil, []string{"There are no keys to check."}
	}
	return v
}

// proven takes back what a check has disproved, a key that was said to be wrong, and says what is left for the person to do.
func (e *Engine) proven(h *flow.Host, provider, account string) string {
	_, c := e.accountOf(provider, account)
	switch {
	case c == nil || c.Standing.KindAt(h.At(), c.Mark) != core.StandingSuspended:
		return ""
	case c.Standing.Fault != core.Unauthorized:
		return "; \"resume " + spoken(c.Label) + "\" has it asked again"
	}
	e.pardon(h, provider, account)
	return "; it is asked again"
}

const (
	// locatedFor is how long an address that a vendor told for a key is believed, mostLocated how many are.
	locatedFor  = core.Hour
	mostLocated = 64
)

// located is where a key belongs.
type located struct {
	at             core.Time
	baseURL, label string
}

// locate asks the vendor for the base URL of a key; who pastes the same keys again asks nobody. A refusal is not kept: a person mends
// it and tries again.
func (e *Engine) locate(h *flow.Host, p *core.Provider, key core.Secret) (baseURL, label, why string) {
	who := p.IdentityOf(core.Secret((&core.Object{}).String("type", "api_key").String("key", key.Reveal()).Text())).Key
	if known, ok := e.located[who]; ok && h.At().Sub(known.at) < locatedFor {
		return known.baseURL, known.label, ""
	}
	if baseURL, label, why = p.Locate(h, key); why == "" {
		if len(e.located) >= mostLocated {
			clear(e.located)
		}
		e.located[who] = located{h.At(), baseURL, label}
	}
	return baseURL, label, why
}

// mostChecked bounds how many keys of one paste are checked, and so for how long a person waits.
const mostChecked = 50

// keeping is how pasted keys are kept: whose they are, the account whose key the one takes the place of and the name it is given, "" for
// none, and whether they are checked before.
type keeping struct {
	provider, account, name string
	check                   bool
}

// keepKeys keeps pasted keys, each in a slot of its own; the hold keeps two that come at once from taking one.
func (e *Engine) keepKeys(h *flow.Host, p *core.Provider, how keeping, paste core.Paste) *core.View {
	id, account, check := how.provider, how.account, how.check
	own := core.Override{}
	if _, c := e.accountOf(id, account); c != nil {
		own.BaseURL = c.BaseURL
	}
	v := &core.View{Title: e.nameOf(id), Rows: []core.Row{{Cells: []string{"key", "account", ""}, Tone: "head"}}}
	entries := make([]core.Secret, len(paste.Keys))
	says, labels := make([]string, len(paste.Keys)), make([]string, len(paste.Keys))
	stopped := false
	for i, k := range paste.Keys {
		if k.BaseURL == "" && p.Locate != nil {
			var why string
			if k.BaseURL, labels[i], why = e.locate(h, p, k.Key); why != "" {
				v.AddRow("bad", k.Key.Mask(), "-", "not added: "+why)
				continue
			}
		}
		entry := (&core.Object{}).String("type", "api_key").String("key", core.EscapeTemplate(k.Key).Reveal())
		if k.BaseURL != "" {
			entry.Raw("request", core.Override{BaseURL: k.BaseURL}.Text())
		}
		entries[i] = core.Secret(entry.Text())
		if stopped = stopped || check && i < mostChecked && !goesOn(h, i, min(len(paste.Keys), mostChecked), k.Key.Mask()); stopped {
			entries[i] = ""
			v.AddRow("wait", k.Key.Mask(), "-", "not added: you stopped")
			continue
		}
		if !check || i >= mostChecked {
			says[i] = "added unchecked"
			continue
		}
		to := own
		if k.BaseURL != "" {
			to.BaseURL = k.BaseURL
		}
		kind, say := e.checkKey(h, id, entries[i], to)
		if stopped = say == youStopped; stopped {
			entries[i] = ""
			v.AddRow("wait", k.Key.Mask(), "-", "not added: you stopped")
			continue
		}
		if kind == core.Unauthorized {
			entries[i] = ""
			v.AddRow("bad", k.Key.Mask(), "-", "not added: "+say+"; --unchecked adds it all the same")
			continue
		}
		says[i] = "added: " + say
		if kind == core.Unknown {
			says[i] = "added, " + say
		}
	}
	if err := e.holdSlots(h, id); err != nil {
		return failed(id + ": the keys could not be kept (" + core.Plain(err.Error(), 100) + ")")
	}
	var added []string
	var before []pool.Candidate
	for i, entry := range entries {
		if entry == "" {
			continue
		}
		row := core.Row{Cells: []string{paste.Keys[i].Key.Mask(), "", says[i]}, Tone: "good"}
		if twin := e.holder(id, entry); twin != "" {
			row.Cells[1], row.Cells[2], row.Tone = twin, "was there already", ""
		} else {
			slot := account
			if how.name != "" {
				labels[i] = how.name
			}
			if slot == "" {
				slot = e.newID(id)
			} else if _, c := e.accountOf(id, slot); c != nil {
				before = append(before, *c)
				if labels[i] == "" {
					labels[i] = c.Identity.Label
				}
				row.Cells[2] = strings.Replace(says[i], "added", "replaces its old key", 1)
			}
			if why, _ := e.saveLogin(h, id, slot, labels[i], entry); why != "" {
				row.Cells[1], row.Cells[2], row.Tone = "-", "not kept: "+core.Plain(why, 100), "bad"
			} else {
				row.Cells[1] = slot
				added = append(added, slot)
			}
		}
		v.Rows = append(v.Rows, row)
	}
	v.Failed = len(added) == 0
	did := " added."
	if account != "" {
		did = " has a new key."
	}
	e.remember(edit{e.nameOf(id) + ": " + strings.Join(added, ", ") + did, func(at core.Time) revision {
		if account != "" {
			return e.bringBack(before, at)
		}
		back := store.BlankAccounts
		for _, slot := range added {
			back = store.Merge(back, store.ForgetDelta(id, slot, max(at, e.own.Added(id, slot)+1)))
		}
		return revision{own: back}
	}}, len(added) > 0)
	if paste.Duplicates > 0 {
		v.Notes = append(v.Notes, "What stood there twice was taken once.")
	}
	return v
}

// holder is the account of a provider that a new entry would be once more.
func (e *Engine) holder(provider string, entry core.Secret) string {
	who := e.identityOf(provider, entry)
	for i := range e.members[provider] {
		if a := &e.members[provider][i]; who.Key != "" && a.Identity.Key == who.Key {
			return a.ID
		}
	}
	return ""
}
