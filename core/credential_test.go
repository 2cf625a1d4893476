package core

import (
	"encoding/base64"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
)

func token(claims string, encoding *base64.Encoding) string {
	return encoding.EncodeToString([]byte(`{"alg":"none"}`)) + "." + encoding.EncodeToString([]byte(claims)) + ".c2ln"
}

func TestAKeyIsReadAsPiReadsIt(t *testing.T) {
	for _, c := range []struct {
		key, secret string
		template    bool
	}{
		{"sk-a", "sk-a", false}, {"a$$b", "a$b", false}, {"$!a", "!a", false}, {"$$NAME", "$NAME", false}, {"a$", "a$", false}, {"a$9", "a$9", false}, {"$-$", "$-$", false},
		{"${9}$$", "${9}$", false}, {"${a b}c", "${a b}c", false}, {"${a$B}", "${a$B}", false}, {"${", "${", false}, {"${}", "${}", false}, {"a$$$$", "a$$", false}, {"a!b", "a!b", false},
		{"$NAME", "$NAME", true}, {"a${_N9}b", "a${_N9}b", true}, {"$$$N", "$$$N", true}, {"!cat x", "!cat x", true}, {"${$N", "${$N", true}, {"$_", "$_", true},
	} {
		got, _ := ReadCredential(Secret((&Object{}).String("type", "api_key").String("key", c.key).Text()))
		assert.Equal(t, c.secret, got.Key.Reveal(), c.key)
		assert.Equal(t, c.template, got.Template, c.key)
		got, _ = ReadCredential(Secret((&Object{}).String("type", "api_key").String("key", EscapeTemplate(Secret(c.key)).Reveal()).Text()))
		assert.Equal(t, c.key, got.Key.Reveal(), "escaped")
		assert.False(t, got.Template, c.key)
	}
}

func TestCredentialsAreReadTotally(t *testing.T) {
	for _, c := range []struct {
		entry, form string
		ok          bool
	}{
		{`{"type":"api_key","key":"sk-a"}`, "key", true},
		{`{"type":"api_key","key":"$NAME"}`, "template", true},
		{`{"type":"api_key","key":"pre${NAME}"}`, "template", true},
		{`{"type":"api_key","key":"!op read x"}`, "template", true},
		{`{"type":"api_key","key":"a$$b"}`, "key", true},
		{`{"type":"api_key","env":{"AWS_PROFILE":"x"}}`, "environment", true},
		{`{"type":"oauth","access":"a","refresh":"r","expires":1,"accountId":7,"more":{"deep":[]}}`, "access token", true},
		{`{"type":"oauth","refresh":"r"}`, "access token", true},
		{`{"type":"oauth"}`, "", false},
		{`{"type":"api_key"}`, "", false},
		{`{"type":"api_key","key":7,"env":"x"}`, "key", true},
		{`{"type":"api_key","key":null}`, "", false},
		{`{"type":"other","key":"x"}`, "", false},
		{`{}`, "", false}, {`[]`, "", false}, {`null`, "", false}, {`"x"`, "", false}, {``, "", false}, {`{"type":"api_key","key":"x"`, "", false},
	} {
		got, ok := ReadCredential(Secret(c.entry))
		assert.Equal(t, c.ok, ok, c.entry)
		if ok {
			assert.Equal(t, c.form, Provider{}.Form(got), c.entry)
		}
	}
}

func TestTheEndOfASecret(t *testing.T) {
	cline := Provider{TokenPrefix: "workos:"}
	for _, c := range []struct {
		why   string
		p     Provider
		entry string
		want  Time
	}{
		{"milliseconds", Provider{}, `{"type":"oauth","access":"a","expires":1768471200000}`, 1768471200000},
		{"seconds", Provider{}, `{"type":"oauth","access":"a","expires":1768471200}`, 1768471200000},
		{"text", Provider{}, `{"type":"oauth","access":"a","expires":"1768471200000"}`, 1768471200000},
		{"never", Provider{}, `{"type":"oauth","access":"a","expires":9007199254740991}`, 0},
		{"negative", Provider{}, `{"type":"oauth","access":"a","expires":-5}`, 0},
		{"nonsense", Provider{}, `{"type":"oauth","access":"a","expires":"soon"}`, 0},
		{"the token's own", Provider{}, `{"type":"oauth","access":"` + token(`{"exp":1768471200}`, base64.RawURLEncoding) + `"}`, 1768471200000},
		{"K12", cline, `{"type":"api_key","key":"workos:` + token(`{"exp":1768471199}`, base64.StdEncoding) + `"}`, 1768471199000},
		{"K15: no other provider's keys", Provider{}, `{"type":"api_key","key":"workos:` + token(`{"exp":1}`, base64.RawURLEncoding) + `"}`, 0},
	} {
		got, ok := ReadCredential(Secret(c.entry))
		assert.True(t, ok, c.why)
		assert.Equal(t, c.want, c.p.Ends(got), c.why)
	}
}

// Both alphabets, with and without padding; what is larger than 16 kB or no object is nobody's.
func TestIdentityReadsTokens(t *testing.T) {
	rule := IdentityRule{Account: []string{"access/sub"}}
	claims := `{"sub":"ü?>~user~<?ÿ"}`
	for _, encoding := range []*base64.Encoding{base64.RawURLEncoding, base64.URLEncoding, base64.RawStdEncoding, base64.StdEncoding} {
		id := rule.Read(Secret(`{"type":"oauth","access":"` + token(claims, encoding) + `"}`))
		assert.Equal(t, Identity{Key: "account:ü?>~user~<?ÿ", Strong: true}, id)
	}
	for _, access := range []string{"a.b.c", "opaque", token(`[]`, base64.RawURLEncoding), token(`{"sub":7`, base64.RawURLEncoding), token(`{"sub":"x","fill":"`+strings.Repeat("x", 16<<10)+`"}`, base64.RawURLEncoding)} {
		assert.Empty(t, rule.Read(Secret(`{"type":"oauth","access":"`+access+`"}`)).Key, access)
	}
}

// Weakness 62 of the peer: different addresses must not become one.
func TestPlainSpellingMixesNobodyUp(t *testing.T) {
	rule := IdentityRule{Email: []string{"email"}, Plain: true}
	seen := map[string]string{}
	for _, email := range []string{"user@ex.com", "us_er@ex.com", "us+er@ex.com", "us.er@ex.com", "us-er@ex.com", "us er@ex.com", "üser@ex.com", "öser@ex.com", "用户@ex.com", "用@ex.com", strings.Repeat("a", 90) + "@ex.com", strings.Repeat("a", 91) + "@ex.com"} {
		key := rule.Read(Secret(`{"type":"oauth","access":"a","email":"` + email + `"}`)).Key
		assert.Empty(t, seen[key], "%s and %s are both %s", email, seen[key], key)
		seen[key] = email
	}
	assert.Equal(t, "user@ex.com", seen["email:user_ex.com"])
}

func TestMaskAndRedact(t *testing.T) {
	for secret, want := range map[Secret]string{
		"sk-ant-api03-aaaaaaaaaaaaaaaaaaaabcd": "sk-ant-api03-…abcd", "sk-aaaaaaaaaaaaaaaaaaaaabcd": "sk-…abcd", "aaaaaaaaaaaaaaaaaaaaabcd": "…abcd", "sk-short": "…", "": "…",
	} {
		assert.Equal(t, want, secret.Mask())
	}
	for _, c := range []struct{ text, want string }{
		{"Incorrect API key provided: sk-live-0123456789abcdef.", "Incorrect API key provided: [secret]."},
		{"bad key canary-known-1 given", "bad key [secret] given"},
		{"Authorization: Bearer abcdefgh12345678", "Authorization: Bearer [secret]"},
		{"https://x.io/v1?key=AIzaSyA1b2C3d4E5&alt=sse", "https://x.io/v1?key=[secret]&alt=sse"},
		{"token " + token(`{"sub":"x"}`, base64.RawURLEncoding) + " expired", "token [secret] expired"},
		{"workos:" + token(`{"sub":"x"}`, base64.RawURLEncoding), "[secret]"},
		{"gsk_0123456789 and hf_0123456789, ghp_0123456789!", "[secret] and [secret], [secret]!"},
		{"the task-list is full of sk-words and key_names", "the task-list is full of sk-words and key_names"},
		{"rate limit of 100 requests per minute", "rate limit of 100 requests per minute"},
		{"grüße €", "grüße €"},
	} {
		assert.Equal(t, c.want, Redact(c.text, []Secret{"canary-known-1", "x"}))
	}
}

func FuzzCredential(f *testing.F) {
	f.Add(`{"type":"oauth","access":"`+token(`{"https://api.openai.com/auth":{"chatgpt_account_id":"a"}}`, base64.RawURLEncoding)+`","refresh":"r","expires":1768471200}`, "text with sk-0123456789abc in it")
	f.Add(`{"type":"api_key","key":"workos:a.eyJleHAiOjF9.c","env":{"X":"y"},"request":{"baseUrl":"https://x.io"}}`, "Bearer canary-0123")
	f.Fuzz(func(t *testing.T, entry, text string) {
		c, ok := ReadCredential(Secret(entry))
		p := Provider{TokenPrefix: "workos:"}
		if ok {
			if form := p.Form(c); strings.Contains(form, "canary") {
				t.Fatal(form)
			}
			if ends := p.Ends(c); ends < 0 {
				t.Fatal(ends)
			}
		}
		id := IdentityRule{Account: []string{"accountId", `access/https://api\.openai\.com/auth.chatgpt_account_id`}, Email: []string{"email"}, Plain: true}.Read(Secret(entry))
		if id.Strong && id.Key == "" {
			t.Fatal("strong and unknown")
		}
		if !ok && id.Key != "" {
			t.Fatal("an identity of nothing")
		}
		once := Redact(text, []Secret{"canary-0123"})
		if strings.Contains(once, "canary-0123") {
			t.Fatal(once)
		}
	})
}

func TestAnEscapedKeyIsNoCommandAndNoVariable(t *testing.T) {
	for key, want := range map[Secret]Secret{"!rm -rf": "$!rm -rf", "a$HOME": "a$$HOME", "${X}": "$${X}", "!$": "$!$$", "plain": "plain", "": ""} {
		assert.Equal(t, want, EscapeTemplate(key))
	}
}
