package engine

import (
	"strings"

	"github.com/tidwall/gjson"

	"pimultiauth/core"
	"pimultiauth/core/flow"
	"pimultiauth/core/pool"
	"pimultiauth/core/store"
	"pimultiauth/core/view"
)

const (
	// exportMark is the field that tells a file of export, and its version.
	exportMark    = "piMultiAuth"
	exportVersion = 1
)

// export writes the accounts into a file that another machine can import, or gives them back to auth.json.
func (e *Engine) export(h *flow.Host, c *call) *core.View {
	path := c.word(0)
	switch to := c.flags["to"]; {
	case to == "auth.json":
		return e.giveBack(h)
	case to != "":
		return failed("export --to knows auth.json alone", "export PATH writes a file.")
	case path == "":
		return failed("Where to? Say export PATH, or export --to auth.json")
	}
	var accounts []string
	logins, left := 0, 0
	for _, id := range e.providers("") {
		p := e.pools[id]
		for i := range p.Accounts {
			a := &p.Accounts[i]
			switch {
			case a.Source != "stored" || a.Absent:
				continue
			case gjson.Get(a.Credential.Reveal(), borrowed).Exists():
				left++
				continue
			case a.Login:
				logins++
			}
			o := (&core.Object{}).String("provider", id).String("id", a.ID).String("label", a.Label).Raw("credential", a.Credential.Reveal())
			if base, headers := e.own.Override(id, a.ID); base != "" || len(headers) > 0 {
				o.String("baseUrl", base).Raw("headers", headersText(headers))
			}
			accounts = append(accounts, o.Text())
		}
	}
	if len(accounts) == 0 {
		return failed("There are no accounts to export")
	}
	text := (&core.Object{}).Int(exportMark, exportVersion).Int("made", int64(h.At())).Raw("accounts", core.Array(accounts)).Text()
	say := "it is readable to whoever gets it: delete it when it has served"
	if !c.has("plain") {
		pass, no := e.passphrase(h, c, true)
		if no != nil {
			return no
		}
		sealed, err := h.Ask(core.Ask{Crypto: &core.Crypto{Op: "seal", Text: core.Secret(text), Key: pass}})
		if err != nil {
			return failed("The accounts could not be encrypted", core.PlainLine(err.Error(), 100))
		}
		text = (&core.Object{}).Int(exportMark, exportVersion).Raw("sealed", sealed.Text.Reveal()).Text()
		say = "nobody reads it without the passphrase"
	}
	if _, err := h.File(core.File{Op: "create", Name: path, Delta: core.Secret(text)}); err != nil {
		return failed(view.Clean(path) + " was not written: " + core.PlainLine(err.Error(), 100))
	}
	v := &core.View{Title: "Exported", Notes: []string{core.Decimal(int64(len(accounts))) + " accounts are in " + view.Clean(path) + "; " + say + ". On the other machine: /multi-auth import PATH"}}
	if logins > 0 {
		v.Notes = append(v.Notes, core.Decimal(int64(logins))+" of them are logins. A refresh token works once, so a login lives on one machine: go on with it there and log in anew here, or the other way round.")
	}
	if left > 0 {
		v.Notes = append(v.Notes, core.Decimal(int64(left))+" borrowed logins stayed here: they are another program's.")
	}
	return v
}

func headersText(headers []core.SecretHeader) string {
	var o core.Object
	for _, h := range headers {
		o.String(h.Name, h.Value.Reveal())
	}
	return o.Text()
}

// passphrase gets what a file is sealed with; a new one is asked twice.
func (e *Engine) passphrase(h *flow.Host, c *call, fresh bool) (core.Secret, *core.View) {
	if c.has("from-env") {
		answer, err := h.Ask(core.Ask{Input: &core.Input{Kind: "env", Name: c.flags["from-env"]}})
		if err != nil || answer.Text == "" {
			return "", failed(view.Clean(c.flags["from-env"]) + " holds no passphrase")
		}
		return answer.Text, nil
	}
	without := "Say --from-env NAME where nobody can be asked"
	if fresh {
		without += ", or --plain for a file that anybody can read"
	}
	if c.mode == "print" || c.mode == "json" {
		return "", failed("Which passphrase?", without+".")
	}
	var typed core.Secret
	for _, title := range [...]string{"Passphrase of the file", "The same passphrase again"} {
		answer, err := h.Ask(core.Ask{Prompt: &core.Prompt{Title: title, Text: "It is not shown.", Secret: true}})
		switch {
		case err != nil:
			return "", failed("Which passphrase?", without+".")
		case answer.Canceled || strings.TrimSpace(answer.Text.Reveal()) == "":
			return "", &core.View{Title: "Nothing was done: there is no passphrase"}
		case typed != "" && typed != answer.Text:
			return "", failed("The two passphrases differ; nothing was written")
		}
		if typed = answer.Text; !fresh {
			break
		}
	}
	return typed, nil
}

// giveBack writes our accounts into auth.json as the peer names them, and forgets them: a single-use token has one owner. What else
// stands there, Pi's own entries above all, stays.
func (e *Engine) giveBack(h *flow.Host) *core.View {
	var list []pool.Candidate
	for _, id := range e.providers("") {
		p := e.pools[id]
		for i := range p.Accounts {
			if c := &p.Accounts[i]; c.Own && !gjson.Get(c.Credential.Reveal(), borrowed).Exists() {
				list = append(list, *c)
			}
		}
	}
	if len(list) == 0 {
		return &core.View{Title: "Nothing to give back", Notes: []string{"All accounts stand in auth.json already."}}
	}
	// Nobody renews a login while it changes its place.
	for i := range list {
		if !list[i].Login {
			continue
		}
		if err := e.alone(h, "refresh "+list[i].Provider+"/"+list[i].ID); err != nil {
			return failed(list[i].Label+" is being renewed; nothing was done", core.PlainLine(err.Error(), 100))
		}
	}
	e.reread(h)
	taken := map[string]bool{}
	for i := range e.auth.Accounts {
		taken[e.auth.Accounts[i].Entry] = true
	}
	v := &core.View{Title: "Given back"}
	forget := store.BlankAccounts
	done := 0
	for i := range list {
		_, c := e.accountOf(list[i].Provider, list[i].ID)
		if c == nil {
			continue
		}
		key := entryName(c.ID)
		if taken[key] && (e.entryOf(&c.Account) == nil || key == c.Provider) {
			// The name is another account's there.
			for n := 1; ; n++ {
				if key = c.Provider + "-" + core.Decimal(int64(n)); !taken[key] {
					break
				}
			}
		}
		entry := c.Credential.Reveal()
		if base, headers := e.own.Override(c.Provider, c.ID); base != "" || len(headers) > 0 {
			request := &core.Object{}
			if base != "" {
				request.String("baseUrl", base)
			}
			if len(headers) > 0 {
				request.Raw("headers", headersText(headers))
			}
			entry = core.JoinObjects(entry, (&core.Object{}).Raw("request", core.JoinObjects(gjson.Get(entry, "request").Raw, request.Text())).Text())
		}
		if _, err := h.File(core.File{Op: "put", Name: "auth", Key: key, Delta: core.Secret(entry)}); err != nil {
			v.Failed, v.Title = true, "Not all accounts could be given back"
			v.AddRow("bad", c.Provider, c.Label, "not written: "+core.PlainLine(err.Error(), 100))
			continue
		}
		taken[key] = true
		done++
		v.AddRow("good", c.Provider, c.Label, "is "+key+" in auth.json")
		forget = store.Merge(forget, store.ForgetDelta(c.Provider, c.ID, max(h.At(), e.own.Added(c.Provider, c.ID)+1)))
	}
	if done > 0 {
		for _, r := range h.Do(e.saveOwn(forget)) {
			if r.Error != "" {
				v.Notes = append(v.Notes, "Our own copies could not be taken out ("+core.PlainLine(r.Error, 100)+").")
			}
		}
		e.reread(h)
	}
	v.Notes = append(v.Notes, "Pi alone uses the entry of a provider's own name; the older pi-multi-auth uses all of them, and so does this extension as long as it is there. A login that it renews moves to its own file again.")
	return v
}
