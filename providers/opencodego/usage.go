// Package opencodego reads what is left of an OpenCode Go subscription.
package opencodego

import (
	"github.com/tidwall/gjson"

	"pimultiauth/core"
)

// Usage asks the service's endpoint, which is not documented; several public programs read it (2026-01).
var Usage = &core.UsageSource{
	Keys: true,
	Requests: func(account core.Account) []core.Fetch {
		return core.Gets(account, "https://opencode.ai/zen/go/v1/usage")
	},
	Read: func(account core.Account, answers []core.FetchResult, at core.Time) core.Usage {
		u := core.ReadUsage(account, answers, at, read)
		if len(answers) > 0 && answers[0].Status == 403 {
			u.Error += ": the key has no subscription"
		}
		return u
	},
}

var windows = []struct {
	name   string
	length core.Duration
}{{"rolling", 5 * core.Hour}, {"weekly", core.Week}, {"monthly", core.Month}}

func read(r *core.Reading, body gjson.Result) bool {
	usage := body.Get("usage")
	if !usage.IsObject() {
		return false
	}
	known := false
	for _, one := range windows {
		told := usage.Get(one.name)
		known = known || told.Exists()
		w := core.ReadWindow(told, r.At)
		w.Length = one.length
		if told.Get("status").String() == "rate-limited" {
			w.SetUsed(100)
		}
		r.Add(w)
	}
	return known
}
