package refresh

import (
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"pimultiauth/tests/pis"
	"pimultiauth/tests/run"
	"pimultiauth/tests/token"
	"pimultiauth/tests/vendor"
)

// later is an extension with a command that puts the clock of its Pi on, by milliseconds.
const later = `const real = Date.now; let ahead = 0; Date.now = () => real() + ahead;
	pi.registerCommand("later", { description: "later", handler: async (ms, ctx) => { ahead = Number(ms); ctx.ui.notify("it is " + ms + " later", "info"); } });`

// house is a home of real Pis and the services they ask.
type house struct {
	*testing.T
	home    *pis.Home
	tokens  *token.Server
	account string
	// reach counts the redemptions that have come in, and gate holds their answers back.
	reach chan struct{}
	gate  chan struct{}
}

// newHouse makes one whose account's token lasts for an hour yet. A redemption waits at the gate when it is told to.
func newHouse(t *testing.T, place, account string, gated bool) *house {
	t.Helper()
	home, err := pis.NewHome(t.TempDir())
	require.NoError(t, err)
	home.Extension, err = pis.Shipped()
	require.NoError(t, err)
	clock, err := home.Beside("later", later)
	require.NoError(t, err)
	home.Before = []string{clock}
	home.Limit = 40 * time.Minute
	server := vendor.StartAll()
	t.Cleanup(server.Close)
	home.Env = append(server.Env(filepath.Join(pis.Root(), "tests", "vendor", "preload.mjs")), "PI_MULTI_AUTH_RUNTIME_DIR="+home.Agent)
	h := &house{T: t, home: home, tokens: token.New(), account: account, reach: make(chan struct{}, 1<<10), gate: make(chan struct{}, 1<<10)}
	h.tokens.Latency = 20 * time.Millisecond
	if gated {
		h.tokens.Answer = func(http.ResponseWriter, string) bool {
			h.reach <- struct{}{}
			<-h.gate
			return false
		}
	}
	server.Else = func(key string) vendor.Step {
		if h.tokens.Valid(key) {
			return vendor.Step{}
		}
		return vendor.BadKey()
	}
	server.Route(place, vendor.Step{Raw: h.tokens.ServeHTTP})
	granted := h.tokens.Grant(account)
	auth, err := json.Marshal(map[string]any{account: map[string]any{
		"type": "oauth", "access": granted.Access, "refresh": granted.Refresh, "expires": time.Now().Add(time.Hour).UnixMilli(),
	}})
	require.NoError(t, err)
	require.NoError(t, home.Write("auth.json", string(auth)))
	return h
}

// expire lets the token end at once, as a machine that slept finds it: under Pi's lock, as everybody changes this file.
func (h *house) expire() {
	h.Helper()
	path := filepath.Join(h.home.Agent, "auth.json")
	require.Eventually(h, func() bool { return os.Mkdir(path+".lock", 0o700) == nil }, patience, 5*time.Millisecond)
	var auth map[string]map[string]any
	require.NoError(h, json.Unmarshal([]byte(h.home.Read("auth.json")), &auth))
	auth[h.account]["expires"] = time.Now().Add(-time.Second).UnixMilli()
	text, err := json.Marshal(auth)
	require.NoError(h, err)
	require.NoError(h, h.home.Write("auth.json", string(text)))
	require.NoError(h, os.Remove(path+".lock"))
}

// kept fails where the token that the service gave last is on no disk.
func (h *house) kept(why string) {
	h.Helper()
	current, _ := h.tokens.Current(h.account)
	require.Equal(h, current, onDisk(h.T, h.home.Agent, h.account), "%s: the new token is lost", why)
}

// renewing waits until the service was asked for a token.
func (h *house) renewing(why string) {
	h.Helper()
	select {
	case <-h.reach:
	case <-time.After(patience):
		require.Fail(h, "nothing is renewed", why)
	}
}

// soon lets the service answer while its Pi is at its end, or a moment before or after.
func (h *house) soon(rng *rand.Rand) {
	wait := time.Duration(rng.IntN(120)) * time.Millisecond
	go func() {
		time.Sleep(wait)
		h.gate <- struct{}{}
	}()
}

func everyPi(t *testing.T, run func(t *testing.T, pi pis.Pi)) {
	t.Helper()
	newer, err := pis.New()
	require.NoError(t, err)
	for _, pi := range []pis.Pi{pis.Old(), newer} {
		t.Run(pi.Version, func(t *testing.T) { run(t, pi) })
	}
}

const (
	oursPlace   = "auth.kimi.com/api/oauth/token"
	theirsPlace = "platform.claude.com/v1/oauth/token"
)

// TestARenewalOutlivesReloadAndQuit types them into real Pis while a token is redeemed.
func TestARenewalOutlivesReloadAndQuit(t *testing.T) {
	load.Asked(t)
	if !pis.HasTerminals() {
		t.Skip("tmux is not installed")
	}
	everyPi(t, func(t *testing.T, pi pis.Pi) {
		rng := rand.New(rand.NewPCG(5, 6))
		reloads, quits := load.Pick(2, 100), load.Pick(1, 25)
		for n := range quits {
			h := newHouse(t, oursPlace, ours+"-1", true)
			require.NoError(t, h.home.Models("demo", "openai-completions", "http://127.0.0.1:1/v1"))
			screen, err := h.home.StartScreen(pi, "--model", "demo/model-1", "--api-key", "k")
			require.NoError(t, err)
			defer screen.Close()
			_, err = screen.Until("model-1")
			require.NoError(t, err)
			// All reloads are of one Pi.
			last := reloads
			if n > 0 {
				last = 0
			}
			for i := range last + 1 {
				types(t, screen, fmt.Sprintf("/later %d", (i+1)*ended), fmt.Sprintf("it is %d later", (i+1)*ended))
				types(t, screen, "/multi-auth status", "")
				h.renewing("after /later")
				h.soon(rng)
				if i < last {
					types(t, screen, "/reload", "")
					require.Eventually(t, func() bool {
						current, turn := h.tokens.Current(h.account)
						return turn == i+2 && onDisk(t, h.home.Agent, h.account) == current
					}, patience, 20*time.Millisecond, "reload %d: the new token is lost", i)
					continue
				}
				require.NoError(t, screen.Press("-l", "/quit"))
				require.NoError(t, screen.Press("Enter"))
				require.Eventually(t, func() bool { return !screen.Lives() }, patience, 20*time.Millisecond, "/quit does not end it")
			}
			_, turn := h.tokens.Current(h.account)
			require.Equal(t, last+2, turn, "each was redeemed")
			h.kept("/quit")
			_, refused := h.tokens.Calls()
			require.Zero(t, refused)
		}
		run.Figure(t, "O2", "Pi %s: %d times /reload and %d times /quit while the service was at it, 0 tokens lost", pi.Version, reloads, quits)
	})
}

// types enters a line until the screen shows what is to come of it: while Pi reloads, keys go nowhere. Of a line without that it sees it
// leave the editor.
func types(t *testing.T, screen *pis.Screen, line, shows string) {
	t.Helper()
	if shows == "" {
		require.NoError(t, screen.Type(line))
		return
	}
	for end := time.Now().Add(patience); time.Now().Before(end); {
		for _, keys := range [][]string{{"C-u"}, {"-l", line}, {"Enter"}} {
			require.NoError(t, screen.Press(keys...))
			time.Sleep(50 * time.Millisecond)
		}
		for range 60 {
			if text, _ := screen.Colours(); strings.Contains(text, shows) {
				return
			}
			time.Sleep(50 * time.Millisecond)
		}
	}
	require.Fail(t, "nothing comes of it", line)
}

// TestARenewalOutlivesTheEndOfAClient does it in RPC mode: the client leaves, or a signal comes.
func TestARenewalOutlivesTheEndOfAClient(t *testing.T) {
	load.Asked(t)
	everyPi(t, func(t *testing.T, pi pis.Pi) {
		rng := rand.New(rand.NewPCG(7, 8))
		ends := map[string]func(*pis.RPC){
			"input closed": func(r *pis.RPC) {},
			"SIGTERM":      func(r *pis.RPC) { _ = syscall.Kill(r.Pid(), syscall.SIGTERM) },
			"SIGHUP":       func(r *pis.RPC) { _ = syscall.Kill(r.Pid(), syscall.SIGHUP) },
		}
		for _, name := range []string{"input closed", "SIGTERM", "SIGHUP"} {
			times := load.Pick(1, 25)
			for range times {
				h := newHouse(t, oursPlace, ours+"-1", true)
				require.NoError(t, h.home.Models("demo", "openai-completions", "http://127.0.0.1:1/v1"))
				r, err := h.home.StartRPC(pi, "--model", "demo/model-1", "--api-key", "k")
				require.NoError(t, err)
				says(t, r, fmt.Sprintf("/later %d", ended))
				says(t, r, "/multi-auth status")
				h.renewing(name)
				h.soon(rng)
				ends[name](r)
				if name != "input closed" {
					// Pi 0.87.1 that is asked to end twice ends without waiting for anybody.
					_, err = r.Until("a line that never comes")
					require.ErrorContains(t, err, "pi ended")
				}
				_ = r.Close()
				h.kept(name)
			}
			run.Figure(t, "O2", "Pi %s in RPC mode: %d times %s while the service was at it, 0 tokens lost", pi.Version, times, name)
		}
	})
}

// says gives a Pi a command and waits for its answer.
func says(t *testing.T, r *pis.RPC, line string) {
	t.Helper()
	require.NoError(t, r.Send(map[string]any{"type": "prompt", "message": line}))
	_, err := r.Notice()
	require.NoError(t, err)
}

// TestPiRenewsTheSameEntryBesideUs is O1 with Pi's own core beside ours: real Pis without the extension and with it ask at the same
// expiry of the entry that is Pi's own.
func TestPiRenewsTheSameEntryBesideUs(t *testing.T) {
	load.Asked(t)
	newer, err := pis.New()
	require.NoError(t, err)
	h := newHouse(t, theirsPlace, theirs, false)
	bare := *h.home
	bare.Extension = ""
	var all []*pis.RPC
	for _, pi := range []pis.Pi{pis.Old(), newer} {
		for _, home := range []*pis.Home{h.home, &bare} {
			for range load.Pick(1, 2) {
				r, err := home.StartRPC(pi, "--model", "anthropic/claude-haiku-4-5")
				require.NoError(t, err)
				t.Cleanup(func() { _ = r.Close() })
				all = append(all, r)
			}
		}
	}
	rounds := load.Pick(3, 100)
	began := time.Now()
	var served atomic.Int64
	for round := range rounds {
		h.expire()
		run.Together(all, func(r *pis.RPC) {
			if r.Send(map[string]any{"type": "prompt", "message": "hello"}) != nil {
				return
			}
			if line, err := r.Until(`"type":"agent_end"`); err == nil && strings.Contains(line, `"stopReason":"stop"`) {
				served.Add(1)
			}
		})
		calls, refused := h.tokens.Calls()
		require.Zero(t, refused, "round %d", round)
		require.Equal(t, round+1, calls, "one call for each expiry")
	}
	require.EqualValues(t, rounds*len(all), served.Load(), "every request is served")
	require.Empty(t, h.tokens.Revoked())
	require.NotContains(t, h.home.Read("multi-auth.json"), "unauthorized", "nobody is given up")
	run.Figure(t, "O1", "%d expiries of Pi's own entry, %d real Pis 0.87.1 and 1.5.2, half of them without the extension: %d token calls, 0 invalid_grant, %d of %d requests served; %.1f s in all",
		rounds, len(all), rounds, served.Load(), served.Load(), time.Since(began).Seconds())
}
