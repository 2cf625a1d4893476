package engine_test

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"

	"pimultiauth/core"
	"pimultiauth/core/store"
)

// edit changes the state file as another process does, and tells this one.
func (p *process) edit(deltas ...string) {
	text := p.disk.files["state"]
	for _, delta := range deltas {
		text = store.Merge(text, delta)
	}
	p.disk.files["state"] = text
	p.changed("state")
}

func (p *process) cells(column int) []string {
	var out []string
	for _, row := range p.tell(core.Message{Command: &core.Command{Text: "status", Mode: "tui"}}).View.Rows[1:] {
		out = append(out, row.Cells[column])
	}
	return out
}

func TestWhatAPersonDecidedElsewhereCountsHere(t *testing.T) {
	p := newDisk("demo", "demo-1", "demo-2", "other").process(t)
	p.edit(store.SettingDelta("demo", "demo-1", "label", `"Work"`, 5), store.OrderDelta("demo", []string{"demo-2", "demo-1"}, 5),
		store.ModeDelta("demo", core.FillFirst, 5))
	assert.Equal(t, []string{"demo-2", "Work", "demo", "other"}, p.cells(1))
	assert.Equal(t, "demo-2", p.acquire("a").Lease.Account)
	assert.Equal(t, "demo-2", p.acquire("b").Lease.Account, "the stored mode fills the first account first")
	p.edit(store.SettingDelta("demo", "demo-1", "label", `"Home"`, 6))
	assert.Equal(t, []string{"demo-2", "Home", "demo", "other"}, p.cells(1))
	p.edit(store.HiddenDelta("other", true, 7))
	assert.Equal(t, []string{"demo-2", "Home", "demo"}, p.cells(1))
	p.edit(store.HiddenDelta("other", false, 8))
	assert.Len(t, p.cells(1), 4)
}

func TestTheConfigurationWinsOverAStoredMode(t *testing.T) {
	d := newDisk("demo", "demo-1")
	d.files["settings"] = `{"rotationModes":{"demo":"round-robin"}}`
	p := d.process(t)
	p.edit(store.ModeDelta("demo", core.FillFirst, 5))
	assert.Equal(t, "demo", p.acquire("a").Lease.Account)
	assert.Equal(t, "demo-1", p.acquire("b").Lease.Account)
}

func TestARemovedAccountStaysRemovedUntilItsCredentialIsAnother(t *testing.T) {
	p := newDisk("demo", "demo-1").process(t)
	mark := core.Secret("key of demo-1").Mark()
	p.edit(store.RemovedDelta("demo", "demo-1", mark, 5))
	assert.Equal(t, []string{"demo"}, p.cells(1))
	p.changed("auth")
	assert.Equal(t, []string{"demo"}, p.cells(1))
	p.disk.files["auth"] = `{"demo":{"type":"api_key","key":"key of demo"},"demo-1":{"type":"api_key","key":"another"}}`
	p.changed("auth")
	assert.Equal(t, []string{"demo", "demo-1"}, p.cells(1))
}

func TestAProjectsOwnAccountsCountAsSoonAsAMergeTellsOfThem(t *testing.T) {
	p := newDisk("demo", "demo-1", "demo-2").process(t)
	at := func(session string) string {
		turn := p.tell(core.Message{Acquire: &core.Acquire{Provider: "demo", Model: "m", Session: session, Mode: "print", Project: "/home/a/team/x"}})
		return turn.Lease.Account
	}
	p.edit(store.SettingDelta("demo", "demo-2", "label", `"Work"`, 4))
	assert.Equal(t, "demo", at("a"))
	p.disk.files["state"] = store.Merge(p.disk.files["state"], store.SettingDelta("demo", "demo-2", "projects", `["/home/a/team"]`, 5))
	for _, session := range []string{"b", "c", "d"} {
		assert.Equal(t, "demo-2", at(session), "work and private never mix")
	}
}

func TestWhatIsOfferedForAnAccountIsThatAccount(t *testing.T) {
	p := newDisk("demo", "demo-1", "demo-2", "other").process(t)
	p.edit(store.SettingDelta("demo", "demo-1", "label", `"demo-2"`, 5), store.SettingDelta("demo", "demo", "label", `"Work"`, 5),
		store.SettingDelta("other", "other", "label", `"work"`, 5))
	for _, row := range p.tell(core.Message{Command: &core.Command{Words: []string{"complete", "rename "}, Mode: "tui"}}).View.Rows {
		word, id := row.Cells[0], strings.Fields(row.Cells[1])[1]
		v := p.tell(core.Message{Command: &core.Command{Words: []string{"rename", word, "new " + id}, Mode: "tui"}}).View
		assert.False(t, v.Failed, "%s: %v", word, v.Title)
		assert.Equal(t, "new "+id, store.Parse(p.disk.files["state"]).Account(strings.Fields(row.Cells[1])[0], id).Label, word)
	}
}

func TestAChangeOfOneFileOfTheConfigurationForgetsNothingOfTheOther(t *testing.T) {
	d := newDisk("demo", "demo-1", "other")
	d.files["config"] = `{"hiddenProviders":["other"]}`
	p := d.process(t)
	assert.NotContains(t, p.cells(0), "other")
	d.files["settings"] = `{"debug":true}`
	p.changed("settings")
	assert.NotContains(t, p.cells(0), "other")
}
