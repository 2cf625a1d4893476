package fault

import (
	"strings"

	"pimultiauth/core"
)

// byStatus reads the failure from its HTTP status. What the status leaves open is decided by the body's codes and by words.
func (e *evidence) byStatus() core.Fault {
	rules := rejectedRules
	switch s := e.status; {
	case s < 400:
		return e.byWords()
	case s == 429:
		return e.tooMany()
	case s == 402:
		return e.payment()
	case s == 401:
		rules = unauthorizedRules
	case s == 403:
		if left, ok := core.ParseDecimal(e.header("x-ratelimit-remaining")); ok && left == 0 && e.header("x-ratelimit-reset") != "" {
			// GitHub answers a spent primary limit with 403 or 429 (docs.github.com/rest, "Rate limits for the REST API").
			return e.limited()
		}
		rules = forbiddenRules
	case s == 404 || s == 410:
		rules = missingRules
	case s == 408 || s == 504 || s == 522 || s == 524 || s == 598 || s == 599:
		return e.by(core.Timeout, core.Retry, "")
	case s == 413:
		return e.by(core.TooLong, core.Surface, "")
	case s == 499:
		return e.by(core.Aborted, core.Surface, "")
	case s == 407:
		return e.by(core.Network, core.Surface, "a proxy asks for a login")
	case s == 421 || s == 511 || s == 530 || s == 525 || s == 526 || s == 527:
		return e.by(core.Network, core.Retry, "")
	case s == 451:
		return e.legal()
	case s == 409 || s == 423 || s == 424 || s == 425 || s == 498 || s >= 500:
		return e.by(core.Overloaded, core.Retry, "")
	}
	if f, ok := e.byRules(rules); ok {
		return f
	}
	if !e.has(parameterCodes) {
		if f, ok := e.byRules(unknownModel); ok {
			return f
		}
	}
	return e.by(core.BadRequest, core.Surface, "")
}

// by is a fault that the status alone decides.
func (e *evidence) by(kind core.FaultKind, verdict core.Verdict, cause string) core.Fault {
	m := mannerOf(kind)
	if cause == "" {
		cause = m.cause
	}
	if verdict == core.Retry {
		return e.retry(kind, m.scope, m.wait, e.sure(), cause)
	}
	return core.Fault{Kind: kind, Scope: m.scope, Verdict: verdict, Source: core.FromHeader, Confidence: e.sure(), Cause: e.cause(cause)}
}

func (e *evidence) legal() core.Fault {
	f := e.by(core.Forbidden, core.Surface, "not offered for legal reasons")
	f.Scope = core.ScopeProvider
	return f
}

// sure is the confidence in a kind that the status decides.
func (e *evidence) sure() float64 {
	if e.told {
		return 0.8
	}
	return 1
}

// named is the confidence and the source of a kind that the body or the words decide.
func (e *evidence) named() (core.Source, float64) {
	switch {
	case len(e.parts) > 0 && e.status >= 400:
		return core.FromBody, 0.9
	case len(e.parts) > 0:
		return core.FromBody, 0.8
	case e.status >= 400:
		return core.FromText, 0.7
	}
	return core.FromText, 0.5
}

// tooMany parts the kinds of 429: a busy provider, an empty purse, a spent quota and a rate.
func (e *evidence) tooMany() core.Fault {
	if f, ok := e.byRules(tooManyRules); ok {
		return f
	}
	if f, ok := e.googleQuota(); ok {
		return f
	}
	if window, ok := e.spentWindow(); ok {
		e.window = window.length
		return e.rotate(core.QuotaSpent, window.scope, defaultQuota, e.sure(), quotaCause(window.length))
	}
	if f, ok := e.byRules(afterWindows); ok {
		return f
	}
	return e.limited()
}

// googleQuota reads google.rpc.QuotaFailure of a 429 (ai.google.dev/gemini-api/docs/rate-limits), also where a gateway hands it on. The
// sentence is the same for minutes and days; the quotaId tells. Days end at midnight Pacific, and the retryDelay beside them is the
// minute's. A limit of zero is a model that this tier does not have.
func (e *evidence) googleQuota() (core.Fault, bool) {
	r := core.FaultRule{Codes: "429", Kind: core.RateLimited}
	found, zero := false, false
	for _, part := range e.parts {
		for _, detail := range part.Get("details").Array() {
			for _, violation := range detail.Get("violations").Array() {
				found = true
				id := fieldName(violation.Get("quotaId").String() + violation.Get("quotaMetric").String())
				if contains(id, "perday") {
					r.Kind, r.Window, r.Returns = core.QuotaSpent, core.Day, "midnight pacific"
				}
				if violation.Get("quotaDimensions.model").Exists() || contains(id, "permodel") {
					r.Scope = core.ScopeModel
				}
				value := violation.Get("quotaValue")
				zero = zero || (value.Exists() && value.String() == "0")
			}
		}
	}
	if !found {
		return core.Fault{}, false
	}
	if zero || e.says("limit: 0,|limit: 0 ") {
		r.Kind, r.Scope = core.NotEntitled, core.ScopeModel
	} else if end, ok := e.end(); ok && r.Window == 0 && end.at.Sub(e.at) > rateToQuota {
		r.Kind = core.QuotaSpent
	}
	return e.apply(&r), true
}

// limited parts a spent quota from a rate: by the window that is named, else by what it is called, else by how long the wait is.
func (e *evidence) limited() core.Fault {
	end, ok := e.end()
	if e.window == 0 {
		e.window = e.spanNamed()
	}
	wait := end.at.Sub(e.at)
	scope := e.limitScope()
	_, confidence := e.named()
	if e.status == 429 {
		confidence = max(confidence, e.sure())
	}
	quota := e.has(quotaCodes) || e.quotaNamed()
	rate := e.has("user_model_rate_limited user_global_rate_limited* rate_limit_reached_error concurrency_limit_exceeded concurrent_request_limit") || e.says("concurren|并发")
	switch {
	case e.window > 0 && e.window <= core.Minute && (!ok || wait <= rateToQuota),
		// Google says "current quota" of minutes too.
		ok && wait <= 2*core.Minute && e.window == 0 && e.says("current quota"),
		rate && e.window < 5*core.Hour && (!ok || wait <= rateToQuota):
	case e.window >= 5*core.Hour, quota && e.window == 0, ok && wait > rateToQuota:
		if e.window <= core.Hour && ok && wait > e.window {
			// A wait longer than the window that words speak of is about another one.
			e.window = 0
		}
		return e.rotate(core.QuotaSpent, scope, assumed(e.window), confidence, quotaCause(e.window))
	case quota && e.window > core.Minute:
		return e.rotate(core.QuotaSpent, scope, assumed(e.window), confidence, quotaCause(e.window))
	}
	if ok && e.window > 0 && wait > e.window {
		e.window = 0
	}
	return e.rotate(core.RateLimited, scope, defaultRate, confidence, "rate limited")
}

// quotaNamed is a quota called by a name that leaves no doubt.
func (e *evidence) quotaNamed() bool {
	if e.says(quotaWords) {
		return true
	}
	for rest := range after(e.words, "limit reached") {
		if !contains(cut(rest, 12), " for ") && !e.says("rate limit reached|request limit reached") {
			return true
		}
	}
	return false
}

// limitScope narrows a limit to the model where the provider counts by model and names it.
func (e *evidence) limitScope() core.Scope {
	if e.has(forModelCodes) || e.says(forModelWords) {
		return core.ScopeModel
	}
	return core.ScopeAccount
}

func quotaCause(window core.Duration) string {
	switch {
	case window >= month:
		return "monthly quota spent"
	case window >= core.Week:
		return "weekly quota spent"
	case window >= core.Day:
		return "daily quota spent"
	case window == 5*core.Hour:
		return "five-hour quota spent"
	}
	return "quota spent"
}

// payment parts quotas that come back by themselves from an empty purse. Copilot's allowance and Hugging Face's included credits are
// answered with 402 and return with the month.
func (e *evidence) payment() core.Fault {
	if f, ok := e.byRules(paymentRules); ok {
		return f
	}
	if _, ok := e.end(); ok && e.quotaNamed() {
		return e.apply(&core.FaultRule{Codes: "402", Kind: core.QuotaSpent})
	}
	f, _ := e.byRules(paymentLast)
	return f
}

// byWords reads failures without a status.
func (e *evidence) byWords() core.Fault {
	if f, ok := e.byRules(withoutStatus); ok {
		return f
	}
	_, confidence := e.named()
	if len(e.parts) == 0 && e.says("resource exhausted|resource_exhausted") && !e.says("try again later|too many requests") && e.spanNamed() == 0 {
		// gRPC's name for any limit, alone: nothing says that it is a short one.
		return e.rotate(core.QuotaSpent, e.limitScope(), defaultQuota, confidence, "quota spent")
	}
	if f, ok := e.googleQuota(); ok {
		return f
	}
	if e.quotaNamed() || (e.says("limit|quota|límite|上限|限制|лимит|한도") && e.spanNamed() > 0) {
		return e.limited()
	}
	if f, ok := e.byRules(withoutStatusThen); ok {
		return f
	}
	if e.words == "terminated" || strings.HasSuffix(e.words, ": terminated") {
		// undici's word for a connection that went away.
		return e.retry(core.Network, core.ScopeRequest, pauseNetwork, confidence, "connection failed")
	}
	if _, _, ok := e.wordsEnd(); ok {
		return e.limited()
	}
	if markup(e.outcome.Body) {
		return e.retry(core.Network, core.ScopeRequest, pauseNetwork, confidence, "a page instead of an answer")
	}
	return e.plainly(core.Unknown, core.Surface, core.FromDefault, 0, "")
}

// spanNamed is the window a text speaks of, 0 for none.
func (e *evidence) spanNamed() core.Duration {
	for _, s := range spans {
		if e.says(s.words) {
			return s.length
		}
	}
	return 0
}

// assumed is how long a spent window of this length benches when nobody says until when. Weeks and months begin with a shorter
// probe than the window: the reset is on average half of it away, and the engine lengthens the wait when it comes again.
func assumed(window core.Duration) core.Duration {
	switch {
	case window >= month:
		return defaultMonthly
	case window >= core.Week:
		return defaultWeekly
	case window >= core.Day:
		return defaultDaily
	case window > 0 && window <= core.Minute:
		return defaultRate
	}
	return defaultQuota
}
