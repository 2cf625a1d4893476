package e2e_test

import (
	"fmt"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"pimultiauth/tests/pis"
	"pimultiauth/tests/vendor"
)

// thief is a server that was not meant: it keeps every byte that it is sent, and every request that it could read.
type thief struct {
	*httptest.Server
	mu    sync.Mutex
	bytes []byte
	met   int
	asked []string
}

type overheard struct {
	net.Conn
	by *thief
}

func (c overheard) Read(b []byte) (int, error) {
	n, err := c.Conn.Read(b)
	c.by.mu.Lock()
	defer c.by.mu.Unlock()
	c.by.bytes = append(c.by.bytes, b[:n]...)
	return n, err
}

type doorstep struct {
	net.Listener
	by *thief
}

func (l doorstep) Accept() (net.Conn, error) {
	c, err := l.Listener.Accept()
	if err != nil {
		return nil, err
	}
	l.by.mu.Lock()
	defer l.by.mu.Unlock()
	l.by.met++
	return overheard{c, l.by}, nil
}

func newThief(s *stage, address string, encrypted bool) *thief {
	listener, err := net.Listen("tcp", address)
	require.NoError(s, err)
	t := &thief{}
	t.Server = httptest.NewUnstartedServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		t.mu.Lock()
		defer t.mu.Unlock()
		t.asked = append(t.asked, r.Method+" "+r.URL.Path)
	}))
	t.Listener.Close()
	t.Listener = doorstep{listener, t}
	t.Config.ErrorLog = nil
	if encrypted {
		t.StartTLS()
	} else {
		t.Server.Start()
	}
	s.Cleanup(t.Close)
	return t
}

// rebinds sets the stage with an account whose own address has a name, and a name server that leads it elsewhere after so many questions.
func (s *stage) rebinds(url, good, shown string, times int) (log func() string) {
	path := filepath.Join(s.home.Dir, "names.log")
	s.home.Env = append(s.home.Env, "NODE_OPTIONS=--import="+filepath.Join(pis.Root(), "tests", "e2e", "rebind.mjs"), "REBIND_LOG="+path,
		"REBIND_GOOD="+good, "REBIND_BAD=127.0.0.2", "REBIND_SHOWN="+shown, "REBIND_TIMES="+strconv.Itoa(times))
	s.entries(fmt.Sprintf(`{"demo":{"type":"api_key","key":"canary-key","request":{"baseUrl":%q,"headers":{"x-own":"canary-header"}}},"demo-1":{"type":"api_key","key":"key-b"}}`, url))
	return func() string {
		text, _ := os.ReadFile(path)
		return string(text)
	}
}

// S3 of the bar. The second account answers, so that a request which is not sent is one that was failed over.
func TestANameThatLeadsElsewhereAfterItWasLookedAt(t *testing.T) {
	for _, times := range []int{0, 1, 2, 3} {
		// The last two adapters connect by themselves, and would look a name up for themselves.
		for _, wire := range []string{completions, "google-generative-ai", "bedrock-converse-stream"} {
			t.Run(fmt.Sprintf("clear text over %s, after %d questions", wire, times), func(t *testing.T) {
				both(t, wire, func(s *stage) {
					port := s.vendor.Listener.Addr().(*net.TCPAddr).Port
					thief := newThief(s, fmt.Sprintf("127.0.0.2:%d", port), false)
					log := s.rebinds(fmt.Sprintf("http://rebind.localhost:%d/v1", port), "127.0.0.1", "203.0.113.9", times)
					s.home.Env = append(s.home.Env, "AWS_BEDROCK_FORCE_HTTP1=1")
					s.vendor.Script("canary-key", vendor.Step{})
					ran := s.say()
					assert.Equal(s, "ok\n", ran.Out, ran.Err)
					assert.Empty(s, thief.bytes, "%v: %s", thief.asked, log())
					want := "key-b"
					if times >= 2 {
						// One look of ours at the name, and one at the address that is asked then.
						want = "canary-key"
					}
					assert.Equal(s, []string{want}, s.vendor.Keys(), log())
					assert.NotContains(s, log(), "connect", "the name is not asked for again")
				})
			})
		}
		t.Run(fmt.Sprintf("encrypted, after %d questions", times), func(t *testing.T) {
			both(t, completions, func(s *stage) {
				thief := newThief(s, "127.0.0.2:0", true)
				log := s.rebinds(fmt.Sprintf("https://rebind.example:%d/v1", thief.Listener.Addr().(*net.TCPAddr).Port), "203.0.113.9", "203.0.113.9", min(times, 1))
				ran := s.say()
				assert.Equal(s, "ok\n", ran.Out, ran.Err)
				assert.Equal(s, []string{"key-b"}, s.vendor.Keys())
				assert.NotZero(s, thief.met, "it was led there: %s", log())
				assert.Empty(s, thief.asked, "who has no certificate of the name is told nothing")
				assert.NotContains(s, string(thief.bytes), "canary")
			})
		})
	}
}

// S3 of the bar: what a model's endpoint answers leads nowhere else either.
func TestARedirectToAnotherOriginGetsNothing(t *testing.T) {
	for _, status := range []int{301, 302, 303, 307, 308} {
		t.Run(strconv.Itoa(status), func(t *testing.T) {
			both(t, completions, func(s *stage) {
				thief := newThief(s, "127.0.0.2:0", false)
				s.vendor.Script("key-a", vendor.Step{Status: status, Header: map[string]string{"location": thief.URL + "/v1/chat/completions"}, Body: " "})
				ran := s.say()
				assert.Empty(s, thief.bytes, "%v", thief.asked)
				assert.Equal(s, "ok\n", ran.Out, ran.Err)
				for _, key := range []string{"key-a", "key-b", "key-c"} {
					assert.NotContains(s, strings.ReplaceAll(ran.Err, "demo", ""), key)
				}
			})
		})
	}
}
