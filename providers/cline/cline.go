// Package cline knows the logins of Cline, an authorization code over a callback of this machine and WorkOS's device code, both exchanged
// at Cline's own API, and where an account tells its balance.
package cline

import (
	"strings"

	"github.com/tidwall/gjson"

	"pimultiauth/core"
)

const (
	api = "https://api.cline.bot/api/v1/auth/"
	// workos is the client id of Cline at WorkOS (cline/cline, sdk/packages/shared/src/runtime/cline-environment.ts, 2026-11); it is public.
	workos = "client_01K3A541FN8TA3EPPHTD2325AR"
)

// headers name the client: the service answers no other (cline/cline, src/services/EnvUtils.ts).
var headers = []core.SecretHeader{
	{Name: "User-Agent", Value: "Cline/3.80.0"},
	{Name: "X-PLATFORM", Value: "Visual Studio Code"},
	{Name: "X-PLATFORM-VERSION", Value: "1.109.3"},
	{Name: "X-CLIENT-TYPE", Value: "VSCode Extension"},
	{Name: "X-CLIENT-VERSION", Value: "3.80.0"},
	{Name: "X-CORE-VERSION", Value: "3.80.0"},
}

// Lead is how long before its end Cline's own client renews a token.
const Lead = 5 * core.Minute

var hosts = []string{"cline.bot", "*.cline.bot", "*.workos.com", "*.authkit.app"}

// Methods are the logins of Cline. The device code needs no browser on this machine.
var Methods = []core.LoginMethod{
	{ID: "browser", Label: "Cline account, in this machine's browser", Code: &core.CodeLogin{
		Ports: []int{48801, 48802, 48803, 48804, 48805, 48806, 48807, 48808, 48809, 48810, 48811}, Path: "/auth",
		StateInRedirect: true, Page: page, Hosts: hosts, Exchange: exchange,
	}},
	{ID: "device", Label: "Cline account, with a code in any browser", Device: &core.DeviceLogin{
		Start:    "https://api.workos.com/user_management/authorize/device",
		Token:    "https://api.workos.com/user_management/authenticate",
		Client:   core.ClientID{ID: workos},
		Hosts:    hosts,
		Lifetime: 5 * core.Minute,
		Finish:   register,
	}},
}

// page asks where a person logs in: the address of a redirect, or "redirect_url" of the body.
func page(h core.Host, redirect, _, _ string) (string, error) {
	callback := core.QueryEscape(redirect)
	reply, err := h.Fetch(core.Fetch{Method: "GET", Headers: withJSON(),
		URL: api + "authorize?client_type=extension&callback_url=" + callback + "&redirect_uri=" + callback})
	if err != nil {
		return "", err
	}
	if reply.Status >= 300 && reply.Status < 400 {
		for _, header := range reply.Headers {
			if header.Name == "location" && header.Value != "" {
				return header.Value, nil
			}
		}
	}
	if url := gjson.Get(reply.Body.Reveal(), "redirect_url").String(); url != "" && reply.Status < 300 {
		return url, nil
	}
	return "", failure(reply, "Cline named no page to log in on")
}

func withJSON() []core.SecretHeader {
	return append([]core.SecretHeader{{Name: "Accept", Value: "application/json"}, {Name: "Content-Type", Value: "application/json"}}, headers...)
}

func exchange(h core.Host, code, _, redirect, query string) (core.Secret, error) {
	body := (&core.Object{}).String("grant_type", "authorization_code").String("code", code).String("client_type", "extension").
		String("redirect_uri", redirect)
	if provider := core.QueryValue(query, "provider"); provider != "" {
		body.String("provider", provider)
	}
	return call(h, "token", body.Text(), "")
}

// register gives WorkOS's tokens to Cline, which answers its own.
func register(h core.Host, reply string) (core.Secret, error) {
	access, refresh := core.ReadToken(gjson.Get(reply, "access_token")), core.ReadToken(gjson.Get(reply, "refresh_token"))
	if access == "" || refresh == "" {
		return "", &core.TokenError{Code: "http_error", Text: "the login gave no token"}
	}
	return call(h, "register", (&core.Object{}).String("accessToken", access).String("refreshToken", refresh).Text(), "")
}

// Renew redeems a refresh token at Cline's API.
func Renew(h core.Host, credential core.Secret) (core.Secret, error) {
	token := gjson.Get(credential.Reveal(), "refresh").String()
	if token == "" {
		return "", &core.TokenError{Code: "missing_refresh_token", Text: "the login holds no refresh token", Permanent: true}
	}
	return call(h, "refresh", (&core.Object{}).String("refreshToken", token).String("grantType", "refresh_token").Text(), credential)
}

// call makes a credential of what Cline answers, e.g. {"success":true,"data":{"accessToken":"…","refreshToken":"…",
// "expiresAt":"2026-11-24T10:00:00Z","userInfo":{"clineUserId":"usr-1","email":"a@b.co"}}}.
func call(h core.Host, path, body string, old core.Secret) (core.Secret, error) {
	reply, err := core.Post(h, api+path, "application/json", body, headers...)
	if err != nil {
		return "", err
	}
	text := reply.Body.Reveal()
	data := gjson.Get(text, "data")
	success := gjson.Get(text, "success")
	if reply.Status < 200 || reply.Status > 299 || !core.IsJSON(text) || !data.IsObject() || success.Type == gjson.False || !success.Exists() {
		return "", failure(reply, "Cline refused the login")
	}
	t := core.Tokens{Access: core.ReadToken(data.Get("accessToken")), Refresh: core.ReadToken(data.Get("refreshToken"))}
	held := gjson.Get(old.Reveal(), "refresh").String() != ""
	if t.Access == "" && t.Refresh == "" || !held && (t.Access == "" || t.Refresh == "") {
		return "", &core.TokenError{Code: "http_error", Status: reply.Status, Text: "Cline's answer lacks a token"}
	}
	expires, ok := core.ParseTimestamp(data.Get("expiresAt").String())
	switch claimed := core.ClaimedExpiry(t.Access); {
	case t.Access == "":
		expires = h.At().Add(core.Minute)
	case ok:
		expires = min(max(expires, h.At().Add(30*core.Second)), h.At().Add(90*core.Day))
	case claimed > h.At():
		expires = min(claimed, h.At().Add(90*core.Day))
	default:
		expires = h.At().Add(core.Hour)
	}
	t.Expires = expires
	return core.OAuthCredential(old, t, extra(data, old, h.At())), nil
}

func extra(data gjson.Result, old core.Secret, at core.Time) string {
	user := data.Get("userInfo")
	out := (&core.Object{}).String("provider", "cline")
	id := core.Plain(user.Get("clineUserId").String(), 200)
	if id == "" {
		id = core.Plain(user.Get("subject").String(), 200)
	}
	if id != "" {
		out.String("accountId", id)
	}
	if gjson.Get(old.Reveal(), "startedAt").Num == 0 {
		out.Int("startedAt", int64(at))
	}
	if user.IsObject() {
		info := &core.Object{}
		for _, field := range [...][2]string{{"id", "clineUserId"}, {"email", "email"}, {"displayName", "name"}, {"subject", "subject"}} {
			if value := user.Get(field[1]); value.Type == gjson.String && value.Str != "" {
				info.String(field[0], core.Plain(value.Str, 200))
			}
		}
		out.Raw("userInfo", info.Text())
	}
	return out.Text()
}

// failure reads a refusal, e.g. 403 {"success":false,"error":"invalid_token"}: like cline/cline, a refusal is for good when its code or
// its text says that the token is.
func failure(reply core.FetchResult, text string) *core.TokenError {
	e := core.TokenFailure(reply, text)
	switch lower := strings.ToLower(e.Text); {
	case e.Code == "invalid_grant" || e.Code == "invalid_token" || e.Code == "unauthorized":
		e.Permanent = true
	case reply.Status == 403:
		e.Permanent = strings.Contains(lower, "invalid") || strings.Contains(lower, "expired") || strings.Contains(lower, "revoked") || strings.Contains(lower, "unauthorized")
	}
	return e
}
