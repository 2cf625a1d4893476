package core_test

import (
	"testing"

	"github.com/stretchr/testify/assert"

	"pimultiauth/core"
)

func TestZonesKnowTheirSummers(t *testing.T) {
	tests := []struct {
		name, at string
		want     core.Duration
	}{
		{"Europe/Berlin", "2026-01-15T10:00:00Z", core.Hour},
		{"Europe/Berlin", "2026-03-29T00:59:59Z", core.Hour},
		{"Europe/Berlin", "2026-03-29T01:00:00Z", 2 * core.Hour},
		{"Europe/Berlin", "2026-10-25T00:59:59Z", 2 * core.Hour},
		{"Europe/Berlin", "2026-10-25T01:00:00Z", core.Hour},
		{"America/Los_Angeles", "2026-03-08T09:59:59Z", -8 * core.Hour},
		{"America/Los_Angeles", "2026-03-08T10:00:00Z", -7 * core.Hour},
		{"America/Los_Angeles", "2026-11-01T08:59:59Z", -7 * core.Hour},
		{"America/Los_Angeles", "2026-11-01T09:00:00Z", -8 * core.Hour},
		{"America/New_York", "2026-07-01T00:00:00Z", -4 * core.Hour},
		{"America/Chicago", "2026-07-01T00:00:00Z", -5 * core.Hour},
		{"America/Phoenix", "2026-07-01T00:00:00Z", -7 * core.Hour},
		{"Australia/Sydney", "2026-01-15T00:00:00Z", 11 * core.Hour},
		{"Australia/Sydney", "2026-07-01T00:00:00Z", 10 * core.Hour},
		{"Australia/Sydney", "2026-04-04T15:59:59Z", 11 * core.Hour},
		{"Australia/Sydney", "2026-04-04T16:00:00Z", 10 * core.Hour},
		{"Pacific/Auckland", "2026-01-15T00:00:00Z", 13 * core.Hour},
		{"Asia/Jerusalem", "2026-07-01T00:00:00Z", 3 * core.Hour},
		{"Asia/Jerusalem", "2026-03-27T00:00:00Z", 3 * core.Hour},
		{"Asia/Jerusalem", "2026-03-26T23:59:59Z", 2 * core.Hour},
		{"Asia/Tokyo", "2026-07-01T00:00:00Z", 9 * core.Hour},
		{"Asia/Kolkata", "2026-07-01T00:00:00Z", 5*core.Hour + 30*core.Minute},
		{"asia/shanghai", "2026-07-01T00:00:00Z", 8 * core.Hour},
		{"PST", "2026-07-01T00:00:00Z", -8 * core.Hour},
		{"PT", "2026-07-01T00:00:00Z", -7 * core.Hour},
		{"Beijing time", "2026-07-01T00:00:00Z", 8 * core.Hour},
		{"UTC", "2026-07-01T00:00:00Z", 0},
		{"UTC+8", "2026-07-01T00:00:00Z", 8 * core.Hour},
		{"GMT-03:30", "2026-07-01T00:00:00Z", -3*core.Hour - 30*core.Minute},
		{"+0530", "2026-07-01T00:00:00Z", 5*core.Hour + 30*core.Minute},
		{"Etc/GMT+5", "2026-07-01T00:00:00Z", -5 * core.Hour},
	}
	for _, tt := range tests {
		at, ok := core.ParseTimestamp(tt.at)
		assert.True(t, ok)
		got, ok := core.ZoneOffset(tt.name, at)
		assert.True(t, ok, tt.name)
		assert.Equal(t, tt.want, got, "%s %s", tt.name, tt.at)
	}
	for _, name := range []string{"", "Mars/Olympus", "|", "utc|gmt", "europe", "+99:00", "soon"} {
		_, ok := core.ZoneOffset(name, 0)
		assert.False(t, ok, name)
	}
}

func TestWeekdays(t *testing.T) {
	for date, want := range map[string]int{"1970-01-01": 4, "2026-01-15": 4, "2026-01-18": 0, "1969-12-31": 3} {
		at, _ := core.ParseTimestamp(date)
		if date == "1969-12-31" {
			at = -1
		}
		assert.Equal(t, want, at.Weekday(), date)
	}
}

func FuzzZoneOffset(f *testing.F) {
	for _, name := range []string{"Europe/Berlin", "utc+8", "etc/gmt+5", "+02:00", "beijing time", "|", "utc-"} {
		f.Add(name, int64(1768471200000))
	}
	f.Fuzz(func(t *testing.T, name string, at int64) {
		offset, ok := core.ZoneOffset(name, core.Time(at%253402300799000))
		if offset < -14*core.Hour || offset > 15*core.Hour || (!ok && offset != 0) {
			t.Fatalf("%q is %d", name, offset)
		}
	})
}
