package main

import (
	"context"
	"encoding/hex"
	"os"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"pimultiauth/core"
	"pimultiauth/core/engine"
	"pimultiauth/hostabi"
	"pimultiauth/providers"
	"pimultiauth/tests/host"
)

// twin asks native Go and the module the same and compares every byte of what they answer.
type twin struct {
	t      *testing.T
	native *engine.Engine
	guest  *host.Guest
	calls  *int
}

func (c twin) Call(m core.Message) (core.Turn, error) {
	*c.calls++
	turn, err := c.native.Step(m)
	_, guestErr := c.guest.Call(m)
	require.Equal(c.t, err == nil, guestErr == nil, "%v %v", err, guestErr)
	if err != nil {
		return turn, err
	}
	require.Equal(c.t, hex.EncodeToString(hostabi.AppendTurn(nil, &turn)), hex.EncodeToString(c.guest.Answer()))
	queued := c.guest.Queued()
	require.Len(c.t, queued, len(turn.Effects))
	for i := range turn.Effects {
		require.Equal(c.t, hex.EncodeToString(hostabi.AppendEffect(nil, &turn.Effects[i])), hex.EncodeToString(queued[i]))
	}
	return turn, nil
}

// I10: a whole week is the same byte for byte in the module.
func TestTheModuleLivesTheSameWeek(t *testing.T) {
	bytes, err := os.ReadFile("../../js-loader/core.wasm")
	require.NoError(t, err, "make builds js-loader/core.wasm")
	module, err := host.Load(context.Background(), bytes)
	require.NoError(t, err)
	defer func() { _ = module.Close() }()
	defer func(id string) { providerID = id }(providerID)
	providerID = "anthropic"
	for _, seed := range []int64{10} {
		calls := 0
		f := WildFleet(seed)
		// The module's own provider has no such token endpoint.
		f.Tokens = 0
		w := NewWorld(f, seed)
		o := &ours{w: w}
		var guests []*host.Guest
		o.make = func() stepper {
			guest, err := module.New()
			require.NoError(t, err)
			guests = append(guests, guest)
			return twin{t, engine.New(providers.All()), guest, &calls}
		}
		o.prepare(wildPolicy(seed).Mode)
		s := w.Run()
		assert.Greater(t, s.Served, 100)
		assert.Greater(t, calls, s.Turns)
		for _, guest := range guests {
			assert.NoError(t, guest.Close())
		}
	}
}
