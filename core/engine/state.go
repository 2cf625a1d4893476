package engine

import (
	"sort"
	"strconv"
	"strings"

	"pimultiauth/core"
	"pimultiauth/core/health"
	"pimultiauth/core/pool"
	"pimultiauth/core/store"
)

// fewChanges is up to how many changes are brought in one by one; more of them are a new pool.
const fewChanges = 64

// hidden reports whether a provider is left alone. The configuration wins over what a screen stored.
func (e *Engine) hidden(provider string) bool {
	if e.catalogue[provider].Retired != "" {
		return true
	}
	return contains(e.config.Hidden, provider) || contains(e.stored, provider)
}

func contains(list []string, id string) bool {
	for _, have := range list {
		if have == id {
			return true
		}
	}
	return false
}

// mode is how a provider's pool chooses: as the configuration says, else as a person chose on a screen, else as the provider is known for.
func (e *Engine) mode(provider string, stored core.Mode) core.Mode {
	if mode, ok := e.config.Modes[provider]; ok {
		return mode
	}
	if stored != "" {
		return stored
	}
	if mode := e.catalogue[provider].Mode; mode != "" {
		return mode
	}
	return core.RoundRobin
}

// saveDelta joins a change into what this instance knows and queues its way to the disk.
func (e *Engine) saveDelta(delta string, sync bool) core.Effect {
	e.state.Join(delta)
	e.savedAt = e.at
	return e.effect(core.Effect{File: &core.File{Op: "save", Name: "state", Delta: core.Secret(delta), Sync: sync}})
}

// saveOwn does the same for our accounts, and brings the pools in line.
func (e *Engine) saveOwn(delta string) core.Effect {
	file := e.files["accounts"]
	e.follow(file, file.tree.Join(delta))
	return e.effect(core.Effect{File: &core.File{Op: "save", Name: file.name, Delta: core.Secret(delta), Sync: true}})
}

// absorb joins a text of a file of ours that store.Check found good with what this instance knows and brings the pools in line.
func (e *Engine) absorb(file *ours, text string) {
	if text == file.seen {
		return
	}
	file.seen = text
	e.follow(file, file.tree.JoinChecked(text))
}

// follow brings the pools in line with what a join changed.
func (e *Engine) follow(file *ours, changes []store.Change) {
	if file.name == "usage" {
		e.followUsage(changes)
		return
	}
	if file.tree == e.own {
		accounts := changes[:0]
		for _, c := range changes {
			if c.Part == "accounts" || c.Part == "providers" || c.Part == "" {
				accounts = append(accounts, c)
			}
		}
		if changes = accounts; len(changes) > 0 {
			only := changes[0].Provider
			for _, c := range changes {
				if c.Provider != only {
					only = ""
				}
			}
			e.gather(only)
		}
	}
	if len(changes) > fewChanges {
		e.rebuild()
		return
	}
	whole := map[string]bool{}
	for _, c := range changes {
		switch {
		case c.Provider == "" && c.Part != "version":
			e.rebuild()
			return
		case c.Provider != "":
			whole[c.Provider] = whole[c.Provider] || file.tree == e.own || !e.followOne(c)
		}
	}
	for _, c := range changes {
		if whole[c.Provider] {
			whole[c.Provider] = false
			e.rebuildPool(c.Provider)
		}
	}
	if len(changes) > 0 {
		e.planNext()
	}
}

// followOne brings one account, session or place in line; false when that needs the whole pool.
func (e *Engine) followOne(c store.Change) bool {
	p := e.pools[c.Provider]
	switch {
	case p == nil:
		return len(e.members[c.Provider]) == 0
	case c.Part == "place":
		p.After, p.AfterAt = e.state.Place(c.Provider)
		return true
	case c.Part == "sessions" && c.Key != "":
		home := e.state.Home(c.Provider, c.Key)
		p.Homes[c.Key] = keepHome(p.Homes[c.Key], pool.Home{Account: home.Account, At: home.At})
		return true
	case c.Part != "accounts" || c.Key == "":
		return false
	}
	known := e.state.Account(c.Provider, c.Key)
	i := p.Find(c.Key)
	if i < 0 || known.Removed.At != 0 {
		return false
	}
	account := p.Accounts[i].Account
	for _, member := range e.members[c.Provider] {
		if member.ID == account.ID {
			account = member
		}
	}
	next := e.candidate(account, known, p)
	next.Absent = p.Accounts[i].Absent
	p.Replace(i, next)
	return true
}

// beside is what the id of an account of auth.json ends in whose entry's name is that of another account of ours.
const beside = "@auth"

// entryName is the name of the entry of auth.json that an account comes from or stands in the place of.
func entryName(id string) string {
	for strings.HasSuffix(id, beside) {
		id = strings.TrimSuffix(id, beside)
	}
	return id
}

// gather joins the accounts of auth.json and of our file, by provider. An account of ours that was adopted stands in the place of its
// entry in auth.json, until somebody logs in there anew. Only names the provider that is gathered anew, "" all of them.
func (e *Engine) gather(only string) {
	if only == "" {
		e.members = map[string][]core.Account{}
	}
	delete(e.members, only)
	entry := map[string]*core.Account{}
	for i := range e.auth.Accounts {
		if account := &e.auth.Accounts[i]; only == "" || account.Provider == only {
			entry[account.Provider+"/"+account.ID] = account
		}
	}
	shadowed := map[string]bool{}
	named := map[string]bool{}
	for _, own := range e.own.AccountsOf(only) {
		place := own.Provider + "/" + entryName(own.ID)
		if theirs := entry[place]; theirs != nil && own.Adopted != 0 {
			if theirs.Mark != own.Adopted && own.Expires.Before(theirs.Expires) {
				continue
			}
			shadowed[place] = true
		}
		named[own.Provider+"/"+own.ID] = true
		e.members[own.Provider] = append(e.members[own.Provider], own.Account)
	}
	for _, account := range e.auth.Accounts {
		if (only != "" && account.Provider != only) || shadowed[account.Provider+"/"+account.ID] {
			continue
		}
		for named[account.Provider+"/"+account.ID] {
			// Two accounts that came under one name at different times stay two.
			account.ID += beside
			account.Label = account.ID
		}
		e.members[account.Provider] = append(e.members[account.Provider], account)
	}
	for provider, list := range e.members {
		if only != "" && provider != only {
			continue
		}
		sort.SliceStable(list, func(i, j int) bool {
			a, b := &list[i], &list[j]
			if (a.ID == provider) != (b.ID == provider) {
				return a.ID == provider
			}
			return store.Number(provider, a.ID) < store.Number(provider, b.ID)
		})
		e.identify(provider, list)
	}
}

// entryOf is the entry of auth.json that an account is or stands in the place of; nil for none.
func (e *Engine) entryOf(account *core.Account) *core.Account {
	name := account.Entry
	if account.Own && e.own.Adopted(account.Provider, account.ID) != 0 {
		name = entryName(account.ID)
	}
	for i := range e.auth.Accounts {
		if entry := &e.auth.Accounts[i]; name != "" && entry.Entry == name && entry.Provider == account.Provider {
			return entry
		}
	}
	return nil
}

// newID is a name that no account of a provider has or had.
func (e *Engine) newID(provider string) string {
	n := 0
	for _, account := range e.auth.Accounts {
		n = max(n, store.Number(provider, account.ID))
	}
	for _, id := range e.own.Names(provider) {
		n = max(n, store.Number(provider, id))
	}
	for _, id := range e.state.Names(provider) {
		n = max(n, store.Number(provider, id))
	}
	return provider + "-" + strconv.Itoa(n+1)
}

// rebuild makes the pools anew from the files, keeping what only this process knows: leases and last uses.
func (e *Engine) rebuild() {
	e.stored, _ = e.state.Hidden()
	ids := make([]string, 0, len(e.pools)+len(e.members))
	for id := range e.pools {
		ids = append(ids, id)
	}
	for id := range e.members {
		if e.pools[id] == nil {
			ids = append(ids, id)
		}
	}
	for _, id := range core.Sorted(ids) {
		e.rebuildPool(id)
	}
	e.planNext()
}

func (e *Engine) rebuildPool(id string) {
	old := e.pools[id]
	delete(e.pools, id)
	e.unplan(id)
	if e.hidden(id) {
		return
	}
	var others []pool.Candidate
	if old != nil {
		for i := range old.Accounts {
			if old.Accounts[i].Source != "stored" {
				others = append(others, old.Accounts[i])
			}
		}
	}
	if len(e.members[id])+len(others) == 0 {
		return
	}
	state := e.state.Provider(id)
	p := e.poolOf(id)
	e.equip(p, old)
	p.Accounts = make([]pool.Candidate, 0, len(e.members[id])+len(others))
	for _, account := range e.members[id] {
		known := state.Account(account.ID)
		if known.Removed.At != 0 && known.Removed.Mark == account.Mark {
			continue
		}
		p.Accounts = append(p.Accounts, e.candidate(account, known, old))
	}
	if state != nil && len(state.Order) > 0 {
		place := make(map[string]int, len(state.Order))
		for i, account := range state.Order {
			place[account] = i - len(state.Order)
		}
		sort.SliceStable(p.Accounts, func(i, j int) bool { return place[p.Accounts[i].ID] < place[p.Accounts[j].ID] })
	}
	for _, c := range others {
		next := e.candidate(c.Account, state.Account(c.ID), old)
		next.Absent = c.Absent
		p.Accounts = append(p.Accounts, next)
	}
}

func (e *Engine) poolOf(provider string) *pool.Pool {
	if p, ok := e.pools[provider]; ok {
		return p
	}
	p := &pool.Pool{Provider: provider, Homes: map[string]pool.Home{}}
	stored := core.Mode("")
	if s := e.state.Provider(provider); s != nil {
		stored = s.Mode
		p.Whole, p.After, p.AfterAt = s.Standing, s.Place, s.PlaceAt
		p.Pin, p.Groups, p.Strategy = s.Pin, s.Groups, s.Strategy
		for session, home := range s.Sessions {
			p.Homes[session] = pool.Home{Account: home.Account, At: home.At}
		}
	}
	p.Mode = e.mode(provider, stored)
	for _, chain := range e.state.Chains() {
		for _, hop := range chain.Hops {
			if hop.Provider == provider {
				p.Chains = append(p.Chains, chain)
				break
			}
		}
	}
	e.equip(p, nil)
	e.pools[provider] = p
	return p
}

// usageKey is how accounts are told apart in what is known of usage.
func usageKey(provider, account string) string { return provider + "/" + account }

// candidate joins an account with what is known of it; old may be nil.
func (e *Engine) candidate(account core.Account, known store.AccountState, old *pool.Pool) pool.Candidate {
	c := pool.Candidate{
		Account: account, Settings: known.Settings, Standing: known.Standing, Models: known.Models, Usage: e.usageOf(&account),
	}
	if known.Label != "" {
		c.Label = known.Label
	}
	if p := e.catalogue[account.Provider]; p.TokenPrefix != "" && !c.Login {
		if credential, ok := core.ReadCredential(c.Credential); ok {
			c.Expires = p.Ends(credential)
		}
	}
	if old != nil {
		if i := old.Find(account.ID); i >= 0 {
			c.InFlight, c.LastUsed, c.Live = old.Accounts[i].InFlight, old.Accounts[i].LastUsed, old.Accounts[i].Live
		}
	}
	if c.Live.Outdates(&c.Standing, e.at) {
		c.Standing = core.Standing{At: c.Standing.At}
	}
	if m, model := known.Models[c.Live.ServedModel], c.Live.ServedModel; c.Live.Outdates(&m, e.at) {
		c.Models = pool.WithModel(c.Models, model, core.Standing{At: m.At})
	}
	if h := known.Health; c.Live.Health.At.IsZero() && !h.At.IsZero() {
		// Whoever begins takes over how it went for the others; what it sees itself counts from then on.
		c.Live.Health = health.Score{At: min(h.At, e.at), Good: h.Good, Bad: h.Bad, Slow: h.Slow}
	}
	if why := e.override(&c); why != "" {
		// Nothing is sent anywhere until the entry is corrected; this standing is of the entry and is not kept.
		c.Standing = core.Standing{At: 1, Fault: core.Misconfigured, Cause: why}
	}
	e.plan(&c, known.Renewal)
	return c
}
