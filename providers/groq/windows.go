// Package groq knows how Groq counts in its headers.
package groq

import "pimultiauth/core"

// Windows reads x-ratelimit-*-requests as those of the day and -tokens as those of the minute (console.groq.com/docs/rate-limits, 2026-01).
func Windows(headers []core.Header, at core.Time) []core.Window {
	windows := core.HeaderWindows(headers, at)
	for i := range windows {
		switch w := &windows[i]; w.Name {
		case "requests":
			w.Length = core.Day
		case "tokens":
			w.Length = core.Minute
		}
	}
	return windows
}
