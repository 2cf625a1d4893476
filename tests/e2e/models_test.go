package e2e_test

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"sort"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"pimultiauth/tests/vendor"
)

// hosts makes a preload for tests alone that sends each origin to a server on this machine, whoever replaces fetch later.
func (s *stage) hosts(table map[string]string) {
	s.Helper()
	var rows []string
	for from, to := range table {
		rows = append(rows, fmt.Sprintf("[%q, %q]", from, to))
	}
	// The longer address counts before the shorter one.
	sort.Slice(rows, func(i, j int) bool { return len(rows[i]) > len(rows[j]) })
	path := filepath.Join(s.home.Dir, "hosts.mjs")
	require.NoError(s, os.WriteFile(path, []byte(`const table = [`+strings.Join(rows, ",")+`];
let real = globalThis.fetch;
const to = (url) => { for (const [from, there] of table) if (url.startsWith(from)) return there + url.slice(from.length); return url; };
const mapped = (input, init) => typeof input === "string" || input instanceof URL ? real(to(String(input)), init) : real(new Request(to(input.url), input), init);
Object.defineProperty(globalThis, "fetch", { get: () => mapped, set: (next) => { if (next !== mapped) real = next; }, configurable: true });
`), 0o600))
	s.home.Env = append(s.home.Env, "NODE_OPTIONS=--import="+path)
}

func TestModelsOfAProviderOfOursAppearWithItsFirstAccountAndGoWithItsLast(t *testing.T) {
	both(t, completions, func(s *stage) {
		var asked atomic.Int64
		list := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			asked.Add(1)
			if r.URL.Path != "/api/models" || r.Header.Get("Authorization") != "Bearer blz_canary" {
				w.WriteHeader(401)
				return
			}
			fmt.Fprint(w, `{"data":[{"id":"kimi-k2.5-test","context_length":262144,"max_output_tokens":16384,"pricing":{"prompt":"0.0000006","completion":"0.000003"}},{"id":"painter","architecture":{"output_modalities":["image"]}}]}`)
		}))
		defer list.Close()
		s.hosts(map[string]string{"https://blazeai.boxu.dev/api/models": list.URL + "/api/models", "https://blazeai.boxu.dev/api/v1": s.vendor.URL + "/v1"})
		s.vendor.Script("blz_canary", vendor.Step{Text: "from blaze"})
		assert.NotContains(s, s.run("--list-models").Out, "blazeapi", "no phantom models")
		s.home.Env = append(s.home.Env, "BLAZE=blz_canary")
		ran := s.run("-p", "/multi-auth add blazeapi --unchecked --from-env BLAZE")
		assert.Contains(s, ran.Out, "blazeapi-1", ran.Err)
		assert.Zero(s, asked.Load(), "nothing is asked offline")
		s.home.Env = append(s.home.Env, "PI_OFFLINE=")
		s.run("-p", "/multi-auth status")
		assert.EqualValues(s, 1, asked.Load())
		assert.NotContains(s, s.home.Read("multi-auth-models.json"), "canary")
		s.home.Env = append(s.home.Env, "PI_OFFLINE=1")
		models := s.run("--list-models").Out
		assert.Contains(s, models, "kimi-k2.5-test")
		assert.NotContains(s, models, "painter")
		ran = s.run("--model", "blazeapi/kimi-k2.5-test", "-p", "hello")
		assert.Equal(s, "from blaze\n", ran.Out, ran.Err)
		assert.EqualValues(s, 1, asked.Load(), "the list is kept")
		ran = s.run("-p", "/multi-auth remove blazeapi-1 --yes")
		assert.Contains(s, ran.Out, "removed", ran.Err)
		s.run("-p", "/multi-auth status")
		assert.NotContains(s, s.run("--list-models").Out, "kimi-k2.5-test")
		assert.Equal(s, "{}", s.home.Read("multi-auth-models.json"))
	})
}

// scripted answers paths of a service.
func scripted(t *testing.T, answers map[string]string) (*httptest.Server, *[]string) {
	var asked []string
	var mu sync.Mutex
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		mu.Lock()
		defer mu.Unlock()
		asked = append(asked, r.URL.Path)
		body, ok := answers[r.URL.Path]
		if !ok {
			w.WriteHeader(404)
		}
		fmt.Fprint(w, body)
	}))
	t.Cleanup(server.Close)
	return server, &asked
}

const oneModel = `{"data":[{"id":"maker/model-x","context_length":200000}]}`

func TestALoginOfOursServesItsOwnModels(t *testing.T) {
	both(t, completions, func(s *stage) {
		kilo, _ := scripted(s.T, map[string]string{
			"/api/device-auth/codes":    `{"code":"K1","verificationUrl":"https://app.kilo.ai/device","expiresIn":60}`,
			"/api/device-auth/codes/K1": `{"status":"approved","token":"kilo-canary"}`,
			"/api/profile":              `{"user":{"email":"one@example.com"}}`,
			"/api/gateway/models":       oneModel,
		})
		s.hosts(map[string]string{"https://api.kilo.ai/api/gateway/chat": s.vendor.URL + "/v1/chat", "https://api.kilo.ai/": kilo.URL + "/"})
		s.vendor.Script("kilo-canary", vendor.Step{Text: "from kilo"})
		s.home.Env = append(s.home.Env, "PI_OFFLINE=")
		ran := s.run("-p", "/multi-auth login kilo")
		assert.Contains(s, ran.Out+ran.Err, "K1")
		assert.Contains(s, s.run("-p", "/multi-auth status").Out, "one@example.com", ran.Err)
		s.home.Env = append(s.home.Env, "PI_OFFLINE=1")
		assert.Contains(s, s.run("--list-models").Out, "maker/model-x")
		ran = s.run("--model", "kilo/maker/model-x", "-p", "hello")
		assert.Equal(s, "from kilo\n", ran.Out, ran.Err)
		asked := s.vendor.Asked()
		assert.Equal(s, "Pi", asked[len(asked)-1].Header.Get("X-KILOCODE-EDITORNAME"))
	})
}

func TestPiRenewsItsOwnEntryOfALoginOfOurs(t *testing.T) {
	both(t, completions, func(s *stage) {
		cline, asked := scripted(s.T, map[string]string{
			"/api/v1/auth/refresh":    `{"success":true,"data":{"accessToken":"fresh-canary","refreshToken":"r2","expiresAt":"2099-01-01T00:00:00Z","userInfo":{"clineUserId":"u1"}}}`,
			"/api/v1/ai/cline/models": oneModel,
		})
		s.hosts(map[string]string{"https://api.cline.bot/api/v1/chat": s.vendor.URL + "/v1/chat", "https://api.cline.bot/": cline.URL + "/"})
		s.vendor.Script("workos:fresh-canary", vendor.Step{Text: "from cline"})
		s.entries(`{"cline":{"type":"oauth","access":"old","refresh":"r1","expires":1000}}`)
		s.home.Env = append(s.home.Env, "PI_OFFLINE=")
		s.run("-p", "/multi-auth status")
		ran := s.run("--model", "cline/maker/model-x", "-p", "hello")
		assert.Equal(s, "from cline\n", ran.Out, ran.Err)
		assert.Contains(s, s.home.Read("auth.json"), "fresh-canary", "Pi keeps what it renewed")
		assert.Equal(s, 1, strings.Count(strings.Join(*asked, " "), "/auth/refresh"))
		s.auth = s.home.Read("auth.json")
	})
}
