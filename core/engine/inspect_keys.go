package engine

import (
	"strings"

	"github.com/tidwall/gjson"

	"pimultiauth/core"
)

// named answers the catalogue's value for an id as people write it.
func (e *Engine) named(id string) *core.Provider {
	return e.provider(strings.ToLower(strings.TrimSpace(id)))
}

func (e *Engine) inspectPaste(q gjson.Result) string {
	p := e.named(q.Get("provider").String())
	paste := core.Paste{Error: p.Retired}
	if p.Retired == "" {
		paste = p.ReadPaste(q.Get("text").String(), q.Get("mode").String() != "one")
	}
	var keys []string
	for _, k := range paste.Keys {
		keys = append(keys, (&core.Object{}).String("key", k.Key.Reveal()).StringOrNull("baseUrl", k.BaseURL).Text())
	}
	return (&core.Object{}).Raw("keys", core.Array(keys)).Int("duplicates", int64(paste.Duplicates)).Int("ignored", int64(paste.Ignored)).
		Int("overrides", int64(paste.Overrides)).StringOrNull("error", paste.Error).Text()
}

// inspectOverride checks the override of one account. "headers", where they are given, are those of the request it is put over.
func (e *Engine) inspectOverride(q gjson.Result) string {
	p := e.named(q.Get("provider").String())
	o, why := core.ReadOverride(q.Get("request").Raw)
	if why == "" {
		why = p.CheckOverride(o, q.Get("modelBaseUrl").String())
	}
	if why != "" {
		return inspectError(why)
	}
	answer := (&core.Object{}).Raw("request", o.Text())
	if caller := q.Get("headers"); caller.IsObject() {
		var headers []core.SecretHeader
		caller.ForEach(func(name, value gjson.Result) bool {
			headers = append(headers, core.SecretHeader{Name: name.String(), Value: core.Secret(value.String())})
			return true
		})
		var merged core.Object
		for _, h := range core.MergeHeaders(headers, o.Headers) {
			merged.String(h.Name, h.Value.Reveal())
		}
		answer.Raw("headers", merged.Text())
	}
	return answer.Text()
}

// inspectReach says what speaks against the addresses that the name in a URL leads to. A private network's do not: who answers https there
// holds the name's certificate, so the credential reaches nobody else.
func inspectReach(q gjson.Result) string {
	u, why := core.ParseURL(q.Get("url").String())
	if why != "" {
		return inspectError(why)
	}
	q.Get("addresses").ForEach(func(_, address gjson.Result) bool {
		host, _, _ := strings.Cut(address.String(), "%")
		if strings.Contains(host, ":") {
			host = "[" + host + "]"
		}
		at, strange := core.ParseURL(u.Scheme + "://" + host)
		switch {
		case strange != "" || at.Reach == core.ReachNever:
			why = "its name leads to an address that is never asked (metadata, link-local or reserved)"
		case u.Scheme == "http" && at.Reach != core.ReachLoopback:
			why = "its name does not lead to this machine, and http must stay there"
		}
		return why == ""
	})
	if why != "" {
		return inspectError(why)
	}
	return "{}"
}

func (e *Engine) inspectIdentity(q gjson.Result) string {
	id := e.named(q.Get("provider").String()).IdentityOf(core.Secret(q.Get("credential").Raw))
	return (&core.Object{}).StringOrNull("key", id.Key).Bool("strong", id.Strong).Text()
}

// inspectSecret says the form of a request secret without telling it.
func (e *Engine) inspectSecret(q gjson.Result, at core.Time) string {
	p := e.named(q.Get("provider").String())
	c, ok := core.ReadCredential(core.Secret(q.Get("credential").Raw))
	if !ok {
		return inspectError("the credential has no known shape")
	}
	ends := p.Ends(c)
	return (&core.Object{}).String("form", p.Form(c)).Bool("expired", !ends.IsZero() && ends <= at).Text()
}
