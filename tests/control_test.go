package tests

import (
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"math/rand/v2"
	"reflect"
	"slices"
	"strings"
	"testing"
	"unicode"
	"unicode/utf8"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	foreign "github.com/tidwall/gjson"

	"pimultiauth/core"
	"pimultiauth/core/engine"
	"pimultiauth/providers"
	"pimultiauth/tests/host"
)

// liar makes replies of vendors that are full of what a terminal obeys: C0 and C1 controls and marks of direction, as characters, as
// escapes of JSON, and as bytes that are no characters at all. One seed makes the same replies.
type liar struct{ *rand.Rand }

var (
	obeyed = []string{
		"\x1b[2J", "\x1b]0;owned\x07", "\x1b]8;;http://evil.example\x1b\\", "\x00", "\x07", "\b\b\b", "\r", "\n", "\v", "\f", "\x7f", "\u0080", "\u009b31m", "\u009d", "\u0085",
		"\u202e", "\u202a", "\u2066", "\u2069", "\u200e", "\u200f", "\u061c", "\u2028", "\u2029", "\ufeff", "\x9b2J", "\xc2", "\xff\xfe",
	}
	fields = []string{
		"error", "message", "code", "type", "plan", "name", "limit_name", "plan_type", "level", "login", "email", "model_name", "display_name", "resetTime", "resets_at", "reset_at",
		"currency", "balance", "status", "detail", "error_description", "title", "id", "label", "percent", "used_percent", "utilization", "user_code", "verification_uri", "subscription_tier_display",
	}
)

func (l liar) pick(of []string) string { return of[l.IntN(len(of))] }

// word is a text with some of it in between.
func (l liar) word() string {
	texts := []string{"Rate limit reached for ", "sk-abc", "gpt-5", "2026-01-15T13:00:00Z", "pro", "USD", "quota exceeded", "30", "https://a.example/", "Ünïcode 日本"}
	var out strings.Builder
	for range 1 + l.IntN(4) {
		out.WriteString(l.pick(texts) + l.pick(obeyed))
	}
	return out.String()
}

// value is a value of JSON.
func (l liar) value(deep int) string {
	switch n := l.IntN(9); {
	case n < 4 || deep == 0:
		if l.IntN(3) == 0 {
			// As it stands, which is JSON no longer.
			return `"` + l.word() + `"`
		}
		text, _ := json.Marshal(l.word())
		return string(text)
	case n < 6:
		return fmt.Sprint(l.IntN(200) - 20)
	case n == 6:
		return "[" + l.value(deep-1) + "," + l.value(deep-1) + "]"
	}
	return l.object(deep - 1)
}

func (l liar) object(deep int) string {
	var rows []string
	for range 1 + l.IntN(5) {
		name := l.pick(fields)
		if l.IntN(6) == 0 {
			name = "x" + l.pick([]string{"\\u001b[2J", "\\u202e", "\\u009b"})
		}
		rows = append(rows, `"`+name+`":`+l.value(deep))
	}
	return "{" + strings.Join(rows, ",") + "}"
}

// body is a reply: of the fields that people's words are taken from, or a sample of the provider with texts of it replaced.
func (l liar) body(samples []string) string {
	switch {
	case l.IntN(8) == 0:
		return l.word()
	case l.IntN(2) == 0 || len(samples) == 0:
		return `{"error":` + l.object(2) + `,` + l.object(3)[1:]
	}
	parts := strings.Split(l.pick(samples), `"`)
	for i := 1; i < len(parts); i += 2 {
		// Values alone: a name that is another says nothing.
		if i+1 < len(parts) && !strings.HasPrefix(strings.TrimLeft(parts[i+1], " "), ":") && l.IntN(2) == 0 {
			text, _ := json.Marshal(parts[i] + l.pick(obeyed))
			parts[i] = string(text[1 : len(text)-1])
		}
	}
	return strings.Join(parts, `"`)
}

func (l liar) headers() (all []core.Header) {
	for _, name := range []string{"retry-after", "x-ratelimit-reset-requests", "anthropic-ratelimit-unified-representative-claim", "x-codex-limit-name", "x-codex-primary-used-percent", "x-request-id", "x-codex-promo-message"} {
		if l.IntN(2) == 0 {
			all = append(all, core.Header{Name: name, Value: l.word()})
		}
	}
	return all
}

// obeys names the first thing in a text that a terminal would obey or a reader be misled by; "" for none. A line's end and a tab are of
// texts of several lines and of tables.
func obeys(text string) string {
	if !utf8.ValidString(text) {
		return "bytes that are no text"
	}
	for _, r := range text {
		if r != '\n' && r != '\t' && unicode.IsControl(r) || unicode.Is(unicode.Bidi_Control, r) || r == 0x2028 || r == 0x2029 || r == 0xfeff {
			return fmt.Sprintf("U+%04X", r)
		}
	}
	return ""
}

// texts walks all texts of a value as it crosses the border.
func texts(v reflect.Value, found func(string)) {
	switch v.Kind() {
	case reflect.String:
		found(v.String())
	case reflect.Pointer, reflect.Interface:
		if !v.IsNil() {
			texts(v.Elem(), found)
		}
	case reflect.Slice:
		for i := range v.Len() {
			texts(v.Index(i), found)
		}
	case reflect.Struct:
		for i := range v.NumField() {
			texts(v.Field(i), found)
		}
	}
}

// seen are the parts of a turn that people see or that are logged: what is asked of services is not among them, nor what files keep.
func seen(turn core.Turn) []any {
	all := []any{turn.View, turn.Refuse, turn.Screen}
	if turn.Lease != nil {
		all = append(all, turn.Lease.Say, turn.Lease.Wait)
	}
	for _, x := range turn.Effects {
		if x.Log != nil {
			all = append(all, x.Log.Line)
		}
		if x.Ask != nil {
			all = append(all, x.Ask.Notice, x.Ask.Progress, x.Ask.Device, x.Ask.Prompt, x.Ask.Choose, x.Ask.Open)
		}
	}
	return all
}

// S4 of the bar: of ten thousand replies that are full of what a terminal obeys nothing of it is shown, logged or written down.
func TestNothingThatATerminalObeysIsShown(t *testing.T) {
	const replies, seed = 10_000, 20260115
	l := liar{rand.New(rand.NewPCG(seed, 1))}
	all := providers.All()
	samples := map[string][]string{}
	for _, sample := range usageSamples(t) {
		in := foreign.ParseBytes(sample.In)
		samples[in.Get("provider").String()] = append(samples[in.Get("provider").String()], in.Get("body").String())
	}
	told, checked := 0, map[string]int{}
	for told < replies {
		for _, p := range all {
			told += l.tell(t, p.ID, samples[p.ID], 60, checked)
		}
	}
	texts := 0
	for _, n := range checked {
		texts += n
	}
	t.Logf("%d replies, %d texts, %d of them different", told, texts, len(checked))
	for _, word := range []string{"Rate limit reached for", "quota exceeded", "Ünïcode 日本"} {
		assert.True(t, slices.ContainsFunc(slices.Collect(maps.Keys(checked)), func(text string) bool { return strings.Contains(text, word) }), "what vendors say is shown: %s", word)
	}
}

// tell lets a provider give so many replies to a core and people ask about them, and answers how many there were.
func (l liar) tell(t *testing.T, provider string, samples []string, count int, checked map[string]int) (told int) {
	entries := fmt.Sprintf(`{%q:{"type":"api_key","key":"sk-cp-0123456789abcdef"},%q:{"type":"oauth","access":"a.b.c","refresh":"r","expires":4102444800000}}`, provider, provider+"-1")
	s := &host.Script{Core: host.Native{Engine: engine.New(providers.All())}, At: 1_768_471_200_000, Seed: 7,
		Disk: &host.Disk{Files: map[string]string{"auth": entries, "config": `{"debug":true}`}, Fails: map[string]string{}}}
	status := func() int { return []int{200, 200, 400, 401, 402, 403, 404, 429, 429, 500, 503, 529}[l.IntN(12)] }
	s.Fetch = func(core.Fetch) (core.FetchResult, error) {
		told++
		return core.FetchResult{Status: status(), Headers: l.headers(), Body: core.Secret(l.body(samples))}, nil
	}
	s.Ask = func(a core.Ask) (core.Answer, error) {
		switch {
		case a.Pi != nil && a.Pi.Op == "login":
			return core.Answer{}, errors.New(l.word())
		case a.Crypto != nil:
			return core.Answer{Text: "x", Extra: "y"}, nil
		case a.Choose != nil && len(a.Choose.Options) > 0:
			return core.Answer{Text: core.Secret(a.Choose.Options[l.IntN(len(a.Choose.Options))].ID)}, nil
		}
		return core.Answer{Text: core.Secret(l.word())}, nil
	}
	s.Watch = func(_ core.Message, turn core.Turn, _ error) {
		for _, part := range seen(turn) {
			texts(reflect.ValueOf(part), func(text string) {
				checked[text]++
				if what := obeys(text); what != "" {
					t.Fatalf("%s: %s in %q", provider, what, text)
				}
			})
		}
	}
	ask := func(m core.Message) core.Turn {
		turn, err := s.Tell(m)
		require.NoError(t, err)
		return turn
	}
	ask(core.Message{Start: &core.Start{Known: []string{provider}}})
	for i := range count {
		s.At = s.At.Add(core.Duration(l.IntN(120)) * core.Second)
		turn := ask(core.Message{Acquire: &core.Acquire{Provider: provider, Model: "m", Session: fmt.Sprint("s", i), Mode: "print"}})
		for hop := 0; turn.Lease != nil && hop < 4; hop++ {
			told++
			turn = ask(core.Message{Settle: &core.Settle{Lease: turn.Lease.ID, Outcome: core.Outcome{Status: status(), Headers: l.headers(), Body: l.body(nil), Text: l.word()}}})
		}
		lines := []string{"usage " + provider, "status", "why " + provider, "doctor", "check " + provider, "login " + provider, "usage --json", "status --json", "report", "log"}
		ask(core.Message{Command: &core.Command{Text: lines[i%len(lines)], Mode: []string{"tui", "print", "json", "rpc"}[l.IntN(4)]}})
		if i%5 == 0 {
			ask(core.Message{Show: &core.Show{Provider: provider}})
		}
	}
	for name, text := range s.Disk.Files {
		// JSON in files writes them in ASCII or as they are; what a terminal would obey when a person reads the file is in none.
		assert.Empty(t, obeys(text), "%s: the file %s", provider, name)
	}
	return told
}
