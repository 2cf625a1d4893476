package core

// Account is one login or key at one provider: the unit of rotation.
type Account struct {
	// ID is stable and unique within its provider: the name of its entry in a file, or Provider + "@" + source for an account that
	// Pi itself resolves.
	ID       string
	Provider string
	// Label is what people read.
	Label string
	// Source is "stored", "ambient" or "explicit", as in Lease.
	Source string
	// Login is true for tokens of a login, false for a key.
	Login bool
	// Credential is the entry as its file holds it; empty unless Source is "stored".
	Credential Secret
	// Mark tells a replaced secret from the one a standing was learned about; 0 when not known.
	Mark int64
	// Expires is when the access token of a login ends; zero when it is not known or there is none.
	Expires Time
	// Upstream names the account at the vendor that several credentials share; "" when it is not known.
	Upstream string
	// Own says that the credential is in our accounts file; a stored one that is not is in Pi's auth.json, under Entry.
	Own   bool
	Entry string
	// Issued is when a credential of ours was written; zero for others.
	Issued Time
	// Identity is who the credential, or else our accounts file, says the account is; the zero value when neither does.
	Identity Identity
	// Twin is the id of an account before it in order that is the same one at the vendor; "" when there is none.
	Twin string
}

// StandingKind says whether an account may be leased.
type StandingKind string

// The standings. Cooling ends by itself, a suspension needs a person.
const (
	StandingReady     StandingKind = "ready"
	StandingCooling   StandingKind = "cooling"
	StandingSuspended StandingKind = "suspended"
)

// Standing is what is known of an account, or of one model on it. The zero value is an account nobody has found fault with.
type Standing struct {
	// At is when it was learned, or just after what it takes the place of where that was written by a clock that was ahead.
	At Time
	// Began is when it was learned where At says something else; zero where it does not.
	Began Time
	// Fault is the kind that was read; "" for a standing that was cleared.
	Fault FaultKind
	// Until is when it ends; zero with a Fault is a suspension.
	Until Time
	// Cause says it in plain words.
	Cause  string
	Source Source
	// Mark is that of the account's secret at the time: a replaced secret starts anew.
	Mark int64
	// Times says how many times in a row this kind was found; 0 and 1 are once.
	Times int
}

// SetBack is how far ahead of now a failure may have happened: beyond that the clock was set back since, and what it says ends with the
// next answer. Clocks of the processes of one machine do not differ by more.
const SetBack = 30 * Second

// Since is when s was learned, by the clock of that time.
func (s Standing) Since() Time {
	if !s.Began.IsZero() {
		return s.Began
	}
	return s.At
}

// KindAt tells what s means for an account with the given mark at an instant. An end further ahead than any provider's was written by a
// clock that was ahead, and is none. So is one that began ahead of now: its seconds would become the hours that the clock was set back
// by, and a request too early costs one refusal. The reset of a window is an instant whatever our clock said.
func (s Standing) KindAt(at Time, mark int64) StandingKind {
	switch {
	case s.Fault == "" || (s.Mark != 0 && mark != 0 && s.Mark != mark):
		return StandingReady
	case s.Until.IsZero():
		return StandingSuspended
	case at.Before(s.Until) && s.Until.Sub(at) <= ResetFuture && (s.Since().Sub(at) <= SetBack || s.Source == FromWindow):
		return StandingCooling
	}
	return StandingReady
}
