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
// What is known is data: rules.go holds the common rules, a provider's value its own (core.Provider.Faults). Files: evidence.go gathers,
// match.go asks rules, status.go decides, headers.go, body.go, wait.go and when.go look for the end, portable.go knows what is bound to
// an account, probe.go when a question may be asked again.
package fault

import (
	"strconv"

	"pimultiauth/core"
)

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

// Read tells what the failure o at the given instant means for a provider and the model that was asked. Of a provider that the
// catalogue does not know, its id is enough; nil stands for one without. An outcome that is OK holds no failure and reads as Unknown.
//
// Source of a fault without an end names the evidence of its kind instead: FromHeader stands for the status too.
func Read(p *core.Provider, model string, o core.Outcome, at core.Time) core.Fault {
	if p == nil {
		p = &core.Provider{}
	}
	e := gather(p, model, o, at)
	f := e.read()
	f.Until = e.capped(f)
	if f.Verdict == core.Surface {
		f.Bound = e.bound()
	}
	return f
}

func (e *evidence) read() core.Fault {
	o := e.outcome
	switch {
	case o.OK:
		return e.plainly(core.Unknown, core.Surface, core.FromDefault, 0, "no failure")
	case o.NotSent:
		return e.plainly(core.Misconfigured, core.Suspend, core.FromDefault, 1, "")
	case o.Aborted:
		return e.plainly(core.Aborted, core.Surface, core.FromDefault, 1, "")
	}
	if e.status < 400 {
		switch {
		case o.TimedOut:
			return e.retry(core.Timeout, core.ScopeRequest, pauseNetwork, 1, "timed out")
		case o.Empty:
			return e.retry(core.Empty, core.ScopeRequest, pauseNetwork, 1, "empty answer")
		}
	}
	if f, ok := e.byRules(e.provider.Faults); ok {
		return f
	}
	if f, ok := e.byRules(commonFirst); ok {
		return f
	}
	return e.byStatus()
}

// manner is what a kind of failure is about, calls for and assumes unless a rule says otherwise.
type manner struct {
	kind    core.FaultKind
	scope   core.Scope
	verdict core.Verdict
	wait    core.Duration
	cause   string
}

var manners = []manner{
	{core.RateLimited, core.ScopeAccount, core.Rotate, defaultRate, "rate limited"},
	{core.QuotaSpent, core.ScopeAccount, core.Rotate, 0, ""},
	{core.Overloaded, core.ScopeProvider, core.Retry, pauseOverloaded, "provider overloaded"},
	{core.Unauthorized, core.ScopeAccount, core.Suspend, core.Minute, "key rejected"},
	{core.Forbidden, core.ScopeAccount, core.Suspend, defaultForbidden, "access not permitted"},
	{core.Unpaid, core.ScopeAccount, core.Suspend, core.Hour, "no credit left"},
	{core.PolicyOverage, core.ScopeRequest, core.Surface, core.Hour, "outside of what the plan includes"},
	{core.NotEntitled, core.ScopeModel, core.Rotate, defaultModel, "model not in the plan"},
	{core.ModelUnavailable, core.ScopeModel, core.Surface, defaultModel, "model not available"},
	{core.BadRequest, core.ScopeRequest, core.Surface, 0, "request rejected"},
	{core.TooLong, core.ScopeRequest, core.Surface, 0, "request too long"},
	{core.Empty, core.ScopeRequest, core.Retry, pauseNetwork, "empty answer"},
	{core.Network, core.ScopeRequest, core.Retry, pauseNetwork, "connection failed"},
	{core.Timeout, core.ScopeRequest, core.Retry, pauseNetwork, "timed out"},
	{core.Aborted, core.ScopeRequest, core.Surface, 0, "stopped"},
	{core.Misconfigured, core.ScopeAccount, core.Suspend, 0, "credential could not be used"},
	{core.Unknown, core.ScopeRequest, core.Surface, 0, "unknown failure"},
}

func mannerOf(kind core.FaultKind) manner {
	for _, m := range manners {
		if m.kind == kind {
			return m
		}
	}
	return manners[len(manners)-1]
}

// byRules reads the failure by the first rule that holds.
func (e *evidence) byRules(rules []core.FaultRule) (core.Fault, bool) {
	for i := range rules {
		if r := &rules[i]; e.holds(r) {
			return e.apply(r), true
		}
	}
	return core.Fault{}, false
}

// apply says what a rule that holds says.
func (e *evidence) apply(r *core.FaultRule) core.Fault {
	if r.Kind == "" {
		if r.Window != 0 {
			e.window = r.Window
		}
		return e.limited()
	}
	m := mannerOf(r.Kind)
	if r.Scope != "" {
		m.scope = r.Scope
	} else if m.scope == core.ScopeAccount && (r.Kind == core.RateLimited || r.Kind == core.QuotaSpent) {
		m.scope = e.limitScope()
	}
	if r.Verdict != "" {
		m.verdict = r.Verdict
	} else if r.Kind == core.ModelUnavailable && e.provider.ID == "vivgrid" {
		// Its accounts have different models.
		m.verdict = core.Rotate
	}
	if r.Cause != "" {
		m.cause = r.Cause
	}
	if r.Wait != 0 {
		m.wait = r.Wait
	}
	source, confidence := e.named()
	switch {
	case r.Codes == "" && r.Words == "":
		source, confidence = core.FromHeader, e.sure()
	case listed(e.headerCodes, r.Codes):
		source, confidence = core.FromHeader, 1
	}
	switch m.verdict {
	case core.Retry:
		return e.retry(r.Kind, m.scope, m.wait, confidence, m.cause)
	case core.Rotate:
	default:
		return core.Fault{Kind: r.Kind, Scope: m.scope, Verdict: m.verdict, Source: source, Confidence: confidence, Cause: e.cause(m.cause)}
	}
	switch {
	case m.wait < 0:
		return core.Fault{Kind: r.Kind, Scope: m.scope, Verdict: core.Rotate, Source: source, Confidence: confidence, Cause: e.cause(m.cause)}
	case r.Kind == core.NotEntitled || r.Kind == core.ModelUnavailable:
		return e.until(r.Kind, m.scope, e.at.Add(m.wait), core.FromDefault, confidence, m.cause)
	case r.Kind == core.RateLimited || r.Kind == core.QuotaSpent:
		if e.status >= 400 {
			confidence = max(confidence, e.sure())
		}
		if e.window == 0 {
			e.window = r.Window
			if r.Kind == core.QuotaSpent {
				// One number may stand for several windows, of which the sentence names one.
				e.window = max(r.Window, e.spanNamed())
			}
		}
	}
	if r.Kind == core.QuotaSpent {
		if m.wait == 0 {
			m.wait = assumed(e.window)
		}
		if m.cause == "" {
			m.cause = quotaCause(e.window)
		}
	}
	if r.Returns != "" {
		// The wait beside a quota that returns by rule is often the rate's.
		if end, ok := e.end(); ok && end.at.Sub(e.at) > rateToQuota && end.source != core.FromText {
			return e.until(r.Kind, m.scope, end.at, end.source, confidence, m.cause)
		}
		return e.until(r.Kind, m.scope, e.returns(r.Returns), source, confidence, m.cause)
	}
	return e.rotate(r.Kind, m.scope, m.wait, confidence, m.cause)
}

// returns is when a quota comes back by rule.
func (e *evidence) returns(rule string) core.Time {
	switch rule {
	case "month":
		return e.at.NextMonth()
	case "monday utc":
		midnight := e.at.NextMidnight(0)
		return midnight.Add((8 - core.Duration(midnight.Weekday())) % 7 * core.Day)
	case "midnight pacific":
		offset, _ := core.ZoneOffset("pt", e.at)
		return e.at.NextMidnight(offset)
	}
	return e.at.NextMidnight(0)
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

// plainly is a fault of a kind that nothing but the host's own words decide.
func (e *evidence) plainly(kind core.FaultKind, verdict core.Verdict, source core.Source, confidence float64, cause string) core.Fault {
	m := mannerOf(kind)
	if cause == "" {
		cause = m.cause
	}
	return core.Fault{Kind: kind, Scope: m.scope, Verdict: verdict, Source: source, Confidence: confidence, Cause: e.cause(cause)}
}

// retry asks the same account once more after a pause, the provider's own where it names a short one. A long one is a reason to go.
func (e *evidence) retry(kind core.FaultKind, scope core.Scope, pause core.Duration, confidence float64, cause string) core.Fault {
	f := core.Fault{Kind: kind, Scope: scope, Verdict: core.Retry, Until: e.at.Add(pause), Source: core.FromDefault,
		Confidence: confidence, Cause: e.cause(cause)}
	if e.status >= 500 {
		f.Confidence = max(confidence, e.sure())
	}
	end, source, ok := core.Time(0), core.FromHeader, false
	if end, ok = e.waitHeader(); !ok {
		if end, ok = e.bodyEnd(); ok {
			source = core.FromBody
		} else if end, ok = e.announcedSpan(); ok {
			source = core.FromText
		}
	}
	if ok {
		f.Until, f.Source = end, source
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

// cause completes the plain words with the status, so that people can look it up. No text of a provider goes in: it may echo a secret.
func (e *evidence) cause(words string) string {
	if e.status < 400 {
		return words
	}
	return words + " (" + strconv.Itoa(e.status) + ")"
}
