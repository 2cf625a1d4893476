// Package openrouter knows where OpenRouter tells what a key may still spend.
package openrouter

import "pimultiauth/core"

// Usage asks for the key's limit and the account's credits, as documented (openrouter.ai/docs/api/api-reference/api-keys/get-current-key,
// 2026-11). Credits may want another kind of key; the limit is then all there is. Models that cost nothing serve an account that never
// bought credits.
var Usage = &core.UsageSource{
	Logins:  true,
	Keys:    true,
	URLs:    []string{"https://openrouter.ai/api/v1/key", "https://openrouter.ai/api/v1/credits"},
	Known:   "data.usage|data.limit|data.limit_remaining|data.is_free_tier|data.label|data.total_credits",
	Windows: []core.WindowRow{{If: "data.limit", Else: "key limit", Left: "data.limit_remaining", Limit: "data.limit", Period: "data.limit_reset", Calendar: true}},
	Balance: []core.BalanceRow{
		{If: "data.total_credits=0", Amount: "data.total_credits", Less: "data.total_usage", Currency: "USD", Serves: true},
		{If: "data.total_credits!0", Amount: "data.total_credits", Less: "data.total_usage", Currency: "USD"},
		{If: "data.limit_remaining!", Amount: "data.limit_remaining", Currency: "USD"},
	},
	More: func(r *core.Reading) {
		if r.Has("data.is_free_tier=true") {
			r.Plan = "free"
		}
	},
}
