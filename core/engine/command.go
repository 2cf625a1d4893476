package engine

import (
	"sort"
	"strings"

	"pimultiauth/core"
	"pimultiauth/core/pool"
	"pimultiauth/core/view"
)

func (e *Engine) command(m core.Message) (core.Turn, error) {
	var words []string
	json := false
	for _, word := range strings.Fields(m.Command.Text) {
		if word == "--json" {
			json = true
			continue
		}
		words = append(words, word)
	}
	name, only := "status", ""
	if len(words) > 0 {
		name = words[0]
	}
	if len(words) > 1 {
		only = words[1]
	}
	var v *core.View
	switch name {
	case "status":
		v = view.Status(e.accounts(only, m.At), only, m.At, e.zone, json)
		for _, name := range [...]string{"state", "accounts"} {
			if why := e.files[name].readOnly; why != "" {
				v.Notes = append(v.Notes, fileNames[name]+" is not written: "+why+".")
			}
		}
	case "why":
		v = view.Why(e.why(only), only, m.At, e.zone, json)
	case "help":
		v = view.Help()
	default:
		v = view.Unknown(name)
	}
	if json && v.JSON == "" {
		v.JSON = (&core.Object{}).Bool("failed", v.Failed).String("title", v.Title).Text()
	}
	return core.Turn{View: v}, nil
}

// accounts lists what status shows, by provider.
func (e *Engine) accounts(only string, at core.Time) []view.Account {
	var out []view.Account
	for _, id := range e.providers(only) {
		p := e.pools[id]
		for i := range p.Accounts {
			if !p.Accounts[i].Absent {
				out = append(out, e.account(p, &p.Accounts[i], at))
			}
		}
	}
	return out
}

func (e *Engine) providers(only string) []string {
	var ids []string
	for id := range e.pools {
		if only == "" || id == only {
			ids = append(ids, id)
		}
	}
	sort.Strings(ids)
	return ids
}

func (e *Engine) why(only string) []view.Choice {
	var out []view.Choice
	for _, id := range e.providers(only) {
		c := e.choices[id]
		if c == nil {
			continue
		}
		p := e.pools[id]
		shown := view.Choice{Provider: id, Model: c.model, Session: c.ask.Session, At: c.ask.At, Attempt: c.attempt}
		if c.account != "" {
			shown.Account = labelOf(p, c.account)
		}
		// What was learned since then is no part of that choice, so what was chosen stays chosen.
		pick := c.pick
		pick.Index = p.Find(c.account)
		for _, loss := range p.Reasons(c.ask, pick) {
			reason := string(loss.Reason)
			if loss.Cause != "" {
				reason += ": " + loss.Cause
			}
			shown.Candidates = append(shown.Candidates, view.Candidate{
				ID: loss.Account, Label: labelOf(p, loss.Account), Chosen: loss.Reason == pool.Won, Reason: reason, Until: loss.Until,
				Needs: loss.Needs, Score: loss.Terms.Text(),
			})
		}
		out = append(out, shown)
	}
	return out
}
