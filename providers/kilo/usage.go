// Package kilo is Kilo's accounts.
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
