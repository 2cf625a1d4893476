package fault_test

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"

	"pimultiauth/core"
	"pimultiauth/core/fault"
	"pimultiauth/providers"
	"pimultiauth/tests/samples"
)

// TestTextAlone holds the rows of two lists of observed behaviour. A row is kept where it is right; where another client is known to be
// wrong the better result stands, and TestStruckRows says why.
func TestTextAlone(t *testing.T) {
	tests := []struct {
		name, provider, model, text, want string
	}{
		{"E1 blank", "openai", "", "", "unknown request surface - default"},
		{"E2 bare 429", "openai", "", "429 Too Many Requests", "rate_limited account rotate 60 default"},
		{"E5 Go duration", "openai", "", "Rate limit reached, try again in 6m0s", "rate_limited account rotate 360 text"},
		{"E6 hours", "openai", "", "Limit hit, try again in 3 hours", "quota_spent account rotate 10800 text"},
		{"E7 Codex minutes", "openai-codex", "", "You have hit your ChatGPT usage limit (plus plan). Try again in ~4523 min.", "quota_spent account rotate 271380 text"},
		{"E9 week", "x", "", "weekly limit exceeded", "quota_spent account rotate 43200 default"},
		{"E10 week, upgrade", "x", "", "You have reached your weekly usage limit, upgrade for higher limits", "quota_spent account rotate 43200 default"},
		{"E13 days", "x", "", "quota exceeded, retry in 2 days", "quota_spent account rotate 172800 text"},
		{"E16 400 balance", "x", "", "400 insufficient balance", "unpaid account suspend - text"},
		{"E17 credit balance", "anthropic", "", "Your credit balance is too low to access the Anthropic API.", "unpaid account suspend - text"},
		{"E18 402", "x", "", "402 payment required", "unpaid account suspend - header"},
		{"E20 x-api-key", "anthropic", "", "invalid x-api-key", "unauthorized account suspend - text"},
		{"E21 revoked", "openai-codex", "", "invalidated oauth token (code: token_revoked, status: 401)", "unauthorized account suspend - text"},
		{"E22 invalidated", "openai-codex", "", "Your authentication token has been invalidated. Please try signing in again.", "unauthorized account suspend - text"},
		{"E23 403", "x", "", "403 Forbidden", "forbidden account rotate 600 default"},
		{"E23 permission", "x", "", "permission_denied", "forbidden account rotate 600 default"},
		{"E25 verify organization", "openai", "", "invalid_request_error: Your organization must be verified to stream this model", "bad_request request surface - text"},
		{"E27 Codex plan", "openai-codex", "gpt-5.4", "The 'gpt-5.4' model is not supported when using Codex with a ChatGPT account.", "not_entitled model rotate 86400 default"},
		{"E28 the same elsewhere", "openai", "gpt-5.4", "The 'gpt-5.4' model is not supported when using Codex with a ChatGPT account.", "model_unavailable model surface - text"},
		{"E29 vivgrid", "vivgrid", "", "unsupported model", "model_unavailable model rotate 86400 default"},
		{"E30 context", "openai", "", "context_length_exceeded", "too_long request surface - text"},
		{"E30 prompt", "anthropic", "", "prompt is too long: 210000 tokens > 200000 maximum", "too_long request surface - text"},
		{"E31 token limit per minute", "x", "", "429 You hit the token limit per minute", "rate_limited account rotate 60 default"},
		{"E32 400,000 tokens", "anthropic", "", "429 rate_limit_error: limit of 400,000 input tokens per minute", "rate_limited account rotate 60 default"},
		{"E34 overloaded", "anthropic", "", "overloaded_error: Overloaded", "overloaded provider retry 2 default"},
		{"E37 server busy", "x", "", "server busy", "rate_limited account rotate 60 default"},
		{"E38 out of memory", "x", "", "CUDA out of memory", "overloaded provider retry 2 default"},
		{"E38 exhausted", "google", "", "RESOURCE_EXHAUSTED", "quota_spent account rotate 3600 default"},
		{"E39 not loaded", "x", "", "model is not loaded", "overloaded provider retry 2 default"},
		{"E40 enterprise", "x", "", "Enterprise limit reached", "quota_spent account rotate 3600 default"},
		{"E41 per day", "x", "", "too many requests per day", "quota_spent account rotate 86400 default"},
		{"E42 odd", "x", "", "Something odd happened", "unknown request surface - default"},
		{"E45 quota", "x", "", "You exceeded your quota", "quota_spent account rotate 3600 default"},
		{"E45 credits", "x", "", "Insufficient credits. Add more using the settings", "unpaid account suspend - text"},
		{"M3 tilde", "x", "", "Try again in ~ 5 hours", "quota_spent account rotate 18000 text"},
		{"M4 lone h", "x", "", "Please try again in 2h", "quota_spent account rotate 7200 text"},
		{"M5 seconds", "x", "", "retry after 30 seconds", "rate_limited account rotate 30 text"},
		{"M9 balance", "x", "", "your credit balance is too low", "unpaid account suspend - text"},
		{"M10 suspended", "x", "", "account suspended", "forbidden account suspend - text"},
		{"M12 expired", "anthropic", "", "authentication_error: OAuth token has expired", "unauthorized account rotate 60 default"},
		{"M15 paid plan", "blazeapi", "", "paid_plan_required", "not_entitled model rotate - text"},
		{"M17 503", "x", "", "503 Service Unavailable", "overloaded provider retry 2 default"},
		{"M17 reset", "x", "", "ECONNRESET", "network request retry 0.5 default"},
		{"M18 aborted", "x", "", "Request was aborted", "aborted request surface - text"},
		{"header in words", "x", "", "rate limited (retry-after: 30)", "rate_limited account rotate 30 text"},
		{"two groups", "x", "", "usage limit reached, try again in 2h 15m", "quota_spent account rotate 8100 text"},
		{"three groups", "x", "", "quota exceeded; resets in 27h41m36s", "quota_spent account rotate 99696 text"},
		{"words for groups", "x", "", "usage limit, try again in 1 day, 3 hours and 5 minutes", "quota_spent account rotate 97500 text"},
		{"daily token limit", "x", "", "You have reached your daily token limit", "quota_spent account rotate 86400 default"},
		{"API key with blanks", "x", "", "Invalid API key", "unauthorized account suspend - text"},
		{"key not valid", "x", "", "API key not valid", "unauthorized account suspend - text"},
		{"position 500", "x", "", "Unexpected token in JSON at position 500", "unknown request surface - default"},
		{"the word 401 in a sentence", "x", "", "see error 401 in the manual", "unknown request surface - default"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			assert.Equal(t, tt.want, told(read(tt.provider, tt.model, core.Outcome{Text: tt.text}, now)))
		})
	}
}

// TestStruckRows lists what others do and we do not, with the reason.
func TestStruckRows(t *testing.T) {
	tests := []struct {
		row, why string
		outcome  core.Outcome
		want     string
	}{
		{"E9 and M7: a week's limit benches 72 h", "the first wait is 12 h; it grows with repetition, which is the engine's",
			core.Outcome{Text: "weekly limit exceeded"}, "quota_spent account rotate 43200 default"},
		{"E41: requests per day are a rate", "what returns with the day is a quota",
			core.Outcome{Text: "too many requests per day"}, "quota_spent account rotate 86400 default"},
		{"E40: an enterprise limit needs a person", "nothing says so: a limit is probed again after an hour",
			core.Outcome{Text: "Enterprise limit reached"}, "quota_spent account rotate 3600 default"},
		{"10.2 H5: retry-after 1.9 is 1 s", "a wait must not end early",
			core.Outcome{Status: 429, Headers: headers("retry-after: 1.9")}, "rate_limited account rotate 1.9 header"},
		{"10.2 B3: steps of 15 s to 15 min", "they depend on what was before, which a reading does not know",
			core.Outcome{Status: 503}, "overloaded provider retry 2 default"},
		{"rule 2: \"try signing in again\" disables", "an expired token is healed by a refresh, and says so too",
			core.Outcome{Status: 401, Body: `{"error":{"message":"Provided authentication token is expired. Please try signing in again.","code":"token_expired"}}`}, "unauthorized account rotate 60 default"},
	}
	for _, tt := range tests {
		t.Run(tt.row, func(t *testing.T) { assert.Equal(t, tt.want, told(read("x", "m", tt.outcome, now)), tt.why) })
	}
}

func TestCloudflareDayEndsAtMidnight(t *testing.T) {
	text := "429: you have used up your daily free allocation of 10,000 neurons"
	for at, seconds := range map[core.Time]core.Duration{
		now:                               50400,
		now.Add(8 * core.Hour):            21600,
		now.NextMidnight(0):               86400,
		now.NextMidnight(0).Add(-1000):    1,
		now.NextMidnight(0).Add(core.Day): 86400,
	} {
		f := read("cloudflare-workers-ai", "", core.Outcome{Text: text}, at)
		assert.Equal(t, core.ScopeUpstream, f.Scope)
		assert.Equal(t, seconds*core.Second, f.Until.Sub(at))
	}
}

// TestHeadersNameTheEnd holds the rows about headers of a 429 with no words.
func TestHeadersNameTheEnd(t *testing.T) {
	tests := []struct {
		name, provider, headers string
		want                    string
	}{
		{"H1 seconds", "x", "retry-after: 30", "rate_limited account rotate 30 header"},
		{"H2 date", "x", "retry-after: Thu, 15 Jan 2026 10:02:00 GMT", "rate_limited account rotate 120 header"},
		{"H4 negative is none", "x", "retry-after: -5", "rate_limited account rotate 0 header"},
		{"H5 milliseconds", "openai", "retry-after-ms: 1500", "rate_limited account rotate 1.5 header"},
		{"milliseconds first", "openai", "retry-after-ms: 1500\nretry-after: 9", "rate_limited account rotate 1.5 header"},
		{"H6 words are no header", "x", "retry-after: 15 minutes", "rate_limited account rotate 60 default"},
		{"H8 small", "openai", "x-ratelimit-reset-requests: 12ms\nx-ratelimit-remaining-requests: 0", "rate_limited account rotate 0.012 header"},
		{"H11 five hours", "anthropic", "anthropic-ratelimit-unified-status: rejected\nanthropic-ratelimit-unified-5h-status: rejected\nanthropic-ratelimit-unified-5h-reset: 1768474800\nanthropic-ratelimit-unified-7d-status: allowed", "quota_spent account rotate 3600 header"},
		{"H14 the later end", "anthropic", "retry-after: 2094\nanthropic-ratelimit-unified-status: rejected\nanthropic-ratelimit-unified-5h-status: rejected\nanthropic-ratelimit-unified-5h-reset: 1768474800\nanthropic-ratelimit-unified-7d-status: allowed", "quota_spent account rotate 3600 header"},
		{"H16 workspace", "openai-codex", "x-codex-rate-limit-reached-type: workspace_member_credits_depleted\nx-codex-primary-used-percent: 10\nx-codex-secondary-used-percent: 5", "unpaid account suspend - header"},
		{"H17 Groq's day", "groq", "x-ratelimit-remaining-requests: 0\nx-ratelimit-reset-requests: 2m59.56s", "quota_spent account rotate 179.56 header"},
		{"H18 Cerebras' minute", "cerebras", "x-ratelimit-remaining-tokens-minute: 0\nx-ratelimit-reset-tokens-minute: 11.38", "rate_limited account rotate 11.38 header"},
		{"H19 GitHub", "github-copilot", "x-ratelimit-remaining: 0\nx-ratelimit-reset: 1768474800", "quota_spent account rotate 3600 header"},
		{"H20 OpenRouter", "openrouter", "X-RateLimit-Remaining: 0\nX-RateLimit-Reset: 1768474800000", "quota_spent account rotate 3600 header"},
		{"H21 unknown provider", "x", "x-ratelimit-remaining: 0\nx-ratelimit-reset: 1768474800", "quota_spent account rotate 3600 header"},
		{"H22 seconds from now", "x", "X-RateLimit-Remaining: 0\nX-RateLimit-Reset: 45", "rate_limited account rotate 45 header"},
		{"H24 nothing", "x", "", "rate_limited account rotate 60 default"},
		{"something remains", "x", "x-ratelimit-remaining: 3\nx-ratelimit-reset: 45", "rate_limited account rotate 60 default"},
		{"10.2 H1 requests", "openai-codex", "x-ratelimit-limit-requests: 100\nx-ratelimit-remaining-requests: 0\nx-ratelimit-reset-requests: 30", "rate_limited account rotate 30 header"},
		{"10.2 H2 epoch", "github-copilot", "x-ratelimit-reset: 1768471260", "rate_limited account rotate 60 header"},
		{"10.2 H2 epoch ms", "github-copilot", "x-ratelimit-reset: 1768471260000", "rate_limited account rotate 60 header"},
		{"10.2 H3 RFC 3339", "anthropic", "anthropic-ratelimit-requests-reset: 2026-01-15T10:05:00Z", "rate_limited account rotate 300 header"},
		{"10.2 H5 garbage", "x", "retry-after: soon", "rate_limited account rotate 60 default"},
		{"10.2 H5 fraction", "x", "retry-after: 1.9", "rate_limited account rotate 1.9 header"},
		{"10.2 H6 the later end", "x", "x-ratelimit-reset: 45\nretry-after: 10", "rate_limited account rotate 45 header"},
		{"10.2 H8 epoch ms", "x", "x-ratelimit-reset: 1768471260000", "rate_limited account rotate 60 header"},
		{"not a number", "x", "retry-after: NaN", "rate_limited account rotate 60 default"},
		{"exponent", "x", "retry-after: 1e308", "rate_limited account rotate 60 default"},
		{"1970", "x", "retry-after: Thu, 01 Jan 1970 00:00:00 GMT", "rate_limited account rotate 60 default"},
		{"2286", "x", "retry-after: 9999999999", "rate_limited account rotate 60 default"},
		{"5195", "x", "retry-after: 99999999999", "rate_limited account rotate 60 default"},
		{"2286 ms", "x", "x-ratelimit-remaining: 0\nx-ratelimit-reset: 9999999999999", "rate_limited account rotate 60 default"},
		{"trailing words", "x", "retry-after: 5; drop", "rate_limited account rotate 60 default"},
		{"cap", "x", "retry-after: 2592000", "quota_spent account rotate 608400 header"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			o := core.Outcome{Status: 429, Headers: headers(tt.headers)}
			assert.Equal(t, tt.want, told(read(tt.provider, "m", o, now)))
		})
	}
}

var catalogue = func() map[string]*core.Provider {
	all := map[string]*core.Provider{}
	for _, p := range providers.All() {
		all[p.ID] = &p
	}
	return all
}()

// read asks with what the catalogue knows of a provider.
func read(provider, model string, o core.Outcome, at core.Time) core.Fault {
	p := catalogue[provider]
	if p == nil {
		p = &core.Provider{ID: provider}
	}
	return fault.Read(p, model, o, at)
}

func told(f core.Fault) string { return samples.Told(f, now).String() }

const now = samples.Now

func headers(text string) (all []core.Header) {
	for line := range strings.SplitSeq(text, "\n") {
		if name, value, ok := strings.Cut(line, ": "); ok {
			all = append(all, core.Header{Name: strings.ToLower(name), Value: value})
		}
	}
	return all
}

func TestUnspentWindowsBenchNobody(t *testing.T) {
	o := core.Outcome{OK: true, Status: 200, Headers: headers("anthropic-ratelimit-unified-5h-utilization: 0.42\nanthropic-ratelimit-unified-7d-utilization: 0.59\nx-ratelimit-remaining-requests: 49\nx-ratelimit-reset-requests: 1m")}
	f := read("anthropic", "m", o, now)
	assert.Equal(t, core.Unknown, f.Kind)
	assert.True(t, f.Until.IsZero())
}

func TestWhatTheHostSawItself(t *testing.T) {
	tests := []struct {
		name    string
		outcome core.Outcome
		want    string
	}{
		{"aborted", core.Outcome{Aborted: true, Status: 429}, "aborted request surface - default"},
		{"not sent", core.Outcome{NotSent: true, Text: "no credential"}, "misconfigured account suspend - default"},
		{"timed out", core.Outcome{TimedOut: true}, "timeout request retry 0.5 default"},
		{"timed out in a stream", core.Outcome{TimedOut: true, Status: 200}, "timeout request retry 0.5 default"},
		{"refused, then slow to close", core.Outcome{TimedOut: true, Status: 429}, "rate_limited account rotate 60 default"},
		{"empty", core.Outcome{Empty: true, Status: 200}, "empty request retry 0.5 default"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) { assert.Equal(t, tt.want, told(read("x", "m", tt.outcome, now))) })
	}
}

func TestWordsNeverOutrankTheStatus(t *testing.T) {
	for status, kind := range map[int]core.FaultKind{429: core.RateLimited, 500: core.Overloaded, 503: core.Overloaded, 408: core.Timeout} {
		for _, text := range []string{"400 token 401 402 403 404", "prompt is too long", "Invalid API key", "bad request", "forbidden", "ECONNRESET"} {
			o := core.Outcome{Status: status, Body: text, Text: text}
			assert.Equal(t, kind, read("x", "m", o, now).Kind, "%d %s", status, text)
		}
	}
}

func TestCausesHoldNoWordOfTheProvider(t *testing.T) {
	f := read("x", "m", core.Outcome{Status: 401, Body: `{"error":{"message":"Incorrect API key provided: sk-live-1"}}`}, now)
	assert.Equal(t, "key rejected (401)", f.Cause)
}

func TestMonthsMayLastLonger(t *testing.T) {
	o := core.Outcome{Status: 429, Body: `{"error":{"message":"monthly limit reached","resets_in_seconds":2592000}}`}
	assert.Equal(t, 30*core.Day, read("x", "m", o, now).Until.Sub(now))
}

// BenchmarkHostile reads bodies that are made to be slow.
func BenchmarkHostile(b *testing.B) {
	for name, body := range map[string]string{
		"brackets": strings.Repeat("[", 64<<10),
		"objects":  strings.Repeat(`{"error":`, 7<<10),
		"waits":    strings.Repeat("try again in ", 5<<10),
		"events":   strings.Repeat("data: error\n", 5<<10),
		"fields":   `{"error":{` + strings.Repeat(`"resets_at":"x",`, 4<<10) + `"a":1}}`,
		"message":  `{"error":{"message":"` + strings.Repeat(`{ `, 30<<10) + `}"}}`,
		"sample":   `{"error":{"message":"Rate limit reached for gpt-5 in organization org-x on tokens per min (TPM): Limit 30000. Please try again in 6.1s.","type":"tokens","code":"rate_limit_exceeded"}}`,
	} {
		b.Run(name, func(b *testing.B) {
			for b.Loop() {
				read("someone", "m", core.Outcome{Status: 429, Body: body, Text: body}, now)
			}
		})
	}
}

func TestGoogleDayEndsAtMidnightPacific(t *testing.T) {
	body := `{"error":{"code":429,"details":[{"violations":[{"quotaId":"GenerateRequestsPerDayPerProjectPerModel-FreeTier"}]}]}}`
	for from, to := range map[string]string{
		"2026-01-15T10:00:00Z": "2026-01-16T08:00:00Z",
		"2026-03-08T09:59:00Z": "2026-03-09T08:00:00Z", // one minute before summer; the end is taken in winter time, an hour late
		"2026-03-08T10:00:00Z": "2026-03-09T07:00:00Z",
		"2026-07-15T06:59:00Z": "2026-07-15T07:00:00Z",
		"2026-11-01T08:59:00Z": "2026-11-02T07:00:00Z", // one minute before winter; an hour early
		"2026-11-01T09:00:00Z": "2026-11-02T08:00:00Z",
	} {
		at, _ := core.ParseTimestamp(from)
		want, _ := core.ParseTimestamp(to)
		assert.Equal(t, want, read("google", "m", core.Outcome{Status: 429, Body: body}, at).Until, from)
	}
}
