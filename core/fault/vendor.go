package fault

import (
	"strings"

	"github.com/tidwall/gjson"
	"pimultiauth/core"
)

// byVendor reads codes that only one provider gives.
func (e *evidence) byVendor() (core.Fault, bool) {
	switch p := e.provider; {
	case strings.HasPrefix(p, "zai"), strings.HasPrefix(p, "zhipu"):
		return e.zai()
	case strings.HasPrefix(p, "cloudflare"):
		return e.cloudflare()
	case strings.HasPrefix(p, "minimax"):
		return e.minimax()
	case strings.HasPrefix(p, "google"), p == "gemini":
		return e.google()
	case p == "openai-codex", p == "codex":
		return e.codex()
	}
	return core.Fault{}, false
}

// zai reads the business codes of Z.AI and Zhipu (docs.z.ai/api-reference/api-code, 2026-09). Some adapters put them in brackets in
// front of the message.
func (e *evidence) zai() (core.Fault, bool) {
	code := ""
	for _, c := range e.codes {
		if len(c) == 4 && c[0] == '1' {
			code = c
		}
	}
	if i := strings.Index(e.words, "[1"); code == "" && i >= 0 && len(e.words) > i+5 && e.words[i+5] == ']' {
		code = e.words[i+1 : i+5]
	}
	switch code {
	case "1000", "1001", "1002", "1003", "1004":
		return e.nameSuspend(core.Unauthorized, "key rejected"), true
	case "1110", "1111", "1112", "1121":
		return e.nameSuspend(core.Forbidden, "account locked"), true
	case "1113":
		return e.nameSuspend(core.Unpaid, "no credit left"), true
	case "1309":
		return e.nameSuspend(core.Unpaid, "plan expired"), true
	case "1210", "1212", "1213", "1214", "1215", "1300", "1301":
		return e.nameSurface(core.BadRequest, core.ScopeRequest, "request rejected"), true
	case "1261":
		return e.nameSurface(core.TooLong, core.ScopeRequest, "request too long"), true
	case "1211":
		return e.nameSurface(core.ModelUnavailable, core.ScopeModel, "model not known to the provider"), true
	case "1220", "1311":
		return e.entitlement(), true
	case "1302", "1303":
		return e.rotate(core.RateLimited, core.ScopeAccount, defaultRate, e.sure(), "rate limited"), true
	case "1305", "1312":
		return e.busy(), true
	case "1304", "1308", "1310", "1316", "1317", "1318", "1319", "1320", "1321":
		if e.window = e.spanNamed(); code == "1304" {
			e.window = core.Day
		}
		return e.rotate(core.QuotaSpent, core.ScopeAccount, assumed(e.window), e.sure(), e.quotaCause(e.window)), true
	}
	return core.Fault{}, false
}

// cloudflare reads the internal codes of Workers AI (developers.cloudflare.com/workers-ai/platform/errors). The daily allocation is the
// account's at Cloudflare, so that all its tokens wait, and it returns at midnight UTC; it comes as 3036 and, in the wild, as 4006.
func (e *evidence) cloudflare() (core.Fault, bool) {
	coded := e.has("3036", "4006")
	if coded || e.says("daily free allocation", "used up your daily", "10,000 neurons", "10000 neurons", "workers paid plan") {
		source := core.FromText
		if coded {
			source = core.FromBody
		}
		e.window = core.Day
		return e.until(core.QuotaSpent, core.ScopeUpstream, e.at.NextMidnight(0), source, e.sure(), "daily quota spent"), true
	}
	switch {
	case e.has("3040") || e.says("no more data centers", "capacity temporarily exceeded"):
		return e.retry(core.Overloaded, core.ScopeProvider, 15*core.Second, e.sure(), "provider overloaded"), true
	case e.has("3023"):
		return e.nameSuspend(core.Forbidden, "account blocked"), true
	case e.has("5018", "3041"):
		return e.entitlement(), true
	case e.has("5016"):
		return e.nameSurface(core.Forbidden, core.ScopeRequest, "model licence not accepted"), true
	case e.has("5007", "3042"):
		return e.nameSurface(core.ModelUnavailable, core.ScopeModel, "model not known to the provider"), true
	case e.has("3007", "3008"):
		return e.retry(core.Timeout, core.ScopeRequest, pauseNetwork, e.sure(), "timed out"), true
	case e.has("3006"):
		return e.nameSurface(core.TooLong, core.ScopeRequest, "request too long"), true
	case e.has("10000") && e.status != 200, e.has("6003", "6111"):
		return e.nameSuspend(core.Unauthorized, "key rejected"), true
	case e.has("9109") && e.status == 403:
		return e.nameSuspend(core.Forbidden, "key lacks a permission"), true
	}
	return core.Fault{}, false
}

// minimax reads base_resp.status_code, which comes with HTTP 200 (platform.minimax.io, error codes).
func (e *evidence) minimax() (core.Fault, bool) {
	code := ""
	for _, part := range e.parts {
		if value := part.Get("status_code"); value.Type == gjson.Number {
			code = value.Raw
		}
	}
	switch code {
	case "1002", "1041":
		return e.rotate(core.RateLimited, core.ScopeAccount, defaultRate, 0.9, "rate limited"), true
	case "1004", "2049":
		return e.nameSuspend(core.Unauthorized, "key rejected"), true
	case "1008":
		return e.nameSuspend(core.Unpaid, "no credit left"), true
	case "2056":
		e.window = e.spanNamed()
		return e.rotate(core.QuotaSpent, core.ScopeAccount, assumed(e.window), 0.9, e.quotaCause(e.window)), true
	case "1026", "1027", "2013":
		return e.nameSurface(core.BadRequest, core.ScopeRequest, "request rejected"), true
	case "1039":
		return e.nameSurface(core.TooLong, core.ScopeRequest, "request too long"), true
	case "1000", "1013", "1024", "1033":
		return e.busy(), true
	case "1001":
		return e.retry(core.Timeout, core.ScopeRequest, pauseNetwork, 0.9, "timed out"), true
	}
	return core.Fault{}, false
}

// google reads google.rpc.QuotaFailure of a 429 (ai.google.dev/gemini-api/docs/rate-limits). The sentence is the same for minutes and
// days; the quotaId tells. Days end at midnight Pacific, and the retryDelay beside them is the minute's.
func (e *evidence) google() (core.Fault, bool) {
	if e.status != 429 {
		return core.Fault{}, false
	}
	daily, quota, scope := false, false, core.ScopeAccount
	for _, part := range e.parts {
		for _, detail := range part.Get("details").Array() {
			for _, violation := range detail.Get("violations").Array() {
				quota = true
				id := strings.ToLower(violation.Get("quotaId").String())
				daily = daily || strings.Contains(id, "perday")
				if violation.Get("quotaDimensions.model").Exists() || strings.Contains(id, "permodel") {
					scope = core.ScopeModel
				}
			}
		}
	}
	switch {
	case daily:
		e.window = core.Day
		if end, ok := e.bodyEnd(); ok && end.Sub(e.at) > rateToQuota {
			return e.until(core.QuotaSpent, scope, end, core.FromBody, e.sure(), "daily quota spent"), true
		}
		return e.until(core.QuotaSpent, scope, e.at.NextMidnight(pacific(e.at)), core.FromBody, e.sure(), "daily quota spent"), true
	case quota:
		if end, ok := e.end(); ok && end.at.Sub(e.at) > rateToQuota {
			return e.rotate(core.QuotaSpent, scope, defaultQuota, e.sure(), "quota spent"), true
		}
		return e.rotate(core.RateLimited, scope, defaultRate, e.sure(), "rate limited"), true
	}
	return core.Fault{}, false
}

// pacific is the offset of the west coast of the United States: summer lasts from the second Sunday of March to the first of November,
// two in the morning (15 U.S.C. 260a). Good until the law changes.
func pacific(at core.Time) core.Duration {
	year, _, _ := at.Date()
	begin := sunday(year, 3, 8).Add(10 * core.Hour)
	end := sunday(year, 11, 1).Add(9 * core.Hour)
	if !at.Before(begin) && at.Before(end) {
		return -7 * core.Hour
	}
	return -8 * core.Hour
}

// sunday is the first Sunday on or after a day. 1970-01-01 was a Thursday.
func sunday(year, month, day int) core.Time {
	date, _ := core.Date(year, month, day)
	days := core.Duration(date) / core.Day
	weekday := ((days+4)%7 + 7) % 7
	return date.Add((7 - weekday) % 7 * core.Day)
}

// codex reads x-codex-rate-limit-reached-type, whose workspace values block the whole account whatever the percentages say: credits and
// limits of a workspace are changed by people.
func (e *evidence) codex() (core.Fault, bool) {
	reached := strings.ToLower(e.header("x-codex-rate-limit-reached-type"))
	for _, code := range e.codes {
		if strings.HasPrefix(code, "workspace_") {
			reached = code
		}
	}
	if e.status != 0 && e.status < 400 && len(e.parts) == 0 {
		return core.Fault{}, false
	}
	switch reached {
	case "workspace_owner_credits_depleted", "workspace_member_credits_depleted":
		return e.suspend(core.Unpaid, core.ScopeAccount, core.FromHeader, e.sure(), "workspace credits used up"), true
	case "workspace_owner_usage_limit_reached", "workspace_member_usage_limit_reached":
		if _, ok := e.end(); ok {
			return e.rotate(core.QuotaSpent, core.ScopeAccount, defaultQuota, e.sure(), "workspace limit reached"), true
		}
		return e.suspend(core.QuotaSpent, core.ScopeAccount, core.FromHeader, e.sure(), "workspace limit reached"), true
	}
	return core.Fault{}, false
}

// copilotMonth is Copilot's premium request allowance, which returns on the first of the month, 00:00 UTC
// (docs.github.com/copilot, "Requests in GitHub Copilot"). Models that are included in the plan still work.
func (e *evidence) copilotMonth() core.Fault {
	e.window = month
	if end, ok := e.end(); ok {
		return e.until(core.QuotaSpent, core.ScopeAccount, end.at, end.source, e.sure(), "monthly quota spent")
	}
	return e.until(core.QuotaSpent, core.ScopeAccount, e.at.NextMonth(), core.FromBody, e.sure(), "monthly quota spent")
}
