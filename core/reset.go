package core

import (
	"strconv"
	"strings"
)

// The plausible range of a reset, seen from the instant it was read. What lies outside is a broken clock, another unit or an attack,
// and is treated as if it had not been said. The longest window any provider counts in is a month.
const (
	ResetPast   = Day
	ResetFuture = 45 * Day
)

// ParseReset reads the instant a provider names as the end of a wait or of a window. It knows, after trimming blanks and quotes:
//
//	30  1.5            seconds from at
//	1768474800         seconds since 1970, from 1e9 on
//	1768474800000      milliseconds since 1970, from 1e11 on
//	6m0s  120ms  2d    Go's durations, and days
//	2026-01-15T11:00:00.5Z  2026-02-01   RFC 3339, a date alone being its midnight in UTC
//	Thu, 15 Jan 2026 10:02:00 GMT        RFC 9110 section 5.6.7, the obsolete forms too
//
// A negative wait is none: at itself. Everything else, and every instant outside the plausible range, is not known; the answer is
// never zero with true. An instant less than a day in the past is given as it is: a window that ended then is empty now.
func ParseReset(value string, at Time) (Time, bool) {
	value = strings.Trim(strings.TrimSpace(value), `"'`)
	if value == "" || len(value) > 64 {
		return 0, false
	}
	if n, ok := ParseDecimal(value); ok {
		return resetOfNumber(n, at)
	}
	if d, ok := ParseSpan(value); ok {
		return PlausibleReset(at.Add(d), at)
	}
	if t, ok := ParseTimestamp(value); ok {
		return PlausibleReset(t, at)
	}
	if t, ok := parseHTTPDate(value, at); ok {
		return PlausibleReset(t, at)
	}
	return 0, false
}

func resetOfNumber(n float64, at Time) (Time, bool) {
	switch {
	case n < 0:
		return at, !at.IsZero()
	case n < 1e9:
		return PlausibleReset(at.Add(milliseconds(n*1000)), at)
	case n < 1e11:
		return PlausibleReset(Time(milliseconds(n*1000)), at)
	case n < 1e15:
		return PlausibleReset(Time(n), at)
	}
	return 0, false
}

// PlausibleReset reports whether t may be a reset read at the instant at: not zero, at most ResetPast before it and at most
// ResetFuture after it.
func PlausibleReset(t, at Time) (Time, bool) {
	if t.IsZero() || t.Sub(at) < -ResetPast || t.Sub(at) > ResetFuture {
		return 0, false
	}
	return t, true
}

// milliseconds rounds up to a whole millisecond: a wait must not end early. Sums of decimals get the benefit of the last digits.
func milliseconds(n float64) Duration {
	whole := Duration(n)
	if n-float64(whole) > 1e-6 {
		whole++
	}
	return whole
}

// ParseDecimal reads a plain decimal number: digits, at most one point, a sign before them. No exponents and no blanks: what a header
// such as "1e308" means is nobody's guess.
func ParseDecimal(value string) (float64, bool) {
	digits, points := 0, 0
	for i := 0; i < len(value); i++ {
		switch c := value[i]; {
		case c >= '0' && c <= '9':
			digits++
		case c == '.' && points == 0:
			points++
		case (c == '-' || c == '+') && i == 0:
		default:
			return 0, false
		}
	}
	if digits == 0 || digits > 20 {
		return 0, false
	}
	n, err := strconv.ParseFloat(value, 64)
	return n, err == nil
}

// ParseSpan reads durations as Go writes them, "1h2m3.5s" and "120ms", and with days, "6d23h"; blanks may stand between the groups.
// A number without a unit is no span, and neither is one longer than ResetFuture by far.
func ParseSpan(value string) (Duration, bool) {
	total, groups := 0.0, 0
	negative := strings.HasPrefix(value, "-")
	rest := strings.TrimSpace(strings.TrimPrefix(value, "-"))
	for rest != "" {
		n := 0
		for n < len(rest) && (rest[n] >= '0' && rest[n] <= '9' || rest[n] == '.') {
			n++
		}
		number, ok := ParseDecimal(rest[:n])
		if !ok {
			return 0, false
		}
		rest = rest[n:]
		u := 0
		for u < len(rest) && rest[u] != ' ' && rest[u] != '-' && (rest[u] < '0' || rest[u] > '9') {
			u++
		}
		unit, ok := unitMilliseconds(rest[:u])
		if !ok {
			return 0, false
		}
		total += number * unit
		rest = strings.TrimSpace(rest[u:])
		if groups++; groups > 8 || total > 1e15 {
			return 0, false
		}
	}
	if groups == 0 {
		return 0, false
	}
	if negative {
		return 0, true
	}
	return milliseconds(total), true
}

func unitMilliseconds(unit string) (float64, bool) {
	switch unit {
	case "ns":
		return 1e-6, true
	case "us", "µs", "μs":
		return 1e-3, true
	case "ms":
		return 1, true
	case "s":
		return 1e3, true
	case "m":
		return 60e3, true
	case "h":
		return 3600e3, true
	case "d":
		return 86400e3, true
	}
	return 0, false
}

// ParseTimestamp reads RFC 3339, with a blank for the T and any number of decimals too; a date alone is its midnight in UTC. A time of
// day without an offset is not known: nobody says whose it is.
func ParseTimestamp(value string) (Time, bool) {
	date, rest, ok := parseDate(value)
	if !ok {
		return 0, false
	}
	if rest == "" {
		return date, true
	}
	if rest[0] != 'T' && rest[0] != 't' && rest[0] != ' ' {
		return 0, false
	}
	clock, rest, ok := parseClock(rest[1:])
	if !ok {
		return 0, false
	}
	offset, ok := parseOffset(strings.TrimSpace(rest))
	if !ok {
		return 0, false
	}
	return known(date.Add(clock - offset))
}

func known(t Time) (Time, bool) { return t, !t.IsZero() }

func parseDate(value string) (Time, string, bool) {
	if len(value) < 10 || value[4] != '-' || value[7] != '-' {
		return 0, "", false
	}
	year, ok1 := digits(value[:4])
	month, ok2 := digits(value[5:7])
	day, ok3 := digits(value[8:10])
	if !ok1 || !ok2 || !ok3 {
		return 0, "", false
	}
	date, ok := Date(year, month, day)
	return date, value[10:], ok
}

// parseClock reads "10:02", "10:02:00" or "10:02:00.123456789". A leap second is the next second.
func parseClock(value string) (Duration, string, bool) {
	if len(value) < 5 || value[2] != ':' {
		return 0, "", false
	}
	hour, ok1 := digits(value[:2])
	minute, ok2 := digits(value[3:5])
	if !ok1 || !ok2 || hour > 23 || minute > 59 {
		return 0, "", false
	}
	clock := Duration(hour)*Hour + Duration(minute)*Minute
	value = value[5:]
	if value == "" || value[0] != ':' {
		return clock, value, true
	}
	if len(value) < 3 {
		return 0, "", false
	}
	second, ok := digits(value[1:3])
	if !ok || second > 60 {
		return 0, "", false
	}
	clock += Duration(second) * Second
	value = value[3:]
	if value == "" || value[0] != '.' {
		return clock, value, true
	}
	scale := Duration(100)
	n := 1
	for n < len(value) && value[n] >= '0' && value[n] <= '9' {
		clock += Duration(value[n]-'0') * scale
		scale /= 10
		n++
	}
	return clock, value[n:], n > 1
}

func parseOffset(value string) (Duration, bool) {
	switch value {
	case "Z", "z", "UTC", "GMT", "(UTC)":
		return 0, true
	}
	if len(value) < 3 || (value[0] != '+' && value[0] != '-') {
		return 0, false
	}
	hour, ok := digits(value[1:3])
	if !ok || hour > 14 {
		return 0, false
	}
	minute := 0
	if rest := strings.TrimPrefix(value[3:], ":"); rest != "" {
		if len(rest) != 2 {
			return 0, false
		}
		if minute, ok = digits(rest); !ok || minute > 59 {
			return 0, false
		}
	}
	offset := Duration(hour)*Hour + Duration(minute)*Minute
	if value[0] == '-' {
		offset = -offset
	}
	return offset, true
}

// parseHTTPDate reads the three forms of RFC 9110 section 5.6.7. The year of two digits in the second is the one nearest to at.
func parseHTTPDate(value string, at Time) (Time, bool) {
	if _, rest, ok := strings.Cut(value, ","); ok {
		fields := strings.Fields(strings.ReplaceAll(rest, "-", " "))
		if len(fields) != 5 || !utc(fields[4]) {
			return 0, false
		}
		return dateOf(fields[2], fields[1], fields[0], fields[3], at)
	}
	fields := strings.Fields(value)
	if len(fields) != 5 || len(fields[0]) != 3 {
		return 0, false
	}
	return dateOf(fields[4], fields[1], fields[2], fields[3], at)
}

func utc(zone string) bool {
	return strings.EqualFold(zone, "GMT") || strings.EqualFold(zone, "UTC") || zone == "+0000"
}

func dateOf(yearText, monthText, dayText, clockText string, at Time) (Time, bool) {
	year, ok1 := digits(yearText)
	month := monthOf(monthText)
	day, ok2 := digits(dayText)
	clock, rest, ok3 := parseClock(clockText)
	if !ok1 || !ok2 || !ok3 || rest != "" || month == 0 {
		return 0, false
	}
	if len(yearText) == 2 {
		now, _, _ := at.Date()
		year += now - now%100
		if year > now+50 {
			year -= 100
		}
	}
	date, ok := Date(year, month, day)
	if !ok {
		return 0, false
	}
	return known(date.Add(clock))
}

const months = "janfebmaraprmayjunjulaugsepoctnovdec"

func monthOf(name string) int {
	if len(name) < 3 {
		return 0
	}
	i := strings.Index(months, strings.ToLower(name[:3]))
	if i < 0 || i%3 != 0 {
		return 0
	}
	return i/3 + 1
}

func digits(text string) (int, bool) {
	if text == "" || len(text) > 4 {
		return 0, false
	}
	n := 0
	for i := 0; i < len(text); i++ {
		if text[i] < '0' || text[i] > '9' {
			return 0, false
		}
		n = n*10 + int(text[i]-'0')
	}
	return n, true
}

// Date is midnight in UTC of a day of the proleptic Gregorian calendar; false for a day that does not exist.
func Date(year, month, day int) (Time, bool) {
	if year < 1 || year > 9999 || month < 1 || month > 12 || day < 1 || day > daysIn(year, month) {
		return 0, false
	}
	return Time(Duration(daysSince1970(year, month, day)) * Day), true
}

func daysIn(year, month int) int {
	switch month {
	case 2:
		if year%4 == 0 && (year%100 != 0 || year%400 == 0) {
			return 29
		}
		return 28
	case 4, 6, 9, 11:
		return 30
	}
	return 31
}

// daysSince1970 counts in years that begin in March, so that the leap day is the last of its year, and in eras of 400 years.
func daysSince1970(year, month, day int) int {
	if month <= 2 {
		year--
		month += 12
	}
	era := year / 400
	ofEra := year % 400
	ofYear := (153*(month-3)+2)/5 + day - 1
	return era*146097 + ofEra*365 + ofEra/4 - ofEra/100 + ofYear - 719468
}

// Date is the day of t in UTC: the inverse of the function of the same name.
func (t Time) Date() (year, month, day int) {
	days := int(t) / int(Day)
	if int(t)%int(Day) < 0 {
		days--
	}
	days += 719468
	era := days / 146097
	ofEra := days % 146097
	if ofEra < 0 {
		era--
		ofEra += 146097
	}
	year = (ofEra - ofEra/1460 + ofEra/36524 - ofEra/146096) / 365
	ofYear := ofEra - (365*year + year/4 - year/100)
	m := (5*ofYear + 2) / 153
	day = ofYear - (153*m+2)/5 + 1
	month = m + 3
	year += era * 400
	if month > 12 {
		month -= 12
		year++
	}
	return year, month, day
}

// NextMidnight is the next midnight strictly after t in a zone that lies offset east of UTC.
func (t Time) NextMidnight(offset Duration) Time {
	local := t.Add(offset)
	into := Duration(local) % Day
	if into < 0 {
		into += Day
	}
	return t.Add(Day - into)
}

// NextMonth is the first midnight of the next month in UTC.
func (t Time) NextMonth() Time {
	year, month, _ := t.Date()
	if month++; month > 12 {
		year, month = year+1, 1
	}
	next, _ := Date(year, month, 1)
	return next
}
