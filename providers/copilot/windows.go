package copilot

import "pimultiauth/core"

// Headers is how the names of Copilot's own headers begin.
var Headers = []string{"x-quota-snapshot-", "x-usage-ratelimit-"}

// limits are the windows that Copilot tells of, in the names Usage gives them. premium_models is what premium_interactions was called.
var limits = []struct {
	header string
	window core.Window
}{
	{"x-usage-ratelimit-session", core.Window{Length: 5 * core.Hour}},
	{"x-usage-ratelimit-weekly", core.Window{Length: core.Week}},
	{"x-quota-snapshot-premium_interactions", core.Window{Name: "premium", Length: core.Month}},
	{"x-quota-snapshot-premium_models", core.Window{Name: "premium", Length: core.Month}},
	{"x-quota-snapshot-chat", core.Window{Name: "chat", Length: core.Month}},
	{"x-quota-snapshot-completions", core.Window{Name: "completions", Length: core.Month, Aside: true}},
}

// Windows reads what Copilot says with every answer: "ent=300&ov=0.0&ovPerm=false&rem=97.1&rst=2026-12-01T00%3A00%3A00Z", rem being
// percent (microsoft/vscode, chatQuotaServiceImpl, 2026-04; seen with answers 2026-08). The session lasts about five hours. A month
// of -1 has no end, one of 0 is not in the plan; session and week always say 0.
func Windows(headers []core.Header, at core.Time) []core.Window {
	u := core.Usage{Windows: core.HeaderWindows(headers, at)}
	for _, l := range limits {
		for _, h := range headers {
			left, ok := core.ParseDecimal(core.QueryValue(h.Value, "rem"))
			if h.Name != l.header || !ok {
				continue
			}
			w := l.window
			if all, ok := core.ParseDecimal(core.QueryValue(h.Value, "ent")); ok && all <= 0 && w.Length == core.Month {
				continue
			}
			if n := len(u.Windows); n > 0 && w.Name != "" && u.Windows[n-1].Name == w.Name {
				continue
			}
			w.SetUsed(100 - left)
			w.ResetsAt, _ = core.ParseReset(core.QueryValue(h.Value, "rst"), at)
			u.Add(w)
		}
	}
	u.Tidy(at)
	return u.Windows
}
