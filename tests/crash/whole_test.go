package crash

import (
	"encoding/json"
	"fmt"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"pimultiauth/tests/pis"
	"pimultiauth/tests/run"
	"pimultiauth/tests/token"
	"pimultiauth/tests/vendor"
)

// login is a provider of another extension's whose tokens end at once, so that Pi renews them with each request and writes auth.json.
const login = `pi.registerProvider(%q, { name: "Login", baseUrl: %q, api: "openai-completions",
	models: [{ id: "model-1", name: "M", reasoning: false, input: ["text"], cost: { input: 0, output: 0, cacheRead: 0, cacheWrite: 0 }, contextWindow: 10000000, maxTokens: 1000 }],
	oauth: { name: "Login", login: async () => { throw new Error("not here") }, getApiKey: (c) => c.access,
		refreshToken: async (c) => {
			const r = await fetch(%q, { method: "POST", headers: { "content-type": "application/x-www-form-urlencoded" }, body: new URLSearchParams({ refresh_token: c.refresh }) });
			const t = await r.json();
			if (!r.ok) throw new Error("token refresh failed: " + t.error);
			return { ...c, access: t.access_token, refresh: t.refresh_token, expires: Date.now() };
		} } });`

// R1: 16 processes of ours write while whole Pis of both versions, both their storages and a peer that writes in place write all the time
// what they write; nobody's last update is lost, and whoever reads our file reads a whole one.
func TestR1BesideWholePisAndAPeer(t *testing.T) {
	crash.Asked(t)
	dir := newFolder(t)
	auth := filepath.Join(dir, "auth.json")
	tokens := token.New()
	tokens.Life = 0
	endpoint := httptest.NewServer(tokens)
	t.Cleanup(endpoint.Close)
	maker := vendor.Start()
	t.Cleanup(maker.Close)
	maker.Else = func(key string) vendor.Step {
		if tokens.Valid(key) {
			return vendor.Step{}
		}
		return vendor.BadKey()
	}

	newer, err := pis.New()
	require.NoError(t, err)
	versions := []pis.Pi{pis.Old(), newer}
	names := make([]string, len(versions))
	entries := map[string]any{"kept": map[string]any{"type": "api_key", "key": "k0"}}
	for i, pi := range versions {
		names[i] = "login-" + pi.Version
		granted := tokens.Grant(names[i])
		entries[names[i]] = map[string]any{"type": "oauth", "access": granted.Access, "refresh": granted.Refresh, "expires": 1000}
	}
	text, err := json.Marshal(entries)
	require.NoError(t, err)
	require.NoError(t, os.WriteFile(auth, text, 0o600))

	requests := crash.Pick(4, 150)
	ask := func(r *pis.RPC) error {
		if err := r.Send(map[string]any{"type": "prompt", "message": "hello"}); err != nil {
			return err
		}
		line, err := r.Until(`"type":"agent_end"`)
		if err == nil && !strings.Contains(line, `"ok"`) {
			err = fmt.Errorf("it was not served: %.400s", line)
		}
		return err
	}
	// A Pi that meets Pi's own lock taken by another for long begins with nothing, whoever has it; these have begun when the others come.
	whole := make([]*pis.RPC, len(versions))
	for i, pi := range versions {
		home, err := pis.NewHome(t.TempDir())
		require.NoError(t, err)
		home.Agent, home.Limit = dir, 15*time.Minute
		home.Extension, err = home.Beside("login", fmt.Sprintf(login, names[i], maker.URL+"/v1", endpoint.URL))
		require.NoError(t, err)
		whole[i], err = home.StartRPC(pi, "--no-session", "--model", names[i]+"/model-1")
		require.NoError(t, err)
		t.Cleanup(func() { _ = whole[i].Close() })
		require.NoError(t, ask(whole[i]))
	}

	foreign := []*writer{start(t, nil, "peer.mts", auth, "auth", "60"), start(t, nil, "peer.mts", filepath.Join(dir, "multi-auth.json"), "state", "60")}
	beside := []*writer{start(t, nil, "auth.mts", auth, "ours", "0", "60"), start(t, nil, "auth.mts", auth, "ours", "0", "60")}
	for _, module := range modules(t) {
		beside = append(beside, start(t, nil, "auth.mts", auth, module, "0", "60"))
	}
	for _, p := range append(foreign, beside...) {
		p.until(t, "ready")
	}
	n, updates := crash.Pick(6, 16), crash.Pick(40, 500)
	all := many(t, n, dir, "name", fmt.Sprint(updates))
	readers := watch(dir)
	var wait sync.WaitGroup
	wrong := make([]error, len(whole))
	for i, r := range whole {
		wait.Add(1)
		go func() {
			defer wait.Done()
			for k := 1; k < requests && wrong[i] == nil; k++ {
				wrong[i] = ask(r)
			}
		}()
	}
	together(t, all)
	w := readers()
	wait.Wait()
	for i := range wrong {
		require.NoError(t, wrong[i])
		require.NoError(t, whole[i].Close())
	}
	wrote := func(p *writer) (times int) {
		p.end()
		for _, line := range p.all {
			_, _ = fmt.Sscanf(line, "wrote %d", &times)
		}
		require.NotZero(t, times, "%v", p.Errors())
		return times
	}
	byPeers, ours, byStorages := 0, 0, 0
	after := make([]int, len(beside))
	for i, p := range beside {
		after[i] = wrote(p)
		if i < 2 {
			ours += after[i]
		} else {
			byStorages += after[i]
		}
	}
	for _, p := range foreign {
		byPeers += wrote(p)
	}

	holdsAll(t, dir, all...)
	assert.Zero(t, w.bad, "raw reads that were empty, cut off or older than one before")
	text, err = os.ReadFile(auth)
	require.NoError(t, err)
	var last map[string]struct{ Key, Refresh, Access string }
	require.NoError(t, json.Unmarshal(text, &last))
	assert.Equal(t, "k0", last["kept"].Key)
	for i, p := range beside {
		name := "pi-" + p.last()
		if i < 2 {
			name = fmt.Sprintf("ours-%s-%d", p.last(), after[i])
		}
		assert.Equal(t, fmt.Sprintf("k%d", after[i]), last[name].Key, "the last write of each is there")
	}
	calls, refused := tokens.Calls()
	assert.Zero(t, refused, "what a Pi had renewed was lost")
	assert.Equal(t, len(whole)*requests, calls, "each request renewed a login")
	for _, name := range names {
		access, _ := tokens.Current(name)
		assert.Equal(t, access, last[name].Access, "what a Pi renewed last is there")
	}
	private(t, dir, all...)
	run.Figure(t, "R1", "%d × %d updates of ours beside auth.json written %d times by whole Pis %s and %s, %d times by both storages, %d times by us and, with multi-auth.json, %d times in place by a peer: 0 lost, 0 failed; %d of %d raw reads of our file bad",
		n, updates, calls, versions[0].Version, versions[1].Version, byStorages, ours, byPeers, w.bad, w.reads)
}
