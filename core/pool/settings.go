package pool

import "pimultiauth/core"

// What a person decided, in core's words.
type (
	Settings = core.Settings
	Pin      = core.Pin
	Strategy = core.Strategy
	Group    = core.Group
	Chain    = core.Chain
	Hop      = core.Hop
)

// The strategies, as in core.
const (
	ByPriority = core.ByPriority
	ByTurn     = core.ByTurn
	ByHealth   = core.ByHealth
)

// DefaultTriggers are the kinds that lead on along a chain that names none: those that do not pass within seconds.
var DefaultTriggers = []core.FaultKind{core.QuotaSpent, core.Unpaid, core.Unauthorized, core.Forbidden, core.NotEntitled, core.PolicyOverage, core.ModelUnavailable}
