package engine

import (
	"pimultiauth/core"
	"pimultiauth/core/flow"
	"pimultiauth/core/pool"
	"pimultiauth/core/view"
)

// costs tells what the choices of the last day and week came to, by the log of decisions of all processes.
func (e *Engine) costs(h *flow.Host, c *call) *core.View {
	l := pool.NewLedger(c.at, core.Day, 7*core.Day)
	for _, name := range [...]string{"decisionsBefore", "decisions"} {
		for _, r := range h.Do(e.effect(core.Effect{File: &core.File{Op: "read", Name: name}})) {
			if r.File != nil {
				l.Read(r.File.Text.Reveal())
			}
		}
	}
	if e.diary != nil {
		l.Read(e.diary.Waiting())
	}
	sums := l.Sums()
	var out []view.Cost
	for _, id := range core.Keys(sums) {
		if c.word(0) == "" || c.word(0) == id {
			for i, span := range [...]string{"day", "week"} {
				s := sums[id][i]
				out = append(out, view.Cost{
					Provider: id, Span: span, Requests: s.Requests, Refusals: s.Refusals, Avoidable: s.Avoidable, Nobody: s.Nobody,
					Switches: s.Switches, Cold: s.Cold, Windows: s.Windows, Unused: s.Unused,
				})
			}
		}
	}
	return view.Costs(out, l.Since, c.at, e.config.Quiet, c.json)
}
