package engine

import (
	"sort"

	"pimultiauth/core"
	"pimultiauth/core/pool"
	"pimultiauth/core/view"
)

// show answers the screen of the accounts.
func (e *Engine) show(m core.Message) (core.Turn, error) {
	show := *m.Show
	f := view.Facts{}
	if len(e.edits) > 0 {
		f.Undo = e.edits[len(e.edits)-1].say
	}
	ids := map[string]bool{}
	for id := range e.pools {
		ids[id] = true
	}
	for id := range e.known {
		ids[id] = true
	}
	for id, p := range e.catalogue {
		if id == p.ID && p.Retired == "" && (p.Login == "own" || e.known[id]) {
			ids[id] = true
		}
	}
	for _, id := range core.Keys(ids) {
		if p := e.providerFacts(id, m.At); show.All || p.Accounts > 0 {
			f.Providers = append(f.Providers, p)
		} else {
			f.Hidden++
		}
	}
	sort.SliceStable(f.Providers, func(i, j int) bool {
		a, b := &f.Providers[i], &f.Providers[j]
		return a.Accounts > 0 && b.Accounts == 0
	})
	for i := range f.Providers {
		if f.Provider == "" || f.Providers[i].ID == show.Provider {
			f.Provider = f.Providers[i].ID
		}
	}
	f.Account, f.Mask = show.Account, func(account string) string { return e.masked(f.Provider, account) }
	if p := e.pools[f.Provider]; p != nil {
		for i := range p.Accounts {
			if !p.Accounts[i].Absent {
				f.Accounts = append(f.Accounts, e.account(p, &p.Accounts[i], m.At))
			}
		}
	}
	screen := view.Screen(f, show, m.At, e.zone)
	return core.Turn{Screen: &screen}, nil
}

// masked is the key of an account as it may be shown; "" for a login, and for a key that Pi finds elsewhere.
func (e *Engine) masked(provider, account string) string {
	_, c := e.accountOf(provider, account)
	if c == nil || c.Login {
		return ""
	}
	credential, _ := core.ReadCredential(c.Credential)
	if credential.Key == "" || credential.Template {
		return ""
	}
	return credential.Key.Mask()
}

func (e *Engine) providerFacts(id string, at core.Time) view.Provider {
	known := e.catalogue[id]
	v := view.Provider{ID: id, Name: known.Name, Hidden: e.hidden(id)}
	_, v.Fixed = e.config.Modes[id]
	p := e.pools[id]
	if p == nil {
		v.Mode = e.mode(id, "")
		return v
	}
	v.Mode, v.Untold = p.Mode, known.Usage == nil && known.Windows == nil
	for i := range p.Accounts {
		c := &p.Accounts[i]
		if c.Absent {
			continue
		}
		v.Accounts++
		// Which projects an account is for is no matter of whether it is ready.
		if reason, _, _ := p.Judge(c, pool.Ask{At: at}); reason == "" || reason == pool.NotItsProject || reason == pool.ProjectHasOwn {
			v.Ready++
		}
	}
	if p.Pin.Account != "" {
		v.Pin = labelOf(p, p.Pin.Account)
	}
	for _, g := range p.Groups {
		v.Pools = append(v.Pools, e.groupWords(p, g))
	}
	for _, chain := range p.Chains {
		v.Chains = append(v.Chains, chainWords(chain))
	}
	return v
}
