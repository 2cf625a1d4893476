// Package vercel reads the credits of a Vercel AI Gateway account.
package vercel

import (
	"github.com/tidwall/gjson"

	"pimultiauth/core"
)

// Usage asks for the credits as documented (vercel.com/docs/ai-gateway, usage, 2026-01).
var Usage = &core.UsageSource{
	Keys: true,
	Requests: func(account core.Account) []core.Fetch {
		return core.Gets(account, "https://ai-gateway.vercel.sh/v1/credits")
	},
	Read: func(account core.Account, answers []core.FetchResult, at core.Time) core.Usage {
		return core.ReadUsage(account, answers, at, func(r *core.Reading, body gjson.Result) bool {
			amount, ok := core.ReadNumber(body.Get("balance"))
			r.Balance = core.Balance{Known: ok, Amount: amount, Currency: "USD", Exhausted: ok && amount <= 0}
			return ok
		})
	},
}
