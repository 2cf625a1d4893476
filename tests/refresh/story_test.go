package refresh

import (
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"net/url"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"github.com/tidwall/gjson"

	"pimultiauth/core"
	"pimultiauth/core/engine"
	"pimultiauth/core/store"
	"pimultiauth/providers"
	"pimultiauth/tests/host"
	"pimultiauth/tests/token"
)

const (
	start = core.Time(1_800_000_000_000)
	ours  = "kimi-coding"
	// theirs is a provider whose own code, in Pi, renews its logins.
	theirs = "anthropic"
)

// world is a machine: one disk, one authorization server, any number of processes.
type world struct {
	t      *testing.T
	disk   *host.Disk
	server *token.Server
	// reply, when set, answers a token call in the server's place.
	reply func(refresh string) (core.FetchResult, error)
	// durable is what stood on the disk when the last token call was answered and when a lease was given.
	calls int
}

func newWorld(t *testing.T) *world {
	return &world{t: t, disk: &host.Disk{Files: map[string]string{}, Fails: map[string]string{}}, server: token.New()}
}

// login writes an entry of auth.json whose token ends after some time.
func (w *world) login(id string, ends core.Duration) token.Tokens {
	t := w.server.Grant(id)
	entry, err := json.Marshal(map[string]any{"type": "oauth", "access": t.Access, "refresh": t.Refresh, "expires": int64(start.Add(ends)), "extra": "kept"})
	require.NoError(w.t, err)
	auth := map[string]json.RawMessage{}
	if text := w.disk.Files["auth"]; text != "" {
		require.NoError(w.t, json.Unmarshal([]byte(text), &auth))
	}
	auth[id] = entry
	text, err := json.Marshal(auth)
	require.NoError(w.t, err)
	w.disk.Files["auth"] = string(text)
	return t
}

type process struct {
	*host.Script
	w *world
}

func (w *world) process() *process {
	p := &process{Script: &host.Script{Core: host.Native{Engine: engine.New(providers.All())}, Disk: w.disk, At: start, Seed: 7}, w: w}
	p.Fetch = func(f core.Fetch) (core.FetchResult, error) {
		form, err := url.ParseQuery(f.Body.Reveal())
		require.NoError(w.t, err)
		return w.redeem(form.Get("refresh_token"))
	}
	p.Ask = func(a core.Ask) (core.Answer, error) {
		switch {
		case a.Input != nil || a.Sleep != nil:
			return core.Answer{}, nil
		case a.Pi != nil && a.Pi.Op == "refresh":
			old := a.Pi.Credential.Reveal()
			r, err := w.redeem(gjson.Get(old, "refresh").String())
			if err != nil {
				return core.Answer{}, err
			}
			if r.Status != 200 {
				return core.Answer{}, fmt.Errorf("Anthropic token refresh failed (HTTP %d): %s", r.Status, r.Body.Reveal())
			}
			body := r.Body.Reveal()
			fresh := (&core.Object{}).String("type", "oauth").String("access", gjson.Get(body, "access_token").String()).
				String("refresh", gjson.Get(body, "refresh_token").String()).Int("expires", int64(p.At.Add(core.Hour)))
			return core.Answer{Text: core.Secret(fresh.Text())}, nil
		}
		return core.Answer{}, errors.New("nobody is there to answer")
	}
	p.tell(core.Message{Start: &core.Start{Known: []string{ours, theirs}}})
	return p
}

func (w *world) redeem(refresh string) (core.FetchResult, error) {
	w.calls++
	if w.reply != nil {
		return w.reply(refresh)
	}
	t, ok := w.server.Redeem(refresh)
	if !ok {
		return core.FetchResult{Status: 400, Body: `{"error":"invalid_grant","error_description":"used before"}`}, nil
	}
	body := (&core.Object{}).String("access_token", t.Access).Int("expires_in", 3600)
	if !w.server.Silent {
		body.String("refresh_token", t.Refresh)
	}
	return core.FetchResult{Status: 200, Body: core.Secret(body.Text())}, nil
}

func (p *process) tell(m core.Message) core.Turn {
	p.w.t.Helper()
	turn, err := p.Tell(m)
	require.NoError(p.w.t, err)
	return turn
}

// ask acquires and answers the access token that was leased, or what was refused.
func (p *process) ask(provider string) (access string, turn core.Turn) {
	turn = p.tell(core.Message{Acquire: &core.Acquire{Provider: provider, Model: "m", Mode: "print"}})
	if turn.Lease == nil {
		return "", turn
	}
	return gjson.Get(turn.Lease.Credential.Reveal(), "access").String(), turn
}

func (p *process) settle(turn core.Turn, status int) core.Turn {
	o := core.Outcome{OK: status == 200, Status: status}
	return p.tell(core.Message{Settle: &core.Settle{Lease: turn.Lease.ID, Outcome: o}})
}

// run lets time pass to the core's next wish, at most to an end, and tells how often it was woken.
func (p *process) run(until core.Time) (ticks int) {
	wake := p.tell(core.Message{Tick: &core.Tick{}}).WakeAt
	for ticks = 1; wake != 0 && wake <= until; ticks++ {
		require.Less(p.w.t, ticks, 1000, "the core is woken over and over")
		p.At = max(p.At, wake)
		wake = p.tell(core.Message{Tick: &core.Tick{}}).WakeAt
	}
	p.At = max(p.At, until)
	return ticks
}

// kept is a field of an account's credential as our file holds it.
func (w *world) kept(provider, id, field string) string {
	for _, account := range store.Parse(w.disk.Files["accounts"]).Accounts() {
		if account.Provider == provider && account.ID == id {
			return gjson.Get(account.Credential.Reveal(), field).String()
		}
	}
	return ""
}

func TestATokenIsRenewedAheadOfItsEnd(t *testing.T) {
	for _, provider := range []string{ours, theirs} {
		t.Run(provider, func(t *testing.T) {
			w := newWorld(t)
			w.login(provider+"-1", core.Hour)
			p := w.process()
			p.run(start.Add(50 * core.Minute))
			require.Equal(t, 0, w.calls, "not before it is due")
			p.run(start.Add(core.Hour - 1))
			require.Equal(t, 1, w.calls)
			access, _ := w.server.Current(provider + "-1")
			require.Equal(t, access, w.kept(provider, provider+"-1", "access"), "our file holds what the service gave")
			require.Equal(t, "kept", w.kept(provider, provider+"-1", "extra"), "what else the entry held stays")
			got, _ := p.ask(provider)
			require.Equal(t, access, got)
		})
	}
}

func TestASiblingAdoptsWhatWasWritten(t *testing.T) {
	w := newWorld(t)
	w.login(ours+"-1", -core.Minute)
	a, b := w.process(), w.process()
	first, _ := a.ask(ours)
	second, _ := b.ask(ours)
	require.NotEmpty(t, first)
	require.Equal(t, first, second)
	require.Equal(t, 1, w.calls)
	b.run(start.Add(core.Minute))
	require.Equal(t, 1, w.calls, "what was adopted is not due")
}

func TestAnotherAccountServesWhileALoginIsRenewed(t *testing.T) {
	w := newWorld(t)
	w.login(ours+"-1", -core.Minute)
	other := w.login(ours+"-2", core.Hour)
	p := w.process()
	got, turn := p.ask(ours)
	require.Equal(t, other.Access, got)
	require.Equal(t, 0, w.calls, "the request waited for no renewal")
	require.LessOrEqual(t, turn.WakeAt, p.At, "the renewal is wanted at once")
	p.run(p.At)
	require.Equal(t, 1, w.calls)
}

func TestAReplyWithoutARefreshTokenKeepsTheOldOne(t *testing.T) {
	for _, provider := range []string{ours, theirs} {
		w := newWorld(t)
		w.server.Silent = true
		before := w.login(provider+"-1", -core.Minute)
		p := w.process()
		got, _ := p.ask(provider)
		require.NotEmpty(t, got, provider)
		require.NotEqual(t, before.Access, got)
		require.Equal(t, before.Refresh, w.kept(provider, provider+"-1", "refresh"))
	}
}

func TestARefusedLoginIsTriedOnceMoreAndThenSuspended(t *testing.T) {
	for _, provider := range []string{ours, theirs} {
		t.Run(provider, func(t *testing.T) {
			w := newWorld(t)
			w.login(provider+"-1", -core.Minute)
			good := w.login(provider+"-2", core.Day)
			w.reply = func(string) (core.FetchResult, error) {
				return core.FetchResult{Status: 400, Body: `{"error":"invalid_grant"}`}, nil
			}
			p := w.process()
			p.run(start.Add(30 * core.Second))
			require.Equal(t, 1, w.calls)
			got, turn := p.ask(provider)
			require.Equal(t, good.Access, got, "only that account is touched")
			p.settle(turn, 200)
			p.run(start.Add(2 * core.Hour))
			require.Equal(t, 2, w.calls, "once more after a minute, and then a person has to")
			view := p.tell(core.Message{Command: &core.Command{Text: "status --json", Mode: "print"}}).View
			require.Contains(t, view.JSON, "its login has ended")
			require.Contains(t, view.JSON, "suspended")
			for _, n := range p.Notices {
				require.NotContains(t, n.Text, "refresh-")
			}
		})
	}
}

// O4 of the bar: the stored token differs from the one that was sent, because somebody of another kind renewed it.
func TestARefusalOfATokenThatWasReplacedMeanwhileHarmsNobody(t *testing.T) {
	w := newWorld(t)
	w.login(ours+"-1", -core.Minute)
	p := w.process()
	w.reply = func(string) (core.FetchResult, error) {
		w.reply = nil
		w.login(ours+"-1", core.Hour)
		return core.FetchResult{Status: 400, Body: `{"error":"invalid_grant"}`}, nil
	}
	got, _ := p.ask(ours)
	access, _ := w.server.Current(ours + "-1")
	require.Equal(t, access, got)
	require.NotContains(t, w.disk.Files["state"], "unauthorized")
}

// A failed renewal says nothing of a quota, and must not stand where another process wrote of one meanwhile.
func TestAFailedRenewalLeavesWhatAnotherLearnedOfTheQuota(t *testing.T) {
	for _, way := range []string{"while the service is asked", "before the hold is refused"} {
		t.Run(way, func(t *testing.T) {
			w := newWorld(t)
			w.login(ours+"-1", core.Minute)
			a, b := w.process(), w.process()
			_, turn := a.ask(ours)
			require.NotNil(t, turn.Lease)
			spent := func() {
				a.At = start.Add(2 * core.Minute)
				a.tell(core.Message{Settle: &core.Settle{Lease: turn.Lease.ID, Outcome: core.Outcome{
					Status: 429, Headers: []core.Header{{Name: "retry-after", Value: "18000"}}, Body: `{"error":{"message":"limit reached"}}`,
				}}})
			}
			w.reply = func(string) (core.FetchResult, error) {
				if way == "while the service is asked" {
					spent()
				}
				return core.FetchResult{}, errors.New("the connection failed")
			}
			if way != "while the service is asked" {
				spent()
				w.disk.Fails["hold refresh "+ours+"/"+ours+"-1"] = "another process holds it"
			}
			b.At = start.Add(3 * core.Minute)
			_, refused := b.ask(ours)
			require.NotNil(t, refused.Refuse)
			w.reply, w.disk.Fails = nil, map[string]string{}
			for _, later := range []core.Duration{10 * core.Minute, 4 * core.Hour} {
				c := w.process()
				c.At = start.Add(later)
				c.run(c.At)
				got, turn := c.ask(ours)
				require.Empty(t, got, "its quota is spent for five hours")
				require.GreaterOrEqual(t, turn.Refuse.Until, start.Add(5*core.Hour))
			}
			c := w.process()
			c.At = start.Add(6 * core.Hour)
			got, _ := c.ask(ours)
			require.NotEmpty(t, got)
		})
	}
}

func TestATokenThatCannotBeWrittenIsKeptAndWrittenLater(t *testing.T) {
	w := newWorld(t)
	w.login(ours+"-1", -core.Minute)
	p := w.process()
	w.disk.Fails["save accounts"] = "no space left on the disk"
	got, turn := p.ask(ours)
	access, _ := w.server.Current(ours + "-1")
	require.Equal(t, access, got, "the request is served all the same")
	p.settle(turn, 200)
	require.Len(t, p.Notices, 1)
	require.Contains(t, p.Notices[0].Text, "no space left")
	require.NotContains(t, p.Notices[0].Text, access)
	p.run(p.At.Add(20 * core.Second))
	require.Equal(t, 1, w.calls, "writing is tried again, redeeming is not")
	w.disk.Fails = map[string]string{}
	p.run(p.At.Add(20 * core.Second))
	require.Equal(t, access, w.kept(ours, ours+"-1", "access"))
	require.Equal(t, 1, w.calls)
}

func TestATokenThatARequestWasToldIsNoGoodIsRenewed(t *testing.T) {
	w := newWorld(t)
	before := w.login(ours+"-1", core.Hour)
	p := w.process()
	got, turn := p.ask(ours)
	require.Equal(t, before.Access, got)
	next := p.settle(turn, 401)
	require.NotNil(t, next.Lease, "%+v", next.Refuse)
	access, _ := w.server.Current(ours + "-1")
	require.Equal(t, access, gjson.Get(next.Lease.Credential.Reveal(), "access").String())
	require.Equal(t, 1, w.calls)
	last := p.settle(next, 401)
	require.NotNil(t, last.Refuse, "a token as fresh as that is no better the second time")
	require.Equal(t, 1, w.calls)
}

func TestWithoutTheHoldNothingIsRedeemed(t *testing.T) {
	w := newWorld(t)
	w.login(ours+"-1", -core.Minute)
	w.disk.Fails["hold refresh "+ours+"/"+ours+"-1"] = "another process holds it"
	p := w.process()
	_, turn := p.ask(ours)
	require.NotNil(t, turn.Refuse)
	require.Equal(t, 0, w.calls)
}

func TestFailuresThatPassAreTriedLessAndLessOften(t *testing.T) {
	w := newWorld(t)
	w.login(ours+"-1", 10*core.Minute)
	w.reply = func(string) (core.FetchResult, error) { return core.FetchResult{}, errors.New("the connection failed") }
	p := w.process()
	p.run(start.Add(2 * core.Hour))
	require.InDelta(t, 12, w.calls, 4, "30 s, 1 min, 2 min … 15 min")
	_, turn := p.ask(ours)
	require.NotNil(t, turn.Refuse)
	require.Contains(t, turn.Refuse.Say, "could not be renewed")
	w.reply = nil
	p.run(p.At.Add(20 * core.Minute))
	got, _ := p.ask(ours)
	require.NotEmpty(t, got)
}

// O7 of the bar: whatever a service says of a token's life, a login is redeemed at most once a minute, and the core sleeps in between.
func TestALoginIsRedeemedAtMostOnceAMinute(t *testing.T) {
	for _, expires := range []string{"0", "-5", "1", "30", `"1"`, "null", "1e300", `"soon"`, "59", "61"} {
		t.Run(expires, func(t *testing.T) {
			w := newWorld(t)
			w.login(ours+"-1", -core.Minute)
			p := w.process()
			var at []core.Time
			w.reply = func(string) (core.FetchResult, error) {
				at = append(at, p.At)
				n := len(at)
				return core.FetchResult{Status: 200, Body: core.Secret(fmt.Sprintf(`{"access_token":"a%d","refresh_token":"r%d","expires_in":%s}`, n, n, expires))}, nil
			}
			for range 120 {
				_, turn := p.ask(ours)
				require.NotNil(t, turn.Lease, "%+v", turn.Refuse)
				p.settle(turn, 200)
				p.run(p.At.Add(10 * core.Second))
			}
			require.NotEmpty(t, at)
			for i := 1; i < len(at); i++ {
				require.GreaterOrEqual(t, at[i].Sub(at[i-1]), core.Minute)
			}
		})
	}
}

// O6 of rotation.md 10.6: a timer of Node cannot wait longer than 2^31-1 ms; the core says when, and the loader may wake it sooner.
func TestATokenThatLastsForAYearWakesNobody(t *testing.T) {
	w := newWorld(t)
	w.login(theirs+"-1", 365*core.Day)
	p := w.process()
	for range 20 {
		p.At = p.At.Add(core.Day)
		turn := p.tell(core.Message{Tick: &core.Tick{}})
		require.Greater(t, turn.WakeAt, p.At.Add(300*core.Day))
	}
	require.Equal(t, 0, w.calls)
}

func TestAClockThatJumpsRenewsEachLoginOnce(t *testing.T) {
	for _, jump := range []core.Duration{10 * 365 * core.Day, -10 * 365 * core.Day, core.Hour, -core.Hour} {
		w := newWorld(t)
		w.login(ours+"-1", core.Hour)
		p := w.process()
		p.ask(ours)
		p.At = p.At.Add(jump)
		p.run(p.At.Add(30 * core.Second))
		require.LessOrEqual(t, w.calls, 1, "%d", jump)
		got, turn := p.ask(ours)
		require.NotEmpty(t, got, "%d: %+v", jump, turn.Refuse)
		p.run(p.At.Add(50 * core.Minute))
		require.LessOrEqual(t, w.calls, 1, "%d", jump)
	}
}

func TestARedemptionIsNotCancelled(t *testing.T) {
	w := newWorld(t)
	w.login(ours+"-1", -core.Minute)
	p := w.process()
	c := p.Core.(host.Native).Engine
	turn, err := c.Step(core.Message{At: p.At, Acquire: &core.Acquire{Provider: ours, Model: "m"}})
	require.NoError(t, err)
	for turn.Flow != 0 {
		var results []core.Result
		redeeming := false
		for _, x := range turn.Effects {
			redeeming = redeeming || x.Fetch != nil
			if redeeming && x.Fetch != nil {
				cancelled, err := c.Step(core.Message{At: p.At, Cancel: &core.Cancel{Flow: turn.Flow}})
				require.NoError(t, err)
				require.NotNil(t, cancelled.Done)
			}
			if r := p.Perform(x); x.Waits {
				results = append(results, r)
			}
		}
		turn, err = c.Step(core.Message{At: p.At, Resume: &core.Resume{Flow: turn.Flow, Results: results}})
		require.NoError(t, err)
	}
	access, _ := w.server.Current(ours + "-1")
	require.Equal(t, access, w.kept(ours, ours+"-1", "access"))
}

func TestPisOwnEntryIsRenewedByPi(t *testing.T) {
	w := newWorld(t)
	w.login(theirs, -core.Minute)
	p := w.process()
	asked := 0
	inner := p.Ask
	p.Ask = func(a core.Ask) (core.Answer, error) {
		if a.Pi != nil && a.Pi.Op == "own" {
			asked++
			w.login(theirs, core.Hour)
			return core.Answer{Text: "whatever"}, nil
		}
		return inner(a)
	}
	got, _ := p.ask(theirs)
	access, _ := w.server.Current(theirs)
	require.Equal(t, access, got)
	require.Equal(t, 1, asked)
	require.Empty(t, w.disk.Files["accounts"], "Pi's entry stays Pi's")
}

func TestADeadEntryOfPisIsRotatedPast(t *testing.T) {
	w := newWorld(t)
	w.login(theirs, -core.Minute)
	second := w.login(theirs+"-1", core.Hour)
	p := w.process()
	got, _ := p.ask(theirs)
	require.Equal(t, second.Access, got)
}

func TestTheHostilesOfATokenReply(t *testing.T) {
	big := make([]byte, 60<<10)
	for i := range big {
		big[i] = ' '
	}
	tests := []struct {
		name   string
		status int
		body   string
		// access and refresh are what is kept; "" is what was there before.
		access, refresh string
	}{
		{"plain", 200, `{"access_token":"A","refresh_token":"R","expires_in":60}`, "A", "R"},
		{"no refresh token", 200, `{"access_token":"A","expires_in":60}`, "A", ""},
		{"null refresh token", 200, `{"access_token":"A","refresh_token":null}`, "A", ""},
		{"a bad expiry does not lose a rotated token", 200, `{"access_token":"A","refresh_token":"R","expires_in":{"x":1}}`, "A", "R"},
		{"a missing access token does not lose a rotated one", 200, `{"refresh_token":"R"}`, "", "R"},
		{"200 with an error", 200, `{"error":"temporarily_unavailable"}`, "", ""},
		{"html", 200, `<html>please log in to the network</html>`, "", ""},
		{"array", 200, `[]`, "", ""},
		{"empty", 200, ``, "", ""},
		{"redirect", 302, ``, "", ""},
		{"padded", 200, string(big) + `{"access_token":"A","refresh_token":"R"}`, "A", "R"},
		{"server error", 503, `{"error":"invalid_grant_but_not_really"}`, "", ""},
		{"tokens that are none beside one that is", 200, `{"access_token":"A\u061c","refresh_token":"R"}`, "", "R"},
		{"a rotated token that is none", 200, `{"access_token":"A","refresh_token":"R\u0000"}`, "A", ""},
		{"numbers for tokens", 200, `{"access_token":7,"refresh_token":8}`, "", ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			w := newWorld(t)
			before := w.login(ours+"-1", -core.Minute)
			p := w.process()
			w.reply = func(string) (core.FetchResult, error) {
				return core.FetchResult{Status: tt.status, Body: core.Secret(tt.body)}, nil
			}
			p.ask(ours)
			access, refresh := w.kept(ours, ours+"-1", "access"), w.kept(ours, ours+"-1", "refresh")
			if tt.access == "" && tt.refresh == "" {
				assert.Empty(t, access)
				return
			}
			assert.Equal(t, or(tt.access, before.Access), access)
			assert.Equal(t, or(tt.refresh, before.Refresh), refresh)
		})
	}
}

func or(a, b string) string {
	if a != "" {
		return a
	}
	return b
}

func TestTheSameMessagesGiveTheSameTurns(t *testing.T) {
	run := func() map[string]string {
		w := newWorld(t)
		for i := 1; i <= 9; i++ {
			w.login(fmt.Sprintf("%s-%d", ours, i), core.Duration(i)*core.Minute)
		}
		p := w.process()
		p.run(start.Add(2 * core.Hour))
		return maps.Clone(w.disk.Files)
	}
	require.Equal(t, run(), run())
}
