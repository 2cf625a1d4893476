// Package copilot reads what is left of a GitHub Copilot plan.
package copilot

import (
	"strings"

	"github.com/tidwall/gjson"

	"pimultiauth/core"
)

// Usage asks GitHub for the plan of the token's user, with the GitHub token itself and no client's name but ours. The endpoint is not
// documented; GitHub's own editors read it (2026-01).
var Usage = &core.UsageSource{
	Logins: true,
	Keys:   true,
	Requests: func(account core.Account) []core.Fetch {
		token := account.Token()
		if account.Login {
			// Pi keeps the GitHub token where others keep a refresh token; the access token is Copilot's own.
			token = account.Field("refresh")
		}
		host := host(account)
		if token == "" || host == "" {
			return nil
		}
		return []core.Fetch{core.Get("https://"+host+"/copilot_internal/user", "token", token)}
	},
	Read: func(account core.Account, answers []core.FetchResult, at core.Time) core.Usage {
		return core.ReadUsage(account, answers, at, read)
	},
}

// host is GitHub's API, of the enterprise the login belongs to if it has one; "" for a name that is no host's.
func host(account core.Account) string {
	domain := strings.ToLower(strings.TrimSpace(account.Field("enterpriseUrl")))
	domain = strings.TrimSuffix(strings.TrimPrefix(domain, "https://"), "/")
	if domain == "" {
		return "api.github.com"
	}
	for _, c := range domain {
		if (c < 'a' || c > 'z') && (c < '0' || c > '9') && c != '-' && c != '.' {
			return ""
		}
	}
	return "api." + domain
}

func read(r *core.Reading, body gjson.Result) bool {
	r.Plan = core.First(body, "copilot_plan", "access_type_sku").String()
	if left := body.Get("limited_user_quotas"); left.IsObject() {
		resets := reset(body, "limited_user_reset_date", "quota_reset_date", r.At)
		for _, name := range []string{"chat", "completions"} {
			w := core.Window{Name: name, Length: core.Month, ResetsAt: resets, Aside: name == "completions"}
			rest, ok := core.ReadNumber(left.Get(name))
			total, limited := core.ReadNumber(body.Get("monthly_quotas." + name))
			switch {
			case ok && rest <= 0:
				w.SetUsed(100)
			case ok && limited && total > 0:
				w.SetUsed((total - rest) / total * 100)
			}
			if ok || limited {
				r.Add(w)
				r.Paid = r.Paid || w.Used < 100
			}
		}
		// The account is refused altogether only when nothing at all is left.
		return len(r.Windows) > 0
	}
	snapshots := body.Get("quota_snapshots")
	if !snapshots.IsObject() {
		return false
	}
	resets := reset(body, "quota_reset_date_utc", "quota_reset_date", r.At)
	if resets.IsZero() {
		resets = reset(body, "limited_user_reset_date", "reset_date", r.At)
	}
	snapshots.ForEach(func(key, quota gjson.Result) bool {
		w := core.ReadWindow(quota, r.At)
		entitled, told := core.ReadNumber(quota.Get("entitlement"))
		if quota.Get("unlimited").Bool() || !quota.IsObject() || (told && entitled == 0) {
			// A plan without premium requests serves the models that are no premium.
			return true
		}
		if w.Name = key.String(); w.Name == "premium_interactions" {
			w.Name = "premium"
			r.Paid = quota.Get("overage_permitted").Bool()
		}
		w.Length, w.ResetsAt, w.Aside = core.Month, resets, w.Name == "completions"
		r.Add(w)
		return true
	})
	return true
}

func reset(body gjson.Result, first, second string, at core.Time) core.Time {
	for _, name := range []string{first, second} {
		if t, ok := core.ReadMoment(body.Get(name), at); ok {
			return t
		}
	}
	return 0
}
