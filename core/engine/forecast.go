package engine

import (
	"strings"

	"pimultiauth/core"
	"pimultiauth/core/quota"
	"pimultiauth/core/view"
)

// forecast tells when each account and the whole provider run out at the present pace, over all windows.
func (e *Engine) forecast(c *call) *core.View {
	var out []view.Outlook
	for _, id := range e.providers(c.word(0)) {
		p := e.pools[id]
		o := view.Outlook{Provider: id}
		for i := range p.Accounts {
			a := &p.Accounts[i]
			if a.Absent || a.Paused {
				continue
			}
			one := view.Prospect{Account: a.Label, Seen: a.Usage.At}
			if shown := e.account(p, a, c.at); shown.Standing != core.StandingReady {
				one.Why, one.Back = shown.Why, shown.Until
			}
			for j := range a.Usage.Windows {
				w := &a.Usage.Windows[j]
				f := quota.RunsOut(w, a.Usage.At)
				until, spent := quota.Spent(w, a.Usage.At, c.at)
				one.Windows = append(one.Windows, view.WindowProspect{
					Window: *w, Earliest: f.Earliest, Latest: f.Latest, Lasts: f.Lasts, Spent: spent, Until: until,
				})
			}
			o.Accounts = append(o.Accounts, one)
		}
		if len(o.Accounts) > 0 {
			out = append(out, o)
		}
	}
	return view.Forecast(out, c.word(0), c.at, e.zone, c.json)
}

// configView says what the configuration asks for and which file counts.
func (e *Engine) configView(c *call) *core.View {
	v := &core.View{Title: "Configuration"}
	add := func(key, value string) { v.AddRow("", key, value) }
	add("debug", truth(e.config.Debug))
	hidden := strings.Join(e.config.Hidden, ", ")
	if hidden == "" {
		hidden = "none"
	}
	add("hiddenProviders", hidden)
	for _, id := range core.Keys(e.config.Modes) {
		add("rotationModes."+id, string(e.config.Modes[id]))
	}
	if len(e.config.Modes) == 0 {
		add("rotationModes", "none: each provider's own")
	}
	v.Notes = append(v.Notes, "config.json lies in the extension's folder; multi-auth-config.json in the runtime directory counts before it, key by key.")
	v.Notes = append(v.Notes, e.config.Warnings...)
	return v
}
