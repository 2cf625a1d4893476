package engine

import (
	"pimultiauth/core"
	"pimultiauth/core/flow"
	"pimultiauth/core/oauth"
)

// longestList bounds the text of a service's list of models.
const longestList = 6 << 20

// models asks a provider of ours for its list of models. The answer's JSON is Pi's list; nothing is kept here.
func (e *Engine) models(m core.Message) (core.Turn, error) {
	id := m.Models.Provider
	if id == "" {
		return core.Turn{View: &core.View{Title: "Providers", JSON: e.ownProviders()}}, nil
	}
	s := e.catalogue[id].Models
	if s == nil || s.URL == "" || e.hidden(id) || e.pools[id] == nil {
		return noLogin(id + " has no list of models"), nil
	}
	return e.begin(func(h *flow.Host) core.Turn {
		fetches := []core.Fetch{{Method: "GET", URL: s.URL, Headers: []core.SecretHeader{{Name: "Accept", Value: "application/json"}}}}
		if s.Key {
			fetches = nil
			source := core.UsageSource{Logins: true, Keys: true, URLs: []string{s.URL}}
			for _, account := range e.members[id] {
				fetches = append(fetches, source.Requests(account)...)
			}
		}
		why := "no account can ask"
		for i, f := range fetches {
			if f.MaxBytes = longestList; i > 2 {
				break
			}
			answer, err := h.Fetch(f)
			if err != nil {
				why = core.PlainLine(err.Error(), 100)
				continue
			}
			if list, ok := core.ReadModels(answer.Body.Reveal()); ok && answer.Status == 200 {
				return core.Turn{View: &core.View{Title: "Models", JSON: list}}
			}
			why = "its answer is no list of models"
		}
		return noLogin(id + ": " + why)
	}), nil
}

// ownProviders are the providers that Pi has only through us. What a person wrote into models.json counts before it.
func (e *Engine) ownProviders() string {
	var out []string
	for _, id := range core.Keys(e.catalogue) {
		p := e.catalogue[id]
		if p.ID != id || p.Models == nil || contains(e.written, id) || e.hidden(id) {
			continue
		}
		stored := false
		if pool := e.pools[id]; pool != nil {
			for i := range pool.Accounts {
				stored = stored || pool.Accounts[i].Source == "stored"
			}
		}
		var headers core.Object
		for _, header := range p.Models.Headers {
			headers.String(header.Name, header.Value.Reveal())
		}
		out = append(out, (&core.Object{}).String("id", id).String("name", p.Name).String("api", p.Models.API).String("baseUrl", p.Models.Base).
			Bool("login", p.Methods != nil).String("prefix", p.TokenPrefix).Raw("headers", headers.Text()).Bool("accounts", stored).Bool("list", p.Models.URL != "").Text())
	}
	return core.Array(out)
}

// entry gets a credential that Pi keeps itself: by a login, or by renewing the one it has.
func (e *Engine) entry(h *flow.Host, l core.Login) core.Turn {
	own := e.catalogue[l.Provider]
	var fresh core.Secret
	var err error
	switch {
	case l.Credential == "":
		fresh, err = e.logIn(h, l)
	case own.Renew != nil:
		h.Seal()
		fresh, err = own.Renew(h, l.Credential)
	case own.Renewal != nil:
		h.Seal()
		fresh, err = oauth.Renew(h, *own.Renewal, l.Credential)
	default:
		return noLogin(l.Provider + " has no login of ours")
	}
	if err != nil {
		return noLogin(e.nameOf(l.Provider) + ": " + e.said(l.Provider, oauth.Failure(err).Text, 300))
	}
	if l.Credential == "" {
		fresh = e.introduce(h, l.Provider, fresh)
	}
	return core.Turn{Lease: &core.Lease{Provider: l.Provider, Source: "stored", Credential: fresh}}
}
