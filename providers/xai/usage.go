// Package xai reads what is left of a SuperGrok subscription.
package xai

import (
	"strings"

	"github.com/tidwall/gjson"

	"pimultiauth/core"
)

// Usage asks the billing endpoint of xAI's own command line, which is not documented (2026-01). Its pretended client's header is not
// sent, so it may refuse; the model's key has no endpoint, a management key's is another account.
var Usage = &core.UsageSource{
	Logins: true,
	Requests: func(account core.Account) []core.Fetch {
		return core.Gets(account, "https://cli-chat-proxy.grok.com/v1/billing?format=credits", "https://cli-chat-proxy.grok.com/v1/settings")
	},
	Read: func(account core.Account, answers []core.FetchResult, at core.Time) core.Usage {
		u := core.ReadUsage(account, answers, at, read)
		if strings.Contains(u.Plan, "heavy") && len(u.Windows) > 0 && u.Windows[0].Used == 0 {
			// Its percentage is left out whatever it is.
			u.Windows[0].Known = false
		}
		return u
	},
}

func read(r *core.Reading, body gjson.Result) bool {
	if tier := core.First(body, "subscription_tier_display", "subscriptionTierDisplay", "subscriptionTier"); tier.Exists() {
		r.Plan = tier.String()
	}
	config := body.Get("config")
	if !config.IsObject() {
		return r.Plan != ""
	}
	if tier := config.Get("subscriptionTier"); tier.Exists() {
		r.Plan = tier.String()
	}
	period := config.Get("currentPeriod")
	var w core.Window
	w.ResetsAt, _ = core.ReadMoment(period.Get("end"), r.At)
	start, begins := core.ReadMoment(period.Get("start"), r.At)
	switch kind := strings.ToLower(period.Get("type").String()); {
	case strings.Contains(kind, "week"):
		w.Length = core.Week
	case strings.Contains(kind, "month"):
		w.Length = core.Month
	case begins && w.ResetsAt > start:
		w.Length = w.ResetsAt.Sub(start)
	}
	percent := config.Get("creditUsagePercent")
	if used, ok := core.ReadNumber(percent); ok {
		w.SetUsed(used)
	} else if !percent.Exists() && period.IsObject() {
		// The service leaves out what is zero.
		w.SetUsed(0)
	}
	r.Add(w)
	limit, limited := cents(config.Get("onDemandCap"))
	used, _ := cents(config.Get("onDemandUsed"))
	if limited && limit > 0 {
		r.Paid = used < limit
		r.Balance = core.Balance{Known: true, Amount: max(limit-used, 0) / 100, Currency: "USD", Exhausted: !r.Paid}
	}
	return len(r.Windows) > 0 || r.Balance.Known
}

func cents(r gjson.Result) (float64, bool) {
	if r.IsObject() {
		r = r.Get("val")
	}
	return core.ReadNumber(r)
}
