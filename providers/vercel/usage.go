// Package vercel knows where a Vercel AI Gateway account tells its credits.
package vercel

import "pimultiauth/core"

// Usage asks for the credits as documented (vercel.com/docs/ai-gateway, usage and billing, 2026-07); they are the team's, whose keys
// share them.
var Usage = &core.UsageSource{
	Keys:    true,
	URLs:    []string{"https://ai-gateway.vercel.sh/v1/credits"},
	Known:   "balance",
	Balance: []core.BalanceRow{{Amount: "balance", Currency: "USD"}},
}
