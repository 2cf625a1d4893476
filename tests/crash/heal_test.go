package crash

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"pimultiauth/tests/process"
)

func TestR10AWipedFileComesBack(t *testing.T) {
	crash.Asked(t)
	dir := newFolder(t)
	seed := start(t, nil, "writer.mts", dir, "name", "1")
	seed.end()
	state := filepath.Join(dir, "multi-auth.json")
	require.NoError(t, os.WriteFile(state, []byte(`{"version":2,"providers":{"p":{"mode":{"at":9,"value":"balancer"}}},"owning":{"at":1,"value":true}}`), 0o600))
	require.NoError(t, os.WriteFile(filepath.Join(dir, "auth.json"), []byte(`{}`), 0o600))
	p := start(t, nil, "heal.mts", dir)
	p.until(t, "ready")
	wipes := map[string]func(string) error{
		"emptied":  func(f string) error { return os.Truncate(f, 0) },
		"cut off":  func(f string) error { return os.Truncate(f, 60) },
		"removed":  os.Remove,
		"replaced": func(f string) error { return os.WriteFile(f, []byte("[]"), 0o600) },
		// The peer writes in place, without a lock that we know, and keeps nothing of ours.
		"written by a peer": func(f string) error {
			return os.WriteFile(f, []byte("{\n  \"version\": 1,\n  \"providers\": {\n    \"p\": {\n      \"credentialIds\": []\n    }\n  },\n  \"ui\": {\n    \"hiddenProviders\": []\n  }\n}"), 0o600)
		},
	}
	healed := 0
	for range crash.Pick(2, 20) {
		for how, wipe := range wipes {
			for _, name := range []string{state, filepath.Join(dir, "multi-auth-accounts.json")} {
				if how == "written by a peer" && name != state {
					continue
				}
				require.NoError(t, wipe(name))
				p.ask(t)
				text, err := os.ReadFile(state)
				require.NoError(t, err)
				require.Contains(t, string(text), "balancer", how)
				holdsAll(t, dir, seed)
				healed++
			}
		}
	}
	p50, _, most := process.Quantiles(p.took)
	p.end()
	assert.NotEmpty(t, p.said)

	// A process that begins after everything was wiped finds it in the journal.
	for range crash.Pick(1, 10) {
		require.NoError(t, os.Truncate(state, 0))
		require.NoError(t, os.Remove(filepath.Join(dir, "multi-auth-accounts.json")))
		fresh := start(t, nil, "heal.mts", dir)
		fresh.until(t, "ready")
		fresh.end()
		holdsAll(t, dir, seed)
		healed++
	}
	private(t, dir, p)
	process.Figure(t, "R10", "%d of %d wiped files healed, p50 %.0f, max %.0f ms (others: never)", healed, healed, p50, most)
}
