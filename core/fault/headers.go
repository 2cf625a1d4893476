package fault

import (
	"strings"

	"pimultiauth/core"
)

// end is where a fault ends, and who said so.
type end struct {
	at     core.Time
	source core.Source
}

// end looks for the end of a refusal, the most trusted place first: an exhausted window with a reset of its own (never earlier than the
// wait named beside it), the wait, other resets, the body, the words.
func (e *evidence) end() (end, bool) {
	if t, ok := e.headerEnd(); ok {
		return end{t, core.FromHeader}, true
	}
	if t, ok := e.bodyEnd(); ok {
		return end{t, core.FromBody}, true
	}
	if t, source, ok := e.wordsEnd(); ok {
		return end{t, source}, true
	}
	return end{}, false
}

func (e *evidence) headerEnd() (core.Time, bool) {
	wait, waits := e.waitHeader()
	if window, ok := e.spentWindow(); ok {
		return max(window.end, wait), true
	}
	shared, named := e.sharedReset()
	if waits || named {
		return max(wait, shared), true
	}
	return e.bucketReset()
}

func (e *evidence) header(name string) string {
	for _, h := range e.outcome.Headers {
		value := strings.TrimSpace(h.Value)
		if !strings.EqualFold(h.Name, name) || value == "" {
			continue
		}
		if c := value[0]; c >= '0' && c <= '9' {
			// A number that was sent twice arrives as a list (RFC 9110 section 5.3).
			value, _, _ = strings.Cut(value, ",")
		}
		return value
	}
	return ""
}

// ahead reads a reset that lies before us. One that has passed says nothing of a refusal that came after it: clocks differ.
func (e *evidence) ahead(value string) (core.Time, bool) {
	t, ok := core.ParseReset(value, e.at)
	return t, ok && !t.Before(e.at)
}

// waitHeader reads retry-after-ms (OpenAI, Azure and Anthropic's clients honour it first) and retry-after (RFC 9110 section 10.2.3).
func (e *evidence) waitHeader() (core.Time, bool) {
	if n, ok := core.ParseDecimal(e.header("retry-after-ms")); ok && n < 1e12 {
		if t, ok := core.PlausibleReset(e.at.Add(core.Duration(max(n, 0)+0.999)), e.at); ok {
			return t, true
		}
	}
	return e.ahead(e.header("retry-after"))
}

// spent is a window the headers call exhausted.
type spent struct {
	end    core.Time
	length core.Duration
	scope  core.Scope
}

func (e *evidence) spentWindow() (spent, bool) {
	if s, ok := e.unifiedWindow(); ok {
		return s, true
	}
	return e.codexWindow()
}

// unifiedWindow reads Anthropic's anthropic-ratelimit-unified-* headers, which subscriptions get: whichever window is rejected counts;
// when the whole is rejected but neither the five hours nor the week is, the block is about models and others still work. Not
// documented by the vendor; several public programs agree (seen until 2026-01).
func (e *evidence) unifiedWindow() (spent, bool) {
	const prefix = "anthropic-ratelimit-unified-"
	s := spent{scope: core.ScopeAccount}
	for _, w := range []spent{{length: 5 * core.Hour}, {length: core.Week}} {
		name := "5h"
		if w.length == core.Week {
			name = "7d"
		}
		status := e.header(prefix + name + "-status")
		if used, ok := core.ParseDecimal(e.header(prefix + name + "-utilization")); status == "" && ok && used >= 1 && e.header(prefix+"status") == "rejected" {
			status = "rejected"
		}
		if status != "rejected" {
			continue
		}
		if t, ok := e.ahead(e.header(prefix + name + "-reset")); ok && !t.Before(s.end) {
			s.end, s.length = t, w.length
		}
	}
	if !s.end.IsZero() {
		return s, true
	}
	if e.header(prefix+"status") != "rejected" {
		return spent{}, false
	}
	claim := e.header(prefix + "representative-claim")
	allowed := e.header(prefix+"5h-status") != "" && e.header(prefix+"5h-status") != "rejected" &&
		e.header(prefix+"7d-status") != "" && e.header(prefix+"7d-status") != "rejected"
	s.length = core.Week
	switch {
	case claim == "five_hour":
		s.length = 5 * core.Hour
	case claim == "seven_day_opus" || claim == "seven_day_sonnet" || claim == "seven_day_overage_included" || allowed:
		s.scope = core.ScopeModel
		if t, ok := e.ahead(e.header(prefix + "7d_oi-reset")); ok && e.header(prefix+"7d_oi-status") == "rejected" {
			s.end = t
			return s, true
		}
	}
	if t, ok := e.ahead(e.header(prefix + "reset")); ok {
		s.end = t
		return s, true
	}
	return spent{}, false
}

// codexWindow reads x-codex-{primary,secondary}-used-percent and their resets; further limits carry a name of their own between
// x-codex- and primary, and are about some models only.
func (e *evidence) codexWindow() (spent, bool) {
	var s spent
	for _, h := range e.outcome.Headers {
		name := strings.ToLower(h.Name)
		limit, ok := strings.CutSuffix(name, "-used-percent")
		if !ok || !strings.HasPrefix(limit, "x-codex-") {
			continue
		}
		if used, ok := core.ParseDecimal(strings.TrimSpace(h.Value)); !ok || used < 100 {
			continue
		}
		t, ok := e.ahead(e.header(limit + "-reset-at"))
		if !ok {
			if t, ok = e.ahead(e.header(limit + "-reset-after-seconds")); !ok {
				continue
			}
		}
		scope := core.ScopeModel
		if limit == "x-codex-primary" || limit == "x-codex-secondary" {
			scope = core.ScopeAccount
		}
		// The whole account outranks a single limit, the later end the earlier one.
		if s.end.IsZero() || (s.scope == core.ScopeModel && scope == core.ScopeAccount) || (s.scope == scope && s.end.Before(t)) {
			s = spent{end: t, scope: scope}
			if minutes, ok := core.ParseDecimal(e.header(limit + "-window-minutes")); ok && minutes > 0 && minutes < 1e5 {
				s.length = core.Duration(minutes) * core.Minute
			}
		}
	}
	return s, !s.end.IsZero()
}

// sharedReset reads the headers of a single limit: x-ratelimit-reset (GitHub and others in epoch seconds, OpenRouter in epoch
// milliseconds, many in seconds from now) and the IETF draft's. With something remaining they say nothing of this refusal.
func (e *evidence) sharedReset() (core.Time, bool) {
	for _, prefix := range []string{"x-ratelimit-", "ratelimit-"} {
		if left, ok := core.ParseDecimal(e.header(prefix + "remaining")); ok && left > 0 {
			continue
		}
		if t, ok := e.ahead(e.header(prefix + "reset")); ok {
			return t, true
		}
	}
	return e.draftReset(e.header("ratelimit"))
}

// draftReset reads `"p";r=0;t=30` of draft-ietf-httpapi-ratelimit-headers-10 section 4: r is what remains, t the seconds to its reset.
func (e *evidence) draftReset(value string) (core.Time, bool) {
	left, wait := "", ""
	for parameter := range strings.SplitSeq(value, ";") {
		name, number, _ := strings.Cut(strings.TrimSpace(parameter), "=")
		switch name {
		case "r":
			left = number
		case "t":
			wait = number
		}
	}
	if left != "0" {
		return 0, false
	}
	return e.ahead(wait)
}

// bucketReset reads the resets of several limits at once, x-ratelimit-reset-requests and its like. They tell when a bucket is full,
// which is later than when it serves again, so a wait outranks them; and only an empty bucket counts.
func (e *evidence) bucketReset() (core.Time, bool) {
	var latest core.Time
	for _, h := range e.outcome.Headers {
		name := strings.ToLower(h.Name)
		remaining, bucket := "", ""
		if limit, ok := strings.CutPrefix(name, "x-ratelimit-reset-"); ok {
			remaining, bucket = "x-ratelimit-remaining-"+limit, limit
		} else if limit, ok := strings.CutSuffix(name, "-reset"); ok && strings.HasPrefix(name, "anthropic-ratelimit-") &&
			!strings.HasPrefix(name, "anthropic-ratelimit-unified") {
			remaining = limit + "-remaining"
		} else {
			continue
		}
		if left, ok := core.ParseDecimal(e.header(remaining)); ok && left > 0 {
			continue
		}
		if t, ok := e.ahead(h.Value); ok && latest.Before(t) {
			latest = t
			e.window = max(e.window, e.bucketWindow(bucket))
		}
	}
	return latest, !latest.IsZero()
}

// bucketWindow knows the buckets that count days: Groq's requests (console.groq.com/docs/rate-limits) and Cerebras' requests-day.
func (e *evidence) bucketWindow(bucket string) core.Duration {
	if strings.HasSuffix(bucket, "-day") || (e.provider.ID == "groq" && bucket == "requests") {
		return core.Day
	}
	return 0
}
