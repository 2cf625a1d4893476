package core

import (
	"strings"
	"testing"
	"time"
	_ "time/tzdata"
)

func TestZonesAgreeWithTheDatabase(t *testing.T) {
	// Their summers follow Ramadan, and the European rule an hour off.
	odd := map[string]bool{"africa/casablanca": true, "europe/chisinau": true}
	named := 0
	for _, z := range zones {
		for _, name := range strings.Split(strings.Trim(z.names, "|"), "|") {
			if !strings.Contains(name, "/") || odd[name] {
				continue
			}
			place, err := time.LoadLocation(proper(name))
			if err != nil {
				t.Errorf("%s is no zone of the database: %v", name, err)
				continue
			}
			named++
			// What holds just before and at each change of the clock holds between them.
			at := time.Date(2026, 1, 1, 0, 30, 0, 0, time.UTC)
			for at.Year() < 2029 {
				for _, at := range []time.Time{at.Add(-time.Second), at} {
					_, want := at.In(place).Zone()
					if got, ok := ZoneOffset(name, Time(at.UnixMilli())); !ok || int(got/Second) != want {
						t.Errorf("%s at %s lies %d s east, not %d", name, at, got/Second, want)
					}
				}
				if _, at = at.In(place).ZoneBounds(); at.IsZero() {
					break
				}
			}
		}
	}
	if named < 400 {
		t.Errorf("only %d zones are known", named)
	}
}

// proper writes a name as the database does.
func proper(name string) string {
	parts := strings.Split(name, "/")
	for i, part := range parts {
		words := strings.FieldsFunc(part, func(r rune) bool { return r == '_' || r == '-' })
		for _, word := range words {
			if !small[word] {
				part = strings.Replace(part, word, strings.ToUpper(word[:1])+word[1:], 1)
			}
		}
		parts[i] = part
	}
	whole := strings.Join(parts, "/")
	if odd, ok := spelt[name]; ok {
		return odd
	}
	return whole
}

var small = map[string]bool{"of": true, "es": true, "au": true}

// spelt are the names whose capitals follow no rule.
var spelt = map[string]string{
	"etc/utc": "Etc/UTC", "etc/gmt": "Etc/GMT", "australia/act": "Australia/ACT", "australia/nsw": "Australia/NSW",
	"america/argentina/comodrivadavia": "America/Argentina/ComodRivadavia", "america/knox_in": "America/Knox_IN",
	"america/port-au-prince": "America/Port-au-Prince", "asia/ust-nera": "Asia/Ust-Nera", "brazil/denoronha": "Brazil/DeNoronha",
	"mexico/bajanorte": "Mexico/BajaNorte", "mexico/bajasur": "Mexico/BajaSur", "us/east-indiana": "US/East-Indiana",
	"us/indiana-starke": "US/Indiana-Starke", "us/alaska": "US/Alaska", "us/aleutian": "US/Aleutian", "us/arizona": "US/Arizona",
	"us/central": "US/Central", "us/eastern": "US/Eastern", "us/hawaii": "US/Hawaii", "us/michigan": "US/Michigan",
	"us/mountain": "US/Mountain", "us/pacific": "US/Pacific", "us/samoa": "US/Samoa",
}
