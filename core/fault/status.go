package fault

import "pimultiauth/core"

// byStatus reads the failure from its HTTP status. What the status leaves open is decided by the body's codes and by words.
func (e *evidence) byStatus() core.Fault {
	switch s := e.status; {
	case s < 400:
		return e.byWords()
	case s == 429:
		return e.tooMany()
	case s == 401:
		return e.unauthorized()
	case s == 402:
		return e.payment()
	case s == 403:
		return e.forbidden()
	case s == 404 || s == 410:
		return e.missing()
	case s == 408 || s == 504 || s == 524 || s == 522:
		return e.retry(core.Timeout, core.ScopeRequest, pauseNetwork, e.sure(), "timed out")
	case s == 413:
		return e.surface(core.TooLong, core.ScopeRequest, core.FromHeader, e.sure(), "request too long")
	case s == 499:
		return e.surface(core.Aborted, core.ScopeRequest, core.FromHeader, e.sure(), "stopped")
	case s == 409 || s == 424 || s == 425 || s == 498 || s >= 500:
		return e.busy()
	}
	return e.rejected()
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

func (e *evidence) nameSurface(kind core.FaultKind, scope core.Scope, cause string) core.Fault {
	source, confidence := e.named()
	return e.surface(kind, scope, source, confidence, cause)
}

func (e *evidence) nameSuspend(kind core.FaultKind, cause string) core.Fault {
	source, confidence := e.named()
	return e.suspend(kind, core.ScopeAccount, source, confidence, cause)
}

// tooMany parts the kinds of 429: a busy provider, an empty purse, a spent quota and a rate.
func (e *evidence) tooMany() core.Fault {
	switch {
	case e.overage():
		return e.beyondPlan()
	case e.has("engine_overloaded_error", "overloaded_error", "modelnotreadyexception", "server_overloaded", "model_overloaded"):
		return e.busy()
	case e.has("workspace_owner_credits_depleted", "workspace_member_credits_depleted"):
		return e.nameSuspend(core.Unpaid, "credits used up")
	case e.has("usage_not_included"):
		return e.entitlement()
	}
	if window, ok := e.spentWindow(); ok {
		e.window = window.length
		return e.rotate(core.QuotaSpent, window.scope, defaultQuota, e.sure(), e.quotaCause(window.length))
	}
	if e.unpaid() {
		return e.nameSuspend(core.Unpaid, "no credit left")
	}
	return e.limited()
}

// beyondPlan is shown, since going on costs money or breaks a rule. An account whose paid extra is used up is left to others for a while.
func (e *evidence) beyondPlan() core.Fault {
	if _, confidence := e.named(); e.says("out of extra usage") {
		return e.rotate(core.PolicyOverage, core.ScopeAccount, defaultQuota, confidence, "extra usage used up")
	}
	return e.nameSurface(core.PolicyOverage, core.ScopeRequest, "outside of what the plan includes")
}

// limited parts a spent quota from a rate: by the window that is named, else by what it is called, else by how long the wait is.
func (e *evidence) limited() core.Fault {
	window := e.spanNamed()
	end, ok := e.end()
	if e.window == 0 {
		e.window = window
	}
	wait := end.at.Sub(e.at)
	scope := e.limitScope()
	_, confidence := e.named()
	if e.status == 429 {
		confidence = max(confidence, e.sure())
	}
	switch {
	case e.window > 0 && e.window <= core.Minute && (!ok || wait <= rateToQuota),
		// Google says "current quota" of minutes too.
		ok && wait <= 2*core.Minute && e.window == 0 && e.says("current quota"):
	case e.window >= 5*core.Hour, e.quotaNamed() && e.window == 0, ok && wait > rateToQuota:
		if e.window <= core.Hour && ok && wait > e.window {
			// A wait longer than the window that words speak of is about another one.
			e.window = 0
		}
		return e.rotate(core.QuotaSpent, scope, assumed(e.window), confidence, e.quotaCause(e.window))
	case e.quotaNamed() && e.window > core.Minute:
		return e.rotate(core.QuotaSpent, scope, assumed(e.window), confidence, e.quotaCause(e.window))
	}
	if ok && e.window > 0 && wait > e.window {
		e.window = 0
	}
	return e.rotate(core.RateLimited, scope, defaultRate, confidence, "rate limited")
}

// limitScope narrows a limit to the model where the provider counts by model and names it: OpenAI and Groq do, "Rate limit reached for
// gpt-5 in organization org-… on tokens per min (TPM)".
func (e *evidence) limitScope() core.Scope {
	if (e.provider == "openai" || e.provider == "groq") && e.says("rate limit reached for") && e.says("on tokens per", "on requests per") {
		return core.ScopeModel
	}
	return core.ScopeAccount
}

func (e *evidence) quotaCause(window core.Duration) string {
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

func (e *evidence) unauthorized() core.Fault {
	switch {
	case e.closed():
		return e.nameSuspend(core.Forbidden, "account or organization closed")
	case e.revoked():
		return e.nameSuspend(core.Unauthorized, "login revoked")
	case e.has("creditserror") || (e.unpaid() && !e.badKey()):
		// OpenCode Zen answers 401 CreditsError for an empty balance (seen 2025-11).
		return e.nameSuspend(core.Unpaid, "no credit left")
	case e.has("modelerror"):
		return e.unavailable()
	case e.expired():
		return e.rotate(core.Unauthorized, core.ScopeAccount, defaultRate, e.sure(), "login expired")
	}
	return e.suspend(core.Unauthorized, core.ScopeAccount, core.FromHeader, e.sure(), "key rejected")
}

// payment parts quotas that come back by themselves from an empty purse. Copilot's allowance and Hugging Face's included credits are
// answered with 402 and return with the month.
func (e *evidence) payment() core.Fault {
	if e.provider == "github-copilot" && (e.has("quota_exceeded") || e.quotaNamed()) {
		return e.copilotMonth()
	}
	if e.closed() {
		return e.nameSuspend(core.Forbidden, "account or organization closed")
	}
	if e.says("can only afford") {
		// OpenRouter: a smaller request may still pass.
		return e.rotate(core.Unpaid, core.ScopeAccount, defaultQuota, e.sure(), "not enough credit for the request")
	}
	if _, ok := e.end(); (ok && e.quotaNamed()) || e.says("monthly included credits") || e.has("usage_limit_reached") {
		e.window = e.spanNamed()
		return e.rotate(core.QuotaSpent, core.ScopeAccount, assumed(e.window), e.sure(), e.quotaCause(e.window))
	}
	return e.suspend(core.Unpaid, core.ScopeAccount, core.FromHeader, e.sure(), "no credit left")
}

func (e *evidence) forbidden() core.Fault {
	if left, ok := core.ParseDecimal(e.header("x-ratelimit-remaining")); ok && left == 0 && e.header("x-ratelimit-reset") != "" {
		// GitHub answers a spent primary limit with 403 or 429 (docs.github.com/rest, "Rate limits for the REST API").
		return e.limited()
	}
	switch {
	case e.revoked():
		return e.nameSuspend(core.Unauthorized, "login revoked")
	case e.closed():
		return e.nameSuspend(core.Forbidden, "account or organization closed")
	case e.says("secondary rate limit", "too many requests") || e.has("rate_limit_error", "rate_limit_exceeded"):
		return e.limited()
	case e.unpaid():
		return e.nameSuspend(core.Unpaid, "no credit left")
	case e.quotaNamed() && !e.says("quota project"):
		// Kimi For Coding answers a spent week with 403 access_terminated_error or permission_error (seen 2026-08), OpenRouter a key's
		// own limit with "Key limit exceeded".
		return e.limited()
	case e.has("access_terminated_error"):
		return e.nameSuspend(core.Forbidden, "access ended by the provider")
	case e.refused():
		return e.nameSurface(core.BadRequest, core.ScopeRequest, "refused by the provider's content rules")
	case e.has("unsupported_country_region_territory") || e.says("country, region, or territory not supported", "not available in your region",
		"not available in your country", "not supported in your region", "location is not supported"):
		return e.nameSurface(core.Forbidden, core.ScopeProvider, "not offered in this region")
	case e.notEntitled(), e.noModel():
		return e.entitlement()
	case e.expired():
		return e.rotate(core.Unauthorized, core.ScopeAccount, defaultRate, e.sure(), "login expired")
	case e.badKey() && !e.permission():
		return e.nameSuspend(core.Unauthorized, "key rejected")
	case e.says("oauth authentication is currently not", "not allowed for this organization", "scope requirement", "insufficient authentication scopes",
		"insufficient_scope", "consumer_invalid", "service_disabled", "has not been used in project", "subscription is not active", "no active subscription") ||
		e.has("service_disabled", "consumer_invalid", "access_token_scope_insufficient", "billing_disabled"):
		return e.nameSuspend(core.Forbidden, "access not permitted")
	}
	return e.rotate(core.Forbidden, core.ScopeAccount, defaultForbidden, 0.8*e.sure(), "access refused")
}

// entitlement leaves one model on this account alone; other accounts may have it. A plan that has to be bought needs no waiting: it is
// another account that serves.
func (e *evidence) entitlement() core.Fault {
	source, confidence := e.named()
	if e.has("paid_plan_required") || e.says("paid_plan_required") {
		return core.Fault{Kind: core.NotEntitled, Scope: core.ScopeModel, Verdict: core.Rotate, Source: source, Confidence: confidence,
			Cause: e.cause("model not in the plan")}
	}
	return e.until(core.NotEntitled, core.ScopeModel, e.at.Add(defaultModel), core.FromDefault, confidence, "model not in the plan")
}

func (e *evidence) unavailable() core.Fault {
	_, confidence := e.named()
	return e.until(core.ModelUnavailable, core.ScopeModel, e.at.Add(defaultModel), core.FromDefault, confidence, "model not available")
}

func (e *evidence) missing() core.Fault {
	switch {
	case e.notEntitled() && !e.saysTogether("does not exist or you", "access"):
		return e.entitlement()
	case e.noModel(), e.notEntitled(), e.has("not_found_error", "notfounderror", "resourcenotfoundexception") && e.says("model"),
		e.has("not_found") && e.says("model"):
		return e.unavailable()
	}
	return e.surface(core.BadRequest, core.ScopeRequest, core.FromHeader, e.sure(), "address not found")
}

// busy is a failure on the provider's side: the account is not to blame.
func (e *evidence) busy() core.Fault {
	return e.retry(core.Overloaded, core.ScopeProvider, pauseOverloaded, e.sure(), "provider overloaded")
}

// rejected is 400 and its relatives. Some of them are about the account all the same.
func (e *evidence) rejected() core.Fault {
	switch {
	case e.tooLong(), e.status == 400 && e.provider == "cerebras" && e.says("status code (no body)"):
		// Cerebras cuts the body of its answer to an overlong request.
		return e.nameSurface(core.TooLong, core.ScopeRequest, "request too long")
	case e.overage():
		return e.beyondPlan()
	case e.unpaid():
		return e.nameSuspend(core.Unpaid, "no credit left")
	case e.has("api_key_invalid", "invalid_api_key", "incorrect_api_key", "unauthenticated"), e.revoked(),
		e.says("incorrect api key", "api key not valid", "invalid api key", "api key expired", "invalid x-api-key"):
		return e.nameSuspend(core.Unauthorized, "key rejected")
	case e.closed():
		return e.nameSuspend(core.Forbidden, "account or organization closed")
	case e.says("specified api usage limits"), e.has("insufficient_quota", "usage_limit_reached", "quota_exceeded"):
		return e.limited()
	case e.refused():
		return e.nameSurface(core.BadRequest, core.ScopeRequest, "refused by the provider's content rules")
	case e.says("location is not supported"):
		return e.nameSurface(core.Forbidden, core.ScopeProvider, "not offered in this region")
	case e.notEntitled():
		return e.entitlement()
	case e.noModel() && !e.parameter():
		return e.unknownModel()
	}
	return e.surface(core.BadRequest, core.ScopeRequest, core.FromHeader, e.sure(), "request rejected")
}

// parameter tells "parameter x is not supported with this model" from a model that is not there.
func (e *evidence) parameter() bool {
	return e.has("unsupported_parameter", "unsupported_value", "invalid_value", "unknown_parameter") ||
		e.says("parameter", "tool", "image", "reasoning", "temperature", "thinking")
}

// unknownModel is a name the provider does not know: no other account knows it better. Codex, Copilot and Vivgrid answer so for models
// that only some accounts have.
func (e *evidence) unknownModel() core.Fault {
	switch e.provider {
	case "openai-codex", "codex", "github-copilot", "copilot":
		return e.entitlement()
	case "vivgrid":
		return e.unavailable()
	}
	return e.nameSurface(core.ModelUnavailable, core.ScopeModel, "model not known to the provider")
}

// byWords reads failures without a status: Codex's friendly sentences, errors inside a stream that began well, clients' own errors.
func (e *evidence) byWords() core.Fault {
	_, confidence := e.named()
	switch {
	case e.stopped():
		return e.nameSurface(core.Aborted, core.ScopeRequest, "stopped")
	case e.overage():
		return e.beyondPlan()
	case e.tooLong():
		return e.nameSurface(core.TooLong, core.ScopeRequest, "request too long")
	case e.closed():
		return e.nameSuspend(core.Forbidden, "account or organization closed")
	case e.unpaid():
		return e.nameSuspend(core.Unpaid, "no credit left")
	case e.revoked():
		return e.nameSuspend(core.Unauthorized, "login revoked")
	case e.expired():
		return e.rotate(core.Unauthorized, core.ScopeAccount, defaultRate, confidence, "login expired")
	case e.overloaded():
		return e.retry(core.Overloaded, core.ScopeProvider, pauseOverloaded, confidence, "provider overloaded")
	case len(e.parts) == 0 && e.says("resource exhausted", "resource_exhausted") && e.spanNamed() == 0:
		// gRPC's name for any limit, alone: nothing says that it is a short one.
		return e.rotate(core.QuotaSpent, core.ScopeAccount, defaultQuota, confidence, "quota spent")
	case e.quotaWords(), e.rate():
		return e.limited()
	case e.badKey():
		return e.nameSuspend(core.Unauthorized, "key rejected")
	case e.refused():
		return e.nameSurface(core.BadRequest, core.ScopeRequest, "refused by the provider's content rules")
	case e.notEntitled():
		return e.entitlement()
	case e.noModel() && !e.parameter():
		return e.unknownModel()
	case e.permission():
		return e.rotate(core.Forbidden, core.ScopeAccount, defaultForbidden, confidence, "access refused")
	case e.network():
		return e.retry(core.Network, core.ScopeRequest, pauseNetwork, confidence, "connection failed")
	case e.timeout():
		return e.retry(core.Timeout, core.ScopeRequest, pauseNetwork, confidence, "timed out")
	case e.broken():
		return e.retry(core.Overloaded, core.ScopeProvider, pauseOverloaded, confidence, "provider failed")
	case e.badRequest():
		return e.nameSurface(core.BadRequest, core.ScopeRequest, "request rejected")
	}
	if _, ok := e.wordsEnd(); ok {
		return e.limited()
	}
	return e.surface(core.Unknown, core.ScopeRequest, core.FromDefault, 0, "unknown failure")
}

// quotaWords adds what only means a quota when nothing better is known.
func (e *evidence) quotaWords() bool {
	if e.quotaNamed() {
		return true
	}
	if !e.says("limit", "quota", "allowance") {
		return false
	}
	return e.spanNamed() > 0
}
