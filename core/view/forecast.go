package view

import (
	"pimultiauth/core"
)

// Outlook is what forecast shows of one provider.
type Outlook struct {
	Provider string
	Accounts []Prospect
}

// Prospect is what lies ahead of one account.
type Prospect struct {
	Account string
	// Why and Back are set when it cannot serve now; Back is zero when that does not end by itself.
	Why  string
	Back core.Time
	// Seen is when its usage was read; zero when it never was.
	Seen    core.Time
	Windows []WindowProspect
}

// WindowProspect is what lies ahead of one window.
type WindowProspect struct {
	core.Window
	// Earliest and Latest bound when it runs out at the present pace; a zero Latest says that it may last to its reset.
	Earliest core.Time
	Latest   core.Time
	Lasts    bool
	// Spent says that it is used up now, until Until.
	Spent bool
	Until core.Time
}

// stale is the age from which a figure no longer says much about the present pace.
const stale = 30 * core.Minute

// end tells when the account can serve no longer: the first of its windows to run out. A spent window ends it now, whatever a shorter
// one that lapsed says.
func (p *Prospect) end(at core.Time) (earliest, latest core.Time, known bool) {
	for i := range p.Windows {
		w := &p.Windows[i]
		if w.Model != "" {
			continue
		}
		if w.Spent {
			return at, at, true
		}
		known = known || w.Lasts || !w.Earliest.IsZero()
		if !w.Earliest.IsZero() && (earliest.IsZero() || w.Earliest.Before(earliest)) {
			earliest, latest = w.Earliest, w.Latest
		}
	}
	return earliest, latest, known
}

func (p *Prospect) confidence(at core.Time) string {
	switch {
	case p.Seen.IsZero():
		return "never read"
	case at.Sub(p.Seen) > stale:
		return "rough, read " + Span(at.Sub(p.Seen)) + " ago"
	}
	return "read " + Span(max(at.Sub(p.Seen), 0)) + " ago"
}

func span(earliest, latest, at core.Time) string {
	from := Span(max(earliest.Sub(at), 0))
	switch {
	case earliest <= at:
		return "used up"
	case latest.IsZero():
		return "in " + from + " at the earliest"
	case Span(max(latest.Sub(at), 0)) == from:
		return "in " + from
	}
	return "in " + from + " to " + Span(max(latest.Sub(at), 0))
}

// Forecast puts prospects into rows: an account each, its windows below, and a sentence on the whole provider.
func Forecast(outlooks []Outlook, only string, at core.Time, zoneMinutes int, json bool) *core.View {
	v := &core.View{Title: "Forecast"}
	var objects []string
	for _, o := range outlooks {
		v.AddRow("head", o.Provider)
		// The provider serves as long as any of its accounts does.
		var first, last, relief core.Time
		open, unknown := false, false
		for i := range o.Accounts {
			p := &o.Accounts[i]
			earliest, latest, known := p.end(at)
			row := core.Row{Cells: []string{"  " + Clean(p.Account), "lasts to its resets", p.confidence(at)}, Tone: "good"}
			switch {
			case p.Why != "":
				row.Cells[1], row.Tone = Clean(p.Why), "bad"
				if !p.Back.IsZero() {
					row.Cells[1] += ", " + Back(p.Back, at, zoneMinutes)
					row.Tone = "wait"
				}
				soonest(&relief, p.Back, at)
			case !known:
				row.Cells[1], row.Tone, unknown = "not known", "", true
			case !earliest.IsZero():
				row.Cells[1], row.Tone = "runs out "+span(earliest, latest, at), "wait"
				first, last = max(first, earliest), max(last, latest)
				open = open || latest.IsZero()
			default:
				open = true
			}
			v.Rows = append(v.Rows, row)
			var windows []string
			for j := range p.Windows {
				w := &p.Windows[j]
				d := window(w.Window, at, zoneMinutes)
				if w.Spent {
					soonest(&relief, w.Until, at)
				}
				v.AddRow(d.Tone, "    "+d.Label, d.Text, ahead(w, at))
				windows = append(windows, (&core.Object{}).String("name", w.Name).StringOrNull("model", w.Model).TimeOrNull("earliest", w.Earliest).
					TimeOrNull("latest", w.Latest).Bool("lasts", w.Lasts).Bool("spent", w.Spent).TimeOrNull("until", w.Until).Text())
			}
			objects = append(objects, (&core.Object{}).String("provider", o.Provider).String("account", p.Account).StringOrNull("why", p.Why).
				TimeOrNull("back", p.Back).TimeOrNull("earliest", earliest).TimeOrNull("latest", latest).Bool("known", known).
				TimeOrNull("seen", p.Seen).Raw("windows", core.Array(windows)).Text())
		}
		say := o.Provider + " as a whole "
		switch {
		case unknown && !open && first.IsZero():
			say += "cannot be forecast: too little is told about its accounts."
		case open:
			say += "lasts to its resets at this pace."
		case unknown:
			say += "lasts beyond " + Span(max(first.Sub(at), 0)) + ": some of its accounts tell nothing."
		case first.IsZero():
			say += "cannot serve now."
		default:
			say += "runs out " + span(first, last, at) + " at this pace."
		}
		if !relief.IsZero() {
			say += " Next relief at " + Clock(relief, at, zoneMinutes) + " (in " + Span(relief.Sub(at)) + ")."
		}
		v.Notes = append(v.Notes, say)
	}
	if len(outlooks) == 0 {
		v.Notes = []string{"There is nothing to forecast: no accounts."}
		if only != "" {
			v.Notes = []string{"There is nothing to forecast: no accounts of " + Clean(only) + "."}
		}
	}
	if json {
		v.JSON = (&core.Object{}).Int("at", int64(at)).Raw("accounts", core.Array(objects)).Raw("say", core.Quoted(v.Notes)).Text()
	}
	return v
}

func soonest(relief *core.Time, t, at core.Time) {
	if t > at && (relief.IsZero() || t.Before(*relief)) {
		*relief = t
	}
}

func ahead(w *WindowProspect, at core.Time) string {
	switch {
	case w.Spent:
		return "used up"
	case w.Lasts:
		return "lasts"
	case !w.Earliest.IsZero():
		return "runs out " + span(w.Earliest, w.Latest, at)
	}
	return "-"
}
