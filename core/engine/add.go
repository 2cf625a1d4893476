package engine

import (
	"sort"
	"strings"

	"pimultiauth/core"
	"pimultiauth/core/flow"
	"pimultiauth/core/pool"
	"pimultiauth/core/store"
	"pimultiauth/core/view"
)

// loginCommand turns the words of "login" into the message that a screen would send.
func (e *Engine) loginCommand(m core.Message, c *call) (core.Turn, error) {
	id, no := e.findProvider(c.word(0))
	if no != nil {
		return core.Turn{View: c.answer(no)}, nil
	}
	l := &core.Login{Provider: id, Method: c.word(1), Account: c.flags["account"], Label: c.flags["name"], Mode: c.mode}
	if l.Account != "" {
		p, account, no := e.find(id + "/" + l.Account)
		if no != nil {
			return core.Turn{View: c.answer(no)}, nil
		}
		l.Provider, l.Account = p.Provider, account.ID
	}
	m.Command, m.Login = nil, l
	return e.login(m)
}

// addFlags are those of add.
var addFlags = []string{"json", "unchecked", "name", "account", "from-env", "file", "stdin"}

// add takes keys: from a dialog, from a variable, a file or standard input. A key among the words is refused, because words end up in
// histories and in lists of processes.
func (e *Engine) add(h *flow.Host, c *call) *core.View {
	if len(c.words) > 1 {
		return failed("A key does not belong into the command: it would stay in histories and lists of processes",
			"Use --from-env NAME, --file PATH or --stdin, or type add alone and paste it into the dialog.")
	}
	for _, flag := range core.Keys(c.flags) {
		if !contains(addFlags, flag) {
			// It may be a key, so it is not said again.
			return failed("One of the flags is none of add's", "It has --unchecked, --name NAME, --account ACCOUNT, and one of --from-env NAME, --file PATH and --stdin.")
		}
	}
	id, no := e.addTo(h, c)
	if no != nil {
		return no
	}
	known := e.provider(id)
	if why := known.Retired; why != "" || e.hidden(id) {
		return failed(id+" takes no accounts: it is left alone", why)
	}
	if name := c.flags["name"]; name != "" {
		if _, other, _ := e.find(id + "/" + name); other != nil {
			return failed(e.nameOf(id)+" has another account called "+other.Label, "Nothing was added.")
		}
	}
	account := ""
	if c.has("account") {
		if account, no = e.rekeyed(id, c.flags["account"]); no != nil {
			return no
		}
	}
	kind, no := e.addKind(h, c, id, known)
	if no != nil {
		return no
	}
	if kind == "login" {
		return e.logInto(h, core.Login{Provider: id, Label: c.flags["name"], Mode: c.mode}).View
	}
	text, no := e.keyText(h, c, id)
	if no != nil {
		return no
	}
	paste := known.ReadPaste(text, true)
	if paste.Error != "" {
		return failed(e.nameOf(id)+": "+strings.TrimSuffix(paste.Error, "."), "Nothing was added.")
	}
	if name := c.flags["name"]; (account != "" || name != "") && len(paste.Keys) > 1 {
		return failed("These are several keys, and --account and --name are about one", "Nothing was added.")
	}
	return e.keepKeys(h, known, keeping{id, account, core.PlainLine(c.flags["name"], longestName), !c.has("unchecked")}, paste)
}

// rekeyed finds the account that is to be given a new key.
func (e *Engine) rekeyed(provider, word string) (string, *core.View) {
	_, account, no := e.find(provider + "/" + word)
	if no == nil {
		no = owned(account)
	}
	switch {
	case no != nil:
		return "", no
	case account.Login:
		return "", failed(account.Label+" is a login and has no key", "Type login "+provider+" --account "+spoken(word)+".")
	case e.isPis(account):
		return "", failed(account.Label+" is Pi's own account of "+provider, "Pi's /login gives it another key.")
	}
	return account.ID, nil
}

// addTo asks which provider, where the command does not say.
func (e *Engine) addTo(h *flow.Host, c *call) (string, *core.View) {
	if c.word(0) != "" {
		return e.findProvider(c.word(0))
	}
	if c.mode == "print" || c.mode == "json" {
		return "", failed("Which provider? Type add PROVIDER --from-env NAME, --file PATH or --stdin")
	}
	ids := map[string]bool{}
	for id := range e.known {
		ids[id] = true
	}
	for id, p := range e.catalogue {
		if id == p.ID {
			ids[id] = p.Retired == ""
		}
	}
	var options []core.Option
	for _, id := range core.Keys(ids) {
		if !ids[id] || e.catalogue[id].Retired != "" {
			continue
		}
		label := id
		if name := e.catalogue[id].Name; name != "" && name != id {
			label = name + " (" + id + ")"
		}
		if p := e.pools[id]; p != nil {
			label += ", " + core.Decimal(int64(len(p.Accounts))) + " so far"
		}
		options = append(options, core.Option{ID: id, Label: label})
	}
	sort.SliceStable(options, func(i, j int) bool {
		return e.pools[options[i].ID] != nil && e.pools[options[j].ID] == nil
	})
	answer, err := h.Ask(core.Ask{Choose: &core.Choose{Title: "Add an account to", Options: options}})
	switch {
	case err != nil:
		return "", failed("Which provider? " + err.Error())
	case answer.Canceled:
		return "", &core.View{Title: "Nothing was added"}
	}
	return answer.Text.Reveal(), nil
}

// addKind tells whether a key or a login is added, and asks where both are possible.
func (e *Engine) addKind(h *flow.Host, c *call, id string, known *core.Provider) (string, *core.View) {
	given := c.has("from-env") || c.has("file") || c.has("stdin") || c.has("account")
	login := known.Login != ""
	// Of a provider that only models.json or another extension knows nothing speaks against a key.
	keys := known.Keys || known.Name == ""
	switch {
	case given || !login:
		if !keys {
			return "", failed(id+" takes no keys", "Type login "+id+".")
		}
		return "key", nil
	case !keys:
		return "login", nil
	}
	answer, err := h.Ask(core.Ask{Choose: &core.Choose{Title: "Add to " + e.nameOf(id), Options: []core.Option{
		{ID: "key", Label: "Keys: paste one or several"}, {ID: "login", Label: "A login: with your browser or a code"},
	}}})
	switch {
	case err != nil:
		return "", failed("A key or a login? Type add "+id+" --from-env NAME, --file PATH or --stdin, or login "+id, err.Error())
	case answer.Canceled:
		return "", &core.View{Title: "Nothing was added"}
	}
	return answer.Text.Reveal(), nil
}

func (e *Engine) keyText(h *flow.Host, c *call, id string) (string, *core.View) {
	prompt := "Paste one key or several, one a line. They are not shown."
	if page := e.provider(id).Key.Page; page != "" {
		prompt += " Keys are made at " + page + "."
	}
	ask := core.Ask{Prompt: &core.Prompt{Title: "Keys of " + e.nameOf(id), Text: prompt, Secret: true}}
	where := "the dialog"
	switch {
	case c.has("from-env"):
		where = c.flags["from-env"]
		ask = core.Ask{Input: &core.Input{Kind: "env", Name: where}}
	case c.has("file"):
		where = c.flags["file"]
		ask = core.Ask{Input: &core.Input{Kind: "file", Name: where}}
	case c.has("stdin"):
		where = "standard input"
		ask = core.Ask{Input: &core.Input{Kind: "stdin"}}
	case c.mode == "print" || c.mode == "json":
		return "", failed("Where is the key? Type --from-env NAME, --file PATH or --stdin behind it")
	}
	answer, err := h.Ask(ask)
	switch {
	case err != nil:
		return "", failed(view.Clean(where) + ": " + err.Error())
	case answer.Canceled:
		return "", &core.View{Title: "Nothing was added"}
	case strings.TrimSpace(answer.Text.Reveal()) == "":
		return "", failed(view.Clean(where) + " holds no key")
	}
	return answer.Text.Reveal(), nil
}

// remove takes accounts out for good: ours, and entries that the peer left in auth.json. Pi's own entry is Pi's to remove.
func (e *Engine) remove(h *flow.Host, c *call) *core.View {
	if len(c.words) == 0 {
		c.words = []string{""}
	}
	var chosen []core.Account
	var names []string
	for _, word := range c.words {
		p, account, no := e.find(word)
		if no == nil {
			no = owned(account)
		}
		switch {
		case no != nil:
			return no
		case e.isPis(account):
			return failed(account.Label+" is Pi's own account of "+p.Provider, "Pi's /logout removes it; pause keeps it from being used.")
		}
		chosen = append(chosen, account.Account)
		names = append(names, account.Label)
	}
	what := strings.Join(names, ", ")
	if !c.has("yes") {
		answer, err := h.Ask(core.Ask{Choose: &core.Choose{Title: "Remove " + what + "?", Options: []core.Option{
			{ID: "no", Label: "No, keep"}, {ID: "yes", Label: "Yes, remove; undo brings it back while this Pi runs"},
		}}})
		if err != nil {
			return failed("Say remove … --yes to remove "+what, "undo brings it back while this Pi runs.")
		}
		if answer.Text.Reveal() != "yes" {
			return &core.View{Title: "Kept", Notes: []string{"Nothing was removed."}}
		}
	}
	for i := range chosen {
		if a := &chosen[i]; a.Login {
			// A token that is on its way comes first: what undo brings back must not be spent. Who cannot wait for it removes it all the same.
			_ = e.alone(h, "refresh "+a.Provider+"/"+a.ID)
		}
	}
	at := h.At()
	r := revision{own: store.BlankAccounts, state: store.Blank}
	var gone []pool.Candidate
	var erase []string
	for i := range chosen {
		_, account := e.accountOf(chosen[i].Provider, chosen[i].ID)
		if account == nil {
			continue
		}
		gone = append(gone, *account)
		if account.Own || account.Login {
			// Also where none of ours is there yet: a renewal elsewhere may make one of the entry.
			r.own = store.Merge(r.own, store.ForgetDelta(account.Provider, account.ID, max(at, e.own.Added(account.Provider, account.ID)+1)))
		}
		if entry := e.entryOf(&account.Account); entry != nil && entry.Entry != account.Provider {
			r.state = store.Merge(r.state, store.RemovedDelta(account.Provider, account.ID, entry.Mark, at))
			erase = append(erase, entry.Entry)
		}
	}
	v := e.revise(h, r, what+": removed.", func(at core.Time) revision { return e.bringBack(gone, at) })
	for _, id := range erase {
		for _, result := range h.Do(e.effect(core.Effect{File: &core.File{Op: "erase", Name: "auth", Key: id}})) {
			if result.Error != "" {
				v.Notes = append(v.Notes, id+" still stands in auth.json ("+result.Error+"); it is not used.")
			}
		}
	}
	return v
}

// bringBack is the change that undoes a removal: the accounts are ours from then on, under their old ids.
func (e *Engine) bringBack(gone []pool.Candidate, at core.Time) revision {
	r := revision{own: store.BlankAccounts, state: store.Blank}
	for i := range gone {
		c := &gone[i]
		when := max(at, e.own.Came(c.Provider, c.ID)+1)
		r.own = store.Merge(r.own, store.CredentialDelta(c.Provider, c.ID, c.Credential, when, max(when, c.Issued)))
		if who := c.Identity; who.Key != "" || who.Label != "" {
			r.own = store.Merge(r.own, store.IdentityDelta(c.Provider, c.ID, who, when))
		}
		if c.BaseURL != "" || len(c.Headers) > 0 {
			r.own = store.Merge(r.own, store.OverrideDelta(c.Provider, c.ID, c.BaseURL, c.Headers, when))
		}
		if known := e.state.Account(c.Provider, c.ID); known.Removed.At != 0 {
			// No credential has the mark 0, so nothing is removed by it.
			r.state = store.Merge(r.state, store.RemovedDelta(c.Provider, c.ID, 0, max(at, known.Removed.At+1)))
		}
	}
	return r
}
