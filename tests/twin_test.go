package tests

import (
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// Both twins of core/message.go are committed, so that nobody needs Go to build the loader; here they are held to their source.
func TestTheTwinsAreThoseOfTheMessages(t *testing.T) {
	root := t.TempDir()
	source, err := os.ReadFile(filepath.Join("..", "core", "message.go"))
	require.NoError(t, err)
	require.NoError(t, os.MkdirAll(filepath.Join(root, "core"), 0o755))
	require.NoError(t, os.WriteFile(filepath.Join(root, "core", "message.go"), source, 0o644))
	generate := exec.Command("go", "run", "./hostabi/generate", root)
	generate.Dir = ".."
	out, err := generate.CombinedOutput()
	require.NoError(t, err, "%s", out)
	for _, path := range []string{"hostabi/codec.go", "hostabi/codec_host.go", "js-loader/src/abi.ts"} {
		want, err := os.ReadFile(filepath.Join(root, filepath.FromSlash(path)))
		require.NoError(t, err)
		got, err := os.ReadFile(filepath.Join("..", filepath.FromSlash(path)))
		require.NoError(t, err)
		assert.Equal(t, string(want), string(got), "%s: run go generate ./core", path)
	}
}
