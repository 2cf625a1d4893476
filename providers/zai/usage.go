// Package zai knows where a Z.AI or BigModel coding plan tells what is left.
package zai

import "pimultiauth/core"

// Usage and UsageCN ask the quota monitor, which the vendor's own coding plugin reads (2026-01); accounts are bound to their region. A
// wrong key is answered with status 200. "usage" is the allowance; TIME_LIMIT counts searches and the like of the vendor's tools.
var (
	Usage   = source("https://api.z.ai/api/monitor/usage/quota/limit")
	UsageCN = source("https://open.bigmodel.cn/api/monitor/usage/quota/limit")
)

func source(url string) *core.UsageSource {
	return &core.UsageSource{
		Keys:    true,
		URLs:    []string{url},
		Known:   "data.limits",
		Failed:  "success=false|code!200",
		Code:    "code",
		Invalid: "401 1000 1001 1002 1003 1004 ",
		Plan:    "data.level|data.planName|data.plan|data.packageName",
		Windows: []core.WindowRow{
			{Each: "data.limits", Unless: "type=TIME_LIMIT", Count: "number", Unit: "unit", Used: "currentValue", Limit: "usage"},
			{Each: "data.limits", If: "type=TIME_LIMIT", Window: core.Window{Name: "tools", Aside: true}, Count: "number", Unit: "unit", Used: "currentValue", Limit: "usage"},
		},
		Empty: "the service lists no limits for this key",
	}
}
