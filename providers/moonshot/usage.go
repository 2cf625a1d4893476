// Package moonshot knows where a Moonshot AI account tells its balance.
package moonshot

import "pimultiauth/core"

// Usage and UsageCN ask for the balance as documented (platform.moonshot.ai and .cn, check balance, 2026-11); the two
// are different accounts. At nothing and below the service refuses; debts of cash are not taken off what vouchers hold.
var (
	Usage   = source("https://api.moonshot.ai/v1/users/me/balance", "USD")
	UsageCN = source("https://api.moonshot.cn/v1/users/me/balance", "CNY")
)

func source(url, currency string) *core.UsageSource {
	return &core.UsageSource{
		Keys:    true,
		URLs:    []string{url},
		Known:   "data.available_balance",
		Failed:  "code!0|status=false",
		Code:    "code",
		Balance: []core.BalanceRow{{Amount: "data.available_balance", Currency: currency}},
	}
}
