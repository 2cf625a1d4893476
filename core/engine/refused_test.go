package engine_test

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"pimultiauth/core"
)

var refusedToken = core.Outcome{Status: 401, Body: `{"error":{"message":"Invalid Authentication","type":"invalid_authentication_error"}}`}

const kimis = `{"kimi-coding-1":{"type":"oauth","access":"a1","refresh":"r1","expires":1800003600000},
	"kimi-coding-2":{"type":"oauth","access":"b1","refresh":"s1","expires":1800003600000}}`

func (p *process) kimi() core.Turn {
	return p.tell(core.Message{Acquire: &core.Acquire{Provider: "kimi-coding", Model: "m", API: "anthropic-messages", Mode: "print"}})
}

// due is what a tick begins with.
func (p *process) due() string {
	turn, err := p.core.Step(core.Message{At: p.at, Tick: &core.Tick{}})
	require.NoError(p.t, err)
	if len(turn.Effects) == 0 || turn.Effects[0].File == nil {
		return ""
	}
	return turn.Effects[0].File.Name
}

// Whoever only asks once is gone before it would renew what it was refused.
func TestALoginThatWasRefusedInAProcessThatIsGoneIsRenewed(t *testing.T) {
	d := &disk{files: map[string]string{"auth": kimis}}
	once := d.process(t)
	first := once.kimi().Lease
	second := once.settle(first.ID, refusedToken).Lease
	require.NotNil(t, second)
	require.NotEqual(t, first.Account, second.Account)
	once.settle(second.ID, good)
	later := d.process(t)
	later.at += core.Time(core.Minute)
	assert.Equal(t, "refresh kimi-coding/"+first.Account, later.due())
}

// A service may not know yet what it has just issued.
func TestATokenThatIsRefusedWhenItIsNewIsRenewedOnceMore(t *testing.T) {
	d := &disk{files: map[string]string{"auth": kimi}}
	p, flow, fetch := renewing(t, d)
	p.renewed(flow, fetch)
	lease := p.kimi().Lease
	require.Contains(t, lease.Credential.Reveal(), `"access":"a2"`)
	p.at += core.Time(core.Second)
	require.NotNil(t, p.settle(lease.ID, refusedToken).Refuse)
	assert.Empty(t, p.due(), "not within the pause between two renewals")
	p.at += core.Time(core.Minute)
	assert.Equal(t, "refresh kimi-coding/kimi-coding-1", p.due())
}
