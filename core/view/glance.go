package view

import (
	"strconv"
	"unicode/utf8"

	"pimultiauth/core"
)

// glanced bounds a name in the footer, in runes: it shares a line with all that Pi says there.
const glanced = 24

// Glance is one provider in a few words: the account that answers, what is left of its quota and how old that figure is, or when it
// returns. A nil account says how many there are and are ready.
func Glance(provider string, a *Account, accounts, ready int, at core.Time) string {
	if a == nil {
		return provider + " " + strconv.Itoa(ready) + " of " + strconv.Itoa(accounts) + " ready"
	}
	name := Clean(a.Label)
	if utf8.RuneCountInString(name) > glanced {
		runes := []rune(name)
		name = string(runes[:glanced-1]) + "…"
	}
	if word := stateWord(a); word != "ready" {
		name += " " + word
		if !a.Until.IsZero() {
			name += " " + Span(a.Until.Sub(at))
		}
		return name
	}
	left := a.left(at)
	if left < 0 {
		return name
	}
	return name + " " + percent(left) + " ~" + age(at.Sub(a.Usage.At))
}

// age is the age of a figure, in one unit: "4m".
func age(d core.Duration) string {
	units := [...]struct {
		of   core.Duration
		word string
	}{{core.Day, "d"}, {core.Hour, "h"}, {core.Minute, "m"}}
	for _, u := range units {
		if d >= u.of {
			return strconv.FormatInt(int64(d/u.of), 10) + u.word
		}
	}
	return "0m"
}

// Waiting is what stands on the screen while a request stands by; the host puts the time in the place of "{left}".
func Waiting(provider, account string, several bool) string {
	if several {
		return provider + ": all accounts are resting; " + Clean(account) + " is back in {left}. Esc stops waiting."
	}
	return provider + ": " + Clean(account) + " is resting and back in {left}. Esc stops waiting."
}

// Moved says that a session goes on with another account, and why.
func Moved(provider, from, to, cause string, pinned bool, until, at core.Time, zoneMinutes int) string {
	to, from = Clean(to), Clean(from)
	switch {
	case cause != "":
		return provider + ": " + to + " answers now; " + Because(from, Clean(cause), until, at, zoneMinutes) + "."
	case pinned:
		return provider + ": " + to + " answers now, because it is pinned."
	}
	return provider + ": " + to + " answers now instead of " + from + ", as the mode chose."
}
