package core

import (
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
)

func TestOverrideHeaders(t *testing.T) {
	good, bad := 0, 0
	for _, c := range corpus(t, "headers.jsonl") {
		name, value := c.Get("name").Str, c.Get("value")
		text := string(AppendQuoted(nil, name))
		o, why := ReadOverride(`{"headers":{` + text + `:` + value.Raw + `}}`)
		if c.Get("bad").Exists() {
			bad++
			assert.NotEmpty(t, why, "%s is taken (%s)", c.Raw, c.Get("bad"))
			if len(value.Str) > 3 {
				assert.NotContains(t, why, value.Str)
			}
			continue
		}
		good++
		assert.Empty(t, why, c.Raw)
		if assert.Len(t, o.Headers, 1, c.Raw) {
			again, why := ReadOverride(o.Text())
			assert.Empty(t, why)
			assert.Equal(t, o, again)
		}
	}
	assert.GreaterOrEqual(t, good, 50)
	assert.GreaterOrEqual(t, bad, 80)
}

func TestOverrides(t *testing.T) {
	for _, c := range []struct{ why, request, want, say string }{
		{"absent", "", "{}", ""},
		{"empty", "{}", "{}", ""},
		{"null", "null", "", "request must be an object"},
		{"list", "[]", "", "request must be an object"},
		{"text", `"x"`, "", "request must be an object"},
		{"base URL of null", `{"baseUrl":null}`, "", "request.baseUrl must be a string"},
		{"base URL of 1", `{"baseUrl":1}`, "", "request.baseUrl must be a string"},
		{"blank", `{"baseUrl":"  "}`, "", "request.baseUrl is empty"},
		{"O1", `{"baseUrl":"https://x.io/v1/"}`, `{"baseUrl":"https://x.io/v1"}`, ""},
		{"O10 list", `{"headers":[]}`, "", "request.headers must be an object"},
		{"O10 null", `{"headers":null}`, "", "request.headers must be an object"},
		{"O10 text", `{"headers":"x"}`, "", "request.headers must be an object"},
		{"names in two cases", `{"headers":{"Authorization":"a","authorization":"b"}}`, "", `"authorization" is there twice`},
		{"consent", `{"baseUrl":"https://10.0.0.1","allowPrivateNetwork":true}`, `{"baseUrl":"https://10.0.0.1","allowPrivateNetwork":true}`, ""},
		{"consent has to be true", `{"baseUrl":"https://10.0.0.1","allowPrivateNetwork":"true"}`, "", "private network"},
		{"the secret as a name", `{"headers":{"Bearer sk-secret":"x"}}`, "", "a name is no name of a header"},
		{"unknown fields are left out", `{"baseUrl":"https://x.io","method":"GET"}`, `{"baseUrl":"https://x.io"}`, ""},
	} {
		o, why := ReadOverride(c.request)
		if c.say != "" {
			assert.Contains(t, why, c.say, c.why)
			assert.NotContains(t, why, "secret", c.why)
			assert.Equal(t, Override{}, o, c.why)
			continue
		}
		assert.Empty(t, why, c.why)
		assert.Equal(t, c.want, o.Text(), c.why)
	}
	many := `{"headers":{`
	for i := range 33 {
		if many += `"x-` + strconv.Itoa(i) + `":"v"`; i < 32 {
			many += ","
		}
		if i == 31 {
			_, why := ReadOverride(strings.TrimSuffix(many, ",") + "}}")
			assert.Empty(t, why)
		}
	}
	_, why := ReadOverride(many + "}}")
	assert.Contains(t, why, "more than 32")
}

// O8: names are compared without case, and the account's counts.
func TestHeadersMergeWithoutCase(t *testing.T) {
	got := MergeHeaders([]SecretHeader{{"a", "caller"}, {"Q", "1"}}, []SecretHeader{{"A", "b"}})
	assert.Equal(t, []SecretHeader{{"Q", "1"}, {"A", "b"}}, got)
}

// S3: a credential goes to the catalogue's origins and to its own account's override, and nowhere else.
func TestCredentialsAreBoundToTheirOrigin(t *testing.T) {
	p := Provider{Origins: []string{"https://api.x.io", "https://bedrock-runtime.*.amazonaws.com", "https://*-aiplatform.googleapis.com"}}
	own := Override{BaseURL: "https://proxy.example:8443/v1"}
	for _, c := range []struct {
		origin string
		own    Override
		may    bool
	}{
		{"https://api.x.io", Override{}, true},
		{"https://API.x.io:443", Override{}, true},
		{"https://bedrock-runtime.eu-west-1.amazonaws.com", Override{}, true},
		{"https://europe-west4-aiplatform.googleapis.com", Override{}, true},
		{"https://proxy.example:8443", own, true},
		{"http://127.0.0.1:9", Override{BaseURL: "http://127.0.0.1:9/v1"}, true},
		{"https://10.0.0.1", Override{BaseURL: "https://10.0.0.1", Private: true}, true},
		{"https://10.0.0.1", Override{BaseURL: "https://10.0.0.1"}, false},
		{"https://proxy.example:8443", Override{}, false},
		{"https://proxy.example", own, false},
		{"http://api.x.io", Override{}, false},
		{"https://api.x.io:8443", Override{}, false},
		{"https://api.x.io.evil.example", Override{}, false},
		{"https://evil.example/https://api.x.io", Override{}, false},
		{"https://api.x.io@evil.example", Override{}, false},
		{"https://xapi.x.io", Override{}, false},
		{"https://bedrock-runtime.a.b.amazonaws.com", Override{}, false},
		{"https://bedrock-runtime..amazonaws.com", Override{}, false},
		{"https://evil.example.bedrock-runtime.x.amazonaws.com", Override{}, false},
		{"https://bedrock-runtime.x.amazonaws.com.evil.example", Override{}, false},
		{"https://-aiplatform.googleapis.com", Override{}, false},
		{"https://x.evil-aiplatform.googleapis.com.evil.example", Override{}, false},
		{"", Override{}, false},
		{"null", Override{}, false},
	} {
		assert.Equal(t, c.may, p.MayReach(c.origin, c.own), c.origin)
	}
}

func FuzzReadOverride(f *testing.F) {
	for _, c := range corpus(f, "headers.jsonl") {
		f.Add(`{"baseUrl":"https://x.io/v1","headers":{` + string(AppendQuoted(nil, c.Get("name").Str)) + `:` + c.Get("value").Raw + `}}`)
	}
	f.Fuzz(func(t *testing.T, text string) {
		o, why := ReadOverride(text)
		if why != "" {
			if len(o.Headers) > 0 || o.BaseURL != "" {
				t.Fatalf("%q is refused and answered", text)
			}
			return
		}
		again, why := ReadOverride(o.Text())
		if why != "" || again.Text() != o.Text() {
			t.Fatalf("%q is read as %s and that as %s (%s)", text, o.Text(), again.Text(), why)
		}
	})
}
