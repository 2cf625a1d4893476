// Package copilot knows where a GitHub Copilot plan tells what is left.
package copilot

import "pimultiauth/core"

const resets = "/quota_reset_date_utc|/quota_reset_date|/limited_user_reset_date"

// Usage asks GitHub, or the enterprise the login belongs to, for the plan of the token's user: with the GitHub token, which Pi keeps where
// others keep a refresh token, and no client's name but ours. The endpoint is not documented; GitHub's own editors read it (2026-01). Since
// 2026-06 "premium" counts credits, and -1 stands for what has no end.
// Free plans tell what remains of a month. A plan without premium requests still serves the models that are no premium.
var Usage = &core.UsageSource{
	Logins: true,
	Keys:   true,
	URLs:   []string{"https://api.{enterpriseUrl:github.com}/copilot_internal/user"},
	Token:  "refresh",
	Scheme: "token ",
	Known:  "limited_user_quotas.chat|limited_user_quotas.completions|quota_snapshots",
	Plan:   "copilot_plan|access_type_sku",
	Windows: []core.WindowRow{
		{If: "limited_user_quotas.chat", Window: core.Window{Name: "chat", Length: core.Month}, Left: "limited_user_quotas.chat", Limit: "monthly_quotas.chat", Reset: "limited_user_reset_date|quota_reset_date"},
		{If: "limited_user_quotas.chat", Window: core.Window{Name: "completions", Length: core.Month, Aside: true}, Left: "limited_user_quotas.completions", Limit: "monthly_quotas.completions", Reset: "limited_user_reset_date|quota_reset_date"},
		{At: "quota_snapshots.premium_interactions", If: "quota_snapshots.premium_interactions", Unless: "quota_snapshots.premium_interactions.unlimited=true|quota_snapshots.premium_interactions.entitlement=0|quota_snapshots.premium_interactions.entitlement=-1|limited_user_quotas.chat", Window: core.Window{Name: "premium", Length: core.Month}, Reset: resets},
		{At: "quota_snapshots.chat", If: "quota_snapshots.chat", Unless: "quota_snapshots.chat.unlimited=true|quota_snapshots.chat.entitlement=0|quota_snapshots.chat.entitlement=-1|limited_user_quotas.chat", Window: core.Window{Name: "chat", Length: core.Month}, Reset: resets},
		{At: "quota_snapshots.completions", If: "quota_snapshots.completions", Unless: "quota_snapshots.completions.unlimited=true|quota_snapshots.completions.entitlement=0|quota_snapshots.completions.entitlement=-1|limited_user_quotas.chat", Window: core.Window{Name: "completions", Length: core.Month, Aside: true}, Reset: resets},
	},
	Paid:  "quota_snapshots.premium_interactions.overage_permitted=true",
	Every: true,
}
