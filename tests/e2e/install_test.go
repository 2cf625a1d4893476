package e2e_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"pimultiauth/tests/pis"
	"pimultiauth/tests/registry"
	"pimultiauth/tests/vendor"
)

var packed = sync.OnceValues(func() ([]byte, error) {
	folder, err := os.MkdirTemp("", "pi-multi-auth-pack-")
	if err != nil {
		return nil, err
	}
	defer os.RemoveAll(folder)
	pack := exec.Command("npm", "pack", "--silent", "--pack-destination", folder)
	pack.Dir = filepath.Join(pis.Root(), "js-loader")
	if out, err := pack.CombinedOutput(); err != nil {
		return nil, &os.PathError{Op: "npm pack", Path: string(out), Err: err}
	}
	names, err := filepath.Glob(filepath.Join(folder, "*.tgz"))
	if err != nil || len(names) != 1 {
		return nil, os.ErrNotExist
	}
	return os.ReadFile(names[0])
})

// withRegistry gives a stage a registry that has the package, and takes -e away.
func (s *stage) withRegistry() *registry.Server {
	s.Helper()
	tarball, err := packed()
	require.NoError(s, err)
	server := registry.Start()
	s.Cleanup(server.Close)
	require.NoError(s, server.Publish(tarball))
	s.home.Extension = ""
	s.home.Env = append(s.home.Env, "PI_OFFLINE=", "PI_SKIP_VERSION_CHECK=1", "PI_TELEMETRY=0", "npm_config_registry="+server.URL+"/",
		"npm_config_cache="+filepath.Join(s.home.Dir, "npm-cache"), "npm_config_update_notifier=false", "npm_config_audit=false", "npm_config_fund=false")
	return server
}

// offline keeps a run of Pi itself off the network again.
func (s *stage) offline() { s.home.Env = append(s.home.Env, "PI_OFFLINE=1") }
func (s *stage) online()  { s.home.Env = append(s.home.Env, "PI_OFFLINE=") }

// must runs Pi and wants it to succeed.
func (s *stage) must(args ...string) pis.Ran {
	s.Helper()
	ran := s.run(args...)
	require.Equal(s, 0, ran.Code, ran.Out+ran.Err)
	return ran
}

func TestInstalledUpdatedAndRemovedByPiNothingIsLost(t *testing.T) {
	both(t, completions, func(s *stage) {
		server := s.withRegistry()
		s.must("install", "npm:pi-multi-auth")
		root := filepath.Join(s.home.Agent, "npm", "node_modules", "pi-multi-auth")
		require.FileExists(s, filepath.Join(root, "core.wasm"))
		assert.NoDirExists(s, filepath.Join(root, "node_modules"), "it has no run-time dependency")
		beside, err := os.ReadDir(filepath.Dir(root))
		require.NoError(s, err)
		for _, entry := range beside {
			assert.Contains(s, []string{"pi-multi-auth", ".package-lock.json"}, entry.Name())
		}
		s.offline()
		s.vendor.Script("key-a", vendor.Limited(600))
		assert.Equal(s, "ok\n", s.say().Out)
		assert.Equal(s, []string{"key-a", "key-b"}, s.vendor.Keys())
		assert.NoFileExists(s, filepath.Join(root, "config.json"), "an update would take it away")

		// What a person sets there all the same is kept where an update does not reach.
		require.NoError(s, os.WriteFile(filepath.Join(root, "config.json"), []byte(`{"debug": false, "rotationModes": {"demo": "fill-first"}}`), 0o600))
		config := s.must("-p", "/multi-auth config")
		assert.Contains(s, config.Out, "fill-first")
		assert.Contains(s, s.home.Read("multi-auth-config.json"), `"fill-first"`)
		assert.NotContains(s, s.home.Read("multi-auth-config.json"), "debug", "a default is nothing that a person set")
		s.adds()
		accounts := s.home.Read("multi-auth-accounts.json")

		tarball, err := packed()
		require.NoError(s, err)
		newer, err := registry.WithVersion(tarball, "99.0.0")
		require.NoError(s, err)
		require.NoError(s, server.Publish(newer))
		s.online()
		s.must("update", "--extensions")
		text, err := os.ReadFile(filepath.Join(root, "package.json"))
		require.NoError(s, err)
		assert.Contains(s, string(text), "99.0.0")
		s.offline()
		assert.Contains(s, s.must("-p", "/multi-auth config").Out, "fill-first", "the configuration survives")
		status := s.must("-p", "/multi-auth status").Out
		assert.Contains(s, status, "rate limited", "the state survives")
		assert.Contains(s, status, "groq-1", "the accounts survive")

		s.online()
		s.must("remove", "npm:pi-multi-auth")
		assert.NoDirExists(s, root)
		s.offline()
		for _, name := range []string{"multi-auth.json", "multi-auth-config.json"} {
			assert.NotEmpty(s, s.home.Read(name), name+" stays for the next time")
		}
		assert.Equal(s, accounts, s.home.Read("multi-auth-accounts.json"))
		s.vendor.Script("key-a", vendor.Step{})
		before := len(s.vendor.Keys())
		assert.Equal(s, "ok\n", s.say().Out, "Pi works alone")
		assert.Equal(s, []string{"key-a"}, s.vendor.Keys()[before:])
		s.online()
		s.must("install", "npm:pi-multi-auth")
		s.offline()
		status = s.must("-p", "/multi-auth status").Out
		assert.Contains(s, status, "rate limited")
		assert.Contains(s, status, "groq-1")
		for _, path := range server.Asked() {
			assert.True(s, strings.HasPrefix(path, "/pi-multi-auth"), path)
		}
	})
}

func TestAProjectsOwnCopyWaitsForTrust(t *testing.T) {
	both(t, completions, func(s *stage) {
		s.home.Extension = ""
		require.NoError(s, os.CopyFS(filepath.Join(s.home.Work, ".pi", "extensions", "pi-multi-auth"), onlyShipped()))
		for name, args := range map[string][]string{"not asked": nil, "not trusted": {"--no-approve"}} {
			s.vendor.Script("key-a", vendor.Limited(600), vendor.Step{})
			ran := s.say(args...)
			assert.NotContains(s, s.vendor.Keys(), "key-b", name+": "+ran.Err)
			assert.Empty(s, s.home.Read("multi-auth.json"), name)
		}
		s.vendor.Script("key-a", vendor.Limited(600))
		before := len(s.vendor.Keys())
		assert.Equal(s, "ok\n", s.say("--approve").Out)
		assert.Equal(s, []string{"key-a", "key-b"}, s.vendor.Keys()[before:])
		assert.NotEmpty(s, s.home.Read("multi-auth.json"), "its state is the person's, not the project's")
		work, err := filepath.Abs(s.home.Work)
		require.NoError(s, err)
		require.NoError(s, s.home.Write("trust.json", `{"`+work+`": true}`))
		before = len(s.vendor.Keys())
		assert.Equal(s, "ok\n", s.say().Out, "a saved decision counts in print mode")
		assert.NotContains(s, s.vendor.Keys()[before:], "key-a")
	})
}

func TestAFolderNameMayHoldAnything(t *testing.T) {
	both(t, completions, func(s *stage) {
		folder := filepath.Join(s.home.Dir, "zwei Wörter 多账号 'x' #1 100%")
		require.NoError(s, os.CopyFS(folder, onlyShipped()))
		s.home.Extension = filepath.Join(folder, "index.js")
		runtime := filepath.Join(s.home.Dir, "laufende Daten ü %41 #")
		s.home.Env = append(s.home.Env, "PI_MULTI_AUTH_RUNTIME_DIR="+runtime)
		s.vendor.Script("key-a", vendor.Limited(60))
		ran := s.say()
		assert.Equal(s, "ok\n", ran.Out, ran.Err)
		assert.Equal(s, []string{"key-a", "key-b"}, s.vendor.Keys())
		assert.FileExists(s, filepath.Join(runtime, "multi-auth.json"))
		assert.FileExists(s, filepath.Join(folder, "config.json"))
	})
}
