// Package kilo is Kilo's accounts.
package kilo

import (
	"github.com/tidwall/gjson"

	"pimultiauth/core"
)

// Usage asks for the balance, as the vendor's open client does (Kilo-Org/kilocode, 2026-01).
var Usage = &core.UsageSource{
	Logins: true,
	Keys:   true,
	Requests: func(account core.Account) []core.Fetch {
		return core.Gets(account, "https://api.kilo.ai/api/profile/balance")
	},
	Read: func(account core.Account, answers []core.FetchResult, at core.Time) core.Usage {
		return core.ReadUsage(account, answers, at, func(r *core.Reading, body gjson.Result) bool {
			amount, ok := core.ReadNumber(body.Get("balance"))
			depleted := body.Get("isDepleted")
			r.Balance = core.Balance{Known: ok, Amount: amount, Currency: "USD", Exhausted: depleted.Bool() || (!depleted.IsBool() && ok && amount <= 0)}
			return ok || depleted.IsBool()
		})
	},
}
