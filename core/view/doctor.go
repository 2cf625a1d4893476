package view

import "pimultiauth/core"

// Finding is one thing that an examination found.
type Finding struct {
	// Tone is "bad" for what stands in the way, "wait" for what may, and "" for what is only worth knowing.
	Tone  string
	Topic string
	Text  string
	// Fix is what a person can do, "" for nothing; Mends says that --fix does it.
	Fix   string
	Mends bool
}

// Doctor shows what an examination found, the worst first, and what was set right.
func Doctor(found []Finding, mended []string, facts string, json bool) *core.View {
	v := &core.View{Title: "Doctor"}
	counts := map[string]int{}
	var objects []string
	mends := false
	for _, tone := range [...]string{"bad", "wait", ""} {
		for _, f := range found {
			if f.Tone != tone {
				continue
			}
			counts[tone]++
			mends = mends || f.Mends
			fix := f.Fix
			if f.Mends {
				fix = "--fix: " + fix
			}
			v.AddRow(tone, word(tone), f.Topic, f.Text, fix)
			objects = append(objects, (&core.Object{}).String("level", word(tone)).String("topic", f.Topic).String("text", f.Text).
				StringOrNull("fix", f.Fix).Bool("fixable", f.Mends).Text())
		}
	}
	v.Notes = mended
	switch {
	case counts["bad"] > 0:
		v.Notes = append(v.Notes, "Something stands in the way.")
	case counts["wait"] > 0:
		v.Notes = append(v.Notes, "Nothing stands in the way; some things are worth a look.")
	default:
		v.Notes = append(v.Notes, "All is well.")
	}
	if mends {
		v.Notes = append(v.Notes, "/multi-auth doctor --fix sets right what is marked; a copy is kept of what it changes.")
	}
	if json {
		v.JSON = (&core.Object{}).Bool("ok", counts["bad"] == 0).Raw("findings", core.Array(objects)).Raw("fixed", core.Quoted(mended)).Raw("facts", facts).Text()
	}
	return v
}

func word(tone string) string {
	switch tone {
	case "bad":
		return "wrong"
	case "wait":
		return "look"
	}
	return "fine"
}
