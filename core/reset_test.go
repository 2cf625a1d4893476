package core_test

import (
	"testing"

	"github.com/stretchr/testify/assert"

	"pimultiauth/core"
)

const resetNow core.Time = 1768471200000 // 2026-01-15T10:00:00Z

func TestResetsAreRead(t *testing.T) {
	for value, milliseconds := range map[string]core.Duration{
		"30":                               30000,
		" 30 ":                             30000,
		"0":                                0,
		"1.5":                              1500,
		"0.0001":                           1,
		"33011.38":                         33011380,
		"-5":                               0,
		"-5m":                              0,
		"1768474800":                       3600000,
		"1768474800.5":                     3600500,
		"1768474800000":                    3600000,
		"1768467600":                       -3600000,
		"12ms":                             12,
		"1s":                               1000,
		"7.66s":                            7660,
		"6m0s":                             360000,
		"2m59.56s":                         179560,
		"1h2m3s":                           3723000,
		"27h41m36s":                        99696000,
		"6d23h":                            601200000,
		"2h 15m":                           8100000,
		"539.477544ms":                     540,
		"250us":                            1,
		`"34s"`:                            34000,
		"2026-01-15T11:00:00Z":             3600000,
		"2026-01-15T11:00:00.5Z":           3600500,
		"2026-01-15T11:00:00.123456789Z":   3600123,
		"2026-01-15T12:00:00+01:00":        3600000,
		"2026-01-15T06:00:00-05:00":        3600000,
		"2026-01-15 11:00:00Z":             3600000,
		"2026-01-15 11:00:00 UTC":          3600000,
		"2026-01-16":                       50400000,
		"2026-02-01":                       1432800000,
		"Thu, 15 Jan 2026 10:02:00 GMT":    120000,
		"Thursday, 15-Jan-26 10:02:00 GMT": 120000,
		"Thu Jan 15 10:02:00 2026":         120000,
	} {
		got, ok := core.ParseReset(value, resetNow)
		assert.True(t, ok, value)
		assert.Equal(t, milliseconds, got.Sub(resetNow), value)
	}
}

func TestGarbageIsNoReset(t *testing.T) {
	for _, value := range []string{"", " ", "soon", "NaN", "Infinity", "1e308", "0x10", "15 minutes", "5; drop", "1.2.3", ".", "-", "s", "5x", "1h2",
		"99999999999", "9999999999", "9999999999999", "1768474800000000", "999999999999999999999999", "3888001", "46d", "100000000h",
		"2026-13-01", "2026-02-30", "2026-01-15T25:00:00Z", "2026-01-15T10:00:00", "2026-01-15T10:00:00+99:00", "1970-01-01", "2027-01-01T00:00:00Z",
		"Thu, 01 Jan 1970 00:00:00 GMT", "Thu, 15 Foo 2026 10:02:00 GMT", "Thu, 15 Jan 2026 10:02:00 CET", "Thu, 15 Jan 2026", "2026-01-15T10:00:00.Z"} {
		got, ok := core.ParseReset(value, resetNow)
		assert.False(t, ok, "%q read as %d", value, got)
		assert.Zero(t, got)
	}
}

func TestDaysAreCountedBothWays(t *testing.T) {
	for _, day := range []struct{ year, month, day int }{{1970, 1, 1}, {1969, 12, 31}, {2000, 2, 29}, {2026, 1, 15}, {2028, 2, 29}, {2100, 3, 1}, {1, 1, 1}, {9999, 12, 31}} {
		date, ok := core.Date(day.year, day.month, day.day)
		assert.True(t, ok)
		for _, at := range []core.Time{date, date.Add(core.Day - 1)} {
			y, m, d := at.Date()
			assert.Equal(t, day, struct{ year, month, day int }{y, m, d})
		}
	}
	_, ok := core.Date(2100, 2, 29)
	assert.False(t, ok)
}

func TestMidnightsAndMonths(t *testing.T) {
	assert.Equal(t, 14*core.Hour, resetNow.NextMidnight(0).Sub(resetNow))
	assert.Equal(t, 22*core.Hour, resetNow.NextMidnight(-8*core.Hour).Sub(resetNow))
	assert.Equal(t, core.Day, resetNow.NextMidnight(0).NextMidnight(0).Sub(resetNow.NextMidnight(0)))
	february, _ := core.Date(2026, 2, 1)
	assert.Equal(t, february, resetNow.NextMonth())
	december, _ := core.Date(2026, 12, 31)
	january, _ := core.Date(2027, 1, 1)
	assert.Equal(t, january, december.NextMonth())
}

func FuzzParseReset(f *testing.F) {
	for _, value := range []string{"30", "1768474800", "6m0s", "2026-01-15T11:00:00Z", "Thu, 15 Jan 2026 10:02:00 GMT", "-5", "1e308", "15 minutes"} {
		f.Add(value, int64(resetNow))
	}
	f.Fuzz(func(t *testing.T, value string, now int64) {
		at := core.Time(now % 253402300799000)
		got, ok := core.ParseReset(value, at)
		if !ok && got != 0 {
			t.Fatalf("%q: %d without knowing", value, got)
		}
		if ok && (got.IsZero() || got.Sub(at) < -core.ResetPast || got.Sub(at) > core.ResetFuture) {
			t.Fatalf("%q: %d from %d", value, got, at)
		}
	})
}
