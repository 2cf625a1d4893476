package oauth

import (
	"strings"

	"github.com/tidwall/gjson"

	"pimultiauth/core"
)

const (
	deviceGrant = "urn:ietf:params:oauth:grant-type:device_code"
	// RFC 8628 section 3.2 and 3.5.
	pollDefault = 5 * core.Second
	pollSlower  = 5 * core.Second
	pollLongest = core.Minute
	// longestLife bounds what a service says of a code's life.
	longestLife = core.Hour
)

// device is the device authorization grant, RFC 8628.
func device(h core.Host, l core.DeviceLogin) (core.Secret, error) {
	client, err := clientOf(h, l.Client)
	if err != nil {
		return "", err
	}
	verifier, challenge, method := "", "", ""
	if l.PKCE {
		if verifier, challenge, err = pkce(h); err != nil {
			return "", err
		}
		method = "S256"
	}
	reply, err := core.Post(h, l.Start, formType,
		core.Form("client_id", client, "scope", l.Scope, "code_challenge", challenge, "code_challenge_method", method))
	if err != nil {
		return "", Unreachable(err)
	}
	if reply.Status < 200 || reply.Status > 299 {
		e := core.TokenFailure(reply, "the service answered "+status(reply.Status))
		if l.Refused != "" {
			e.Text = l.Refused
		}
		return "", e
	}
	body := reply.Body.Reveal()
	deviceCode, userCode := gjson.Get(body, "device_code").String(), gjson.Get(body, "user_code").String()
	life := core.ReadSeconds(gjson.Get(body, "expires_in"))
	if life == 0 {
		life = l.Lifetime
	}
	if !core.IsJSON(body) || deviceCode == "" || userCode == "" || life == 0 {
		text := "the service's answer holds no code to enter"
		if l.Refused != "" {
			text = l.Refused
		}
		return "", &core.TokenError{Code: "http_error", Text: text, Status: reply.Status}
	}
	page := pageOf(body, userCode, l.Page)
	if !core.PageAllowed(page, l.Hosts) {
		return "", &core.TokenError{Code: "http_error", Text: "the service named a page that is not its own, so it is not shown"}
	}
	end := h.At().Add(min(life, longestLife))
	if err := core.ShowDevice(h, page, userCode, end); err != nil {
		return "", err
	}
	longest := l.Longest
	if longest == 0 {
		longest = pollLongest
	}
	// A server that asks for more than the cap to begin with gets what it asks for, up to the RFC's cap.
	wait := core.ReadSeconds(gjson.Get(body, "interval"))
	if wait == 0 {
		wait = l.Interval
	}
	if wait == 0 {
		wait = pollDefault
	}
	wait = min(max(wait, core.Second), pollLongest)
	longest = max(longest, wait)
	form := core.Form("grant_type", deviceGrant, "client_id", client, "device_code", deviceCode, "code_verifier", verifier)
	for first := true; ; first = false {
		if !first || !l.AtOnce {
			if err := core.PollPause(h, wait, end); err != nil {
				return "", err
			}
		}
		reply, err := core.Post(h, l.Token, formType, form)
		if err != nil || reply.Status >= 500 || reply.Status == 429 {
			// RFC 8628 section 3.5: who cannot be reached is asked less often.
			wait = min(wait*2, longest)
			continue
		}
		switch code := gjson.Get(reply.Body.Reveal(), "error").String(); code {
		case "authorization_pending":
			continue
		case "slow_down":
			wait = min(wait+pollSlower, longest)
			continue
		case "access_denied", "authorization_denied":
			return "", &core.TokenError{Code: code, Text: "the login was denied on the service's page"}
		case "expired_token":
			return "", core.ErrCodeExpired
		}
		if l.Finish != nil && reply.Status < 300 {
			return l.Finish(h, reply.Body.Reveal())
		}
		return read(reply, "", client, l.Extra, h.At())
	}
}

// pageOf is the page to show: the one with the code in it, else the plain one, else the provider's with the code behind it.
func pageOf(body, userCode, fallback string) string {
	if complete := gjson.Get(body, "verification_uri_complete").String(); complete != "" {
		return complete
	}
	if plain := gjson.Get(body, "verification_uri").String(); plain != "" {
		if fallback == "" {
			return plain
		}
		mark := "?"
		if strings.Contains(plain, "?") {
			mark = "&"
		}
		return plain + mark + "user_code=" + core.QueryEscape(userCode)
	}
	return fallback + core.QueryEscape(userCode)
}
