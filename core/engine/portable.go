package engine

import (
	"slices"

	"pimultiauth/core"
	"pimultiauth/core/fault"
	"pimultiauth/core/pool"
)

// carry names in a lease what this account cannot read of the request: what the API ties to the account that is left, and what a refusal
// has shown to be too much.
func (e *Engine) carry(r *request, lease *core.Lease) {
	if lease.Switched {
		lease.Strip, _ = fault.Move(r.api, r.bound)
	}
	for _, content := range r.strip {
		if !slices.Contains(lease.Strip, content) {
			lease.Strip = append(lease.Strip, content)
		}
	}
}

// without asks the same account once more with the content left out that it could not read.
func (e *Engine) without(r *request, p *pool.Pool, i int, f core.Fault, o core.Outcome, at core.Time) (core.Turn, bool) {
	if f.Bound == "" || f.Bound == "file" || o.Emitted || slices.Contains(r.strip, f.Bound) || r.attempts >= maxAttempts {
		return core.Turn{}, false
	}
	r.strip = append(r.strip, f.Bound)
	return e.out(r, p, i, at, 0), true
}
