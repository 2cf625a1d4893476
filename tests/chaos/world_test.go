package chaos

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"pimultiauth/tests/pis"
	"pimultiauth/tests/token"
	"pimultiauth/tests/vendor"
)

// accounts is how many keys the provider of keys has; so many of them stay well whatever happens but an outage.
const accounts, well = 6, 2

// corporate is a provider that logs in, of an extension beside ours.
const corporate = `pi.registerProvider("corp", { name: "Corp", baseUrl: %q, api: "openai-completions",
	models: [{ id: "model-1", name: "M", reasoning: false, input: ["text"], cost: { input: 0, output: 0, cacheRead: 0, cacheWrite: 0 }, contextWindow: 10000000, maxTokens: 1000 }],
	oauth: { name: "Corp", login: async () => { throw new Error("not here") }, getApiKey: (c) => c.access,
		refreshToken: async (c) => {
			const r = await fetch(%q, { method: "POST", headers: { "content-type": "application/x-www-form-urlencoded" }, body: new URLSearchParams({ refresh_token: c.refresh }) });
			const t = await r.json();
			if (!r.ok) throw new Error("token refresh failed: " + t.error);
			return { ...c, access: t.access_token, refresh: t.refresh_token ?? c.refresh, expires: Date.now() + t.expires_in * 1000 };
		} } });`

// world is everything that is there: a home shared by all Pis, the servers, and what is known of what happened.
type world struct {
	*testing.T
	began    time.Time
	home     *pis.Home
	runtime  string
	small    bool
	versions []pis.Pi
	vendor   *vendor.Server
	tokens   *token.Server
	keys     []string
	auth     string
	random   *rand.Rand

	mu       sync.Mutex
	requests []*request
	running  map[int]*request
	pids     []int
	spells   []spell
	kills    []time.Time
	redeemed []time.Time
	told     strings.Builder
}

// request is one prompt and what it came to.
type request struct {
	marker, model, mode, pi string
	began, ended            time.Time
	ok, killed              bool
	errors                  int
	said                    string
}

// spell is a fault and the time for which it can be felt.
type spell struct {
	what       string
	from, till time.Time
	// demo and corp say that it may leave no account of that provider.
	demo, corp bool
}

func newWorld(t *testing.T, seed uint64) *world {
	w := &world{T: t, began: time.Now(), random: random(seed), running: map[int]*request{}, tokens: token.New()}
	newer, err := pis.New()
	require.NoError(t, err)
	w.versions = []pis.Pi{pis.Old(), newer}
	w.home, err = pis.NewHome(t.TempDir())
	require.NoError(t, err)
	w.home.Extension, err = pis.Shipped()
	require.NoError(t, err)
	w.runtime = filepath.Join(w.home.Dir, "runtime")
	require.NoError(t, os.Mkdir(w.runtime, 0o700))
	// A full disk is to be a small one of its own; where none can be had, that fault is left out.
	if syscall.Mount("none", w.runtime, "tmpfs", 0, "size=2m,mode=700") == nil {
		w.small = true
		t.Cleanup(func() { _ = syscall.Unmount(w.runtime, syscall.MNT_DETACH) })
	}

	w.vendor = vendor.Start()
	w.vendor.Else = func(key string) vendor.Step {
		if w.tokens.Valid(key) {
			return vendor.Step{}
		}
		return vendor.BadKey()
	}
	t.Cleanup(w.vendor.Close)
	// Longer than the pause between two redemptions, so that each of a run's logins ends a few times.
	w.tokens.Life = 100 * time.Second
	w.tokens.Latency = 50 * time.Millisecond
	endpoint := httptest.NewServer(http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
		w.tokens.ServeHTTP(rw, r)
		w.mu.Lock()
		w.redeemed = append(w.redeemed, time.Now())
		w.mu.Unlock()
	}))
	t.Cleanup(endpoint.Close)

	var pairs []string
	for i, id := range w.ids("demo", accounts) {
		w.keys = append(w.keys, fmt.Sprintf("canary-%016x-%d", w.random.Uint64(), i))
		pairs = append(pairs, fmt.Sprintf("%q:{\"type\":\"api_key\",\"key\":%q}", id, w.keys[i]))
	}
	for _, id := range []string{"corp-1", "corp-2"} {
		granted := w.tokens.Grant(id)
		pairs = append(pairs, fmt.Sprintf(`%q:{"type":"oauth","access":%q,"refresh":%q,"expires":1000}`, id, granted.Access, granted.Refresh))
	}
	w.auth = "{" + strings.Join(pairs, ",") + "}"
	require.NoError(t, w.home.Write("auth.json", w.auth))
	require.NoError(t, w.home.Models("demo", "openai-completions", w.vendor.URL+"/v1"))
	// Pi's own retries would hide what ours do.
	require.NoError(t, w.home.Write("settings.json", `{"retry":{"enabled":false},"compaction":{"enabled":false}}`))
	beside, err := w.home.Beside("corp", fmt.Sprintf(corporate, w.vendor.URL+"/v1", endpoint.URL))
	require.NoError(t, err)
	w.home.Before = []string{beside}
	w.home.Env = []string{
		"PI_MULTI_AUTH_RUNTIME_DIR=" + w.runtime, "NODE_OPTIONS=--import=" + filepath.Join(pis.Root(), "tests", "chaos", "preload.mjs"),
		"CHAOS_CLOCK=" + filepath.Join(w.home.Dir, "clock"), "CHAOS_UNHANDLED=" + filepath.Join(w.home.Dir, "unhandled"),
	}
	w.heal()
	return w
}

// heal ends every fault that lasts.
func (w *world) heal() {
	for _, key := range w.keys {
		w.vendor.Script(key, vendor.Step{})
	}
	_ = os.Remove(filepath.Join(w.runtime, "filler"))
	w.mu.Lock()
	defer w.mu.Unlock()
	for pid := range w.running {
		_ = syscall.Kill(pid, syscall.SIGCONT)
	}
}

func (w *world) said(text string) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.told.WriteString(text)
}

func (w *world) during(from, till time.Time) (found []string) {
	for _, s := range w.spells {
		if s.from.Before(till) && s.till.After(from) {
			found = append(found, s.what)
		}
	}
	return found
}

// outage reports whether there may have been nobody to serve a request at some time of its life.
func (w *world) outage(r *request) bool {
	for _, s := range w.spells {
		if s.from.Before(r.ended) && s.till.After(r.began) && (strings.HasPrefix(r.model, "demo") && s.demo || strings.HasPrefix(r.model, "corp") && s.corp) {
			return true
		}
	}
	return false
}

func (w *world) killedAtRedemption() bool {
	for _, kill := range w.kills {
		for _, at := range w.redeemed {
			if d := kill.Sub(at); d > -time.Second && d < time.Second {
				return true
			}
		}
	}
	return false
}

var markers = regexp.MustCompile(`mark-\d+-\d+-`)

// marker is the mark of the newest prompt of a request's body.
func marker(body string) string {
	all := markers.FindAllString(body, -1)
	if len(all) == 0 {
		return ""
	}
	return all[len(all)-1]
}

// begin notes a request of a process.
func (w *world) begin(pid int, r *request) {
	w.mu.Lock()
	defer w.mu.Unlock()
	r.began = time.Now()
	w.requests = append(w.requests, r)
	w.running[pid] = r
	if len(w.pids) == 0 || w.pids[len(w.pids)-1] != pid {
		w.pids = append(w.pids, pid)
	}
}

func (w *world) over(pid int, r *request) {
	w.mu.Lock()
	defer w.mu.Unlock()
	r.ended = time.Now()
	delete(w.running, pid)
}

// work runs Pi after Pi, in turn of either version and mode.
func (w *world) work(i int, end time.Time) {
	for n := 0; time.Now().Before(end); n++ {
		pi := w.versions[(i+n)%2]
		model := "demo/model-1"
		if (i+n/2)%3 == 2 {
			model = "corp/model-1"
		}
		if (i+n/2)%2 == 0 {
			w.converse(pi, model, i, n*10, end)
		} else {
			w.print(pi, model, fmt.Sprintf("mark-%d-%d-", i, n*10))
		}
	}
}

func (w *world) print(pi pis.Pi, model, mark string) {
	ctx, cancel := context.WithTimeout(context.Background(), 90*time.Second)
	defer cancel()
	cmd := w.home.Command(ctx, pi, "--model", model, "-p", mark+" hello")
	var out, errs bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &errs
	if err := cmd.Start(); err != nil {
		w.Error(err)
		return
	}
	r := &request{marker: mark, model: model, mode: "print", pi: pi.Version}
	w.begin(cmd.Process.Pid, r)
	err := cmd.Wait()
	w.over(cmd.Process.Pid, r)
	w.said(out.String() + errs.String())
	r.ok = err == nil && strings.Contains(out.String(), "ok")
	r.said = errs.String() + out.String()
	if !r.ok && strings.TrimSpace(errs.String()) != "" {
		r.errors = 1
	}
	if ctx.Err() != nil {
		r.errors, r.said = 0, "it hung; "+r.said
	}
}

// converse is one Pi in RPC mode with a few prompts.
func (w *world) converse(pi pis.Pi, model string, i, first int, end time.Time) {
	p, err := w.home.StartRPC(pi, "--model", model)
	if err != nil {
		w.Error(err)
		return
	}
	for n := range 5 {
		if n > 0 && time.Now().After(end) {
			break
		}
		r := &request{marker: fmt.Sprintf("mark-%d-%d-", i, first+n), model: model, mode: "rpc", pi: pi.Version}
		w.begin(p.Pid(), r)
		line, err := "", p.Send(map[string]any{"type": "prompt", "message": r.marker + " hello"})
		if err == nil {
			line, err = p.Until(`"type":"agent_end"`)
		}
		w.over(p.Pid(), r)
		if err != nil {
			r.said = err.Error()
			break
		}
		var event struct {
			Messages []struct {
				Role, StopReason, ErrorMessage string
			}
		}
		_ = json.Unmarshal([]byte(line), &event)
		for _, m := range event.Messages {
			if m.Role == "assistant" && m.StopReason == "error" && m.ErrorMessage != "" {
				r.errors++
				r.said = m.ErrorMessage
			}
			r.ok = m.Role == "assistant" && m.StopReason == "stop"
		}
	}
	_ = p.Close()
	w.said(strings.Join(p.Seen, "\n") + p.Errors())
}
