package view

import (
	"math"
	"strconv"

	"pimultiauth/core"
)

// usageRows shows what is known of an account's quota, a row for each window and one for its balance.
func usageRows(a *Account, at core.Time, zoneMinutes int) []core.Row {
	var rows []core.Row
	u := &a.Usage
	seen := ""
	if !u.At.IsZero() {
		seen = "seen " + Span(at.Sub(u.At)) + " ago"
	}
	add := func(name, seen, text, tone string) {
		rows = append(rows, core.Row{Cells: []string{"", "  " + name, "", "", seen, text}, Tone: tone})
	}
	for i := range u.Windows {
		d := window(u.Windows[i], at, zoneMinutes)
		add(d.Label, seen, d.Text, d.Tone)
	}
	if text := balance(u.Balance); text != "" {
		tone := ""
		if u.Balance.Exhausted {
			tone = "bad"
		}
		add("balance", seen, text, tone)
	}
	if u.Error != "" {
		add("usage", "", "not read: "+Clean(u.Error), "")
	}
	return rows
}

func decimal(value, parts float64) string {
	return strconv.FormatFloat(math.Floor(value*parts+0.5)/parts, 'f', -1, 64)
}

// UsageObject is a usage as JSON with every field, null where it is not known.
func UsageObject(u *core.Usage) *core.Object {
	windows := make([]string, len(u.Windows))
	for i := range u.Windows {
		w := &u.Windows[i]
		o := (&core.Object{}).String("name", w.Name)
		number(o, "usedPercent", w.Used, w.Known)
		number(o, "minutes", float64(w.Length)/float64(core.Minute), w.Length > 0)
		windows[i] = o.TimeOrNull("resetsAt", w.ResetsAt).StringOrNull("model", w.Model).Text()
	}
	balance := &core.Object{}
	number(balance, "amount", u.Balance.Amount, u.Balance.Known)
	balance.StringOrNull("currency", u.Balance.Currency)
	if u.Balance == (core.Balance{}) {
		balance.Raw("exhausted", "null")
	} else {
		balance.Bool("exhausted", u.Balance.Exhausted)
	}
	return (&core.Object{}).StringOrNull("plan", u.Plan).Raw("windows", core.Array(windows)).TimeOrNull("blockedUntil", u.BlockedUntil).
		Raw("balance", balance.Text()).StringOrNull("error", u.Error)
}

func number(o *core.Object, name string, value float64, known bool) {
	if !known {
		o.Raw(name, "null")
		return
	}
	o.Raw(name, decimal(value, 1e6))
}
