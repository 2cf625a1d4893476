package oauth

import (
	"strings"
	"testing"

	"github.com/tidwall/gjson"

	"pimultiauth/core"
)

// Whatever a browser brings or a person pastes: a code is only taken from an answer to this login.
func FuzzCallback(f *testing.F) {
	for _, text := range []string{"code=c&state=s", "http://127.0.0.1:1/cb?code=c&state=s#x", "c0de", "error=access_denied", "?code=%zz&state=s", "code=c&state=t", "code=c&iss=https://x"} {
		f.Add(text, true)
		f.Add(text, false)
	}
	f.Fuzz(func(t *testing.T, text string, pasted bool) {
		code, query, err := codeOf(text, "s", "https://issuer.example", pasted)
		if (code == "") == (err == nil) {
			t.Fatalf("%q: code %q, error %v", text, code, err)
		}
		if err == nil && !pasted && core.QueryValue(query, "state") != "s" {
			t.Fatalf("%q is of another login", text)
		}
	})
}

// Whatever a token endpoint answers: what is kept is a credential that can be renewed, or nothing.
func FuzzTokenReply(f *testing.F) {
	f.Add(200, `{"access_token":"A","refresh_token":"R","expires_in":60}`)
	f.Add(200, `{"access_token":"A","expires_in":"soon"}`)
	f.Add(200, `{"refresh_token":"R"}`)
	f.Add(400, `{"error":"invalid_grant"}`)
	f.Add(200, `[`)
	f.Fuzz(func(t *testing.T, status int, body string) {
		const old = `{"type":"oauth","access":"a","refresh":"r","expires":1,"account":"kept"}`
		kept, err := read(core.FetchResult{Status: status, Body: core.Secret(body)}, old, "", nil, 1_800_000_000_000)
		if err != nil {
			if kept != "" {
				t.Fatalf("%q leaves %q beside an error", body, kept.Reveal())
			}
			return
		}
		c := gjson.Parse(kept.Reveal())
		if !gjson.Valid(kept.Reveal()) || c.Get("refresh").String() == "" || c.Get("account").String() != "kept" || strings.TrimSpace(c.Get("type").String()) != "oauth" {
			t.Fatalf("%q makes %q", body, kept.Reveal())
		}
	})
}
