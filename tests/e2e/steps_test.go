package e2e_test

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"pimultiauth/tests/pis"
	"pimultiauth/tests/registry"
	"pimultiauth/tests/vendor"
)

// steps answers the commands that README shows after a sentence.
func steps(t *testing.T, after string) string {
	t.Helper()
	readme, err := os.ReadFile(filepath.Join(pis.Root(), "README.md"))
	require.NoError(t, err)
	_, rest, found := strings.Cut(string(readme), after)
	require.True(t, found, "README does not say %q", after)
	block := regexp.MustCompile("(?s)```\n(.*?)```").FindStringSubmatch(rest)
	require.NotNil(t, block)
	return block[1]
}

// person gives a stage a home as people have one: the agent directory is ~/.pi/agent, and nobody says so. pi is this Pi.
func (s *stage) person() {
	s.Helper()
	agent := filepath.Join(s.home.Dir, ".pi", "agent")
	require.NoError(s, os.MkdirAll(filepath.Dir(agent), 0o700))
	require.NoError(s, os.Rename(s.home.Agent, agent))
	bin := filepath.Join(s.home.Dir, "bin")
	require.NoError(s, os.MkdirAll(bin, 0o700))
	script := fmt.Sprintf("#!/bin/sh\nexec '%s' '%s' \"$@\"\n", pis.Node(), s.pi.Script)
	require.NoError(s, os.WriteFile(filepath.Join(bin, "pi"), []byte(script), 0o700))
	s.home.Agent, s.home.Extension = agent, ""
	s.home.Env = []string{"PI_CODING_AGENT_DIR=", "PI_SKIP_VERSION_CHECK=1", "PI_TELEMETRY=0", "PATH=" + bin + string(os.PathListSeparator) + os.Getenv("PATH")}
}

// shell does what a person does who copies lines into a shell.
func (s *stage) shell(lines string) string {
	s.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), 5*time.Minute)
	defer cancel()
	cmd := exec.CommandContext(ctx, "sh", "-e", "-c", lines)
	cmd.Dir = s.home.Work
	cmd.Env = s.home.Command(ctx, s.pi).Env
	out, err := cmd.CombinedOutput()
	require.NoError(s, err, lines+"\n"+string(out))
	return string(out)
}

// adds puts an account into our own file.
func (s *stage) adds() {
	s.Helper()
	require.NoError(s, os.WriteFile(filepath.Join(s.home.Dir, "keys"), []byte("gsk_WorkWorkWorkWorkWorkWorkWorkWorkWorkWorkWorkWork0001\n"), 0o600))
	s.must("-p", "/multi-auth add groq --unchecked --file "+filepath.Join(s.home.Dir, "keys"))
	require.Contains(s, s.home.Read("multi-auth-accounts.json"), "Work0001")
}

func TestTheReadmesStepsInstallUpdateAndGoBack(t *testing.T) {
	both(t, completions, func(s *stage) {
		s.person()
		tarball, err := packed()
		require.NoError(s, err)
		install := steps(s.T, "From the tarball. On Linux and macOS:")
		name := regexp.MustCompile(`pi-multi-auth-[\d.]+\.tgz`).FindString(install)
		require.NoError(s, os.WriteFile(filepath.Join(s.home.Work, name), tarball, 0o600))
		s.shell(install)
		assert.Contains(s, s.shell(`pi -p "/multi-auth status"`), "demo-1")
		s.adds()
		s.vendor.Script("key-a", vendor.Limited(600))
		assert.Equal(s, "ok\n", s.say().Out)
		assert.Equal(s, []string{"key-a", "key-b"}, s.vendor.Keys())

		folder := filepath.Join(s.home.Agent, "extensions", "pi-multi-auth")
		require.NoError(s, os.WriteFile(filepath.Join(folder, "config.json"), []byte(`{"rotationModes": {"demo": "fill-first"}}`), 0o600))
		newer, err := registry.WithVersion(tarball, "99.0.0")
		require.NoError(s, err)
		require.NoError(s, os.WriteFile(filepath.Join(s.home.Work, name), newer, 0o600))
		s.shell(install)
		text, err := os.ReadFile(filepath.Join(folder, "package.json"))
		require.NoError(s, err)
		assert.Contains(s, string(text), "99.0.0")
		assert.Contains(s, s.must("-p", "/multi-auth config").Out, "fill-first", "the configuration survives")
		status := s.must("-p", "/multi-auth status").Out
		assert.Contains(s, status, "rate limited", "the state survives")
		assert.Contains(s, status, "groq-1", "the accounts survive")

		said := s.shell(steps(s.T, "To Pi alone, in one line:"))
		assert.Contains(s, said, "is groq-1 in auth.json")
		assert.NoDirExists(s, folder)
		s.auth = s.home.Read("auth.json")
		assert.Contains(s, s.auth, "Work0001")
		assert.Contains(s, s.auth, "key-b", "what stood there stays")
		s.vendor.Script("key-a", vendor.Step{})
		before := len(s.vendor.Keys())
		assert.Equal(s, "ok\n", s.say().Out, "Pi works alone")
		assert.Equal(s, []string{"key-a"}, s.vendor.Keys()[before:])
	})
}

// older is an extension of the same name and in the same place, with a configuration of its own.
var older = map[string]string{
	"package.json": `{"name": "pi-multi-auth", "version": "0.7.1", "pi": {"extensions": ["./index.ts"]}}`,
	"index.ts":     `export default (pi: any) => { pi.registerCommand("multi-auth", { description: "the older one", handler: async () => { process.stdout.write("the older one\n"); } }); };`,
	"config.json":  `{"excludeProviders": ["groq"], "cascade": {"enabled": true}}`,
}

func TestTheOlderExtensionIsReplacedAndComesBackByTheReadmesSteps(t *testing.T) {
	both(t, completions, func(s *stage) {
		s.person()
		folder := filepath.Join(s.home.Agent, "extensions", "pi-multi-auth")
		require.NoError(s, os.MkdirAll(folder, 0o700))
		for name, text := range older {
			require.NoError(s, os.WriteFile(filepath.Join(folder, name), []byte(text), 0o600))
		}
		status := `pi -p "/multi-auth status"`
		require.Equal(s, "the older one\n", s.shell(status))

		place := exec.Command("go", "run", "./tests/place", s.home.Agent)
		place.Dir = pis.Root()
		said, err := place.CombinedOutput()
		require.NoError(s, err, string(said))
		assert.Contains(s, string(said), "pi-multi-auth-before")
		assert.Contains(s, string(said), "cascade")
		assert.Contains(s, s.shell(status), "demo-1", "its accounts are used where they stand")
		assert.Contains(s, s.must("-p", "/multi-auth config").Out, "groq", "what it had excluded is hidden")

		s.shell(steps(s.T, "To the older pi-multi-auth, which"))
		s.auth = s.home.Read("auth.json")
		for name, text := range older {
			kept, err := os.ReadFile(filepath.Join(folder, name))
			require.NoError(s, err)
			assert.Equal(s, text, string(kept), name)
		}
		assert.Equal(s, "the older one\n", s.shell(status))
	})
}

func TestATarballThatIsInstalledAsItIsKeepsPiFromItsStartUntilItIsRemoved(t *testing.T) {
	both(t, completions, func(s *stage) {
		s.person()
		tarball, err := packed()
		require.NoError(s, err)
		path := filepath.Join(s.home.Work, "pi-multi-auth.tgz")
		require.NoError(s, os.WriteFile(path, tarball, 0o600))
		s.must("install", path)
		ran := s.say()
		assert.Equal(s, 1, ran.Code)
		assert.Contains(s, ran.Err, "Failed to load extension")
		s.must("remove", path)
		assert.Equal(s, "ok\n", s.say().Out)
	})
}
