package e2e_test

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"pimultiauth/tests/pis"
	"pimultiauth/tests/vendor"
)

func (s *stage) rpc() *pis.RPC {
	s.Helper()
	return s.rpcOf("demo/model-1")
}

func (s *stage) rpcOf(model string) *pis.RPC {
	s.Helper()
	r, err := s.home.StartRPC(s.pi, "--model", model)
	require.NoError(s, err)
	s.Cleanup(func() { assert.NoError(s, r.Close()) })
	return r
}

func (s *stage) prompt(r *pis.RPC, text string) string {
	s.Helper()
	require.NoError(s, r.Send(map[string]any{"type": "prompt", "message": text}))
	line, err := r.Until(`"type":"agent_end"`)
	require.NoError(s, err)
	return line
}

func TestASessionKeepsItsAccountInRPC(t *testing.T) {
	both(t, completions, func(s *stage) {
		r := s.rpc()
		s.prompt(r, "hello")
		state := s.home.Read("multi-auth.json")
		assert.Contains(s, state, `"place"`)
		for range 2 {
			s.prompt(r, "hello")
		}
		assert.Equal(s, []string{"key-a", "key-a", "key-a"}, s.vendor.Keys())
		assert.Equal(s, state, s.home.Read("multi-auth.json"), "nothing is written for a request of a session that has its place")
		require.NoError(s, r.Send(map[string]any{"type": "new_session"}))
		_, err := r.Until(`"command":"new_session"`)
		require.NoError(s, err)
		s.prompt(r, "hello")
		assert.Equal(s, "key-b", s.vendor.Keys()[3], "a new session goes to the next account")
		assert.Len(s, s.vendor.Keys(), 4, "a wrapper inside a wrapper would ask twice")
	})
}

func TestCommandsAnswerInRPC(t *testing.T) {
	both(t, completions, func(s *stage) {
		s.vendor.Script("key-a", vendor.Limited(60))
		r := s.rpc()
		s.prompt(r, "hello")
		for command, part := range map[string]string{"/multi-auth status": "rate limited", "/multi-auth why": "already failed this request", "/multi-auth nonsense": "no command",
			"/multi-auth status --json": `"message":"{\"at\":`} {
			require.NoError(s, r.Send(map[string]any{"type": "prompt", "message": command}))
			line, err := r.Until(`"method":"notify"`)
			require.NoError(s, err)
			assert.Contains(s, line, part)
		}
	})
}

func TestAbortStopsAtOnceAndTeachesNothing(t *testing.T) {
	both(t, completions, func(s *stage) {
		s.vendor.Script("key-a", vendor.Step{Hang: true, AfterText: "thinking"})
		r := s.rpc()
		require.NoError(s, r.Send(map[string]any{"type": "prompt", "message": "hello"}))
		_, err := r.Until(`"thinking"`)
		require.NoError(s, err)
		require.NoError(s, r.Send(map[string]any{"type": "abort"}))
		line, err := r.Until(`"type":"agent_end"`)
		require.NoError(s, err)
		assert.Contains(s, line, "aborted")
		assert.Equal(s, []string{"key-a"}, s.vendor.Keys())
		assert.NotContains(s, s.home.Read("multi-auth.json"), "fault")
	})
}

func TestMidStreamFailureInRPCIsNeverReplayedSilently(t *testing.T) {
	both(t, completions, func(s *stage) {
		s.vendor.Script("key-a", vendor.Step{Drop: true, AfterText: "half an ans"})
		r := s.rpc()
		require.NoError(s, r.Send(map[string]any{"type": "prompt", "message": "hello"}))
		_, err := r.Until(`"stopReason":"error"`)
		require.NoError(s, err)
		_, err = r.Until(`"stopReason":"stop"`)
		require.NoError(s, err, "Pi tries again by itself")
		assert.Equal(s, []string{"key-a", "key-b"}, s.vendor.Keys())
	})
}

func TestAnswersOfCommandsInPrintAndJSON(t *testing.T) {
	both(t, completions, func(s *stage) {
		ran := s.run("-p", "/multi-auth status --json")
		var status struct {
			Accounts []struct{ Provider, ID, Standing string }
		}
		require.NoError(s, json.Unmarshal([]byte(ran.Out), &status), ran.Out+ran.Err)
		assert.Len(s, status.Accounts, 3)
		assert.Equal(s, "ready", status.Accounts[0].Standing)
		ran = s.run("--mode", "json", "-p", "/multi-auth status")
		assert.Contains(s, ran.Err, "demo-1")
		assert.NotContains(s, ran.Out, "demo-1")
		ran = s.run("--mode", "json", "-p", "/multi-auth status --json")
		require.NoError(s, json.Unmarshal([]byte(ran.Err), &status), "one object on the same channel: %s", ran.Err)
		assert.Equal(s, 0, ran.Code)
		for _, mode := range []string{"text", "json"} {
			ran = s.run("--mode", mode, "-p", "/multi-auth use nobody")
			assert.Equal(s, 1, ran.Code, "a script can tell that it failed: %s", ran.Out+ran.Err)
		}
		assert.Empty(s, s.vendor.Keys())
	})
}

func TestWithoutItsModulePiWorksOn(t *testing.T) {
	for name, break_ := range map[string]func(file string) error{
		"missing": os.Remove,
		"damaged": func(file string) error { return os.WriteFile(file, []byte("nonsense"), 0o600) },
	} {
		t.Run(name, func(t *testing.T) {
			both(t, completions, func(s *stage) {
				folder := filepath.Join(s.home.Dir, "copy")
				require.NoError(s, os.CopyFS(folder, onlyShipped()))
				require.NoError(s, break_(filepath.Join(folder, "core.wasm")))
				s.home.Extension = filepath.Join(folder, "index.js")
				ran := s.say()
				assert.Equal(s, "ok\n", ran.Out, ran.Err)
				assert.Equal(s, 1, strings.Count(ran.Err, "pi-multi-auth"), ran.Err)
				assert.Contains(s, ran.Err, name)
			})
		})
	}
}

func TestNoSecretIsWrittenOrSaid(t *testing.T) {
	both(t, completions, func(s *stage) {
		canaries := []string{"canary-7f3a91", "canary-0b55d2"}
		s.keys("demo", canaries[0], "demo-1", canaries[1])
		require.NoError(s, s.home.Write("multi-auth-config.json", `{"debug":true}`))
		s.vendor.Script(canaries[1], vendor.Step{})
		s.vendor.Script(canaries[0], vendor.Step{Status: 401, Body: `{"error":{"message":"bad key ` + canaries[0] + `"}}`})
		said := s.say()
		assert.Equal(s, "ok\n", said.Out)
		for _, ran := range []pis.Ran{said, s.run("-p", "/multi-auth status --json"), s.run("-p", "/multi-auth why")} {
			assert.NotContains(s, ran.Out+ran.Err, "canary")
		}
		logged := false
		for _, folder := range []string{s.home.Dir, filepath.Join(filepath.Dir(s.home.Extension), "debug")} {
			filepath.WalkDir(folder, func(path string, d os.DirEntry, err error) error {
				if err != nil || d.IsDir() || d.Name() == "auth.json" {
					return nil
				}
				logged = logged || d.Name() == "pi-multi-auth-debug.jsonl"
				text, _ := os.ReadFile(path)
				assert.NotContains(s, string(text), "canary", path)
				return nil
			})
		}
		assert.True(s, logged, "the debug log was asked for")
		info, err := os.Stat(filepath.Join(s.home.Agent, "multi-auth.json"))
		require.NoError(s, err)
		assert.Equal(s, os.FileMode(0o600), info.Mode().Perm())
	})
}

func TestProcessesThatStartAtOnceSpread(t *testing.T) {
	both(t, completions, func(s *stage) {
		var wait sync.WaitGroup
		for range 3 {
			wait.Go(func() {
				ran, err := s.home.Run(s.pi, "--model", "demo/model-1", "-p", "hello")
				assert.NoError(s, err)
				assert.Equal(s, "ok\n", ran.Out, ran.Err)
			})
		}
		wait.Wait()
		assert.ElementsMatch(s, []string{"key-a", "key-b", "key-c"}, s.vendor.Keys())
	})
}
