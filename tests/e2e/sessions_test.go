package e2e_test

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"pimultiauth/tests/pis"
	"pimultiauth/tests/vendor"
)

// teller says in the footer when a session began and how often a provider is wrapped, and starts all extensions anew.
const teller = `
	const wrapped = Symbol.for("pi-multi-auth.wrapped");
	const say = (ctx, text) => ctx.ui.setStatus("teller", "[" + text + "]");
	pi.on("session_start", (event, ctx) => say(ctx, "began " + event.reason));
	pi.registerCommand("anew", { handler: async (args, ctx) => ctx.reload() });
	pi.registerCommand("depth", { handler: async (args, ctx) => {
		globalThis.told = (globalThis.told ?? 0) + 1;
		let depth = 0;
		for (let p = ctx.modelRegistry.getRegisteredNativeProvider("demo"); p?.[wrapped]; p = p[wrapped].provider) depth++;
		say(ctx, globalThis.told + " wrapped " + depth);
	} });`

// crowd is a provider with many accounts, each of which answers, and a copy of the extension that logs.
type crowd struct {
	*stage
	// limit makes the next request a 429 of an hour.
	limit atomic.Bool
	// answers counts what was answered.
	answers atomic.Int64
	// told counts how often the teller was asked.
	told int
	log  string
}

func (s *stage) crowd() *crowd {
	s.Helper()
	c := &crowd{stage: s}
	pairs := []string{"demo", "key-0"}
	for i := 1; i < 24; i++ {
		pairs = append(pairs, fmt.Sprintf("demo-%d", i), fmt.Sprintf("key-%d", i))
	}
	s.keys(pairs...)
	s.vendor.Else = func(string) vendor.Step {
		if c.limit.CompareAndSwap(true, false) {
			return vendor.Limited(3600)
		}
		return vendor.Step{Text: fmt.Sprintf("answer number %d.", c.answers.Add(1))}
	}
	folder := filepath.Join(s.home.Dir, "extension")
	require.NoError(s, os.CopyFS(folder, onlyShipped()))
	s.home.Extension = filepath.Join(folder, "index.js")
	require.NoError(s, s.home.Write("multi-auth-config.json", `{"debug":true}`))
	c.log = filepath.Join(folder, "debug", "pi-multi-auth-debug.jsonl")
	s.beside(false, "teller", teller)
	return c
}

// leases counts what the core handed out: a wrapper around a wrapper asks it twice for one request.
func (c *crowd) leases() int {
	text, err := os.ReadFile(c.log)
	if !os.IsNotExist(err) {
		require.NoError(c, err)
	}
	return strings.Count(string(text), `"event":"lease"`)
}

// deep is what the teller says next of a provider that is wrapped once.
func (c *crowd) deep() string {
	c.told++
	return fmt.Sprintf("[%d wrapped 1]", c.told)
}

// rotates asks once, with the first account limited: two attempts, two leases, and the first of them where the session was at home.
// It answers the key that is the session's home now; ask is told what the answer will be.
func (c *crowd) rotates(after, home string, ask func(answer string)) string {
	c.Helper()
	asked, leases := len(c.vendor.Keys()), c.leases()
	c.limit.Store(true)
	ask(fmt.Sprintf("answer number %d.", c.answers.Load()+1))
	keys := c.vendor.Keys()[asked:]
	require.Len(c, keys, 2, "%s: one request and one more for the 429", after)
	assert.NotEqual(c, keys[0], keys[1], after)
	if home != "" {
		assert.Equal(c, home, keys[0], "%s: the session stays with its account", after)
	}
	assert.Equal(c, 2, c.leases()-leases, "%s: one lease an attempt", after)
	return keys[1]
}

// data sends a command and answers what came of it.
func (s *stage) data(r *pis.RPC, command map[string]any) (data struct {
	SessionFile string
	Cancelled   bool
	Messages    []struct{ EntryID string }
}) {
	s.Helper()
	require.NoError(s, r.Send(command))
	line, err := r.Until(`"type":"response"`, fmt.Sprintf(`"command":"%s"`, command["type"]))
	require.NoError(s, err)
	var response struct {
		Success bool
		Data    json.RawMessage
	}
	require.NoError(s, json.Unmarshal([]byte(line), &response))
	require.True(s, response.Success, line)
	if response.Data != nil {
		require.NoError(s, json.Unmarshal(response.Data, &data))
	}
	require.False(s, data.Cancelled, line)
	return data
}

func TestHoweverASessionBeginsOneRequestIsOneLeaseAnAttempt(t *testing.T) {
	both(t, completions, func(s *stage) {
		c := s.crowd()
		r := s.rpc()
		status := func(what string) {
			_, err := r.Until(`"method":"setStatus"`, what)
			require.NoError(s, err)
		}
		command := func(line string) {
			require.NoError(s, r.Send(map[string]any{"type": "prompt", "message": line}))
		}
		rotates := func(after, home string) string {
			now := c.rotates(after, home, func(string) { s.prompt(r, "hello after "+after) })
			command("/depth")
			status(c.deep())
			return now
		}
		file := func() string { return s.data(r, map[string]any{"type": "get_state"}).SessionFile }
		reload := func() {
			command("/anew")
			status("[began reload]")
		}
		begin := func(reason string, command map[string]any) {
			require.NoError(s, r.Send(command))
			status("[began " + reason + "]")
			_, err := r.Until(`"type":"response"`, fmt.Sprintf(`"command":"%s"`, command["type"]), `"success":true`)
			require.NoError(s, err)
		}
		fork := func() {
			messages := s.data(r, map[string]any{"type": "get_fork_messages"}).Messages
			require.NotEmpty(s, messages)
			begin("fork", map[string]any{"type": "fork", "entryId": messages[len(messages)-1].EntryID})
		}
		status("[began startup]")
		first, home := file(), rotates("the start", "")
		home = rotates("a second request", home)
		reload()
		home = rotates("/reload", home)
		begin("new", map[string]any{"type": "new_session"})
		second := rotates("/new", "")
		assert.NotEqual(s, home, second, "a new session goes to another account")
		begin("resume", map[string]any{"type": "switch_session", "sessionPath": first})
		home = rotates("/resume", home)
		fork()
		assert.NotEqual(s, first, file())
		forked := rotates("/fork", home)
		begin("fork", map[string]any{"type": "clone"})
		rotates("/clone", forked)
		reload()
		begin("new", map[string]any{"type": "new_session"})
		begin("resume", map[string]any{"type": "switch_session", "sessionPath": first})
		reload()
		fork()
		reload()
		begin("resume", map[string]any{"type": "switch_session", "sessionPath": first})
		rotates("all of them in a row", "")
	})
}

func TestHoweverASessionBeginsInTheTUIOneRequestIsOneLeaseAnAttempt(t *testing.T) {
	both(t, completions, func(s *stage) {
		c := s.crowd()
		screen := s.screen()
		types := func(line string, what ...string) {
			s.types(screen, line)
			s.shows(screen, what...)
		}
		rotates := func(after, home string) string {
			now := c.rotates(after, home, func(answer string) {
				s.types(screen, "hello after "+after)
				s.shows(screen, answer)
			})
			types("/depth", c.deep())
			return now
		}
		first := rotates("the start", "")
		types("/reload", "[began reload]", "Reloaded")
		first = rotates("a reload", first)
		types("/new", "[began new]", "New session started")
		rotates("a new session", "")
		s.types(screen, "/resume")
		s.shows(screen, "› hello after a new session")
		require.NoError(s, screen.Press("Down"))
		s.shows(screen, "› hello after the start")
		require.NoError(s, screen.Press("Enter"))
		s.shows(screen, "[began resume]", "Resumed session")
		first = rotates("resuming", first)
		s.types(screen, "/fork")
		s.shows(screen, "› hello after resuming")
		require.NoError(s, screen.Press("Enter"))
		s.shows(screen, "[began fork]", "Forked to new session")
		c.rotates("a fork", first, func(answer string) {
			// Pi puts the message that was forked from into the editor.
			require.NoError(s, screen.Press("Enter"))
			s.shows(screen, answer)
		})
		types("/depth", c.deep())
	})
}
