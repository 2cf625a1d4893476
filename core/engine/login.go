package engine

import (
	"github.com/tidwall/gjson"

	"pimultiauth/core"
	"pimultiauth/core/flow"
	"pimultiauth/core/oauth"
	"pimultiauth/core/pool"
	"pimultiauth/core/store"
	"pimultiauth/core/view"
)

// login begins the login of one more account, or of one anew. Every end of it is a View.
func (e *Engine) login(m core.Message) (core.Turn, error) {
	return e.begin(func(h *flow.Host) core.Turn { return e.logInto(h, *m.Login) }), nil
}

// logInto is the flow of a login, from the choice of the method to the account.
func (e *Engine) logInto(h *flow.Host, l core.Login) core.Turn {
	switch {
	case l.Provider == "" || !store.ValidID(l.Provider):
		return noLogin("A login needs a provider")
	case e.hidden(l.Provider):
		why := e.catalogue[l.Provider].Retired
		if why == "" {
			why = l.Provider + " is hidden in the configuration."
		}
		return noLogin(why)
	case l.Entry:
		return e.entry(h, l)
	case l.Credential != "":
		return e.keepReplaced(h, l)
	}
	credential, err := e.logIn(h, l)
	if err != nil {
		failure := oauth.Failure(err)
		if failure.Code == core.ErrCanceled.Code {
			return core.Turn{View: &core.View{Title: l.Provider + ": the login was cancelled; nothing has changed"}}
		}
		return noLogin(l.Provider + ": " + e.said(l.Provider, failure.Text, 300))
	}
	return e.addLogin(h, l, e.introduce(h, l.Provider, credential))
}

func noLogin(why string) core.Turn {
	return core.Turn{View: &core.View{Title: why, Failed: true}}
}

// logIn gets a credential: by one of the provider's own methods, or by the login that Pi's provider brings.
func (e *Engine) logIn(h *flow.Host, l core.Login) (core.Secret, error) {
	methods := e.catalogue[l.Provider].Methods
	if len(methods) == 0 {
		answer, err := h.Ask(core.Ask{Pi: &core.AskPi{Provider: l.Provider, Op: "login", Method: l.Method}})
		switch {
		case err != nil:
			return "", oauth.Worded(err.Error())
		case answer.Canceled:
			return "", core.ErrCanceled
		case gjson.Get(answer.Text.Reveal(), "access").String() == "" || !core.IsJSON(answer.Text.Reveal()):
			return "", oauth.Worded("the login gave no token")
		}
		return answer.Text, nil
	}
	method := methods[0]
	if l.Method == "" && len(methods) > 1 {
		options := make([]core.Option, len(methods))
		for i := range methods {
			options[i] = core.Option{ID: methods[i].ID, Label: methods[i].Label}
		}
		answer, err := h.Ask(core.Ask{Choose: &core.Choose{Title: "How do you want to log in to " + e.nameOf(l.Provider) + "?", Options: options}})
		if err != nil {
			return "", err
		}
		if answer.Canceled {
			return "", core.ErrCanceled
		}
		l.Method = answer.Text.Reveal()
	}
	if l.Method != "" {
		found := false
		for i := range methods {
			if methods[i].ID == l.Method {
				method, found = methods[i], true
			}
		}
		if !found {
			return "", &core.TokenError{Code: "no_method", Text: "there is no login called " + core.PlainLine(l.Method, 40)}
		}
	}
	return oauth.Login(h, method)
}

func (e *Engine) nameOf(provider string) string {
	if name := e.catalogue[provider].Name; name != "" {
		return name
	}
	return provider
}

// holdSlots keeps others from giving accounts of a provider their slots until the flow ends, and brings in those that have one. What was
// added while somebody sat in the gate stands in the journal alone.
func (e *Engine) holdSlots(h *flow.Host, provider string) error {
	if err := e.alone(h, "login "+provider); err != nil {
		return err
	}
	e.reread(h)
	e.recallOwn(h)
	return nil
}

// addLogin keeps a new credential: in the slot of the account it is, or in a new one.
func (e *Engine) addLogin(h *flow.Host, l core.Login, credential core.Secret) core.Turn {
	if err := e.holdSlots(h, l.Provider); err != nil {
		return noLogin(l.Provider + ": logged in, but the account could not be kept (" + err.Error() + ")")
	}
	who := e.identityOf(l.Provider, credential)
	slot, twin, note := e.slotOf(l, credential, who)
	label := l.Label
	if label == "" {
		label = core.PlainLine(who.Label, 60)
	}
	if text, again := e.saveLogin(h, l.Provider, slot, label, credential); text != "" {
		return noLogin(l.Provider + ": logged in, but the account could not be written (" + text + ")")
	} else if again {
		note = append([]string{"It was there already: its login is new, and what was held against it is forgotten."}, note...)
	}
	if twin != "" {
		note = append(note, "It is the same account as "+twin+", which stays Pi's own.")
	}
	note = append(note, e.terms(h, l.Provider)...)
	name := slot
	if label != "" {
		name = label + " (" + slot + ")"
	}
	n := 0
	if p := e.pools[l.Provider]; p != nil {
		for i := range p.Accounts {
			if p.Accounts[i].Source == "stored" {
				n++
			}
		}
	}
	count := core.Decimal(int64(n)) + " accounts"
	if n == 1 {
		count = "1 account"
	}
	v := &core.View{Title: e.nameOf(l.Provider) + ": logged in as " + name + ", " + count}
	if len(note) > 0 {
		// Beside notes no title is shown.
		v.Notes = append([]string{v.Title + "."}, note...)
	}
	return core.Turn{View: v}
}

// terms is what a person is told once, with the first login of a subscription: what the providers' terms say of such logins.
func (e *Engine) terms(h *flow.Host, provider string) []string {
	if !e.provider(provider).Subscription || e.state.Told("terms") {
		return nil
	}
	h.Do(e.saveDelta(store.ToldDelta("terms", h.At()), true))
	return []string{view.Terms}
}

// slotOf finds the id a new login is kept under: that of the account it renews, of the one it is already, or a new one. twin is Pi's
// own entry when that is the same account: it is Pi's to write.
func (e *Engine) slotOf(l core.Login, credential core.Secret, who core.Identity) (slot, twin string, note []string) {
	p := e.pools[l.Provider]
	if p == nil {
		return e.newID(l.Provider), "", nil
	}
	for i := range p.Accounts {
		c := &p.Accounts[i]
		if !c.Login || c.Source != "stored" {
			continue
		}
		same := e.sameAccount(l.Provider, c.Credential, credential)
		switch {
		case e.isPis(c):
			if same {
				twin = c.ID
			}
		case same && (slot == "" || c.ID == l.Account):
			slot = c.ID
		}
	}
	if l.Account == "" || l.Account == slot {
		if slot == "" {
			slot = e.newID(l.Provider)
		}
		return slot, twin, nil
	}
	i := p.Find(l.Account)
	if i < 0 || slot != "" || e.isPis(&p.Accounts[i]) || who.Strong && e.identityOf(l.Provider, p.Accounts[i].Credential).Strong {
		note = []string{"It is another account than " + l.Account + ", so it stands beside it."}
		if slot == "" {
			slot = e.newID(l.Provider)
		}
		return slot, twin, note
	}
	return l.Account, twin, nil
}

// saveLogin makes a credential durable and clears what was held against its account. why is what stood in the way, "" for nothing.
func (e *Engine) saveLogin(h *flow.Host, provider, slot, label string, credential core.Secret) (why string, again bool) {
	_, c := e.accountOf(provider, slot)
	again = c != nil && c.Source == "stored"
	at := h.At()
	who := e.identityOf(provider, credential)
	if label != "" {
		who.Label = label
	}
	added := max(at, e.own.Added(provider, slot)+1)
	if again {
		at = max(at, c.Issued+1)
	}
	delta := store.CredentialDelta(provider, slot, credential, added, at)
	if again && !c.Own {
		delta = store.Merge(delta, store.AdoptedDelta(provider, slot, c.Mark, at))
	}
	if who.Key != "" || who.Label != "" {
		delta = store.Merge(delta, store.IdentityDelta(provider, slot, who, at))
	}
	if r := e.renewals[usageKey(provider, slot)]; r != nil {
		r.refused, r.unsaved = 0, ""
	}
	h.Seal()
	for _, result := range h.Do(e.saveOwn(delta)) {
		if result.Error != "" {
			return result.Error, again
		}
		if result.File != nil {
			e.takeOwn(*result.File)
		}
	}
	e.pardon(h, provider, slot)
	return "", again
}

// pardon forgets what was held against an account, durably.
func (e *Engine) pardon(h *flow.Host, provider, slot string) {
	if cleared := e.clearing(provider, slot, h.At()); cleared != store.Blank {
		save := e.saveDelta(cleared, true)
		e.rebuildPool(provider)
		e.planNext()
		h.Do(save)
	}
}

// clearing is the change that forgets what was held against an account.
func (e *Engine) clearing(provider, slot string, at core.Time) string {
	known := e.state.Account(provider, slot)
	delta := store.Blank
	if s := known.Standing; s.Fault != "" {
		delta = store.Merge(delta, store.StandingDelta(provider, slot, "", core.Standing{At: max(at, s.At+1)}))
	}
	for model, s := range known.Models {
		if s.Fault != "" {
			delta = store.Merge(delta, store.StandingDelta(provider, slot, model, core.Standing{At: max(at, s.At+1)}))
		}
	}
	if n := known.Renewal; n.Failures > 0 {
		delta = store.Merge(delta, store.RenewalDelta(provider, slot, store.Renewal{At: max(at, n.At+1)}))
	}
	return delta
}

// identityOf tells whose a credential is, as far as it says so.
func (e *Engine) identityOf(provider string, credential core.Secret) core.Identity {
	return e.provider(provider).IdentityOf(credential)
}

// sameAccount reports whether two logins are one account: by what the provider says, or because they hold one token.
func (e *Engine) sameAccount(provider string, a, b core.Secret) bool {
	for _, field := range [...]string{"refresh", "access"} {
		if token := gjson.Get(a.Reveal(), field).String(); token != "" && token == gjson.Get(b.Reveal(), field).String() {
			return true
		}
	}
	who := e.identityOf(provider, a)
	return who.Key != "" && who.Key == e.identityOf(provider, b).Key
}

// keepReplaced keeps the login that Pi's own /login has written over. One that was dead already is no loss when nobody can tell whose
// it was.
func (e *Engine) keepReplaced(h *flow.Host, l core.Login) core.Turn {
	done := core.Turn{Done: &core.Done{}}
	old := l.Replaced.Reveal()
	if gjson.Get(old, "type").String() != "oauth" || gjson.Get(old, "refresh").String() == "" || e.sameAccount(l.Provider, l.Replaced, l.Credential) {
		return done
	}
	known := e.identityOf(l.Provider, l.Replaced).Key != "" && e.identityOf(l.Provider, l.Credential).Key != ""
	if p := e.pools[l.Provider]; p != nil && !known {
		if i := p.Find(l.Provider); i >= 0 && p.Accounts[i].Login {
			c := &p.Accounts[i]
			reason, _, _ := p.Judge(c, pool.Ask{At: h.At()})
			if reason == pool.IsSuspended || reason == pool.LoginExpired {
				return done
			}
		}
	}
	if e.holdSlots(h, l.Provider) != nil {
		return done
	}
	for _, account := range e.members[l.Provider] {
		if account.ID != l.Provider && e.sameAccount(l.Provider, account.Credential, l.Replaced) {
			return done
		}
	}
	slot := e.newID(l.Provider)
	if why, _ := e.saveLogin(h, l.Provider, slot, "", l.Replaced); why != "" {
		return noLogin(l.Provider + ": your earlier login could not be kept (" + why + ")")
	}
	return core.Turn{View: &core.View{Title: l.Provider + ": your earlier login stays, as " + slot}}
}
