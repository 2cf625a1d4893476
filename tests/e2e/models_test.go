package e2e_test

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
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
		asked := 0
		list := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			asked++
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
		assert.Zero(s, asked, "nothing is asked offline")
		s.home.Env = append(s.home.Env, "PI_OFFLINE=")
		s.run("-p", "/multi-auth status")
		assert.Equal(s, 1, asked)
		assert.NotContains(s, s.home.Read("multi-auth-models.json"), "canary")
		s.home.Env = append(s.home.Env, "PI_OFFLINE=1")
		models := s.run("--list-models").Out
		assert.Contains(s, models, "kimi-k2.5-test")
		assert.NotContains(s, models, "painter")
		ran = s.run("--model", "blazeapi/kimi-k2.5-test", "-p", "hello")
		assert.Equal(s, "from blaze\n", ran.Out, ran.Err)
		assert.Equal(s, 1, asked, "the list is kept")
		ran = s.run("-p", "/multi-auth remove blazeapi-1 --yes")
		assert.Contains(s, ran.Out, "removed", ran.Err)
		s.run("-p", "/multi-auth status")
		assert.NotContains(s, s.run("--list-models").Out, "kimi-k2.5-test")
		assert.Equal(s, "{}", s.home.Read("multi-auth-models.json"))
	})
}
