// Package health says how well an account has served lately: the share of answers that came, with a half-life, and how long they
// took beside what the same model takes elsewhere.
//
// It does not know what a failure means or who is chosen. Its law: what is not known is Neutral, for every account alike, and
// everything is forgotten in time.
package health

import "pimultiauth/core"

const (
	// HalfLife is the time in which half of what was seen is forgotten.
	HalfLife = 30 * core.Minute
	// Neutral is the score of an account about which too little is known.
	Neutral = 0.6
	// enough is how many answers, forgotten ones aside, make a score. A little under five, because each has aged when the next comes.
	enough = 4.5
	// slowest is how many times the usual wait costs the whole of slowShare.
	slowest   = 4.0
	slowShare = 0.2
)

// Score is what is remembered of one account. The zero value knows nothing.
type Score struct {
	// At is when Good and Bad were true; they fade from then on.
	At core.Time
	// Good and Bad count answers and failures.
	Good float64
	Bad  float64
	// Slow is the mean of how many times the model's usual wait this account took, 1 for as usual; 0 when it is not known.
	Slow float64
}

// Add joins one outcome. Times that run backwards fade nothing.
func (s Score) Add(at core.Time, ok bool) Score {
	s = s.fade(at)
	if ok {
		s.Good++
	} else {
		s.Bad++
	}
	return s
}

// Waited joins one wait for the first output, beside the usual one of the model. A wait or usual of nothing is ignored.
func (s Score) Waited(wait, usual core.Duration) Score {
	if wait <= 0 || usual <= 0 {
		return s
	}
	ratio := min(float64(wait)/float64(usual), 2*slowest)
	if s.Slow == 0 {
		s.Slow = ratio
	} else {
		s.Slow += float64((ratio - s.Slow) / 8)
	}
	return s
}

// Value is between 0 (nothing came) and 1 (everything did, as fast as elsewhere); Neutral while too little is known.
func (s Score) Value(at core.Time) float64 {
	value, _ := s.Look(at)
	return value
}

// Look answers Value and how many answers and failures are remembered, forgotten ones aside.
func (s Score) Look(at core.Time) (value, seen float64) {
	s = s.fade(at)
	seen = s.Good + s.Bad
	if seen < enough {
		return Neutral, seen
	}
	value = s.Good / seen
	if s.Slow > 1 {
		value *= 1 - float64(slowShare*min(1, (s.Slow-1)/(slowest-1)))
	}
	return value, seen
}

func (s Score) fade(at core.Time) Score {
	if s.At.IsZero() {
		s.At = at
		return s
	}
	gone := at.Sub(s.At)
	if gone <= 0 {
		return s
	}
	s.At = at
	if gone > 64*HalfLife {
		s.Good, s.Bad, s.Slow = 0, 0, 0
		return s
	}
	keep := half(float64(gone) / float64(HalfLife))
	s.Good = float64(s.Good * keep)
	s.Bad = float64(s.Bad * keep)
	return s
}

// half is 2 to the power of -x for x >= 0, the same on every machine: whole steps exactly, the rest by its series. The conversions here
// and above keep a machine from joining two steps into one of another rounding.
func half(x float64) float64 {
	whole := int(x)
	rest := float64((x - float64(whole)) * 0.6931471805599453)
	term, sum := 1.0, 1.0
	for n := 1; n < 12; n++ {
		term = float64(term * (-rest / float64(n)))
		sum += term
	}
	for ; whole > 0; whole-- {
		sum /= 2
	}
	return sum
}

// Pace is the usual wait for the first output of one model at one provider, over all accounts. The zero value knows nothing.
type Pace struct {
	Usual core.Duration
	Seen  int
}

// Add joins one wait. A single long one moves the usual by an eighth of the difference at most.
func (p Pace) Add(wait core.Duration) Pace {
	if wait <= 0 {
		return p
	}
	p.Seen++
	if p.Seen == 1 {
		p.Usual = wait
		return p
	}
	p.Usual += (wait - p.Usual) / core.Duration(min(p.Seen, 8))
	return p
}
