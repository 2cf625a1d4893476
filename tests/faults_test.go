package tests

import (
	"context"
	"encoding/json"
	"os"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"pimultiauth/core"
	"pimultiauth/core/engine"
	"pimultiauth/providers"
	"pimultiauth/tests/host"
	told "pimultiauth/tests/samples"
)

// TestModuleAndNativeReadFailuresAlike asks both, through inspect, about every sample there is.
func TestModuleAndNativeReadFailuresAlike(t *testing.T) {
	bytes, err := os.ReadFile("../js-loader/core.wasm")
	require.NoError(t, err)
	module, err := host.Load(context.Background(), bytes)
	require.NoError(t, err)
	defer module.Close()
	guest, err := module.New()
	require.NoError(t, err)
	native := engine.New(providers.All())
	all, err := told.Read(os.DirFS("../providers/testdata/faults"))
	require.NoError(t, err)
	for _, s := range all {
		headers := map[string]string{}
		for _, h := range s.Outcome.Headers {
			headers[h.Name] = h.Value
		}
		line, err := json.Marshal(map[string]any{"what": "fault", "at": s.At, "provider": s.Provider, "model": s.Model, "outcome": map[string]any{
			"status": s.Outcome.Status, "headers": headers, "body": s.Outcome.Body, "text": s.Outcome.Text,
		}})
		require.NoError(t, err)
		m := core.Message{At: s.At, Inspect: &core.Inspect{Line: string(line)}}
		there, err := guest.Call(m)
		require.NoError(t, err)
		here, err := native.Step(m)
		require.NoError(t, err)
		assert.Equal(t, here.Inspected.Line, there.Inspected.Line, "%s: %s", s.Provider, s.Name)
		var read struct {
			Kind, Scope, Verdict, Source string
			Until                        *int64
		}
		require.NoError(t, json.Unmarshal([]byte(there.Inspected.Line), &read))
		f := core.Fault{Kind: core.FaultKind(read.Kind), Scope: core.Scope(read.Scope), Verdict: core.Verdict(read.Verdict), Source: core.Source(read.Source)}
		if read.Until != nil {
			f.Until = core.Time(*read.Until)
		}
		assert.Equal(t, s.Want.String(), told.Told(f, s.At).String(), "%s: %s", s.Provider, s.Name)
	}
}
