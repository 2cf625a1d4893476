package engine

import (
	"strconv"
	"strings"

	"pimultiauth/core"
	"pimultiauth/core/flow"
	"pimultiauth/core/pool"
	"pimultiauth/core/store"
	"pimultiauth/core/view"
)

// joinGroup puts an account into one pool and out of every other; "" takes it out of all.
func (e *Engine) joinGroup(h *flow.Host, c *call, p *pool.Pool, account *pool.Candidate, name string) *core.View {
	if name != "" && !store.ValidID(name) {
		return failed("A pool's name has letters, digits and ._:@/- only")
	}
	delta := store.Blank
	var backs []func(core.Time) string
	found := false
	change := func(g core.Group, old *core.Group) {
		at := e.after(c, "providers", p.Provider, "groups", g.ID)
		delta = store.Merge(delta, store.GroupDelta(p.Provider, g, at))
		backs = append(backs, e.groupBack(p.Provider, g.ID, old))
	}
	for _, g := range p.Groups {
		old := g
		inside := contains(g.Accounts, account.ID)
		switch {
		case g.ID == name && !inside:
			g.Accounts = append(append([]string(nil), g.Accounts...), account.ID)
			change(g, &old)
		case g.ID != name && inside:
			g.Accounts = without(g.Accounts, account.ID)
			change(g, &old)
		}
		found = found || g.ID == name
	}
	say := account.Label + " is in no pool."
	if name != "" {
		say = account.Label + " is in the pool " + name + "."
		if !found {
			change(core.Group{ID: name, Accounts: []string{account.ID}}, nil)
			say = "The pool " + name + " is new; " + account.Label + " is in it."
		}
	}
	return e.change(h, delta, say, all(backs))
}

// groupBack takes the change of a group back; old is nil when there was none.
func (e *Engine) groupBack(provider, id string, old *core.Group) func(core.Time) string {
	return func(at core.Time) string {
		at = e.state.After(at, "providers", provider, "groups", id)
		if old == nil {
			return store.GroupRemovedDelta(provider, id, at)
		}
		return store.GroupDelta(provider, *old, at)
	}
}

func without(list []string, id string) []string {
	var out []string
	for _, have := range list {
		if have != id {
			out = append(out, have)
		}
	}
	return out
}

const groupUsage = "pool PROVIDER NAME add|drop ACCOUNT…, mode MODE, priority N, max N, health 0..1, cooldown SECONDS, backoff N, or remove; pool PROVIDER strategy priority|round-robin|health-based"

func (e *Engine) group(h *flow.Host, c *call) *core.View {
	if len(c.words) < 3 {
		return e.groups(c)
	}
	id, no := e.findProvider(c.words[0])
	if no != nil {
		return no
	}
	p := e.pools[id]
	if p == nil {
		return failed(id + " has no accounts")
	}
	name, verb, rest := c.words[1], c.words[2], c.words[3:]
	if name == "strategy" {
		return e.strategy(h, c, p, core.Strategy(verb))
	}
	if !store.ValidID(name) {
		return failed("A pool's name has letters, digits and ._:@/- only")
	}
	g, old := core.Group{ID: name}, (*core.Group)(nil)
	for i := range p.Groups {
		if p.Groups[i].ID == name {
			g = p.Groups[i]
			was := g
			old = &was
		}
	}
	at := e.after(c, "providers", id, "groups", name)
	if verb == "remove" {
		if old == nil {
			return failed(id + " has no pool called " + name)
		}
		return e.change(h, store.GroupRemovedDelta(id, name, at), "The pool "+name+" is gone; its accounts stay.", e.groupBack(id, name, old))
	}
	if no := e.changeGroup(p, &g, verb, rest); no != nil {
		return no
	}
	return e.change(h, store.GroupDelta(id, g, at), e.groupWords(p, g)+".", e.groupBack(id, name, old))
}

func (e *Engine) changeGroup(p *pool.Pool, g *core.Group, verb string, rest []string) *core.View {
	value := strings.Join(rest, " ")
	number, err := strconv.ParseFloat(value, 64)
	bad := err != nil || number != number || number < 0
	switch verb {
	case "add", "drop":
		if len(rest) == 0 {
			return failed(groupUsage)
		}
		for _, word := range rest {
			q, account, no := e.find(e.within(p, word))
			if no != nil {
				return no
			}
			if q != p || account.Source != "stored" {
				return failed(view.Clean(word) + " is no account of " + p.Provider)
			}
			g.Accounts = without(g.Accounts, account.ID)
			if verb == "add" {
				g.Accounts = append(g.Accounts, account.ID)
			}
		}
		return nil
	case "mode":
		if g.Mode = core.Mode(value); value != "" && !g.Mode.Valid() {
			return failed("The modes are round-robin, usage-based, balancer and fill-first")
		}
		return nil
	case "name":
		g.Name = view.Clean(value)
		return nil
	case "priority":
		n, err := strconv.Atoi(value)
		if err != nil || n < -furthest || n > furthest {
			return failed("priority needs a whole number")
		}
		g.Priority = n
		return nil
	}
	if bad {
		return failed(groupUsage)
	}
	switch verb {
	case "max":
		g.MaxInFlight = int(min(number, furthest))
	case "health":
		g.Health = min(number, 1)
	case "cooldown":
		g.Cooldown = core.Duration(min(number, 7*86400)) * core.Second
	case "backoff":
		g.Backoff = min(number, 10)
	default:
		return failed(groupUsage)
	}
	return nil
}

func (e *Engine) strategy(h *flow.Host, c *call, p *pool.Pool, s core.Strategy) *core.View {
	if s != core.ByPriority && s != core.ByTurn && s != core.ByHealth {
		return failed("The strategies are priority, round-robin and health-based")
	}
	id, old := p.Provider, p.Strategy
	back := func(at core.Time) string {
		return store.StrategyDelta(id, old, e.state.After(at, "providers", id, "strategy"))
	}
	return e.change(h, store.StrategyDelta(id, s, e.after(c, "providers", id, "strategy")), id+": pools are taken by "+string(s)+".", back)
}

// groups lists the pools.
func (e *Engine) groups(c *call) *core.View {
	v := &core.View{Title: "Pools"}
	for _, id := range e.providers(c.word(0)) {
		for _, g := range e.pools[id].Groups {
			v.AddRow("", id, e.groupWords(e.pools[id], g))
		}
	}
	if len(v.Rows) == 0 {
		v.Notes = []string{"There are no pools. " + groupUsage + "."}
	}
	return v
}

func (e *Engine) groupWords(p *pool.Pool, g core.Group) string {
	names := make([]string, len(g.Accounts))
	for i, id := range g.Accounts {
		names[i] = labelOf(p, id)
	}
	text := g.ID + ": " + strings.Join(names, ", ")
	if len(names) == 0 {
		text = g.ID + ": nobody"
	}
	if g.Name != "" && g.Name != g.ID {
		text = g.Name + " (" + g.ID + "): " + strings.Join(names, ", ")
	}
	if g.Priority != 0 {
		text += "; priority " + strconv.Itoa(g.Priority)
	}
	if g.Mode != "" {
		text += "; " + string(g.Mode)
	}
	if g.MaxInFlight > 0 {
		text += "; at most " + strconv.Itoa(g.MaxInFlight) + " at once"
	}
	if g.Health > 0 {
		text += "; from health " + strconv.FormatFloat(g.Health, 'f', -1, 64)
	}
	if g.Cooldown > 0 {
		text += "; rests " + view.Span(g.Cooldown)
	}
	if g.Backoff > 0 {
		text += "; times " + strconv.FormatFloat(g.Backoff, 'f', -1, 64) + " at each repeat"
	}
	return text
}

const chainUsage = "chain NAME PROVIDER PROVIDER…, chain NAME map MODEL PROVIDER MODEL, chain NAME on KIND…, chain NAME attempts N, chain NAME remove"

func (e *Engine) chain(h *flow.Host, c *call) *core.View {
	if len(c.words) < 2 {
		return e.chains()
	}
	name, verb, rest := c.words[0], c.words[1], c.words[2:]
	if !store.ValidID(name) {
		return failed("A chain's name has letters, digits and ._:@/- only")
	}
	chain, old := core.Chain{ID: name}, (*core.Chain)(nil)
	for _, have := range e.state.Chains() {
		if have.ID == name {
			chain = have
			was := have
			old = &was
		}
	}
	at := e.after(c, "chains", name)
	back := func(at core.Time) string {
		at = e.state.After(at, "chains", name)
		if old == nil {
			return store.ChainRemovedDelta(name, at)
		}
		return store.ChainDelta(*old, at)
	}
	switch verb {
	case "remove":
		if old == nil {
			return failed("There is no chain called " + name)
		}
		return e.change(h, store.ChainRemovedDelta(name, at), "The chain "+name+" is gone.", back)
	case "map":
		if old == nil || len(rest) != 3 {
			return failed(chainUsage)
		}
		models := map[string]map[string]string{}
		for _, model := range core.Keys(chain.Models) {
			models[model] = map[string]string{}
			for _, p := range core.Keys(chain.Models[model]) {
				models[model][p] = chain.Models[model][p]
			}
		}
		if models[rest[0]] == nil {
			models[rest[0]] = map[string]string{}
		}
		models[rest[0]][rest[1]] = rest[2]
		chain.Models = models
	case "on":
		chain.Triggers = nil
		for _, kind := range rest {
			chain.Triggers = append(chain.Triggers, core.FaultKind(kind))
		}
	case "attempts":
		n, err := strconv.Atoi(strings.Join(rest, ""))
		if err != nil || n < 0 || n > maxAttempts {
			return failed("attempts needs a number up to " + strconv.Itoa(maxAttempts) + "; 0 is the bound of every request")
		}
		chain.Attempts = n
	default:
		hops := map[string]core.Hop{}
		for _, hop := range chain.Hops {
			hops[hop.Provider] = hop
		}
		chain.Hops = nil
		for _, word := range c.words[1:] {
			id, no := e.findProvider(word)
			if no != nil {
				return no
			}
			hop := hops[id]
			hop.Provider = id
			chain.Hops = append(chain.Hops, hop)
		}
	}
	if len(chain.Hops) < 2 {
		return failed("A chain needs two providers or more", chainUsage+".")
	}
	return e.change(h, store.ChainDelta(chain, at), chainWords(chain)+".", back)
}

func (e *Engine) chains() *core.View {
	v := &core.View{Title: "Chains"}
	for _, chain := range e.state.Chains() {
		v.AddRow("", chainWords(chain))
	}
	if len(v.Rows) == 0 {
		v.Notes = []string{"There are no chains. " + chainUsage + "."}
	}
	return v
}

func chainWords(c core.Chain) string {
	hops := make([]string, len(c.Hops))
	for i, hop := range c.Hops {
		hops[i] = hop.Provider
	}
	text := c.ID + ": " + strings.Join(hops, ", then ")
	for _, model := range core.Keys(c.Models) {
		for _, p := range core.Keys(c.Models[model]) {
			text += "; " + model + " is " + c.Models[model][p] + " at " + p
		}
	}
	if len(c.Triggers) > 0 {
		kinds := make([]string, len(c.Triggers))
		for i, kind := range c.Triggers {
			kinds[i] = string(kind)
		}
		text += "; on " + strings.Join(kinds, ", ")
	}
	if c.Attempts > 0 {
		text += "; " + strconv.Itoa(c.Attempts) + " attempts each"
	}
	return text
}
