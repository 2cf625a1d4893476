package core

import (
	"strings"

	"github.com/tidwall/gjson"
)

// Limits of what an account may put over a provider's request: MaxHeaders headers, of 8 kB each.
const (
	MaxHeaders        = 32
	maxOverrideHeader = 8 << 10
)

// Override is what an account puts over its provider's request. The zero value changes nothing.
type Override struct {
	// BaseURL replaces that of the model, without a slash at its end; "" leaves it.
	BaseURL string
	Headers []SecretHeader
	// Private is the person's consent to an address of their own network, "allowPrivateNetwork" in the file.
	Private bool
}

// ReadOverride reads the field "request" of a credential, as JSON; "" is an absent one. The second result says what is wrong with it,
// naming the field and never its value; "" when nothing is.
func ReadOverride(request string) (Override, string) {
	var o Override
	if request == "" {
		return o, ""
	}
	r := gjson.Parse(request)
	if !IsJSON(request) || !r.IsObject() {
		return o, "request must be an object"
	}
	o.Private = r.Get("allowPrivateNetwork").Type == gjson.True
	why := ""
	if base := r.Get("baseUrl"); base.Exists() {
		if base.Type != gjson.String {
			return Override{}, "request.baseUrl must be a string"
		}
		if o.BaseURL, why = CheckBaseURL(base.Str, o.Private); why != "" {
			return Override{}, "request.baseUrl " + why
		}
	}
	headers := r.Get("headers")
	if !headers.Exists() {
		return o, ""
	}
	if !headers.IsObject() {
		return Override{}, "request.headers must be an object of strings"
	}
	headers.ForEach(func(name, value gjson.Result) bool {
		h := SecretHeader{Name: strings.Trim(name.String(), " \t"), Value: Secret(strings.Trim(value.String(), " \t"))}
		if value.Type != gjson.String {
			why = "must be a string"
		} else if why = CheckHeader(h); why == "" {
			for _, other := range o.Headers {
				if strings.EqualFold(other.Name, h.Name) {
					why = "is there twice"
				}
			}
		}
		if o.Headers = append(o.Headers, h); why == "" && len(o.Headers) > MaxHeaders {
			why = "is one of more than 32"
		}
		if why != "" {
			why = "request.headers: " + headerName(h.Name) + " " + why
		}
		return why == ""
	})
	if why != "" {
		return Override{}, why
	}
	return o, ""
}

// headerName names a header in a message: what is no token is not shown, since a person may have put the secret there.
func headerName(name string) string {
	if len(name) > 64 || !isToken(name) {
		return "a name"
	}
	return "\"" + name + "\""
}

// Text is the override as the field "request" of a credential; "{}" for one that changes nothing. It reads to the same override.
func (o Override) Text() string {
	var out Object
	if o.BaseURL != "" {
		out.String("baseUrl", o.BaseURL)
	}
	if len(o.Headers) > 0 {
		var headers Object
		for _, h := range o.Headers {
			headers.String(h.Name, h.Value.Reveal())
		}
		out.Raw("headers", headers.Text())
	}
	if o.Private {
		out.Bool("allowPrivateNetwork", true)
	}
	return out.Text()
}

// CheckBaseURL answers the address in its one spelling, or in plain words why a credential must not be sent there. Clear text goes to
// this machine alone; an address of the person's own network needs their consent.
func CheckBaseURL(text string, private bool) (address, why string) {
	u, why := ParseURL(text)
	if why != "" {
		return "", why
	}
	if why := u.Barred(private); why != "" {
		return "", why
	}
	return u.String(), ""
}

// Barred says why no credential may be sent to u; "" when one may.
func (u URL) Barred(private bool) string {
	switch {
	case u.Reach == ReachNever:
		return "names an address that is never asked (metadata, link-local or reserved)"
	case u.Scheme == "http" && u.Reach != ReachLoopback:
		return "must use https; http is for localhost, 127.0.0.0/8 and [::1] alone"
	case u.Reach == ReachPrivate && !private:
		return "names an address of a private network; set request.allowPrivateNetwork to true to allow that"
	}
	return ""
}

// CheckOverride says what keeps a request of p from being sent with an override over a model of a base URL; "" when nothing does.
func (p Provider) CheckOverride(o Override, modelBaseURL string) string {
	if p.Place == nil {
		return ""
	}
	name, address := "request.baseUrl", o.BaseURL
	if address == "" {
		name, address = "the model's base URL", modelBaseURL
	}
	if address == "" {
		return ""
	}
	u, why := ParseURL(address)
	if why == "" || strings.Contains(address, "{") {
		why = p.Place(u)
	}
	if why != "" {
		why = name + " " + why
	}
	return why
}

// deniedHeaders belong to the connection or to the request itself (RFC 9110 sections 7.6 and 10, RFC 9112), or carry the state of a
// person's browser. Names that begin with "proxy-" are denied too.
var deniedHeaders = []string{
	"host", "content-length", "content-encoding", "transfer-encoding", "connection", "keep-alive", "te", "trailer", "upgrade", "expect",
	"http2-settings", "cookie", "cookie2", "set-cookie", "set-cookie2", "constructor", "prototype", "__proto__",
}

// CheckHeader says in plain words why an account may not add a header, never quoting its value; "" when it may.
func CheckHeader(h SecretHeader) string {
	name, value := strings.ToLower(h.Name), h.Value.Reveal()
	switch {
	case !isToken(name):
		return "is no name of a header (RFC 9110)"
	case len(name)+len(value) > maxOverrideHeader:
		return "is longer than 8 kB"
	case strings.HasPrefix(name, "proxy-"):
		return "cannot be overridden"
	}
	for _, denied := range deniedHeaders {
		if name == denied {
			return "cannot be overridden"
		}
	}
	for _, r := range value {
		// What is no UTF-8 comes out as U+FFFD, beyond Latin-1.
		if r < ' ' || r >= 0x7f && r < 0xa0 || r > 0xff {
			return "has a value with a control character or one beyond Latin-1"
		}
	}
	return ""
}

// isToken reports whether text is a token of RFC 9110 section 5.6.2.
func isToken(text string) bool {
	for i := 0; i < len(text); i++ {
		c := text[i]
		if !(c|0x20 >= 'a' && c|0x20 <= 'z') && (c < '0' || c > '9') && strings.IndexByte("!#$%&'*+-.^_`|~", c) < 0 {
			return false
		}
	}
	return text != ""
}

// MergeHeaders puts headers over those of a request. Names are compared without case, and the one that is put over keeps its own case.
func MergeHeaders(request, over []SecretHeader) []SecretHeader {
	var out []SecretHeader
	for _, h := range request {
		kept := true
		for _, o := range over {
			kept = kept && !strings.EqualFold(h.Name, o.Name)
		}
		if kept {
			out = append(out, h)
		}
	}
	return append(out, over...)
}

// MayReach reports whether a credential of p may be sent to an origin: one of the catalogue's, or that of the account's own override.
// Whatever leads there (a redirect, a failover, an override of another account) is no reason to send it anywhere else.
func (p Provider) MayReach(origin string, own Override) bool {
	u, why := ParseURL(origin)
	if why != "" || u.Path != "" {
		return false
	}
	if own.BaseURL != "" {
		if b, why := ParseURL(own.BaseURL); why == "" && b.Origin() == u.Origin() {
			return b.Barred(own.Private) == ""
		}
	}
	if u.Barred(false) != "" {
		return false
	}
	for _, pattern := range p.Origins {
		if matchesOrigin(pattern, u.Origin()) {
			return true
		}
	}
	return false
}

// matchesOrigin compares with a pattern in which each "*" stands for letters, digits and dashes, one at least: part of one label, so
// that it never reaches into the domain of somebody else.
func matchesOrigin(pattern, origin string) bool {
	before, after, star := strings.Cut(pattern, "*")
	if !star {
		return pattern == origin
	}
	rest, ok := strings.CutPrefix(origin, before)
	if !ok {
		return false
	}
	for i := 0; i < len(rest); i++ {
		c := rest[i]
		if (c < 'a' || c > 'z') && (c < '0' || c > '9') && c != '-' {
			return false
		}
		if matchesOrigin(after, rest[i+1:]) {
			return true
		}
	}
	return false
}
