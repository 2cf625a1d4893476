// Package cline is Cline's accounts.
package cline

import (
	"strings"

	"github.com/tidwall/gjson"

	"pimultiauth/core"
)

// Usage asks for the credits of the account and the limits of its plan, as the vendor's open client does (cline/cline, 2026-01).
var Usage = &core.UsageSource{
	Logins: true,
	Keys:   true,
	Requests: func(account core.Account) []core.Fetch {
		token := account.Token()
		if token == "" {
			return nil
		}
		if account.Login && !strings.HasPrefix(token, "workos:") {
			token = "workos:" + token
		}
		var fetches []core.Fetch
		if id := account.Field("accountId"); id != "" && !strings.ContainsAny(id, "/?#% \\") {
			fetches = append(fetches, core.Get("https://api.cline.bot/api/v1/users/"+id+"/balance", "Bearer", token))
		}
		return append(fetches, core.Get("https://api.cline.bot/api/v1/users/me/plan/usage-limits", "Bearer", token))
	},
	Read: func(account core.Account, answers []core.FetchResult, at core.Time) core.Usage {
		return core.ReadUsage(account, answers, at, read)
	},
}

var lengths = map[string]core.Duration{"five_hour": 5 * core.Hour, "weekly": core.Week, "monthly": core.Month}

func read(r *core.Reading, body gjson.Result) bool {
	data := body.Get("data")
	if body.Get("success").Type == gjson.False {
		return false
	}
	if balance, ok := core.ReadNumber(data.Get("balance")); ok {
		// The service counts ten-thousandths of a credit.
		r.Balance = core.Balance{Known: true, Amount: balance / 10000, Currency: "credits", Exhausted: balance <= 0}
		return true
	}
	limits := data.Get("limits")
	limits.ForEach(func(_, limit gjson.Result) bool {
		w := core.ReadWindow(limit, r.At)
		if w.Length = lengths[limit.Get("type").String()]; w.Length == 0 {
			w.Name = limit.Get("type").String()
		}
		r.Add(w)
		return true
	})
	return limits.IsArray()
}
