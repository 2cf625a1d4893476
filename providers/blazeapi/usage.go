// Package blazeapi reads what is left of a BlazeAPI key's day.
package blazeapi

import (
	"strings"

	"github.com/tidwall/gjson"

	"pimultiauth/core"
)

const home = "https://blazeai.boxu.dev/api"

// Usage asks the service's usage endpoint, of the base URL the account has of its own if there is one.
var Usage = &core.UsageSource{
	Keys: true,
	Requests: func(account core.Account) []core.Fetch {
		base := account.Field("request.baseUrl")
		if base == "" {
			base = home
		}
		base = strings.TrimSuffix(strings.TrimRight(base, "/"), "/chat/completions")
		base = strings.TrimRight(strings.TrimSuffix(base, "/v1"), "/")
		return core.Gets(account, base+"/usage")
	},
	Read: func(account core.Account, answers []core.FetchResult, at core.Time) core.Usage {
		return core.ReadUsage(account, answers, at, read)
	},
}

func read(r *core.Reading, body gjson.Result) bool {
	plan, usage := body.Get("plan"), body.Get("usage")
	r.Plan = core.First(plan, "name").String()
	if r.Plan == "" {
		r.Plan = body.Get("user.plan").String()
	}
	today := usage.Get("today")
	requests, premium := today.Get("requests"), today.Get("premium_credits")
	if today.Type == gjson.Number {
		// The older, flat shape.
		requests, premium = today, usage.Get("premium_used")
	}
	// The service counts days of UTC, as its daily breakdown shows.
	resets := r.At.NextMidnight(0)
	count := func(allowance, used gjson.Result, w core.Window) (left float64, told bool) {
		limit, limited := core.ReadNumber(allowance)
		n, counted := core.ReadNumber(used)
		if limited && limit > 0 {
			w.Length, w.ResetsAt = core.Day, resets
			if counted {
				w.SetUsed(n / limit * 100)
			}
			r.Add(w)
		}
		return max(limit-n, 0), limited && (counted || limit == 0)
	}
	_, told := count(plan.Get("daily_requests"), requests, core.Window{Name: "requests"})
	if left, ok := count(plan.Get("premium_daily_credits"), premium, core.Window{Name: "premium credits", Model: "premium"}); ok {
		// Without them the models that cost none still serve.
		r.Balance, told = core.Balance{Known: true, Amount: left, Currency: "premium credits"}, true
	}
	return told || len(r.Windows) > 0
}
