package tests

import (
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"pimultiauth/core"
	"pimultiauth/core/engine"
	"pimultiauth/providers"
	"pimultiauth/tests/host"
)

// The canaries: a key and tokens as vendors make them, and opaque ones that only whoever holds them knows.
const (
	canaryKey     = "sk-ant-api03-CANARY0123456789abcdef"
	canaryOpaque  = "CANARYopaque0123456789xyz"
	canaryAccess  = "eyJhbGciOiJSUzI1NiJ9.eyJDQU5BUlkiOiIxMjM0NTY3ODkwIn0.CANARY"
	canaryRefresh = "CANARYrefresh0123456789xyz"
)

// echo is what a careless service says: every secret it was sent, behind what a terminal would obey.
var echo = strings.Join([]string{"\x1b]0;title\a\x1b[31mbad", canaryKey, "\u202e" + canaryOpaque, "Bearer", canaryAccess, "token", canaryRefresh}, " ")

// outlet gathers everything that leaves the core for people, logs and files that hold no secrets.
type outlet struct{ all strings.Builder }

func (o *outlet) watch(_ core.Message, turn core.Turn, err error) {
	if err != nil {
		fmt.Fprintln(&o.all, err)
	}
	for i := range turn.Effects {
		if f := turn.Effects[i].File; f != nil && f.Name != "accounts" && f.Name != "auth" {
			fmt.Fprintln(&o.all, f.Delta.Reveal())
		}
	}
	text, _ := json.Marshal(turn)
	o.all.Write(text)
	o.all.WriteByte('\n')
}

func (o *outlet) clean(t *testing.T, name string) {
	t.Helper()
	text := o.all.String()
	require.NotEmpty(t, text)
	if at := strings.Index(text, "CANARY"); at >= 0 {
		assert.Fail(t, name+": a secret came out", text[max(0, at-200):min(len(text), at+100)])
	}
	for _, mark := range []string{`\u001b`, "\x1b", "\u202e", `\u202e`} {
		assert.NotContains(t, text, mark, name)
	}
}

func canaryWorld(t *testing.T, files map[string]string) (*host.Script, *outlet) {
	o := &outlet{}
	s := &host.Script{Core: host.Native{Engine: engine.New(providers.All())}, Disk: &host.Disk{Files: files, Fails: map[string]string{}}, At: usageNow, Seed: 7, Watch: o.watch}
	var ids []string
	for _, p := range providers.All() {
		if p.Retired == "" {
			ids = append(ids, p.ID)
		}
	}
	s.Ask = func(core.Ask) (core.Answer, error) { return core.Answer{}, nil }
	tell(t, s, core.Message{Start: &core.Start{Known: ids}})
	return s, o
}

// shown asks for everything that people can ask about accounts.
func shown(t *testing.T, s *host.Script) {
	for _, line := range []string{"status", "status --json", "why", "why --json", "doctor", "usage"} {
		tell(t, s, core.Message{Command: &core.Command{Text: line, Mode: "print"}})
	}
}

func key1(id, key string) string {
	return fmt.Sprintf(`%q:{"type":"api_key","key":%q,"env":{"CLOUDFLARE_ACCOUNT_ID":"0123456789abcdef0123456789abcdef","AZURE_OPENAI_RESOURCE_NAME":"r1"}}`, id, key)
}

func login1(id, more string) string {
	return fmt.Sprintf(`%q:{"type":"oauth","access":%q,"refresh":%q,"expires":%d%s}`, id, canaryAccess, canaryRefresh, int64(usageNow.Add(core.Hour)), more)
}

// A vendor that says back what it was sent, in every place from which words reach people, logs and files.
func TestNoSecretComesOutWhereverAServiceSaysItBack(t *testing.T) {
	quoted, _ := json.Marshal(echo)
	bodies := []string{
		`{"error":{"message":` + string(quoted) + `,"type":` + string(quoted) + `,"code":` + string(quoted) + `}}`,
		`{"error":` + string(quoted) + `,"error_description":` + string(quoted) + `,"message":` + string(quoted) + `}`,
		`{"success":false,"errors":[{"code":` + string(quoted) + `,"message":` + string(quoted) + `}],"result":null}`,
		echo, `<html>` + echo + `</html>`, `{"detail":` + string(quoted), "",
	}
	statuses := []int{0, 200, 400, 401, 402, 403, 404, 408, 413, 429, 500, 503, 529}

	t.Run("requests", func(t *testing.T) {
		for _, p := range providers.All() {
			if p.Retired != "" {
				continue
			}
			first, second := key1(p.ID, canaryKey), key1(p.ID+"-1", canaryOpaque)
			if !p.Keys {
				first, second = login1(p.ID, ""), login1(p.ID+"-1", `,"accountId":"2"`)
			}
			s, o := canaryWorld(t, map[string]string{"auth": "{" + first + "," + second + "}", "config": `{"debug":true}`})
			for _, status := range statuses {
				for _, body := range bodies {
					s.At = s.At.Add(core.Day)
					turn := tell(t, s, core.Message{Acquire: &core.Acquire{Provider: p.ID, Model: "m", Mode: "tui", Session: "s"}})
					for n := 0; turn.Lease != nil && n < 4; n++ {
						turn = tell(t, s, core.Message{Settle: &core.Settle{Lease: turn.Lease.ID, Outcome: core.Outcome{
							Status: status, Body: body, Text: fmt.Sprint(status, " ", body), OK: status == 200 && n > 0,
							Headers: []core.Header{{Name: "x-ratelimit-reset", Value: echo}, {Name: "x-codex-" + canaryOpaque + "-limit-name", Value: echo}, {Name: "retry-after", Value: echo}},
						}}})
					}
				}
			}
			shown(t, s)
			o.clean(t, p.ID)
		}
	})
	t.Run("usage and checks", func(t *testing.T) {
		for _, p := range providers.All() {
			if p.Retired != "" {
				continue
			}
			for _, body := range append(bodies, `{"plan":{"name":`+string(quoted)+`},"plan_type":`+string(quoted)+`,"copilot_plan":`+string(quoted)+`,"limits":[{"kind":"weekly_scoped","percent":5,"scope":{"model":{"display_name":`+string(quoted)+`}}}],
				"additional_rate_limits":[{"limit_name":`+string(quoted)+`,"rate_limit":{"primary_window":{"used_percent":5}}}],"rate_limit":{},"quota_snapshots":{},"is_available":true,"balance_infos":[{"currency":`+string(quoted)+`,"total_balance":"1"}]}`) {
				for _, status := range []int{200, 401, 403, 500} {
					// What a service was never sent it cannot say back.
					entry, never := key1(p.ID, canaryOpaque), canaryRefresh
					if p.Usage != nil && !p.Usage.Keys {
						entry, never = login1(p.ID, ""), canaryOpaque
					}
					s, o := canaryWorld(t, map[string]string{"auth": "{" + entry + "}"})
					body := strings.ReplaceAll(body, never, "words")
					s.Fetch = func(core.Fetch) (core.FetchResult, error) {
						return core.FetchResult{Status: status, Body: core.Secret(body)}, nil
					}
					tell(t, s, core.Message{Command: &core.Command{Text: "usage " + p.ID, Mode: "print"}})
					tell(t, s, core.Message{Command: &core.Command{Text: "check " + p.ID, Mode: "print"}})
					shown(t, s)
					o.clean(t, p.ID)
				}
			}
		}
	})
	t.Run("keys that are added", func(t *testing.T) {
		known := strings.NewReplacer(canaryOpaque, "words", canaryRefresh, "words")
		for _, id := range []string{"anthropic", "cloudflare-workers-ai", "openrouter"} {
			for _, body := range bodies {
				s, o := canaryWorld(t, map[string]string{})
				s.Ask = func(a core.Ask) (core.Answer, error) {
					if a.Input != nil {
						return core.Answer{Text: "cfat_CANARY0123456789abcdefghijklmnopqrstuv\n" + canaryKey + "\nsk-or-v1-CANARY0123456789abcdef"}, nil
					}
					return core.Answer{}, nil
				}
				s.Fetch = func(core.Fetch) (core.FetchResult, error) {
					return core.FetchResult{Status: 403, Body: core.Secret(known.Replace(body))}, nil
				}
				tell(t, s, core.Message{Command: &core.Command{Text: "add " + id + " --from-env X", Mode: "print"}})
				shown(t, s)
				o.clean(t, id)
			}
		}
	})
	t.Run("logins and renewals", func(t *testing.T) {
		// A login holds no key that its service could know.
		for i, body := range bodies {
			bodies[i] = strings.ReplaceAll(body, canaryOpaque, "words")
		}
		quoted := []byte(strings.ReplaceAll(string(quoted), canaryOpaque, "words"))
		echo := strings.ReplaceAll(echo, canaryOpaque, "words")
		words := append([]string{
			`OpenAI Codex token refresh failed (400): {"error":` + string(quoted) + `}`,
			`Token exchange returned invalid JSON. url=https://x.example/; body={"access_token":"` + canaryAccess + `","refresh_token":"` + canaryRefresh,
			`missing fields: {"access_token":7,"refresh_token":"` + canaryRefresh + `"}`,
		}, bodies...)
		for _, id := range []string{"anthropic", "openai-codex", "github-copilot", "cline", "kilo", "kimi-coding", "qwen"} {
			for i := range words {
				for _, status := range []int{400, 401, 403, 500} {
					s, o := canaryWorld(t, map[string]string{"auth": "{" + login1(id+"-1", "") + "," + login1(id+"-2", `,"accountId":"2"`) + "}", "config": `{"debug":true}`})
					s.Ask = func(a core.Ask) (core.Answer, error) {
						switch {
						case a.Pi != nil:
							return core.Answer{}, errors.New(words[i])
						case a.Choose != nil:
							return core.Answer{Text: "device"}, nil
						case a.Listen != nil && !a.Listen.Keep:
							return core.Answer{Text: core.Secret("error=" + core.QueryEscape(echo) + "&error_description=" + core.QueryEscape(echo))}, nil
						}
						return core.Answer{Text: "STATE", Port: 48801}, nil
					}
					s.Fetch = func(core.Fetch) (core.FetchResult, error) {
						return core.FetchResult{Status: status, Body: core.Secret(words[i])}, nil
					}
					tell(t, s, core.Message{Login: &core.Login{Provider: id, Mode: "tui"}})
					tell(t, s, core.Message{Login: &core.Login{Provider: id, Method: "browser", Mode: "tui"}})
					s.At = s.At.Add(2 * core.Hour)
					tell(t, s, core.Message{Acquire: &core.Acquire{Provider: id, Model: "m", Mode: "print"}})
					tell(t, s, core.Message{Tick: &core.Tick{}})
					shown(t, s)
					o.clean(t, id)
				}
			}
		}
	})
	t.Run("files of other programs", func(t *testing.T) {
		for _, text := range bodies {
			s, o := canaryWorld(t, map[string]string{"auth": text, "state": text, "usage": text, "config": text})
			s.Ask = func(a core.Ask) (core.Answer, error) {
				if a.Input != nil {
					return core.Answer{Text: core.Secret(text), Extra: "/home/x/.claude/.credentials.json"}, nil
				}
				return core.Answer{}, nil
			}
			for _, source := range []string{"claude-code", "codex", "gh", "opencode", "cliproxyapi", "peer", "/home/x/export.json"} {
				tell(t, s, core.Message{Command: &core.Command{Text: "import " + source, Mode: "print"}})
			}
			shown(t, s)
			o.clean(t, "import")
		}
	})
}
