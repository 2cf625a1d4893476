package core

import (
	"math"
	"strings"

	"github.com/tidwall/gjson"
)

// maxNesting bounds how deep foreign JSON is followed: parsers walk down once for each level, and a few thousand of them, which a token
// of 16 kB can hold, are the end of the module's stack.
const maxNesting = 64

// IsJSON reports whether foreign text is one value of JSON that parsers may be let into. It is asked before every other reading of it.
func IsJSON(text string) bool { return !TooDeep(text) && gjson.Valid(text) }

// ReadObject reads foreign text that should be a JSON object. NaN and infinities, which some services write although JSON has none,
// count as null. False for everything else, and for what is nested deeper than anybody means.
func ReadObject(text string) (gjson.Result, bool) {
	text = strings.TrimSpace(strings.TrimPrefix(text, "\ufeff"))
	if !strings.HasPrefix(text, "{") || TooDeep(text) {
		return gjson.Result{}, false
	}
	if !gjson.Valid(text) {
		for _, word := range []string{"NaN", "Infinity", "-Infinity"} {
			text = strings.ReplaceAll(strings.ReplaceAll(text, ":"+word, ":null"), ": "+word, ":null")
		}
		if !gjson.Valid(text) {
			return gjson.Result{}, false
		}
	}
	return gjson.Parse(text), true
}

// TooDeep reports whether JSON is nested deeper than anybody means; of other text the answer says nothing.
func TooDeep(text string) bool {
	depth, quoted := 0, false
	for i := 0; i < len(text); i++ {
		switch c := text[i]; {
		case quoted && c == '\\':
			i++
		case c == '"':
			quoted = !quoted
		case quoted:
		case c == '{' || c == '[':
			if depth++; depth > maxNesting {
				return true
			}
		case c == '}' || c == ']':
			depth--
		}
	}
	return false
}

// First is the first of several fields of an object that is there and not null.
func First(r gjson.Result, names ...string) gjson.Result {
	if !r.IsObject() {
		return gjson.Result{}
	}
	for _, name := range names {
		if v := r.Get(name); v.Type != gjson.Null {
			return v
		}
	}
	return gjson.Result{}
}

// ReadNumber reads a number, also one that stands in a string, with or without a percent sign. What is larger than anybody counts is
// not known.
func ReadNumber(r gjson.Result) (float64, bool) {
	n, ok := r.Num, r.Type == gjson.Number
	if r.Type == gjson.String {
		n, ok = ParseDecimal(strings.TrimSpace(strings.TrimSuffix(strings.TrimSpace(r.Str), "%")))
	}
	return n, ok && math.Abs(n) <= 1e15
}

// ReadMoment reads the instant of a reset: a date in any form ParseReset knows, or a number since 1970 whose size tells seconds from
// milliseconds. A small number is no instant, and neither is one outside of the plausible range.
func ReadMoment(r gjson.Result, at Time) (Time, bool) {
	if n, ok := ReadNumber(r); ok {
		if n < 1e9 {
			return 0, false
		}
		return resetOfNumber(n, at)
	}
	if r.Type != gjson.String {
		return 0, false
	}
	if _, span := ParseSpan(r.Str); span {
		return 0, false
	}
	return ParseReset(r.Str, at)
}

// Fields that providers name alike. Of several the first that is there counts.
var (
	usedNames    = []string{"used_percent", "usedPercent", "utilization", "percentUsed", "percent_used", "usagePercent", "percentage", "percent"}
	leftNames    = []string{"percent_remaining", "remaining_percent", "remainingPercent", "percentRemaining"}
	limitNames   = []string{"limit", "entitlement", "total"}
	countNames   = []string{"used"}
	restNames    = []string{"remaining", "quota_remaining"}
	resetNames   = []string{"resets_at", "reset_at", "resetsAt", "resetAt", "resetTime", "reset_time", "nextResetTime"}
	waitNames    = []string{"reset_after_seconds", "resets_in_seconds", "reset_in", "resetIn", "resetInSec", "ttl"}
	secondsNames = []string{"limit_window_seconds", "window_seconds", "windowSeconds"}
	minutesNames = []string{"window_minutes", "windowMinutes", "window_duration_mins", "limit_window_minutes"}
)

// ReadWindow reads what an object says of a window, each field by itself: what is missing or makes no sense is not known and spoils
// nothing else. Name, Model and, mostly, Length are the caller's.
func ReadWindow(r gjson.Result, at Time) Window {
	var w Window
	limit, limited := ReadNumber(First(r, limitNames...))
	count, counted := ReadNumber(First(r, countNames...))
	rest, rests := ReadNumber(First(r, restNames...))
	if used, ok := ReadNumber(First(r, usedNames...)); ok {
		w.SetUsed(used)
	} else if left, ok := ReadNumber(First(r, leftNames...)); ok {
		w.SetUsed(100 - left)
	} else if limited && limit > 0 && counted {
		w.SetUsed(count / limit * 100)
	} else if limited && limit > 0 && rests {
		w.SetUsed((limit - rest) / limit * 100)
	}
	if n, ok := ReadNumber(First(r, secondsNames...)); ok {
		w.Length = span(n, Second)
	} else if n, ok := ReadNumber(First(r, minutesNames...)); ok {
		w.Length = span(n, Minute)
	}
	w.ResetsAt = ReadResetOf(r, at)
	return w
}

// ReadResetOf is when an object says that it resets, zero where it does not or not plausibly.
func ReadResetOf(r gjson.Result, at Time) Time {
	if t, ok := ReadMoment(First(r, resetNames...), at); ok {
		return t
	}
	wait := First(r, waitNames...)
	n, ok := ReadNumber(wait)
	if !ok || n < 0 {
		return 0
	}
	t, _ := PlausibleReset(at.Add(span(n, Second)), at)
	return t
}

// ReadSeconds reads how long something lasts, told in seconds; 0 for what is not told and for what nobody means.
func ReadSeconds(r gjson.Result) Duration {
	n, _ := ReadNumber(r)
	return span(n, Second)
}

// span is n units, 0 for none and for what no window lasts.
func span(n float64, unit Duration) Duration {
	if !(n > 0 && n*float64(unit) <= float64(366*Day)) {
		return 0
	}
	return Duration(n*float64(unit) + 0.5)
}
