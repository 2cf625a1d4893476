package engine

import (
	"strings"

	"github.com/tidwall/gjson"

	"pimultiauth/core"
	"pimultiauth/core/view"
)

// windows reads what the headers of an ordinary response say, as the provider does it or, of one that is not in the catalogue, as most do.
func (e *Engine) windows(provider string, headers []core.Header, at core.Time) []core.Window {
	if p, ok := e.catalogue[provider]; ok {
		if p.Windows == nil {
			return nil
		}
		return p.Windows(headers, at)
	}
	return core.HeaderWindows(headers, at)
}

// inspectUsage reads an answer as the usage of an account.
func (e *Engine) inspectUsage(q gjson.Result, at core.Time) string {
	provider := q.Get("provider").String()
	account := core.Account{ID: provider, Provider: provider, Source: "stored", Login: true}
	credential := q.Get("account")
	if inner := credential.Get("credential"); inner.IsObject() {
		credential = inner
	}
	if credential.IsObject() {
		account.Credential = core.Secret(credential.Raw)
		account.Login = credential.Get("type").String() != "api_key"
	}
	var headers []core.Header
	q.Get("headers").ForEach(func(name, value gjson.Result) bool {
		headers = append(headers, core.Header{Name: strings.ToLower(name.String()), Value: value.String()})
		return true
	})
	body := q.Get("body")
	text := body.String()
	if body.IsObject() || body.IsArray() {
		text = body.Raw
	}
	status := 200
	if told := q.Get("status"); told.Exists() {
		status = int(told.Int())
	}
	u := core.Usage{At: at}
	windows := e.windows(provider, headers, at)
	source := e.catalogue[provider].Usage
	switch {
	case source == nil && len(windows) == 0:
		u.Error = "nothing that an account of " + core.Plain(provider, 60) + " may ask tells its usage"
	case source != nil && (text != "" || len(windows) == 0):
		u = source.Read(account, []core.FetchResult{{Status: status, Headers: headers, Body: core.Secret(text)}}, at)
	}
	if len(windows) > 0 {
		u.Join(windows, at)
		u.Block(at, "", false)
	}
	return view.UsageObject(&u).Text()
}
