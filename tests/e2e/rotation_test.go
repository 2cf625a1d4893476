package e2e_test

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"pimultiauth/tests/pis"
	"pimultiauth/tests/vendor"
)

const completions = "openai-completions"

func body(kind, message string) string {
	return fmt.Sprintf(`{"error":{"type":%q,"message":%q}}`, kind, message)
}

func TestWhatEachFailureLeadsTo(t *testing.T) {
	spent := vendor.Step{Status: 429, Body: `{"error":{"type":"insufficient_quota","code":"insufficient_quota","message":"You exceeded your current quota"}}`}
	for _, tt := range []struct {
		name  string
		steps []vendor.Step
		// asked are the keys in order, out what the person reads.
		asked []string
		out   string
		// status is a word that status shows afterwards, "" for none.
		status string
	}{
		{"429 without a time", []vendor.Step{{Status: 429, Body: body("rate_limit", "slow down")}}, []string{"key-a", "key-b"}, "ok\n", "resting"},
		{"a spent quota", []vendor.Step{spent}, []string{"key-a", "key-b"}, "ok\n", "demo-1"},
		{"401", []vendor.Step{vendor.BadKey()}, []string{"key-a", "key-b"}, "ok\n", "needs you"},
		{"402", []vendor.Step{{Status: 402, Body: body("billing", "no credit")}}, []string{"key-a", "key-b"}, "ok\n", "demo-1"},
		{"403", []vendor.Step{{Status: 403, Body: body("forbidden", "not for you")}}, []string{"key-a", "key-b"}, "ok\n", "demo-1"},
		{"500 once", []vendor.Step{{Status: 500, Body: "oops"}, {}}, []string{"key-a", "key-a"}, "ok\n", ""},
		{"500 twice", []vendor.Step{{Status: 500, Body: "oops"}}, []string{"key-a", "key-a", "key-b"}, "ok\n", ""},
		{"a dropped connection", []vendor.Step{{Drop: true}}, []string{"key-a", "key-a", "key-b"}, "ok\n", ""},
		{"an error inside the stream", []vendor.Step{{ErrorEvent: `{"error":{"message":"Rate limit reached","type":"rate_limit_error","code":429}}`}}, []string{"key-a", "key-b"}, "ok\n", "resting"},
		{"an empty answer", []vendor.Step{{Empty: true}}, []string{"key-a", "key-a", "key-b"}, "ok\n", ""},
	} {
		t.Run(tt.name, func(t *testing.T) {
			both(t, completions, func(s *stage) {
				s.vendor.Script("key-a", tt.steps...)
				ran := s.say()
				assert.Equal(s, tt.out, ran.Out, ran.Err)
				assert.Equal(s, 0, ran.Code)
				assert.Equal(s, tt.asked, s.vendor.Keys())
				if tt.status != "" {
					assert.Contains(s, s.run("-p", "/multi-auth status").Out, tt.status)
				}
			})
		})
	}
}

func TestTheRequestsOwnFaultStaysAndIsShown(t *testing.T) {
	both(t, completions, func(s *stage) {
		s.vendor.Script("key-a", vendor.Step{Status: 400, Body: `{"error":{"type":"invalid_request_error","message":"no such field: frobnicate"}}`})
		ran := s.say()
		assert.NotEqual(s, 0, ran.Code)
		assert.Contains(s, ran.Out+ran.Err, "frobnicate")
		assert.Equal(s, []string{"key-a"}, s.vendor.Keys())
	})
}

// What does not fit is not the account's fault, and no other account would take it: Pi makes the conversation shorter.
func TestAContextThatOverflowsIsLeftToPi(t *testing.T) {
	both(t, completions, func(s *stage) {
		s.vendor.Script("key-a", vendor.Step{Text: "noted"}, vendor.Step{Text: "noted"}, vendor.Step{Status: 400,
			Body: body("invalid_request_error", "This model's maximum context length is 128000 tokens. However, your messages resulted in 130000 tokens.")},
			vendor.Step{Text: "shortened"})
		require.NoError(s, s.home.Write("settings.json", `{"compaction":{"keepRecentTokens":1}}`))
		r := s.rpc()
		s.prompt(r, "remember this")
		s.prompt(r, "and that")
		s.prompt(r, "and more")
		_, err := r.Until(`"type":"compaction_start"`, "overflow")
		require.NoError(s, err, "Pi knows what it means")
		_, err = r.Until(`"type":"message_end"`, "shortened")
		require.NoError(s, err)
		asked := s.vendor.Asked()
		assert.Equal(s, 400, asked[2].Status)
		assert.Contains(s, asked[3].Body, "summar", "nobody else is asked the same")
		assert.Equal(s, "key-a", asked[len(asked)-1].Key, "and the session stays")
		assert.NotContains(s, s.home.Read("multi-auth.json"), "fault", "nothing is learned of the account")
	})
}

func TestAllSpentIsOneMessageAndThenNoRequest(t *testing.T) {
	both(t, completions, func(s *stage) {
		for _, key := range []string{"key-a", "key-b"} {
			s.vendor.Script(key, vendor.Limited(3600))
		}
		s.vendor.Script("key-c", vendor.BadKey())
		ran := s.say()
		assert.NotEqual(s, 0, ran.Code)
		said := ran.Out + ran.Err
		for _, part := range []string{"demo: no account can answer now", "demo-1: ", "demo-2: ", "First back: demo"} {
			assert.Contains(s, said, part)
		}
		assert.Equal(s, 1, strings.Count(said, "no account can answer"))
		assert.Len(s, s.vendor.Keys(), 3)
		s.say()
		assert.Len(s, s.vendor.Keys(), 3, "known to be out: nobody is asked")
	})
}

func TestAnAccountIsAskedAgainWhenItsTimeIsOver(t *testing.T) {
	both(t, completions, func(s *stage) {
		s.keys("demo", "key-a")
		s.vendor.Script("key-a", vendor.Limited(2), vendor.Step{})
		ran := s.say()
		assert.Equal(s, "ok\n", ran.Out, "Pi tries again by itself where that helps: %s", ran.Err)
		assert.Equal(s, []string{"key-a", "key-a"}, s.vendor.Keys())
	})
}

func TestAnotherProcessAsksALimitedAccountAgainWhenItsTimeIsOver(t *testing.T) {
	both(t, completions, func(s *stage) {
		s.keys("demo", "key-a", "demo-1", "key-b")
		s.clock()
		s.vendor.Script("key-a", vendor.Limited(600), vendor.Step{})
		for range 2 {
			assert.Equal(s, "ok\n", s.say().Out)
		}
		assert.Equal(s, []string{"key-a", "key-b", "key-b"}, s.vendor.Keys(), "the second process knows what the first one found")
		s.later(660)
		for range 2 {
			assert.Equal(s, "ok\n", s.say().Out)
		}
		assert.Contains(s, s.vendor.Keys()[3:], "key-a", "its time is over")
		assert.NotContains(s, s.run("-p", "/multi-auth status").Out, "resting")
	})
}

// clock gives the Pis that start from now on a clock that later puts ahead, also while they run.
func (s *stage) clock() {
	s.Helper()
	options := "NODE_OPTIONS=--import=" + filepath.Join(pis.Root(), "tests", "e2e", "later.mjs")
	for _, of := range s.home.Env {
		if others, is := strings.CutPrefix(of, "NODE_OPTIONS="); is {
			options += " " + others
		}
	}
	s.home.Env = append(s.home.Env, options, "LATER="+filepath.Join(s.home.Dir, "later"))
	s.later(0)
}

// later puts that clock ahead of the real one.
func (s *stage) later(seconds int) {
	s.Helper()
	path := filepath.Join(s.home.Dir, "later")
	// Who reads it meanwhile reads the old time or the new one.
	require.NoError(s, os.WriteFile(path+".next", fmt.Append(nil, seconds), 0o600))
	require.NoError(s, os.Rename(path+".next", path))
}

func TestMidStreamFailureInPrintStartsAnewInPlace(t *testing.T) {
	both(t, completions, func(s *stage) {
		s.vendor.Script("key-a", vendor.Step{Drop: true, AfterText: "half an ans"})
		ran := s.say()
		assert.Equal(s, "ok\n", ran.Out)
		assert.Contains(s, ran.Err, "starts anew")
		assert.Equal(s, []string{"key-a", "key-b"}, s.vendor.Keys())
	})
}

func TestSessionsGoRoundOverProcesses(t *testing.T) {
	both(t, completions, func(s *stage) {
		for range 4 {
			assert.Equal(s, "ok\n", s.say().Out)
		}
		assert.Equal(s, []string{"key-a", "key-b", "key-c", "key-a"}, s.vendor.Keys())
	})
}

func TestKeysOfEverySourceAreAccounts(t *testing.T) {
	t.Run("the environment's key answers when the stored one cannot", func(t *testing.T) {
		both(t, completions, func(s *stage) {
			s.keys("demo", "key-a")
			s.home.Models("demo", completions, s.vendor.URL+"/v1")
			models := strings.Replace(s.home.Read("models.json"), `"api"`, `"apiKey": "$DEMO_KEY", "api"`, 1)
			s.home.Write("models.json", models)
			s.home.Env = append(s.home.Env, "DEMO_KEY=key-b")
			s.vendor.Script("key-a", vendor.BadKey())
			assert.Equal(s, "ok\n", s.say().Out)
			assert.Equal(s, []string{"key-a", "key-b"}, s.vendor.Keys())
		})
	})
	t.Run("--api-key goes first and the others stand by", func(t *testing.T) {
		both(t, completions, func(s *stage) {
			s.vendor.Script("key-x", vendor.BadKey())
			assert.Equal(s, "ok\n", s.say("--api-key", "key-x").Out)
			assert.Equal(s, []string{"key-x", "key-a"}, s.vendor.Keys())
		})
	})
	t.Run("a provider of Pi's own with its variable", func(t *testing.T) {
		both(t, "anthropic-messages", func(s *stage) {
			require.NoError(s, s.home.Write("models.json", fmt.Sprintf(`{"providers":{"anthropic":{"baseUrl":%q}}}`, s.vendor.URL)))
			s.keys("anthropic-1", "key-a")
			s.home.Env = append(s.home.Env, "ANTHROPIC_API_KEY=key-b")
			s.vendor.Script("key-a", vendor.BadKey())
			for range 2 {
				ran := s.run("--model", "anthropic/claude-sonnet-4-5", "-p", "hello")
				assert.Equal(s, "ok\n", ran.Out, ran.Err)
			}
			assert.ElementsMatch(s, []string{"key-a", "key-b", "key-b"}, s.vendor.Keys(), "the numbered entry is an account beside it")
		})
	})
	t.Run("a key that stands in models.json", func(t *testing.T) {
		both(t, completions, func(s *stage) {
			s.keys("demo-1", "key-a")
			models := strings.Replace(s.home.Read("models.json"), `"api"`, `"apiKey": "key-b", "api"`, 1)
			require.NoError(s, s.home.Write("models.json", models))
			s.vendor.Script("key-a", vendor.BadKey())
			for range 2 {
				assert.Equal(s, "ok\n", s.say().Out)
			}
			assert.ElementsMatch(s, []string{"key-a", "key-b", "key-b"}, s.vendor.Keys())
		})
	})
	t.Run("variables and commands", func(t *testing.T) {
		both(t, completions, func(s *stage) {
			s.keys("demo", "$DEMO_VARIABLE", "demo-1", "!echo key-b")
			s.home.Env = append(s.home.Env, "DEMO_VARIABLE=key-a")
			s.vendor.Script("key-a", vendor.Limited(60))
			assert.Equal(s, "ok\n", s.say().Out)
			assert.Equal(s, []string{"key-a", "key-b"}, s.vendor.Keys())
		})
	})
	t.Run("a numbered entry alone", func(t *testing.T) {
		both(t, completions, func(s *stage) {
			s.keys("demo-1", "key-b")
			assert.Contains(s, s.run("--list-models").Out, "model-1")
			ran := s.say()
			assert.Equal(s, "ok\n", ran.Out, ran.Err)
			assert.Equal(s, []string{"key-b"}, s.vendor.Keys(), "the placeholder is never sent")
		})
	})
}

func TestProvidersWhoseNamesEndInNumbersAreNotFolded(t *testing.T) {
	both(t, completions, func(s *stage) {
		url := s.vendor.URL + "/v1"
		s.home.Write("models.json", fmt.Sprintf(`{"providers":{
			"llama-3":{"baseUrl":%q,"api":"openai-completions","models":[{"id":"m3"}]},
			"llama-4":{"baseUrl":%q,"api":"openai-completions","models":[{"id":"m4"}]}}}`, url, url))
		s.keys("llama-3", "key-a", "llama-4", "key-b")
		s.vendor.Script("key-a", vendor.Limited(60))
		ran := s.run("--model", "llama-3/m3", "-p", "hello")
		assert.NotEqual(s, 0, ran.Code)
		assert.NotContains(s, s.vendor.Keys(), "key-b")
	})
}

func TestAnExpiredLoginIsSkipped(t *testing.T) {
	const place = "platform.claude.com/v1/oauth/token"
	for _, c := range []struct {
		name   string
		answer vendor.Step
		status [2]string
	}{
		{"its vendor ended it", failure(400, `{"error":"invalid_grant","error_description":"Refresh token not found or invalid"}`), [2]string{"resting", "Refresh token not found or invalid"}},
		{"its vendor is down", failure(503, `upstream connect error`), [2]string{"resting", "could not be renewed"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			vendors(t, func(s *stage) {
				s.entries(`{"anthropic-1":{"type":"oauth","access":"old","refresh":"r","expires":1000},"anthropic-2":{"type":"api_key","key":"key-b"}}`)
				s.vendor.Route(place, c.answer)
				s.vendor.Script("key-b", vendor.Step{})
				ran := s.run("--model", "anthropic/claude-sonnet-4-5", "-p", "hello")
				assert.Equal(s, "ok\n", ran.Out, ran.Err)
				// A short print may be over before its vendor is asked for a new token; nobody waits for that.
				r := s.rpcOf("anthropic/claude-sonnet-4-5")
				s.eventually("its vendor is asked for a new token", func() bool { return s.to(place) > 0 })
				status := ""
				s.eventually("what its vendor said is known", func() bool {
					status = s.does(r, "status")
					return strings.Contains(status, c.status[0]) && strings.Contains(status, c.status[1])
				})
				assert.Contains(s, s.run("-p", "/multi-auth status").Out, c.status[1], "to everybody")
				assert.Equal(s, 1, s.to(place), "a renewal that failed is not tried again at once")
				for _, a := range s.vendor.Asked() {
					assert.NotEqual(s, "old", a.Key, "a token that has ended is not sent")
				}
			})
		})
	}
}
