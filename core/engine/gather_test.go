package engine_test

import (
	"fmt"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"pimultiauth/core"
	"pimultiauth/core/store"
)

// A change of one provider's accounts gathers that provider anew and leaves the others, and comes to what a start with the file does.
func TestAChangeOfOneProviderLeavesTheOthers(t *testing.T) {
	d := newDisk("demo", "demo-1")
	d.files["accounts"] = store.BlankAccounts
	add := func(provider string, n int) {
		entry := core.Secret(fmt.Sprintf(`{"type":"api_key","key":"of %s %d"}`, provider, n))
		delta := store.CredentialDelta(provider, fmt.Sprintf("%s-%d", provider, n), entry, start, start)
		d.files["accounts"] = store.Merge(d.files["accounts"], delta)
	}
	add("demo", 2)
	add("groq", 1)
	p := d.process(t)
	status := func(p *process) string {
		return p.tell(core.Message{Command: &core.Command{Text: "status --json", Mode: "print"}}).View.JSON
	}
	for n := 3; n < 6; n++ {
		add("demo", n)
		p.changed("accounts")
		require.Equal(t, status(d.process(t)), status(p))
	}
	d.files["accounts"] = store.Merge(d.files["accounts"], store.ForgetDelta("groq", "groq-1", start+1))
	p.changed("accounts")
	assert.Equal(t, status(d.process(t)), status(p))
	assert.NotContains(t, status(p), "groq-1")
}
