package kimi

import "pimultiauth/core"

// Usage asks the endpoint of Kimi's own command line (MoonshotAI/kimi-cli, 2026-01). It takes keys and logins. The service calls "usage"
// the week's and does not say how long it lasts. The wallet counts millionths of a cent.
var Usage = &core.UsageSource{
	Logins: true,
	Keys:   true,
	URLs:   []string{"https://api.kimi.com/coding/v1/usages"},
	Known:  "limits|usage|usages",
	Plan:   "user.membership.level",
	Windows: []core.WindowRow{
		{Each: "limits", At: "detail", Count: "window.duration", Unit: "window.timeUnit", Reset: "window.resetAt|window.reset_at|window.resetTime|window.reset_time"},
		{At: "usage", Window: core.Window{Name: "weekly"}},
		// Plans by the month tell parts of one instead, since 2026-09.
		{At: "usages.limit_5h", Window: core.Window{Length: 5 * core.Hour}, Used: "used_ratio", Limit: "!1", Again: true},
		{At: "usages.limit_month_total", Window: core.Window{Length: core.Month}, Used: "used_ratio", Limit: "!1"},
		{At: "usages.limit_month_code", Window: core.Window{Name: "coding", Length: core.Month}, Used: "used_ratio", Limit: "!1"},
	},
	Balance: []core.BalanceRow{{If: "boosterWallet.balance", Amount: "boosterWallet.balance.amountLeft", Per: 1e8, Currency: "USD", CurrencyAt: "boosterWallet.monthlyUsed.currency|boosterWallet.monthlyChargeLimit.currency", Serves: true}},
	Empty:   "the format was invalid",
}
