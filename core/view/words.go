package view

import (
	"strconv"

	"pimultiauth/core"
)

// Span says a span in the largest units that matter, e.g. "42 s", "3 min", "2 h 5 min", "3 days". Parts of a second count as one.
func Span(d core.Duration) string {
	if d < core.Second {
		return "1 s"
	}
	// Rounded up, so that nobody comes back too early.
	switch {
	case d < 2*core.Minute:
		return plural((d+core.Second-1)/core.Second, "s", "s")
	case d < 2*core.Hour:
		return plural((d+core.Minute-1)/core.Minute, "min", "min")
	case d < 2*core.Day:
		minutes := (d + core.Minute - 1) / core.Minute
		if minutes%60 == 0 {
			return plural(minutes/60, "h", "h")
		}
		return plural(minutes/60, "h", "h") + " " + plural(minutes%60, "min", "min")
	}
	return plural((d+core.Hour-1)/core.Hour/24, "day", "days")
}

func plural(n core.Duration, one, many string) string {
	if n == 1 {
		return "1 " + one
	}
	return strconv.FormatInt(int64(n), 10) + " " + many
}

// Clock says an instant as a time of day where it lies within a day of at, as a date and time otherwise, in the host's zone. Like Span it
// rounds up.
func Clock(t, at core.Time, zoneMinutes int) string {
	unit := core.Time(core.Minute)
	if t.Sub(at) < core.Hour {
		unit = core.Time(core.Second)
	}
	t += (unit - t%unit) % unit
	local := t.Add(core.Duration(zoneMinutes) * core.Minute)
	seconds := int64(local) / 1000
	day := seconds % 86400
	if day < 0 {
		day += 86400
	}
	clock := two(day/3600) + ":" + two(day/60%60)
	if t.Sub(at) < core.Hour {
		clock += ":" + two(day%60)
	}
	if t.Sub(at) < core.Day {
		return clock
	}
	y, m, d := local.Date()
	return strconv.Itoa(y) + "-" + two(int64(m)) + "-" + two(int64(d)) + " " + clock
}

func two(n int64) string {
	if n < 10 {
		return "0" + strconv.FormatInt(n, 10)
	}
	return strconv.FormatInt(n, 10)
}

// Back says when something returns: "until 14:05:10 (42 s)".
func Back(until, at core.Time, zoneMinutes int) string {
	return "until " + Clock(until, at, zoneMinutes) + " (" + Span(until.Sub(at)) + ")"
}

// Because joins a reason, its cause and its end; each may be missing.
func Because(reason, cause string, until, at core.Time, zoneMinutes int) string {
	if cause != "" {
		reason += ": " + cause
	}
	if !until.IsZero() {
		if reason != "" {
			reason += ", "
		}
		reason += Back(until, at, zoneMinutes)
	}
	return reason
}
