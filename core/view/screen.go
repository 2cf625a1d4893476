package view

import (
	"sort"
	"strconv"
	"strings"

	"pimultiauth/core"
)

// ModeText is a mode and a line on what it does.
type ModeText struct {
	Mode core.Mode
	Text string
}

// Modes are the modes in the order they are offered.
var Modes = []ModeText{
	{core.RoundRobin, "new sessions take turns"},
	{core.UsageBased, "first the account whose quota would otherwise be lost"},
	{core.Balancer, "the account with the fewest requests under way"},
	{core.FillFirst, "the first account in order until it cannot serve"},
}

// Provider is what the screen shows of one provider.
type Provider struct {
	ID   string
	Name string
	// Accounts and Ready count; Ready are those that could serve now.
	Accounts int
	Ready    int
	Hidden   bool
	Mode     core.Mode
	// Fixed says that the configuration decides about the mode, so that a choice on the screen would not count.
	Fixed bool
	// Pin is the name of the pinned account, "" for none.
	Pin string
	// Pools and Chains are said in words.
	Pools  []string
	Chains []string
	// Untold says that the provider does not tell what is left.
	Untold bool
}

// Facts are all that the screen shows.
type Facts struct {
	Providers []Provider
	// Hidden counts providers that are not among Providers.
	Hidden int
	// Provider is the one Accounts belong to.
	Provider string
	Accounts []Account
	// Account is the id of the one to tell about, and Mask shows the secret of one as it may be shown, "" where there is nothing to show.
	Account string
	Mask    func(account string) string
	Undo    string
}

// Screen puts the facts into words.
func Screen(f Facts, show core.Show, at core.Time, zoneMinutes int) core.Screen {
	s := core.Screen{Provider: f.Provider, Hidden: f.Hidden, Undo: f.Undo}
	for _, p := range f.Providers {
		s.Providers = append(s.Providers, providerItem(p))
		if p.ID == f.Provider {
			s.About = about(p)
			s.Modes = modes(p)
		}
	}
	accounts := matching(f.Accounts, show.Search)
	order(accounts, show.Sort, at)
	for i := range accounts {
		s.Accounts = append(s.Accounts, accountItem(&accounts[i], at))
		if accounts[i].ID == f.Account || s.Account == "" && i == 0 {
			s.Account = accounts[i].ID
			s.Details = details(&accounts[i], f.Mask(accounts[i].ID), at, zoneMinutes)
		}
	}
	return s
}

func providerItem(p Provider) core.Item {
	item := core.Item{ID: p.ID, Name: p.ID, Tone: "good"}
	switch {
	case p.Hidden:
		item.State, item.Tone = "hidden", ""
	case p.Accounts == 0:
		item.State, item.Tone = "none", ""
	default:
		item.State = strconv.Itoa(p.Ready) + "/" + strconv.Itoa(p.Accounts)
		if p.Ready == 0 {
			item.Tone = "bad"
		} else if p.Ready < p.Accounts {
			item.Tone = "wait"
		}
	}
	if p.Hidden {
		item.Flags = append(item.Flags, "hidden")
	}
	if p.Pin != "" {
		item.Flags = append(item.Flags, "pinned")
	}
	return item
}

func about(p Provider) []core.Detail {
	var out []core.Detail
	add := func(label, text, tone string) {
		out = append(out, core.Detail{Label: label, Text: text, Tone: tone, Bar: -1})
	}
	if p.Name != "" && p.Name != p.ID {
		add("name", p.Name, "")
	}
	add("accounts", strconv.Itoa(p.Accounts)+", "+strconv.Itoa(p.Ready)+" ready", "")
	mode := string(p.Mode)
	for _, m := range Modes {
		if m.Mode == p.Mode {
			mode += ": " + m.Text
		}
	}
	if p.Fixed {
		mode += " (set by the configuration)"
	}
	add("mode", mode, "")
	if p.Pin != "" {
		add("pinned", p.Pin+", until you say auto", "head")
	}
	for _, text := range p.Pools {
		add("pool", text, "")
	}
	for _, text := range p.Chains {
		add("chain", text, "")
	}
	if p.Untold {
		add("quota", "this provider does not tell what is left", "")
	}
	if p.Hidden {
		add("hidden", "left alone: not listed, not rotated, not read", "")
	}
	return out
}

func modes(p Provider) []core.Option {
	out := make([]core.Option, len(Modes))
	for i, m := range Modes {
		label := string(m.Mode)
		if m.Mode == p.Mode {
			label += " (now)"
		}
		out[i] = core.Option{ID: string(m.Mode), Label: label + ": " + m.Text}
	}
	return out
}

// matching keeps the accounts that hold all words of a search.
func matching(accounts []Account, search string) []Account {
	words := strings.Fields(strings.ToLower(search))
	out := make([]Account, 0, len(accounts))
	for _, a := range accounts {
		text := strings.ToLower(a.Label + " " + a.ID + " " + a.Plan + " " + stateWord(&a) + " " + a.Note)
		all := true
		for _, word := range words {
			all = all && strings.Contains(text, word)
		}
		if all {
			out = append(out, a)
		}
	}
	return out
}

func order(accounts []Account, by string, at core.Time) {
	var less func(a, b *Account) bool
	switch by {
	case "name":
		less = func(a, b *Account) bool { return strings.ToLower(a.Label) < strings.ToLower(b.Label) }
	case "standing":
		less = func(a, b *Account) bool { return rank(a) < rank(b) }
	case "left":
		less = func(a, b *Account) bool { return a.left(at) > b.left(at) }
	default:
		return
	}
	sort.SliceStable(accounts, func(i, j int) bool { return less(&accounts[i], &accounts[j]) })
}

func rank(a *Account) int {
	switch {
	case a.Paused:
		return 3
	case a.Standing == core.StandingReady:
		return 0
	case a.Standing == core.StandingCooling:
		return 1
	}
	return 2
}

// left is the least that is left in percent of the windows that are known; -1 when none is.
func (a *Account) left(at core.Time) float64 {
	left := -1.0
	for _, w := range a.Usage.Windows {
		if w.Model != "" || !w.Known || (!w.ResetsAt.IsZero() && w.ResetsAt <= at) {
			continue
		}
		if part := max(0, 100-w.Used); left < 0 || part < left {
			left = part
		}
	}
	return left
}

func stateWord(a *Account) string {
	switch {
	case a.Paused:
		return "paused"
	case a.Standing == core.StandingSuspended:
		return "needs you"
	case a.Standing == core.StandingCooling:
		return "resting"
	}
	return "ready"
}

func stateTone(a *Account) string {
	if a.Paused {
		return "dim"
	}
	return tone(a.Standing)
}

func accountItem(a *Account, at core.Time) core.Item {
	item := core.Item{ID: a.ID, Name: Clean(a.Label), State: stateWord(a), Tone: stateTone(a)}
	switch left := a.left(at); {
	case !a.Until.IsZero() && a.Standing == core.StandingCooling:
		item.Note = Span(a.Until.Sub(at))
	case left >= 0:
		item.Note = percent(left) + " left"
	}
	for _, f := range [...]struct {
		flag string
		set  bool
	}{{"paused", a.Paused}, {"pinned", a.Pinned}, {"reserve", a.Reserve}, {"login", a.Login}, {"held", a.Standing != core.StandingReady}} {
		if f.set {
			item.Flags = append(item.Flags, f.flag)
		}
	}
	return item
}

// percent says a part without decimals, but for what rounding would turn into all or nothing.
func percent(p float64) string {
	switch {
	case p > 0 && p < 1:
		return "under 1%"
	case p > 99 && p < 100:
		return "99%"
	}
	return strconv.FormatInt(int64(p+0.5), 10) + "%"
}

func details(a *Account, masked string, at core.Time, zoneMinutes int) []core.Detail {
	var out []core.Detail
	add := func(label, text, tone string) {
		if text != "" {
			out = append(out, core.Detail{Label: label, Text: text, Tone: tone, Bar: -1})
		}
	}
	standing := stateWord(a)
	if a.Why != "" && !a.Paused {
		standing += ": " + Clean(a.Why)
	}
	if a.Paused && a.Pause != "" {
		standing += ": " + Clean(a.Pause)
	}
	add("state", standing, stateTone(a))
	if !a.Until.IsZero() {
		add("returns", "in "+Span(a.Until.Sub(at))+", at "+Clock(a.Until, at, zoneMinutes), "")
	}
	add("to do", a.Fix, "bad")
	add("note", Clean(a.Note), "")
	add("plan", Clean(a.Plan), "")
	for _, w := range a.Usage.Windows {
		out = append(out, window(w, at, zoneMinutes))
	}
	add("balance", balance(a.Usage.Balance), "")
	switch {
	case a.Usage.Error != "":
		add("quota", Clean(a.Usage.Error), "wait")
	case a.Untold:
		add("quota", "this provider does not tell what is left", "")
	case !a.Usage.At.IsZero():
		add("read", Span(at.Sub(a.Usage.At))+" ago", "")
	}
	for _, m := range a.Models {
		text := m.Model + ": " + Clean(m.Why)
		if !m.Until.IsZero() {
			text += ", " + Back(m.Until, at, zoneMinutes)
		}
		add("blocked", text, "wait")
	}
	if a.LastUsed.IsZero() {
		add("last used", "not since this Pi began", "")
	} else {
		add("last used", Span(at.Sub(a.LastUsed))+" ago", "")
	}
	if a.Requests > 0 {
		add("last day", count(a.Requests, "request", "requests")+", "+strconv.Itoa(a.Failures)+" failed", "")
	}
	kind := "key"
	if a.Login {
		kind = "login"
	}
	if a.Source != "stored" {
		kind += ", found by Pi itself"
	}
	add("kind", kind, "")
	add("secret", masked, "")
	if a.Who != a.Label {
		add("who", Clean(a.Who), "")
	}
	add("same as", Clean(a.Twin), "wait")
	if a.Pinned {
		add("pinned", "every new request goes here, until you say auto", "head")
	}
	if a.Priority != 0 {
		add("priority", strconv.Itoa(a.Priority), "")
	}
	add("pool", strings.Join(a.Pools, ", "), "")
	if a.Reserve {
		add("reserve", "kept for when no other account is ready", "")
	}
	if a.Overage {
		add("overage", "may be used beyond what the plan includes", "wait")
	}
	add("projects", Clean(strings.Join(a.Projects, ", ")), "")
	add("base URL", Clean(a.BaseURL), "")
	if a.Headers > 0 {
		add("headers", count(a.Headers, "header of its own", "headers of its own"), "")
	}
	if a.ID != a.Label {
		add("id", a.ID, "")
	}
	return out
}

func count(n int, one, many string) string {
	if n == 1 {
		return "1 " + one
	}
	return strconv.Itoa(n) + " " + many
}

// window says how much of a window is used and when it is empty again; one whose reset has passed says so and not an old figure.
func window(w core.Window, at core.Time, zoneMinutes int) core.Detail {
	name := w.Name
	if w.Model != "" {
		name += " " + w.Model
	}
	d := core.Detail{Label: Clean(name), Bar: -1}
	passed := !w.ResetsAt.IsZero() && w.ResetsAt <= at
	switch {
	case passed:
		d.Text = "reset since it was read"
		return d
	case !w.Known:
		d.Text = "not known"
	default:
		d.Text = percent(w.Used) + " used"
		d.Bar = int(max(0, min(1000, w.Used*10)))
		d.Tone = "good"
		if w.Used >= 100 {
			d.Tone = "bad"
		} else if w.Used >= 80 {
			d.Tone = "wait"
		}
	}
	if !w.ResetsAt.IsZero() {
		d.Text += ", resets in " + Span(w.ResetsAt.Sub(at)) + " (" + Clock(w.ResetsAt, at, zoneMinutes) + ")"
	}
	return d
}

func balance(b core.Balance) string {
	text := ""
	if b.Known {
		text = strconv.FormatFloat(b.Amount, 'f', 2, 64)
		if b.Currency != "" {
			text += " " + b.Currency
		}
	}
	if b.Exhausted {
		if text != "" {
			text += ", "
		}
		text += "used up"
	}
	return text
}
