package tests

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"pimultiauth/core"
	"pimultiauth/core/engine"
	"pimultiauth/hostabi"
	"pimultiauth/providers"
	"pimultiauth/tests/host"
)

// exchange is one message of a conversation and its answer, both as they stand in the file.
type exchange struct {
	line     int
	question string
	answer   string
}

// conversation is a file of testdata/conversations: prose, then "> message" and "< turn" in turns. A file whose answers are not
// there yet gets them from -update.
type conversation struct {
	prose     []string
	exchanges []exchange
}

func readConversation(path string) (conversation, error) {
	var c conversation
	text, err := os.ReadFile(path)
	if err != nil {
		return c, err
	}
	for i, line := range strings.Split(strings.TrimRight(string(text), "\n"), "\n") {
		last := len(c.exchanges) - 1
		if rest, ok := strings.CutPrefix(line, "> "); ok {
			c.exchanges = append(c.exchanges, exchange{line: i + 1, question: rest})
		} else if rest, ok := strings.CutPrefix(line, "< "); ok && last >= 0 && c.exchanges[last].answer == "" {
			c.exchanges[last].answer = rest
		} else if last >= 0 {
			return c, fmt.Errorf("%s:%d: neither a message nor its answer", path, i+1)
		} else {
			c.prose = append(c.prose, line)
		}
	}
	return c, nil
}

func (c conversation) write(path string) error {
	var b strings.Builder
	for _, line := range c.prose {
		b.WriteString(line + "\n")
	}
	for _, x := range c.exchanges {
		b.WriteString("> " + x.question + "\n< " + x.answer + "\n")
	}
	return os.WriteFile(path, []byte(b.String()), 0o644)
}

// ask gives a core a message and answers what came of it, with the bytes of the turn and of its effects.
func ask(t *testing.T, c host.Core, m core.Message) (answer, []byte, [][]byte) {
	turn, err := c.Call(m)
	guest, inModule := c.(*host.Guest)
	if err != nil {
		a := answer{code: hostabi.ErrMalformed, text: err.Error()}
		if inModule {
			var refused *host.Error
			require.True(t, errors.As(err, &refused), "%v", err)
			a.code = refused.Code
		}
		return a, nil, nil
	}
	if inModule {
		return answer{turn: turn}, guest.Answer(), guest.Queued()
	}
	var queued [][]byte
	for i := range turn.Effects {
		queued = append(queued, hostabi.AppendEffect(nil, &turn.Effects[i]))
	}
	return answer{turn: turn}, hostabi.AppendTurn(nil, &turn), queued
}

func TestConversations(t *testing.T) {
	paths, err := filepath.Glob(filepath.Join("testdata", "conversations", "*.txt"))
	require.NoError(t, err)
	require.NotEmpty(t, paths)
	forms := modules(t)
	for _, path := range paths {
		t.Run(strings.TrimSuffix(filepath.Base(path), ".txt"), func(t *testing.T) {
			c, err := readConversation(path)
			require.NoError(t, err)
			require.NotEmpty(t, c.prose, "a conversation begins by saying what it shows")
			native := host.Native{Engine: engine.New(providers.All())}
			guests := map[string]*host.Guest{}
			for name, m := range forms {
				guests[name] = newGuest(t, m)
			}
			for i := range c.exchanges {
				x := &c.exchanges[i]
				var m core.Message
				require.NoError(t, fromJSON(x.question, &m), "line %d", x.line)
				want, turn, queued := ask(t, native, m)
				for name, g := range guests {
					got, gotTurn, gotQueued := ask(t, g, m)
					require.Equal(t, want.json(), got.json(), "line %d: native and %s", x.line, name)
					require.Equal(t, turn, gotTurn, "line %d: native and %s differ in bytes", x.line, name)
					require.Equal(t, queued, gotQueued, "line %d: native and %s differ in the bytes of an effect", x.line, name)
					require.Equal(t, native.Flows(), g.Flows(), "line %d: %s", x.line, name)
				}
				if *update {
					x.answer = want.json()
					continue
				}
				require.Equal(t, x.answer, want.json(), "line %d; make golden writes the answers anew", x.line)
			}
			if *update {
				require.NoError(t, c.write(path))
			}
		})
	}
}

// A value that does not come back from its own text would make a conversation say something else than it shows.
func TestTheTextOfAMessageIsTheMessage(t *testing.T) {
	m := core.Message{At: 1, Seed: 1 << 52, Resume: &core.Resume{Flow: 2, Results: []core.Result{
		{ID: 3, Fetch: &core.FetchResult{Status: 200, Headers: []core.Header{{Name: "a", Value: "<&>"}}, Body: "geheim 🔑"}},
		{ID: 4, Error: "no", File: &core.FileResult{Missing: true}},
		{},
	}}}
	text := toJSON(m)
	assert.Contains(t, text, "geheim 🔑")
	var back core.Message
	require.NoError(t, fromJSON(text, &back))
	assert.Equal(t, m, back)
	assert.Error(t, fromJSON(`{"at":1,"akquire":{}}`, &back))
	assert.Error(t, fromJSON(`{"at":"1"}`, &back))
	assert.Equal(t, `{"piVersion":"1"}`, toJSON(core.Start{PiVersion: "1"}))
	assert.Equal(t, `{"api":"a"}`, toJSON(core.Acquire{API: "a"}))
}
