package quota

import "pimultiauth/core"

// Meter learns what an account's own work takes of its windows, so that what was used since the last look is not taken for unused. The
// zero value has learned nothing.
type Meter struct {
	// Seen is when the usage was seen that Work counts from.
	Seen core.Time
	// Work is what was done since then, in tokens sent anew and answered.
	Work int64
	// Rates are by window, in the order of the usage.
	Rates []Rate
}

// Rate is what work took of one window.
type Rate struct {
	Name  string
	Model string
	// Used and Resets are those of the last look, Used in thousandths.
	Used   int64
	Resets core.Time
	// PerMillion is what a million tokens take, in thousandths of the window; 0 when it is not known.
	PerMillion int64
}

const (
	// leastWork is how much work has to lie between two looks for their difference to teach something.
	leastWork = 1000
	million   = 1_000_000
)

// Worked counts an answer.
func (m *Meter) Worked(tokens int) {
	if tokens > 0 {
		m.Work += int64(tokens)
	}
}

// Look learns from a newer usage; the same one or an older one teaches nothing.
func (m *Meter) Look(u *core.Usage) {
	if u.At <= m.Seen {
		return
	}
	rates := make([]Rate, 0, len(u.Windows))
	for i := range u.Windows {
		w := &u.Windows[i]
		// What is not known counts as full here, so that the next look, which is less, teaches nothing.
		r := Rate{Name: w.Name, Model: w.Model, Used: Full, Resets: w.ResetsAt}
		if w.Known {
			r.Used = Thousandths(w)
		}
		if old := m.rate(w.Name, w.Model); old != nil {
			r.PerMillion = old.PerMillion
			if took := r.Used - old.Used; w.Known && took >= 0 && m.Work >= leastWork && near(r.Resets, old.Resets) {
				r.learn(min(took*million/m.Work, 1000*million))
			}
		}
		rates = append(rates, r)
	}
	m.Seen, m.Work, m.Rates = u.At, 0, rates
}

// learn joins one observation: others may use the account too, so a low one says more than a high one.
func (r *Rate) learn(per int64) {
	switch {
	case r.PerMillion == 0:
		r.PerMillion = per
	case per < r.PerMillion:
		r.PerMillion += (per - r.PerMillion) / 2
	default:
		r.PerMillion += (per - r.PerMillion) / 8
	}
}

// near reports whether two resets mean the same one; providers move them by seconds.
func near(a, b core.Time) bool {
	d := a.Sub(b)
	return d < 2*core.Minute && d > -2*core.Minute
}

func (m *Meter) rate(name, model string) *Rate {
	for i := range m.Rates {
		if r := &m.Rates[i]; r.Name == name && r.Model == model {
			return r
		}
	}
	return nil
}

// Own is what the work since the last look took of a window, in thousandths.
func (m *Meter) Own(w *core.Window) int64 {
	if m.Work == 0 {
		return 0
	}
	if r := m.rate(w.Name, w.Model); r != nil {
		return min(m.Work*r.PerMillion/million, Full)
	}
	return 0
}

// Forecast is when a window runs out, as a span: nobody knows it better than its numbers are rounded.
type Forecast struct {
	// Earliest and Latest bound the end; zero Latest says that it may well last to its reset, both zero that nothing can be told.
	Earliest core.Time
	Latest   core.Time
	// Lasts says that it lasts to its reset even at the fastest pace that fits what was seen.
	Lasts bool
}

// RunsOut forecasts from what is used so far of the window's time. Percentages are rounded by most providers, so both neighbours of what
// was told are looked at; nothing is forecast past the window's own reset.
func RunsOut(w *core.Window, seen core.Time) Forecast {
	length := w.Length
	if length <= 0 {
		length = lengthOf(w.Name)
	}
	if !w.Known || w.ResetsAt.IsZero() || length <= 0 || seen >= w.ResetsAt {
		return Forecast{}
	}
	gone := length - w.ResetsAt.Sub(seen)
	if gone <= 0 {
		return Forecast{}
	}
	used := Thousandths(w)
	end := func(used int64) core.Time {
		if used <= 0 {
			return 0
		}
		at := seen.Add(core.Duration(int64(gone) / used * max(Full-used, 0)))
		if at >= w.ResetsAt {
			return 0
		}
		return at
	}
	f := Forecast{Earliest: end(used + 10), Latest: end(used - 10)}
	f.Lasts = f.Earliest.IsZero()
	return f
}
