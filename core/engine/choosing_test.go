package engine_test

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"pimultiauth/core"
	"pimultiauth/core/store"
)

func withState(d *disk, deltas ...string) *disk {
	text := store.Blank
	for _, delta := range deltas {
		text = store.Merge(text, delta)
	}
	d.files["state"] = text
	return d
}

var spent = core.Outcome{Status: 429, Headers: []core.Header{{Name: "retry-after", Value: "18000"}},
	Body: `{"error":{"type":"usage_limit_reached","message":"You have hit your usage limit."}}`, Text: "429: usage limit"}

func TestAChainLeadsToAnotherProvider(t *testing.T) {
	d := newDisk("demo", "anthropic")
	withState(d, store.ChainDelta(core.Chain{ID: "c", Hops: []core.Hop{{Provider: "demo"}, {Provider: "openai"}, {Provider: "anthropic", Models: map[string]string{"m": "claude"}, API: "anthropic-messages"}},
		Triggers: []core.FaultKind{core.RateLimited, core.QuotaSpent}}, 1))
	p := d.process(t)
	lease := p.settle(p.acquire("s").Lease.ID, spent).Lease
	require.NotNil(t, lease)
	assert.Equal(t, "anthropic", lease.Provider)
	assert.Equal(t, "anthropic", lease.Account)
	assert.Equal(t, "claude", lease.Model)
	assert.Equal(t, "anthropic-messages", lease.API)
	assert.True(t, lease.Switched)
	assert.Contains(t, lease.Say, "demo has no account that can answer now; anthropic/claude is asked instead")
	p.settle(lease.ID, good)
	lease = p.acquire("s").Lease
	assert.Equal(t, "anthropic", lease.Provider, "the next request goes there without asking demo first")
	refused := p.settle(lease.ID, badKey).Refuse
	require.NotNil(t, refused)
	assert.Contains(t, refused.Say, "demo", "one message names everybody who was asked")
	assert.Contains(t, refused.Say, "anthropic")
}

func TestAPinFallsBackWithANoticeUnlessItIsStrict(t *testing.T) {
	for _, strict := range []bool{false, true} {
		d := withState(newDisk("demo", "demo-1"), store.PinDelta("demo", core.Pin{Account: "demo-1", Strict: strict}, 1))
		p := d.process(t)
		lease := p.acquire("s").Lease
		require.Equal(t, "demo-1", lease.Account)
		turn := p.settle(lease.ID, spent)
		if strict {
			require.NotNil(t, turn.Refuse)
			assert.Contains(t, turn.Refuse.Say, "demo-1")
			continue
		}
		require.NotNil(t, turn.Lease)
		assert.Equal(t, "demo", turn.Lease.Account)
		assert.Contains(t, turn.Lease.Say, "demo-1 is pinned and cannot serve")
	}
}

func TestAPausedAccountIsSaidToBePaused(t *testing.T) {
	d := withState(newDisk("demo"), store.SettingDelta("demo", "demo", "paused", "true", 1))
	refused := d.process(t).acquire("s").Refuse
	require.NotNil(t, refused)
	assert.Contains(t, refused.Say, "paused")
	assert.Contains(t, refused.Say, "resume it")
}

func TestAWarmSessionIsWrittenDownNowAndThen(t *testing.T) {
	d := newDisk("demo", "demo-1")
	p := d.process(t)
	p.settle(p.acquire("s").Lease.ID, good)
	before := d.saves
	for range 60 {
		p.at = p.at.Add(10 * core.Second)
		p.settle(p.acquire("s").Lease.ID, good)
	}
	assert.InDelta(t, before+4, d.saves, 1, "ten minutes of requests are a few writes")
	other := d.process(t)
	other.at = p.at
	assert.Equal(t, "demo", other.acquire("s").Lease.Account, "another process finds the session warm")
}
