package e2e_test

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"pimultiauth/tests/vendor"
)

// damages are the ways a file is found broken. "unreadable" is a folder in its place: a mode would not stop root.
var damages = map[string]func(path, whole string) error{
	"empty":     func(path, _ string) error { return os.WriteFile(path, nil, 0o600) },
	"truncated": func(path, whole string) error { return os.WriteFile(path, []byte(whole[:len(whole)/2]), 0o600) },
	"an array":  func(path, _ string) error { return os.WriteFile(path, []byte("[]"), 0o600) },
	"wrong types": func(path, _ string) error {
		return os.WriteFile(path, []byte(`{"version":"x","providers":7,"debug":"x","rotationModes":[],"hiddenProviders":{},"demo":3}`), 0o600)
	},
	"50 MB": func(path, whole string) error {
		return os.WriteFile(path, []byte(whole+strings.Repeat(" ", 50<<20)), 0o600)
	},
	"unreadable": func(path, _ string) error { return os.Mkdir(path, 0o700) },
}

func TestEveryFileDamagedInEveryWayLeavesPiWorkingAndLosesNothing(t *testing.T) {
	whole := map[string]string{
		"auth.json":              `{"demo": {"type": "api_key", "key": "key-a"}, "demo-1": {"type": "api_key", "key": "key-b"}}`,
		"models.json":            "",
		"config.json":            `{"debug": false, "hiddenProviders": ["nobody"], "rotationModes": {"demo": "fill-first"}}`,
		"multi-auth-config.json": `{"debug": false, "rotationModes": {"demo": "fill-first"}}`,
		"multi-auth.json":        `{"version": 2, "providers": {"demo": {"place": "demo", "placeAt": 1}}}`,
	}
	for name, text := range whole {
		for damage, break_ := range damages {
			t.Run(name+" "+damage, func(t *testing.T) {
				both(t, completions, func(s *stage) {
					folder := filepath.Join(s.home.Dir, "extension")
					require.NoError(s, os.CopyFS(folder, onlyShipped()))
					path := filepath.Join(s.home.Agent, name)
					if name == "config.json" {
						path = filepath.Join(folder, name)
					}
					text := text
					if name == "models.json" {
						text = s.home.Read(name)
					}
					// With a key in models.json Pi has one whatever becomes of auth.json.
					models := strings.Replace(s.home.Read("models.json"), `"api"`, `"apiKey": "key-c", "api"`, 1)
					require.NoError(s, s.home.Write("models.json", models))
					s.home.Extension = ""
					_ = os.Remove(path)
					require.NoError(s, break_(path, text))
					before, _ := os.ReadFile(path)
					code := 0
					if name == "auth.json" || name == "models.json" {
						code = s.say().Code
					}
					s.home.Extension = filepath.Join(folder, "index.js")
					ran := s.say()
					assert.Equal(s, code, ran.Code, "Pi does as it does alone: %s", ran.Err)
					if code == 0 {
						assert.Equal(s, "ok\n", ran.Out, ran.Err)
					}
					after, _ := os.ReadFile(path)
					if name != "multi-auth.json" || damage == "50 MB" || damage == "unreadable" {
						assert.True(s, string(before) == string(after), "%s is as it was", name)
					} else if damage != "empty" {
						aside, _ := filepath.Glob(path + ".damaged-*")
						require.Len(s, aside, 1)
						kept, _ := os.ReadFile(aside[0])
						assert.Equal(s, string(before), string(kept))
						assert.Equal(s, 1, strings.Count(ran.Err, "a copy is kept aside"), ran.Err)
					}
					s.auth = s.home.Read("auth.json")
				})
			})
		}
	}
}

func TestARuntimeDirectoryThatCannotBeWrittenStopsNobody(t *testing.T) {
	both(t, completions, func(s *stage) {
		file := filepath.Join(s.home.Dir, "a-file")
		require.NoError(s, os.WriteFile(file, nil, 0o600))
		s.home.Env = append(s.home.Env, "PI_MULTI_AUTH_RUNTIME_DIR="+filepath.Join(file, "below"))
		s.vendor.Script("key-a", vendor.Limited(60))
		ran := s.say()
		assert.Equal(s, "ok\n", ran.Out, ran.Err)
		assert.Equal(s, []string{"key-a", "key-b"}, s.vendor.Keys())
		assert.Equal(s, 1, strings.Count(ran.Err, "was not written"), ran.Err)
	})
}

func TestAnErrorOfTheFactoryLeavesPiWorking(t *testing.T) {
	both(t, completions, func(s *stage) {
		s.beside(true, "spoiler", `Object.defineProperty(globalThis, Symbol.for("pi-multi-auth"), { get() { throw new Error("spoiled"); } });`)
		ran := s.say()
		assert.Equal(s, "ok\n", ran.Out, ran.Err)
		assert.Equal(s, 1, strings.Count(ran.Err, "pi-multi-auth is not active: spoiled"), ran.Err)
	})
}

func TestMidStreamFailureInJSONIsNeverReplayedSilently(t *testing.T) {
	both(t, completions, func(s *stage) {
		s.vendor.Script("key-a", vendor.Step{Drop: true, AfterText: "half an ans"})
		s.vendor.Script("key-b", vendor.Step{Text: "whole"})
		ran := s.run("--model", "demo/model-1", "--mode", "json", "-p", "hello")
		assert.Equal(s, []string{"key-a", "key-b"}, s.vendor.Keys())
		failed := strings.Index(ran.Out, `"stopReason":"error"`)
		answered := strings.LastIndex(ran.Out, `"stopReason":"stop"`)
		assert.True(s, failed >= 0 && answered > failed, "the client sees the failure, then Pi's own retry: %s", fmt.Sprint(failed, answered))
	})
}
