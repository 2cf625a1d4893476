package store

import (
	"strings"

	"github.com/tidwall/gjson"

	"pimultiauth/core"
)

// upgraded is when what is taken over from a version 1 file counts as written: before everything that is written since, and the same
// in every process that takes it over.
const upgraded core.Time = 1

// IsOld reports whether a text is a state file of version 1, the peer's.
func IsOld(text string) bool {
	text = object(text)
	version := gjson.Get(text, "version")
	return (version.Type != gjson.Number || version.Num < Version) && gjson.Get(text, "providers").IsObject()
}

// Upgrade takes over what a version 1 state file says (pi-multi-auth 0.7.0 by MasuRii): order, names, disabled accounts as paused ones,
// pins, modes, pools, chains, hidden providers, models that an account cannot serve, and cooldowns. Each field is taken or left by
// itself; what cannot be understood is left out.
func Upgrade(text string) string {
	t := Parse(Blank)
	text = object(text)
	gjson.Get(text, "ui.hiddenProviders").ForEach(func(_, id gjson.Result) bool {
		if name := strings.TrimSpace(id.String()); id.Type == gjson.String && ValidID(name) {
			t.Join(HiddenDelta(name, true, upgraded))
		}
		return true
	})
	count := 0
	gjson.Get(text, "providers").ForEach(func(id, old gjson.Result) bool {
		if count++; ValidID(id.String()) && old.IsObject() && count <= maxEntries {
			upgradeProvider(t, id.String(), old)
		}
		return true
	})
	return t.Text()
}

func upgradeProvider(t *Tree, provider string, old gjson.Result) {
	// The accounts of a provider are joined as one change: a file may name thousands.
	var accounts core.Object
	type account struct{ settings, models, standing core.Object }
	known := map[string]*account{}
	get := func(id gjson.Result) *account {
		if !ValidID(id.String()) || (known[id.String()] == nil && len(known) >= maxEntries) {
			return nil
		}
		if known[id.String()] == nil {
			known[id.String()] = &account{}
		}
		return known[id.String()]
	}
	setting := func(a *account, name, value string) {
		a.settings.Raw(name, stamped(upgraded).Raw("value", value).Text())
	}
	if order := validIDs(old.Get("credentialIds")); len(order) > 0 {
		t.Join(OrderDelta(provider, order, upgraded))
	}
	if mode := core.Mode(old.Get("rotationMode").String()); mode.Valid() {
		t.Join(ModeDelta(provider, mode, upgraded))
	}
	if pin := strings.TrimSpace(old.Get("manualActiveCredentialId").String()); ValidID(pin) {
		t.Join(PinDelta(provider, core.Pin{Account: pin}, upgraded))
	}
	old.Get("friendlyNames").ForEach(func(id, name gjson.Result) bool {
		if label := core.PlainLine(name.String(), maxLabel); name.Type == gjson.String && label != "" {
			if a := get(id); a != nil {
				setting(a, "label", string(core.AppendQuoted(nil, label)))
			}
		}
		return true
	})
	old.Get("disabledCredentials").ForEach(func(id, value gjson.Result) bool {
		// Without its reason it stays disabled all the same: a person or a failure took it out.
		if a := get(id); a != nil && value.Exists() && value.Type != gjson.Null && value.Type != gjson.False {
			setting(a, "paused", "true")
			setting(a, "pause", string(core.AppendQuoted(nil, core.PlainLine(value.Get("error").String(), 200))))
		}
		return true
	})
	old.Get("quotaExhaustedUntil").ForEach(func(id, until gjson.Result) bool {
		if end := readTime(until); end > 0 {
			if a := get(id); a != nil {
				cause := "cooled down earlier"
				if said := core.PlainLine(old.Get("lastQuotaError").Get(gjson.Escape(id.String())).String(), 160); said != "" {
					cause += ": " + said
				}
				a.standing.Int("at", int64(upgraded)).String("fault", string(core.QuotaSpent)).Int("until", int64(end)).String("cause", cause).
					String("source", string(core.FromDefault))
			}
		}
		return true
	})
	old.Get("modelIncompatibilities").ForEach(func(id, models gjson.Result) bool {
		models.ForEach(func(model, value gjson.Result) bool {
			end := readTime(value.Get("blockedUntil"))
			name := strings.ToLower(strings.TrimSpace(model.String()))
			if slash := strings.IndexByte(name, '/'); slash >= 0 && slash+1 < len(name) {
				name = name[slash+1:]
			}
			if a := get(id); a != nil && end > 0 && name != "" {
				a.models.Raw(name, stamped(upgraded).String("fault", string(core.ModelUnavailable)).Int("until", int64(end)).
					String("cause", "not served on this account").String("source", string(core.FromDefault)).Text())
			}
			return true
		})
		return true
	})
	for _, id := range core.Keys(known) {
		var one core.Object
		one.Raw("settings", known[id].settings.Text()).Raw("models", known[id].models.Text())
		if standing := known[id].standing.Text(); standing != "{}" {
			one.Raw("standing", standing)
		}
		accounts.Raw(id, one.Text())
	}
	if len(known) > 0 {
		t.Join(wrap(provider, "accounts", accounts.Text()))
	}
	upgradePools(t, provider, old)
	old.Get("chains").ForEach(func(_, chain gjson.Result) bool {
		if c, ok := upgradeChain(chain); ok && t.At("chains", c.ID).IsZero() {
			t.Join(ChainDelta(c, upgraded))
		}
		return true
	})
}

func upgradePools(t *Tree, provider string, old gjson.Result) {
	if old.Get("poolConfig.enablePools").Type == gjson.False {
		return
	}
	if s := readStrategy(old.Get("poolConfig.failoverStrategy")); s != "" {
		t.Join(StrategyDelta(provider, s, upgraded))
	}
	old.Get("pools").ForEach(func(_, pool gjson.Result) bool {
		g := core.Group{
			ID: strings.TrimSpace(pool.Get("poolId").String()), Name: core.PlainLine(pool.Get("displayName").String(), maxLabel),
			Accounts: validIDs(pool.Get("credentialIds")), Priority: readInt(pool.Get("priority")), MaxInFlight: max(0, readInt(pool.Get("maxConcurrent"))),
			Health: readShare(pool.Get("healthThreshold")), Cooldown: core.Duration(readCount(pool.Get("config.cooldownMs"))),
			Backoff: readCount(pool.Get("config.backoffMultiplier")), Mode: core.RoundRobin,
		}
		if mode := core.Mode(pool.Get("poolMode").String()); mode.Valid() {
			g.Mode = mode
		}
		if g.ID != "" && len(g.ID) <= maxLabel && len(g.Accounts) > 0 {
			t.Join(GroupDelta(provider, g, upgraded))
		}
		return true
	})
}

// triggers are the peer's kinds of failures by ours.
var triggers = []struct {
	theirs string
	ours   core.FaultKind
}{
	{"quota", core.QuotaSpent}, {"quota_weekly", core.QuotaSpent}, {"balance_exhausted", core.Unpaid}, {"authentication", core.Unauthorized},
	{"permission", core.NotEntitled}, {"organization_disabled", core.Forbidden}, {"rate_limit", core.RateLimited}, {"provider_transient", core.Overloaded},
	{"invalid_request", core.BadRequest}, {"context_limit", core.TooLong}, {"request_timeout", core.Timeout}, {"unknown", core.Unknown},
}

func upgradeChain(chain gjson.Result) (core.Chain, bool) {
	c := core.Chain{
		ID: strings.TrimSpace(chain.Get("chainId").String()), Name: core.PlainLine(chain.Get("displayName").String(), maxLabel),
		Attempts: max(0, readInt(chain.Get("maxAttemptsPerProvider"))),
	}
	chain.Get("providers").ForEach(func(_, hop gjson.Result) bool {
		if id := strings.TrimSpace(hop.Get("providerId").String()); ValidID(id) && len(c.Hops) < mostListed {
			c.Hops = append(c.Hops, core.Hop{
				Provider: id, Models: readPairs(hop.Get("modelMapping")), Health: readShare(hop.Get("healthThreshold")),
				Attempts: max(0, readInt(hop.Get("maxAttempts"))),
			})
		}
		return true
	})
	seen := map[core.FaultKind]bool{}
	for _, name := range readStrings(chain.Get("failoverTriggers")) {
		for _, t := range triggers {
			if t.theirs == name && !seen[t.ours] {
				seen[t.ours] = true
				c.Triggers = append(c.Triggers, t.ours)
			}
		}
	}
	chain.Get("modelMapping").ForEach(func(model, to gjson.Result) bool {
		if m := readPairs(to); m != nil && len(c.Models) < mostListed {
			if c.Models == nil {
				c.Models = map[string]map[string]string{}
			}
			c.Models[model.String()] = m
		}
		return true
	})
	return c, c.ID != "" && len(c.ID) <= maxLabel && len(c.Hops) > 1
}

// validIDs reads a list of ids without repeats.
func validIDs(r gjson.Result) []string {
	var out []string
	for _, id := range readStrings(r) {
		if ValidID(id) {
			out = append(out, id)
		}
	}
	return out
}
