// Package openrouter reads what a key of OpenRouter may still spend.
package openrouter

import (
	"github.com/tidwall/gjson"

	"pimultiauth/core"
)

// Usage asks for the key's limit and the account's credits, as documented (openrouter.ai/docs/api-reference/limits, 2026-01). Credits may
// want another kind of key; the limit is then all there is.
var Usage = &core.UsageSource{
	Logins: true,
	Keys:   true,
	Requests: func(account core.Account) []core.Fetch {
		return core.Gets(account, "https://openrouter.ai/api/v1/key", "https://openrouter.ai/api/v1/credits")
	},
	Read: func(account core.Account, answers []core.FetchResult, at core.Time) core.Usage {
		return core.ReadUsage(account, answers, at, read)
	},
}

func read(r *core.Reading, body gjson.Result) bool {
	data := body.Get("data")
	if bought, ok := core.ReadNumber(data.Get("total_credits")); ok {
		used, counted := core.ReadNumber(data.Get("total_usage"))
		if !counted {
			return false
		}
		// Models that cost nothing serve an account that never bought credits.
		r.Balance = core.Balance{Known: true, Amount: bought - used, Currency: "USD", Exhausted: bought > 0 && used >= bought}
		return true
	}
	if !core.First(data, "usage", "limit", "limit_remaining", "is_free_tier", "label").Exists() {
		return false
	}
	if data.Get("is_free_tier").Bool() {
		r.Plan = "free"
	}
	limit, limited := core.ReadNumber(data.Get("limit"))
	left, told := core.ReadNumber(data.Get("limit_remaining"))
	if !limited {
		return true
	}
	w := core.Window{Name: "key limit"}
	switch data.Get("limit_reset").String() {
	case "daily":
		w.Length, w.ResetsAt = core.Day, r.At.NextMidnight(0)
	case "weekly":
		// 1970-01-05 was the first Monday.
		monday := core.Time(4 * core.Day)
		w.Length, w.ResetsAt = core.Week, r.At.Add(core.Week-r.At.Sub(monday)%core.Week)
	case "monthly":
		w.Length, w.ResetsAt = core.Month, r.At.NextMonth()
	}
	if w.Length != 0 {
		w.Name = ""
	}
	if told && limit > 0 {
		w.SetUsed((limit - left) / limit * 100)
	} else if limit <= 0 || (told && left <= 0) {
		w.SetUsed(100)
	}
	r.Add(w)
	if told && !r.Balance.Known {
		r.Balance = core.Balance{Known: true, Amount: left, Currency: "USD", Exhausted: left <= 0}
	}
	return true
}
