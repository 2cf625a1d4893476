package e2e_test

import (
	"os"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"pimultiauth/tests/pis"
	"pimultiauth/tests/vendor"
)

// slots bounds the stages that are played at once: two cores do not serve more. A stage has its slot from its beginning to its end, so that
// none waits for another one while it has Pis running.
var slots = make(chan struct{}, 3)

// stage is a home, a provider and a version of Pi.
type stage struct {
	*testing.T
	home   *pis.Home
	vendor *vendor.Server
	pi     pis.Pi
	// auth is what auth.json must still be at the end.
	auth string
	// back is the address where logins wait for the browser to come back; "" where no scripted vendors are.
	back string
}

// row plays one row of a table on a stage whose Pis run on; the rows behind one that failed are left out.
func (s *stage) row(name string, play func(s *stage)) {
	s.Helper()
	if !s.Failed() {
		s.T.Run(name, func(t *testing.T) {
			of := *s
			of.T = t
			play(&of)
		})
	}
}

// versions runs a case on each supported version.
func versions(t *testing.T, run func(t *testing.T, pi pis.Pi)) {
	t.Helper()
	t.Parallel()
	newer, err := pis.New()
	require.NoError(t, err)
	for _, pi := range []pis.Pi{pis.Old(), newer} {
		t.Run(pi.Version, func(t *testing.T) {
			t.Parallel()
			slots <- struct{}{}
			t.Cleanup(func() { <-slots })
			run(t, pi)
		})
	}
}

// both runs a case on each supported version, with the accounts demo, demo-1 and demo-2.
func both(t *testing.T, api string, run func(s *stage)) {
	t.Helper()
	versions(t, func(t *testing.T, pi pis.Pi) { run(newStage(t, pi, api)) })
}

func newStage(t *testing.T, pi pis.Pi, api string) *stage {
	home, err := pis.NewHome(t.TempDir())
	require.NoError(t, err)
	server := vendor.Start()
	t.Cleanup(server.Close)
	home.Extension, err = pis.Shipped()
	require.NoError(t, err)
	home.Env = append(home.Env, "PI_MULTI_AUTH_RUNTIME_DIR="+home.Agent)
	s := &stage{T: t, home: home, vendor: server, pi: pi}
	url := server.URL + "/v1"
	if api == "anthropic-messages" {
		url = server.URL
	}
	require.NoError(t, home.Models("demo", api, url))
	s.keys("demo", "key-a", "demo-1", "key-b", "demo-2", "key-c")
	t.Cleanup(func() { assert.Equal(t, s.auth, home.Read("auth.json"), "auth.json is read, never written") })
	for _, key := range []string{"key-a", "key-b", "key-c"} {
		server.Script(key, vendor.Step{})
	}
	return s
}

// keys gives the accounts their keys, in pairs of id and key.
func (s *stage) keys(pairs ...string) {
	require.NoError(s, s.home.Keys(pairs...))
	s.auth = s.home.Read("auth.json")
}

// entries writes auth.json as it is.
func (s *stage) entries(text string) {
	require.NoError(s, s.home.Write("auth.json", text))
	s.auth = text
}

// say runs one prompt in print mode.
func (s *stage) say(args ...string) pis.Ran {
	s.Helper()
	return s.run(append([]string{"--model", "demo/model-1", "-p", "hello"}, args...)...)
}

func (s *stage) run(args ...string) pis.Ran {
	s.Helper()
	ran, err := s.home.Run(s.pi, args...)
	require.NoError(s, err, ran.Err)
	return ran
}

// eventually waits until something is so that another process brings about.
func (s *stage) eventually(what string, is func() bool) {
	s.Helper()
	for end := time.Now().Add(5 * time.Minute); !is(); time.Sleep(20 * time.Millisecond) {
		require.True(s, time.Now().Before(end), what)
	}
}

func TestA429IsNeverSeen(t *testing.T) {
	for _, api := range []string{"openai-completions", "anthropic-messages"} {
		t.Run(api, func(t *testing.T) {
			both(t, api, func(s *stage) {
				s.vendor.Script("key-a", vendor.Limited(60))
				ran := s.say()
				assert.Equal(s, 0, ran.Code, ran.Err)
				assert.Equal(s, "ok\n", ran.Out)
				assert.Empty(s, ran.Err)
				assert.Equal(s, []string{"key-a", "key-b"}, s.vendor.Keys())
				ran = s.say()
				assert.Equal(s, "ok\n", ran.Out)
				assert.NotContains(s, s.vendor.Keys()[2:], "key-a", "another process knows that it is limited")
				status := s.run("-p", "/multi-auth status")
				assert.Contains(s, status.Out, "resting")
				assert.Contains(s, status.Out, "rate limited")
			})
		})
	}
}

func TestTheOldestNodeThatPiSupports(t *testing.T) {
	both(t, completions, func(s *stage) {
		s.home.Node = pis.LeastNode()
		if _, err := os.Stat(s.home.Node); err != nil {
			s.Skip("make fetches it: " + err.Error())
		}
		s.vendor.Script("key-a", vendor.Limited(60))
		ran := s.say()
		assert.Equal(s, "ok\n", ran.Out, ran.Err)
		assert.Empty(s, ran.Err, "its warning of SQLite is kept off the terminal")
		assert.Equal(s, []string{"key-a", "key-b"}, s.vendor.Keys())
	})
}

func TestMain(m *testing.M) { os.Exit(m.Run()) }
