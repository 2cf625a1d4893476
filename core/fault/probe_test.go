package fault_test

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"

	"pimultiauth/core"
	"pimultiauth/core/fault"
)

func TestProbesAreWorthIt(t *testing.T) {
	blind := func(text string) core.Outcome { return core.Outcome{Blind: true, Text: text} }
	tests := []struct {
		name    string
		outcome core.Outcome
		last    core.Time
		want    bool
	}{
		{"401 without a body", blind("401 status code (no body)"), 0, true},
		{"402 without a body", blind("402 status code (no body)"), 0, true},
		{"403 without a body, in an adapter's frame", blind("OpenAI API error: 403 status code (no body)"), 0, true},
		{"429 without a body", blind("429 status code (no body)"), 0, true},
		{"a minute later", blind("429 status code (no body)"), now.Add(-core.Minute), true},
		{"within a minute", blind("429 status code (no body)"), now.Add(-59 * core.Second), false},
		{"P9 a status in words", blind("429 Too Many Requests"), 0, false},
		{"a 429 that names its end", blind("429 status code; retry after 30 seconds"), 0, false},
		{"a failure of the provider", blind("500 status code (no body)"), 0, false},
		{"an overlong request", blind("400 status code (no body)"), 0, false},
		{"the host saw the answer", core.Outcome{Status: 429, Blind: true, Text: "429 status code (no body)"}, 0, false},
		{"the host could see", core.Outcome{Text: "429 status code (no body)"}, 0, false},
		{"four digits", blind("1429 status code (no body)"), 0, false},
		{"stopped", core.Outcome{Blind: true, Aborted: true, Text: "429 status code (no body)"}, 0, false},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) { assert.Equal(t, tt.want, fault.ProbeWorth(tt.outcome, tt.last, now)) })
	}
}

// TestProbesTellWhy holds the rows about what a probe answers. P10 and P11 are the engine's.
func TestProbesTellWhy(t *testing.T) {
	blind := core.Outcome{Blind: true, Text: "429 status code (no body)"}
	forbidden := core.Outcome{Blind: true, Text: "403 status code (no body)"}
	answer := func(status int, body string) core.FetchResult {
		return core.FetchResult{Status: status, Body: core.Secret(body)}
	}
	tests := []struct {
		name    string
		outcome core.Outcome
		answer  core.FetchResult
		want    string
	}{
		{"P2 quotes inside the message", forbidden, answer(403, `{"error":{"message":"Denied \"quoted\": your account has been suspended"}}`), "forbidden account suspend - body"},
		{"P3 a code with blanks", forbidden, answer(403, `{"error":{"type":"billing error here","message":"insufficient balance"}}`), "unpaid account suspend - body"},
		{"P7 it went well", blind, answer(200, `{"choices":[]}`), "rate_limited account rotate 60 default"},
		{"P7 no body", blind, answer(429, " "), "rate_limited account rotate 60 default"},
		{"another status", blind, answer(401, `{"error":{"message":"insufficient balance"}}`), "rate_limited account rotate 60 default"},
		{"no answer", blind, answer(0, ""), "rate_limited account rotate 60 default"},
		{"P8 a long message", blind, answer(429, `{"error":{"message":"`+strings.Repeat("long ", 400)+`insufficient balance","code":"x"}}`), "unpaid account suspend - body"},
		{"P12 a body without a message", blind, answer(429, `{"foo":1}`), "rate_limited account rotate 60 default"},
		{"the day of Cloudflare", blind, answer(429, `{"errors":[{"code":4006,"message":"used up your daily free allocation"}]}`), "quota_spent upstream rotate 50400 body"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			provider := "someone"
			if strings.Contains(tt.name, "Cloudflare") {
				provider = "cloudflare-workers-ai"
			}
			assert.Equal(t, tt.want, told(read(provider, "m", fault.Probed(tt.outcome, tt.answer), now)))
		})
	}
}

func TestWhatMovesWithARequest(t *testing.T) {
	tests := []struct {
		api   string
		bound []string
		strip []string
		stays bool
	}{
		{"openai-codex-responses", []string{"encrypted", "response"}, []string{"encrypted", "response"}, false},
		{"openai-responses", []string{"encrypted"}, []string{"encrypted"}, false},
		{"anthropic-messages", []string{"thinking"}, nil, false},
		{"google-generative-ai", []string{"thinking"}, nil, false},
		{"openai-responses", []string{"file"}, nil, true},
		{"openai-responses", []string{"something new"}, nil, false},
		{"someone's own api", []string{"encrypted"}, nil, false},
	}
	for _, tt := range tests {
		strip, stays := fault.Move(tt.api, tt.bound)
		assert.Equal(t, tt.strip, strip, "%s %v", tt.api, tt.bound)
		assert.Equal(t, tt.stays, stays, "%s %v", tt.api, tt.bound)
	}
}

func TestRefusalsOfBoundContentAreKnown(t *testing.T) {
	tests := []struct {
		name    string
		outcome core.Outcome
		want    string
	}{
		{"encrypted reasoning", core.Outcome{Status: 400, Body: `{"error":{"message":"The encrypted content gAAA could not be verified. Reason: Encrypted content organization_id did not match the target organization.","type":"invalid_request_error","code":"invalid_encrypted_content"}}`}, "encrypted"},
		{"an item that was not kept", core.Outcome{Status: 404, Body: `{"error":{"message":"Item with id 'rs_68' not found. Items are not persisted when ` + "`store`" + ` is set to false. Try again with store set to true, or remove this item from your input.","type":"invalid_request_error","param":"input"}}`}, "encrypted"},
		{"an answer of another account", core.Outcome{Status: 400, Body: `{"error":{"message":"Previous response with id 'resp_68' not found.","type":"invalid_request_error","param":"previous_response_id","code":"previous_response_not_found"}}`}, "response"},
		{"signed thinking", core.Outcome{Status: 400, Body: "{\"type\":\"error\",\"error\":{\"type\":\"invalid_request_error\",\"message\":\"messages.1.content.0: Invalid `signature` in `thinking` block\"}}"}, "thinking"},
		{"signed thought", core.Outcome{Status: 400, Body: `{"error":{"code":400,"message":"Thought signature is not valid","status":"INVALID_ARGUMENT"}}`}, "thinking"},
		{"a file", core.Outcome{Status: 404, Body: `{"error":{"message":"No such File object: file-abc","type":"invalid_request_error","param":"id","code":null}}`}, "file"},
		{"text alone", core.Outcome{Text: `400 {"type":"error","error":{"type":"invalid_request_error","message":"messages.1.content.0: Invalid ` + "`signature` in `thinking`" + ` block"}}`}, "thinking"},
		{"any other refusal", core.Outcome{Status: 400, Body: `{"error":{"message":"Unknown parameter: 'foo'."}}`}, ""},
		{"an overlong request", core.Outcome{Status: 400, Body: `{"error":{"message":"prompt is too long"}}`}, ""},
		{"a rate", core.Outcome{Status: 429, Body: `{"error":{"message":"previous_response_id"}}`}, ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			f := read("openai", "m", tt.outcome, now)
			assert.Equal(t, tt.want, f.Bound)
			if tt.want != "" {
				assert.Equal(t, core.BadRequest, f.Kind)
			}
		})
	}
}
