package core

import (
	"strings"

	"github.com/tidwall/gjson"
)

// CheckFetch is the request that checks a key: of an account with its own variables and override, sent to the provider's addresses or to the
// override's alone. The second result says in plain words why there is none.
func (p Provider) CheckFetch(c Credential, own Override) (Fetch, string) {
	k := p.Check
	key := c.Key.Reveal()
	switch {
	case k.URL == "":
		return Fetch{}, "the provider offers no request that tells"
	case c.Login || key == "" || c.Template:
		return Fetch{}, "Pi finds the key when it is used"
	case own.BaseURL != "" && p.Place == nil:
		return Fetch{}, "it is used at an address of its own"
	}
	url := k.URL
	for strings.Contains(url, "{") {
		before, rest, _ := strings.Cut(url, "{")
		name, after, _ := strings.Cut(rest, "}")
		name, value, _ := strings.Cut(name, "|")
		if own := c.Field("env." + name); own != "" {
			value = own
		} else if name == p.UpstreamVar && p.Upstream != nil {
			value = p.Upstream(c)
		}
		if value == "" || strings.Trim(strings.ToLower(value), "abcdefghijklmnopqrstuvwxyz0123456789-") != "" {
			return Fetch{}, "its entry does not say its " + name
		}
		url = before + value + after
	}
	address, _, _ := strings.Cut(url, "?")
	u, why := ParseURL(address)
	if why != "" || !p.MayReach(u.Origin(), Override{}) {
		return Fetch{}, "its entry leads to an address that is not the provider's"
	}
	value := key
	if k.Header == "authorization" {
		value = "Bearer " + key
	}
	headers := []SecretHeader{{"accept", "application/json"}, {k.Header, Secret(value)}}
	if name, also, ok := strings.Cut(k.Also, ": "); ok {
		headers = append(headers, SecretHeader{name, Secret(also)})
	}
	return Fetch{Method: "GET", URL: url, Origin: u.Origin(), Headers: headers, Timeout: 10 * Second, MaxBytes: 1 << 20}, ""
}

// CheckedBody reads what a check's answer says although its status is that of a success: a vendor that always answers 200, a balance
// that is spent. "" when it says nothing against the key.
func CheckedBody(body string) FaultKind {
	r, ok := ReadObject(body)
	if !ok {
		return ""
	}
	if code := r.Get("base_resp.status_code"); code.Num == 1004 || code.Num == 2049 || r.Get("success").Type == gjson.False {
		return Unauthorized
	}
	if r.Get("is_available").Type == gjson.False {
		return Unpaid
	}
	// docs.x.ai, GET /v1/api-key (2026-11).
	for _, flag := range []string{"team_blocked", "api_key_blocked", "api_key_disabled"} {
		if r.Get(flag).Type == gjson.True {
			return Forbidden
		}
	}
	for _, path := range []string{"data.available_balance", "data.limit_remaining", "balance"} {
		if n, ok := ReadNumber(r.Get(path)); ok && n <= 0 {
			return Unpaid
		}
	}
	return ""
}

// EscapeTemplate writes a literal key so that Pi takes it for one: "$" begins a variable and a leading "!" a command there (Pi 0.87.1 and
// 1.5.2, resolve-config-value).
func EscapeTemplate(key Secret) Secret {
	text := strings.ReplaceAll(key.Reveal(), "$", "$$")
	if strings.HasPrefix(text, "!") {
		text = "$" + text
	}
	return Secret(text)
}
