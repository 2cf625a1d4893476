package codex

import (
	"strings"

	"pimultiauth/core"
)

// Entitled knows which models a ChatGPT plan includes in Codex, as the service refused them (2026-01): some by name, and every major
// version from 6 on. What the free plan includes is asked of free accounts first, so that paid quota is left for what needs it.
func Entitled(model, plan string) core.Entitlement {
	rest, ok := strings.CutPrefix(model, "gpt-")
	if !ok {
		return core.Entitlement{}
	}
	switch plan = planOf(plan); {
	case !needsPaid(rest) && plan == "free":
		return core.Entitlement{}
	case !needsPaid(rest):
		return core.Entitlement{Tier: 1}
	case plan == "free":
		return core.Entitlement{Denied: "the free plan does not include it"}
	case plan == "":
		return core.Entitlement{Tier: 1, Unproven: true}
	}
	return core.Entitlement{}
}

func needsPaid(version string) bool {
	switch version {
	case "5-mini", "5.3-codex", "5.5":
		return true
	}
	digits := 0
	for digits < len(version) && version[digits] >= '0' && version[digits] <= '9' {
		digits++
	}
	if digits < len(version) && version[digits] != '.' && version[digits] != '-' {
		return false
	}
	return digits > 1 || digits == 1 && version[0] >= '6'
}

// planOf is a plan by its common name, "" for one that is not known.
func planOf(plan string) string {
	plan = strings.TrimPrefix(strings.ToLower(strings.TrimSpace(plan)), "chatgpt")
	switch plan = strings.Trim(plan, " _-"); plan {
	case "free", "plus", "pro", "team", "business", "enterprise":
		return plan
	}
	return ""
}
