package cline

import "pimultiauth/core"

// Usage asks for the credits of the account and the limits of its plan, as the vendor's open client does (cline/cline, 2026-01). The
// balance counts ten-thousandths of a credit.
var Usage = &core.UsageSource{
	Logins: true,
	Keys:   true,
	URLs:   []string{"https://api.cline.bot/api/v1/users/{accountId}/balance", "https://api.cline.bot/api/v1/users/me/plan/usage-limits"},
	Scheme: "Bearer workos:",
	Known:  "data.balance|data.limits",
	Failed: "success=false",
	Windows: []core.WindowRow{
		{Each: "data.limits", If: "type=five_hour", Window: core.Window{Length: 5 * core.Hour}},
		{Each: "data.limits", If: "type=weekly", Window: core.Window{Length: core.Week}},
		{Each: "data.limits", If: "type=monthly", Window: core.Window{Length: core.Month}},
	},
	Balance: []core.BalanceRow{{If: "data.balance", Amount: "data.balance", Per: 10000, Currency: "credits"}},
}

// Models is the public list that Cline's own clients load, in OpenRouter's shape (cline/cline, 2026-11).
var Models = core.ModelSource{URL: "https://api.cline.bot/api/v1/ai/cline/models", Base: "https://api.cline.bot/api/v1", API: "openai-completions",
	Headers: append([]core.SecretHeader{{Name: "HTTP-Referer", Value: "https://cline.bot"}, {Name: "X-Title", Value: "Cline"}, {Name: "X-IS-MULTIROOT", Value: "false"}}, headers...)}
