package kilo

import "pimultiauth/core"

// Usage asks for the balance, as the vendor's open client does (Kilo-Org/kilocode, 2026-01).
var Usage = &core.UsageSource{
	Logins:  true,
	Keys:    true,
	URLs:    []string{"https://api.kilo.ai/api/profile/balance"},
	Known:   "balance|isDepleted",
	Balance: []core.BalanceRow{{Amount: "balance", Currency: "USD", Exhausted: "isDepleted=true", Not: "isDepleted=false"}},
}

// Models is the public list of the gateway, in OpenRouter's shape (kilo.ai/docs/gateway/models-and-providers, 2026-11).
var Models = core.ModelSource{URL: "https://api.kilo.ai/api/gateway/models", Base: "https://api.kilo.ai/api/gateway", API: "openai-completions",
	Headers: []core.SecretHeader{editor}}
