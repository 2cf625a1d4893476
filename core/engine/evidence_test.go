package engine_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"pimultiauth/core"
	"pimultiauth/core/store"
)

// claude is a process with one Anthropic login, whose usage page says what page says.
func claude(t *testing.T, page *string, deltas ...string) (p *process, reads *int) {
	d := withState(newDisk(), deltas...)
	d.files["auth"] = login("first")
	reads = new(int)
	d.fetch = func(core.Fetch) core.FetchResult {
		*reads++
		return core.FetchResult{Status: 200, Body: core.Secret(*page)}
	}
	return d.process(t), reads
}

func login(access string) string {
	return fmt.Sprintf(`{"anthropic":{"type":"oauth","access":"sk-ant-oat01-%s","refresh":"r","expires":%d}}`, access, start.Add(30*core.Day))
}

func windows(hours, week int, weekEnds core.Duration) string {
	day := func(d core.Duration) string {
		return fmt.Sprintf("2027-01-%02dT08:00:00Z", 15+int(d/core.Day))
	}
	return fmt.Sprintf(`{"five_hour":{"utilization":%d,"resets_at":"2027-01-15T12:00:00Z"},"seven_day":{"utilization":%d,"resets_at":%q}}`, hours, week, day(weekEnds))
}

func (p *process) opus() core.Turn {
	p.t.Helper()
	return p.tell(core.Message{Acquire: &core.Acquire{Provider: "anthropic", Model: "claude-opus-4-5", Session: "s", Mode: "tui"}})
}

// read lets the process look at usage, as its timer would.
func (p *process) read() {
	p.t.Helper()
	p.at = p.tell(core.Message{Tick: &core.Tick{}}).WakeAt
	p.tell(core.Message{Tick: &core.Tick{}})
}

func TestAQuotaDoesNotReturnBecauseALoginWasRenewed(t *testing.T) {
	page := windows(100, 20, 5*core.Day)
	p, reads := claude(t, &page)
	p.settle(p.opus().Lease.ID, good)
	p.read()
	require.Equal(t, 1, *reads)
	require.NotNil(t, p.opus().Refuse)
	p.disk.files["auth"] = login("second")
	p.changed("auth")
	refused := p.opus().Refuse
	require.NotNil(t, refused)
	assert.Contains(t, refused.Say, "quota used up")
}

func TestALaterLookTakesBackWhatALookGave(t *testing.T) {
	page := windows(100, 100, 5*core.Day)
	p, _ := claude(t, &page)
	p.settle(p.opus().Lease.ID, good)
	p.read()
	week := p.opus().Refuse.Until
	page = windows(100, 40, 5*core.Day)
	p.at = p.at.Add(6 * core.Minute)
	p.read()
	assert.Less(t, p.opus().Refuse.Until, week.Add(-4*core.Day))
}

// What a page said once must not keep an account out for a week where nobody looks again.
func TestNobodyIsRefusedForAnOldLook(t *testing.T) {
	page := windows(30, 40, 5*core.Day)
	old := core.Standing{At: start.Add(-core.Day), Fault: core.QuotaSpent, Until: start.Add(4 * core.Day), Cause: "quota used up", Source: core.FromWindow}
	told := store.StandingDelta("anthropic", "anthropic", "", old)
	ask := core.Message{Acquire: &core.Acquire{Provider: "anthropic", Model: "m", Mode: "print"}}

	p, reads := claude(t, &page, told)
	turn := p.tell(ask)
	require.NotNil(t, turn.Lease, "the page has nothing against it any more")
	assert.Equal(t, 1, *reads)

	page = windows(30, 100, 5*core.Day)
	p, reads = claude(t, &page, told)
	require.NotNil(t, p.tell(ask).Refuse)
	require.NotNil(t, p.tell(ask).Refuse)
	assert.Equal(t, 1, *reads, "one look is enough for minutes")

	old.Source = core.FromHeader
	p, reads = claude(t, &page, store.StandingDelta("anthropic", "anthropic", "", old))
	require.NotNil(t, p.tell(ask).Refuse)
	assert.Zero(t, *reads, "what a refusal told needs no second look")
}

func TestAFullWindowOfTheOnlyModelToldOfBlocksThatModelAlone(t *testing.T) {
	page := `{"seven_day":null,"seven_day_opus":{"utilization":100,"resets_at":"2027-01-20T08:00:00Z"}}`
	p, _ := claude(t, &page)
	p.settle(p.opus().Lease.ID, good)
	p.read()
	assert.NotNil(t, p.opus().Refuse)
	assert.NotNil(t, p.tell(core.Message{Acquire: &core.Acquire{Provider: "anthropic", Model: "claude-sonnet-4-5", Mode: "tui"}}).Lease)
}

func TestARefusalWaitsForWhatEndsLast(t *testing.T) {
	soon := core.Standing{At: start - 1, Fault: core.RateLimited, Until: start.Add(5 * core.Second), Cause: "rate limited (429)", Source: core.FromHeader}
	late := core.Standing{At: start - 1, Fault: core.QuotaSpent, Until: start.Add(5 * core.Day), Cause: "the model's quota is spent", Source: core.FromHeader}
	p := withState(newDisk("demo"), store.StandingDelta("demo", "demo", "", soon), store.StandingDelta("demo", "demo", "m", late)).process(t)
	refused := p.acquire("s").Refuse
	require.NotNil(t, refused)
	assert.GreaterOrEqual(t, refused.Until, late.Until)
	assert.False(t, refused.Retry, "in five seconds nothing has changed")
	assert.Contains(t, refused.Say, "the model's quota is spent for m")
}

func TestABareRefusalToEverybodyIsTheProviders(t *testing.T) {
	var keys []string
	for i := range 40 {
		keys = append(keys, strings.TrimSuffix(fmt.Sprintf("demo-%d", i), "-0"))
	}
	p := newDisk(keys...).process(t)
	bare := core.Outcome{Status: 429, Body: `{"error":{"message":"Too many requests"}}`, Text: "429: Too many requests"}
	const requests = 30
	attempts := 0
	for n := range requests {
		p.at = p.at.Add(core.Second)
		for turn := p.acquire(fmt.Sprint("s", n)); turn.Lease != nil; turn = p.settle(turn.Lease.ID, bare) {
			attempts++
		}
	}
	assert.LessOrEqual(t, attempts, requests+8, "a burst, and then one attempt a request")
}

func TestWhatWasToldOutlastsOtherFaults(t *testing.T) {
	p := newDisk("demo", "demo-1").process(t)
	first, second := p.acquire("s").Lease, p.acquire("s").Lease
	require.Equal(t, first.Account, second.Account)
	p.settle(first.ID, spent)
	p.settle(second.ID, limited)
	p.at = start.Add(core.Hour)
	assert.NotEqual(t, first.Account, p.acquire("t").Lease.Account, "the quota is spent for five hours")
	assert.NotEqual(t, first.Account, p.acquire("u").Lease.Account)
}

func TestOfFailuresAtOneInstantTheLastWordCounts(t *testing.T) {
	d := newDisk("demo", "demo-1")
	p := d.process(t)
	first, second := p.acquire("s").Lease, p.acquire("s").Lease
	bare := core.Outcome{Status: 429, Body: `{"error":{"message":"Too many requests"}}`, Text: "429: Too many requests"}
	p.settle(first.ID, bare)
	p.settle(second.ID, limited)
	s := store.Parse(d.files["state"]).Account("demo", first.Account).Standing
	assert.Equal(t, core.FromHeader, s.Source, "what the header says outranks what was assumed")
}

func TestStandingByAddsNoAttempts(t *testing.T) {
	p := newDisk("demo", "demo-1").process(t)
	attempts := 0
	turn := p.tell(core.Message{Acquire: &core.Acquire{Provider: "demo", Model: "m", Session: "s", Mode: "tui"}})
	for ; turn.Lease != nil; turn = p.settle(turn.Lease.ID, broken) {
		attempts++
		p.at = max(p.at, turn.Lease.NotBefore)
	}
	assert.LessOrEqual(t, attempts, 4, "two more than there are accounts")
}

func TestHowWellAnAccountServesOutlivesItsProcess(t *testing.T) {
	d := newDisk("demo", "demo-1")
	d.files["config"] = `{"rotationModes":{"demo":"balancer"}}`
	p := d.process(t)
	for range 20 {
		p.at = p.at.Add(2 * core.Minute)
		p.settle(p.acquire("s").Lease.ID, good)
	}
	h := store.Parse(d.files["state"]).Account("demo", "demo").Health
	assert.Greater(t, h.Good, 4.5)
	assert.Zero(t, h.Bad)

	withState(d)
	assert.Equal(t, "demo", d.process(t).acquire("").Lease.Account)
	withState(d, store.HealthDelta("demo", "demo", store.Health{At: start.Add(-core.Minute), Good: 2, Bad: 10}))
	assert.Equal(t, "demo-1", d.process(t).acquire("").Lease.Account, "the first one failed for a process that is gone")
}

func bare(kind string) core.Outcome {
	return core.Outcome{Status: 429, Body: `{"error":{"type":"` + kind + `","message":"You have reached your usage limit."}}`, Text: "429"}
}

// standing is what the file says of an account.
func (d *disk) standing(id string) core.Standing {
	return store.Parse(d.files["state"]).Account("demo", id).Standing
}

func TestARepeatThatNamesNoEndLeavesTheOneThatWasNamed(t *testing.T) {
	d := newDisk("demo")
	p := d.process(t)
	first, second := p.acquire("a").Lease.ID, p.acquire("b").Lease.ID
	p.settle(first, spent)
	named := d.standing("demo")
	require.Equal(t, core.FromHeader, named.Source)
	p.at = p.at.Add(core.Second)
	p.settle(second, bare("usage_limit_reached"))
	after := d.standing("demo")
	assert.Equal(t, named.Until, after.Until)
	assert.Equal(t, core.FromHeader, after.Source, "an end that was named is no guess because somebody was refused without one")
	assert.Greater(t, after.At, named.At)
}

// Three answers at once: what is assumed does not take the place of an end that was named, be it longer or shorter.
func TestWhatIsAssumedDoesNotOutrankWhatWasNamed(t *testing.T) {
	d := newDisk("demo")
	p := d.process(t)
	var leases []int64
	for _, session := range []string{"a", "b", "c"} {
		leases = append(leases, p.acquire(session).Lease.ID)
	}
	p.settle(leases[0], limited)
	named := d.standing("demo")
	slow := limited
	slow.Headers = nil
	p.settle(leases[1], slow)
	assert.Equal(t, named.Until, d.standing("demo").Until)
	slow.Headers = []core.Header{{Name: "retry-after", Value: "5"}}
	p.settle(leases[2], slow)
	assert.Equal(t, named.Until, d.standing("demo").Until, "the later of two ends that were named")
}

// Another process tries an account whose failure this one has long seen pass, as it may when news was late.
func TestATrialIsAboutTheFailureBeforeIt(t *testing.T) {
	d := newDisk("demo", "demo-1")
	a := d.process(t)
	a.settle(a.settle(a.acquire("s").Lease.ID, bare("usage_limit_reached")).Lease.ID, good)
	failed := d.standing("demo")
	b := d.process(t)
	at := failed.Until.Add(core.Minute)
	a.at, b.at = at, at
	tries := func(p *process) int64 {
		lease := p.tell(core.Message{Acquire: &core.Acquire{Provider: "demo", Model: "m", Mode: "print", Except: []string{"demo-1"}}}).Lease
		require.NotNil(t, lease)
		require.Equal(t, "demo", lease.Account)
		return lease.ID
	}
	served := good
	served.Started = a.at
	id := tries(a)
	a.at = a.at.Add(core.Second)
	a.settle(id, served)
	require.Empty(t, d.standing("demo").Fault)

	b.at = a.at.Add(core.Second)
	id = tries(b)
	trial := d.standing("demo")
	require.Equal(t, core.QuotaSpent, trial.Fault)
	assert.Equal(t, failed.At, trial.Since(), "what it is about")
	a.at = b.at.Add(core.Second)
	a.changed("state")
	tries(a)

	// The answer that was under way when the next trial began ends it too.
	served.Started = b.at
	b.at = b.at.Add(2 * core.Minute)
	tries(b)
	require.Equal(t, core.QuotaSpent, d.standing("demo").Fault)
	b.settle(id, served)
	assert.Empty(t, d.standing("demo").Fault)
}

// Where all accounts refuse without a word of when, one request at a time finds out for all processes whether that is over.
func TestOneTrialSpeaksForTheWholeProvider(t *testing.T) {
	d := newDisk("demo", "demo-1", "demo-2")
	p, other := d.process(t), d.process(t)
	slow := bare("rate_limit_error")
	slow.Body = `{"error":{"type":"rate_limit_error","message":"Too many requests"}}`
	turn := p.acquire("s")
	for range 3 {
		turn = p.settle(turn.Lease.ID, slow)
	}
	require.NotNil(t, turn.Refuse, "all were asked once")
	p.at = p.at.Add(10 * core.Minute)
	other.at = p.at
	other.changed("state")

	turn = p.settle(p.acquire("s").Lease.ID, slow)
	require.NotNil(t, turn.Refuse, "the others are in the same case")
	assert.True(t, turn.Refuse.Retry, "Pi's own retries may find another one")
	assert.Contains(t, turn.Refuse.Say, "Please retry")
	other.changed("state")
	assert.NotNil(t, other.acquire("t").Refuse, "nor does another process ask")
	p.at = p.at.Add(10 * core.Second)
	turn = p.acquire("s")
	require.NotNil(t, turn.Lease)
	assert.NotNil(t, p.settle(turn.Lease.ID, good).Done, "the next account is asked first then")
	p.at = p.at.Add(core.Second)
	turn = p.settle(p.acquire("u").Lease.ID, slow)
	require.NotNil(t, turn.Lease, "one that has answered is no trial, and the next one is asked at once")
}
