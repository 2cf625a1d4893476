// Package deepseek reads the balance of a DeepSeek account.
package deepseek

import (
	"github.com/tidwall/gjson"

	"pimultiauth/core"
)

// Usage asks for the balance as the vendor documents it (api-docs.deepseek.com, get-user-balance, 2026-01).
var Usage = &core.UsageSource{
	Keys: true,
	Requests: func(account core.Account) []core.Fetch {
		return core.Gets(account, "https://api.deepseek.com/user/balance")
	},
	Read: func(account core.Account, answers []core.FetchResult, at core.Time) core.Usage {
		return core.ReadUsage(account, answers, at, read)
	},
}

func read(r *core.Reading, body gjson.Result) bool {
	available := body.Get("is_available")
	body.Get("balance_infos").ForEach(func(_, info gjson.Result) bool {
		// An account may hold two currencies; one that holds something counts before one that is empty.
		amount, ok := core.ReadNumber(info.Get("total_balance"))
		if ok && (!r.Balance.Known || (r.Balance.Amount <= 0 && amount > 0)) {
			r.Balance = core.Balance{Known: true, Amount: amount, Currency: core.Plain(info.Get("currency").String(), 8)}
		}
		return true
	})
	if available.IsBool() {
		r.Balance.Exhausted = !available.Bool()
	} else {
		r.Balance.Exhausted = r.Balance.Known && r.Balance.Amount <= 0
	}
	return available.IsBool() || r.Balance.Known
}
