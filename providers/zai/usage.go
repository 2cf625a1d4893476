// Package zai reads what is left of a Z.AI or BigModel coding plan.
package zai

import (
	"github.com/tidwall/gjson"

	"pimultiauth/core"
)

const path = "/api/monitor/usage/quota/limit"

// Usage and UsageCN ask the quota monitor, which the vendor's own coding plugin reads (2026-01); accounts are bound to their region.
var (
	Usage   = source("https://api.z.ai" + path)
	UsageCN = source("https://open.bigmodel.cn" + path)
)

func source(url string) *core.UsageSource {
	return &core.UsageSource{
		Keys:     true,
		Requests: func(account core.Account) []core.Fetch { return core.Gets(account, url) },
		Read: func(account core.Account, answers []core.FetchResult, at core.Time) core.Usage {
			return core.ReadUsage(account, answers, at, read)
		},
	}
}

// units are the service's numbers for a window's unit.
var units = map[int64]core.Duration{3: core.Hour, 4: core.Day, 5: core.Month, 6: core.Week}

func read(r *core.Reading, body gjson.Result) bool {
	// A wrong key is answered with status 200.
	code, coded := core.ReadNumber(body.Get("code"))
	if body.Get("success").Type == gjson.False || (coded && code != 200 && code != 0) {
		if code == 401 || (code >= 1000 && code < 1005) {
			r.Fail("the key has expired or is invalid (code " + body.Get("code").String() + ")")
		} else {
			r.Fail("the service refused (code " + body.Get("code").String() + ")")
		}
		return true
	}
	limits := body.Get("data.limits")
	if !limits.IsArray() {
		return false
	}
	r.Plan = core.First(body.Get("data"), "level", "planName").String()
	limits.ForEach(func(_, limit gjson.Result) bool {
		w := core.ReadWindow(limit, r.At)
		if !w.Known {
			// "usage" is the allowance here.
			total, ok := core.ReadNumber(limit.Get("usage"))
			if used, counted := core.ReadNumber(limit.Get("currentValue")); ok && counted && total > 0 {
				w.SetUsed(used / total * 100)
			}
		}
		number, ok := core.ReadNumber(limit.Get("number"))
		if !ok {
			number = 1
		}
		if number > 0 && number < 1000 {
			w.Length = core.Duration(number) * units[limit.Get("unit").Int()]
		}
		if limit.Get("type").String() == "TIME_LIMIT" {
			// Searches and the like of the vendor's tools.
			w.Name, w.Aside = "tools", true
		}
		r.Add(w)
		return true
	})
	if len(r.Windows) == 0 {
		r.Fail("the service lists no limits for this key")
	}
	return true
}
