package engine

import (
	"pimultiauth/core"
	"pimultiauth/core/view"
)

// glance says a provider in a few words, for Pi's footer and for people's own status lines: glance PROVIDER [SESSION]. With --footer it
// says nothing where the configuration wants no footer, or where there is nothing to choose from.
func (e *Engine) glance(c *call) *core.View {
	v := &core.View{}
	id, session := c.word(0), c.word(1)
	p := e.pools[id]
	footer := c.has("footer")
	if p == nil || footer && (e.config.NoFooter || e.hidden(id)) {
		if !footer {
			return failed(view.Clean(id) + " has no accounts")
		}
		return v
	}
	facts := e.providerFacts(id, c.at)
	if facts.Accounts == 0 {
		return v
	}
	account := p.Homes[session].Account
	if made := e.choices[id]; made != nil && made.account != "" && (session == "" || made.ask.Session == session) {
		account = made.account
	}
	if account == "" && facts.Accounts == 1 {
		for i := range p.Accounts {
			if !p.Accounts[i].Absent {
				account = p.Accounts[i].ID
			}
		}
	}
	var shown *view.Account
	if i := p.Find(account); account != "" && i >= 0 && !p.Accounts[i].Absent {
		a := e.account(p, &p.Accounts[i], c.at)
		shown = &a
	}
	v.Notes = []string{view.Glance(id, shown, facts.Accounts, facts.Ready, c.at)}
	return v
}
