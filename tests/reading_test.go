package tests

import (
	"encoding/json"
	"errors"
	"fmt"
	"math/rand"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"pimultiauth/core"
	"pimultiauth/core/engine"
	"pimultiauth/providers"
	"pimultiauth/tests/host"
)

// vendorFetch answers usage by path, and counts.
type vendorFetch struct {
	answers map[string]string
	status  map[string]int
	asked   []string
	headers []core.Header
}

func (v *vendorFetch) fetch(f core.Fetch) (core.FetchResult, error) {
	v.asked = append(v.asked, f.URL)
	if v.status[f.URL] < 0 {
		return core.FetchResult{}, errors.New("no answer in time")
	}
	status := v.status[f.URL]
	if status == 0 {
		status = 200
	}
	return core.FetchResult{Status: status, Body: core.Secret(v.answers[f.URL]), Headers: v.headers}, nil
}

const (
	claudeUsage = "https://api.anthropic.com/api/oauth/usage"
	someAuth    = `{"anthropic":{"type":"oauth","access":"a0","refresh":"r0","expires":4000000000000},"anthropic-1":{"type":"oauth","access":"a1","refresh":"r1","expires":4000000000000},"anthropic-2":{"type":"api_key","key":"sk-ant-x"}}`
)

func claudeBody(five, week float64, at core.Time) string {
	return fmt.Sprintf(`{"five_hour":{"utilization":%g,"resets_at":%d},"seven_day":{"utilization":%g,"resets_at":%d}}`,
		five, int64(at.Add(3*core.Hour)), week, int64(at.Add(3*core.Day)))
}

func process(disk *host.Disk, v *vendorFetch, at core.Time) *host.Script {
	s := &host.Script{Core: host.Native{Engine: engine.New(providers.All())}, Disk: disk, At: at, Seed: 7}
	s.Ask = func(core.Ask) (core.Answer, error) { return core.Answer{}, nil }
	if v != nil {
		s.Fetch = v.fetch
	}
	return s
}

func tell(t *testing.T, s *host.Script, m core.Message) core.Turn {
	t.Helper()
	turn, err := s.Tell(m)
	require.NoError(t, err)
	return turn
}

func start(t *testing.T, s *host.Script, offline bool) {
	tell(t, s, core.Message{Start: &core.Start{Known: []string{"anthropic"}, Offline: offline}})
}

func askOnce(t *testing.T, s *host.Script, mode string) core.Turn {
	t.Helper()
	turn := tell(t, s, core.Message{Acquire: &core.Acquire{Provider: "anthropic", Model: "claude-opus-4-6", Mode: mode}})
	if turn.Lease != nil {
		turn = tell(t, s, core.Message{Settle: &core.Settle{Lease: turn.Lease.ID, Outcome: core.Outcome{OK: true}}})
	}
	return turn
}

// run lets the clock go on to each tick the core wants, for a while.
func run(t *testing.T, s *host.Script, span core.Duration, turn core.Turn) core.Turn {
	t.Helper()
	end := s.At.Add(span)
	for n := 0; turn.WakeAt != 0 && turn.WakeAt <= end; n++ {
		require.Less(t, n, 10000, "the core does not come to rest")
		s.At = max(s.At, turn.WakeAt)
		s.Seed = s.Seed*31 + 17
		turn = tell(t, s, core.Message{Tick: &core.Tick{}})
	}
	s.At = max(s.At, end)
	return turn
}

func status(t *testing.T, s *host.Script) map[string]any {
	t.Helper()
	turn := tell(t, s, core.Message{Command: &core.Command{Text: "status --json", Mode: "tui"}})
	var out struct {
		Accounts []struct {
			ID       string
			Standing string
			Until    int64
			Usage    struct {
				At      int64
				Error   string
				Windows []struct {
					Name        string
					UsedPercent float64
				}
			}
		}
	}
	require.NoError(t, json.Unmarshal([]byte(turn.View.JSON), &out), turn.View.JSON)
	m := map[string]any{}
	for _, a := range out.Accounts {
		text := a.Standing
		for _, w := range a.Usage.Windows {
			text += fmt.Sprintf(" %s=%g", w.Name, w.UsedPercent)
		}
		if a.Usage.Error != "" {
			text += " failed: " + a.Usage.Error
		}
		m[a.ID] = text
	}
	return m
}

func TestUsageIsReadForWhatIsInUseAndShown(t *testing.T) {
	v := &vendorFetch{answers: map[string]string{claudeUsage: claudeBody(25.4, 80, usageNow)}}
	s := process(&host.Disk{Files: map[string]string{"auth": someAuth}}, v, usageNow)
	start(t, s, false)
	assert.Empty(t, v.asked, "a start alone reads nothing")
	turn := askOnce(t, s, "tui")
	assert.Empty(t, v.asked, "no request waits for usage")
	run(t, s, 10*core.Second, turn)
	assert.Len(t, v.asked, 2, "two logins; the key has no endpoint")
	assert.Equal(t, map[string]any{"anthropic": "ready 5h=25.4 weekly=80", "anthropic-1": "ready 5h=25.4 weekly=80", "anthropic-2": "ready"}, status(t, s))
	run(t, s, 4*core.Minute, askOnce(t, s, "tui"))
	assert.Len(t, v.asked, 2, "what is fresh is not read again")
	run(t, s, 3*core.Minute, askOnce(t, s, "tui"))
	assert.Len(t, v.asked, 4)
	run(t, s, core.Day, askOnce(t, s, "tui"))
	assert.LessOrEqual(t, len(v.asked), 10, "what is not used is not read")

	other := process(s.Disk, nil, s.At)
	start(t, other, false)
	assert.Equal(t, "ready 5h=25.4 weekly=80", status(t, other)["anthropic"], "what one process read another one shows")
}

func TestNothingIsReadOfflineOrForPrint(t *testing.T) {
	v := &vendorFetch{answers: map[string]string{claudeUsage: claudeBody(1, 2, usageNow)}}
	for _, c := range []struct {
		offline bool
		mode    string
	}{{true, "tui"}, {false, "print"}, {false, "json"}} {
		s := process(&host.Disk{Files: map[string]string{"auth": someAuth}}, v, usageNow)
		start(t, s, c.offline)
		run(t, s, core.Hour, askOnce(t, s, c.mode))
		assert.Empty(t, v.asked, c.mode)
	}
	s := process(&host.Disk{Files: map[string]string{"auth": someAuth}}, v, usageNow)
	start(t, s, true)
	view := tell(t, s, core.Message{Command: &core.Command{Text: "usage", Mode: "tui"}}).View
	assert.Contains(t, strings.Join(view.Notes, " "), "PI_OFFLINE")
	assert.Empty(t, v.asked)
}

func TestAPersonReadsAnewAndWhatFailsKeepsTheLastGood(t *testing.T) {
	v := &vendorFetch{answers: map[string]string{claudeUsage: claudeBody(25, 80, usageNow)}, status: map[string]int{}}
	s := process(&host.Disk{Files: map[string]string{"auth": someAuth}}, v, usageNow)
	start(t, s, false)
	view := tell(t, s, core.Message{Command: &core.Command{Text: "usage anthropic", Mode: "print"}}).View
	assert.Len(t, v.asked, 2)
	assert.Contains(t, fmt.Sprint(view.Rows), "25% used")
	for _, failing := range []int{429, 503, 401, -1} {
		s.At = s.At.Add(core.Hour)
		v.status[claudeUsage] = failing
		tell(t, s, core.Message{Command: &core.Command{Text: "usage", Mode: "tui"}})
		shown := status(t, s)["anthropic"].(string)
		assert.True(t, strings.HasPrefix(shown, "ready 5h=25 weekly=80 failed: "), "%d: %s", failing, shown)
	}
}

func TestAUsageEndpointThatFailsIsLeftAlone(t *testing.T) {
	for _, failing := range []int{429, 500, 401, -1} {
		v := &vendorFetch{status: map[string]int{claudeUsage: failing}}
		s := process(&host.Disk{Files: map[string]string{"auth": someAuth}}, v, usageNow)
		start(t, s, false)
		for range 12 {
			run(t, s, 5*core.Minute, askOnce(t, s, "tui"))
		}
		assert.LessOrEqual(t, len(v.asked), 30, "%d: two accounts, an hour", failing)
		assert.GreaterOrEqual(t, len(v.asked), 2)
		assert.NotNil(t, tell(t, s, core.Message{Acquire: &core.Acquire{Provider: "anthropic", Mode: "tui"}}).Lease, "an account is not cooled by it")
	}
}

func TestUsageSetsAndClearsQuotaStandings(t *testing.T) {
	v := &vendorFetch{answers: map[string]string{claudeUsage: claudeBody(100, 10, usageNow)}}
	s := process(&host.Disk{Files: map[string]string{"auth": `{"anthropic":{"type":"oauth","access":"a0","refresh":"r0","expires":4000000000000}}`}}, v, usageNow)
	start(t, s, false)
	tell(t, s, core.Message{Command: &core.Command{Text: "usage", Mode: "tui"}})
	assert.Equal(t, "cooling 5h=100 weekly=10", status(t, s)["anthropic"])
	refused := askOnce(t, s, "tui").Refuse
	require.NotNil(t, refused)
	// Who shares a reset comes back spread over half a minute.
	assert.WithinRange(t, time.UnixMilli(int64(refused.Until)), time.UnixMilli(int64(usageNow.Add(3*core.Hour))), time.UnixMilli(int64(usageNow.Add(3*core.Hour+30*core.Second))),
		"until the full window resets, not the week")
	s.At = s.At.Add(10 * core.Minute)
	v.answers[claudeUsage] = claudeBody(5, 10, s.At)
	tell(t, s, core.Message{Command: &core.Command{Text: "usage", Mode: "tui"}})
	assert.Equal(t, "ready 5h=5 weekly=10", status(t, s)["anthropic"])
	assert.Nil(t, askOnce(t, s, "tui").Refuse)
}

func TestResponseHeadersTellUsageAtNoCost(t *testing.T) {
	v := &vendorFetch{}
	s := process(&host.Disk{Files: map[string]string{"auth": someAuth}}, v, usageNow)
	start(t, s, false)
	turn := tell(t, s, core.Message{Acquire: &core.Acquire{Provider: "anthropic", Model: "claude-opus-4-6", Mode: "print"}})
	id := turn.Lease.Account
	tell(t, s, core.Message{Settle: &core.Settle{Lease: turn.Lease.ID, Outcome: core.Outcome{OK: true, Status: 200, Headers: []core.Header{
		{Name: "anthropic-ratelimit-unified-5h-utilization", Value: "0.42"}, {Name: "anthropic-ratelimit-unified-5h-reset", Value: "1768474800"},
		{Name: "anthropic-ratelimit-unified-7d-utilization", Value: "0.59"}, {Name: "anthropic-ratelimit-unified-7d-reset", Value: "1768867200"},
	}}}})
	assert.Equal(t, "ready 5h=42 weekly=59", status(t, s)[id])
	assert.Contains(t, s.Disk.Files["usage"], `"used":42`, "others learn it too")
	assert.Empty(t, v.asked)
}

// world runs several processes over one disk, their steps in random order; fetches take time.
type world struct {
	t        *testing.T
	r        *rand.Rand
	disk     *host.Disk
	at       core.Time
	all      []*walker
	flying   map[string]int
	accounts map[string]int
	read     map[string]int
	fail     bool
}

type walker struct {
	script  *host.Script
	turn    core.Turn
	results []core.Result
	pending []core.Effect
}

func (w *world) begin(k *walker, m core.Message) {
	m.At, m.Seed = w.at, w.r.Int63n(1<<53)
	turn, err := k.script.Core.Call(m)
	require.NoError(w.t, err)
	k.turn, k.results, k.pending = turn, nil, nil
	k.script.At, k.script.Seed = w.at, w.r.Int63n(1<<53)
	for _, x := range turn.Effects {
		if x.Fetch == nil {
			if r := k.script.Perform(x); x.Waits {
				k.results = append(k.results, r)
			}
			continue
		}
		k.pending = append(k.pending, x)
		w.flying[x.Fetch.Origin]++
		w.accounts[tokenOf(x.Fetch)]++
		total := 0
		for _, n := range w.flying {
			total += n
		}
		require.LessOrEqual(w.t, w.flying[x.Fetch.Origin], 2, "of one provider")
		require.LessOrEqual(w.t, total, 4, "in all")
		require.LessOrEqual(w.t, w.accounts[tokenOf(x.Fetch)], 1, "of one account")
	}
}

func tokenOf(f *core.Fetch) string {
	for _, h := range f.Headers {
		if h.Name == "authorization" {
			return h.Value.Reveal()
		}
	}
	return ""
}

// step lets one thing happen.
func (w *world) step() {
	k := w.all[w.r.Intn(len(w.all))]
	switch {
	case len(k.pending) > 0:
		x := k.pending[0]
		k.pending = k.pending[1:]
		w.flying[x.Fetch.Origin]--
		w.accounts[tokenOf(x.Fetch)]--
		r := core.Result{ID: x.ID}
		if w.fail && w.r.Intn(4) == 0 {
			r.Error = "the connection failed"
		} else {
			w.read[tokenOf(x.Fetch)]++
			body := map[string]string{"https://api.anthropic.com": claudeBody(10, 20, w.at), "https://api.deepseek.com": `{"is_available":true}`, "https://api.kimi.com": `{"usage":{"limit":10,"used":1}}`}[x.Fetch.Origin]
			r.Fetch = &core.FetchResult{Status: 200, Body: core.Secret(body)}
		}
		k.results = append(k.results, r)
	case k.turn.Flow != 0:
		w.begin(k, core.Message{Resume: &core.Resume{Flow: k.turn.Flow, Results: k.results}})
	case w.r.Intn(4) == 0:
		provider := []string{"anthropic", "deepseek", "kimi-coding"}[w.r.Intn(3)]
		w.begin(k, core.Message{Acquire: &core.Acquire{Provider: provider, Mode: "tui", Session: ""}})
		if k.turn.Lease != nil {
			w.begin(k, core.Message{Settle: &core.Settle{Lease: k.turn.Lease.ID, Outcome: core.Outcome{OK: true}}})
		}
	case k.turn.WakeAt != 0 && k.turn.WakeAt <= w.at:
		w.begin(k, core.Message{Tick: &core.Tick{}})
	default:
		w.at = w.at.Add(core.Duration(w.r.Intn(800)))
	}
}

func TestReadsAreBoundedOverAllProcesses(t *testing.T) {
	for seed := range int64(12) {
		entries := []string{}
		for _, p := range []string{"anthropic", "deepseek", "kimi-coding"} {
			for i := range 6 {
				id := p
				if i > 0 {
					id = fmt.Sprintf("%s-%d", p, i)
				}
				if p == "anthropic" {
					entries = append(entries, fmt.Sprintf(`%q:{"type":"oauth","access":"%s","refresh":"r","expires":4000000000000}`, id, id))
				} else {
					entries = append(entries, fmt.Sprintf(`%q:{"type":"api_key","key":"%s"}`, id, id))
				}
			}
		}
		w := &world{
			t: t, r: rand.New(rand.NewSource(seed)), at: usageNow, flying: map[string]int{}, accounts: map[string]int{}, read: map[string]int{}, fail: seed%2 == 1,
			disk: &host.Disk{Files: map[string]string{"auth": "{" + strings.Join(entries, ",") + "}"}},
		}
		for range 5 {
			s := process(w.disk, nil, usageNow)
			tell(t, s, core.Message{Start: &core.Start{Known: []string{"anthropic", "deepseek", "kimi-coding"}}})
			w.all = append(w.all, &walker{script: s})
		}
		for range 8000 {
			w.step()
		}
		assert.Len(t, w.read, 18, "seed %d: each account is read", seed)
		var file struct {
			Accounts map[string]json.RawMessage
		}
		require.NoError(t, json.Unmarshal([]byte(w.disk.Files["usage"]), &file))
		assert.Len(t, file.Accounts, 18, "seed %d: nothing is lost among writers", seed)
		minutes := int(w.at.Sub(usageNow)/core.Minute) + 1
		for token, n := range w.read {
			assert.LessOrEqual(t, n, 1+minutes/5, "seed %d: %s is read too often in %d minutes", seed, token, minutes)
		}
	}
}

func TestUsageOfKeysThatPiFinds(t *testing.T) {
	const balance = "https://api.deepseek.com/user/balance"
	const auth = `{"deepseek":{"type":"api_key","key":"$ONE"},"deepseek-1":{"type":"api_key","key":"!two"},"deepseek-2":{"type":"api_key","key":"three"}}`
	for _, c := range []struct {
		shows  string
		answer func(a core.AskPi) (core.Answer, error)
		manual bool
		tokens []string
		says   string
	}{
		{shows: "each with what Pi makes of it, and the environment's", tokens: []string{"Bearer env", "Bearer k:ONE", "Bearer k:two", "Bearer three"}, manual: true},
		{shows: "nobody asked for it, so no command is run", tokens: []string{"Bearer env", "Bearer k:ONE", "Bearer three"}},
		{shows: "a variable that is not set", manual: true, answer: func(core.AskPi) (core.Answer, error) { return core.Answer{}, errors.New("the variable ONE is not set") },
			says: "the variable ONE is not set"},
		{shows: "in models.json the provider is somewhere else, so nothing is sent to the vendor", manual: true, answer: func(a core.AskPi) (core.Answer, error) {
			return core.Answer{Text: a.Credential, Extra: "https://proxy.example"}, nil
		}, says: "an address of its own"},
		{shows: "some models are the vendor's", manual: true, answer: func(a core.AskPi) (core.Answer, error) {
			return core.Answer{Extra: "https://proxy.example\nhttps://api.deepseek.com"}, nil
		}, tokens: []string{"Bearer three"}},
	} {
		t.Run(c.shows, func(t *testing.T) {
			v := &vendorFetch{answers: map[string]string{balance: `{"is_available":true,"balance_infos":[{"currency":"USD","total_balance":"3"}]}`}}
			var tokens []string
			s := process(&host.Disk{Files: map[string]string{"auth": auth}}, nil, usageNow)
			s.Fetch = func(f core.Fetch) (core.FetchResult, error) {
				tokens = append(tokens, tokenOf(&f))
				return v.fetch(f)
			}
			s.Ask = func(a core.Ask) (core.Answer, error) {
				if a.Progress != nil {
					return core.Answer{}, nil
				}
				require.Equal(t, "resolve", a.Pi.Op)
				if c.answer != nil {
					return c.answer(*a.Pi)
				}
				if a.Pi.Credential == "" {
					return core.Answer{Text: `{"type":"api_key","key":"env"}`}, nil
				}
				key := json.RawMessage(a.Pi.Credential)
				var entry struct{ Key string }
				require.NoError(t, json.Unmarshal(key, &entry))
				if a.Pi.Method == "quiet" && strings.HasPrefix(entry.Key, "!") || entry.Key == "three" {
					return core.Answer{}, nil
				}
				// No sign of Pi's notation is left in a secret.
				return core.Answer{Text: core.Secret(`{"type":"api_key","key":"k:` + strings.TrimLeft(entry.Key, "$!") + `"}`)}, nil
			}
			tell(t, s, core.Message{Start: &core.Start{Known: []string{"deepseek"}}})
			turn := tell(t, s, core.Message{Acquire: &core.Acquire{Provider: "deepseek", Mode: "tui", Members: []core.Member{{Source: "ambient", Label: "DEEPSEEK_API_KEY", Mark: 77}}}})
			turn = tell(t, s, core.Message{Settle: &core.Settle{Lease: turn.Lease.ID, Outcome: core.Outcome{OK: true}}})
			if c.manual {
				tell(t, s, core.Message{Command: &core.Command{Text: "usage deepseek", Mode: "tui"}})
			} else {
				run(t, s, 20*core.Second, turn)
			}
			assert.ElementsMatch(t, c.tokens, tokens)
			if c.says != "" {
				view := tell(t, s, core.Message{Command: &core.Command{Text: "status", Mode: "tui"}}).View
				var shown strings.Builder
				for _, row := range view.Rows {
					shown.WriteString(strings.Join(row.Cells, " ") + "\n")
				}
				assert.Contains(t, shown.String(), c.says)
			}
			for name, text := range s.Disk.Files {
				if name != "auth" {
					assert.NotContains(t, text, "k:ONE", "%s holds no secret that Pi found", name)
				}
			}
		})
	}
}

// Who stops a reading reads what had come already, is told so, and makes nobody wait longer for the next one.
func TestAPersonStopsAReading(t *testing.T) {
	v := &vendorFetch{}
	s := process(&host.Disk{Files: map[string]string{"auth": someAuth}}, v, usageNow)
	asked := 0
	s.Fetch = func(f core.Fetch) (core.FetchResult, error) {
		asked++
		assert.True(t, f.Ends, "a person may end it")
		if asked == 2 {
			return core.FetchResult{}, errors.New("you stopped")
		}
		return core.FetchResult{Status: 200, Body: core.Secret(claudeBody(20, 30, usageNow))}, nil
	}
	start(t, s, false)
	turn := tell(t, s, core.Message{Command: &core.Command{Text: "usage anthropic", Mode: "tui"}})
	assert.Contains(t, turn.View.Notes, "Stopped; what had not come is as old as before.")
	assert.Equal(t, 2, asked)
	known := 0
	for _, standing := range status(t, s) {
		assert.NotContains(t, standing, "failed", "what is stopped has not failed")
		if strings.Contains(standing.(string), "=20") {
			known++
		}
	}
	assert.Equal(t, 1, known)
	turn = tell(t, s, core.Message{Command: &core.Command{Text: "usage anthropic", Mode: "tui"}})
	assert.Equal(t, 4, asked, "the next reading asks at once")
	assert.NotContains(t, turn.View.Notes, "Stopped; what had not come is as old as before.")
	tell(t, s, core.Message{Command: &core.Command{Text: "usage anthropic/anthropic-1", Mode: "tui"}})
	assert.Equal(t, 5, asked, "of one account that one alone")
}

// Of many accounts it is said how far a reading is, and who stops there is heard.
func TestALongReadingSaysHowFarItIs(t *testing.T) {
	var entries []string
	for i := range 9 {
		entries = append(entries, fmt.Sprintf(`"anthropic-%d":{"type":"oauth","access":"a%d","refresh":"r%d","expires":4000000000000}`, i+1, i, i))
	}
	s := process(&host.Disk{Files: map[string]string{"auth": "{" + strings.Join(entries, ",") + "}"}}, nil, usageNow)
	asked, stop := 0, ""
	s.Fetch = func(core.Fetch) (core.FetchResult, error) {
		asked++
		return core.FetchResult{Status: 200, Body: core.Secret(claudeBody(20, 30, usageNow))}, nil
	}
	var told []string
	s.Ask = func(a core.Ask) (core.Answer, error) {
		if a.Progress != nil {
			told = append(told, a.Progress.Text)
		}
		return core.Answer{Canceled: a.Progress != nil && a.Progress.Text == stop}, nil
	}
	start(t, s, false)
	tell(t, s, core.Message{Command: &core.Command{Text: "usage anthropic", Mode: "tui"}})
	assert.Equal(t, []string{"reading usage, 2 of 9", "reading usage, 4 of 9", "reading usage, 6 of 9", "reading usage, 8 of 9"}, told)
	assert.Equal(t, 9, asked)
	stop = "reading usage, 4 of 9"
	turn := tell(t, s, core.Message{Command: &core.Command{Text: "usage anthropic", Mode: "tui"}})
	assert.Contains(t, turn.View.Notes, "Stopped; what had not come is as old as before.")
	assert.Equal(t, 9+4, asked)
}
