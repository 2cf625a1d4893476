package view

import (
	"strconv"
	"strings"

	"pimultiauth/core"
)

// Account is what status shows of one account.
type Account struct {
	Provider string
	ID       string
	Label    string
	// Source is "stored", "ambient" or "explicit".
	Source string
	Login  bool
	// Twin is the id of the account it is one with at the vendor; "" when there is none.
	Twin     string
	Standing core.StandingKind
	Fault    core.FaultKind
	// Why says the cause in plain words, Fix what a person can do; both may be "".
	Why string
	Fix string
	// Until is when a cooling account returns; zero otherwise.
	Until core.Time
	// Models are the models that are blocked on it.
	Models []BlockedModel
	// InFlight counts requests under way in this process.
	InFlight int

	// Plan is what the provider calls its plan, Usage what was seen of its quota; Untold says that the provider does not tell.
	Plan   string
	Usage  core.Usage
	Untold bool
	// LastUsed is when this process last used it; Requests and Failures are those of the last day, over all processes.
	LastUsed core.Time
	Requests int
	Failures int
	// Who is whose it is, as the provider knows them; "" when that is not known.
	Who string
	// The rest is what a person decided about it; Headers counts.
	core.Settings
	Pinned  bool
	Pools   []string
	Headers int
}

// BlockedModel is a model an account cannot serve for now.
type BlockedModel struct {
	Model string
	Why   string
	// Until is zero when it does not end by itself.
	Until core.Time
}

// Status shows accounts, a row each, and below it the windows of its quota and the models that are blocked.
func Status(accounts []Account, only string, at core.Time, zoneMinutes int, json bool) *core.View {
	v := &core.View{Title: "Accounts"}
	v.AddRow("head", "provider", "account", "state", "plan", "last used", "why")
	var objects []string
	for i := range accounts {
		a := &accounts[i]
		state := stateWord(a)
		for _, more := range [...]struct {
			is   bool
			word string
		}{{a.Pinned, "pinned"}, {a.Reserve, "reserve"}} {
			if more.is {
				state += ", " + more.word
			}
		}
		why := Because(Clean(a.Why), "", a.Until, at, zoneMinutes)
		if a.Paused {
			why = Clean(a.Pause)
		}
		if a.Fix != "" {
			why += "; " + a.Fix
		}
		v.AddRow(stateTone(a), a.Provider, Clean(a.Label), state, dash(Clean(a.Plan)), used(a, at), dash(why))
		if a.Twin != "" {
			v.Notes = append(v.Notes, a.Provider+": "+a.ID+" is the same account as "+a.Twin+"; one of them is enough.")
		}
		var models []string
		for _, m := range a.Models {
			v.AddRow("wait", "", "  "+m.Model, "blocked", "", "", Because(Clean(m.Why), "", m.Until, at, zoneMinutes))
			models = append(models, (&core.Object{}).String("model", m.Model).String("why", m.Why).TimeOrNull("until", m.Until).Text())
		}
		v.Rows = append(v.Rows, usageRows(a, at, zoneMinutes)...)
		if json {
			objects = append(objects, a.object(models).Text())
		}
	}
	if len(accounts) == 0 {
		v.Rows = nil
		note := "No accounts yet. Type /multi-auth add PROVIDER for keys or /multi-auth login PROVIDER; entries P, P-1, P-2 of Pi's auth.json count too."
		if only != "" {
			note = "No accounts of " + Clean(only) + "."
		}
		v.Notes = append(v.Notes, note)
	}
	if json {
		v.JSON = (&core.Object{}).Int("at", int64(at)).Raw("accounts", core.Array(objects)).Text()
	}
	return v
}

// used says when an account was used last and how often in a day.
func used(a *Account, at core.Time) string {
	text := ""
	if !a.LastUsed.IsZero() {
		text = Span(max(at.Sub(a.LastUsed), 0)) + " ago"
	}
	if a.Requests > 0 {
		if text != "" {
			text += ", "
		}
		text += strconv.Itoa(a.Requests) + " in a day"
		if a.Failures > 0 {
			text += ", " + strconv.Itoa(a.Failures) + " failed"
		}
	}
	return dash(text)
}

func dash(text string) string {
	if text == "" {
		return "-"
	}
	return text
}

func (a *Account) object(models []string) *core.Object {
	standing := string(a.Standing)
	if a.Paused {
		standing = "paused"
	}
	return (&core.Object{}).String("provider", a.Provider).String("id", a.ID).String("label", a.Label).
		String("source", a.Source).Bool("login", a.Login).String("standing", standing).StringOrNull("kind", string(a.Fault)).
		StringOrNull("sameAs", a.Twin).StringOrNull("why", a.Why).StringOrNull("fix", a.Fix).TimeOrNull("until", a.Until).Raw("models", core.Array(models)).
		Int("inFlight", int64(a.InFlight)).TimeOrNull("lastUsed", a.LastUsed).Int("requestsOfTheDay", int64(a.Requests)).Int("failuresOfTheDay", int64(a.Failures)).
		Raw("usage", UsageObject(&a.Usage).TimeOrNull("at", a.Usage.At).Text()).Bool("pinned", a.Pinned).Bool("reserve", a.Reserve).Bool("overage", a.Overage).
		Int("priority", int64(a.Priority)).Raw("pools", core.Quoted(a.Pools)).Raw("projects", core.Quoted(a.Projects)).StringOrNull("baseUrl", a.BaseURL).StringOrNull("note", a.Note).
		Int("headers", int64(a.Headers))
}

func tone(s core.StandingKind) string {
	switch s {
	case core.StandingReady:
		return "good"
	case core.StandingCooling:
		return "wait"
	}
	return "bad"
}

// Choice is what why shows of the last pick of one provider.
type Choice struct {
	Provider string
	Model    string
	Session  string
	At       core.Time
	// Account is the label of the chosen one, "" when nobody was.
	Account    string
	Attempt    int
	Candidates []Candidate
}

// Candidate is one account of a Choice and the one reason it lost or won.
type Candidate struct {
	ID     string
	Label  string
	Chosen bool
	Reason string
	// Until is when the reason ends; zero when it does not end by itself.
	Until core.Time
	// Needs says what would have to change for it to win, "" for the chosen one; Score is a JSON object of its score's terms.
	Needs string
	Score string
}

// Why shows the last pick of each provider.
func Why(choices []Choice, only string, at core.Time, zoneMinutes int, json bool) *core.View {
	v := &core.View{Title: "Why"}
	var objects []string
	for _, c := range choices {
		head := c.Provider + "/" + c.Model + ", " + Span(at.Sub(c.At)) + " ago"
		if c.Attempt > 1 {
			head += ", attempt " + strconv.Itoa(c.Attempt)
		}
		if c.Account == "" {
			head += ": no account could serve"
		} else {
			head += ": " + c.Account
		}
		v.AddRow("head", head)
		var candidates []string
		for _, x := range c.Candidates {
			reason := surface(x.Reason)
			if !x.Until.IsZero() {
				reason += " " + Back(x.Until, c.At, zoneMinutes)
			}
			tone := ""
			if x.Chosen {
				tone = "good"
			}
			v.AddRow(tone, "  "+x.Label, reason, x.Needs)
			candidates = append(candidates, (&core.Object{}).String("id", x.ID).String("label", x.Label).Bool("chosen", x.Chosen).
				String("reason", x.Reason).TimeOrNull("until", x.Until).StringOrNull("wouldWinIf", x.Needs).Raw("score", x.Score).Text())
		}
		objects = append(objects, (&core.Object{}).String("provider", c.Provider).String("model", c.Model).TimeOrNull("at", c.At).
			StringOrNull("account", c.Account).Int("attempt", int64(c.Attempt)).Raw("candidates", core.Array(candidates)).Text())
	}
	if len(choices) == 0 {
		note := "No request has gone through pi-multi-auth in this process yet."
		if only != "" {
			note = "No request to " + only + " has gone through pi-multi-auth in this process yet."
		}
		v.Notes = append(v.Notes, note)
	}
	if json {
		v.JSON = (&core.Object{}).Int("at", int64(at)).Raw("choices", core.Array(objects)).Text()
	}
	return v
}

// surface says a reason that begins with a word of the inside in the word that screens have for it.
func surface(reason string) string {
	for _, word := range [][2]string{{"cooling", "resting"}, {"suspended", "needs you"}, {"the provider is cooling", "the provider is resting"}} {
		if rest, is := strings.CutPrefix(reason, word[0]); is {
			return word[1] + rest
		}
	}
	return reason
}
