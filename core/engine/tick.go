package engine

import (
	"sort"

	"pimultiauth/core"
	"pimultiauth/core/flow"
)

// tick ends leases whose deadline has passed: whoever held them is gone, and nothing is learned.
func (e *Engine) tick(m core.Message) (core.Turn, error) {
	var lost []int64
	for id, r := range e.requests {
		if r.deadline <= m.At {
			lost = append(lost, id)
		}
	}
	sort.Slice(lost, func(i, j int) bool { return lost[i] < lost[j] })
	for _, id := range lost {
		r := e.requests[id]
		e.letGo(id)
		if p := e.pools[r.provider]; p != nil {
			if i := p.Find(r.account); i >= 0 {
				p.Back(i)
				e.endTrial(r, p, i)
			}
		}
	}
	if m.Tick.Last {
		return core.Turn{Done: &core.Done{}, Effects: e.tellCounts(m.At)}, nil
	}
	if id, ok := e.dueRenewal(m.At); ok {
		return e.begin(func(h *flow.Host) core.Turn {
			e.renew(h, id)
			return core.Turn{Done: &core.Done{}}
		}), nil
	}
	if next := e.readsAt(); !next.IsZero() && next <= m.At {
		return e.begin(func(h *flow.Host) core.Turn {
			e.readUsage(h, "", "", false, readRounds)
			return core.Turn{Done: &core.Done{}}
		}), nil
	}
	return core.Turn{Done: &core.Done{}}, nil
}

// wakeAt is the earliest deadline of a lease or when the next login is to be renewed or usage to be read.
func (e *Engine) wakeAt() core.Time {
	wake := e.nextRenewal
	if next := e.readsAt(); !next.IsZero() && (wake.IsZero() || next < wake) {
		wake = next
	}
	if !e.soonest.IsZero() && (wake.IsZero() || e.soonest.Before(wake)) {
		wake = e.soonest
	}
	return wake
}

// hold keeps a request while its lease is out.
func (e *Engine) hold(id int64, r *request) {
	e.requests[id] = r
	if e.soonest.IsZero() || r.deadline.Before(e.soonest) {
		e.soonest = r.deadline
	}
}

// letGo forgets a request whose lease has ended. All others are looked at only when it was the first to be lost.
func (e *Engine) letGo(id int64) {
	ended := e.requests[id].deadline
	delete(e.requests, id)
	if ended != e.soonest {
		return
	}
	e.soonest = 0
	for _, r := range e.requests {
		if e.soonest.IsZero() || r.deadline.Before(e.soonest) {
			e.soonest = r.deadline
		}
	}
}
