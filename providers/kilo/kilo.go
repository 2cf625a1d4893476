// Package kilo knows the login of Kilo, a device code of its own making without refresh tokens, and where an account tells its balance.
package kilo

import (
	"github.com/tidwall/gjson"

	"pimultiauth/core"
)

const (
	codes = "https://api.kilo.ai/api/device-auth/codes"
	// The service asks clients to look every three seconds (Kilo-Org/kilocode, packages/types, 2026-06).
	pollEvery = 3 * core.Second
	// lifetime is assumed of a token: the service tells none.
	lifetime = 365 * core.Day
)

// editor is the header the service requires of clients.
var editor = core.SecretHeader{Name: "X-KILOCODE-EDITORNAME", Value: "Pi"}

// Methods are the logins of Kilo.
var Methods = []core.LoginMethod{{ID: "device", Label: "Kilo account", Flow: login}}

var hosts = []string{"kilo.ai", "*.kilo.ai", "kilocode.ai", "*.kilocode.ai"}

func login(h core.Host) (core.Secret, error) {
	reply, err := core.Post(h, codes, "application/json", "", editor)
	if err != nil {
		return "", err
	}
	body := reply.Body.Reveal()
	code, page := gjson.Get(body, "code").String(), gjson.Get(body, "verificationUrl").String()
	life := gjson.Get(body, "expiresIn")
	switch {
	case reply.Status == 429:
		return "", &core.TokenError{Code: "http_error", Status: 429, Text: "Kilo has too many logins of yours that wait; try again in a few minutes"}
	case reply.Status < 200 || reply.Status > 299:
		return "", core.TokenFailure(reply, "Kilo refused to begin a login")
	case code == "" || life.Type != gjson.Number || life.Num <= 0 || !core.IsJSON(body):
		return "", &core.TokenError{Code: "http_error", Status: reply.Status, Text: "Kilo's answer holds no code to enter"}
	case !core.PageAllowed(page, hosts):
		return "", &core.TokenError{Code: "http_error", Text: "Kilo named a page that is not its own, so it is not shown"}
	}
	end := h.At().Add(core.Duration(min(life.Num, 3600) * 1000))
	if err := core.ShowDevice(h, page, code, end); err != nil {
		return "", err
	}
	for wait := pollEvery; ; {
		if err := core.PollPause(h, wait, end); err != nil {
			return "", err
		}
		reply, err := h.Fetch(core.Fetch{Method: "GET", URL: codes + "/" + core.QueryEscape(code),
			Headers: []core.SecretHeader{{Name: "Accept", Value: "application/json"}, editor}})
		if err != nil || reply.Status >= 500 || reply.Status == 429 {
			wait = min(wait*2, core.Minute)
			continue
		}
		wait = pollEvery
		body := reply.Body.Reveal()
		state, token := gjson.Get(body, "status").String(), core.ReadToken(gjson.Get(body, "token"))
		switch {
		case reply.Status == 202:
		case reply.Status == 403 || state == "denied":
			return "", &core.TokenError{Code: "access_denied", Text: "the login was denied on Kilo's page"}
		case reply.Status == 410 || state == "expired":
			return "", core.ErrCodeExpired
		case reply.Status < 200 || reply.Status > 299:
			return "", core.TokenFailure(reply, "Kilo refused the login")
		case token != "":
			extra := (&core.Object{}).String("provider", "kilo").Text()
			return core.OAuthCredential("", core.Tokens{Access: token, Refresh: token, Expires: h.At().Add(lifetime)}, extra), nil
		case state == "approved":
			return "", &core.TokenError{Code: "http_error", Text: "Kilo approved the login and gave no token"}
		case state != "pending":
			return "", &core.TokenError{Code: "http_error", Text: "Kilo's answer lacks its fields"}
		}
		left := end.Sub(h.At()) / core.Second
		if _, err := h.Ask(core.Ask{Progress: &core.Progress{Text: "waiting for Kilo, " + core.Decimal(int64(left)) + " s left"}}); err != nil {
			return "", err
		}
	}
}

// Renew answers the same token while it lasts: there is nothing to renew it with.
func Renew(h core.Host, credential core.Secret) (core.Secret, error) {
	if h.At() < core.EpochTime(gjson.Get(credential.Reveal(), "expires")) {
		return credential, nil
	}
	return "", &core.TokenError{Code: "token_expired_reauthentication_required", Text: "Kilo's token has ended; log in again", Permanent: true}
}
