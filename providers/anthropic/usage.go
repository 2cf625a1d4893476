// Package anthropic reads what is left of a Claude subscription.
package anthropic

import (
	"strings"

	"github.com/tidwall/gjson"

	"pimultiauth/core"
)

// Usage asks the endpoint behind Claude's own usage page. The vendor does not document it; the shape is as several public programs read
// it (2026-01). It answers logins with the scope user:profile; keys have no endpoint of their own.
var Usage = &core.UsageSource{
	Logins: true,
	Requests: func(account core.Account) []core.Fetch {
		token := account.Token()
		if token == "" {
			return nil
		}
		return []core.Fetch{core.Get("https://api.anthropic.com/api/oauth/usage", "Bearer", token, core.SecretHeader{Name: "anthropic-beta", Value: "oauth-2025-04-20"})}
	},
	Read: func(account core.Account, answers []core.FetchResult, at core.Time) core.Usage {
		u := core.ReadUsage(account, answers, at, read)
		if len(answers) > 0 && answers[0].Status == 403 {
			u.Error += ": the login lacks the scope user:profile"
		}
		u.Plan = plan(account.Field("subscriptionType"))
		return u
	},
}

// plan shortens "claude_max_20x" and the like to what people call it.
func plan(name string) string {
	name = strings.ToLower(core.Plain(name, 60))
	for _, word := range []string{"max", "pro", "team", "enterprise", "free"} {
		if strings.Contains(name, word) {
			return word
		}
	}
	return name
}

// lists are the kinds of "limits", which repeat the two windows of the account and add those of models.
var lists = map[string]string{"session": "five_hour", "weekly_all": "seven_day"}

func read(r *core.Reading, body gjson.Result) bool {
	known := false
	told := map[string]bool{}
	body.ForEach(func(key, value gjson.Result) bool {
		name := key.String()
		w := core.ReadWindow(value, r.At)
		model := ""
		switch {
		case strings.HasPrefix(name, "five_hour"):
			w.Length, model = 5*core.Hour, name[len("five_hour"):]
		case strings.HasPrefix(name, "seven_day"):
			w.Length, model = core.Week, name[len("seven_day"):]
		default:
			return true
		}
		known = true
		w.Model = strings.ReplaceAll(strings.TrimPrefix(model, "_"), "_", " ")
		told[name] = w.Known
		// Reading Opus or Sonnet is a window of models; what else has one (cowork, oauth apps) is no chat's.
		if w.Model != "" && w.Model != "opus" && w.Model != "sonnet" {
			w.Name, w.Model, w.Aside = w.Model, "", true
		}
		if w.Known || value.IsObject() {
			r.Add(w)
		}
		return true
	})
	if limits := body.Get("limits"); limits.IsArray() {
		known = true
		limits.ForEach(func(_, limit gjson.Result) bool {
			w := core.ReadWindow(limit, r.At)
			kind := limit.Get("kind").String()
			same := lists[kind]
			w.Length = core.Week
			if kind == "session" {
				w.Length = 5 * core.Hour
			}
			if same == "" {
				w.Model = core.First(limit.Get("scope.model"), "display_name", "id").String()
				if w.Model == "" {
					return true
				}
				same = "seven_day_" + strings.ToLower(w.Model)
				for name, known := range told {
					if known && strings.Contains(strings.ToLower(w.Model), strings.TrimPrefix(name, "seven_day_")) {
						same = name
					}
				}
			}
			if !told[same] {
				told[same] = w.Known
				r.Add(w)
			}
			return true
		})
	}
	if extra := body.Get("extra_usage"); extra.IsObject() {
		known = true
		readExtra(r, extra)
	}
	return known
}

// readExtra reads what the owner pays beyond the plan, in hundredths. While some of it is left a full window does not block.
func readExtra(r *core.Reading, extra gjson.Result) {
	if !extra.Get("is_enabled").Bool() {
		return
	}
	r.Paid = true
	r.Balance.Currency = strings.ToUpper(core.Plain(extra.Get("currency").String(), 8))
	if r.Balance.Currency == "" {
		r.Balance.Currency = "USD"
	}
	limit, limited := core.ReadNumber(extra.Get("monthly_limit"))
	used, counted := core.ReadNumber(extra.Get("used_credits"))
	if limited && counted {
		r.Balance.Known, r.Balance.Amount = true, max(limit-used, 0)/100
		r.Balance.Exhausted = used >= limit
		r.Paid = used < limit
	}
}
