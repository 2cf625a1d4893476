package engine_test

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"pimultiauth/core"
)

const kimi = `{"kimi-coding-1":{"type":"oauth","access":"a1","refresh":"r1","expires":1800000060000}}`

// renewing is a process that waits for the service's answer to a renewal.
func renewing(t *testing.T, d *disk) (p *process, flow, fetch int64) {
	p = d.process(t)
	m := core.Message{Tick: &core.Tick{}}
	for {
		m.At = p.at
		turn, err := p.core.Step(m)
		require.NoError(t, err)
		require.NotZero(t, turn.Flow)
		if x := turn.Effects[0]; x.Fetch != nil {
			return p, turn.Flow, x.ID
		}
		results := []core.Result{{ID: turn.Effects[0].ID, Ask: &core.Answer{}}}
		if turn.Effects[0].Ask == nil {
			results = p.perform(turn.Effects)
		}
		m = core.Message{Resume: &core.Resume{Flow: turn.Flow, Results: results}}
	}
}

// renewed is the answer it waits for.
func (p *process) renewed(flow, fetch int64) {
	p.at += 5
	p.tell(core.Message{Resume: &core.Resume{Flow: flow, Results: []core.Result{{ID: fetch, Fetch: &core.FetchResult{
		Status: 200, Body: `{"access_token":"a2","refresh_token":"r2","expires_in":900}`,
	}}}}})
}

// The hold that keeps them apart is not had of a process that stands still, so the files have to tell who came last.
func TestARemovedLoginIsNotBroughtBackByItsRenewal(t *testing.T) {
	d := &disk{files: map[string]string{"auth": kimi}}
	other, flow, fetch := renewing(t, d)
	p := &person{process: d.process(t)}
	p.at += 3
	v := p.say("remove kimi-coding-1 --yes")
	require.False(t, v.Failed, text(v))
	d.files["auth"] = "{}"
	other.renewed(flow, fetch)
	assert.NotContains(t, d.files["accounts"], "r2", "nobody keeps a secret of what was removed")
	for _, one := range []*process{other, p.process, d.process(t)} {
		one.changed("auth", "accounts", "state")
		turn := one.tell(core.Message{Acquire: &core.Acquire{Provider: "kimi-coding", Model: "m", Mode: "print"}})
		assert.Nil(t, turn.Lease)
	}
}

func TestUndoBringsBackTheTokenThatCameDuringTheRemoval(t *testing.T) {
	d := &disk{files: map[string]string{"auth": kimi}}
	one, flow, fetch := renewing(t, d)
	turn, err := one.core.Step(core.Message{At: one.at, Command: &core.Command{Text: "remove kimi-coding-1 --yes", Mode: "tui"}})
	require.NoError(t, err)
	require.Len(t, turn.Effects, 1)
	require.Equal(t, "hold", turn.Effects[0].File.Op, "the renewal comes first")
	require.Equal(t, "refresh kimi-coding/kimi-coding-1", turn.Effects[0].File.Name)
	one.renewed(flow, fetch)
	one.at++
	one.tell(core.Message{Resume: &core.Resume{Flow: turn.Flow, Results: []core.Result{
		{ID: turn.Effects[0].ID, File: &core.FileResult{Text: core.Secret(d.files["accounts"])}},
	}}})
	assert.NotContains(t, d.files["accounts"], "r2")
	one.at++
	p := &person{process: one}
	require.False(t, p.say("undo").Failed)
	assert.Contains(t, p.lease("kimi-coding").Credential.Reveal(), `"refresh":"r2"`)
}

// Two that add at once number their accounts one after the other: what one has begun to write is no word that it has come to its end.
func TestWhoAddsWaitsUntilNobodyElseDoes(t *testing.T) {
	p := begin(t, "{}")
	turn, err := p.core.Step(core.Message{At: p.at, Command: &core.Command{Text: "add groq --from-env KEY --unchecked", Mode: "print"}})
	require.NoError(t, err)
	resume := func(r core.Result) {
		r.ID = turn.Effects[0].ID
		turn, err = p.core.Step(core.Message{At: p.at, Resume: &core.Resume{Flow: turn.Flow, Results: []core.Result{r}}})
		require.NoError(t, err)
	}
	resume(core.Result{Ask: &core.Answer{Text: "gsk_a12345678901"}})
	held := func() bool {
		return len(turn.Effects) == 1 && turn.Effects[0].File != nil && turn.Effects[0].File.Op == "hold"
	}
	require.True(t, held())
	resume(core.Result{File: &core.FileResult{Missing: true, Early: true}})
	require.True(t, held(), "it is not this one's turn")
	resume(core.Result{File: &core.FileResult{Missing: true}})
	assert.False(t, held())
}

func TestAProviderThatGoesAwayWhileItsAccountsAreGivenBack(t *testing.T) {
	p := begin(t, "{}")
	p.pasted = "gsk_a12345678901"
	require.False(t, p.say("add groq --unchecked").Failed)
	p.disk.files["auth"] = kimi
	p.changed("auth")
	p.pasted = ""
	require.False(t, p.say("import peer --move").Failed)
	turn, err := p.core.Step(core.Message{At: p.at, Command: &core.Command{Text: "export --to auth.json", Mode: "print"}})
	require.NoError(t, err)
	require.Equal(t, "hold", turn.Effects[0].File.Op)
	hidden := p.at
	require.False(t, p.say("hide groq").Failed)
	require.Equal(t, hidden, p.at)
	last := p.tell(core.Message{Resume: &core.Resume{Flow: turn.Flow, Results: []core.Result{{ID: turn.Effects[0].ID, File: &core.FileResult{Text: core.Secret(p.disk.files["accounts"])}}}}})
	require.NotNil(t, last.View)
	assert.True(t, strings.Contains(text(last.View), "kimi-coding-1"), text(last.View))
}
