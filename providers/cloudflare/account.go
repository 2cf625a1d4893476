package cloudflare

import (
	"strconv"
	"strings"

	"github.com/tidwall/gjson"

	"pimultiauth/core"
)

const (
	perPage  = 50
	maxPages = 20
	shown    = 8
)

// Locate finds the base URL of a token that came without one: that of the only account it may see. The second result is what people know
// the account by; the third says what to do where there is none or more than one.
func Locate(h core.Host, token core.Secret) (baseURL, label, why string) {
	var ids, names []string
	for page := 1; page <= maxPages; page++ {
		answer, err := h.Fetch(core.Fetch{
			Method: "GET", URL: origin + "/client/v4/accounts?page=" + strconv.Itoa(page) + "&per_page=" + strconv.Itoa(perPage), Origin: origin,
			Headers: []core.SecretHeader{{Name: "accept", Value: "application/json"}, {Name: "authorization", Value: "Bearer " + token}},
			Timeout: 10 * core.Second, MaxBytes: 256 << 10,
		})
		if err != nil {
			return "", "", "Cloudflare could not be asked for the account (" + core.Plain(err.Error(), 100) + "); paste the account id with the token."
		}
		r, ok := core.ReadObject(answer.Body.Reveal())
		if !ok {
			return "", "", "Cloudflare's list of accounts is not valid JSON (HTTP " + strconv.Itoa(answer.Status) + "); paste the account id with the token."
		}
		if answer.Status < 200 || answer.Status > 299 || r.Get("success").Type != gjson.True {
			return "", "", failure(answer.Status, r, token)
		}
		n := 0
		if list := r.Get("result"); list.IsArray() {
			list.ForEach(func(_, account gjson.Result) bool {
				n++
				if id := strings.ToLower(strings.TrimSpace(account.Get("id").Str)); isAccount(id) {
					ids = append(ids, id)
					names = append(names, core.Plain(account.Get("name").String(), 60))
				}
				return true
			})
		}
		if pages := r.Get("result_info.total_pages"); n < perPage && pages.Num <= float64(page) {
			break
		}
	}
	switch len(ids) {
	case 0:
		return "", "", "The token sees no account. Paste the account id, the dashboard's address or the base URL with it, or let it read accounts."
	case 1:
		if names[0] == "" {
			names[0] = "account …" + ids[0][28:]
		}
		return BaseURL(ids[0]), names[0], ""
	}
	for i, name := range names {
		if name == "" {
			names[i] = ids[i]
		}
	}
	more := ""
	if len(names) > shown {
		names, more = names[:shown], " and "+strconv.Itoa(len(ids)-shown)+" more"
	}
	return "", "", "The token sees several accounts: " + strings.Join(names, ", ") + more + ". Paste the id of the one that is meant with it."
}

// failure words a refusal: what Cloudflare said, and what a person can do about it.
func failure(status int, r gjson.Result, token core.Secret) string {
	var said []string
	email, malformed := false, false
	var read func(list gjson.Result)
	read = func(list gjson.Result) {
		if !list.IsArray() {
			return
		}
		list.ForEach(func(_, e gjson.Result) bool {
			code, message := core.Said(e.Get("code").String(), 20, token), core.Said(e.Get("message").String(), 160, token)
			email = email || code == "1211" || strings.Contains(strings.ToLower(message), "verify your email")
			malformed = malformed || code == "6003" || code == "6111"
			if len(said) < 4 && code+message != "" {
				said = append(said, code+": "+message)
			}
			if chain := e.Get("error_chain"); chain.IsArray() && len(said) < 4 {
				read(chain)
			}
			return true
		})
	}
	read(r.Get("errors"))
	text := "no reason given"
	if len(said) > 0 {
		text = strings.Join(said, "; ")
	}
	hint := ""
	switch {
	case email:
		hint = " Verify the mail address of the Cloudflare account."
	case malformed:
		hint = " That is no whole token; copy it anew."
	case status == 401:
		hint = " That is no token, or a preview of one; copy the whole of it."
	case status == 403:
		hint = " Let the token read accounts, or paste the account id with it."
	}
	return "Cloudflare refused to list accounts (HTTP " + strconv.Itoa(status) + ": " + text + ")." + hint
}
