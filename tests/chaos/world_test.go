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
	"slices"
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

// A Pi in RPC mode may last so long, and one prompt of either mode may take so long, a suspension of forty seconds included.
const lifetime, patience = 6 * time.Minute, 150 * time.Second

// fleet is the keys of one provider; so many of them stay well whatever happens but an outage.
type fleet struct {
	provider, model string
	server          *vendor.Server
	keys            []string
	well            int
}

// telling are the addresses at which a fleet's usage is read, behind the scripted vendors.
var telling = []string{"openrouter.ai/api/v1/key", "openrouter.ai/api/v1/credits"}

// told is a usage answer that leaves half of everything.
const told = `{"data":{"label":"k","usage":5,"limit":10,"limit_remaining":5,"limit_reset":null,"is_free_tier":false,"total_credits":10,"total_usage":5}}`

// world is everything that is there: a home shared by all Pis, the servers, and what is known of what happened.
type world struct {
	*testing.T
	began    time.Time
	home     *pis.Home
	runtime  string
	small    bool
	versions []pis.Pi
	fleets   []*fleet
	tokens   *token.Server
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

	own, every := vendor.Start(), vendor.StartAll()
	own.Else = func(key string) vendor.Step {
		if w.tokens.Valid(key) {
			return vendor.Step{}
		}
		return vendor.BadKey()
	}
	t.Cleanup(own.Close)
	t.Cleanup(every.Close)
	w.fleets = []*fleet{
		{"demo", "demo/model-1", own, make([]string, 6), 2},
		{"openrouter", "openrouter/openai/gpt-4o-mini", every, make([]string, 3), 1},
	}
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
	for _, f := range w.fleets {
		for i, id := range ids(f.provider, len(f.keys)) {
			f.keys[i] = fmt.Sprintf("sk-or-v1-%016x%016x", w.random.Uint64(), w.random.Uint64())
			pairs = append(pairs, fmt.Sprintf("%q:{\"type\":\"api_key\",\"key\":%q}", id, f.keys[i]))
		}
	}
	for _, id := range []string{"corp-1", "corp-2"} {
		granted := w.tokens.Grant(id)
		pairs = append(pairs, fmt.Sprintf(`%q:{"type":"oauth","access":%q,"refresh":%q,"expires":1000}`, id, granted.Access, granted.Refresh))
	}
	w.auth = "{" + strings.Join(pairs, ",") + "}"
	require.NoError(t, w.home.Write("auth.json", w.auth))
	require.NoError(t, w.home.Models("demo", "openai-completions", own.URL+"/v1"))
	// Pi's own retries would hide what ours do.
	require.NoError(t, w.home.Write("settings.json", `{"retry":{"enabled":false},"compaction":{"enabled":false}}`))
	beside, err := w.home.Beside("corp", fmt.Sprintf(token.Provider, own.URL+"/v1", endpoint.URL))
	require.NoError(t, err)
	w.home.Before = []string{beside}
	w.home.Limit = lifetime
	preload := filepath.Join(pis.Root(), "tests", "vendor", "preload.mjs") + " --import=" + filepath.Join(pis.Root(), "tests", "chaos", "preload.mjs")
	// Usage is read where there is a network; it ends at the scripted vendors.
	w.home.Env = append(every.Env(preload), "PI_OFFLINE=", "PI_SKIP_VERSION_CHECK=1", "PI_TELEMETRY=0",
		"PI_MULTI_AUTH_RUNTIME_DIR="+w.runtime,
		"CHAOS_CLOCK="+filepath.Join(w.home.Dir, "clock"), "CHAOS_UNHANDLED="+filepath.Join(w.home.Dir, "unhandled"))
	w.heal()
	return w
}

// heal ends every fault that lasts.
func (w *world) heal() {
	for _, f := range w.fleets {
		for _, key := range f.keys {
			f.server.Script(key, vendor.Step{})
		}
	}
	w.tellUsage(vendor.Step{Body: told})
	_ = os.Remove(filepath.Join(w.runtime, "filler"))
	w.mu.Lock()
	defer w.mu.Unlock()
	for pid := range w.running {
		_ = syscall.Kill(pid, syscall.SIGCONT)
	}
}

// tellUsage is what the usage endpoints answer from now on.
func (w *world) tellUsage(step vendor.Step) {
	for _, place := range telling {
		w.fleets[1].server.Route(place, step)
	}
}

// asked are the requests for models, of all fleets.
func (w *world) asked() (all []vendor.Asked) {
	for _, f := range w.fleets {
		all = append(all, f.server.Asked()...)
	}
	return all
}

// usageReads counts how often usage was asked for.
func (w *world) usageReads() (n int) {
	for _, a := range w.fleets[1].server.Asked() {
		if slices.Contains(telling, a.Host+a.Path) {
			n++
		}
	}
	return n
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
		model := []string{"demo/model-1", w.fleets[1].model, "corp/model-1"}[(i+n/2)%3]
		if (i+n/2)%2 == 0 {
			w.converse(pi, model, i, n*10, end)
		} else {
			w.print(pi, model, fmt.Sprintf("mark-%d-%d-", i, n*10))
		}
	}
}

func (w *world) print(pi pis.Pi, model, mark string) {
	ctx, cancel := context.WithTimeout(context.Background(), patience)
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
	p.Patience = patience
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
