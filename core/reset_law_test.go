package core_test

import (
	"math/rand"
	"net/http"
	"strconv"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"pimultiauth/core"
)

// TestResetsAgreeWithTheirWriters writes waits and instants as servers do, with Go's own formatters, and reads them back: each spelling
// of one reset is the same instant, to the precision it was written with and never earlier.
func TestResetsAgreeWithTheirWriters(t *testing.T) {
	random := rand.New(rand.NewSource(20260115))
	for range 5000 {
		at := core.Time(1_000_000_000_000 + random.Int63n(3_000_000_000_000))
		wait := core.Duration(random.Int63n(int64(40 * core.Day)))
		end := time.UnixMilli(int64(at.Add(wait)))
		zone := time.FixedZone("", (random.Intn(27*4)-12*4)*15*60)
		whole := time.UnixMilli((end.UnixMilli() + 999) / 1000 * 1000)
		for value, want := range map[string]time.Time{
			(time.Duration(wait) * time.Millisecond).String():              end,
			strconv.FormatFloat(float64(wait)/1000, 'f', 3, 64):            end,
			strconv.FormatInt(end.UnixMilli(), 10):                         end,
			strconv.FormatInt(whole.Unix(), 10):                            whole,
			strconv.FormatFloat(float64(end.UnixMilli())/1000, 'f', 3, 64): end,
			end.In(zone).Format("2006-01-02T15:04:05.000Z07:00"):           end,
			end.UTC().Format("2006-01-02 15:04:05.000 UTC"):                end,
			whole.UTC().Format(http.TimeFormat):                            whole,
			whole.UTC().Format(time.RFC850):                                whole,
			whole.UTC().Format(time.ANSIC):                                 whole,
		} {
			got, ok := core.ParseReset(value, at)
			require.True(t, ok, "%q at %d", value, at)
			require.InDelta(t, want.UnixMilli(), int64(got), 1, "%q at %d", value, at)
		}
	}
}

// TestWaitsDoNotDependOnTheHour reads the same wait at many instants.
func TestWaitsDoNotDependOnTheHour(t *testing.T) {
	random := rand.New(rand.NewSource(7))
	for _, value := range []string{"0", "30", "1.5", "6m0s", "2h 15m", "6d23h", "250us", "-5"} {
		want, ok := core.ParseReset(value, resetNow)
		require.True(t, ok)
		for range 200 {
			at := core.Time(1 + random.Int63n(253_402_300_000_000))
			got, ok := core.ParseReset(value, at)
			require.True(t, ok)
			require.Equal(t, want.Sub(resetNow), got.Sub(at), value)
		}
	}
}
