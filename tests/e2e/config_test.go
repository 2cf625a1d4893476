package e2e_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"pimultiauth/tests/vendor"
)

// places puts an extension with a configuration of its own, and runtime directories named by both variables, in places of their own.
func (s *stage) places(config string) (delegated, multi string) {
	s.Helper()
	folder := filepath.Join(s.home.Dir, "extension")
	require.NoError(s, os.CopyFS(folder, onlyShipped()))
	require.NoError(s, os.WriteFile(filepath.Join(folder, "config.json"), []byte(config), 0o600))
	s.home.Extension = filepath.Join(folder, "index.js")
	delegated, multi = filepath.Join(s.home.Dir, "delegated"), filepath.Join(s.home.Dir, "multi")
	for _, dir := range []string{delegated, multi} {
		require.NoError(s, os.Mkdir(dir, 0o700))
	}
	s.home.Env = append(s.home.Env, "PI_DELEGATED_AUTH_RUNTIME_DIR="+delegated, "PI_MULTI_AUTH_RUNTIME_DIR="+multi)
	return delegated, multi
}

func (s *stage) settings(dir, text string) {
	s.Helper()
	require.NoError(s, os.WriteFile(filepath.Join(dir, "multi-auth-config.json"), []byte(text), 0o600))
}

const hides = `{"hiddenProviders": ["demo"], "rotationModes": {"demo": "balancer"}}`

func TestTheConfigurationCountsInItsOrderAndKeyByKey(t *testing.T) {
	both(t, completions, func(s *stage) {
		delegated, multi := s.places(`{"hiddenProviders": ["demo"], "rotationModes": {"demo": "fill-first"}}`)
		s.settings(delegated, `{"hiddenProviders": []}`)
		s.settings(multi, hides)
		s.settings(s.home.Agent, hides)
		for range 2 {
			assert.Equal(s, "ok\n", s.say().Out)
		}
		assert.Equal(s, []string{"key-a", "key-a"}, s.vendor.Keys(), "fill-first of the extension's own configuration")
		s.vendor.Script("key-a", vendor.Limited(600))
		assert.Equal(s, "ok\n", s.say().Out)
		assert.Equal(s, []string{"key-a", "key-b"}, s.vendor.Keys()[2:], "the runtime directory's takes the hiding back; auth.json is Pi's own all the same")
		assert.FileExists(s, filepath.Join(delegated, "multi-auth.json"))
		assert.NoFileExists(s, filepath.Join(multi, "multi-auth.json"))
		assert.Empty(s, s.home.Read("multi-auth.json"))

		// A blank variable is none, so the next one counts: nothing is known there yet, and the provider is hidden.
		s.home.Env = append(s.home.Env, "PI_DELEGATED_AUTH_RUNTIME_DIR=  ")
		s.vendor.Script("key-a", vendor.Limited(1), vendor.Step{})
		assert.Equal(s, "ok\n", s.say().Out)
		assert.Equal(s, []string{"key-a", "key-a"}, s.vendor.Keys()[4:], "hidden: it is Pi that asks again")
		assert.NotContains(s, s.run("-p", "/multi-auth status").Out, "demo-1")

		// "~" is the person's home, and without either variable it is Pi's agent directory.
		tilde := filepath.Join(s.home.Dir, "tilde")
		require.NoError(s, os.Mkdir(tilde, 0o700))
		s.settings(tilde, `{"hiddenProviders": []}`)
		s.home.Env = append(s.home.Env, "PI_MULTI_AUTH_RUNTIME_DIR=~/tilde")
		assert.Contains(s, s.run("-p", "/multi-auth status").Out, "demo-1")
		s.settings(s.home.Agent, `{"hiddenProviders": []}`)
		s.home.Env = append(s.home.Env, "PI_MULTI_AUTH_RUNTIME_DIR=")
		assert.Equal(s, "ok\n", s.say().Out)
		assert.NotEmpty(s, s.home.Read("multi-auth.json"))
		assert.NoFileExists(s, filepath.Join(multi, "multi-auth.json"))
	})
}

func TestAWrongValueIsNamedOnceAndFallsBack(t *testing.T) {
	both(t, completions, func(s *stage) {
		delegated, _ := s.places(`{"rotationModes": {"demo": "fill-first"}, "debug": false}`)
		s.settings(delegated, `{"rotationModes": {"demo": "sideways"}, "debug": "yes", "waitSeconds": -1}`)
		ran := s.say()
		assert.Equal(s, "ok\n", ran.Out, ran.Err)
		for _, named := range []string{`"sideways"`, `"debug"`, `"waitSeconds"`} {
			assert.Equal(s, 1, strings.Count(ran.Err, named), ran.Err)
		}
		assert.Contains(s, ran.Err, "multi-auth-config.json")
		assert.Equal(s, "ok\n", s.say().Out)
		assert.Equal(s, []string{"key-a", "key-a"}, s.vendor.Keys(), "what stood before it counts")
		assert.NoDirExists(s, filepath.Join(s.home.Dir, "extension", "debug"))
	})
}

func TestTheConfigurationIsThereWithItsDefaultsAfterTheFirstStart(t *testing.T) {
	both(t, completions, func(s *stage) {
		folder := filepath.Join(s.home.Dir, "extension")
		require.NoError(s, os.CopyFS(folder, onlyShipped()))
		s.home.Extension = filepath.Join(folder, "index.js")
		s.run("--list-models")
		text, err := os.ReadFile(filepath.Join(folder, "config.json"))
		require.NoError(s, err)
		for _, line := range []string{`"debug": false`, `"hiddenProviders": []`, `"rotationModes": {}`} {
			assert.Contains(s, string(text), line)
		}
	})
}
