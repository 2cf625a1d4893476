package engine

import (
	"strings"

	"pimultiauth/core"
	"pimultiauth/core/flow"
	"pimultiauth/core/pool"
	"pimultiauth/core/view"
)

// simulate runs another mode over the decisions that were kept of the person's own requests.
func (e *Engine) simulate(h *flow.Host, c *call) *core.View {
	mode := core.Mode(c.flags["mode"])
	if !mode.Valid() {
		return failed("Which mode? Say simulate --mode and one of round-robin, usage-based, balancer, fill-first")
	}
	only := ""
	if c.word(0) != "" {
		id, no := e.findProvider(c.word(0))
		if no != nil {
			return no
		}
		only = id
	}
	// The newest decisions may still be on their way.
	lines := ""
	if r, err := h.File(core.File{Op: "read", Name: "decisions"}); err == nil {
		lines = r.Text.Reveal()
	}
	if e.diary != nil {
		lines += e.diary.Waiting()
	}
	list := pool.Rerun(lines, mode, only, func(id string) core.Provider { return e.catalogue[id] })
	v := &core.View{Title: "Simulated", Rows: []core.Row{{Cells: []string{"provider", "", "requests", "switches", "refusals", "avoidable", "nobody", "by account"}, Tone: "head"}}}
	var objects []string
	n := func(i int) string { return core.Decimal(int64(i)) }
	for i := range list {
		t := &list[i]
		o := (&core.Object{}).String("provider", t.Provider).Int("requests", int64(t.Requests)).TimeOrNull("from", t.From).TimeOrNull("to", t.To)
		for j, f := range [...]*pool.Fate{&t.Was, &t.Would} {
			name, key := "as it was", "was"
			if j == 1 {
				name, key = string(mode), "would"
			}
			counts := &core.Object{}
			var by []string
			for _, id := range core.Keys(f.Accounts) {
				counts.Int(id, int64(f.Accounts[id]))
				by = append(by, view.Clean(id)+" "+n(f.Accounts[id]))
			}
			v.AddRow("", t.Provider, name, n(t.Requests), n(f.Switches), n(f.Refusals), n(f.Avoidable), n(f.Nobody), strings.Join(by, ", "))
			o.Raw(key, (&core.Object{}).Int("switches", int64(f.Switches)).Int("refusals", int64(f.Refusals)).Int("avoidable", int64(f.Avoidable)).
				Int("nobody", int64(f.Nobody)).Raw("accounts", counts.Text()).Text())
		}
		objects = append(objects, o.Text())
		v.Notes = append(v.Notes, t.Provider+": decisions of "+view.Span(t.To.Sub(t.From)))
	}
	v.Notes = append(v.Notes, "A refusal is avoidable when another account was ready. Where an account did not fail in truth, it is taken to serve.")
	if len(list) == 0 {
		v.Rows, v.Notes = nil, []string{"No decisions are kept yet. They are as soon as requests go through this extension, unless the configuration says decisionLog: false."}
	}
	if c.json {
		v.JSON = (&core.Object{}).String("mode", string(mode)).Raw("providers", core.Array(objects)).Text()
	}
	return v
}
