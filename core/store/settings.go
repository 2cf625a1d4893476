package store

import (
	"sort"

	"github.com/tidwall/gjson"

	"pimultiauth/core"
)

const (
	maxLabel = 100
	// mostListed bounds lists and maps that a person writes.
	mostListed = 1000
)

func readSettings(n *node) core.Settings {
	s := core.Settings{
		Paused:  n.get("paused").setting().Type == gjson.True,
		Pause:   core.Plain(n.get("pause").setting().String(), 200),
		Note:    core.Plain(n.get("note").setting().String(), 200),
		Reserve: n.get("reserve").setting().Type == gjson.True,
		Overage: n.get("overage").setting().Type == gjson.True,
	}
	s.Priority = readInt(n.get("priority").setting())
	s.Projects = readStrings(n.get("projects").setting())
	return s
}

// setting is what stands in a leaf {at,value}.
func (n *node) setting() gjson.Result { return n.value().Get("value") }

func (p *ProviderState) readSettings(n *node) {
	if mode := core.Mode(n.get("mode").setting().String()); mode.Valid() {
		p.Mode = mode
	}
	p.Order = readStrings(n.get("order").setting())
	pin := n.get("pin").value()
	p.Pin = core.Pin{Account: pin.Get("account").String(), Strict: pin.Get("strict").Type == gjson.True}
	if p.Pin.Account == "" {
		p.Pin.Strict = false
	}
	p.Strategy = readStrategy(n.get("strategy").setting())
	for _, f := range n.get("groups").fields {
		value := f.value()
		if !value.IsObject() || value.Get("removed").Type == gjson.True {
			continue
		}
		g := core.Group{
			ID: f.key, Name: core.PlainLine(value.Get("label").String(), maxLabel), Accounts: readStrings(value.Get("accounts")),
			Priority: readInt(value.Get("priority")), MaxInFlight: max(0, readInt(value.Get("maxInFlight"))),
			Health: readShare(value.Get("health")), Cooldown: core.Duration(readCount(value.Get("cooldown"))), Backoff: readCount(value.Get("backoff")),
		}
		if mode := core.Mode(value.Get("mode").String()); mode.Valid() {
			g.Mode = mode
		}
		p.Groups = append(p.Groups, g)
	}
	sort.SliceStable(p.Groups, func(i, j int) bool { return p.Groups[i].Priority < p.Groups[j].Priority })
}

func readStrategy(r gjson.Result) core.Strategy {
	switch s := core.Strategy(r.String()); s {
	case core.ByPriority, core.ByTurn, core.ByHealth:
		return s
	}
	return ""
}

// Hidden are the providers a person hid on a screen, sorted, and those a person showed again.
func (t *Tree) Hidden() (hidden, shown []string) {
	for _, f := range t.root.get("hidden").fields {
		switch {
		case !ValidID(f.key):
		case f.setting().Type == gjson.True:
			hidden = append(hidden, f.key)
		case f.setting().Type == gjson.False:
			shown = append(shown, f.key)
		}
	}
	return hidden, shown
}

// Told reports whether a person was told a thing that is said once.
func (t *Tree) Told(what string) bool {
	return t.root.get("told").get(what).setting().Type == gjson.True
}

// ToldDelta is the change that remembers it.
func ToldDelta(what string, at core.Time) string {
	return top("told", what, stamped(at).Bool("value", true).Text())
}

// Chains are the failover chains, sorted by their ids.
func (t *Tree) Chains() []core.Chain {
	var out []core.Chain
	for _, f := range t.root.get("chains").fields {
		value := f.value()
		if !value.IsObject() || value.Get("removed").Type == gjson.True {
			continue
		}
		c := core.Chain{ID: f.key, Name: core.PlainLine(value.Get("label").String(), maxLabel), Attempts: max(0, readInt(value.Get("attempts")))}
		value.Get("hops").ForEach(func(_, hop gjson.Result) bool {
			if id := hop.Get("provider").String(); ValidID(id) && len(c.Hops) < mostListed {
				c.Hops = append(c.Hops, core.Hop{
					Provider: id, Models: readPairs(hop.Get("models")), API: hop.Get("api").String(), Health: readShare(hop.Get("health")),
					Attempts: max(0, readInt(hop.Get("attempts"))),
				})
			}
			return true
		})
		for _, kind := range readStrings(value.Get("triggers")) {
			c.Triggers = append(c.Triggers, core.FaultKind(kind))
		}
		value.Get("models").ForEach(func(model, pairs gjson.Result) bool {
			if m := readPairs(pairs); m != nil && len(c.Models) < mostListed {
				if c.Models == nil {
					c.Models = map[string]map[string]string{}
				}
				c.Models[model.String()] = m
			}
			return true
		})
		if len(c.Hops) > 1 {
			out = append(out, c)
		}
	}
	return out
}

// SettingDelta is the change of one setting of an account; value is JSON.
func SettingDelta(provider, account, name, value string, at core.Time) string {
	return accountDelta(provider, account, "settings", nest(name, stamped(at).Raw("value", value).Text()))
}

// ModeDelta is the change of a provider's mode; "" goes back to the default.
func ModeDelta(provider string, mode core.Mode, at core.Time) string {
	return wrap(provider, "mode", stamped(at).String("value", string(mode)).Text())
}

// PinDelta is the change of a provider's pin; the zero Pin ends it.
func PinDelta(provider string, pin core.Pin, at core.Time) string {
	leaf := stamped(at)
	if pin.Account != "" {
		leaf.String("account", pin.Account).Bool("strict", pin.Strict)
	}
	return wrap(provider, "pin", leaf.Text())
}

// OrderDelta is the change of the order of a provider's accounts.
func OrderDelta(provider string, accounts []string, at core.Time) string {
	return wrap(provider, "order", stamped(at).Raw("value", core.Quoted(accounts)).Text())
}

// StrategyDelta is the change of how one of several groups is chosen.
func StrategyDelta(provider string, s core.Strategy, at core.Time) string {
	return wrap(provider, "strategy", stamped(at).String("value", string(s)).Text())
}

// GroupDelta is the change that makes or replaces a group.
func GroupDelta(provider string, g core.Group, at core.Time) string {
	leaf := stamped(at).String("label", g.Name).Raw("accounts", core.Quoted(g.Accounts)).Int("priority", int64(g.Priority)).
		String("mode", string(g.Mode)).Int("maxInFlight", int64(g.MaxInFlight)).Float("health", g.Health).Int("cooldown", int64(g.Cooldown)).
		Float("backoff", g.Backoff)
	return wrap(provider, "groups", nest(g.ID, leaf.Text()))
}

// GroupRemovedDelta is the change that ends a group.
func GroupRemovedDelta(provider, group string, at core.Time) string {
	return wrap(provider, "groups", nest(group, stamped(at).Bool("removed", true).Text()))
}

// ChainDelta is the change that makes or replaces a chain.
func ChainDelta(c core.Chain, at core.Time) string {
	hops := make([]string, len(c.Hops))
	for i, hop := range c.Hops {
		hops[i] = (&core.Object{}).String("provider", hop.Provider).Raw("models", pairs(hop.Models)).String("api", hop.API).
			Float("health", hop.Health).Int("attempts", int64(hop.Attempts)).Text()
	}
	triggers := make([]string, len(c.Triggers))
	for i, kind := range c.Triggers {
		triggers[i] = string(kind)
	}
	var models core.Object
	for _, model := range core.Keys(c.Models) {
		models.Raw(model, pairs(c.Models[model]))
	}
	leaf := stamped(at).String("label", c.Name).Raw("hops", core.Array(hops)).Int("attempts", int64(c.Attempts)).
		Raw("triggers", core.Quoted(triggers)).Raw("models", models.Text())
	return top("chains", c.ID, leaf.Text())
}

// ChainRemovedDelta is the change that ends a chain.
func ChainRemovedDelta(id string, at core.Time) string {
	return top("chains", id, stamped(at).Bool("removed", true).Text())
}

// HiddenDelta is the change that hides a provider or shows it again.
func HiddenDelta(provider string, hidden bool, at core.Time) string {
	return top("hidden", provider, stamped(at).Bool("value", hidden).Text())
}

func top(part, name, value string) string {
	return (&core.Object{}).Raw(part, nest(name, value)).Int("version", Version).Text()
}

// pairs writes a map as an object, sorted.
func pairs(m map[string]string) string {
	var o core.Object
	for _, key := range core.Keys(m) {
		o.String(key, m[key])
	}
	return o.Text()
}

func readInt(r gjson.Result) int {
	if r.Type != gjson.Number || !(r.Num >= -1e9 && r.Num <= 1e9) {
		return 0
	}
	return int(r.Num)
}

// readShare reads a number between 0 and 1, 0 for anything else.
func readShare(r gjson.Result) float64 {
	if n := readCount(r); n <= 1 {
		return n
	}
	return 0
}

// readStrings reads a list of strings without repeats; other elements are left out.
func readStrings(r gjson.Result) []string {
	if !r.IsArray() {
		return nil
	}
	var out []string
	seen := map[string]bool{}
	r.ForEach(func(_, value gjson.Result) bool {
		if value.Type == gjson.String && value.Str != "" && !seen[value.Str] {
			seen[value.Str] = true
			out = append(out, value.Str)
		}
		return len(out) < maxEntries
	})
	return out
}

// readPairs reads an object of strings, nil when there is none in it.
func readPairs(r gjson.Result) map[string]string {
	var out map[string]string
	if !r.IsObject() {
		return nil
	}
	r.ForEach(func(key, value gjson.Result) bool {
		if value.Type == gjson.String && value.Str != "" {
			if out == nil {
				out = map[string]string{}
			}
			out[key.String()] = value.Str
		}
		return len(out) < mostListed
	})
	return out
}
