// Package kimi reads what is left of a Kimi For Coding plan.
package kimi

import (
	"strings"

	"github.com/tidwall/gjson"

	"pimultiauth/core"
)

// Usage asks the endpoint of Kimi's own command line (MoonshotAI/kimi-cli, 2026-01). It takes keys and logins.
var Usage = &core.UsageSource{
	Logins: true,
	Keys:   true,
	Requests: func(account core.Account) []core.Fetch {
		return core.Gets(account, "https://api.kimi.com/coding/v1/usages")
	},
	Read: func(account core.Account, answers []core.FetchResult, at core.Time) core.Usage {
		return core.ReadUsage(account, answers, at, read)
	},
}

var units = map[string]core.Duration{
	"TIME_UNIT_SECOND": core.Second, "TIME_UNIT_MINUTE": core.Minute, "TIME_UNIT_HOUR": core.Hour, "TIME_UNIT_DAY": core.Day,
}

func read(r *core.Reading, body gjson.Result) bool {
	known := false
	body.Get("limits").ForEach(func(_, limit gjson.Result) bool {
		known = true
		detail := limit.Get("detail")
		if !detail.IsObject() {
			detail = limit
		}
		w := core.ReadWindow(detail, r.At)
		window := limit.Get("window")
		if n, ok := core.ReadNumber(window.Get("duration")); ok && n > 0 && n < 1e6 {
			unit := strings.ToUpper(window.Get("timeUnit").String())
			if !strings.HasPrefix(unit, "TIME_UNIT_") {
				unit = "TIME_UNIT_" + unit
			}
			w.Length = core.Duration(n * float64(units[unit]))
		}
		if w.ResetsAt.IsZero() {
			w.ResetsAt = core.ReadResetOf(limit, r.At)
		}
		if w.ResetsAt.IsZero() {
			w.ResetsAt = core.ReadResetOf(window, r.At)
		}
		w.Name = core.First(limit, "name", "title").String()
		if core.NameOf(w.Length) != "" {
			w.Name = ""
		}
		r.Add(w)
		return true
	})
	if usage := body.Get("usage"); usage.IsObject() {
		known = true
		w := core.ReadWindow(usage, r.At)
		// The service calls it the week's; how long it lasts it does not say.
		w.Name = "weekly"
		r.Add(w)
	}
	r.Plan = strings.TrimPrefix(strings.ToLower(body.Get("user.membership.level").String()), "level_")
	if wallet := body.Get("boosterWallet"); wallet.IsObject() {
		// Amounts are millionths of a cent.
		if left, ok := core.ReadNumber(wallet.Get("balance.amountLeft")); ok {
			r.Balance = core.Balance{Known: true, Amount: left / 1e8, Currency: core.Plain(wallet.Get("monthlyUsed.currency").String(), 8)}
			if r.Balance.Currency == "" {
				r.Balance.Currency = core.Plain(wallet.Get("monthlyChargeLimit.currency").String(), 8)
			}
		}
	}
	return known && len(r.Windows) > 0
}
