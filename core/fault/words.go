package fault

import (
	"strings"

	"pimultiauth/core"
)

func (e *evidence) says(phrases ...string) bool {
	for _, phrase := range phrases {
		if strings.Contains(e.words, phrase) {
			return true
		}
	}
	return false
}

// saysTogether reports whether both occur in one sentence of at most 120 bytes, in this order.
func (e *evidence) saysTogether(first, second string) bool {
	for rest := range after(e.words, first) {
		sentence, _, _ := strings.Cut(rest, ". ")
		if strings.Contains(sentence, second) {
			return true
		}
	}
	return false
}

// stopped is what clients say when somebody ended the request.
func (e *evidence) stopped() bool {
	return e.says("request was aborted", "request aborted", "operation was aborted", "operation aborted", "aborterror")
}

// tooLong is kept close to what Pi itself takes for an overflow of the context, since Pi answers it by compacting.
func (e *evidence) tooLong() bool {
	if e.has("context_length_exceeded", "request_too_large", "model_context_window_exceeded", "context_window_exceeded", "string_above_max_length") {
		return true
	}
	if e.says("context_length_exceeded", "context length exceeded", "maximum context length", "prompt is too long", "prompt too long",
		"input is too long", "exceeds the context window", "exceed the context window", "exceeds the context limit", "exceed context limit",
		"context window exceed", "exceeds the maximum number of tokens", "exceeded model token limit", "maximum prompt length is",
		"reduce the length of the messages", "request_too_large", "exceeds the available context", "greater than the context length",
		"model_context_window_exceeded", "too large for model with", "num_ctx", "context size has been exceeded") {
		return true
	}
	return e.saysTogether("prompt token count", "exceeds the limit of")
}

// overage is Anthropic's way of saying that a request is outside of what the plan includes and would be billed as extra usage
// (400 and 429, seen 2026-04).
func (e *evidence) overage() bool {
	return e.says("extra usage is required", "draw from your extra usage", "draw from extra usage", "out of extra usage",
		"third-party apps now") || (e.says("third-party app") && e.says("extra usage"))
}

func (e *evidence) unpaid() bool {
	if e.has("billing_error", "insufficient_balance", "insufficient_credits", "payment_required", "billing_hard_limit_reached",
		"billing_not_active", "creditserror", "arrearage", "accountoverdueerror", "insufficient_funds", "credits_exhausted",
		"workspace_owner_credits_depleted", "workspace_member_credits_depleted") {
		return true
	}
	return e.says("credit balance is too low", "balance is too low", "balance too low", "insufficient balance", "balance is insufficient",
		"balance insufficient", "insufficient credit", "insufficient funds", "not enough credit", "no credits", "out of credits",
		"credits depleted", "credits are depleted", "credits have been depleted", "balance depleted", "add credits", "add funds",
		"add more credits", "outstanding balance", "payment required", "no payment method", "add a payment method", "billing hard limit",
		"requires more credits", "requires at least", "purchase more credits", "account is not active, please check your billing",
		"used all available credits", "余额不足", "欠费", "in arrears", "please recharge", "negative credit balance")
}

func (e *evidence) closed() bool {
	if e.has("account_deactivated", "organization_disabled", "deactivated_workspace", "account_suspended", "organization_deactivated", "account_disabled") {
		return true
	}
	return e.saysTogether("organization", "disabled") || e.saysTogether("organization", "deactivated") || e.saysTogether("account", "suspended") ||
		e.saysTogether("account", "deactivated") || e.saysTogether("account", "been disabled") || e.saysTogether("account", "been banned") ||
		e.saysTogether("account", "been terminated") || e.says("account disabled", "access terminated")
}

// revoked credentials need a new login; refreshing brings nothing.
func (e *evidence) revoked() bool {
	return e.has("token_revoked", "token_invalidated", "refresh_token_reused") ||
		e.says("token_revoked", "token_invalidated", "token has been invalidated", "invalidated oauth token", "token has been revoked",
			"token was revoked", "token revoked", "reported as leaked")
}

// expired access tokens are healed by a refresh.
func (e *evidence) expired() bool {
	return e.has("token_expired", "expired_token") || e.says("token has expired", "token expired", "expired token", "token is expired",
		"expired session", "session expired", "expired credential", "token is no longer valid") || e.saysTogether("token", "is expired")
}

func (e *evidence) badKey() bool {
	if e.has("invalid_api_key", "authentication_error", "invalid_authentication_error", "incorrect_api_key", "api_key_invalid",
		"unauthenticated", "unauthorized", "invalid_token", "autherror", "incorrect_api_key_error", "unrecognizedclientexception",
		"invalidsignatureexception", "expiredtokenexception", "invalidapikey", "api_key_service_blocked") {
		return true
	}
	return e.says("invalid api key", "invalid_api_key", "invalid-api-key", "invalidapikey", "incorrect api key", "api key not valid",
		"api_key_invalid", "api key is invalid", "api key expired", "invalid x-api-key", "invalid auth", "invalid bearer token", "unauthorized",
		"authentication_error", "authentication failed", "no auth credentials", "bad credentials", "token is invalid", "no api key",
		"invalid access token", "invalid proxy server token")
}

func (e *evidence) permission() bool {
	return e.has("permission_error", "permission_denied", "access_denied", "accessdeniedexception", "forbidden") ||
		e.says("forbidden", "permission denied", "permission_denied", "does not have permission", "must be a member of an organization")
}

// notEntitled is about a model that exists and that this account may not use.
func (e *evidence) notEntitled() bool {
	if e.has("model_access_denied", "paid_plan_required", "model_not_in_plan", "subscription_required", "not_entitled", "usage_not_included") {
		return true
	}
	if strings.Contains(e.provider, "codex") && e.says("with a chatgpt account") {
		return true
	}
	return e.says("access to model", "access to the model", "access to this model", "access to the requested model",
		"not available on your plan", "not available in your plan", "not included in your plan", "not included in your subscription",
		"not available with your", "paid_plan_required", "paid plan required", "requires a subscription", "requires a paid", "requires a plus",
		"requires a pro", "requires plus", "requires pro", "requires team", "requires business", "requires enterprise",
		"plan does not include", "subscription plan does not", "does not currently include", "usage_not_included") ||
		e.saysTogether("does not exist or you", "access") || e.saysTogether("model", "upgrade your plan")
}

func (e *evidence) noModel() bool {
	if e.has("model_not_found", "model_not_supported", "modelerror", "unsupported_model", "model_not_available", "model_decommissioned",
		"unknown_model", "model_not_exist", "deploymentnotfound") {
		return true
	}
	return e.says("unknown model", "unsupported model", "no such model", "invalid model", "no endpoints found", "not_found_error model:",
		"model_not_found", "model_not_supported", "not a valid model") || e.saysTogether("model", "not found") || e.saysTogether("model", "does not exist") ||
		e.saysTogether("model", "not exist") || e.saysTogether("model", "not supported") || e.saysTogether("model", "not available") ||
		e.saysTogether("model", "decommissioned") || e.saysTogether("model", "is not enabled")
}

// refused is content the provider does not want; another account of it does not want it either.
func (e *evidence) refused() bool {
	return e.has("content_filter", "content_policy_violation", "moderation_blocked", "invalid_prompt", "data_inspection_failed", "cyber_policy_violation") ||
		e.says("content policy", "content filter", "content management policy", "moderation", "flagged", "violates our usage policies",
			"usage policy", "safety system", "content_filter", "prohibited_content")
}

// quotaNamed is a quota called by a name that leaves no doubt.
func (e *evidence) quotaNamed() bool {
	if e.has("insufficient_quota", "usage_limit_reached", "usage_limit_exceeded", "quota_exceeded", "gousagelimiterror", "freeusagelimiterror",
		"spend_limit_exceeded", "exceeded_current_quota_error", "quotaexceeded", "servicequotaexceededexception", "monthly_spend_limit_reached",
		"subscription_sharing_usage_limit_exceeded", "subscription_sharing_workplace_individual_usage_limit_exceeded", "rate_limit_quota_exceeded",
		"workspace_owner_usage_limit_reached", "workspace_member_usage_limit_reached", "quota_exhausted", "insufficientquota") {
		return true
	}
	return e.says("usage limit", "insufficient_quota", "insufficient quota", "exceeded your current quota", "exceeded your quota",
		"quota exceeded", "quota_exceeded", "exceeded quota", "quota exhausted", "quota has been exhausted", "exhausted your", "no quota", "used up your",
		"free allocation", "neurons", "spending limit", "spend limit", "premium request", "hit your limit", "limit exhausted",
		"monthly included credits", "allocated quota", "out of budget", "key limit exceeded", "limit_reached",
		"reached its monthly", "requests quota", "your quota") || e.saysTogether("exceeded", "quota") ||
		strings.Contains(strings.ReplaceAll(e.words, "rate limit reached", ""), "limit reached")
}

func (e *evidence) rate() bool {
	return e.has("rate_limit_error", "rate_limit_exceeded", "rate_limit_reached_error", "too_many_requests", "throttlingexception",
		"resource_exhausted", "rate_limited", "throttling", "toomanyrequests") ||
		e.says("too many requests", "rate limit", "rate-limit", "rate_limit", "ratelimit", "throttl", "requests per minute",
			"requests per second", "requests per hour", "tokens per minute", "server busy", "server is busy", "no available slot", "all slots busy",
			"too many concurrent", "concurrency limit", "resource exhausted", "resource_exhausted", "too many tokens", "limit per minute")
}

func (e *evidence) overloaded() bool {
	if e.has("overloaded_error", "engine_overloaded_error", "server_overloaded", "model_overloaded", "slow_down", "capacity_exceeded",
		"modelnotreadyexception", "serviceunavailableexception", "server_is_overloaded") {
		return true
	}
	return e.says("overloaded", "out of memory", "cuda oom", "no more data centers", "capacity temporarily exceeded", "at capacity",
		"model is not loaded", "model not loaded", "failed to load model", "high demand", "out of capacity", "capacity exceeded")
}

func (e *evidence) broken() bool {
	return e.has("api_error", "server_error", "internal_server_error", "internal_error", "internal", "unavailable", "service_unavailable",
		"internalserverexception", "bad_gateway") ||
		e.says("internal server error", "service unavailable", "bad gateway", "temporarily unavailable", "server had an error", "upstream error",
			"upstream connect", "llama runner", "provider returned error", "an error occurred while processing your request")
}

func (e *evidence) timeout() bool {
	return e.has("deadline_exceeded", "timeout_error", "request_timeout", "gateway_timeout", "modeltimeoutexception", "timeout") ||
		e.says("gateway timeout", "gateway time-out", "timed out", "timeout", "etimedout", "deadline exceeded")
}

func (e *evidence) network() bool {
	return e.says("econnreset", "econnrefused", "enotfound", "eai_again", "epipe", "ehostunreach", "enetunreach", "socket hang up",
		"network error", "fetch failed", "connection error", "premature close", "other side closed", "und_err", "connection reset",
		"connection refused", "connection closed", "stream ended", "websocket", "unexpected end of", "getaddrinfo", "failed to fetch",
		"ssl_error", "tls connection") || e.words == "terminated" || strings.HasSuffix(e.words, ": terminated")
}

func (e *evidence) badRequest() bool {
	return e.has("invalid_request_error", "invalid_argument", "bad_request", "validationexception", "unsupported_parameter") ||
		e.says("bad request", "invalid request", "invalid_request", "invalid argument", "unknown parameter", "unsupported endpoint", "unsupported parameter")
}

// spans are the words for windows, the longest first: a text that names two means that both are spent.
var spans = []struct {
	length core.Duration
	words  []string
}{
	{month, []string{"monthly", "per month", "billing cycle", "billing period", "30 day", "30-day", "this month", "next month", "api usage limits"}},
	{core.Week, []string{"weekly", "per week", "7-day", "7 day", "seven-day", "next week", "this week"}},
	{core.Day, []string{"daily", "per day", "per-day", "perday", "(rpd)", "(tpd)", "used up your daily", "free allocation", "24 hour", "24-hour", "tomorrow", "at midnight"}},
	{5 * core.Hour, []string{"5 hour", "5-hour", "five-hour", "five hour"}},
	{core.Hour, []string{"hourly", "per hour", "/hour"}},
	{core.Minute, []string{"per minute", "per-minute", "perminute", "(rpm)", "(tpm)", "per second", "/min"}},
}

// spanNamed is the window a text speaks of, 0 for none.
func (e *evidence) spanNamed() core.Duration {
	for _, s := range spans {
		if e.says(s.words...) {
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
