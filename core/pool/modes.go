package pool

import "pimultiauth/core"

// byMode takes the one of the open candidates that a mode prefers, -1 when none is open. members are their indices, nil for all; the
// round goes on after the account at the given place among them.
func (p *Pool) byMode(s *sieve, mode core.Mode, members []int, after int) int {
	n := len(p.Accounts)
	if members == nil && n >= laddered && (mode == core.UsageBased || mode == core.Balancer) {
		if best, known := p.top(s, mode); known {
			return best
		}
	}
	if members != nil {
		n = len(members)
	}
	if mode == core.Balancer {
		s.t.most = p.mostUsed(s.t, s.ask.At)
	}
	best, bestRank := -1, int64(0)
	var bestRow *row
	for step := range n {
		k := step
		if mode != core.FillFirst {
			if k += after + 1; k >= n {
				k -= n
			}
		}
		i := k
		if members != nil {
			i = members[k]
		}
		r := s.open(i)
		if r == nil {
			continue
		}
		switch {
		case best < 0 || r.rank < bestRank:
		case r.rank > bestRank:
			continue
		case !p.before(mode, s.t, i, r, best, bestRow):
			continue
		}
		best, bestRank, bestRow = i, r.rank, r
		if bestRank == s.t.least && (mode == core.RoundRobin || mode == core.FillFirst) {
			break
		}
	}
	return best
}

// before orders two open candidates of equal rank; those that are equal stay in the order of the round.
func (p *Pool) before(mode core.Mode, t *table, a int, ra *row, b int, rb *row) bool {
	la, lb := &p.loads[a], &p.loads[b]
	switch mode {
	case core.UsageBased:
		ca, cb := cost(ra.base, la.out), cost(rb.base, lb.out)
		if ca != cb {
			return ca < cb
		}
	case core.Balancer:
		wa, wb := weight(t.most, int64(ra.uses), int64(ra.wellness), la.out), weight(t.most, int64(rb.uses), int64(rb.wellness), lb.out)
		if wa != wb {
			return wa > wb
		}
	default:
		return false
	}
	if la.out != lb.out {
		return la.out < lb.out
	}
	return la.used < lb.used
}

// mostUsed are the recent uses of the most used account of a table.
func (p *Pool) mostUsed(t *table, at core.Time) int64 {
	most := int32(0)
	for i := range t.rows {
		r := &t.rows[i]
		if at >= r.until {
			r = p.renew(t, i, at)
		}
		most = max(most, r.uses)
	}
	return int64(most)
}
