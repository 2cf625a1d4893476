package e2e_test

import (
	"compress/gzip"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"pimultiauth/tests/pis"
	"pimultiauth/tests/vendor"
)

// connected starts Pi in RPC mode with the network there: behind preload.mjs it ends at the scripted vendors.
func (s *stage) connected(args ...string) *pis.RPC {
	s.Helper()
	s.home.Env = append(s.home.Env, "PI_OFFLINE=", "PI_SKIP_VERSION_CHECK=1", "PI_TELEMETRY=0")
	r, err := s.home.StartRPC(s.pi, args...)
	require.NoError(s, err)
	s.Cleanup(func() { assert.NoError(s, r.Close()) })
	return r
}

// usage asks for usage as a person does and answers what is shown.
func (s *stage) usage(r *pis.RPC, provider string) string {
	s.Helper()
	return s.command(r, "usage "+provider)
}

// command gives one of ours and answers the table that is shown.
func (s *stage) command(r *pis.RPC, line string) string {
	s.Helper()
	require.NoError(s, r.Send(map[string]any{"type": "prompt", "message": "/multi-auth " + line}))
	shown, err := r.Until(`"method":"notify"`, "plan")
	require.NoError(s, err)
	return shown
}

// to counts the requests to a host and path.
func (s *stage) to(place string) (n int) {
	for _, a := range s.vendor.Asked() {
		if a.Host+a.Path == place {
			n++
		}
	}
	return n
}

func later(hours int) time.Time { return time.Now().Add(time.Duration(hours) * time.Hour).UTC() }

func iso(hours int) string { return later(hours).Format(time.RFC3339) }

func TestUsageIsReadFromItsVendor(t *testing.T) {
	plain := [2]string{key("first-key", ""), key("second-key", "")}
	logins := [2]string{signedIn("first-access", "first-refresh", ""), signedIn("second-access", "second-refresh", "")}
	for _, c := range []struct {
		provider string
		entries  [2]string
		// place is the host and path that is asked, keys what comes with it.
		place  string
		keys   [2]string
		body   string
		status []string
	}{
		{"anthropic", logins, "api.anthropic.com/api/oauth/usage", [2]string{"first-access", "second-access"},
			fmt.Sprintf(`{"five_hour":{"utilization":41.5,"resets_at":%q},"seven_day":{"utilization":7,"resets_at":%q}}`, iso(2), iso(50)), []string{"42%", "weekly"}},
		{"openai-codex", [2]string{signedIn(chatGPT("acc-1"), "r1", `,"accountId":"acc-1"`), signedIn(chatGPT("acc-2"), "r2", "")}, "chatgpt.com/backend-api/wham/usage",
			[2]string{chatGPT("acc-1"), chatGPT("acc-2")},
			fmt.Sprintf(`{"plan_type":"plus","rate_limit":{"allowed":true,"limit_reached":false,"primary_window":{"used_percent":23,"limit_window_seconds":18000,"reset_at":%d}}}`, later(2).Unix()), []string{"23"}},
		{"github-copilot", [2]string{signedIn(copilot("first", "individual.githubcopilot.com"), "gho_first", ""), signedIn(copilot("second", "individual.githubcopilot.com"), "gho_second", "")},
			"api.github.com/copilot_internal/user", [2]string{"gho_first", "gho_second"},
			fmt.Sprintf(`{"copilot_plan":"individual","quota_reset_date":%q,"quota_snapshots":{"premium_interactions":{"entitlement":300,"remaining":201,"percent_remaining":67,"unlimited":false}}}`, later(200).Format(time.DateOnly)), []string{"premium", "33"}},
		{"kimi-coding", plain, "api.kimi.com/coding/v1/usages", [2]string{"first-key", "second-key"},
			fmt.Sprintf(`{"usage":{"limit":"100","used":"18","resetTime":%q},"limits":[{"window":{"duration":300,"timeUnit":"TIME_UNIT_MINUTE"},"detail":{"limit":"100","used":"52","resetTime":%q}}]}`, iso(60), iso(3)), []string{"52", "18"}},
		{"deepseek", plain, "api.deepseek.com/user/balance", [2]string{"first-key", "second-key"},
			`{"is_available":true,"balance_infos":[{"currency":"USD","total_balance":"3.14"}]}`, []string{"3.14"}},
		{"zai", plain, "api.z.ai/api/monitor/usage/quota/limit", [2]string{"first-key", "second-key"},
			fmt.Sprintf(`{"code":200,"success":true,"data":{"level":"pro","limits":[{"type":"TOKENS_LIMIT","unit":3,"number":5,"percentage":37,"nextResetTime":%d}]}}`, later(2).UnixMilli()), []string{"37"}},
		{"vercel-ai-gateway", plain, "ai-gateway.vercel.sh/v1/credits", [2]string{"first-key", "second-key"}, `{"balance":"95.50","total_used":"4.50"}`, []string{"95.5"}},
	} {
		t.Run(c.provider, func(t *testing.T) {
			vendors(t, func(s *stage) {
				s.entries(fmt.Sprintf(`{%q:%s,%q:%s}`, c.provider, c.entries[0], c.provider+"-1", c.entries[1]))
				s.vendor.Route(c.place, vendor.Step{Body: c.body})
				shown := s.usage(s.connected(), c.provider)
				for _, word := range c.status {
					assert.Contains(s, shown, word)
				}
				var keys []string
				for _, a := range s.vendor.Asked() {
					if a.Host+a.Path == c.place {
						keys = append(keys, a.Key)
					}
				}
				assert.ElementsMatch(s, c.keys[:], keys)
				for _, secret := range c.keys {
					assert.NotContains(s, shown, secret)
				}
				if c.provider == "openai-codex" {
					for _, a := range s.vendor.Asked() {
						if a.Key == c.keys[1] {
							assert.Equal(s, "acc-2", a.Header.Get("chatgpt-account-id"), "the token tells it where the entry does not")
						}
					}
				}
			})
		})
	}
}

// countsReads sets the stage so that read answers how many bytes of bodies, unpacked, Pi has read so far.
func (s *stage) countsReads() (read func() int) {
	path := filepath.Join(s.home.Dir, "reads.log")
	options := "NODE_OPTIONS=--import=" + filepath.Join(pis.Root(), "tests", "e2e", "count.mjs")
	for _, of := range s.home.Env {
		if others, is := strings.CutPrefix(of, "NODE_OPTIONS="); is {
			options += " " + others
		}
	}
	s.home.Env = append(s.home.Env, options, "READ_LOG="+path)
	return func() (all int) {
		text, _ := os.ReadFile(path)
		for _, line := range strings.Fields(string(text)) {
			n, err := strconv.Atoi(line)
			require.NoError(s, err)
			all += n
		}
		return all
	}
}

func TestAUsageEndpointThatLiesHarmsNobody(t *testing.T) {
	const place = "api.deepseek.com/user/balance"
	huge := `{"is_available":true,"filler":"` + strings.Repeat("x", 8<<20) + `"}`
	write := func(text string) http.HandlerFunc {
		return func(w http.ResponseWriter, _ *http.Request) { fmt.Fprint(w, text) }
	}
	for _, c := range []struct {
		name   string
		answer http.HandlerFunc
		// large says that it has more than is read.
		large bool
	}{
		{"huge", write(huge), true},
		{"HTML", write("<!DOCTYPE html><html><body>Sign in</body></html>"), false},
		{"truncated", func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("content-length", "1000")
			fmt.Fprint(w, `{"is_available":true,"balance_in`)
		}, false},
		{"not the gzip it says", func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("content-encoding", "gzip")
			fmt.Fprint(w, `{"is_available":true}`)
		}, false},
		{"300 MB in a small gzip", func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("content-encoding", "gzip")
			z := gzip.NewWriter(w)
			chunk := make([]byte, 1<<20)
			for range 300 {
				if _, err := z.Write(chunk); err != nil {
					return
				}
			}
			z.Close()
		}, true},
		{"a byte a second", func(w http.ResponseWriter, r *http.Request) {
			for r.Context().Err() == nil {
				fmt.Fprint(w, " ")
				w.(http.Flusher).Flush()
				time.Sleep(time.Second)
			}
		}, false},
		{"another origin", func(w http.ResponseWriter, r *http.Request) {
			http.Redirect(w, r, "https://evil.example/collect", http.StatusTemporaryRedirect)
		}, false},
		{"its own origin", func(w http.ResponseWriter, r *http.Request) { http.Redirect(w, r, r.URL.Path, http.StatusFound) }, false},
	} {
		t.Run(c.name, func(t *testing.T) {
			vendors(t, func(s *stage) {
				s.entries(`{"deepseek":` + key("first-key", "") + `,"deepseek-1":` + key("second-key", "") + `}`)
				s.vendor.Route(place, vendor.Step{Raw: c.answer})
				s.vendor.Script("first-key", vendor.Step{})
				read := s.countsReads()
				r := s.connected()
				s.command(r, "status")
				before := read()
				shown := s.usage(r, "deepseek")
				assert.NotContains(s, shown, "USD")
				assert.NotContains(s, shown, "unpaid", "what a usage endpoint says of itself is no fault of the account")
				// Of each account's answer 256 kB and the piece that went beyond, and less than as much again of whatever else Pi asks meanwhile.
				const bound, piece = 256 << 10, 64 << 10
				got := read() - before
				s.T.Logf("%s: %d bytes read", c.name, got)
				assert.LessOrEqual(s, got, 3*(bound+piece), "unpacked bytes: of hundreds of megabytes nothing is read beyond the bound")
				if c.large {
					assert.Greater(s, got, bound, "it was read up to the bound")
				}
				for _, a := range s.vendor.Asked() {
					assert.NotEqual(s, "evil.example", a.Host, "a credential goes nowhere else")
				}
				assert.NotZero(s, s.to(place), "it was asked")
				assert.LessOrEqual(s, s.to(place), 2, "one try an account")
			})
		})
	}
}

func TestNobodyReadsUsageOfflineOrForPrint(t *testing.T) {
	const place = "api.deepseek.com/user/balance"
	vendors(t, func(s *stage) {
		s.entries(`{"deepseek":` + key("first-key", "") + `,"deepseek-1":` + key("second-key", "") + `}`)
		s.vendor.Route(place, vendor.Step{Raw: func(_ http.ResponseWriter, r *http.Request) { <-r.Context().Done() }})
		s.vendor.Script("first-key", vendor.Step{})
		s.home.Env = append(s.home.Env, "PI_OFFLINE=", "PI_SKIP_VERSION_CHECK=1")
		assert.Equal(s, "ok\n", s.run("--model", "deepseek/deepseek-flash", "-p", "hello").Out)
		assert.Zero(s, s.to(place), "a print is over when its answer is")
		s.home.Env = append(s.home.Env, "PI_OFFLINE=1")
		r, err := s.home.StartRPC(s.pi)
		require.NoError(s, err)
		assert.Contains(s, s.usage(r, "deepseek"), "Nothing was read")
		require.NoError(s, r.Close())
		assert.Zero(s, s.to(place))
	})
}

func TestUsageOfKeysThatPiFinds(t *testing.T) {
	const place = "api.deepseek.com/user/balance"
	vendors(t, func(s *stage) {
		entry := func(key string) string { return fmt.Sprintf(`{"type":"api_key","key":%q}`, key) }
		s.entries(`{"deepseek":` + entry("$FIRST_OF_TWO") + `,"deepseek-1":` + entry("!echo key-of-command") + `,"zai":` + entry("$NOWHERE_SET") + `,"moonshotai":` + key("proxy-key", "") + `}`)
		require.NoError(s, s.home.Write("models.json", `{"providers":{"moonshotai":{"baseUrl":"https://proxy.example/v1"}}}`))
		s.home.Env = append(s.home.Env, "FIRST_OF_TWO=key$of$variable")
		s.vendor.Route(place, vendor.Step{Body: `{"is_available":true,"balance_infos":[{"currency":"USD","total_balance":"3.14"}]}`})
		for _, answered := range []string{"key$of$variable", "key-of-command", "proxy-key"} {
			s.vendor.Script(answered, vendor.Step{})
		}
		r := s.connected()
		assert.Contains(s, s.usage(r, "deepseek"), "3.14")
		assert.Contains(s, s.usage(r, "zai"), "NOWHERE_SET is not set")
		assert.Contains(s, s.usage(r, "moonshotai"), "an address of its own")
		checked := s.converse(r, "check", nil, "…works")
		var keys []string
		for _, a := range s.vendor.Asked() {
			assert.NotEqual(s, "proxy-key", a.Key, "a key of another address stays there: %s", a.Host)
			if a.Host+a.Path == place {
				keys = append(keys, a.Key)
			}
		}
		assert.Contains(s, keys, "key$of$variable", "a secret that is found is no template, whatever is in it")
		assert.Contains(s, keys, "key-of-command")
		all := checked + strings.Join(r.Seen, "\n")
		for _, name := range []string{"multi-auth-usage-cache.json", "multi-auth.json", "multi-auth-decisions.jsonl", "multi-auth-accounts.json"} {
			all += s.home.Read(name)
		}
		for _, secret := range []string{"key$of$variable", "proxy-key"} {
			assert.NotContains(s, all, secret)
		}
	})
}

func TestUsageOfTheKeyOfTheEnvironment(t *testing.T) {
	vendors(t, func(s *stage) {
		s.entries(`{"deepseek":` + key("first-key", "") + `}`)
		s.home.Env = append(s.home.Env, "DEEPSEEK_API_KEY=key-of-environment")
		s.vendor.Route("api.deepseek.com/user/balance", vendor.Step{Body: `{"is_available":true,"balance_infos":[{"currency":"USD","total_balance":"3.14"}]}`})
		s.vendor.Script("first-key", vendor.Limited(3600))
		s.vendor.Script("key-of-environment", vendor.Step{})
		r := s.connected("--model", "deepseek/deepseek-flash")
		require.NoError(s, r.Send(map[string]any{"type": "prompt", "message": "hello"}))
		_, err := r.Until(`"agent_end"`)
		require.NoError(s, err)
		s.usage(r, "deepseek")
		asked := map[string]bool{}
		for _, a := range s.vendor.Asked() {
			asked[a.Key+" "+a.Path] = true
		}
		assert.True(s, asked["key-of-environment /user/balance"], "%v", asked)
		assert.NotContains(s, s.home.Read("multi-auth-usage-cache.json")+strings.Join(r.Seen, "\n"), "key-of-environment")
	})
}
