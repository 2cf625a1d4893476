package store

import (
	"sort"
	"strconv"
	"strings"

	"github.com/tidwall/gjson"

	"pimultiauth/core"
)

// AccountsVersion is that of our accounts file multi-auth-accounts.json. It is joined by the same rules as the state file.
//
//	{"version":1,
//	 "providers":{"<provider>":{"accounts":{"<account>":{
//	   "credential":{"<added>":{at,entry}}, "adopted":{at,mark}, "identity":{at,key,strong,label}, "override":{at,baseUrl,headers},
//	   "removed":{at}}}}}}
//
// <added> is when the account came or a person logged in to it anew, in epoch milliseconds; the last one that came after "removed"
// counts. Below it "at" is when the credential was issued and entry an entry as auth.json holds it, byte by byte. So a renewal that
// comes in late neither brings a removed account back nor undoes a login. "adopted" has the mark of the entry of auth.json in whose
// place the account stands.
const AccountsVersion = 1

// BlankAccounts is an accounts file without any.
const BlankAccounts = `{"providers":{},"version":1}`

// OwningDelta says in the state file that there is an accounts file, so that one that was removed is missed.
const OwningDelta = `{"owning":{"at":1,"value":true}}`

// Owning reports whether a state file says that there is an accounts file.
func (t *Tree) Owning() bool { return t.root.get("owning").setting().Type == gjson.True }

// Owned is an account of ours.
type Owned struct {
	core.Account
	// Added is when it came, or when a person logged in to it anew.
	Added core.Time
	// Adopted is the mark of the entry of auth.json in whose place it stands; 0 for none.
	Adopted int64
}

// Accounts lists the accounts of our file by provider and number, totally: what has the wrong shape is left out.
func (t *Tree) Accounts() []Owned { return t.AccountsOf("") }

// AccountsOf lists those of one provider; of "" all.
func (t *Tree) AccountsOf(only string) []Owned {
	var out []Owned
	for _, provider := range t.root.get("providers").fields {
		if !ValidID(provider.key) || (only != "" && provider.key != only) {
			continue
		}
		from := len(out)
		for i := range provider.get("accounts").fields {
			f := &provider.get("accounts").fields[i]
			if !ValidID(f.key) || len(out) >= maxEntries {
				continue
			}
			if account, ok := readOwned(f.key, &f.node); ok {
				account.Provider = provider.key
				out = append(out, account)
			}
		}
		one := out[from:]
		sort.SliceStable(one, func(i, j int) bool { return Number(provider.key, one[i].ID) < Number(provider.key, one[j].ID) })
	}
	return out
}

func readOwned(id string, n *node) (Owned, bool) {
	added, at := n.login()
	if at < 0 {
		return Owned{}, false
	}
	credential := n.get("credential").fields[at].value()
	account, ok := readEntry(id, credential.Get("entry"))
	if !ok {
		return Owned{}, false
	}
	account.Own = true
	account.Issued = readTime(credential.Get("at"))
	if identity := n.get("identity").value(); identity.IsObject() {
		account.Identity = core.Identity{Key: identity.Get("key").String(), Strong: identity.Get("strong").Type == gjson.True}
		account.Identity.Label = core.PlainLine(identity.Get("label").String(), maxLabel)
		if account.Identity.Label != "" {
			account.Label = account.Identity.Label
		}
	}
	return Owned{account, added, readMark(n.get("adopted").value().Get("mark"))}, true
}

// Adopted is the mark of the entry of auth.json in whose place an account of ours stands; 0 for none.
func (t *Tree) Adopted(provider, account string) int64 {
	return readMark(t.root.get("providers").get(provider).get("accounts").get(account).get("adopted").value().Get("mark"))
}

// login finds the login of an account that counts; -1 when it was removed.
func (n *node) login() (added core.Time, at int) {
	added, at = n.get("removed").at(), -1
	for i, f := range n.get("credential").fields {
		if t, err := strconv.ParseInt(f.key, 10, 64); err == nil && core.Time(t) > added && t <= latest && f.raw != "" {
			added, at = core.Time(t), i
		}
	}
	return added, at
}

func (n *node) at() core.Time { return core.Time(n.stamp) }

// Override reads what a person set for an account in place of the provider's base URL and headers.
func (t *Tree) Override(provider, account string) (baseURL string, headers []core.SecretHeader) {
	override := t.root.get("providers").get(provider).get("accounts").get(account).get("override").value()
	override.Get("headers").ForEach(func(name, value gjson.Result) bool {
		if value.Type == gjson.String && len(headers) < mostListed {
			headers = append(headers, core.SecretHeader{Name: name.Str, Value: core.Secret(value.Str)})
		}
		return true
	})
	return override.Get("baseUrl").String(), headers
}

// Names lists the ids that a provider's accounts have or had in a file of ours: none of them is given to another account.
func (t *Tree) Names(provider string) []string {
	var out []string
	for _, f := range t.root.get("providers").get(provider).get("accounts").fields {
		out = append(out, f.key)
	}
	return out
}

// Number is n for the id "P-n" of a provider P, 0 for its own and for any other.
func Number(provider, id string) int {
	if !strings.HasPrefix(id, provider+"-") {
		return 0
	}
	n := 0
	for _, c := range id[len(provider)+1:] {
		if c == '@' {
			// Two accounts came under one name; it stays beside the other one.
			break
		}
		if c < '0' || c > '9' || n > 1e8 {
			return 0
		}
		n = n*10 + int(c-'0')
	}
	return n
}

// CredentialDelta is the change that gives an account of ours its credential, issued at an instant. added is when the account came: a
// renewal keeps it, a login of a person sets it anew.
func CredentialDelta(provider, account string, entry core.Secret, added, at core.Time) string {
	return ownDelta(provider, account, "credential", nest(core.Decimal(int64(added)), stamped(at).Raw("entry", entry.Reveal()).Text()))
}

// AdoptedDelta is the change that lets an account stand in the place of an entry of auth.json whose credential has the given mark.
func AdoptedDelta(provider, account string, mark int64, at core.Time) string {
	return ownDelta(provider, account, "adopted", stamped(at).Int("mark", mark).Text())
}

// IdentityDelta is the change that says who an account is.
func IdentityDelta(provider, account string, who core.Identity, at core.Time) string {
	return ownDelta(provider, account, "identity", stamped(at).String("key", who.Key).Bool("strong", who.Strong).String("label", who.Label).Text())
}

// OverrideDelta is the change of an account's base URL and headers, also of one that stands in auth.json.
func OverrideDelta(provider, account, baseURL string, headers []core.SecretHeader, at core.Time) string {
	var list core.Object
	for _, h := range headers {
		list.String(h.Name, h.Value.Reveal())
	}
	return ownDelta(provider, account, "override", stamped(at).String("baseUrl", baseURL).Raw("headers", list.Text()).Text())
}

// ForgetDelta is the change that removes an account of ours.
func ForgetDelta(provider, account string, at core.Time) string {
	return ownDelta(provider, account, "removed", stamped(at).Text())
}

func ownDelta(provider, account, name, value string) string {
	account = nest("accounts", nest(account, nest(name, value)))
	return (&core.Object{}).Raw("providers", nest(provider, account)).Int("version", AccountsVersion).Text()
}

// Forget takes what is secret of removed accounts and of earlier logins out of the file and reports whether there was any; the marks of
// removals stay.
func (t *Tree) Forget() bool {
	forgot := false
	for i := range t.root.get("providers").fields {
		accounts := t.root.get("providers").fields[i].get("accounts").fields
		for j := range accounts {
			forgot = accounts[j].forget() || forgot
		}
	}
	if forgot {
		t.text = ""
	}
	return forgot
}

func (n *node) forget() bool {
	_, at := n.login()
	removed := n.get("removed").at()
	credential := n.get("credential")
	forgot := len(credential.fields) > 1 || (at < 0 && len(credential.fields) > 0)
	if forgot {
		var kept []field
		if at >= 0 {
			kept = []field{credential.fields[at]}
		}
		credential.fields = kept
	}
	kept := n.fields[:0]
	for _, f := range n.fields {
		if (f.key == "credential" && at < 0) || (f.raw != "" && f.key != "removed" && f.stamp <= float64(removed)) {
			continue
		}
		kept = append(kept, f)
	}
	forgot = forgot || len(kept) < len(n.fields)
	n.fields = kept
	return forgot
}
