package crash

import (
	"fmt"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"pimultiauth/tests/run"
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
	p50, _, most := run.Quantiles(p.took)
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
	run.Figure(t, "R10", "%d of %d wiped files healed, p50 %.0f, max %.0f ms (others: never)", healed, healed, p50, most)
}

// R10: what a person took out stays out, whatever happens to the files afterwards.
func TestR10WhatWasRemovedStaysRemoved(t *testing.T) {
	crash.Asked(t)
	dir := newFolder(t)
	require.NoError(t, os.WriteFile(filepath.Join(dir, "auth.json"), []byte(`{}`), 0o600))
	p := start(t, nil, "heal.mts", dir)
	p.until(t, "ready")
	p.Tell("mode p balancer")
	p.until(t, "looked")
	p.Tell("remove p-20 --yes")
	p.until(t, "looked")
	times := 0
	for range crash.Pick(2, 25) {
		for _, name := range []string{"multi-auth-accounts.json", "multi-auth.json"} {
			for _, wipe := range []func(string) error{os.Remove, func(f string) error { return os.Truncate(f, 0) }} {
				require.NoError(t, wipe(filepath.Join(dir, name)))
				p.ask(t)
				f, err := read(dir)
				require.NoError(t, err)
				require.Equal(t, accounts-1, f.Accounts, "the others are back, and the one that was removed is not: %v", p.all)
				times++
			}
		}
	}
	p.end()
	run.Figure(t, "R10", "%d wipes after an account was removed: the others came back, that one never", times)
}

// R10: a peer of another kind rewrites multi-auth.json and auth.json in place all the time; what people set here lasts.
func TestR10BesideAPeerThatWritesInPlace(t *testing.T) {
	crash.Asked(t)
	dir := newFolder(t)
	state, auth := filepath.Join(dir, "multi-auth.json"), filepath.Join(dir, "auth.json")
	require.NoError(t, os.WriteFile(auth, []byte(`{"p":{"type":"api_key","key":"k0"}}`), 0o600))
	peers := []*writer{start(t, nil, "peer.mts", state, "state", "15"), start(t, nil, "peer.mts", auth, "auth", "15")}
	for _, p := range peers {
		p.until(t, "ready")
	}
	all := make([]*writer, crash.Pick(3, 8))
	for i := range all {
		all[i] = start(t, nil, "heal.mts", dir)
	}
	changes := crash.Pick(6, 60)
	for i, p := range all {
		p.until(t, "ready")
		go func() {
			for n := range changes {
				p.Tell(fmt.Sprintf("rename p-%d name-%d-%d", i+1, i, n+1))
			}
		}()
	}
	for _, p := range all {
		for range changes {
			require.NotEmpty(t, p.until(t, "looked"))
		}
	}
	wrote := 0
	for _, p := range peers {
		p.end()
		var n int
		_, err := fmt.Sscanf(p.last(), "wrote %d", &n)
		require.NoError(t, err, "%v", p.Errors())
		wrote += n
	}
	for _, p := range all {
		p.ask(t)
		p.end()
	}
	text, err := os.ReadFile(state)
	require.NoError(t, err)
	require.Contains(t, string(text), `"version":2`)
	for i := range all {
		require.Contains(t, string(text), fmt.Sprintf(`"value":"name-%d-%d"`, i, changes), "what was set last is there")
	}
	holdsAll(t, dir)
	entries, err := os.ReadFile(auth)
	require.NoError(t, err)
	require.Contains(t, string(entries), `"k0"`)
	private(t, dir, all...)
	run.Figure(t, "R10", "%d settings by %d processes while a peer rewrote the files in place %d times: 0 lost", changes*len(all), len(all), wrote)
}
