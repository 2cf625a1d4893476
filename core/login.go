package core

import (
	"strconv"
	"strings"

	"github.com/tidwall/gjson"
)

// ClientID names the extension at a token endpoint: a public client has no secret (RFC 8252 section 8.4).
type ClientID struct {
	ID string
	// Env is the variable that overrides ID; "" when there is none.
	Env string
}

// DeviceLogin is a login whose code a person enters on another page (RFC 8628), as one service words it. The zero values are the
// RFC's defaults.
type DeviceLogin struct {
	// Start and Token are the device authorization endpoint and the token endpoint.
	Start  string
	Token  string
	Client ClientID
	Scope  string
	// PKCE binds the token call to the start (RFC 7636, S256).
	PKCE bool
	// Page is shown with the code behind it where the reply names no page.
	Page string
	// Hosts are those the shown page may be on; one that begins with "*." stands for its subdomains. Any other page is refused.
	Hosts []string
	// Interval is the pause between two polls where the reply names none (5 s), and Longest bounds what slow_down makes of it (60 s).
	Interval Duration
	Longest  Duration
	// AtOnce polls before the first pause.
	AtOnce bool
	// Lifetime is how long the code lasts where the reply does not say; 0 refuses such a reply.
	Lifetime Duration
	// Refused replaces what the service says when it refuses the start; "" leaves its words.
	Refused string
	// Finish makes the credential of the token endpoint's reply; nil for the fields of RFC 6749 section 5.1.
	Finish func(h Host, reply string) (Secret, error)
	// Extra is what the credential keeps of a reply beside them, a JSON object or ""; nil keeps nothing.
	Extra func(reply string) string
}

// CodeLogin is a login that ends with a browser's call of this machine, or with a text that a person pastes (RFC 8252 section 7.3).
type CodeLogin struct {
	// Ports are tried in order, 0 is any free one; Path is that of the redirect.
	Ports []int
	Path  string
	// StateInRedirect carries the state in the redirect address, for services that do not pass one on by themselves.
	StateInRedirect bool
	// Page answers the address to show. redirect is the address to come back to, challenge the S256 one of RFC 7636.
	Page func(h Host, redirect, state, challenge string) (string, error)
	// Hosts are those the page may be on, as in DeviceLogin.
	Hosts []string
	// Issuer is what "iss" of the call must be when it is there (RFC 9207); "" checks nothing.
	Issuer string
	// Exchange makes the credential of a code. query is what came back, for what a service sends beside the code.
	Exchange func(h Host, code, verifier, redirect, query string) (Secret, error)
}

// Renewal is how a login's access token is renewed at a token endpoint (RFC 6749 section 6).
type Renewal struct {
	Token  string
	Client ClientID
	// Extra is as in DeviceLogin.
	Extra func(reply string) string
}

// TokenError is why a login or its renewal failed.
type TokenError struct {
	// Code is the service's own or one of ours: "missing_refresh_token", "token_rejected", "http_error", "request_failed",
	// "request_timeout", "provider_error", "not_ready" (nobody was asked), "canceled".
	Code string
	// Text says it in plain words, without a secret.
	Text string
	// Status is the HTTP status, 0 without a response.
	Status int
	// Permanent says that only a new login mends it.
	Permanent bool
}

// Error is Text.
func (e *TokenError) Error() string { return e.Text }

// ErrCanceled says that the person gave up, ErrCodeExpired that a code was not entered in time.
var (
	ErrCanceled    = &TokenError{Code: "canceled", Text: "the login was cancelled"}
	ErrCodeExpired = &TokenError{Code: "expired_token", Text: "the code expired before it was entered; begin the login anew"}
)

// ShowDevice shows the person a code and its page.
func ShowDevice(h Host, page, code string, end Time) error {
	answer, err := h.Ask(Ask{Device: &Device{URL: page, Code: PlainLine(code, 40), Expires: end}})
	if err == nil && answer.Canceled {
		return ErrCanceled
	}
	return err
}

// PollPause waits between two polls of a code that ends at end.
func PollPause(h Host, wait Duration, end Time) error {
	if !h.At().Add(wait).Before(end) {
		return ErrCodeExpired
	}
	answer, err := h.Ask(Ask{Sleep: &Sleep{Wait: wait}})
	switch {
	case err != nil:
		return err
	case answer.Canceled:
		return ErrCanceled
	case !h.At().Before(end):
		return ErrCodeExpired
	}
	return nil
}

// Decimal writes a whole number.
func Decimal(n int64) string { return strconv.FormatInt(n, 10) }

// PageAllowed reports whether an address may be shown as the service's own: https, a host of the list, and nothing that makes it look
// like another one (RFC 8628 section 5.4). A host with other than ASCII letters is none of a list.
func PageAllowed(url string, hosts []string) bool {
	rest, ok := strings.CutPrefix(url, "https://")
	if !ok || len(url) > 2048 {
		return false
	}
	for i := 0; i < len(url); i++ {
		if url[i] <= 0x20 || url[i] >= 0x7f || url[i] == '\\' {
			return false
		}
	}
	host := rest
	if end := strings.IndexAny(rest, "/?#"); end >= 0 {
		host = rest[:end]
	}
	host = strings.TrimSuffix(strings.ToLower(host), ":443")
	for _, h := range hosts {
		if host == h {
			return true
		}
		if tail, ok := strings.CutPrefix(h, "*"); ok && strings.HasSuffix(host, tail) && !strings.ContainsAny(host, "@:%") && len(host) > len(tail) {
			return true
		}
	}
	return false
}

// Post performs a POST and answers its response, whatever the status. Accept is always JSON.
func Post(h Host, url, contentType, body string, headers ...SecretHeader) (FetchResult, error) {
	all := append([]SecretHeader{{Name: "Accept", Value: "application/json"}, {Name: "Content-Type", Value: Secret(contentType)}}, headers...)
	return h.Fetch(Fetch{Method: "POST", URL: url, Headers: all, Body: Secret(body)})
}

// TokenFailure reads a failed answer of a token endpoint; text is what is said when the service says nothing.
func TokenFailure(r FetchResult, text string) *TokenError {
	body := r.Body.Reveal()
	e := &TokenError{Code: "http_error", Text: text, Status: r.Status}
	if _, ok := ReadObject(body); !ok {
		// A page of a proxy in between says nothing about the login.
		return e
	}
	code := gjson.Get(body, "error")
	if code.IsObject() {
		code = code.Get("code")
	}
	if code.Type == gjson.String && code.Str != "" {
		e.Code = PlainWord(Redact(code.Str, nil))
		e.Text = Said(code.Str, 200)
	}
	if said := gjson.Get(body, "error_description"); said.Type == gjson.String && said.Str != "" {
		e.Text = Said(said.Str, 200)
	}
	switch e.Code {
	case "temporarily_unavailable", "server_error", "slow_down", "rate_limited":
		return e
	case "invalid_grant", "refresh_token_reused":
		e.Permanent = true
		return e
	}
	if r.Status == 400 || r.Status == 401 || r.Status == 403 {
		e.Permanent = true
		if e.Code == "http_error" {
			e.Code = "token_rejected"
		}
	}
	return e
}

// Tokens are what a reply of a token endpoint brings. The zero value of a field is "not in the reply".
type Tokens struct {
	Access  string
	Refresh string
	Expires Time
}

// Bounds of how long an access token may be said to last; a reply that does not say gets an hour.
const (
	tokenDefault  = Hour
	tokenShortest = 30 * Second
	tokenLongest  = 90 * Day
)

// TokenExpiry answers when a token ends that lasts for seconds, as foreign text has them: what is no number counts as an hour, and
// an hour is what remains of none.
func TokenExpiry(seconds gjson.Result, at Time) Time {
	n := seconds.Num
	if seconds.Type == gjson.String {
		if v, ok := ParseDecimal(strings.TrimSpace(seconds.Str)); ok {
			n = v
		}
	}
	if !(n > 0) {
		return at.Add(tokenDefault)
	}
	return at.Add(Duration(min(max(n*1000, float64(tokenShortest)), float64(tokenLongest))))
}

// ReadToken is a token as a service tells it, "" for what is none: tokens are printable ASCII (RFC 6749, appendices A.12 and A.17).
func ReadToken(r gjson.Result) string {
	if r.Type != gjson.String {
		return ""
	}
	for i := 0; i < len(r.Str); i++ {
		if r.Str[i] < ' ' || r.Str[i] > '~' {
			return ""
		}
	}
	return r.Str
}

// OAuthCredential writes tokens as an entry of an accounts file, over what the entry held before: extras stay, and a refresh token
// that the reply does not renew stays too. extra is a JSON object of more fields, "" for none.
func OAuthCredential(old Secret, t Tokens, extra string) Secret {
	fields := (&Object{}).String("type", "oauth")
	if t.Access != "" {
		fields.String("access", t.Access)
	}
	if t.Refresh != "" {
		fields.String("refresh", t.Refresh)
	}
	fields.Int("expires", int64(t.Expires))
	text := JoinObjects(old.Reveal(), fields.Text())
	if extra != "" {
		text = JoinObjects(text, extra)
	}
	return Secret(text)
}

// JoinObjects answers the fields of the JSON object old with those of next in their place. What is no object counts as empty.
func JoinObjects(old, next string) string {
	var out Object
	replaced := gjson.Parse(next)
	if IsJSON(old) {
		gjson.Parse(old).ForEach(func(key, value gjson.Result) bool {
			if key.Type == gjson.String && !hasField(replaced, key.Str) {
				out.Raw(key.Str, value.Raw)
			}
			return true
		})
	}
	replaced.ForEach(func(key, value gjson.Result) bool {
		out.Raw(key.String(), value.Raw)
		return true
	})
	return out.Text()
}

func hasField(object gjson.Result, name string) bool {
	found := false
	object.ForEach(func(key, _ gjson.Result) bool {
		found = key.String() == name
		return !found
	})
	return found
}

const base64URL = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"

// Claims answers the payload of a JWT as JSON text, "" for what is none. Nothing is verified: claims are hints (RFC 7519 without its
// signature), good for a label or for guessing when to look again, never for trust.
func Claims(token string) string {
	const largest = 16 << 10
	parts := strings.Split(token, ".")
	if len(parts) != 3 || len(token) > largest {
		return ""
	}
	var out []byte
	bits, n := uint32(0), 0
	for _, c := range strings.TrimRight(parts[1], "=") {
		v := strings.IndexRune(base64URL, c)
		switch c {
		case '+':
			v = 62
		case '/':
			v = 63
		}
		if v < 0 {
			return ""
		}
		bits, n = bits<<6|uint32(v), n+6
		if n >= 8 {
			n -= 8
			out = append(out, byte(bits>>n))
		}
	}
	if text := string(out); IsJSON(text) && strings.HasPrefix(strings.TrimSpace(text), "{") {
		return text
	}
	return ""
}

// ClaimedExpiry is the "exp" of a JWT, zero when the token has none that can be meant.
func ClaimedExpiry(token string) Time {
	exp := gjson.Get(Claims(token), "exp")
	if exp.Type != gjson.Number || exp.Num < 1e9 || exp.Num > 1e11 {
		return 0
	}
	return Time(exp.Num * 1000)
}

// QueryEscape writes a value for a query or a form (application/x-www-form-urlencoded).
func QueryEscape(value string) string {
	const upper = "0123456789ABCDEF"
	b := make([]byte, 0, len(value)+8)
	for i := 0; i < len(value); i++ {
		c := value[i]
		switch {
		case c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9' || strings.IndexByte("-._~", c) >= 0:
			b = append(b, c)
		case c == ' ':
			b = append(b, '+')
		default:
			b = append(b, '%', upper[c>>4], upper[c&15])
		}
	}
	return string(b)
}

// Form joins names and values in turns; a pair with an empty value is left out.
func Form(pairs ...string) string {
	var b strings.Builder
	for i := 0; i+1 < len(pairs); i += 2 {
		if pairs[i+1] == "" {
			continue
		}
		if b.Len() > 0 {
			b.WriteByte('&')
		}
		b.WriteString(pairs[i] + "=" + QueryEscape(pairs[i+1]))
	}
	return b.String()
}

// QueryValue is the first value of a name in a query, "" when it is not there.
func QueryValue(query, name string) string {
	for _, pair := range strings.Split(query, "&") {
		key, value, _ := strings.Cut(pair, "=")
		if unescape(key) == name {
			return unescape(value)
		}
	}
	return ""
}

func unescape(text string) string {
	b := make([]byte, 0, len(text))
	for i := 0; i < len(text); i++ {
		c := text[i]
		if c == '+' {
			c = ' '
		} else if c == '%' && i+2 < len(text) {
			high, low := hexValue(text[i+1]), hexValue(text[i+2])
			if high >= 0 && low >= 0 {
				c = byte(high<<4 | low)
				i += 2
			}
		}
		b = append(b, c)
	}
	return string(b)
}

func hexValue(c byte) int {
	if c >= 'A' && c <= 'F' {
		c += 'a' - 'A'
	}
	return strings.IndexByte(hexDigits, c)
}
