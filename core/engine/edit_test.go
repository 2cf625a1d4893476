package engine_test

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"pimultiauth/core"
)

// twoKeys is a person with two keys of groq, of which the first one has just failed in a way.
func twoKeys(t *testing.T, failed core.Outcome) *person {
	p := begin(t, "{}")
	p.pasted = "gsk_a12345678901\ngsk_b12345678901"
	require.False(t, p.say("add groq --unchecked").Failed)
	require.False(t, p.say("mode groq fill-first").Failed)
	lease := p.lease("groq")
	require.Equal(t, "groq-1", lease.Account)
	p.settle(lease.ID, failed)
	require.Equal(t, "groq-2", p.lease("groq").Account)
	return p
}

func TestResumePutsBackWhoWasLeftOut(t *testing.T) {
	unpaid := core.Outcome{Status: 402, Body: `{"error":{"message":"insufficient balance"}}`, Text: "402: insufficient balance"}
	for name, failed := range map[string]core.Outcome{"needs you": badKey, "resting": limited, "unpaid": unpaid} {
		t.Run(name, func(t *testing.T) {
			p := twoKeys(t, failed)
			before := text(p.say("status groq-1"))
			assert.NotContains(t, before, "| ready |")
			v := p.say("resume groq-1")
			assert.Contains(t, text(v), "groq-1: in use again. What was held against groq-1 is forgotten")
			assert.Contains(t, text(p.say("status groq-1")), "| ready |")
			assert.Equal(t, "groq-1", p.lease("groq").Account)
			p.say("undo")
			assert.Equal(t, before, text(p.say("status groq-1")), "it stands as it stood")
			assert.Equal(t, "groq-2", p.lease("groq").Account)
		})
	}
	p := begin(t, `{"groq":{"type":"api_key","key":"gsk_pi"}}`)
	p.say("pause groq")
	assert.NotContains(t, text(p.say("resume groq")), "forgotten", "nothing was held against it")
}

func TestACheckTakesBackWhatItDisproves(t *testing.T) {
	p := twoKeys(t, badKey)
	p.body = `{"data":[]}`
	assert.Contains(t, text(p.say("check groq-1")), "groq-1 | works; it is asked again")
	assert.Equal(t, "groq-1", p.lease("groq").Account)
	assert.Contains(t, text(p.say("check groq-1")), "groq-1 | works\n")

	p = twoKeys(t, core.Outcome{Status: 402, Body: `{"error":{"message":"insufficient balance"}}`, Text: "402: insufficient balance"})
	p.say("rename groq-1 My own")
	assert.Contains(t, text(p.say(`check My own`)), `works; "resume "My own"" has it asked again`)
	assert.Equal(t, "groq-2", p.lease("groq").Account, "a list of models is free, so credit is not disproved")
}

func TestARenameSaysWhatItDid(t *testing.T) {
	p := twoKeys(t, limited)
	v := p.say("rename groq-1")
	assert.True(t, v.Failed)
	assert.Contains(t, text(v), "What is groq-1 to be called?\nType it behind: rename groq-1 NAME.")
	assert.Contains(t, text(p.say("rename groq-1 My own key")), "groq-1 is called My own key now.")
	v = p.say(`rename "My own key"`)
	assert.True(t, v.Failed, "a name is not lost for want of another one")
	assert.Contains(t, text(v), `rename "My own key" NAME. An empty one, "", brings groq-1 back.`)
	assert.Contains(t, text(p.say("rename groq-1 My own key")), "is called so already")
	assert.Contains(t, text(p.say(`rename "My own key" ""`)), "My own key is called groq-1 again; undo brings the name back.")
	p.say("undo")
	assert.Contains(t, text(p.say("status groq")), "My own key")
	assert.Contains(t, text(p.say("rename groq-1 "+strings.Repeat("x", 101))), "The name is too long")
}

func TestAKeyIsReplacedAndItsAccountStays(t *testing.T) {
	p := twoKeys(t, badKey)
	p.say("rename groq-1 Work")
	assert.Contains(t, text(p.say("status Work")), "give it a valid key: add groq --account Work")
	p.pasted, p.body = "gsk_c12345678901", `{"data":[]}`
	assert.Contains(t, text(p.say("add groq --account Work")), "groq-1 | replaces its old key: works")
	lease := p.lease("groq")
	assert.Equal(t, "groq-1", lease.Account)
	assert.Contains(t, lease.Credential.Reveal(), "gsk_c12345678901")
	assert.Contains(t, text(p.say("status groq")), "Work")
	assert.NotContains(t, text(p.say("status groq")), "groq-3")
	p.say("undo")
	assert.Contains(t, p.lease("groq").Credential.Reveal(), "gsk_a12345678901")
	for command, say := range map[string]string{
		"add groq --account nobody": `There is no account called "groq/nobody"`,
		"add groq --account groq-2": "was there already",
	} {
		p.pasted = "gsk_b12345678901"
		v := p.say(command)
		assert.True(t, v.Failed)
		assert.Contains(t, text(v), say)
	}
	p.pasted = "gsk_d12345678901\ngsk_e12345678901"
	assert.Contains(t, text(p.say("add groq --account Work --unchecked")), "Nothing was added")
	p = begin(t, `{"groq":{"type":"api_key","key":"gsk_pi"},"groq-1":{"type":"api_key","key":"gsk_peer"}}`)
	p.pasted = "gsk_d12345678901"
	assert.Contains(t, text(p.say("add groq --account groq")), "Pi's /login gives it another key")
	require.False(t, p.say("add groq --account groq-1 --unchecked").Failed)
	p.say("pause groq")
	assert.Contains(t, p.lease("groq").Credential.Reveal(), "gsk_d12345678901", "it stands in the place of the entry")
	assert.Len(t, strings.Split(text(p.say("status groq")), "groq-"), 2, "and beside nobody")
}

func TestAKeyIsNamedWhereItIsAdded(t *testing.T) {
	p := begin(t, "{}")
	p.pasted = "gsk_a12345678901"
	require.False(t, p.say("add groq --unchecked --name Work").Failed)
	assert.Contains(t, text(p.say("status groq")), "Work")
	p.pasted = "gsk_b12345678901"
	assert.Contains(t, text(p.say("add groq --unchecked --name work")), "another account called Work")
	p.pasted = "gsk_b12345678901 gsk_c12345678901"
	assert.True(t, p.say("add groq --unchecked --name Team").Failed, "one name is for one key")
	assert.NotContains(t, text(p.say("status groq")), "groq-2")
}

// A flag that nobody knows may be a key that was pasted behind two dashes: it is said nowhere, whatever the command is.
func TestAFlagThatMayBeAKeyIsNeverSaidAgain(t *testing.T) {
	p := begin(t, "{}")
	for _, command := range []string{
		"add groq --gsk_a1b2c3d4e5f6", "add groq --key=gsk_a1b2c3d4e5f6", "add --gsk_a1b2c3d4e5f6", "add groq --gsk_a1b2c3d4e5f6 --json",
		"add groq --strict=gsk_a1b2c3d4e5f6", "login kimi-coding --gsk_a1b2c3d4e5f6", "rename groq-1 x --gsk_a1b2c3d4e5f6", "help --gsk_a1b2c3d4e5f6",
	} {
		v := p.say(command)
		assert.True(t, v.Failed, command)
		assert.NotContains(t, text(v)+v.JSON, "gsk_", command)
		assert.Contains(t, text(v), "flag", command)
	}
	assert.NotContains(t, strings.Join(p.notices, "\n"), "gsk_")
	for name, kept := range p.disk.files {
		assert.NotContains(t, kept, "gsk_", name)
	}
}

func TestANoteIsKeptAndFound(t *testing.T) {
	p := twoKeys(t, limited)
	assert.Contains(t, text(p.say("set groq-1 note paid by the lab until May")), "groq-1: noted.")
	found := func(search string) []core.Item {
		return p.tell(core.Message{Show: &core.Show{Provider: "groq", Search: search}}).Screen.Accounts
	}
	require.Len(t, found("lab"), 1)
	assert.Equal(t, "groq-1", found("lab")[0].ID)
	assert.Contains(t, p.say("status groq-1 --json").JSON, `"note":"paid by the lab until May"`)
	assert.Contains(t, text(p.say("set groq-1 note")), "groq-1 has no note any more.")
	p.say("undo")
	assert.Len(t, found("lab"), 1)
}

func TestStatusAndUsageAreOfOneAccountToo(t *testing.T) {
	p := twoKeys(t, limited)
	p.say("rename groq-2 My own")
	for _, command := range []string{"status groq/groq-2", "status My own", "usage groq/groq-2", "refresh groq-2"} {
		got := text(p.say(command))
		assert.Contains(t, got, "| My own |", command)
		assert.NotContains(t, got, "groq-1", command)
	}
	assert.Contains(t, text(p.say("usage groq/nobody")), `There is no account called "groq/nobody"`)
	assert.Contains(t, text(p.say("status grok")), `Did you mean groq?`)
}
