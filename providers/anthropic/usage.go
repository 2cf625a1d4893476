// Package anthropic knows where a Claude subscription tells what is left.
package anthropic

import (
	"strings"

	"pimultiauth/core"
)

// Usage asks the endpoint behind Claude's own usage page. The vendor does not document it; the shape is as several public programs read
// it (2026-01). It answers logins with the scope user:profile; keys have no endpoint of their own. The windows of Opus and Sonnet are of
// these models; what else has one (cowork, apps) is no chat's. "limits" repeats the windows of the account and adds those of models.
// What the owner pays beyond the plan is told in hundredths.
var Usage = &core.UsageSource{
	Logins:  true,
	URLs:    []string{"https://api.anthropic.com/api/oauth/usage"},
	Headers: []core.Header{{Name: "anthropic-beta", Value: "oauth-2025-04-20"}},
	Denied:  "the login lacks the scope user:profile",
	Known:   "five_hour|seven_day|limits|extra_usage",
	Plan:    "@subscriptionType",
	Windows: []core.WindowRow{
		{At: "five_hour", Window: core.Window{Length: 5 * core.Hour}},
		{At: "seven_day", Window: core.Window{Length: core.Week}},
		{At: "seven_day_opus", Window: core.Window{Length: core.Week, Model: "opus"}},
		{At: "seven_day_sonnet", Window: core.Window{Length: core.Week, Model: "sonnet"}},
		{At: "seven_day_cowork", Window: core.Window{Length: core.Week, Name: "cowork", Aside: true}},
		{At: "seven_day_oauth_apps", Window: core.Window{Length: core.Week, Name: "apps", Aside: true}},
		{Each: "limits", If: "kind=session", Window: core.Window{Length: 5 * core.Hour}, Again: true},
		{Each: "limits", If: "kind=weekly_all", Window: core.Window{Length: core.Week}, Again: true},
		{Each: "limits", If: "kind=weekly_scoped", Window: core.Window{Length: core.Week}, ModelAt: "scope.model.display_name|scope.model.id", Again: true},
	},
	Balance: []core.BalanceRow{{If: "extra_usage.is_enabled=true", Amount: "extra_usage.monthly_limit", Less: "extra_usage.used_credits", Per: 100, Currency: "USD", CurrencyAt: "extra_usage.currency", Serves: true}},
	Paid:    "extra_usage.is_enabled=true",
	More: func(r *core.Reading) {
		// "claude_max_20x" and its like are what people call Max.
		for _, word := range []string{"max", "pro", "team", "enterprise"} {
			if strings.Contains(strings.ToLower(r.Plan), word) {
				r.Plan = word
				return
			}
		}
	},
}
