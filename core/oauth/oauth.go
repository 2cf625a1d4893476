// Package oauth runs the logins and renewals of RFC 6749, 7636, 8252 and 8628 as conversations with the host, for providers that say
// what is special about theirs in a core.DeviceLogin, core.CodeLogin or core.Renewal.
//
// It does not know providers, accounts or files. Its rules (RFC 9700): PKCE with S256 and a one-time state of 256 bits always; a
// verifier is never in an address; a refresh token that was given is never dropped because something else of the reply is wrong;
// what a service says reaches people as one clean line, and none of its bodies does.
package oauth

import (
	"strings"

	"github.com/tidwall/gjson"

	"pimultiauth/core"
)

const formType = "application/x-www-form-urlencoded"

// Login runs one method of a provider and answers the credential.
func Login(h core.Host, m core.LoginMethod) (core.Secret, error) {
	switch {
	case m.Device != nil:
		return device(h, *m.Device)
	case m.Code != nil:
		return code(h, *m.Code)
	}
	return m.Flow(h)
}

// Renew redeems a refresh token (RFC 6749 section 6). The error is a *core.TokenError.
func Renew(h core.Host, r core.Renewal, credential core.Secret) (core.Secret, error) {
	entry := credential.Reveal()
	token := gjson.Get(entry, "refresh").String()
	if token == "" {
		return "", &core.TokenError{Code: "missing_refresh_token", Text: "the login holds no refresh token", Permanent: true}
	}
	// A refresh token belongs to the client it was given to.
	client := gjson.Get(entry, "clientId").String()
	if client == "" {
		var err error
		if client, err = clientOf(h, r.Client); err != nil {
			return "", err
		}
	}
	reply, err := core.Post(h, r.Token, formType, core.Form("grant_type", "refresh_token", "refresh_token", token, "client_id", client))
	if err != nil {
		return "", Unreachable(err)
	}
	return read(reply, credential, client, r.Extra, h.At())
}

// Unreachable is the failure of a request that got no answer.
func Unreachable(err error) *core.TokenError {
	e := &core.TokenError{Code: "request_failed", Text: core.Said(err.Error(), 200)}
	if lower := strings.ToLower(e.Text); strings.Contains(lower, "timed out") || strings.Contains(lower, "timeout") || strings.Contains(lower, "no answer in time") {
		e.Code = "request_timeout"
	}
	return e
}

// read makes a credential of a token endpoint's reply, over what was held before.
func read(reply core.FetchResult, old core.Secret, client string, more func(string) string, at core.Time) (core.Secret, error) {
	body := reply.Body.Reveal()
	if reply.Status < 200 || reply.Status > 299 {
		return "", core.TokenFailure(reply, "the token endpoint answered "+status(reply.Status))
	}
	access, refresh, expires := core.ReadToken(gjson.Get(body, "access_token")), core.ReadToken(gjson.Get(body, "refresh_token")), gjson.Get(body, "expires_in")
	_, good := core.ReadObject(body)
	if !good || access+refresh == "" {
		if good && gjson.Get(body, "error").Exists() {
			// Some services refuse with 200.
			reply.Status = 400
			return "", core.TokenFailure(reply, "the token endpoint refused")
		}
		return "", &core.TokenError{Code: "http_error", Text: "the token endpoint's answer holds no token", Status: reply.Status}
	}
	t := core.Tokens{Access: access, Refresh: refresh}
	switch claimed := core.ClaimedExpiry(t.Access); {
	case t.Access == "":
		// The refresh token was rotated all the same: it is kept, and soon asked again.
		t.Expires = at.Add(core.Minute)
	case !expires.Exists() && claimed > at:
		t.Expires = min(claimed, at.Add(90*core.Day))
	default:
		t.Expires = core.TokenExpiry(expires, at)
	}
	if t.Refresh == "" && gjson.Get(old.Reveal(), "refresh").String() == "" {
		t.Refresh = t.Access
	}
	extra := ""
	if client != "" {
		extra = (&core.Object{}).String("clientId", client).Text()
	}
	if more != nil {
		if text := more(body); text != "" {
			extra = core.JoinObjects(extra, text)
		}
	}
	return core.OAuthCredential(old, t, extra), nil
}

// clientOf is the client id to use: the person's own where a variable names one.
func clientOf(h core.Host, c core.ClientID) (string, error) {
	if c.Env == "" {
		return c.ID, nil
	}
	answer, err := h.Ask(core.Ask{Input: &core.Input{Kind: "env", Name: c.Env}})
	if err != nil {
		return c.ID, nil
	}
	if own := strings.TrimSpace(answer.Text.Reveal()); own != "" {
		return own, nil
	}
	return c.ID, nil
}

func status(code int) string {
	if code == 0 {
		return "nothing"
	}
	return "HTTP " + core.Decimal(int64(code))
}

// random asks for 256 bits, base64url.
func random(h core.Host) (core.Secret, error) {
	answer, err := h.Ask(core.Ask{Crypto: &core.Crypto{Op: "random"}})
	return answer.Text, err
}

// pkce asks for a verifier and its challenge.
func pkce(h core.Host) (verifier, challenge string, err error) {
	answer, err := h.Ask(core.Ask{Crypto: &core.Crypto{Op: "pkce"}})
	return answer.Text.Reveal(), answer.Extra.Reveal(), err
}

// Failure is an error of a login or renewal as a TokenError.
func Failure(err error) *core.TokenError {
	if e, ok := err.(*core.TokenError); ok {
		return e
	}
	return Unreachable(err)
}

// Worded reads the text of a failure that Pi's own code worded: the first rule that fits counts.
func Worded(text string) *core.TokenError {
	e := &core.TokenError{Code: "provider_error", Text: core.Said(gist(text), 200)}
	if gjson.Get(objectIn(text), "access_token").Exists() {
		// The names of what it holds are no complaint of it.
		return e
	}
	lower := strings.ToLower(text)
	has := func(words ...string) bool {
		for _, word := range words {
			if strings.Contains(lower, word) {
				return true
			}
		}
		return false
	}
	token := has("refresh token", "refresh_token")
	switch {
	case has("already been used to generate a new access token", "refresh_token_reused", "refresh token reused"):
		e.Code, e.Permanent = "refresh_token_reused", true
	case has("invalid_grant", "invalid grant"):
		e.Code, e.Permanent = "invalid_grant", true
	case token && has("expired", "revoked", "invalid", "not found"):
		e.Code, e.Permanent = "token_rejected", true
	case token && has("missing"):
		e.Code, e.Permanent = "missing_refresh_token", true
	case has("pi is not ready", "pi has no provider"):
		// Nothing was asked, so nothing is known of the token: a command may come before Pi's first session.
		e.Code = "not_ready"
	case has("timed out", "timeout", "abort", "no answer in time"):
		e.Code = "request_timeout"
	}
	return e
}

// gist is what a service said in an error that Pi worded around it: Pi puts addresses, status and the whole answer into one line, which
// is for those who mend Pi.
func gist(text string) string {
	answer := objectIn(text)
	for _, path := range []string{"error_description", "error.message", "message", "error.code", "error"} {
		if said := gjson.Get(answer, path); said.Type == gjson.String && said.Str != "" {
			return said.Str
		}
	}
	if text == "Device flow timed out" {
		// Where it was told to ask less often Pi says more, and that is worth reading.
		return core.ErrCodeExpired.Text
	}
	for _, word := range plainer {
		if strings.Contains(text, word[0]) {
			return word[1]
		}
	}
	for _, mark := range []string{"{", "<", "body=", "url="} {
		// The answer itself may be one that holds tokens.
		text, _, _ = strings.Cut(text, mark)
	}
	if text = strings.TrimRight(text, " :;,=("); text == "" {
		return "its service's answer could not be read"
	}
	return text
}

const unreachable = "its service could not be reached"

// plainer are words of Node's and of Pi's (0.87.1 and 1.5.2, auth/oauth) and what they mean to a person.
var plainer = [...][2]string{
	{"fetch failed", unreachable}, {"ECONNREFUSED", unreachable}, {"ECONNRESET", unreachable}, {"ENOTFOUND", unreachable}, {"EAI_AGAIN", unreachable},
	{"EADDRINUSE", "another program has the port that the browser comes back to, probably another login; end that one first"},
	{"OAuth callback did not complete", "the browser did not come back: the login was denied there, or another login has the port"},
}

// objectIn is the first JSON object of a text, "" where none is whole. Pi lets a stack follow that says it all again.
func objectIn(text string) string {
	for range mostObjects {
		from := strings.IndexByte(text, '{')
		if from < 0 {
			return ""
		}
		text = text[from:]
		// As the first of a list it ends where its braces do.
		if object := gjson.Get("["+text, "0").Raw; core.IsJSON(object) {
			return object
		}
		text = text[1:]
	}
	return ""
}

// mostObjects bounds how many braces are tried: a foreign text must not decide how long we search.
const mostObjects = 8

// Salvage reads a renewal out of an error of Pi's that quotes an answer with tokens, because Pi misses another field in it: a token that was
// rotated is never thrown away. False where the error quotes none.
func Salvage(text string, old core.Secret, at core.Time) (core.Secret, bool) {
	answer := objectIn(text)
	if core.ReadToken(gjson.Get(answer, "access_token")) == "" {
		return "", false
	}
	fresh, err := read(core.FetchResult{Status: 200, Body: core.Secret(answer)}, old, "", nil, at)
	return fresh, err == nil
}
