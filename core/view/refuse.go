package view

import "pimultiauth/core"

// listed bounds the accounts one message names.
const listed = 8

// retryWithin is the wait after which Pi's own retries (three, 14 s in all) have ended.
const retryWithin = 12 * core.Second

// Refusal is the one message when nobody is left.
func Refusal(provider string, accounts []Account, at core.Time, zoneMinutes int, again bool) *core.Refuse {
	r := &core.Refuse{Retry: again}
	if len(accounts) == 0 {
		r.Say = provider + ": there is no account to ask. Type /multi-auth add " + provider + ", or log in with Pi's /login."
		return r
	}
	first := -1
	for i, a := range accounts {
		if !a.Until.IsZero() && (first < 0 || a.Until.Before(accounts[first].Until)) {
			first = i
		}
		if a.Standing == core.StandingReady {
			// It failed for a reason that teaches nothing about the account, so asking again may help.
			r.Retry = true
		}
	}
	if first >= 0 {
		r.Until = accounts[first].Until
		r.Retry = r.Retry || r.Until.Sub(at) <= retryWithin
	}
	say := provider + ": "
	if again {
		say += "the answer broke off. "
	} else {
		say += "no account can answer now. "
	}
	for i, a := range accounts {
		if i == listed {
			say += "; and " + plural(core.Duration(len(accounts)-listed), "more", "more")
			break
		}
		if i > 0 {
			say += "; "
		}
		say += a.Label + ": " + a.Why
		if !a.Until.IsZero() {
			say += ", " + Back(a.Until, at, zoneMinutes)
		}
		if a.Fix != "" {
			say += ", " + a.Fix
		}
	}
	say += ". "
	if first >= 0 && len(accounts) > 1 {
		say += "First back: " + accounts[first].Label + " in " + Span(r.Until.Sub(at)) + ". "
	}
	if r.Retry {
		// Pi tries again by itself when an error holds these words (pi-ai, isRetryableAssistantError, 0.87.1 and 1.5.2).
		say += "Please retry your request."
	} else {
		// Of Pi's two lists the one with "billing" wins: it keeps Pi from trying again in vain.
		say += "See /multi-auth status; quota and billing are with the provider."
	}
	r.Say = say
	return r
}
