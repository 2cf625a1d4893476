// Package deepseek knows where a DeepSeek account tells its balance.
package deepseek

import "pimultiauth/core"

// Usage asks for the balance as the vendor documents it (api-docs.deepseek.com, get-user-balance, 2026-11). An account may hold two
// currencies.
var Usage = &core.UsageSource{
	Keys:  true,
	URLs:  []string{"https://api.deepseek.com/user/balance"},
	Known: "is_available|balance_infos.0",
	Balance: []core.BalanceRow{
		{Each: "balance_infos", Amount: "total_balance", CurrencyAt: "currency", Exhausted: "/is_available=false", Not: "/is_available=true"},
		{If: "is_available=false", Exhausted: "is_available=false"},
	},
}
