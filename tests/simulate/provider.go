package main

import (
	"strings"

	"pimultiauth/core"
)

// providerID is the one provider of every world. A differential run takes one that the module knows.
var providerID = "simulated"

const (
	usageURL = "https://usage.simulated.example/"
	tokenURL = "https://auth.simulated.example/token"
	// modelLimit is the code of a refusal that is about one family of models.
	modelLimit = "model_limit_reached"
)

// provider is what the catalogue would know of it.
func provider(f *Fleet) core.Provider {
	p := core.Provider{
		ID: providerID, Name: "Simulated", Keys: true, Login: "own", Warm: f.Warm,
		Origins: []string{"https://api.simulated.example", "https://usage.simulated.example"},
		Renewal: &core.Renewal{Token: tokenURL, Client: core.ClientID{ID: "simulated"}},
		Faults: []core.FaultRule{
			{Status: "429", Codes: modelLimit, Kind: core.QuotaSpent, Scope: core.ScopeModel, Cause: "the model's quota is spent"},
		},
	}
	if f.Headers {
		p.Windows = func(headers []core.Header, at core.Time) []core.Window {
			var out []core.Window
			for _, h := range headers {
				if w, ok := readWindow(h.Value); ok && h.Name == windowHeader {
					out = append(out, w)
				}
			}
			return out
		}
	}
	if f.Usage {
		p.Usage = usageSource
	}
	return p
}

// usageSource is how the usage page is read.
var usageSource = &core.UsageSource{
	Logins: true, Keys: true, URLs: []string{usageURL + "{n}"}, Known: "windows",
	Windows: []core.WindowRow{
		{Each: "windows", Unless: "model!", UsedPercent: "used", Count: "count", Unit: "unit", Reset: "reset"},
		{Each: "windows", UsedPercent: "used", Count: "count", Unit: "unit", Reset: "reset", ModelAt: "model"},
	},
}

// readWindow reads what trueWindow.tell writes, totally.
func readWindow(text string) (core.Window, bool) {
	f := strings.Split(text, " ")
	if len(f) != 5 {
		return core.Window{}, false
	}
	w := core.Window{Model: f[4]}
	w.Used, w.Known = core.ParseDecimal(f[1])
	w.Known = w.Known && w.Used < 1000
	if minutes, ok := core.ParseDecimal(f[2]); ok {
		w.Length = core.Duration(minutes) * core.Minute
		w.Name = core.NameOf(w.Length)
	}
	if reset, ok := core.ParseDecimal(f[3]); ok {
		w.ResetsAt = core.Time(reset)
	}
	return w, true
}

// readUsage is what the peer reads of the same page.
func readUsage(answer core.FetchResult, at core.Time) core.Usage {
	u := usageSource.Read(core.Account{}, []core.FetchResult{answer}, at)
	u.Block(at, "", false)
	return u
}
