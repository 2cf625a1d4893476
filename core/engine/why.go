package engine

import (
	"pimultiauth/core/pool"
	"pimultiauth/core/view"
)

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
