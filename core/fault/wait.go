package fault

import (
	"strings"

	"pimultiauth/core"
)

// wordsEnd finds a wait or an instant in sentences. Only what follows a phrase that announces an end counts: a sentence holds many
// numbers.
func (e *evidence) wordsEnd() (core.Time, bool) {
	for _, phrase := range []string{"try again in", "retry in", "again after", "retry after", "retry-after:", "retry_after:", "retry-after-ms=",
		"resets in", "reset in", "resets after", "reset after", "available in", "refreshes in", "wait for", "please wait", "retry your request in",
		"access again in", "regain access in", "try again after", "quota will reset after"} {
		for rest := range after(e.words, phrase) {
			if phrase == "retry-after-ms=" {
				rest = digitsOf(rest) + "ms"
			}
			if d, ok := span(rest, strings.HasPrefix(phrase, "retry")); ok {
				return core.PlausibleReset(e.at.Add(d), e.at)
			}
		}
	}
	for _, phrase := range []string{"reset at", "resets at", "reset on", "resets on", "try again at", "try again on", "available at", "access on",
		"until", "重置时间", "将在", "将于", "resets", "try again after", "limit reached|"} {
		for rest := range after(e.words, phrase) {
			if t, ok := e.instant(rest); ok {
				return t, true
			}
		}
	}
	return chineseWait(e.words, e.at)
}

// after yields what follows each of the first occurrences of a phrase.
func after(words, phrase string) func(func(string) bool) {
	return func(yield func(string) bool) {
		for n := 0; n < 8; n++ {
			i := strings.Index(words, phrase)
			if i < 0 {
				return
			}
			words = words[i+len(phrase):]
			if !yield(cut(words, 80)) {
				return
			}
		}
	}
}

func digitsOf(text string) string {
	n := 0
	for n < len(text) && text[n] >= '0' && text[n] <= '9' {
		n++
	}
	return text[:n]
}

// span reads "~ 5 hours", "6m0s", "27h41m36s", "2h 15m", "1 day, 3 hours and 5 minutes" at the beginning of a text. Seconds is for
// phrases that come from the header of that name, whose unit they leave out.
func span(text string, seconds bool) (core.Duration, bool) {
	text = strings.TrimLeft(text, " ~:≈=\"'`(*")
	for _, filler := range []string{"about ", "approximately ", "another ", "around ", "at least "} {
		text = strings.TrimPrefix(text, filler)
	}
	text = strings.TrimLeft(text, " ~")
	total, groups := core.Duration(0), 0
	for groups < 6 {
		n := 0
		for n < len(text) && (text[n] >= '0' && text[n] <= '9' || (text[n] == '.' && n+1 < len(text) && text[n+1] >= '0' && text[n+1] <= '9')) {
			n++
		}
		number, ok := core.ParseDecimal(text[:n])
		if !ok {
			break
		}
		rest := strings.TrimLeft(text[n:], " -")
		u := 0
		for u < len(rest) && rest[u] >= 'a' && rest[u] <= 'z' {
			u++
		}
		unit := unitOf(rest[:u])
		if unit == 0 {
			if groups == 0 && seconds && number < 1e7 && !strings.HasPrefix(strings.TrimSpace(rest), ":") && u == 0 {
				return core.Duration(number*1000 + 0.999), true
			}
			break
		}
		if number > 1e9 {
			return 0, false
		}
		total += core.Duration(number*float64(unit) + 0.999)
		groups++
		text = strings.TrimLeft(rest[u:], " ,")
		text = strings.TrimPrefix(text, "and ")
	}
	return total, groups > 0
}

func unitOf(word string) core.Duration {
	switch word {
	case "ms", "msec", "msecs", "millisecond", "milliseconds":
		return core.Millisecond
	case "s", "sec", "secs", "second", "seconds":
		return core.Second
	case "m", "min", "mins", "minute", "minutes":
		return core.Minute
	case "h", "hr", "hrs", "hour", "hours":
		return core.Hour
	case "d", "day", "days":
		return core.Day
	case "w", "week", "weeks":
		return core.Week
	}
	return 0
}

// instant reads a date or a time of day at the beginning of a text.
func (e *evidence) instant(text string) (core.Time, bool) {
	text = strings.TrimLeft(text, " :\"'`(")
	if n := digitsOf(text); len(n) == 10 || len(n) == 13 {
		return e.ahead(n)
	}
	if len(text) >= 10 && text[4] == '-' && text[7] == '-' {
		return e.dated(text)
	}
	return e.timeOfDay(text)
}

// dated reads "2026-02-01 at 00:00 utc" and RFC 3339, and for Z.AI and Zhipu a date without an offset, which is Beijing's: both tell
// it so in English and in Chinese (seen 2026-09-11 beside a retry-after-ms of the same instant).
func (e *evidence) dated(text string) (core.Time, bool) {
	text = strings.Replace(strings.ToUpper(text), " AT ", " ", 1)
	for n := min(len(text), 40); n >= 10; n-- {
		candidate := strings.TrimRight(text[:n], " .,;)")
		if t, ok := core.ParseTimestamp(candidate); ok {
			if len(candidate) == 10 && len(text) > 11 && text[11] >= '0' && text[11] <= '9' {
				break
			}
			return later(core.PlausibleReset(t, e.at))(e.at)
		}
	}
	if !e.beijing() {
		return 0, false
	}
	for _, n := range []int{19, 16} {
		if len(text) < n {
			continue
		}
		if t, ok := core.ParseLocal(text[:n], 8*core.Hour); ok {
			return later(core.PlausibleReset(t, e.at))(e.at)
		}
	}
	return 0, false
}

func later(t core.Time, ok bool) func(core.Time) (core.Time, bool) {
	return func(at core.Time) (core.Time, bool) { return t, ok && !t.Before(at) }
}

func (e *evidence) beijing() bool {
	return strings.HasPrefix(e.provider, "zai") || strings.HasPrefix(e.provider, "zhipu") || strings.HasPrefix(e.provider, "bigmodel")
}

// timeOfDay reads "3pm (utc)" and "3:05 pm (etc/gmt+5)". Without an offset, or in a zone known by name only, nobody can tell the instant
// without a table of zones and their summers: a short probe finds out.
func (e *evidence) timeOfDay(text string) (core.Time, bool) {
	hourText := digitsOf(text)
	if hourText == "" || len(hourText) > 2 {
		return 0, false
	}
	hour, _ := core.ParseDecimal(hourText)
	rest := text[len(hourText):]
	minute := 0.0
	if strings.HasPrefix(rest, ":") {
		minuteText := digitsOf(rest[1:])
		if len(minuteText) != 2 {
			return 0, false
		}
		minute, _ = core.ParseDecimal(minuteText)
		rest = rest[1+len(minuteText):]
	}
	rest = strings.TrimLeft(rest, " ")
	switch {
	case strings.HasPrefix(rest, "am"), strings.HasPrefix(rest, "pm"):
		if hour < 1 || hour > 12 {
			return 0, false
		}
		if hour == 12 {
			hour = 0
		}
		if rest[0] == 'p' {
			hour += 12
		}
		rest = rest[2:]
	case !strings.Contains(text[:min(len(text), 4)], ":"):
		return 0, false
	}
	if hour > 23 || minute > 59 {
		return 0, false
	}
	offset, ok := offsetOf(strings.TrimLeft(rest, " ("))
	if !ok {
		return e.at.Add(defaultProbe), true
	}
	into := core.Duration(hour)*core.Hour + core.Duration(minute)*core.Minute
	midnight := e.at.NextMidnight(offset)
	if t := midnight.Add(into - core.Day); !t.Before(e.at) {
		return t, true
	}
	return midnight.Add(into), true
}

// offsetOf reads "utc", "utc+8", "gmt-03:30", "+02:00" and the POSIX names "etc/gmt+5", whose sign points the other way.
func offsetOf(zone string) (core.Duration, bool) {
	sign := core.Duration(1)
	if posix, ok := strings.CutPrefix(zone, "etc/gmt"); ok {
		zone, sign = posix, -1
	} else {
		named := strings.TrimPrefix(strings.TrimPrefix(strings.TrimPrefix(zone, "etc/"), "utc"), "gmt")
		if named == zone && (zone == "" || (zone[0] != '+' && zone[0] != '-')) {
			return 0, false
		}
		zone = named
	}
	if zone == "" || (zone[0] != '+' && zone[0] != '-') {
		return 0, true
	}
	if zone[0] == '-' {
		sign = -sign
	}
	hours := digitsOf(zone[1:])
	if hours == "" || len(hours) > 2 {
		return 0, false
	}
	n, _ := core.ParseDecimal(hours)
	offset := core.Duration(n) * core.Hour
	if minutes, ok := strings.CutPrefix(zone[1+len(hours):], ":"); ok {
		m, _ := core.ParseDecimal(digitsOf(cut(minutes, 2)))
		offset += core.Duration(m) * core.Minute
	}
	return sign * offset, n <= 14
}

// chineseWait reads "5 小时后" and "30 分钟后".
func chineseWait(words string, at core.Time) (core.Time, bool) {
	for _, unit := range []struct {
		word string
		span core.Duration
	}{{"天后", core.Day}, {"小时后", core.Hour}, {"分钟后", core.Minute}, {"秒后", core.Second}} {
		i := strings.Index(words, unit.word)
		if i < 0 {
			continue
		}
		before := strings.TrimRight(words[:i], " ")
		n := len(before)
		for n > 0 && before[n-1] >= '0' && before[n-1] <= '9' {
			n--
		}
		if number, ok := core.ParseDecimal(before[n:]); ok && number < 1e6 {
			return core.PlausibleReset(at.Add(core.Duration(number)*unit.span), at)
		}
	}
	return 0, false
}
