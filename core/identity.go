package core

import (
	"strconv"
	"strings"
)

// Claims of who an account is are read from the fields of its credential in an order; the names are paths as Credential.Field takes them.
type IdentityRule struct {
	// Account is the vendor's own id of the account.
	Account []string
	// Within tells accounts apart that share that id, as two people in one workspace do; it is joined with a "/".
	Within []string
	// User is the vendor's id of the person, who may have several accounts.
	User []string
	// Email is what people know the account by.
	Email []string
	// Plain spells keys as the peer does, in [a-z0-9._-], so that what it kept is recognised.
	Plain bool
}

// anyLogin is the rule for logins whose provider brings none, that of another extension, say: what RFC 7519 and OpenID Connect name.
var anyLogin = IdentityRule{
	Account: []string{"accountId", "account_id"},
	User:    []string{"userId", "user_id", "idToken/sub", "access/sub"},
	Email:   []string{"email", "userInfo.email", "profile.email", "idToken/email", "access/email"},
}

// IdentityOf tells which account at the vendor a credential belongs to.
func (p Provider) IdentityOf(credential Secret) Identity {
	if p.Identity != nil {
		return p.Identity(credential)
	}
	return anyLogin.Read(credential)
}

// Read tells which account a credential belongs to. A key is an account of its own: two entries with one key and one environment are the
// same. Of a login nothing but what the credential itself holds counts.
func (r IdentityRule) Read(credential Secret) Identity {
	c, ok := ReadCredential(credential)
	if !ok {
		return Identity{}
	}
	if !c.Login {
		kind := "key:"
		if c.Template {
			kind = "template:"
		}
		own, _ := ReadOverride(c.Request())
		return Identity{Key: kind + sum(c.Key.Reveal()+"\n"+c.env()+"\n"+own.BaseURL), Strong: true}
	}
	email := strings.ToLower(c.first(r.Email))
	if at := strings.IndexByte(email, '@'); at <= 0 || at == len(email)-1 {
		email = ""
	}
	id := Identity{Label: email}
	if account := c.first(r.Account); account != "" {
		id.Key, id.Strong = "account:"+r.spell(account), true
		if within := c.first(r.Within); within != "" {
			id.Key += "/" + r.spell(within)
		}
	} else if user := c.first(r.User); user != "" {
		id.Key = "user:" + r.spell(user)
	} else if email != "" {
		id.Key = "email:" + r.spell(email)
	}
	return id
}

const longestID = 80

// spell writes an id into a key. What the plain spelling would mix up with another id gets a sum of the whole.
func (r IdentityRule) spell(id string) string {
	if !r.Plain {
		if len(id) > longestID {
			return sum(id)
		}
		return id
	}
	lower := strings.ToLower(id)
	b := make([]byte, 0, len(lower))
	exact := strings.IndexByte(lower, '@') < 0 || strings.IndexByte(lower, '_') < 0 && strings.Count(lower, "@") == 1
	for i := 0; i < len(lower); i++ {
		c := lower[i]
		if isAlnum(c) || strings.IndexByte("._-", c) >= 0 {
			b = append(b, c)
			continue
		}
		exact = exact && (c == '@' || c == ' ')
		if len(b) > 0 && b[len(b)-1] != '_' {
			b = append(b, '_')
		}
	}
	text := strings.Trim(string(b), "_")
	if len(text) > longestID {
		text, exact = text[:longestID], false
	}
	if !exact {
		text += "~" + sum(lower)
	}
	return text
}

// sum is a 64-bit FNV-1a sum, to compare by and not to keep: what is logged or stored is a keyed hash of the host's.
func sum(text string) string {
	h := uint64(14695981039346656037)
	for i := 0; i < len(text); i++ {
		h = (h ^ uint64(text[i])) * 1099511628211
	}
	return strconv.FormatUint(h, 16)
}
