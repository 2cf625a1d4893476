package pool

import "pimultiauth/core"

// ladder keeps the best account of a scored mode at its top: each rung is the better one of the two below it, so that a change of one
// account costs a few comparisons and a choice none. Small pools are looked through instead.
type ladder struct {
	mode core.Mode
	// rungs has the winner of 2i and 2i+1 at i, from 1; the accounts themselves are the bottom half. -1 is nobody.
	rungs []int32
	half  int
	// until is when the first row is to be made anew, moved the accounts that changed since.
	until core.Time
	moved []int32
}

// laddered is from how many accounts on a ladder pays.
const laddered = 48

// move tells the ladders of an account that changed.
func (p *Pool) move(i int) {
	for _, t := range p.tables {
		if l := t.ladder; l != nil {
			l.moved = append(l.moved, int32(i))
		}
	}
}

// top answers the best open account of all; false when a look at everybody is needed to know.
func (p *Pool) top(s *sieve, mode core.Mode) (int, bool) {
	t, n := s.t, len(p.Accounts)
	l := t.ladder
	if l == nil || l.mode != mode || s.ask.At >= l.until || len(l.moved) > n/8 {
		l = p.raise(t, mode, s.ask.At)
	}
	for k := 0; k < len(l.moved); k++ {
		i := l.moved[k]
		r := &t.rows[i]
		uses := r.uses
		if s.ask.At >= r.until {
			// Rows that fall due together are made anew together.
			if r = p.renew(t, int(i), s.ask.At); r.until > l.until {
				r.until = l.until
			}
			l.until = min(l.until, r.until)
		}
		if mode == core.Balancer && r.uses != uses && (int64(uses) == t.most || int64(r.uses) > t.most) {
			// Every weight hangs on the most used account.
			l = p.raise(t, mode, s.ask.At)
			break
		}
		for at := (l.half + int(i)) / 2; at >= 1; at /= 2 {
			l.rungs[at] = p.better(t, mode, l.rungs[2*at], l.rungs[2*at+1])
		}
	}
	l.moved = l.moved[:0]
	best := int(l.rungs[1])
	if best < 0 || !t.rows[best].ready {
		return -1, true
	}
	if s.open(best) == nil {
		return -1, false
	}
	return best, true
}

// raise builds the ladder of a table anew.
func (p *Pool) raise(t *table, mode core.Mode, at core.Time) *ladder {
	n, half := len(p.Accounts), 1
	for half < n {
		half *= 2
	}
	l := t.ladder
	if l == nil || l.half != half {
		l = &ladder{half: half, rungs: make([]int32, 2*half)}
		t.ladder = l
	}
	l.mode, l.until, l.moved, t.most = mode, at.Add(believed), l.moved[:0], 0
	for i := range half {
		l.rungs[half+i] = -1
		if i < n {
			r := &t.rows[i]
			if at >= r.until {
				r = p.renew(t, i, at)
			}
			t.most = max(t.most, int64(r.uses))
			l.until = min(l.until, r.until)
			l.rungs[half+i] = int32(i)
		}
	}
	for k := half - 1; k >= 1; k-- {
		l.rungs[k] = p.better(t, mode, l.rungs[2*k], l.rungs[2*k+1])
	}
	return l
}

// better answers the one of two that goes first; of equal ones the earlier.
func (p *Pool) better(t *table, mode core.Mode, a, b int32) int32 {
	switch {
	case b < 0:
		return a
	case a < 0:
		return b
	}
	ra, rb := &t.rows[a], &t.rows[b]
	switch {
	case !rb.ready:
		return a
	case !ra.ready:
		return b
	case ra.rank != rb.rank:
		if rb.rank < ra.rank {
			return b
		}
	case p.before(mode, t, int(b), rb, int(a), ra):
		return b
	}
	return a
}
