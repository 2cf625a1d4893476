// Package codex knows where a ChatGPT plan, which Codex and logins to OpenAI draw on, tells what is left.
package codex

import "pimultiauth/core"

const (
	spent    = "credits.overage_limit_reached=true|spend_control.reached=true|"
	depleted = "rate_limit_reached_type^workspace_|rate_limit_reached_type.type^workspace_"
)

// Usage asks the endpoint of ChatGPT's own usage page; the vendor does not document it, its open client reads it (openai/codex, 2026-01).
// Which window is the short one is told by its length alone: some plans have only a week, and first. A workspace whose owner or member
// has nothing left to spend is refused at any percentage.
var Usage = &core.UsageSource{
	Logins:  true,
	URLs:    []string{"https://chatgpt.com/backend-api/wham/usage"},
	Headers: []core.Header{{Name: "chatgpt-account-id", Value: "{accountId}"}, {Name: "chatgpt-account-id", Value: `{access/https://api\.openai\.com/auth.chatgpt_account_id}`}},
	Known:   "rate_limit|plan_type|credits|spend_control",
	Plan:    "plan_type",
	Windows: []core.WindowRow{
		{At: "rate_limit.primary_window", Else: "primary"},
		{At: "rate_limit.secondary_window", Else: "secondary"},
		// Workspaces that pay as they go have no other window than each member's budget, in numbers or in percent (openai/codex, 2026-09).
		{At: "spend_control.individual_limit", Window: core.Window{Name: "budget", Length: core.Month}, Used: "used", Limit: "limit"},
		{At: "code_review_rate_limit.primary_window", Window: core.Window{Name: "code review", Aside: true}},
		{Each: "additional_rate_limits", At: "rate_limit.primary_window", ModelAt: "limit_name|metered_feature"},
		{Each: "additional_rate_limits", At: "rate_limit.secondary_window", ModelAt: "limit_name|metered_feature"},
	},
	Balance: []core.BalanceRow{
		{If: "credits.unlimited=true", Currency: "credits", Exhausted: spent + depleted, Serves: true},
		{If: "credits.unlimited!true|credits.balance", Amount: "credits.balance", Currency: "credits", Exhausted: spent + depleted, Serves: true},
		{If: spent + depleted, Exhausted: spent + depleted},
	},
	Refused: "rate_limit.limit_reached=true|rate_limit.allowed=false|" + spent + depleted,
	Paid:    "credits.unlimited=true|credits.has_credits=true",
}
