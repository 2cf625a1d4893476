// Package fault reads failures: the facts of an attempt become a core.Fault, which says what went wrong, what it is about, what to do
// and until when.
//
// It does not know accounts, pools or what was tried before, and owns no clock: the same outcome at the same instant reads the same.
// Steps that grow with repetition are the engine's.
//
// Evidence is asked in the order of its worth: the HTTP status, the headers, the structured body, words. Words choose among what the
// status leaves open and never contradict it; a bare number or the word "token" in a sentence proves nothing. Where Pi's adapter gave
// nothing but a text, a status at the places where adapters write one stands in, and JSON inside the text is read as the body.
//
// Files: evidence.go gathers, status.go decides by status, vendor.go by codes of single providers, words.go by phrases; headers.go,
// body.go and wait.go look for the end, cause.go says it to people.
package fault

import "pimultiauth/core"

// The ends we assume where a provider names none.
const (
	// pauseNetwork is before the same account is asked once more after a failure that was nobody's.
	pauseNetwork = 500 * core.Millisecond
	// pauseOverloaded gives a busy provider a moment; Anthropic's own clients begin with about as much.
	pauseOverloaded = 2 * core.Second
	// longestPause parts a pause worth waiting for on the same account from a reason to ask another one.
	longestPause = 30 * core.Second

	defaultRate      = core.Minute
	defaultQuota     = core.Hour
	defaultDaily     = core.Day
	defaultWeekly    = 12 * core.Hour
	defaultMonthly   = core.Week
	defaultForbidden = 10 * core.Minute
	defaultModel     = core.Day
	// defaultProbe is for a reset told as a time of day in a zone nobody names.
	defaultProbe = 15 * core.Minute

	// rateToQuota parts waits: a provider that names a longer one means a spent quota, whatever it calls it.
	rateToQuota = 15 * core.Minute
)

// The longest a fault may bench what it names: a window and an hour, 45 days for a month's.
const (
	month      = 31 * core.Day
	longestEnd = core.Week + core.Hour
	monthEnd   = 45 * core.Day
)

// Read tells what the failure o at the given instant means for the provider and the model that were asked. An outcome that is OK holds
// no failure and reads as Unknown.
//
// Source of a fault without an end names the evidence of its kind instead: FromHeader stands for the status too.
func Read(provider, model string, o core.Outcome, at core.Time) core.Fault {
	e := gather(provider, model, o, at)
	f := e.read()
	f.Until = e.capped(f)
	return f
}

func (e *evidence) read() core.Fault {
	o := e.outcome
	switch {
	case o.OK:
		return e.surface(core.Unknown, core.ScopeRequest, core.FromDefault, 0, "no failure")
	case o.NotSent:
		return e.suspend(core.Misconfigured, core.ScopeAccount, core.FromDefault, 1, "credential could not be used")
	case o.Aborted:
		return e.surface(core.Aborted, core.ScopeRequest, core.FromDefault, 1, "stopped")
	}
	if e.status < 400 {
		switch {
		case o.TimedOut:
			return e.retry(core.Timeout, core.ScopeRequest, pauseNetwork, 1, "timed out")
		case o.Empty:
			return e.retry(core.Empty, core.ScopeRequest, pauseNetwork, 1, "empty answer")
		}
	}
	if f, ok := e.byVendor(); ok {
		return f
	}
	return e.byStatus()
}

// capped keeps an end between the instant of reading and the longest a fault of this window may last.
func (e *evidence) capped(f core.Fault) core.Time {
	if f.Until.IsZero() {
		return 0
	}
	longest := longestEnd
	switch {
	case e.window >= month:
		longest = monthEnd
	case e.window > 0:
		longest = e.window + core.Hour
	}
	return min(max(f.Until, e.at), e.at.Add(longest))
}

func (e *evidence) surface(kind core.FaultKind, scope core.Scope, source core.Source, confidence float64, cause string) core.Fault {
	return core.Fault{Kind: kind, Scope: scope, Verdict: core.Surface, Source: source, Confidence: confidence, Cause: e.cause(cause)}
}

func (e *evidence) suspend(kind core.FaultKind, scope core.Scope, source core.Source, confidence float64, cause string) core.Fault {
	return core.Fault{Kind: kind, Scope: scope, Verdict: core.Suspend, Source: source, Confidence: confidence, Cause: e.cause(cause)}
}

// retry asks the same account once more after a pause, the provider's own where it names a short one. A long one is a reason to go.
func (e *evidence) retry(kind core.FaultKind, scope core.Scope, pause core.Duration, confidence float64, cause string) core.Fault {
	f := core.Fault{Kind: kind, Scope: scope, Verdict: core.Retry, Until: e.at.Add(pause), Source: core.FromDefault,
		Confidence: confidence, Cause: e.cause(cause)}
	if end, ok := e.waitHeader(); ok {
		f.Until, f.Source = end, core.FromHeader
		if end.Sub(e.at) > longestPause {
			f.Verdict = core.Rotate
		}
	}
	return f
}

// rotate goes to another account; the end is the provider's, else the assumed one.
func (e *evidence) rotate(kind core.FaultKind, scope core.Scope, assumed core.Duration, confidence float64, cause string) core.Fault {
	f := core.Fault{Kind: kind, Scope: scope, Verdict: core.Rotate, Until: e.at.Add(assumed), Source: core.FromDefault,
		Confidence: confidence * trust(core.FromDefault), Cause: e.cause(cause)}
	if end, ok := e.end(); ok {
		f.Until, f.Source, f.Confidence = end.at, end.source, confidence*trust(end.source)
	}
	return f
}

// until is rotate with an end that is known by rule.
func (e *evidence) until(kind core.FaultKind, scope core.Scope, end core.Time, source core.Source, confidence float64, cause string) core.Fault {
	return core.Fault{Kind: kind, Scope: scope, Verdict: core.Rotate, Until: end, Source: source, Confidence: confidence * trust(source),
		Cause: e.cause(cause)}
}

// trust weighs where an end was read.
func trust(source core.Source) float64 {
	switch source {
	case core.FromHeader:
		return 1
	case core.FromBody:
		return 0.95
	case core.FromWindow:
		return 0.8
	case core.FromText:
		return 0.7
	}
	return 0.5
}
