package core

// FaultKind names why an attempt failed. The zero value is not a kind; an unread failure is Unknown.
type FaultKind string

// The kinds of faults. A closed organisation or account is Forbidden.
const (
	RateLimited      FaultKind = "rate_limited"
	QuotaSpent       FaultKind = "quota_spent"
	Overloaded       FaultKind = "overloaded"
	Unauthorized     FaultKind = "unauthorized"
	Forbidden        FaultKind = "forbidden"
	Unpaid           FaultKind = "unpaid"
	PolicyOverage    FaultKind = "policy_overage"
	NotEntitled      FaultKind = "not_entitled"
	ModelUnavailable FaultKind = "model_unavailable"
	BadRequest       FaultKind = "bad_request"
	TooLong          FaultKind = "too_long"
	Empty            FaultKind = "empty"
	Network          FaultKind = "network"
	Timeout          FaultKind = "timeout"
	Aborted          FaultKind = "aborted"
	Misconfigured    FaultKind = "misconfigured"
	Unknown          FaultKind = "unknown"
)

// Scope says what a fault is about, and so what has to wait.
type Scope string

// The scopes, from the narrowest to the widest. ScopeUpstream is all accounts of one account at the vendor.
const (
	ScopeRequest  Scope = "request"
	ScopeModel    Scope = "model"
	ScopeAccount  Scope = "account"
	ScopeUpstream Scope = "upstream"
	ScopeProvider Scope = "provider"
)

// Verdict says what a fault calls for.
type Verdict string

// The verdicts: try the same account again, go to another one, leave the account until a person acts, or show the error.
const (
	Retry   Verdict = "retry"
	Rotate  Verdict = "rotate"
	Suspend Verdict = "suspend"
	Surface Verdict = "surface"
)

// Source says where the end of a fault was read.
type Source string

// The sources, from the most to the least trusted. FromDefault is our own assumption.
const (
	FromHeader  Source = "header"
	FromBody    Source = "body"
	FromWindow  Source = "window"
	FromText    Source = "text"
	FromDefault Source = "default"
)

// Fault is a failure as read by core/fault.
type Fault struct {
	Kind    FaultKind
	Scope   Scope
	Verdict Verdict
	// Until is when what Scope names may be asked again; zero when it ends by a person's act or needs no waiting.
	Until  Time
	Source Source
	// Confidence is between 0 (a guess) and 1 (the provider said so in a documented place).
	Confidence float64
	// Cause says it in plain words for people, without secrets and without an end, e.g. "rate limited" or "key rejected (401)".
	Cause string
}
