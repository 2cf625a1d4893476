package view_test

import (
	"testing"

	"github.com/stretchr/testify/assert"

	"pimultiauth/core"
	"pimultiauth/core/view"
)

func TestSpan(t *testing.T) {
	for want, d := range map[string]core.Duration{
		"1 s": -5, "42 s": 41001, "119 s": 118001, "2 min": 2 * core.Minute, "3 min": 2*core.Minute + 1, "2 h": 2 * core.Hour,
		"2 h 5 min": 2*core.Hour + 4*core.Minute + 1, "3 days": 3 * core.Day,
	} {
		assert.Equal(t, want, view.Span(d))
	}
}

func TestClock(t *testing.T) {
	at := core.Time(1_772_236_800_000) // 2026-02-28 00:00 UTC
	assert.Equal(t, "00:00:30", view.Clock(at+30_000, at, 0))
	assert.Equal(t, "07:30", view.Clock(at+core.Time(2*core.Hour), at, 330))
	assert.Equal(t, "2026-03-01 00:00", view.Clock(at+core.Time(core.Day), at, 0))
	assert.Equal(t, "00:00:31", view.Clock(at+30_001, at, 0), "nobody is sent back too early")
	assert.Equal(t, "02:01", view.Clock(at+core.Time(2*core.Hour)+1, at, 0))
	assert.Equal(t, "2028-02-29 00:00", view.Clock(1_835_395_200_000, at, 0))
}
