package core

// Mode says how a pool chooses the account of a new session.
type Mode string

// The modes. The zero value stands for the provider's default.
const (
	// RoundRobin takes the next ready account in order.
	RoundRobin Mode = "round-robin"
	// UsageBased prefers the account with the most left to use.
	UsageBased Mode = "usage-based"
	// Balancer prefers the account with the fewest requests under way.
	Balancer Mode = "balancer"
	// FillFirst stays with the first account in order until it cannot serve.
	FillFirst Mode = "fill-first"
)

// Valid reports whether m is one of the modes.
func (m Mode) Valid() bool {
	return m == RoundRobin || m == UsageBased || m == Balancer || m == FillFirst
}

// Provider is what the catalogue knows of one provider. The zero value of each field means "nothing special".
type Provider struct {
	// ID is Pi's id.
	ID string
	// Aliases are ids that other versions of Pi use for the same provider.
	Aliases []string
	// Name is what people call it.
	Name string
	// Mode is the default mode; "" is RoundRobin.
	Mode Mode
	// Retired says in one sentence why the provider is left alone everywhere; "" for a living one.
	Retired string
}
