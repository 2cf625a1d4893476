package e2e_test

import (
	"encoding/json"
	"errors"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"github.com/tidwall/gjson"

	"pimultiauth/tests/pis"
	"pimultiauth/tests/vendor"
)

// The whole life of an account, once for each way to speak to Pi: it is added, checked and used, fails, rests and returns, gets a name,
// is pinned and paused, logs in anew, is removed and brought back.

const (
	lifeModel = "groq/llama-3.1-8b-instant"
	firstKey  = "gsk_firstfirstfirst1111"
	secondKey = "gsk_secondsecond22222222"
	// rests is how long the account rests after its failure, rested by when every process takes it up again, in seconds.
	rests  = 600
	rested = 1200
)

// born makes the services that a life needs. Pi itself has one account that nobody uses, so that it starts.
func born(s *stage) {
	s.clock()
	s.entries(key2("anthropic", "sk-ant-unused"))
	s.vendor.Route("api.groq.com/openai/v1/models", vendor.Step{Body: `{"data":[]}`})
	s.vendor.Script(firstKey, vendor.Step{Text: "the first answers"})
	s.vendor.Script(secondKey, vendor.Step{Text: "the second answers"})
	s.vendor.Route("auth.kimi.com/api/oauth/device_authorization", vendor.Step{Body: `{"device_code":"d","user_code":"LIFE-CODE",
		"verification_uri_complete":"https://www.kimi.com/code?user_code=LIFE-CODE","expires_in":600,"interval":1}`})
	s.vendor.Route("auth.kimi.com/api/oauth/token", vendor.Step{Body: `{"access_token":"kimi-access-1","refresh_token":"kimi-refresh-1","expires_in":86400}`},
		vendor.Step{Body: `{"access_token":"kimi-access-2","refresh_token":"kimi-refresh-2","expires_in":86400}`})
	s.home.Env = append(s.home.Env, "LIFE_FIRST="+firstKey, "LIFE_SECOND="+secondKey)
}

func key2(provider, key string) string {
	return `{"` + provider + `":{"type":"api_key","key":"` + key + `"}}`
}

// fails makes the first account fail once.
func (s *stage) fails() {
	s.vendor.Script(firstKey, vendor.Limited(rests), vendor.Step{Text: "the first answers"})
}

// chatted lists the keys that were asked to answer a prompt.
func (s *stage) chatted() (keys []string) {
	for _, asked := range s.vendor.Asked() {
		if strings.HasSuffix(asked.Path, "/chat/completions") {
			keys = append(keys, asked.Key)
		}
	}
	return keys
}

// kept is a field of an account that our file holds.
func (s *stage) kept(id, field string) (value string) {
	gjson.Get(s.home.Read("multi-auth-accounts.json"), "providers").ForEach(func(_, provider gjson.Result) bool {
		newest := int64(0)
		provider.Get("accounts." + id + ".credential").ForEach(func(_, c gjson.Result) bool {
			if at := c.Get("at").Int(); at >= newest {
				newest, value = at, c.Get("entry."+field).String()
			}
			return true
		})
		return true
	})
	return value
}

func TestALifeInPrintMode(t *testing.T) {
	vendors(t, func(s *stage) {
		born(s)
		say := func(commands ...string) string {
			s.Helper()
			args := []string{"-p"}
			for _, command := range commands {
				args = append(args, "/multi-auth "+command)
			}
			ran := s.run(args...)
			assert.Zero(s, ran.Code, ran.Err)
			assert.NotContains(s, ran.Out+ran.Err, "gsk_first", "no key is said")
			return ran.Out
		}
		ask := func() string { s.Helper(); return s.run("--model", lifeModel, "-p", "hello").Out }
		began := say("add groq --from-env LIFE_FIRST", "add groq --from-env LIFE_SECOND", "check groq", "mode groq fill-first")
		assert.Regexp(s, `gsk_…1111 +groq-1 +added: works`, began)
		assert.Regexp(s, `groq-2 +added: works`, began)
		assert.Regexp(s, `groq-1 +works\n.*groq-2 +works`, began)
		assert.Equal(s, "the first answers\n", ask())
		s.fails()
		assert.Equal(s, "the second answers\n", ask(), "who fails is not seen")
		status := say("status groq --json")
		assert.Equal(s, "cooling", gjson.Get(status, `accounts.#(id=="groq-1").standing`).String(), status)
		require.NotZero(s, gjson.Get(status, `accounts.#(id=="groq-1").until`).Int(), status)
		named := say("rename groq-1 My own key", "use My own key", "login kimi-coding")
		assert.Contains(s, named, "groq-1 is called My own key now")
		assert.Contains(s, named, "groq uses My own key until you say")
		assert.Contains(s, named, "logged in as kimi-coding-1")
		assert.Contains(s, named, "Said this once")
		again := say("login kimi-coding --account kimi-coding-1")
		assert.Contains(s, again, "It was there already: its login is new")
		assert.NotContains(s, again, "Said this once")
		assert.Equal(s, "kimi-refresh-2", s.kept("kimi-coding-1", "refresh"))
		s.later(rested)
		assert.Regexp(s, `My own key +ready, pinned`, say("status groq"))
		assert.Equal(s, "the first answers\n", ask(), "it is back, and pinned")
		assert.Regexp(s, `(?s)paused.*My own key +paused, pinned.*holidays`, say("pause groq/groq-1 --why holidays", "status groq"))
		assert.Equal(s, "the second answers\n", ask())
		gone := say("resume groq/groq-1", "auto groq", "remove groq/groq-1 --yes", "status groq")
		assert.Contains(s, gone, "in use again")
		_, after, _ := strings.Cut(gone, "My own key: removed.")
		assert.Contains(s, after, "groq-2")
		assert.NotContains(s, after, "My own key")
		assert.Contains(s, s.run("-p", "/multi-auth undo").Out, "A Pi takes back what it has changed itself")
		back := say("remove groq/groq-2 --yes", "undo", "status groq")
		assert.Regexp(s, `(?s)Taken back: groq-2: removed\..*groq-2 +ready`, back)
		assert.Equal(s, "the second answers\n", ask())
		assert.Equal(s, s.auth, s.home.Read("auth.json"))
	})
}

// does sends a command and answers what Pi tells the client.
func (s *stage) does(r *pis.RPC, command string) string {
	s.Helper()
	require.NoError(s, r.Send(map[string]any{"type": "prompt", "message": "/multi-auth " + command}))
	said, err := r.Notice()
	require.NoError(s, err, command)
	assert.NotContains(s, said, "gsk_first", "no key is said")
	return said
}

// answers waits for a dialog and answers it.
func (s *stage) answers(r *pis.RPC, method, title, value string) {
	s.Helper()
	line, err := r.Until(`"method":"`+method+`"`, title)
	require.NoError(s, err)
	var asked struct{ ID string }
	require.NoError(s, json.Unmarshal([]byte(line), &asked))
	require.NoError(s, r.Send(map[string]any{"type": "extension_ui_response", "id": asked.ID, "value": value}))
}

func TestALifeInRPCMode(t *testing.T) {
	vendors(t, func(s *stage) {
		born(s)
		r := s.rpcOf("anthropic/claude-haiku-4-5")
		require.NoError(s, r.Send(map[string]any{"type": "prompt", "message": "/multi-auth add groq"}))
		s.answers(r, "input", "Keys of", firstKey+"\n"+secondKey)
		said, err := r.Notice()
		require.NoError(s, err)
		assert.Regexp(s, `gsk_…1111 +groq-1 +added: works\n.*groq-2 +added: works`, said)
		assert.Regexp(s, `groq-1 +works`, s.does(r, "check groq"))
		s.does(r, "mode groq fill-first")
		require.NoError(s, r.Send(map[string]any{"type": "set_model", "provider": "groq", "modelId": "llama-3.1-8b-instant"}))
		line, err := r.Until(`"command":"set_model"`)
		require.NoError(s, err)
		require.Contains(s, line, `"success":true`)
		ask := func() string {
			s.Helper()
			s.prompt(r, "hello")
			keys := s.chatted()
			return keys[len(keys)-1]
		}
		assert.Equal(s, firstKey, ask())
		s.fails()
		assert.Equal(s, secondKey, ask())
		status := s.does(r, "status groq --json")
		require.NotZero(s, gjson.Get(status, `accounts.#(id=="groq-1").until`).Int(), status)
		assert.Regexp(s, `groq-1 +resting.*rate limited`, s.does(r, "status groq"))
		assert.Contains(s, s.does(r, "rename groq-1 My own key"), "is called My own key now")
		require.NoError(s, r.Send(map[string]any{"type": "prompt", "message": "/multi-auth login kimi-coding"}))
		said, err = r.Notice()
		require.NoError(s, err)
		assert.Contains(s, said, "LIFE-CODE")
		said, err = r.Notice()
		require.NoError(s, err)
		assert.Contains(s, said, "logged in as kimi-coding-1")
		assert.Contains(s, said, "Said this once")
		assert.Contains(s, s.does(r, "login kimi-coding --account kimi-coding-1"), "LIFE-CODE")
		said, err = r.Notice()
		require.NoError(s, err)
		assert.Contains(s, said, "It was there already: its login is new")
		assert.NotContains(s, said, "Said this once")
		assert.Equal(s, "kimi-refresh-2", s.kept("kimi-coding-1", "refresh"))
		s.later(rested)
		assert.Regexp(s, `My own key +ready`, s.does(r, "status groq"))
		assert.Contains(s, s.does(r, "use My own key"), "groq uses My own key")
		assert.Equal(s, firstKey, ask(), "it is back, and pinned")
		assert.Contains(s, s.does(r, "pause groq/groq-1"), "paused")
		assert.Equal(s, secondKey, ask())
		assert.Contains(s, s.does(r, "resume groq/groq-1"), "in use again")
		s.does(r, "auto groq")
		require.NoError(s, r.Send(map[string]any{"type": "prompt", "message": "/multi-auth remove groq/groq-1"}))
		s.answers(r, "select", "Remove My own key?", "No, keep")
		said, err = r.Notice()
		require.NoError(s, err)
		assert.Contains(s, said, "Nothing was removed")
		require.NoError(s, r.Send(map[string]any{"type": "prompt", "message": "/multi-auth remove groq/groq-1"}))
		s.answers(r, "select", "Remove My own key?", "Yes, remove; undo brings it back while this Pi runs")
		said, err = r.Notice()
		require.NoError(s, err)
		assert.Contains(s, said, "My own key: removed.")
		assert.NotContains(s, s.does(r, "status groq"), "My own key")
		assert.Contains(s, s.does(r, "undo"), "Taken back: My own key: removed.")
		assert.Contains(s, s.does(r, "status groq"), "My own key")
		s.does(r, "use My own key")
		assert.Equal(s, firstKey, ask(), "it serves again")
		assert.Equal(s, s.auth, s.home.Read("auth.json"))
	})
}

func TestALifeByKeys(t *testing.T) {
	vendors(t, func(s *stage) {
		born(s)
		screen := s.screenOf("anthropic/claude-haiku-4-5")
		press := func(keys ...string) { s.Helper(); require.NoError(s, screen.Press(keys...)) }
		s.now(screen, "\nanthropic")
		s.types(screen, "/multi-auth")
		s.now(screen, "Accounts ▸ anthropic", "▸   anthropic")
		press("Left")
		s.now(screen, "enter open")
		press("a")
		s.now(screen, "Add an account to")
		require.NoError(s, screen.Letters("groq"))
		s.now(screen, "1 of ")
		press("Enter")
		s.now(screen, "Keys of Groq")
		require.NoError(s, screen.Paste(firstKey+"\n"+secondKey))
		text := s.now(screen, "48 characters in 2 lines")
		assert.NotContains(s, text, "gsk_")
		press("Enter")
		s.now(screen, "groq-1", "groq-2", "added: works")
		press("Escape")
		s.now(screen, "▸   anthropic", "groq")
		press("Down")
		s.now(screen, "groq (2)")
		press("Enter")
		s.now(screen, "▸   groq-1")
		press("c")
		s.now(screen, "groq, groq-1, works")
		press("m")
		s.now(screen, "How groq gives new sessions their account:")
		press("End")
		s.now(screen, "▸ fill-first")
		press("Enter")
		s.now(screen, "groq: fill-first from the next session on.")
		press("Escape")
		require.NoError(s, screen.Without("Accounts ▸"))
		s.types(screen, "/model "+lifeModel)
		s.now(screen, "groq 2 of 2 ready")
		s.types(screen, "hello one")
		s.shows(screen, "the first answers")
		s.fails()
		s.types(screen, "hello two")
		s.shows(screen, "the second answers", "groq-2 answers now; groq-1: rate limited")
		s.types(screen, "/multi-auth")
		s.now(screen, "▸   groq-1", "resting", "rate limited (429)", "returns")
		press("e")
		s.now(screen, "> groq-1")
		require.NoError(s, screen.Letters("-mine"))
		press("Enter")
		s.now(screen, "▸   groq-1-mine", "is called groq-1-mine now")
		// Nobody presses a key until it is back: the screen follows the time.
		s.later(rested)
		text = s.now(screen, "state       ready")
		assert.NotContains(s, text, "resting")
		press("Enter")
		s.now(screen, "▸ ★ groq-1-mine", "enter unpin")
		press("Escape")
		require.NoError(s, screen.Without("Accounts ▸"))
		s.types(screen, "hello three")
		s.shows(screen, "groq-1-mine answers now, because it is pinned")
		s.types(screen, "/multi-auth")
		s.now(screen, "▸ ★ groq-1-mine")
		press("p")
		s.now(screen, "paused", "p resume")
		press("p")
		s.now(screen, "in use again", "p pause")
		press("Enter")
		s.now(screen, "the mode chooses again")
		press("d")
		s.now(screen, "Remove groq-1-mine?", "▸ No, keep")
		press("Down")
		s.now(screen, "▸ Yes, remove")
		press("Enter")
		s.now(screen, "groq-1-mine: removed.", "groq (1)", "u undo")
		press("u")
		s.now(screen, "Taken back: groq-1-mine: removed.", "groq (2)")
		press("Left")
		press("v")
		s.now(screen, "kimi-coding")
		for seen, i := s.now(screen, "enter open"), 0; !strings.Contains(seen, "▸   kimi-coding"); i++ {
			require.Less(s, i, 100, seen)
			press("Down")
			var err error
			seen, err = screen.Look(func(text string) error {
				if text == seen || !strings.Contains(text, "enter open") {
					return errors.New("the cursor stays")
				}
				return nil
			})
			require.NoError(s, err)
		}
		press("l")
		s.now(screen, "logged in as kimi-coding-1", "Said this once", "kimi-coding (1)")
		press("Right")
		s.now(screen, "▸   kimi-coding-1")
		press("L")
		text = s.now(screen, "It was there already: its login is new", "▸   kimi-coding-1")
		assert.NotContains(s, text, "Said this once")
		press("Escape")
		require.NoError(s, screen.Without("Accounts ▸"))
		assert.Equal(s, "kimi-refresh-2", s.kept("kimi-coding-1", "refresh"))
		assert.Equal(s, []string{firstKey, firstKey, secondKey, firstKey}, s.chatted())
		assert.Equal(s, s.auth, s.home.Read("auth.json"))
	})
}
