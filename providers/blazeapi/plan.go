package blazeapi

import (
	"strings"

	"pimultiauth/core"
)

// charging are the models that draw on a day's premium credits, beside the versions of Claude Opus and Sonnet (the service's model list and
// refusals, 2026-05). A free key is refused them with "paid_plan_required", whatever the catalogue says.
const charging = " kimi-k2.5-test kimi-k2.6 qwen3.5-397b glm-5.1 "

// Entitled ranks the plans: premium before pro before free before what is not known. Credits that are used up end only what they are for.
func Entitled(model, plan string) core.Entitlement {
	e := core.Entitlement{Tier: 3}
	switch strings.ToLower(plan) {
	case "premium":
		e.Tier = 0
	case "pro":
		e.Tier = 1
	case "free":
		e.Tier = 2
	}
	if !charges(model) {
		return e
	}
	e.Class = "premium"
	switch e.Tier {
	case 2:
		e.Denied = "no premium credits in its plan"
	case 3:
		e.Unproven = true
	}
	return e
}

func charges(model string) bool {
	for _, family := range [...]string{"claude-opus-", "claude-sonnet-"} {
		if version, ok := strings.CutPrefix(model, family); ok && version != "" && version[0] >= '0' && version[0] <= '9' {
			return true
		}
	}
	return strings.Contains(charging, " "+model[strings.LastIndexByte(model, '/')+1:]+" ")
}
