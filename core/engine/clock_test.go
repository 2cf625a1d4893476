package engine_test

import (
	"slices"
	"strconv"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"pimultiauth/core"
	"pimultiauth/core/engine"
	"pimultiauth/core/store"
	"pimultiauth/providers"
)

// A clock that is years ahead is set right some time. What was written meanwhile must not be believed for years.

func TestACooldownOfAClockThatWasAheadIsNone(t *testing.T) {
	ahead := start.Add(3650 * core.Day)
	p := newDisk("demo").process(t)
	p.edit(store.StandingDelta("demo", "demo", "", core.Standing{At: ahead, Fault: core.RateLimited, Until: ahead.Add(core.Hour), Cause: "rate limited", Source: core.FromHeader}))
	turn := p.acquire("s")
	require.NotNil(t, turn.Lease)
	turn = p.settle(turn.Lease.ID, limited)
	require.NotNil(t, turn.Refuse)
	assert.Equal(t, start.Add(30*core.Second), turn.Refuse.Until, "and a new one is as long as it was told")
	q := p.disk.process(t)
	turn = q.acquire("t")
	require.NotNil(t, turn.Refuse, "which the other processes learn")
	assert.Equal(t, start.Add(30*core.Second), turn.Refuse.Until)
}

func TestACooldownOfSecondsIsNotTheTimeAClockWasSetBackBy(t *testing.T) {
	ahead := start.Add(30 * core.Minute)
	for _, tt := range []struct {
		name  string
		told  core.Standing
		until core.Time
	}{
		{"seconds that began ahead of now", core.Standing{At: ahead, Fault: core.RateLimited, Until: ahead.Add(4 * core.Second), Source: core.FromHeader}, 0},
		{"the reset of a window", core.Standing{At: ahead, Fault: core.QuotaSpent, Until: ahead.Add(core.Hour), Source: core.FromWindow}, ahead.Add(core.Hour)},
		{"clocks that differ by little", core.Standing{At: start.Add(20 * core.Second), Fault: core.RateLimited, Until: start.Add(core.Minute), Source: core.FromHeader}, start.Add(core.Minute)},
	} {
		t.Run(tt.name, func(t *testing.T) {
			p := newDisk("demo").process(t)
			tt.told.Cause = "rate limited"
			p.edit(store.StandingDelta("demo", "demo", "", tt.told))
			turn := p.acquire("s")
			if !tt.until.IsZero() {
				require.NotNil(t, turn.Refuse)
				assert.Equal(t, tt.until, turn.Refuse.Until)
				return
			}
			require.NotNil(t, turn.Lease)
			// What is learned now lasts as long as it was told, here and for the others, also beyond the time that was written ahead.
			for _, told := range []string{"30", "3600"} {
				limited := limited
				limited.Headers = []core.Header{{Name: "retry-after", Value: told}}
				turn = p.settle(turn.Lease.ID, limited)
				seconds, _ := strconv.Atoi(told)
				until := p.at.Add(core.Duration(seconds) * core.Second)
				require.NotNil(t, turn.Refuse)
				assert.Equal(t, until, turn.Refuse.Until)
				other := p.disk.process(t)
				other.at = p.at
				turn = other.acquire("t")
				require.NotNil(t, turn.Refuse, "which the other processes learn")
				assert.Equal(t, until, turn.Refuse.Until)
				p.at = until.Add(10 * core.Second)
				turn = p.acquire("s")
				if told == "30" {
					require.NotNil(t, turn.Lease)
				}
			}
		})
	}
}

func TestUsageOfAClockThatWasAheadIsForgotten(t *testing.T) {
	ahead := start.Add(3650 * core.Day)
	used := core.Usage{At: ahead, Windows: []core.Window{{Name: "weekly", Used: 100, Known: true, Length: core.Week, ResetsAt: ahead.Add(core.Day)}}}
	d := newDisk("demo")
	d.files["usage"] = store.UsageDelta("demo/demo", &used, 0)
	p := d.process(t)
	turn := p.acquire("s")
	require.NotNil(t, turn.Lease)
	told := good
	told.Headers = []core.Header{{Name: "x-ratelimit-limit-requests-day", Value: "100"}, {Name: "x-ratelimit-remaining-requests-day", Value: "40"}, {Name: "x-ratelimit-reset-requests-day", Value: "3600"}}
	p.settle(turn.Lease.ID, told)
	usage, _ := store.Parse(d.files["usage"]).Usage("demo/demo")
	assert.Equal(t, start, usage.At, "what is seen now takes its place")
	assert.Len(t, usage.Windows, 1)
}

func TestALoginIsRenewedAfterAClockThatWasAhead(t *testing.T) {
	ahead := start.Add(3650 * core.Day)
	d := &disk{files: map[string]string{"auth": `{"anthropic-1":{"type":"oauth","access":"a","refresh":"r","expires":1}}`}}
	mark := core.Secret("a").Mark()
	d.files["state"] = store.RenewalDelta("anthropic", "anthropic-1", store.Renewal{At: ahead, Next: ahead.Add(core.Minute), Failures: 1, Mark: mark})
	p := d.process(t)
	turn, err := p.core.Step(core.Message{At: start, Acquire: &core.Acquire{Provider: "anthropic", Model: "m", Session: "s", Mode: "print"}})
	require.NoError(t, err)
	require.NotEmpty(t, turn.Effects, "%+v", turn.Refuse)
	assert.Equal(t, "hold", turn.Effects[0].File.Op, "a pause of years is none")
}

// Processes return from an end they share one after another; who is shown is who would be asked.
func TestWhoIsShownAsReadyWouldBeAsked(t *testing.T) {
	d := newDisk("demo")
	p := &process{t: t, core: engine.New(providers.All()), disk: d, at: start}
	p.tell(core.Message{Start: &core.Start{Known: []string{"demo"}}, Seed: 12345})
	turn := p.settle(p.acquire("s").Lease.ID, limited)
	require.NotNil(t, turn.Refuse)
	named, back := d.standing("demo").Until, turn.Refuse.Until
	require.Greater(t, back, named, "this process comes back a little later")
	for _, at := range []core.Time{named - 1, named, named + 1, back - 1, back} {
		p.at = at
		status := p.tell(core.Message{Command: &core.Command{Text: "status"}}).View.Rows[1].Cells
		asked := p.tell(core.Message{Acquire: &core.Acquire{Provider: "demo", Model: "m", Session: "s", Mode: "print", Peek: true}}).Lease != nil
		assert.Equal(t, asked, slices.Contains(status, "ready"), "%d ms after the end that was named: %v", at.Sub(named), status)
		assert.Equal(t, at >= back, asked)
	}
}
