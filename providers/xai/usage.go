// Package xai knows where a SuperGrok subscription tells what is left.
package xai

import (
	"strings"

	"pimultiauth/core"
)

const billing = "https://cli-chat-proxy.grok.com/v1/"

// Usage asks the billing endpoint of xAI's own command line, which is not documented (as public programs read it, 2026-11). Its pretended
// client's header is not sent, so it may refuse. Of a model's key nothing tells usage: GET /v1/api-key names its permissions and whether
// it is blocked, balances and limits want a management key of management-api.x.ai (docs.x.ai, 2026-11). A percentage of zero is left
// out, but that of Heavy always is. Amounts are cents; older servers name the period billingPeriod.
var Usage = &core.UsageSource{
	Logins:  true,
	URLs:    []string{billing + "billing?format=credits", billing + "settings"},
	Known:   "config.currentPeriod|config.creditUsagePercent|config.onDemandCap|subscription_tier_display|subscriptionTier",
	Plan:    "subscription_tier_display|config.subscriptionTier|subscriptionTier",
	Windows: []core.WindowRow{{UsedPercent: "config.creditUsagePercent", Reset: "config.currentPeriod.end|config.billingPeriodEnd", Start: "config.currentPeriod.start|config.billingPeriodStart", Period: "config.currentPeriod.type", Zero: "config.currentPeriod"}},
	Balance: []core.BalanceRow{{If: "config.onDemandCap.val!0", Amount: "config.onDemandCap.val", Less: "config.onDemandUsed.val", Per: 100, Currency: "USD", Serves: true}},
	Paid:    "config.onDemandCap.val!0",
	More: func(r *core.Reading) {
		if len(r.Windows) > 0 && r.Windows[0].Used == 0 && strings.Contains(strings.ToLower(r.Plan), "heavy") {
			r.Windows[0].Known = false
		}
	},
}
