package oauth

import (
	"strings"

	"pimultiauth/core"
)

// callbackWait is how long a browser may take.
const callbackWait = 5 * core.Minute

// code is the authorization code grant with PKCE over a loopback redirect (RFC 6749 section 4.1, RFC 7636, RFC 8252), or over what a
// person pastes.
func code(h core.Host, l core.CodeLogin) (core.Secret, error) {
	state, err := random(h)
	if err != nil {
		return "", err
	}
	verifier, challenge, err := pkce(h)
	if err != nil {
		return "", err
	}
	port, ports := 0, []int(nil)
	bound, err := h.Ask(core.Ask{Listen: &core.Listen{Ports: l.Ports, Path: l.Path, State: state, Timeout: callbackWait, Keep: true}})
	if err == nil {
		port, ports = bound.Port, []int{bound.Port}
	} else if len(l.Ports) > 0 {
		// Nobody can come back here: the redirect is only what the person will paste.
		port = l.Ports[0]
	}
	redirect := "http://127.0.0.1:" + core.Decimal(int64(port)) + l.Path
	if l.StateInRedirect {
		redirect += "?state=" + state.Reveal()
	}
	page, err := l.Page(h, redirect, state.Reveal(), challenge)
	if err != nil {
		return "", err
	}
	if !core.PageAllowed(page, l.Hosts) {
		return "", &core.TokenError{Code: "http_error", Text: "the service named a page that is not its own, so it is not shown"}
	}
	answer, err := h.Ask(core.Ask{Listen: &core.Listen{Ports: ports, Path: l.Path, State: state, Open: page, Timeout: callbackWait, Paste: true}})
	if err != nil {
		return "", err
	}
	if answer.Canceled {
		return "", core.ErrCanceled
	}
	text, query, err := codeOf(strings.TrimSpace(answer.Text.Reveal()), state.Reveal(), l.Issuer, answer.Port == 0)
	if err != nil {
		return "", err
	}
	return l.Exchange(h, text, verifier, redirect, query)
}

// codeOf takes the code out of what came back: the query of a call, or whatever a person pasted, which may be the whole address, a
// query, or the code alone.
func codeOf(text, state, issuer string, pasted bool) (code, query string, err error) {
	query = text
	if pasted {
		switch at := strings.IndexByte(text, '?'); {
		case strings.Contains(text, "://") && at >= 0:
			query = text[at+1:]
		case strings.Contains(text, "://"):
			query = ""
		case !strings.Contains(text, "code=") && !strings.Contains(text, "error="):
			// Some pages show the code and the state behind it.
			text, of, shown := strings.Cut(text, "#")
			if text == "" || strings.ContainsAny(text, " \t\n=&") {
				return "", "", errNoCode
			}
			if shown && of != state {
				return "", "", errOther
			}
			return text, "", nil
		}
		query, _, _ = strings.Cut(query, "#")
		query = strings.TrimPrefix(query, "?")
	}
	if got := core.QueryValue(query, "state"); got != state && (got != "" || !pasted) {
		return "", "", errOther
	}
	if iss := core.QueryValue(query, "iss"); issuer != "" && iss != "" && iss != issuer {
		return "", "", &core.TokenError{Code: "issuer_mismatch", Text: "what came back was sent by another service"}
	}
	if failed := core.QueryValue(query, "error"); failed != "" {
		e := &core.TokenError{Code: core.PlainWord(core.Redact(failed, nil)), Text: core.Said(core.QueryValue(query, "error_description"), 200)}
		if e.Text == "" {
			e.Text = "the service refused the login (" + e.Code + ")"
		}
		return "", "", e
	}
	if code = core.QueryValue(query, "code"); code == "" {
		return "", "", errNoCode
	}
	return code, query, nil
}

var (
	errNoCode = &core.TokenError{Code: "no_code", Text: "there is no code in what came back; paste the whole address or the code alone"}
	errOther  = &core.TokenError{Code: "state_mismatch", Text: "what came back belongs to another login; begin anew"}
)
