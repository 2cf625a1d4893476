package e2e_test

import (
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"pimultiauth/tests/pis"
	"pimultiauth/tests/vendor"
)

// onlyShipped is the extension as a person has it.
func onlyShipped() fs.FS {
	out := fstest.MapFS{}
	for _, name := range []string{"index.js", "main.cjs", "core.wasm", "package.json"} {
		data, err := os.ReadFile(filepath.Join(pis.Root(), "js-loader", name))
		if err != nil {
			panic(err)
		}
		out[name] = &fstest.MapFile{Data: data, Mode: 0o644}
	}
	return out
}

func TestThePackedTarballWorksElsewhere(t *testing.T) {
	data, err := packed()
	require.NoError(t, err)
	tarball := filepath.Join(t.TempDir(), "packed.tgz")
	require.NoError(t, os.WriteFile(tarball, data, 0o600))
	list, err := exec.Command("tar", "tzf", tarball).Output()
	require.NoError(t, err)
	for _, name := range strings.Fields(string(list)) {
		for _, never := range []string{"config.json", "debug/", "test/", "src/", "node_modules"} {
			assert.False(t, strings.HasPrefix(strings.TrimPrefix(name, "package/"), never), name)
		}
	}
	both(t, completions, func(s *stage) {
		unpacked := filepath.Join(s.home.Dir, "elsewhere")
		require.NoError(s, os.MkdirAll(unpacked, 0o755))
		require.NoError(s, exec.Command("tar", "xzf", tarball, "-C", unpacked).Run())
		s.home.Extension = ""
		// Neither Go nor npm can be found, and a registry that is asked does not answer.
		s.home.Env = []string{"PATH=" + t.TempDir(), "npm_config_registry=http://127.0.0.1:9/"}
		ran := s.run("install", filepath.Join(unpacked, "package"))
		require.Equal(s, 0, ran.Code, ran.Out+ran.Err)
		s.vendor.Script("key-a", vendor.Limited(60))
		assert.Equal(s, "ok\n", s.say().Out)
		assert.Equal(s, []string{"key-a", "key-b"}, s.vendor.Keys())
		assert.NotEmpty(s, s.home.Read("multi-auth.json"))
	})
}

func TestAFolderOfExtensionsIsEnough(t *testing.T) {
	both(t, completions, func(s *stage) {
		s.home.Extension = ""
		require.NoError(s, os.CopyFS(filepath.Join(s.home.Agent, "extensions", "pi-multi-auth"), onlyShipped()))
		s.vendor.Script("key-a", vendor.Limited(60))
		assert.Equal(s, "ok\n", s.say().Out)
		assert.Equal(s, []string{"key-a", "key-b"}, s.vendor.Keys())
	})
}
