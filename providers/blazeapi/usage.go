// Package blazeapi knows where a BlazeAPI key tells what is left of its day.
package blazeapi

import "pimultiauth/core"

// Usage asks the service's usage endpoint, of the base URL the account has of its own if there is one. The service counts days of UTC, as
// its daily breakdown shows. Without premium credits the models that cost none still serve. The flat names are an older shape's.
var Usage = &core.UsageSource{
	Keys:  true,
	URLs:  []string{"https://blazeai.boxu.dev/api/usage"},
	Base:  true,
	Known: "plan.daily_requests|plan.premium_daily_credits",
	Plan:  "plan.name|user.plan",
	Windows: []core.WindowRow{
		{Window: core.Window{Name: "requests", Length: core.Day}, Used: "usage.today.requests|usage.today", Limit: "plan.daily_requests", Calendar: true},
		{Window: core.Window{Name: "premium credits", Length: core.Day, Model: "premium"}, Used: "usage.today.premium_credits|usage.premium_used", Limit: "plan.premium_daily_credits", Calendar: true},
	},
	Balance: []core.BalanceRow{
		{If: "plan.premium_daily_credits=0", Amount: "plan.premium_daily_credits", Currency: "premium credits", Serves: true},
		{If: "plan.premium_daily_credits!0", Amount: "plan.premium_daily_credits", Less: "usage.today.premium_credits|usage.premium_used", Currency: "premium credits", Serves: true},
	},
}

// Models is the service's own list, as OpenAI shapes it (its API page, 2026-09).
var Models = core.ModelSource{URL: "https://blazeai.boxu.dev/api/models", Key: true, Base: "https://blazeai.boxu.dev/api/v1", API: "openai-completions"}
