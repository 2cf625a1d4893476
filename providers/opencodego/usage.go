// Package opencodego knows where an OpenCode Go subscription tells what is left.
package opencodego

import "pimultiauth/core"

// Usage asks the service's endpoint, which is not documented; several public programs read it (2026-01).
var Usage = &core.UsageSource{
	Keys:   true,
	URLs:   []string{"https://opencode.ai/zen/go/v1/usage"},
	Denied: "the key has no subscription",
	Known:  "usage.rolling|usage.weekly|usage.monthly",
	Windows: []core.WindowRow{
		{At: "usage.rolling", Window: core.Window{Length: 5 * core.Hour}, Full: "status=rate-limited"},
		{At: "usage.weekly", Window: core.Window{Length: core.Week}, Full: "status=rate-limited"},
		{At: "usage.monthly", Window: core.Window{Length: core.Month}, Full: "status=rate-limited"},
	},
}
