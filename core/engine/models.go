package engine

import (
	"pimultiauth/core"
	"pimultiauth/core/flow"
)

// longestList bounds the text of a service's list of models.
const longestList = 6 << 20

// models asks a provider of ours for its list of models. The answer's JSON is Pi's list; nothing is kept here.
func (e *Engine) models(m core.Message) (core.Turn, error) {
	id := m.Models.Provider
	s := e.catalogue[id].Models
	if s == nil || e.hidden(id) || e.pools[id] == nil {
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

// ownProviders are the providers with accounts that Pi has only through us. What a person wrote into models.json counts before it.
func (e *Engine) ownProviders(ids []string) []core.OwnProvider {
	var out []core.OwnProvider
	for _, id := range ids {
		if p := e.catalogue[id]; p.Models != nil && !contains(e.written, id) && !e.hidden(id) {
			out = append(out, core.OwnProvider{ID: id, Name: p.Name, API: p.Models.API, BaseURL: p.Models.Base})
		}
	}
	return out
}
