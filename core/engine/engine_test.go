package engine_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"pimultiauth/core"
	"pimultiauth/core/engine"
	"pimultiauth/core/store"
	"pimultiauth/providers"
)

// disk is what several processes share.
type disk struct {
	files map[string]string
	// fails makes saves fail with this text.
	fails string
	saves int
	aside []string
	// fetch answers HTTP; nil leaves every request without an answer.
	fetch func(core.Fetch) core.FetchResult
}

// process is one instance with a host that performs its effects on a disk.
type process struct {
	t       *testing.T
	core    *engine.Engine
	disk    *disk
	at      core.Time
	notices []string
}

const start = core.Time(1_800_000_000_000)

func newDisk(keys ...string) *disk {
	var entries []string
	for _, id := range keys {
		entries = append(entries, fmt.Sprintf("%q:{\"type\":\"api_key\",\"key\":\"key of %s\"}", id, id))
	}
	return &disk{files: map[string]string{"auth": "{" + strings.Join(entries, ",") + "}"}}
}

func (d *disk) process(t *testing.T) *process {
	p := &process{t: t, core: engine.New(providers.All()), disk: d, at: start}
	p.tell(core.Message{Start: &core.Start{Known: []string{"demo"}}})
	return p
}

func (p *process) tell(m core.Message) core.Turn {
	p.t.Helper()
	for {
		m.At = p.at
		turn, err := p.core.Step(m)
		require.NoError(p.t, err)
		results := p.perform(turn.Effects)
		if turn.Flow == 0 {
			return turn
		}
		m = core.Message{Resume: &core.Resume{Flow: turn.Flow, Results: results}}
	}
}

func (p *process) perform(effects []core.Effect) (results []core.Result) {
	for _, x := range effects {
		r := core.Result{ID: x.ID}
		switch {
		case x.Fetch != nil:
			if p.disk.fetch != nil {
				answer := p.disk.fetch(*x.Fetch)
				r.Fetch = &answer
			}
		case x.Ask != nil && x.Ask.Pi != nil:
			r.Ask = &core.Answer{}
		case x.Ask != nil:
			p.notices = append(p.notices, x.Ask.Notice.Text)
			continue
		case x.File != nil && x.File.Op == "read":
			text, ok := p.disk.files[x.File.Name]
			r.File = &core.FileResult{Text: core.Secret(text), Missing: !ok}
		case x.File != nil && p.disk.fails != "":
			r.Error = p.disk.fails
		case x.File != nil:
			p.disk.saves++
			turn, err := p.core.Step(core.Message{At: p.at, Merge: &core.Merge{Save: x.ID, File: x.File.Name, Current: p.disk.files[x.File.Name], Delta: x.File.Delta}})
			require.NoError(p.t, err)
			merged := turn.Merged
			if merged.Damaged != "" {
				p.disk.aside = append(p.disk.aside, p.disk.files[x.File.Name])
			}
			if merged.ReadOnly == "" && !merged.Unchanged {
				p.disk.files[x.File.Name] = merged.Text.Reveal()
			}
			r.File = &core.FileResult{Text: merged.Text}
		}
		if x.Waits {
			results = append(results, r)
		}
	}
	return results
}

func (p *process) acquire(session string) core.Turn {
	p.t.Helper()
	return p.tell(core.Message{Acquire: &core.Acquire{Provider: "demo", Model: "m", Session: session, Mode: "print"}})
}

func (p *process) settle(lease int64, o core.Outcome) core.Turn {
	p.t.Helper()
	return p.tell(core.Message{Settle: &core.Settle{Lease: lease, Outcome: o}})
}

func (p *process) changed(files ...string) {
	p.tell(core.Message{Changed: &core.Changed{Files: files}})
}

var (
	good    = core.Outcome{OK: true}
	limited = core.Outcome{Status: 429, Headers: []core.Header{{Name: "retry-after", Value: "30"}}, Body: `{"error":{"message":"slow down"}}`, Text: "429: slow down"}
	badKey  = core.Outcome{Status: 401, Body: `{"error":{"message":"invalid api key"}}`, Text: "401: invalid api key"}
	broken  = core.Outcome{Status: 500, Text: "500: oops"}
	request = core.Outcome{Status: 400, Body: `{"error":{"type":"invalid_request_error","message":"no such field"}}`, Text: "400: no such field"}
)

func TestAFailureBeforeOutputGoesToTheNextAccount(t *testing.T) {
	p := newDisk("demo", "demo-1", "demo-2").process(t)
	turn := p.acquire("s")
	assert.Equal(t, "demo", turn.Lease.Account)
	assert.Contains(t, turn.Lease.Credential.Reveal(), "key of demo")
	turn = p.settle(turn.Lease.ID, limited)
	assert.Equal(t, "demo-1", turn.Lease.Account)
	turn = p.settle(turn.Lease.ID, badKey)
	assert.Equal(t, "demo-2", turn.Lease.Account)
	assert.Equal(t, 3, turn.Lease.Attempt)
	assert.NotNil(t, p.settle(turn.Lease.ID, good).Done)
	assert.Equal(t, "demo-2", p.acquire("s").Lease.Account, "the session stays")
}

func TestCooldownsAreSharedAndEnd(t *testing.T) {
	d := newDisk("demo", "demo-1")
	a := d.process(t)
	turn := a.acquire("s")
	a.settle(a.settle(turn.Lease.ID, limited).Lease.ID, good)
	b := d.process(t)
	turn = b.acquire("t")
	assert.Equal(t, "demo-1", turn.Lease.Account)
	b.settle(turn.Lease.ID, good)
	b.at = start.Add(30 * core.Second)
	assert.Equal(t, "demo", b.acquire("u").Lease.Account)
}

func TestNewSessionsGoRoundOverProcesses(t *testing.T) {
	d := newDisk("demo", "demo-1", "demo-2")
	a, b, c := d.process(t), d.process(t), d.process(t)
	var got []string
	for i, p := range []*process{a, b, c, a, b, c} {
		got = append(got, p.acquire(fmt.Sprint("s", i)).Lease.Account)
		for _, q := range []*process{a, b, c} {
			q.at++
		}
	}
	assert.Equal(t, []string{"demo", "demo-1", "demo-2", "demo", "demo-1", "demo-2"}, got)
}

func TestAProcessThatWaitedForTheGateKeepsItsPlace(t *testing.T) {
	d := newDisk("demo", "demo-1", "demo-2")
	a, b, c := d.process(t), d.process(t), d.process(t)
	a.at, b.at, c.at = start+100, start+95, start+90
	var got []string
	for i, p := range []*process{a, b, c} {
		got = append(got, p.acquire(fmt.Sprint("s", i)).Lease.Account)
	}
	assert.Equal(t, []string{"demo", "demo-1", "demo-2"}, got)
}

func TestANewerFileThatWentAwayIsFollowedByOneOfOurs(t *testing.T) {
	d := newDisk("demo", "demo-1")
	d.files["state"] = `{"version":3,"providers":{}}`
	p := d.process(t)
	delete(d.files, "state")
	p.changed("state")
	p.acquire("s")
	assert.Contains(t, d.files["state"], `"version":2`)
	assert.Empty(t, p.tell(core.Message{Command: &core.Command{Text: "status"}}).View.Notes)
}

func TestNothingIsWrittenPerPick(t *testing.T) {
	d := newDisk("demo", "demo-1")
	p := d.process(t)
	p.settle(p.acquire("s").Lease.ID, good)
	before := d.saves
	for range 100 {
		p.at = p.at.Add(core.Second)
		p.settle(p.acquire("s").Lease.ID, good)
	}
	assert.Equal(t, before, d.saves)
}

func TestOneRetryOnTheSameAccountForFaultsOfTheWayThere(t *testing.T) {
	p := newDisk("demo", "demo-1").process(t)
	first := p.acquire("s").Lease
	second := p.settle(first.ID, broken).Lease
	assert.Equal(t, "demo", second.Account)
	assert.Greater(t, second.NotBefore, p.at)
	third := p.settle(second.ID, broken).Lease
	assert.Equal(t, "demo-1", third.Account)
	fourth := p.settle(third.ID, broken).Lease
	assert.Equal(t, "demo-1", fourth.Account)
	refused := p.settle(fourth.ID, broken).Refuse
	assert.True(t, refused.Retry, "asking again may help")
	assert.Equal(t, "demo-1", p.acquire("new").Lease.Account, "one of the two is left alone for a while, the last one never")
}

func TestTheRequestsOwnFaultIsShownAsItIs(t *testing.T) {
	p := newDisk("demo", "demo-1").process(t)
	assert.Equal(t, &core.Refuse{Original: true}, p.settle(p.acquire("s").Lease.ID, request).Refuse)
	assert.Equal(t, "demo", p.acquire("s").Lease.Account)
}

func TestAbortTeachesNothing(t *testing.T) {
	d := newDisk("demo", "demo-1")
	p := d.process(t)
	lease := p.acquire("s").Lease
	state := d.files["state"]
	turn := p.settle(lease.ID, core.Outcome{Aborted: true, Status: 429, Text: "429"})
	assert.True(t, turn.Refuse.Original)
	assert.Equal(t, state, d.files["state"])
}

func TestNobodyLeftIsOneMessageAndNoFurtherAttempt(t *testing.T) {
	p := newDisk("demo", "demo-1").process(t)
	lease := p.acquire("s").Lease
	lease = p.settle(lease.ID, limited).Lease
	refused := p.settle(lease.ID, badKey).Refuse
	require.NotNil(t, refused)
	assert.False(t, refused.Retry)
	assert.Equal(t, start.Add(30*core.Second), refused.Until)
	for _, part := range []string{"demo: ", "demo-1: ", "30 s", "First back: demo"} {
		assert.Contains(t, refused.Say, part)
	}
	assert.NotContains(t, strings.ToLower(refused.Say), "retry your request")
	assert.NotNil(t, p.acquire("s").Refuse, "the second time nobody is asked")
	p.at = start.Add(25 * core.Second)
	assert.True(t, p.acquire("s").Refuse.Retry, "so near to its end Pi may try again by itself")
}

func TestAfterOutputNothingIsReplayedSilently(t *testing.T) {
	cut := core.Outcome{Emitted: true, Text: "Connection error."}
	for _, tt := range []struct {
		mode     string
		toolCall bool
		restart  bool
	}{{"print", false, true}, {"tui", false, true}, {"rpc", false, false}, {"json", false, false}, {"tui", true, false}} {
		t.Run(fmt.Sprint(tt.mode, tt.toolCall), func(t *testing.T) {
			p := newDisk("demo", "demo-1").process(t)
			lease := p.tell(core.Message{Acquire: &core.Acquire{Provider: "demo", Model: "m", Session: "s", Mode: tt.mode}}).Lease
			o := cut
			o.ToolCall = tt.toolCall
			turn := p.settle(lease.ID, o)
			if !tt.restart {
				assert.True(t, turn.Refuse.Retry)
				assert.Contains(t, turn.Refuse.Say, "retry your request")
				assert.Equal(t, "demo-1", p.acquire("s").Lease.Account, "Pi's own retry goes to the next account")
				return
			}
			assert.True(t, turn.Lease.Restart)
			assert.NotEmpty(t, turn.Lease.Say)
		})
	}
}

func TestAReplacedKeyIsAskedAgain(t *testing.T) {
	d := newDisk("demo", "demo-1")
	p := d.process(t)
	p.settle(p.settle(p.acquire("s").Lease.ID, badKey).Lease.ID, good)
	p.at = start.Add(core.Week)
	assert.Equal(t, "demo-1", p.acquire("t").Lease.Account)
	d.files["auth"] = strings.Replace(d.files["auth"], "key of demo", "new key", 1)
	p.changed("auth")
	assert.Equal(t, "demo", p.acquire("u").Lease.Account)
}

func TestAnExpiredLoginIsSkippedWithItsReason(t *testing.T) {
	d := newDisk("demo")
	d.files["auth"] = `{"demo":{"type":"oauth","access":"a","refresh":"","expires":1},"demo-1":{"type":"api_key","key":"k"}}`
	p := d.process(t)
	assert.Equal(t, "demo-1", p.acquire("s").Lease.Account)
	view := p.tell(core.Message{Command: &core.Command{Text: "status"}}).View
	assert.Equal(t, []string{"demo", "demo", "needs you", "-", "-", "login expired; log in again with /login"}, view.Rows[1].Cells)
	view = p.tell(core.Message{Command: &core.Command{Text: "why demo --json"}}).View
	assert.Contains(t, view.JSON, "login expired")
}

func TestADamagedStateIsKeptAsideAndLosesNothing(t *testing.T) {
	for _, damaged := range []string{"", " ", `{"version":2,"prov`, `[]`, `{"version":2,"providers":7}`} {
		d := newDisk("demo", "demo-1")
		p := d.process(t)
		p.settle(p.settle(p.acquire("s").Lease.ID, limited).Lease.ID, good)
		d.files["state"] = damaged
		p.changed("state")
		assert.Contains(t, d.files["state"], "rate_limited", "healed from memory: %q", damaged)
		assert.Len(t, p.notices, 1)
	}
}

func TestANewerStateIsNotWritten(t *testing.T) {
	d := newDisk("demo", "demo-1")
	d.files["state"] = `{"version":3,"providers":{}}`
	p := d.process(t)
	p.settle(p.settle(p.acquire("s").Lease.ID, limited).Lease.ID, good)
	assert.Equal(t, `{"version":3,"providers":{}}`, d.files["state"])
	assert.Len(t, p.notices, 1)
}

func TestADiskThatCannotBeWrittenDoesNotStopRequests(t *testing.T) {
	d := newDisk("demo", "demo-1")
	d.fails = "no space left on device"
	p := d.process(t)
	lease := p.settle(p.acquire("s").Lease.ID, limited).Lease
	assert.Equal(t, "demo-1", lease.Account)
	p.settle(lease.ID, good)
	assert.Equal(t, "demo-1", p.acquire("t").Lease.Account, "what was learned stays in memory")
}

func TestADamagedAuthKeepsTheAccountsKnownSoFar(t *testing.T) {
	for _, damaged := range []string{"", "{", "[]", "7"} {
		d := newDisk("demo", "demo-1")
		p := d.process(t)
		d.files["auth"] = damaged
		p.changed("auth")
		assert.NotNil(t, p.acquire("s").Lease, "%q", damaged)
		assert.Len(t, p.notices, 1)
	}
}

func TestMembersOfPiAreAsked(t *testing.T) {
	p := newDisk("demo").process(t)
	ask := func(members ...core.Member) core.Turn {
		return p.tell(core.Message{Acquire: &core.Acquire{Provider: "demo", Model: "m", Mode: "print", Members: members}})
	}
	ambient, explicit := core.Member{Source: "ambient", Label: "DEMO_KEY", Mark: 3}, core.Member{Source: "explicit", Label: "--api-key", Mark: 4}
	turn := ask(ambient, explicit)
	assert.Equal(t, "explicit", turn.Lease.Source)
	turn = p.settle(turn.Lease.ID, badKey)
	assert.Equal(t, "stored", turn.Lease.Source)
	turn = p.settle(turn.Lease.ID, badKey)
	assert.Equal(t, "DEMO_KEY", turn.Lease.Label)
	assert.Empty(t, turn.Lease.Credential)
	assert.NotNil(t, ask().Refuse, "what Pi did not offer is not asked")
}

func TestTheSameKeyUnderTwoNamesIsOneAccount(t *testing.T) {
	p := newDisk("demo").process(t)
	member := core.Member{Source: "ambient", Label: "DEMO_KEY", Mark: core.Secret("key of demo").Mark()}
	turn := p.tell(core.Message{Acquire: &core.Acquire{Provider: "demo", Model: "m", Members: []core.Member{member}}})
	assert.NotNil(t, p.settle(turn.Lease.ID, limited).Refuse)
}

func TestWhyNamesEveryCandidateAlsoForASessionThatStays(t *testing.T) {
	p := newDisk("demo", "demo-1").process(t)
	p.settle(p.acquire("s").Lease.ID, good)
	p.acquire("s")
	view := p.tell(core.Message{Command: &core.Command{Text: "why"}}).View
	require.Len(t, view.Rows, 3)
	assert.Equal(t, []string{"  demo", "chosen", ""}, view.Rows[1].Cells)
	assert.Contains(t, view.Rows[2].Cells[1], "session stays")
}

func TestAStickyRequestNeverMovesAndTeachesNothing(t *testing.T) {
	d := newDisk("demo", "demo-1")
	p := d.process(t)
	p.settle(p.acquire("s").Lease.ID, good)
	turn := p.tell(core.Message{Acquire: &core.Acquire{Provider: "demo", Model: "m", Session: "s", Mode: "tui", Sticky: true}})
	assert.Equal(t, "demo", turn.Lease.Account)
	assert.True(t, p.settle(turn.Lease.ID, limited).Refuse.Original)
	assert.Equal(t, "demo", p.acquire("s").Lease.Account)
	turn = p.tell(core.Message{Acquire: &core.Acquire{Provider: "demo", Model: "m", Session: "unknown", Mode: "tui", Sticky: true}})
	assert.NotNil(t, turn.Refuse)
}

func TestALostLeaseEndsByTick(t *testing.T) {
	p := newDisk("demo", "demo-1").process(t)
	lease := p.acquire("s").Lease
	p.at = lease.Deadline
	assert.Equal(t, core.Time(0), p.tell(core.Message{Tick: &core.Tick{}}).WakeAt)
	assert.NotNil(t, p.settle(lease.ID, good).Done, "a machine that slept meanwhile brings the answer all the same")
	assert.True(t, p.settle(lease.ID, badKey).Refuse.Original)
	assert.Equal(t, core.StandingReady, p.disk.standing(lease.Account).KindAt(p.at, 0), "and nothing is learned of it")
}

// A stream outlives the instance that leased its account: what came of it is of no lease of the next instance's.
func TestALeaseOfADeadInstanceIsNoOtherRequests(t *testing.T) {
	d := newDisk("demo", "demo-1")
	before := d.process(t).acquire("s").Lease
	p := &process{t: t, core: engine.New(providers.All()), disk: d, at: start + 5}
	p.tell(core.Message{Start: &core.Start{Known: []string{"demo"}, Quiet: true}})
	mine := p.acquire("t").Lease
	assert.NotEqual(t, before.ID, mine.ID)
	assert.True(t, p.settle(before.ID, badKey).Refuse.Original)
	assert.Equal(t, core.StandingReady, d.standing(mine.Account).KindAt(p.at, 0))
	assert.NotNil(t, p.settle(mine.ID, good).Done)
	assert.Less(t, mine.ID, int64(1)<<53, "a number that every host can hold")
}

func TestHiddenProvidersAreLeftAlone(t *testing.T) {
	d := newDisk("demo", "demo-1")
	d.files["config"] = `{"hiddenProviders":["demo"]}`
	p := d.process(t)
	ready := p.tell(core.Message{Changed: &core.Changed{}}).Ready
	assert.Empty(t, ready.Providers)
	assert.Contains(t, ready.Hidden, "demo")
	assert.Contains(t, ready.Hidden, "google-gemini-cli")
}

func TestAccountsPiCannotSeeAreProvisioned(t *testing.T) {
	p := newDisk("demo-1", "anthropic").process(t)
	ready := p.tell(core.Message{Changed: &core.Changed{}}).Ready
	assert.Equal(t, []string{"anthropic", "demo"}, ready.Providers)
	assert.Equal(t, []string{"demo"}, ready.Provision)
}

func TestAMessageWithoutOneKindIsAnError(t *testing.T) {
	e := engine.New(nil)
	for _, m := range []core.Message{{}, {Tick: &core.Tick{}, Cancel: &core.Cancel{}}} {
		_, err := e.Step(m)
		assert.ErrorIs(t, err, engine.ErrNoKind)
	}
	_, err := e.Step(core.Message{Resume: &core.Resume{Flow: 9}})
	assert.ErrorIs(t, err, engine.ErrNoFlow)
}

func TestACancelledFlowEnds(t *testing.T) {
	e := engine.New(nil)
	turn, err := e.Step(core.Message{Start: &core.Start{}})
	require.NoError(t, err)
	assert.Equal(t, 1, e.Flows())
	_, err = e.Step(core.Message{Cancel: &core.Cancel{Flow: turn.Flow}})
	require.NoError(t, err)
	assert.Equal(t, 0, e.Flows())
}

func TestDebugLinesHoldNoSecrets(t *testing.T) {
	d := newDisk("demo", "demo-1")
	d.files["config"] = `{"debug":true}`
	p := d.process(t)
	turn, err := p.core.Step(core.Message{At: p.at, Acquire: &core.Acquire{Provider: "demo", Model: "m"}})
	require.NoError(t, err)
	require.NotEmpty(t, turn.Effects)
	assert.Contains(t, turn.Effects[0].Log.Line, `"event":"lease"`)
	assert.NotContains(t, turn.Effects[0].Log.Line, "key of")
}

func TestAPeekTakesNoTurn(t *testing.T) {
	p := newDisk("demo", "demo-1").process(t)
	peek := func() string {
		turn := p.tell(core.Message{Acquire: &core.Acquire{Provider: "demo", Peek: true}})
		require.NotNil(t, turn.Lease)
		assert.Zero(t, turn.Lease.ID)
		assert.NotEmpty(t, turn.Lease.Credential)
		return turn.Lease.Account
	}
	first := peek()
	assert.Equal(t, first, peek())
	taken := p.tell(core.Message{Acquire: &core.Acquire{Provider: "demo"}}).Lease.Account
	assert.Equal(t, first, taken)
	assert.NotEqual(t, first, peek())
	assert.NotNil(t, p.tell(core.Message{Acquire: &core.Acquire{Provider: "nobody", Peek: true}}).Refuse)
}

func TestARequestThatIsCancelledAtTheGateTakesNoPlace(t *testing.T) {
	p := newDisk("demo", "demo-1").process(t)
	turn, err := p.core.Step(core.Message{At: start, Acquire: &core.Acquire{Provider: "demo", Model: "m", Session: "s", Mode: "print"}})
	require.NoError(t, err)
	require.NotZero(t, turn.Flow)
	_, err = p.core.Step(core.Message{At: start, Cancel: &core.Cancel{Flow: turn.Flow}})
	require.NoError(t, err)
	merged, err := p.core.Step(core.Message{At: start, Merge: &core.Merge{Save: turn.Effects[0].ID, File: "state"}})
	require.NoError(t, err)
	assert.Empty(t, merged.Merged.Delta)
	assert.NotContains(t, merged.Merged.Text.Reveal(), "sessions")
}

func TestTheLastTickTellsWhatWasGathered(t *testing.T) {
	d := newDisk("demo", "demo-1")
	saved := func(turn core.Turn) bool {
		return slices.ContainsFunc(turn.Effects, func(x core.Effect) bool { return x.File != nil && x.File.Op == "save" })
	}
	counted := func() (sum int) {
		for _, id := range []string{"demo", "demo-1"} {
			tree := store.Parse(d.files["state"])
			sum += tree.Count("demo", id, start).Requests
		}
		return sum
	}
	serve := func(p *process, session string) {
		turn := p.tell(core.Message{Acquire: &core.Acquire{Provider: "demo", Model: "m", Session: session, Mode: "print"}})
		p.tell(core.Message{Settle: &core.Settle{Lease: turn.Lease.ID, Outcome: core.Outcome{OK: true, Status: 200}}})
	}
	p := d.process(t)
	serve(p, "s")
	assert.Zero(t, counted(), "not at once")
	p.tell(core.Message{Tick: &core.Tick{}})
	assert.Zero(t, counted(), "nor by any tick")
	p.tell(core.Message{Tick: &core.Tick{Last: true}})
	assert.Equal(t, 1, counted())
	assert.False(t, saved(p.tell(core.Message{Tick: &core.Tick{Last: true}})), "once")
	for n := range 20 {
		other := d.process(t)
		serve(other, fmt.Sprint("of another ", n))
		other.tell(core.Message{Tick: &core.Tick{Last: true}})
	}
	assert.Equal(t, 21, counted(), "scripts that come and go are added up")
	assert.LessOrEqual(t, strings.Count(d.files["state"], `"hours"`), 2, "in one place for each account")
}

// Two renewals look at the files side by side.
func TestADamagedFileIsToldWhileOthersReadIt(t *testing.T) {
	d := &disk{files: map[string]string{"auth": `{"kimi-coding-1":{"type":"oauth","access":"a1","refresh":"r1","expires":1800000060000},"kimi-coding-2":{"type":"oauth","access":"b1","refresh":"s1","expires":1800000060000}}`}}
	p := d.process(t)
	var reading []core.Turn
	for range 2 {
		turn, err := p.core.Step(core.Message{At: p.at, Tick: &core.Tick{}})
		require.NoError(t, err)
		turn, err = p.core.Step(core.Message{At: p.at, Resume: &core.Resume{Flow: turn.Flow, Results: p.perform(turn.Effects)}})
		require.NoError(t, err)
		require.Len(t, turn.Effects, 3)
		reading = append(reading, turn)
	}
	for _, turn := range reading {
		_, err := p.core.Step(core.Message{At: p.at, Resume: &core.Resume{Flow: turn.Flow, Results: p.perform(turn.Effects)}})
		require.NoError(t, err)
	}
	d.files["auth"] = "{"
	p.changed("auth")
	require.Len(t, p.notices, 1)
	assert.Contains(t, p.notices[0], "it is no valid JSON")
}
