// Package minimax knows where a MiniMax token plan tells what is left.
package minimax

import "pimultiauth/core"

const models = "model_remains|data.model_remains"

// Usage and UsageCN ask the vendor's documented endpoint (platform.minimax.io, token plan, 2026-01); keys are bound to their region. The
// status is always 200. "general" is the plan, beside which stand those of video and speech. What "usage_count" counts has changed
// between versions, so counts say nothing. Status 2 is exhausted, 3 unlimited or not part of the plan.
var (
	Usage   = source("https://api.minimax.io/v1/token_plan/remains")
	UsageCN = source("https://www.minimaxi.com/v1/token_plan/remains")
)

func source(url string) *core.UsageSource {
	return &core.UsageSource{
		Keys:    true,
		URLs:    []string{url},
		Known:   "model_remains|data.model_remains",
		Failed:  "base_resp.status_code!0",
		Code:    "base_resp.status_code",
		Invalid: "1004 2049 ",
		Windows: []core.WindowRow{
			{Each: models, Unless: "current_interval_status=3", Else: "interval", ModelAt: "model_name", Whole: "general", LeftPercent: "current_interval_remaining_percent", Full: "current_interval_status=2", Start: "start_time", Reset: "end_time", Wait: "remains_time"},
			{Each: models, Unless: "current_weekly_status=3", Window: core.Window{Length: core.Week}, ModelAt: "model_name", Whole: "general", LeftPercent: "current_weekly_remaining_percent|weekly_remaining_percent", Full: "current_weekly_status=2", Reset: "weekly_end_time", Wait: "weekly_remains_time"},
		},
		Empty: "the key has no token plan",
	}
}
