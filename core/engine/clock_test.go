package engine_test

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"pimultiauth/core"
	"pimultiauth/core/store"
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
