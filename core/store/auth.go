package store

import (
	"sort"
	"strconv"
	"strings"

	"github.com/tidwall/gjson"

	"pimultiauth/core"
)

// Limits of spec for files people and other programs write.
const (
	maxEntries  = 10000
	maxIDLength = 128
)

// Auth is what auth.json says.
type Auth struct {
	// Accounts in their order: by provider as the file names them, the bare id first, then by number.
	Accounts []core.Account
	// Damaged says why the text could not be read; "" when it could.
	Damaged string
}

// ReadAuth reads the text of Pi's auth.json. An entry "P-n" belongs to P only when known(P) and not known("P-n"); otherwise it is a
// provider of its own. Entries of other shapes are ignored.
func ReadAuth(text string, known func(string) bool) Auth {
	text = strings.TrimPrefix(text, "\ufeff")
	if strings.TrimSpace(text) == "" {
		if text == "" {
			return Auth{}
		}
		return Auth{Damaged: "it is empty"}
	}
	if !core.IsJSON(text) {
		return Auth{Damaged: "it is no valid JSON"}
	}
	root := gjson.Parse(text)
	if !root.IsObject() {
		return Auth{Damaged: "it holds no object"}
	}
	type numbered struct {
		core.Account
		n int
	}
	var found []numbered
	seen := map[string]int{}
	order := map[string]int{}
	root.ForEach(func(key, entry gjson.Result) bool {
		id := key.String()
		if !ValidID(id) || len(found) >= maxEntries {
			return true
		}
		account, ok := readEntry(id, entry)
		if !ok {
			return true
		}
		provider, n := Owner(id, known)
		account.Provider, account.Entry = provider, id
		if _, ok := order[provider]; !ok {
			order[provider] = len(order)
		}
		if i, ok := seen[id]; ok {
			found[i] = numbered{account, n}
			return true
		}
		seen[id] = len(found)
		found = append(found, numbered{account, n})
		return true
	})
	sort.SliceStable(found, func(i, j int) bool {
		a, b := found[i], found[j]
		if a.Provider != b.Provider {
			return order[a.Provider] < order[b.Provider]
		}
		return a.n < b.n
	})
	out := Auth{Accounts: make([]core.Account, len(found))}
	for i, f := range found {
		out.Accounts[i] = f.Account
	}
	return out
}

// Owner tells whose account the entry id is and its number, 0 for the provider's own.
func Owner(id string, known func(string) bool) (provider string, n int) {
	dash := strings.LastIndexByte(id, '-')
	if dash <= 0 || dash == len(id)-1 || known(id) {
		return id, 0
	}
	digits := id[dash+1:]
	n, err := strconv.Atoi(digits)
	if err != nil || n < 1 || digits[0] == '0' || digits[0] == '+' || !known(id[:dash]) {
		return id, 0
	}
	return id[:dash], n
}

// ValidID reports whether id may name an account or a provider: letters, digits and "._:@/-", beginning with a letter or digit.
func ValidID(id string) bool {
	if id == "" || len(id) > maxIDLength {
		return false
	}
	for i := 0; i < len(id); i++ {
		c := id[i]
		alnum := c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9'
		if !alnum && (i == 0 || strings.IndexByte("._:@/-", c) < 0) {
			return false
		}
	}
	return true
}

func readEntry(id string, entry gjson.Result) (core.Account, bool) {
	if !entry.IsObject() {
		return core.Account{}, false
	}
	account := core.Account{ID: id, Label: id, Source: "stored", Credential: core.Secret(entry.Raw)}
	switch entry.Get("type").String() {
	case "api_key":
		key := entry.Get("key")
		env := entry.Get("env")
		if key.Type == gjson.String && strings.TrimSpace(key.Str) != "" {
			account.Mark = core.Secret(key.Str + env.Raw).Mark()
		} else if env.IsObject() {
			// A credential may live in provider-scoped variables alone (Bedrock, Vertex).
			account.Mark = core.Secret(env.Raw).Mark()
		} else {
			return core.Account{}, false
		}
		account.Upstream = env.Get("CLOUDFLARE_ACCOUNT_ID").String()
	case "oauth":
		access, refresh := entry.Get("access"), entry.Get("refresh")
		if access.Type != gjson.String || (access.Str == "" && refresh.String() == "") {
			return core.Account{}, false
		}
		account.Login = true
		account.Mark = core.Secret(access.Str).Mark()
		if expires := entry.Get("expires"); expires.Type == gjson.Number && expires.Num > 0 && expires.Num < 1e15 {
			account.Expires = core.Time(expires.Num)
		}
		account.Upstream = entry.Get("accountId").String()
	default:
		return core.Account{}, false
	}
	return account, true
}

// ReadProviders lists the providers of a models.json, nothing for a text that cannot be read.
func ReadProviders(text string) []string {
	var out []string
	if !core.IsJSON(text) {
		return nil
	}
	gjson.Get(text, "providers").ForEach(func(key, value gjson.Result) bool {
		if value.IsObject() && ValidID(key.String()) && len(out) < maxEntries {
			out = append(out, key.String())
		}
		return true
	})
	return out
}
