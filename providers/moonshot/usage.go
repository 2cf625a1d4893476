// Package moonshot reads the balance of a Moonshot AI account.
package moonshot

import (
	"github.com/tidwall/gjson"

	"pimultiauth/core"
)

// Usage and UsageCN ask for the balance as documented (platform.moonshot.ai, check balance, 2026-01); the two are different accounts.
var (
	Usage   = source("https://api.moonshot.ai/v1/users/me/balance", "USD")
	UsageCN = source("https://api.moonshot.cn/v1/users/me/balance", "CNY")
)

func source(url, currency string) *core.UsageSource {
	return &core.UsageSource{
		Keys:     true,
		Requests: func(account core.Account) []core.Fetch { return core.Gets(account, url) },
		Read: func(account core.Account, answers []core.FetchResult, at core.Time) core.Usage {
			return core.ReadUsage(account, answers, at, func(r *core.Reading, body gjson.Result) bool {
				if code, ok := core.ReadNumber(body.Get("code")); (ok && code != 0) || body.Get("status").Type == gjson.False {
					r.Fail("the service refused (code " + body.Get("code").String() + ")")
					return true
				}
				amount, ok := core.ReadNumber(body.Get("data.available_balance"))
				r.Balance = core.Balance{Known: ok, Amount: amount, Currency: currency, Exhausted: ok && amount <= 0}
				return ok
			})
		},
	}
}
