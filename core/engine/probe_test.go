package engine_test

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"pimultiauth/core"
)

var blind = core.Outcome{Blind: true, Text: "429 status code (no body)"}

func groq(t *testing.T) *process {
	d := newDisk("groq", "groq-1")
	return d.process(t)
}

func (p *process) ask(api string) core.Turn {
	p.t.Helper()
	return p.tell(core.Message{Acquire: &core.Acquire{Provider: "groq", Model: "llama", API: api, Mode: "print"}})
}

// settleBlind tells the failure and gives the turn with its effects unperformed.
func (p *process) settleBlind(lease int64, o core.Outcome) core.Turn {
	p.t.Helper()
	turn, err := p.core.Step(core.Message{At: p.at, Settle: &core.Settle{Lease: lease, Outcome: o}})
	require.NoError(p.t, err)
	return turn
}

func TestAProbeTellsWhatTheHostCouldNotSee(t *testing.T) {
	p := groq(t)
	turn := p.settleBlind(p.ask("openai-completions").Lease.ID, blind)
	require.NotZero(t, turn.Flow)
	require.Len(t, turn.Effects, 1)
	fetch := turn.Effects[0].Fetch
	require.NotNil(t, fetch)
	assert.Equal(t, "https://api.groq.com/openai/v1/chat/completions", fetch.URL)
	assert.Equal(t, "https://api.groq.com", fetch.Origin)
	assert.JSONEq(t, `{"model":"llama","messages":[{"role":"user","content":"ping"}],"max_tokens":1,"stream":false}`, fetch.Body.Reveal())
	authorizations := 0
	for _, h := range fetch.Headers {
		if h.Name == "authorization" {
			authorizations++
			assert.Equal(t, "Bearer key of groq", h.Value.Reveal())
		}
	}
	assert.Equal(t, 1, authorizations)
	next := p.tell(core.Message{Resume: &core.Resume{Flow: turn.Flow, Results: []core.Result{{ID: turn.Effects[0].ID, Fetch: &core.FetchResult{
		Status: 429, Body: `{"error":{"message":"Rate limit reached for model llama in organization x on tokens per day (TPD): Limit 1, Used 1. Please try again in 2h.","code":"rate_limit_exceeded"}}`,
	}}}}})
	assert.Equal(t, "groq-1", next.Lease.Account)
	assert.Contains(t, p.disk.files["state"], "quota_spent", "the failure is the one the probe told of")
}

func TestAProbeThatComesToNothingChangesNothing(t *testing.T) {
	p := groq(t)
	turn := p.settleBlind(p.ask("openai-completions").Lease.ID, blind)
	next := p.tell(core.Message{Resume: &core.Resume{Flow: turn.Flow, Results: []core.Result{{ID: turn.Effects[0].ID, Error: "timed out"}}}})
	assert.Equal(t, "groq-1", next.Lease.Account)
	assert.Contains(t, p.disk.files["state"], "rate_limited")
}

func TestProbesAreFew(t *testing.T) {
	p := groq(t)
	turn := p.settleBlind(p.ask("openai-completions").Lease.ID, blind)
	lease := p.tell(core.Message{Resume: &core.Resume{Flow: turn.Flow, Results: []core.Result{{ID: turn.Effects[0].ID, Fetch: &core.FetchResult{Status: 200, Body: "{}"}}}}}).Lease
	other := p.settleBlind(lease.ID, blind)
	require.NotZero(t, other.Flow, "another account is another question")
	p.tell(core.Message{Resume: &core.Resume{Flow: other.Flow, Results: []core.Result{{ID: other.Effects[0].ID, Error: "no"}}}})

	p = groq(t)
	assert.Zero(t, p.settleBlind(p.ask("anthropic-messages").Lease.ID, blind).Flow, "only where the smallest request is known")
	seen := blind
	seen.Blind = false
	p = groq(t)
	assert.Zero(t, p.settleBlind(p.ask("openai-completions").Lease.ID, seen).Flow, "what the host saw needs no question")
}

var (
	bound     = core.Outcome{Status: 400, Body: `{"error":{"message":"The encrypted content could not be verified.","code":"invalid_encrypted_content"}}`}
	boundText = []string{"encrypted", "response"}
)

func TestARefusalOfBoundContentIsAskedOnceMoreWithoutIt(t *testing.T) {
	p := newDisk("demo", "demo-1").process(t)
	first := p.acquire("s").Lease
	assert.Empty(t, first.Strip)
	second := p.settle(first.ID, bound).Lease
	require.NotNil(t, second)
	assert.Equal(t, first.Account, second.Account, "it was the request, not the account")
	assert.Equal(t, []string{"encrypted"}, second.Strip)
	assert.Equal(t, &core.Refuse{Original: true}, p.settle(second.ID, bound).Refuse, "once")
}

func TestASwitchLeavesWhatOnlyTheFirstAccountReads(t *testing.T) {
	p := newDisk("demo", "demo-1").process(t)
	ask := core.Message{Acquire: &core.Acquire{Provider: "demo", Model: "m", Session: "s", Mode: "print", API: "openai-codex-responses", Bound: boundText}}
	p.settle(p.tell(ask).Lease.ID, good)
	first := p.tell(ask).Lease
	assert.Empty(t, first.Strip, "its own account reads it")
	second := p.settle(first.ID, limited).Lease
	assert.NotEqual(t, first.Account, second.Account)
	assert.Equal(t, boundText, second.Strip)
}
