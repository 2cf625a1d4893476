// Package cloudflare is what Workers AI has of its own: addresses with the account in them, tokens pasted from the dashboard, and finding
// the account of a token. Sources: developers.cloudflare.com, the pages on token formats, on verifying tokens, on listing accounts and on
// errors of Workers AI (2025-11).
package cloudflare

import (
	"strings"

	"pimultiauth/core"
)

const (
	origin   = "https://api.cloudflare.com"
	accounts = origin + "/client/v4/accounts/"
	suffix   = "/ai/v1"
)

// BaseURL is the address of Workers AI for an account.
func BaseURL(account string) string { return accounts + strings.ToLower(account) + suffix }

// Place says what is wrong with an address as the base URL of Workers AI.
func Place(u core.URL) string {
	id, ok := strings.CutPrefix(u.String(), accounts)
	if id, ends := strings.CutSuffix(id, suffix); ok && ends && isAccount(id) {
		return ""
	}
	return "must be " + accounts + "<account id>" + suffix + "; paste the account id, the dashboard's address or that base URL with the token"
}

// Upstream is the account a credential is for: all its tokens share one daily allocation.
func Upstream(c core.Credential) string {
	if id := strings.ToLower(c.Field("env.CLOUDFLARE_ACCOUNT_ID")); isAccount(id) {
		return id
	}
	if u, why := core.ParseURL(c.Field("request.baseUrl")); why == "" && Place(u) == "" {
		return strings.ToLower(u.String()[len(accounts) : len(accounts)+32])
	}
	return ""
}

// isAccount reports whether id is an account's: 32 hexadecimal digits.
func isAccount(id string) bool { return len(id) == 32 && isHex(id) }

func isHex(text string) bool { return strings.Trim(strings.ToLower(text), "0123456789abcdef") == "" }

func isTokenByte(c byte) bool {
	return c|0x20 >= 'a' && c|0x20 <= 'z' || c >= '0' && c <= '9' || c == '_' || c == '-'
}

type found struct {
	token string
	// at is where it begins in the text, line the line it stands in.
	at, line int
}

// tokens finds what begins with the prefix of a token. The second result says that one was shown shortened, the third that a global key
// was there.
func tokens(line string, n, at int) (all []found, shortened, global bool) {
	for i := 0; i < len(line); {
		if i > 0 && isTokenByte(line[i-1]) || !isTokenByte(line[i]) {
			i++
			continue
		}
		begin := i
		for i < len(line) && isTokenByte(line[i]) {
			i++
		}
		word, rest := line[begin:i], line[i:]
		switch {
		case strings.HasPrefix(word, "cfk_"):
			global = true
		case !strings.HasPrefix(word, "cfat_") && !strings.HasPrefix(word, "cfut_"):
		case len(word) == 5, strings.HasPrefix(rest, "..."), strings.HasPrefix(rest, "*"), strings.HasPrefix(rest, "…"), strings.HasPrefix(rest, "•"):
			shortened = true
		default:
			all = append(all, found{word, at + begin, n})
		}
	}
	return all, shortened, global
}

// Where an account is named: in a base URL, beside a word or in an address that says what it is, or alone.
const (
	inURL = iota
	named
	bare
	ways
)

// longest is how far before an account a word may stand that says what it is.
const longest = 200

type mention struct {
	id      string
	at, how int
}

// mentions finds the accounts a text names.
func mentions(text string) (all []mention) {
	lower := strings.ToLower(text)
	for i := 0; i+32 <= len(lower); i++ {
		id := lower[i : i+32]
		if !isHex(id) || i > 0 && isTokenByte(lower[i-1]) || i+32 < len(lower) && isTokenByte(lower[i+32]) {
			continue
		}
		before, after := lower[:i], lower[i+32:]
		label := strings.TrimRight(before, " \t\"'`")
		rest, ok := strings.CutPrefix(after, suffix)
		switch {
		case ok && strings.HasSuffix(before, accounts) && (rest == "" || !isTokenByte(rest[0]) && rest[0] != '.'):
			all = append(all, mention{id, i, inURL})
		case strings.HasSuffix(before, "dash.cloudflare.com/"), strings.HasSuffix(before, "/client/v4/accounts/"), strings.HasSuffix(before, "/api/v4/accounts/"),
			strings.HasSuffix(before, "com.cloudflare.api.account."), isLabel(label):
			all = append(all, mention{id, i, named})
		case before == "", strings.IndexByte(" \t\n\"'`,([{<|", before[len(before)-1]) >= 0 && !strings.HasSuffix(label, ":") && !strings.HasSuffix(label, "="), behindToken(before):
			line := before[max(len(before)-longest, 0):]
			line = line[strings.LastIndexByte(line, '\n')+1:]
			if !strings.Contains(line, "zone") && !strings.Contains(line, "://") {
				all = append(all, mention{id, i, bare})
			}
		}
		i += 31
	}
	return all
}

// behindToken reports whether a text ends in "cfut_…:", as lists of tokens and their accounts are written.
func behindToken(text string) bool {
	rest, ok := strings.CutSuffix(text, ":")
	word := rest[strings.LastIndexAny(rest, " \t\n\"'`,;|=")+1:]
	return ok && (strings.HasPrefix(word, "cfat_") || strings.HasPrefix(word, "cfut_") || len(word) == 40)
}

// baseOf is the base URL that mentions mean: the one that stands there, or that of the one account that is named. Several mean none.
func baseOf(all []mention) string {
	for how := range ways {
		one := ""
		for _, m := range all {
			if m.how == how && one != "" && one != m.id {
				one = "several"
			} else if m.how == how {
				one = m.id
			}
		}
		if isAccount(one) {
			return BaseURL(one)
		}
		if one != "" && how != inURL {
			return ""
		}
	}
	return ""
}

// pairs tells which account each token belongs to where they stand by turns, as in lists of accounts: JSON, env files one after another.
// Where they do not it says nothing.
func pairs(all []found, ids []mention) []string {
	turns, next := make([]string, len(all)), 0
	for _, m := range ids {
		for next < len(all) && all[next].at < m.at {
			next++
		}
		i := next
		if ids[0].at > all[0].at {
			i--
		}
		if i == len(all) || turns[i] != "" && turns[i] != m.id {
			return nil
		}
		turns[i] = m.id
	}
	for _, id := range turns {
		if id == "" {
			return nil
		}
	}
	return turns
}

// isLabel reports whether a text ends in "account:", "Account ID =" and the like.
func isLabel(text string) bool {
	n := len(text)
	if n == 0 || text[n-1] != ':' && text[n-1] != '=' {
		return false
	}
	text = strings.TrimRight(text[:n-1], " \t\"'`")
	for _, name := range []string{"account", "accountid", "account_id", "account-id", "account id"} {
		if strings.HasSuffix(text, name) {
			return true
		}
	}
	return false
}

// Paste reads tokens and the accounts they belong to out of what a person pasted: a token, the dashboard's page, a curl command, an env
// file, JSON.
func Paste(text string, many bool) core.Paste {
	if len(text) > 1<<20 {
		return core.Paste{Error: "The text is longer than 1 MB; paste the tokens alone."}
	}
	text = strings.ReplaceAll(core.Pasted(text), `\/`, "/")
	var out core.Paste
	var all []found
	shortened, global := false, false
	at := 0
	for i, line := range strings.Split(text, "\n") {
		if plain := strings.TrimSpace(line); plain == "" || strings.HasPrefix(plain, "```") {
			out.Ignored++
		} else {
			found, short, key := tokens(line, i, at)
			all, shortened, global = append(all, found...), shortened || short, global || key
		}
		at += len(line) + 1
	}
	switch {
	case len(all) == 0 && global:
		out.Error = "That is a global API key (cfk_), which no request takes as a token; create an API token instead."
	case len(all) == 0 && shortened:
		out.Error = "No API keys detected. The token is shown shortened; copy the whole of it."
	case len(all) == 0:
		return generic(text, many)
	case len(all) > 1 && !many:
		out.Error = "Multiple API tokens detected; paste one token."
	default:
		place(&out, text, all)
	}
	return out
}

// place takes the tokens that were found, each once, with the account that its line, its turn or else the whole text names.
func place(out *core.Paste, text string, all []found) {
	lines, ids := strings.Split(text, "\n"), mentions(text)
	shared, turns := baseOf(ids), []string(nil)
	if shared == "" {
		turns = pairs(all, ids)
	}
	at := map[string]int{}
	line, ofLine := -1, ""
	for n, f := range all {
		if f.line != line {
			line, ofLine = f.line, baseOf(mentions(lines[f.line]))
		}
		base := ofLine
		if base == "" && turns != nil {
			base = BaseURL(turns[n])
		}
		i, ok := at[f.token]
		if !ok {
			i = len(out.Keys)
			at[f.token] = i
			out.Keys = append(out.Keys, core.PastedKey{Key: core.Secret(f.token)})
		} else {
			out.Duplicates++
		}
		if out.Keys[i].BaseURL == "" {
			out.Keys[i].BaseURL = base
		}
	}
	for i := range out.Keys {
		if out.Keys[i].BaseURL == "" {
			out.Keys[i].BaseURL = shared
		}
		if out.Keys[i].BaseURL != "" {
			out.Overrides++
		}
	}
}

// generic reads tokens of before 2025, which have no prefix: 40 characters. Ids of accounts and the global keys of then (37 hexadecimal
// digits) are none.
func generic(text string, many bool) core.Paste {
	out := core.ReadKeys(text, true, core.KeyShape{}, []string{"CLOUDFLARE_API"})
	legacy, global := false, false
	for _, k := range out.Keys {
		legacy = legacy || len(k.Key) == 40
	}
	var kept []found
	for _, k := range out.Keys {
		key := k.Key.Reveal()
		switch {
		case len(key) == 37 && isHex(key):
			global = true
		case isAccount(key), legacy && len(key) != 40:
		default:
			i := max(strings.Index(text, key), 0)
			kept = append(kept, found{key, i, strings.Count(text[:i], "\n")})
		}
	}
	out.Keys, out.Overrides = nil, 0
	switch {
	case len(kept) == 0 && global:
		out.Error = "That is a global API key, which no request takes as a token; create an API token instead."
	case len(kept) == 0 && out.Error == "":
		out.Error = "No API keys detected."
	case len(kept) > 1 && !many:
		out.Error = "Multiple API keys detected; paste one token."
	case len(kept) > 0:
		place(&out, text, kept)
	}
	return out
}
