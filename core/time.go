package core

// Time is an instant in milliseconds since 1970-01-01 UTC, as told by the host: the core owns no clock. The zero value means
// "no such instant".
type Time int64

// Duration is a span in milliseconds.
type Duration int64

// Spans by name, so that a rule reads as it is written in a provider's documentation.
const (
	Millisecond Duration = 1
	Second               = 1000 * Millisecond
	Minute               = 60 * Second
	Hour                 = 60 * Minute
	Day                  = 24 * Hour
	Week                 = 7 * Day
)

// Add returns the instant d after t.
func (t Time) Add(d Duration) Time { return t + Time(d) }

// Sub returns the span from u to t, negative when t is the earlier one.
func (t Time) Sub(u Time) Duration { return Duration(t - u) }

// Before reports whether t lies before u.
func (t Time) Before(u Time) bool { return t < u }

// Within reports whether t lies less than d before at. What lies ahead of at was told by a clock that has been set back since, so it says
// nothing about how long ago it was.
func (t Time) Within(d Duration, at Time) bool { return t <= at && at.Sub(t) < d }

// IsZero reports whether t names no instant.
func (t Time) IsZero() bool { return t == 0 }
