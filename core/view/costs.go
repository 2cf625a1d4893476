package view

import (
	"strconv"

	"pimultiauth/core"
)

// Cost is what the choices of one provider came to in the last "day" or "week".
type Cost struct {
	Provider string
	Span     string
	Requests int
	// Refusals are attempts that failed; after Avoidable of them another account was ready.
	Refusals  int
	Avoidable int
	Nobody    int
	Switches  int
	// Cold is the prompt tokens that were sent to an account without a cache of them.
	Cold int64
	// Windows of a day and longer were reset with Unused percent left, all together.
	Windows int
	Unused  float64
}

// Costs shows them, and says the week in a sentence.
func Costs(costs []Cost, since, at core.Time, off, json bool) *core.View {
	v := &core.View{Title: "What the choices cost"}
	v.AddRow("head", "provider", "last", "requests", "failed", "avoidable", "none left", "switches", "cold tokens", "unused")
	var week Cost
	var objects []string
	for _, c := range costs {
		unused := "-"
		if c.Windows > 0 {
			unused = percent(c.Unused/float64(c.Windows)) + " of " + count(c.Windows, "window", "windows")
		}
		v.AddRow("", c.Provider, c.Span, strconv.Itoa(c.Requests), strconv.Itoa(c.Refusals), strconv.Itoa(c.Avoidable),
			strconv.Itoa(c.Nobody), strconv.Itoa(c.Switches), strconv.FormatInt(c.Cold, 10), unused)
		if c.Span == "week" {
			week.Requests += c.Requests
			week.Refusals += c.Refusals
			week.Avoidable += c.Avoidable
			week.Nobody += c.Nobody
			week.Switches += c.Switches
			week.Cold += c.Cold
			week.Windows += c.Windows
			week.Unused += c.Unused
		}
		objects = append(objects, (&core.Object{}).String("provider", c.Provider).String("span", c.Span).Int("requests", int64(c.Requests)).
			Int("failed", int64(c.Refusals)).Int("avoidable", int64(c.Avoidable)).Int("noneLeft", int64(c.Nobody)).Int("switches", int64(c.Switches)).
			Int("coldTokens", c.Cold).Int("windowsReset", int64(c.Windows)).Float("unusedPercent", c.Unused/float64(max(c.Windows, 1))).Text())
	}
	switch {
	case off:
		v.Notes = append(v.Notes, "No decisions are kept: the configuration is against it (decisionLog).")
	case len(costs) == 0:
		v.Notes = append(v.Notes, "No decisions are kept yet.")
	default:
		v.Notes = append(v.Notes, weekly(week), "Avoidable: another account was ready when this one failed. Cold: sent to an account that had no cache of it. The log goes back "+
			Span(at.Sub(since))+".")
	}
	if len(costs) == 0 {
		v.Rows = nil
	}
	if json {
		v.JSON = (&core.Object{}).Int("at", int64(at)).TimeOrNull("since", since).Raw("costs", core.Array(objects)).String("week", weekly(week)).Text()
	}
	return v
}

func weekly(c Cost) string {
	say := "This week: " + count(c.Requests, "request", "requests") + ", " + count(c.Refusals, "failed attempt", "failed attempts") + " (" +
		strconv.Itoa(c.Avoidable) + " avoidable), " + count(c.Switches, "switch", "switches") + " with " + strconv.FormatInt(c.Cold, 10) + " cold tokens"
	if c.Nobody > 0 {
		say += ", " + count(c.Nobody, "time", "times") + " no account left"
	}
	if c.Windows > 0 {
		say += ", " + count(c.Windows, "long window", "long windows") + " reset with " + percent(c.Unused/float64(c.Windows)) + " unused"
	}
	return say + "."
}
