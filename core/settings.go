package core

// Settings are what a person decided about one account. The zero value is an account like every other.
type Settings struct {
	// Paused takes the account out until a person puts it back; Pause says why, in the person's words or those of whoever did it.
	Paused bool
	Pause  string
	// Note is what a person wants to remember of it; the search of the screen finds its words.
	Note string
	// Reserve keeps the account for when no other one is ready.
	Reserve bool
	// Overage allows use beyond what the plan includes: paid extra usage and bought credits.
	Overage bool
	// Priority orders the accounts of one group: a lower one goes first while it is ready, of equal ones the mode decides.
	Priority int
	// Projects are the folders the account is for, with everything below them; empty is everywhere.
	Projects []string
	// BaseURL and Headers replace the provider's own for this account; "" and empty leave them.
	BaseURL string
	Headers []SecretHeader
}

// Pin is the account a person wants used before every other. The zero value pins none.
type Pin struct {
	Account string
	// Strict ends a request that the account cannot serve; otherwise the choice falls back to the others, with a notice.
	Strict bool
}

// Strategy says which of several groups gives the account of a new session.
type Strategy string

// The strategies, by the peer's words. The zero value is ByPriority.
const (
	// ByPriority takes the first group with a ready account.
	ByPriority Strategy = "priority"
	// ByTurn takes the groups in turn.
	ByTurn Strategy = "round-robin"
	// ByHealth takes the group whose ready accounts served best lately.
	ByHealth Strategy = "health-based"
)

// Group is some accounts of a provider; people call it a pool. Accounts in no group are used when no group has a ready one.
type Group struct {
	// ID is unique within the provider, Name what people call it ("" takes the ID).
	ID   string
	Name string
	// Accounts are the members' ids. An account of several groups is used by the first that is allowed to.
	Accounts []string
	// Priority orders groups, a lower one first; groups of the same one stand in the order of their ids.
	Priority int
	// Mode chooses within the group; "" is the provider's.
	Mode Mode
	// MaxInFlight bounds the requests under way on one account; 0 does not.
	MaxInFlight int
	// Health is the least mean health of the ready accounts, 0 to 1, with which the group is used while another one can be; 0 asks for none.
	Health float64
	// Cooldown replaces our own assumption of how long a fault without an end lasts, and Backoff is what it is multiplied with at each
	// repeat; 0 leaves them.
	Cooldown Duration
	Backoff  float64
}

// Chain says where a request goes when its provider has nobody left. It begins with any of its hops.
type Chain struct {
	// ID is unique over all providers, Name what people call it ("" takes the ID).
	ID   string
	Name string
	Hops []Hop
	// Attempts bounds the attempts at each provider of the chain; 0 is the bound of every request.
	Attempts int
	// Triggers are the kinds of faults that lead on, in the words of the file; empty stands for the default.
	Triggers []FaultKind
	// Models maps a model to its counterpart, by model and then by provider; a hop's own Models goes first.
	Models map[string]map[string]string
}

// Hop is one provider of a Chain.
type Hop struct {
	Provider string
	// Models maps a model to the one this provider is asked for; a model that is not in it keeps its name.
	Models map[string]string
	// API is the wire of the provider's models, "" for that of the model asked for.
	API string
	// Health is the least mean health of the provider's ready accounts, 0 to 1, with which the hop is taken; 0 asks for none.
	Health float64
	// Attempts bounds the attempts at this provider; 0 takes the chain's.
	Attempts int
}
