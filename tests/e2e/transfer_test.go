package e2e_test

import (
	"encoding/json"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestDoctorFindsAndSetsRight(t *testing.T) {
	both(t, completions, func(s *stage) {
		auth := filepath.Join(s.home.Agent, "auth.json")
		require.NoError(s, os.Chmod(auth, 0o644))
		ran := s.run("-p", "/multi-auth doctor")
		assert.Contains(s, ran.Out, "auth.json can be read by others (mode 644)")
		ran = s.run("-p", "/multi-auth doctor --fix")
		assert.Contains(s, ran.Out, "chmod 600: done")
		info, err := os.Stat(auth)
		require.NoError(s, err)
		assert.Equal(s, os.FileMode(0o600), info.Mode().Perm())
		assert.Equal(s, s.auth, s.home.Read("auth.json"))
		ran = s.run("-p", "/multi-auth doctor --json")
		var answer struct {
			OK       bool
			Findings []struct{ Level, Topic, Text string }
			Facts    struct{ Pi, Gate string }
		}
		require.NoError(s, json.Unmarshal([]byte(ran.Out), &answer), ran.Out)
		assert.True(s, answer.OK, ran.Out)
		assert.Equal(s, "sqlite", answer.Facts.Gate)
		assert.NotEmpty(s, answer.Facts.Pi)
		assert.NotContains(s, ran.Out, "key-a")
	})
}

func TestAccountsComeFromOtherProgramsAndGoBackToPi(t *testing.T) {
	both(t, completions, func(s *stage) {
		folder := filepath.Join(s.home.Dir, ".local", "share", "opencode")
		require.NoError(s, os.MkdirAll(folder, 0o700))
		theirs := filepath.Join(folder, "auth.json")
		require.NoError(s, os.WriteFile(theirs, []byte(`{"groq":{"type":"api","key":"!gsk_canary$x1234567890"}}`), 0o600))
		ran := s.run("-p", "/multi-auth import")
		assert.Contains(s, ran.Out, "opencode")
		assert.NotContains(s, ran.Out, "canary")
		ran = s.run("-p", "/multi-auth import opencode")
		assert.Contains(s, ran.Out, "groq-1", ran.Err)
		out := filepath.Join(s.home.Dir, "out.json")
		s.home.Env = append(s.home.Env, "PASS=horse")
		ran = s.run("-p", "/multi-auth export "+out+" --from-env PASS")
		assert.Contains(s, ran.Out, "accounts are in")
		info, err := os.Stat(out)
		require.NoError(s, err)
		assert.Equal(s, os.FileMode(0o600), info.Mode().Perm())
		sealed, err := os.ReadFile(out)
		require.NoError(s, err)
		assert.NotContains(s, string(sealed), "canary")
		ran = s.run("-p", "/multi-auth export "+out+" --from-env PASS")
		assert.Contains(s, ran.Out, "already")
		again, _ := os.ReadFile(out)
		assert.Equal(s, sealed, again, "nothing is written over")
		ran = s.run("-p", "/multi-auth export --to auth.json")
		assert.Contains(s, ran.Out, "groq-1 in auth.json")
		var auth map[string]map[string]any
		require.NoError(s, json.Unmarshal([]byte(s.home.Read("auth.json")), &auth))
		assert.Equal(s, "$!gsk_canary$$x1234567890", auth["groq-1"]["key"])
		assert.Equal(s, s.auth[:len(s.auth)-3], s.home.Read("auth.json")[:len(s.auth)-3], "every other byte stays")
		assert.NotContains(s, s.home.Read("multi-auth-accounts.json"), "canary")
		require.NoError(s, os.Remove(filepath.Join(s.home.Agent, "auth.json")))
		ran = s.run("-p", "/multi-auth import "+out+" --from-env PASS")
		assert.Contains(s, ran.Out, "imported", ran.Err)
		for _, key := range []string{"gsk_canary", "key-a", "key-b", "key-c"} {
			assert.Contains(s, s.home.Read("multi-auth-accounts.json"), key, "also where a provider has several: %s", ran.Out)
		}
		assert.Equal(s, []byte(`{"groq":{"type":"api","key":"!gsk_canary$x1234567890"}}`), must(os.ReadFile(theirs)), "the other program's file is only read")
		ran = s.run("-p", "/multi-auth simulate --mode fill-first")
		assert.Contains(s, ran.Out, "No decisions are kept yet")
		s.say()
		ran = s.run("-p", "/multi-auth simulate --mode fill-first")
		assert.Contains(s, ran.Out, "fill-first")
		s.auth = s.home.Read("auth.json")
	})
}

func must[T any](value T, err error) T {
	if err != nil {
		panic(err)
	}
	return value
}
