// Package minimax reads what is left of a MiniMax token plan.
package minimax

import (
	"strconv"

	"github.com/tidwall/gjson"

	"pimultiauth/core"
)

const path = "/v1/token_plan/remains"

// Usage and UsageCN ask the vendor's documented endpoint (platform.minimax.io, token plan, 2026-01); keys are bound to their region.
var (
	Usage   = source("https://api.minimax.io" + path)
	UsageCN = source("https://www.minimaxi.com" + path)
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

func read(r *core.Reading, body gjson.Result) bool {
	// The status is always 200.
	if code, ok := core.ReadNumber(body.Get("base_resp.status_code")); ok && code != 0 {
		why := "the service refused"
		if code == 1004 || code == 2049 {
			why = "the key has expired or is invalid"
		}
		r.Fail(why + " (code " + strconv.Itoa(int(code)) + ")")
		return true
	}
	remains := core.First(body, "model_remains")
	if !remains.Exists() {
		remains = body.Get("data.model_remains")
	}
	if !remains.IsArray() {
		return false
	}
	var listed []gjson.Result
	general := false
	remains.ForEach(func(_, model gjson.Result) bool {
		listed = append(listed, model)
		general = general || model.Get("model_name").String() == "general"
		return true
	})
	// The account is blocked until the first of its models returns.
	var first core.Time
	blocked := true
	for _, model := range listed {
		// Beside the plan's "general" stand those of video and speech.
		name := model.Get("model_name").String()
		aside := general && name != "general"
		if name == "general" {
			name = ""
		}
		had := len(r.Windows)
		window(r, model, "current_interval_", "", core.Window{Name: "interval", Model: name, Aside: aside})
		window(r, model, "current_weekly_", "weekly_", core.Window{Model: name, Aside: aside, Length: core.Week})
		var full core.Time
		for _, w := range r.Windows[had:] {
			if w.Used >= 100 {
				full = max(full, w.ResetsAt)
			}
		}
		if !aside && len(r.Windows) > had {
			blocked = blocked && !full.IsZero()
			if first.IsZero() || full < first {
				first = full
			}
		}
	}
	if blocked && r.At.Before(first) {
		r.BlockedUntil = first
	}
	if len(r.Windows) == 0 {
		r.Fail("the key has no token plan")
	}
	return true
}

func window(r *core.Reading, model gjson.Result, prefix, times string, w core.Window) {
	status := model.Get(prefix + "status").Int()
	if left, ok := core.ReadNumber(core.First(model, prefix+"remaining_percent", times+"remaining_percent")); ok {
		w.SetUsed(100 - left)
	}
	// What "usage_count" counts has changed between the service's versions, so counts say nothing.
	switch status {
	case 2:
		w.SetUsed(100)
	case 3:
		// Unlimited, or not part of the plan.
		return
	}
	start, begins := core.ReadMoment(model.Get(times+"start_time"), r.At)
	if t, ok := core.ReadMoment(model.Get(times+"end_time"), r.At); ok {
		w.ResetsAt = t
		if begins && t > start {
			w.Length = t.Sub(start)
			w.Name = ""
		}
	} else if ms, ok := core.ReadNumber(model.Get(times + "remains_time")); ok && ms > 0 && ms < 1e10 {
		w.ResetsAt = r.At.Add(core.Duration(ms))
	}
	r.Add(w)
}
