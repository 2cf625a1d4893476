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
	// Bound names what of the request the account could not read because another one made it, in the words of Acquire.Bound; "" for
	// every other failure. The same request without it may pass.
	Bound string
}

// FaultRule reads one way in which a provider refuses. What it asks (Status, Codes, Words) and what it says (the rest) are data, so
// that a quirk is a line. Status has to hold, and one of the codes or of the words; a rule without both asks for the status alone.
type FaultRule struct {
	// Status lists statuses, parted by blanks: "429", "4xx", "0" for none; "" is any.
	Status string
	// Codes lists machine-readable names and numbers of the body, in lower case, parted by blanks; a "*" at the end stands for any end.
	Codes string
	// Words lists phrases in lower case, parted by "|"; "organization … disabled" asks for both in one sentence, in this order.
	Words string
	// Unless lists phrases that speak against it.
	Unless string

	// Kind is what it is; "" is a limit of which the words, the wait and the window tell whether it is a rate or a quota.
	Kind FaultKind
	// Scope and Verdict are the kind's own when "".
	Scope   Scope
	Verdict Verdict
	// Window is how long the spent window is; 0 is what the words name.
	Window Duration
	// Returns is when the quota returns by rule: "midnight utc", "midnight pacific", "monday utc", "month"; "" when there is none.
	Returns string
	// Wait is assumed when nobody names an end; 0 is the kind's own, and a negative one means that waiting is of no use.
	Wait Duration
	// Cause says it to people; "" is the kind's own.
	Cause string
}
