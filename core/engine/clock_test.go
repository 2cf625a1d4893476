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
