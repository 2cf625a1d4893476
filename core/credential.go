package core

import (
	"strconv"
	"strings"

	"github.com/tidwall/gjson"
)

// Credential is an entry of a file as Pi's auth.json holds it, read totally: what has the wrong type is absent. The zero value is what no
// credential could be read from.
type Credential struct {
	// Login is true for the tokens of a login ("oauth"), false for a key ("api_key").
	Login bool
	// Key is the secret itself; where Template says so, it is as it stands in the file. It may be empty where Env says it all (Bedrock,
	// Vertex).
	Key Secret
	// Template says that the secret is elsewhere: Pi reads it from a variable ("$NAME", "${NAME}") or a command (a leading "!").
	Template bool
	Access   Secret
	Refresh  Secret
	// Expires is when Access ends; zero when it is not known.
	Expires Time
	entry   gjson.Result
}

// ReadCredential reads one entry; false for what is none.
func ReadCredential(entry Secret) (Credential, bool) {
	var c Credential
	if len(entry) > 1<<20 || !IsJSON(entry.Reveal()) {
		return c, false
	}
	c.entry = gjson.Parse(entry.Reveal())
	switch c.Field("type") {
	case "api_key":
		key, template := readTemplate(c.Field("key"))
		c.Key, c.Template = Secret(key), template
		return c, c.Key != "" || c.entry.Get("env").IsObject()
	case "oauth":
		c.Login = true
		c.Access, c.Refresh = Secret(c.Field("access")), Secret(c.Field("refresh"))
		c.Expires = EpochTime(c.entry.Get("expires"))
		return c, c.Access != "" || c.Refresh != ""
	}
	return c, false
}

// EpochTime reads an instant of JSON, a number or a string of one: below 1e11 it is in seconds, else in milliseconds. Zero for anything
// that is no instant between 1970 and 2286.
func EpochTime(r gjson.Result) Time {
	n := r.Num
	if r.Type == gjson.String {
		n, _ = strconv.ParseFloat(strings.TrimSpace(r.Str), 64)
	}
	if n < 1e11 {
		n *= 1000
	}
	if !(n >= 1 && n < 1e13) {
		return 0
	}
	return Time(n)
}

// Field answers a string or number at a path of gjson, trimmed; "" for anything else. "access/" and "idToken/" before a path look into
// the claims of these tokens.
func (c Credential) Field(path string) string {
	r := c.entry
	if token, claim, ok := strings.Cut(path, "/"); ok {
		r, path = gjson.Parse(Claims(c.Field(token))), claim
	}
	if r = r.Get(path); r.Type == gjson.String {
		return strings.TrimSpace(r.Str)
	} else if r.Type == gjson.Number {
		return r.Raw
	}
	return ""
}

// Request is the credential's own override, "request" in the file, as JSON; "" for none.
func (c Credential) Request() string { return c.entry.Get("request").Raw }

// first answers the first of the fields that is there.
func (c Credential) first(paths []string) string {
	for _, path := range paths {
		if value := c.Field(path); value != "" {
			return value
		}
	}
	return ""
}

// readTemplate reads a key as Pi does (0.87.1 and 1.5.2, resolve-config-value): "$$" and "$!" are the characters themselves, and so is a
// "$" that begins no name. True, and the text as it stands, for what a variable or a command gives.
func readTemplate(key string) (secret string, template bool) {
	text, rest, more := strings.Cut(key, "$")
	for more {
		name, after, braced := "", "", strings.HasPrefix(rest, "{")
		switch {
		case rest != "" && (rest[0] == '$' || rest[0] == '!'):
			text, after = text+rest[:1], rest[1:]
		case braced && strings.Contains(rest, "}"):
			name, after, _ = strings.Cut(rest[1:], "}")
			text += "${" + name + "}"
		default:
			text, after = text+"$", rest
			if name = rest; name != "" && !braced {
				name = name[:1]
			}
		}
		if isShellName(name) {
			return key, true
		}
		rest, after, more = strings.Cut(after, "$")
		text, rest = text+rest, after
	}
	return text, strings.HasPrefix(key, "!")
}

// isShellName reports whether a text is a name that a variable may have.
func isShellName(text string) bool {
	for i := 0; i < len(text); i++ {
		if text[i] != '_' && (!isAlnum(text[i]) || i == 0 && text[i] <= '9') {
			return false
		}
	}
	return text != ""
}

// env answers the credential's own variables, one "NAME=value" a line in the order of names.
func (c Credential) env() string {
	var lines []string
	c.entry.Get("env").ForEach(func(name, value gjson.Result) bool {
		lines = append(lines, name.String()+"="+value.String())
		return true
	})
	return strings.Join(Sorted(lines), "\n")
}

// Form is what a request is sent with, in words, the secret itself masked: "key", "access token", "environment" (the credential's own
// variables say it all), "template" (Pi resolves it), and before a colon what the provider wants in front of the secret.
func (p Provider) Form(c Credential) string {
	switch {
	case c.Login && p.TokenPrefix != "":
		return p.TokenPrefix + "[secret]"
	case c.Login:
		return "access token"
	case c.Key == "":
		return "environment"
	case c.Template:
		return "template"
	case p.TokenPrefix != "" && strings.HasPrefix(c.Key.Reveal(), p.TokenPrefix):
		return p.TokenPrefix + "[secret]"
	}
	return "key"
}

// Ends is when the credential's present secret ends; zero when it does not or nobody says. A login without an end of its own has the one
// its token claims, and so has a key that is a token of a login (Cline's "workos:").
func (p Provider) Ends(c Credential) Time {
	switch {
	case c.Login && !c.Expires.IsZero():
		return c.Expires
	case c.Login:
		return ClaimedExpiry(c.Access.Reveal())
	case p.TokenPrefix != "":
		if token, ok := strings.CutPrefix(c.Key.Reveal(), p.TokenPrefix); ok {
			return ClaimedExpiry(token)
		}
	}
	return 0
}

// Mask shows a secret as people tell them apart: how it begins where that is the vendor's, and its last four characters where it is long.
func (s Secret) Mask() string {
	text := s.Reveal()
	if len(text) < 20 {
		return "…"
	}
	return prefixOf(text, nil) + "…" + text[len(text)-4:]
}

// SecretsOf are the secrets of a credential, as far as it holds them itself; some may be "".
func SecretsOf(credential Secret) []Secret {
	c, _ := ReadCredential(credential)
	return []Secret{c.Key, c.Access, c.Refresh}
}

// Redact takes secrets out of a foreign text: the given ones, and what begins like a vendor's key, is a token, or follows "Bearer".
func Redact(text string, secrets []Secret) string {
	for _, s := range secrets {
		if len(s) >= 6 {
			text = strings.ReplaceAll(text, s.Reveal(), "[secret]")
		}
	}
	var out strings.Builder
	bearer := false
	for len(text) > 0 {
		n := 0
		for n < len(text) && (isAlnum(text[n]) || strings.IndexByte("-_.|~+/=", text[n]) >= 0 || text[n] == ':' && strings.HasPrefix(text[:n], "workos")) {
			n++
		}
		if n == 0 {
			out.WriteByte(text[0])
			text = text[1:]
			continue
		}
		word := text[:n]
		text = text[n:]
		tail := ""
		if i := strings.LastIndexByte(word, '='); i >= 0 && i < len(word)-8 {
			// A variable or a field of a query.
			out.WriteString(word[:i+1])
			word = word[i+1:]
		}
		if trimmed := strings.TrimRight(word, "."); trimmed != word {
			word, tail = trimmed, word[len(trimmed):]
		}
		prefix := prefixOf(word, nil)
		switch {
		case prefix != "" && len(word) >= len(prefix)+8 && strings.ContainsAny(word, "0123456789"), bearer && len(word) >= 8,
			strings.HasPrefix(word, "eyJ") && len(word) >= 20:
			word = "[secret]"
		}
		bearer = strings.EqualFold(word, "bearer")
		out.WriteString(word + tail)
	}
	return out.String()
}

func isAlnum(c byte) bool { return c|0x20 >= 'a' && c|0x20 <= 'z' || c >= '0' && c <= '9' }
