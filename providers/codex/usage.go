// Package codex reads what is left of a ChatGPT plan, which Codex and logins to OpenAI draw on.
package codex

import (
	"strings"

	"github.com/tidwall/gjson"

	"pimultiauth/core"
)

// Usage asks the endpoint of ChatGPT's own usage page; the vendor does not document it, its open client reads it (openai/codex, 2026-01).
var Usage = &core.UsageSource{
	Logins: true,
	Requests: func(account core.Account) []core.Fetch {
		token := account.Token()
		if token == "" {
			return nil
		}
		var headers []core.SecretHeader
		if id := account.Field("accountId"); id != "" {
			headers = append(headers, core.SecretHeader{Name: "chatgpt-account-id", Value: core.Secret(id)})
		}
		return []core.Fetch{core.Get("https://chatgpt.com/backend-api/wham/usage", "Bearer", token, headers...)}
	},
	Read: func(account core.Account, answers []core.FetchResult, at core.Time) core.Usage {
		return core.ReadUsage(account, answers, at, read)
	},
}

func read(r *core.Reading, body gjson.Result) bool {
	limits, plan, credits := body.Get("rate_limit"), body.Get("plan_type"), body.Get("credits")
	if !limits.Exists() && !plan.Exists() && !credits.Exists() {
		return false
	}
	r.Plan = plan.String()
	pair(r, limits, core.Window{})
	pair(r, body.Get("code_review_rate_limit"), core.Window{Name: "code review", Aside: true})
	body.Get("additional_rate_limits").ForEach(func(_, limit gjson.Result) bool {
		model := core.First(limit, "limit_name", "metered_feature").String()
		if model == "" {
			model = "other"
		}
		pair(r, limit.Get("rate_limit"), core.Window{Model: model})
		return true
	})
	r.Refused = limits.Get("limit_reached").Bool() || limits.Get("allowed").Type == gjson.False
	if amount, ok := core.ReadNumber(credits.Get("balance")); ok {
		r.Balance.Known, r.Balance.Amount = true, amount
	}
	if credits.IsObject() {
		r.Balance.Currency = "credits"
	}
	// A workspace whose owner or member has nothing left to spend is refused at any percentage.
	reached := body.Get("rate_limit_reached_type")
	if reached.IsObject() {
		reached = reached.Get("type")
	}
	r.Balance.Exhausted = credits.Get("overage_limit_reached").Bool() || body.Get("spend_control.reached").Bool() || strings.HasPrefix(reached.String(), "workspace_")
	r.Paid = !r.Refused && !r.Balance.Exhausted && limits.Get("allowed").Bool() && (credits.Get("unlimited").Bool() || credits.Get("has_credits").Bool())
	r.Refused = r.Refused || r.Balance.Exhausted
	return true
}

// pair reads the two windows of a limit. Which is the short one is told by their length alone: some plans have only a week, and first.
func pair(r *core.Reading, limit gjson.Result, as core.Window) {
	for _, name := range []string{"primary", "secondary"} {
		w := core.ReadWindow(core.First(limit, name+"_window", name), r.At)
		w.Name, w.Model, w.Aside = as.Name, as.Model, as.Aside
		if w.Name == "" && w.Length == 0 {
			w.Name = name
		}
		r.Add(w)
	}
}
