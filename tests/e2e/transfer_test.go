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
