package e2e_test

import (
	"encoding/base64"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"pimultiauth/tests/pis"
	"pimultiauth/tests/vendor"
)

// vendors is a stage behind preload.mjs: every address that Pi or the extension knows leads to the scripted server, and the code under
// test is the code that ships.
func vendors(t *testing.T, run func(s *stage)) {
	t.Helper()
	versions(t, func(t *testing.T, pi pis.Pi) {
		home, err := pis.NewHome(t.TempDir())
		require.NoError(t, err)
		home.Extension, err = pis.Shipped()
		require.NoError(t, err)
		server := vendor.StartAll()
		t.Cleanup(server.Close)
		home.Env = append(server.Env(filepath.Join(pis.Root(), "tests", "vendor", "preload.mjs")), "PI_MULTI_AUTH_RUNTIME_DIR="+home.Agent)
		s := &stage{T: t, home: home, vendor: server, pi: pi, back: ownLoopback()}
		home.Env = append(home.Env, "SCRIPTED_VENDORS_CALLBACK="+s.back)
		run(s)
	})
}

var loopbacks atomic.Uint32

// ownLoopback is an address of loopback that no other stage has, in this process or in one beside it. Only Linux has more than one.
func ownLoopback() string {
	if runtime.GOOS != "linux" {
		return "127.0.0.1"
	}
	own, of := loopbacks.Add(1), os.Getpid()
	return fmt.Sprintf("127.%d.%d.%d", 1+of/250%250, 1+of%250, 1+own%250)
}

// chatGPT is an access token of ChatGPT as far as Pi and the extension read it: its account is in a claim.
func chatGPT(account string) string {
	claims := fmt.Sprintf(`{"exp":4102444800,"https://api.openai.com/auth":{"chatgpt_account_id":%q,"chatgpt_plan_type":"plus"}}`, account)
	return "eyJhbGciOiJSUzI1NiJ9." + base64.RawURLEncoding.EncodeToString([]byte(claims)) + ".c2lnbmF0dXJl"
}

// copilot is a session token of Copilot, which names the host that it is good for.
func copilot(who, host string) string {
	return "tid=" + who + ";exp=4102444800;proxy-ep=proxy." + host + ";"
}

func key(key, env string) string {
	if env == "" {
		return fmt.Sprintf(`{"type":"api_key","key":%q}`, key)
	}
	return fmt.Sprintf(`{"type":"api_key","key":%q,"env":{%s}}`, key, env)
}

func signedIn(access, refresh, more string) string {
	return fmt.Sprintf(`{"type":"oauth","access":%q,"refresh":%q,"expires":4102444800000%s}`, access, refresh, more)
}

func failure(status int, body string, headers ...string) vendor.Step {
	step := vendor.Step{Status: status, Body: body, Header: map[string]string{}}
	for i := 0; i+1 < len(headers); i += 2 {
		step.Header[headers[i]] = headers[i+1]
	}
	return step
}

// vendorCase is one provider with two accounts, the first of which is refused.
type vendorCase struct {
	// name says the wire; provider is its id, new what Pi 1.5.2 calls it where that differs.
	name, provider, new, model string
	// entries are what auth.json holds, keys what the vendor is to see of each, hosts where.
	entries, keys, hosts [2]string
	// first is what must never be seen beside the second account.
	first []string
	// refusal is the vendor's own answer to the first account.
	refusal vendor.Step
	// words are parts of what status says of the first account then.
	words []string
	// wants are headers that the second account's request carries.
	wants map[string]string
	// tries is how often the adapter asks by itself although it was told not to; 0 is once.
	tries int
	// path is the path that the second account's request takes; "" is any.
	path string
}

func vendorCases() []vendorCase {
	one := func(host string) [2]string { return [2]string{host, host} }
	plain := [2]string{key("first-key", ""), key("second-key", "")}
	keys := [2]string{"first-key", "second-key"}
	a, b := chatGPT("acc-first"), chatGPT("acc-second")
	individual, business := copilot("first", "individual.githubcopilot.com"), copilot("second", "business.githubcopilot.com")
	return []vendorCase{
		{name: "openai-completions", provider: "groq", model: "llama-3.1-8b-instant", entries: plain, keys: keys, hosts: one("api.groq.com"),
			refusal: failure(429, `{"error":{"message":"Rate limit reached for model llama-3.1-8b-instant in organization org_01 service tier on_demand on tokens per minute (TPM): Limit 6000, Used 5900, Requested 700. Please try again in 6m0s.","type":"tokens","code":"rate_limit_exceeded"}}`, "retry-after", "360"),
			words:   []string{"llama-3.1-8b-instant", "rate limited"}},
		{name: "openai-completions", provider: "deepseek", model: "deepseek-flash", entries: plain, keys: keys, hosts: one("api.deepseek.com"),
			refusal: failure(402, `{"error":{"message":"Insufficient Balance","type":"unknown_error","param":null,"code":"invalid_request_error"}}`),
			words:   []string{"no credit"}},
		{name: "openai-completions", provider: "openrouter", model: "openai/gpt-4o-mini", entries: plain, keys: keys, hosts: one("openrouter.ai"),
			refusal: failure(402, `{"error":{"message":"Insufficient credits. Add more using https://openrouter.ai/settings/credits","code":402}}`),
			words:   []string{"no credit"}},
		{name: "openai-completions", provider: "cloudflare-workers-ai", model: "@cf/deepseek-ai/deepseek-v4-flash-0731",
			entries: [2]string{key("first-key", `"CLOUDFLARE_ACCOUNT_ID":"0123456789abcdef0123456789abcdef"`), key("second-key", `"CLOUDFLARE_ACCOUNT_ID":"fedcba9876543210fedcba9876543210"`)},
			keys:    keys, hosts: one("api.cloudflare.com"), first: []string{"0123456789abcdef0123456789abcdef"},
			refusal: failure(429, `{"errors":[{"message":"AiError: you have used up your daily free allocation of 10,000 neurons, please upgrade to Cloudflare's Workers Paid plan if you would like to continue usage.","code":4006}],"success":false,"result":{},"messages":[]}`),
			words:   []string{"quota"}, path: "/client/v4/accounts/fedcba9876543210fedcba9876543210/ai/v1/chat/completions"},
		{name: "openai-responses", provider: "openai", model: "gpt-4.1", entries: plain, keys: keys, hosts: one("api.openai.com"),
			refusal: failure(429, `{"error":{"message":"You exceeded your current quota, please check your plan and billing details.","type":"insufficient_quota","param":null,"code":"insufficient_quota"}}`),
			words:   []string{"quota spent"}},
		{name: "openai-responses", provider: "xai", model: "grok-4.5", entries: plain, keys: keys, hosts: one("api.x.ai"),
			refusal: failure(401, `{"code":"unauthenticated:bad-credentials","error":"Incorrect API key provided: fi***ey. You can obtain an API key from https://console.x.ai."}`),
			words:   []string{"needs you"}},
		{name: "anthropic-messages", provider: "anthropic", model: "claude-haiku-4-5", entries: plain, keys: keys, hosts: one("api.anthropic.com"),
			refusal: failure(400, `{"type":"error","error":{"type":"invalid_request_error","message":"Your credit balance is too low to access the Anthropic API. Please go to Plans & Billing to upgrade or purchase credits."}}`),
			words:   []string{"no credit"}},
		{name: "anthropic-messages with logins", provider: "anthropic", model: "claude-haiku-4-5",
			entries: [2]string{signedIn("sk-ant-oat01-first", "refresh-first", ""), signedIn("sk-ant-oat01-second", "refresh-second", "")},
			keys:    [2]string{"sk-ant-oat01-first", "sk-ant-oat01-second"}, hosts: one("api.anthropic.com"), first: []string{"refresh-"},
			refusal: failure(429, `{"type":"error","error":{"type":"rate_limit_error","message":"This request would exceed your account's rate limit. Please try again later."}}`,
				"anthropic-ratelimit-unified-status", "rejected", "anthropic-ratelimit-unified-representative-claim", "five_hour",
				"anthropic-ratelimit-unified-5h-status", "rejected", "anthropic-ratelimit-unified-5h-utilization", "1.0", "anthropic-ratelimit-unified-5h-reset", "RESET"),
			words: []string{"quota"}, wants: map[string]string{"anthropic-beta": "oauth-2025-04-20"}},
		{name: "anthropic-messages, a login and then a key", provider: "anthropic", model: "claude-haiku-4-5",
			entries: [2]string{signedIn("sk-ant-oat01-first", "refresh-first", ""), key("second-key", "")},
			keys:    [2]string{"sk-ant-oat01-first", "second-key"}, hosts: one("api.anthropic.com"), first: []string{"refresh-", "oauth-2025-04-20", "claude-cli"},
			refusal: failure(401, `{"type":"error","error":{"type":"authentication_error","message":"OAuth token has been revoked. Please obtain a new token."}}`)},
		{name: "anthropic-messages", provider: "minimax", model: "MiniMax-M3", entries: plain, keys: keys, hosts: one("api.minimax.io"),
			refusal: failure(429, `{"type":"error","error":{"type":"rate_limit_error","message":"usage limit exceeded, 5-hour usage limit reached for Token Plan (2056)"}}`),
			words:   []string{"quota"}},
		{name: "anthropic-messages or openai-completions", provider: "fireworks", model: "accounts/fireworks/models/deepseek-v4-flash-0731", entries: plain, keys: keys, hosts: one("api.fireworks.ai"),
			new:     "fireworks",
			refusal: failure(401, `{"error":{"object":"error","type":"invalid_request_error","code":"unauthorized","message":"The API key you provided is invalid."}}`),
			words:   []string{"needs you"}},
		{name: "mistral-conversations", provider: "mistral", model: "codestral-latest", entries: plain, keys: keys, hosts: one("api.mistral.ai"),
			refusal: failure(429, `{"object":"error","message":"Rate limit exceeded","type":"rate_limited","param":null,"code":"1300"}`),
			words:   []string{"resting"}},
		{name: "google-generative-ai", provider: "google", model: "gemini-2.5-flash", entries: plain, keys: keys, hosts: one("generativelanguage.googleapis.com"),
			refusal: failure(429, `{"error":{"code":429,"message":"You exceeded your current quota, please check your plan and billing details.","status":"RESOURCE_EXHAUSTED","details":[{"@type":"type.googleapis.com/google.rpc.QuotaFailure","violations":[{"quotaMetric":"generativelanguage.googleapis.com/generate_content_free_tier_requests","quotaId":"GenerateRequestsPerDayPerProjectPerModel-FreeTier","quotaValue":"250"}]},{"@type":"type.googleapis.com/google.rpc.RetryInfo","retryDelay":"34s"}]}}`)},
		{name: "openai-codex-responses over SSE", provider: "openai-codex", model: "gpt-5.5",
			entries: [2]string{signedIn(a, "refresh-first", `,"accountId":"acc-first"`), signedIn(b, "refresh-second", `,"accountId":"acc-second"`)},
			keys:    [2]string{a, b}, hosts: one("chatgpt.com"), first: []string{"acc-first", "refresh-"},
			refusal: failure(429, `{"error":{"type":"usage_limit_reached","message":"The usage limit has been reached","plan_type":"plus","resets_in_seconds":12800}}`),
			words:   []string{"quota"}, wants: map[string]string{"chatgpt-account-id": "acc-second"}},
		{name: "github-copilot over anthropic-messages", provider: "github-copilot", model: "claude-haiku-4.5",
			entries: [2]string{signedIn(individual, "gho_first", ""), signedIn(business, "gho_second", "")},
			keys:    [2]string{individual, business}, hosts: [2]string{"api.individual.githubcopilot.com", "api.business.githubcopilot.com"}, first: []string{"gho_", "individual"},
			refusal: failure(402, `{"error":{"message":"You have no quota","code":"quota_exceeded"}}`), words: []string{"quota"}},
		{name: "github-copilot over openai-responses", provider: "github-copilot", model: "gpt-5-mini",
			entries: [2]string{signedIn(individual, "gho_first", ""), signedIn(business, "gho_second", "")},
			keys:    [2]string{individual, business}, hosts: [2]string{"api.individual.githubcopilot.com", "api.business.githubcopilot.com"}, first: []string{"gho_", "individual"},
			refusal: failure(429, `{"error":{"message":"Sorry, you have been rate-limited. Please wait a moment before trying again.","code":"rate_limited"}}`, "retry-after", "90"), words: []string{"resting"}},
		{name: "azure-openai-responses", provider: "azure-openai-responses", new: "azure", model: "gpt-4.1",
			entries: [2]string{key("first-key", `"AZURE_OPENAI_RESOURCE_NAME":"first-resource"`), key("second-key", `"AZURE_OPENAI_RESOURCE_NAME":"second-resource"`)},
			keys:    keys, hosts: [2]string{"first-resource.openai.azure.com", "second-resource.openai.azure.com"}, first: []string{"first-resource"},
			refusal: failure(429, `{"error":{"code":"RateLimitReached","message":"Your requests to gpt-4.1 have exceeded token rate limit of your current pricing tier. Please retry after 55 seconds."}}`, "retry-after", "55"),
			words:   []string{"resting"}},
		{name: "bedrock-converse-stream with a bearer token", provider: "amazon-bedrock", model: "amazon.nova-lite-v1:0",
			entries: [2]string{key("first-key", `"AWS_REGION":"us-west-2"`), key("second-key", `"AWS_REGION":"eu-central-1"`)},
			keys:    keys, hosts: [2]string{"bedrock-runtime.us-west-2.amazonaws.com", "bedrock-runtime.eu-central-1.amazonaws.com"}, first: []string{"us-west-2"},
			refusal: failure(429, `{"message":"Too many tokens per day, please wait before trying again."}`, "x-amzn-errortype", "ThrottlingException"),
			tries:   3, words: []string{"quota spent"}},
		{name: "bedrock-converse-stream, a time is named", provider: "amazon-bedrock", model: "amazon.nova-lite-v1:0",
			entries: plain, keys: keys, hosts: one("bedrock-runtime.us-east-1.amazonaws.com"),
			refusal: failure(429, `{"message":"Too many requests, please wait before trying again."}`, "x-amzn-errortype", "ThrottlingException", "retry-after", "300"),
			words:   []string{"blocked", "rate limited"}},
	}
}

func TestEveryWireGoesToTheSecondAccount(t *testing.T) {
	for _, c := range vendorCases() {
		t.Run(c.provider+": "+c.name, func(t *testing.T) {
			vendors(t, func(s *stage) {
				id := c.provider
				if c.new != "" && s.pi.Version != pis.Old().Version {
					id = c.new
				}
				require.NoError(s, s.home.Write("settings.json", `{"transport":"sse"}`))
				s.entries(fmt.Sprintf(`{%q:%s,%q:%s}`, id, c.entries[0], id+"-1", c.entries[1]))
				s.vendor.Script(c.keys[0], dated(c.refusal))
				s.vendor.Script(c.keys[1], vendor.Step{})
				ran := s.run("--model", id+"/"+c.model, "-p", "hello")
				assert.Equal(s, "ok\n", ran.Out, ran.Err)
				tries := max(c.tries, 1)
				assert.Equal(s, append(slices.Repeat(c.keys[:1], tries), c.keys[1]), s.vendor.Keys())
				if asked := s.vendor.Asked(); len(asked) == tries+1 {
					asked = asked[tries-1:]
					assert.Equal(s, c.hosts, [2]string{asked[0].Host, asked[1].Host})
					second := fmt.Sprintln(asked[1].Host, asked[1].Path, asked[1].Header, asked[1].Body)
					for _, secret := range append([]string{c.keys[0], "first-key"}, c.first...) {
						assert.NotContains(s, second, secret, "nothing of the first account goes with the second")
					}
					for name, value := range c.wants {
						assert.Contains(s, asked[1].Header.Get(name), value)
					}
					if c.path != "" {
						assert.Equal(s, c.path, asked[1].Path)
					}
				}
				status := s.run("-p", "/multi-auth status").Out
				for _, word := range c.words {
					assert.Contains(s, status, word)
				}
				for _, secret := range c.keys {
					assert.NotContains(s, status, secret)
				}
				assert.Equal(s, s.auth, s.home.Read("auth.json"))
			})
		})
	}
}

// dated puts a time in an hour where a header asks for one.
func dated(step vendor.Step) vendor.Step {
	headers := map[string]string{}
	for name, value := range step.Header {
		headers[name] = strings.ReplaceAll(value, "RESET", fmt.Sprint(time.Now().Add(time.Hour).Unix()))
	}
	step.Header = headers
	return step
}
