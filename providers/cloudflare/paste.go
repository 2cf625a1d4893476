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
	line  int
}

// tokens finds what begins with the prefix of a token. The second result says that one was shown shortened, the third that a global key
// was there.
func tokens(line string, n int) (all []found, shortened, global bool) {
	for i := 0; i < len(line); {
		if i > 0 && isTokenByte(line[i-1]) || !isTokenByte(line[i]) {
			i++
			continue
		}
		end := i
		for end < len(line) && isTokenByte(line[end]) {
			end++
		}
		word, rest := line[i:end], line[end:]
		i = end
		switch {
		case strings.HasPrefix(word, "cfk_"):
			global = true
		case !strings.HasPrefix(word, "cfat_") && !strings.HasPrefix(word, "cfut_"):
		case len(word) == 5, strings.HasPrefix(rest, "..."), strings.HasPrefix(rest, "*"), strings.HasPrefix(rest, "…"), strings.HasPrefix(rest, "•"):
			shortened = true
		default:
			all = append(all, found{word, n})
		}
	}
	return all, shortened, global
}

// baseOf finds the base URL a text means: the one that stands there, or that of the one account it names. A text that names several means
// none.
func baseOf(text string) string {
	lower := strings.ToLower(text)
	var urls, named, bare string
	add := func(to *string, id string) {
		if *to == "" || *to == id {
			*to = id
		} else {
			*to = "several"
		}
	}
	for i := 0; i+32 <= len(lower); i++ {
		id := lower[i : i+32]
		if !isHex(id) || i > 0 && isTokenByte(lower[i-1]) || i+32 < len(lower) && isTokenByte(lower[i+32]) {
			continue
		}
		before, after := lower[:i], lower[i+32:]
		if rest, ok := strings.CutPrefix(after, suffix); ok && strings.HasSuffix(before, accounts) && (rest == "" || !isTokenByte(rest[0]) && rest[0] != '.') {
			add(&urls, id)
		}
		label := strings.TrimRight(before, " \t\"'`")
		switch {
		case strings.HasSuffix(before, "dash.cloudflare.com/"), strings.HasSuffix(before, "/client/v4/accounts/"), strings.HasSuffix(before, "/api/v4/accounts/"),
			strings.HasSuffix(before, "com.cloudflare.api.account."), isLabel(label):
			add(&named, id)
		case before == "", strings.IndexByte(" \t\n\"'`,([{<|", before[len(before)-1]) >= 0 && !strings.HasSuffix(label, ":") && !strings.HasSuffix(label, "="):
			line := before[strings.LastIndexByte(before, '\n')+1:]
			if !strings.Contains(line, "zone") && !strings.Contains(line, "://") {
				add(&bare, id)
			}
		}
		i += 31
	}
	for _, id := range []string{urls, named, bare} {
		if isAccount(id) {
			return BaseURL(id)
		}
		if id != "" && id != urls {
			return ""
		}
	}
	return ""
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
	text = strings.NewReplacer("\r\n", "\n", "\r", "\n", `\/`, "/", "\ufeff", "", "\u200b", "", "\u00a0", " ").Replace(text)
	lines := strings.Split(text, "\n")
	shared := baseOf(text)
	var out core.Paste
	var all []found
	shortened, global := false, false
	for i, line := range lines {
		line = strings.TrimSpace(line)
		if line == "" || strings.HasPrefix(line, "```") {
			out.Ignored++
			continue
		}
		found, short, key := tokens(line, i)
		all, shortened, global = append(all, found...), shortened || short, global || key
	}
	switch {
	case len(all) == 0 && global:
		out.Error = "That is a global API key (cfk_), which no request takes as a token; create an API token instead."
		return out
	case len(all) == 0 && shortened:
		out.Error = "No API keys detected. The token is shown shortened; copy the whole of it."
		return out
	case len(all) == 0:
		return generic(text, many, shared)
	case len(all) > 1 && !many:
		out.Error = "Multiple API tokens detected; paste one token."
		return out
	}
	at := map[string]int{}
	for _, f := range all {
		base := baseOf(lines[f.line])
		i, ok := at[f.token]
		if !ok {
			i = len(out.Keys)
			at[f.token] = i
			out.Keys = append(out.Keys, core.PastedKey{Key: core.Secret(f.token), BaseURL: base})
			continue
		}
		out.Duplicates++
		if out.Keys[i].BaseURL == "" {
			out.Keys[i].BaseURL = base
		}
	}
	return withBase(out, shared)
}

func withBase(out core.Paste, shared string) core.Paste {
	out.Overrides = 0
	for i := range out.Keys {
		if out.Keys[i].BaseURL == "" {
			out.Keys[i].BaseURL = shared
		}
		if out.Keys[i].BaseURL != "" {
			out.Overrides++
		}
	}
	return out
}

// generic reads tokens of before 2025, which have no prefix: 40 characters. Ids of accounts and the global keys of then (37 hexadecimal
// digits) are none.
func generic(text string, many bool, shared string) core.Paste {
	out := core.ReadKeys(text, true, core.KeyShape{}, []string{"CLOUDFLARE_API"})
	legacy, global := false, false
	for _, k := range out.Keys {
		legacy = legacy || len(k.Key) == 40
	}
	kept := out.Keys[:0]
	for _, k := range out.Keys {
		key := k.Key.Reveal()
		switch {
		case len(key) == 37 && isHex(key):
			global = true
		case isAccount(key), legacy && len(key) != 40:
		default:
			kept = append(kept, core.PastedKey{Key: k.Key})
		}
	}
	out.Keys = kept
	switch {
	case len(kept) == 0 && global:
		out.Error = "That is a global API key, which no request takes as a token; create an API token instead."
	case len(kept) == 0 && out.Error == "":
		out.Error = "No API keys detected."
	case len(kept) > 1 && !many:
		out.Keys, out.Error = nil, "Multiple API keys detected; paste one token."
	}
	return withBase(out, shared)
}
