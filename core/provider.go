package core

// Mode says how a pool chooses the account of a new session.
type Mode string

// The modes. The zero value stands for the provider's default.
const (
	// RoundRobin takes the next ready account in order.
	RoundRobin Mode = "round-robin"
	// UsageBased prefers the account whose quota would otherwise be lost soonest.
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

// Provider is what the catalogue knows of one provider. The zero value of each field means "nothing special": a provider that is just
// a key has few of them, and one with a login, usage or faults of its own lives in a folder of its own.
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
	// Keys says that its accounts may be keys.
	Keys bool
	// Login is the login its accounts may have: "" for none that is known, "pi" for the one Pi's own provider brings, "own" for Methods.
	Login string
	// Subscription says that its logins are of a subscription, whose terms speak of the vendor's own programs (Pi marks the same ones:
	// OAuthAuth.isSubscription, pi-ai 1.5.2).
	Subscription bool
	// Methods are the provider's own logins, the first one being the usual.
	Methods []LoginMethod
	// Renewal renews its own logins at a token endpoint, or Renew over Host; both nil unless Login is "own". Renew answers a
	// TokenError where a login is lost.
	Renewal *Renewal
	Renew   func(h Host, credential Secret) (Secret, error)
	// Lead is how long before its end a token is renewed; 0 is a minute.
	Lead Duration
	// Env are the variables Pi reads a key from, the first one being what people know.
	Env []string
	// Origins are those a credential may be sent to, e.g. "https://api.anthropic.com"; "*" stands for part of a label. MayReach asks them
	// and an account's own override.
	Origins []string
	// Vars are the credential's own variables that its requests need, e.g. "CLOUDFLARE_ACCOUNT_ID": with them in its "env", keys of
	// different resources, regions or projects rotate. Those that end in "?" may be absent.
	Vars []string
	// Place says what is wrong with an address as this provider's base URL; nil takes every address a credential may be sent to.
	Place func(u URL) string
	// Upstream tells the account at the vendor that several credentials may draw on, where the credential names one; nil where none does.
	// UpstreamVar is the credential's variable that holds it: a request gets it where only the address told it.
	Upstream    func(c Credential) string
	UpstreamVar string
	// Locate asks the vendor for the base URL of a key that came without one, and what people call its account; nil where every key has
	// the same. why says what to do where it cannot tell.
	Locate func(h Host, key Secret) (baseURL, label, why string)
	// TokenPrefix stands in front of the access token of a login in a request, and of a key that is one; "" for none.
	TokenPrefix string
	// Check is the cheapest request that tells whether a key works; the zero value knows none.
	Check KeyCheck
	// Warm is how long the prompt cache of a session stays warm after a request; 0 when there is none or it is not documented.
	Warm Duration
	// Key is the shape of a key where the vendor documents one.
	Key KeyShape
	// Usage reads what is left of an account; nil when nothing of the account's own tells it.
	Usage *UsageSource
	// Windows reads what the headers of an ordinary response say about quota; nil when they say nothing.
	Windows func(headers []Header, at Time) []Window
	// Headers are how the names of headers begin, in lower case, that Windows reads beside WindowHeaders.
	Headers []string
	// Faults read failures that only this provider words in its way. The first that holds counts; the common rules read the rest.
	Faults []FaultRule
	// Probe is where the smallest chat completion is asked for, to learn why an account refuses when the host could not see it; "" is
	// never. An account's own base URL takes its place.
	Probe string
	// Zone is where its clocks stand when it tells a time without an offset, e.g. "Asia/Shanghai"; "" when that is not known.
	Zone string
	// Entitled says what an account of a plan (Usage.Plan, "" when it is not known) may be asked for; nil when plans make no difference.
	// The model is in lower case and without a leading name of the provider.
	Entitled func(model, plan string) Entitlement
	// Identity tells which account at the vendor a credential belongs to; nil when the credential itself does not say.
	Identity func(credential Secret) Identity
	// Profile tells after a login of Pi's whose it is, where its tokens do not; nil where they do or nobody tells.
	Profile *Profile
	// Models is where the service lists its models, of a provider that Pi does not have; nil for Pi's own and where no list is documented.
	Models *ModelSource
	// Paste reads keys of a shape of its own out of what a person pasted; nil for the common rules.
	Paste func(text string, many bool) Paste
}

// LoginMethod is one way to log in. Exactly one of Device, Code and Flow is set.
type LoginMethod struct {
	// ID is what a command calls it, Label what people choose from.
	ID    string
	Label string
	// Device and Code are logins of the common kinds, Flow one that fits neither.
	Device *DeviceLogin
	Code   *CodeLogin
	Flow   func(h Host) (Secret, error)
}

// KeyShape is what a vendor documents of its keys. The zero value knows nothing.
type KeyShape struct {
	// Prefixes are how a key begins.
	Prefixes []string
	// MinLength is the shortest a key is; 0 when it is not documented.
	MinLength int
	// Page is where a person makes one.
	Page string
}

// Profile is a request that tells who a login is, made once when it is new.
type Profile struct {
	// Source is how it is asked: addresses, token and headers alone count.
	Source UsageSource
	// Fields are names for the credential and the paths in the answer they are taken from.
	Fields [][2]string
}

// KeyCheck is a GET request that costs nothing, tells a good key from a bad one, and needs no pretended client.
type KeyCheck struct {
	// URL is asked; "{NAME}" is replaced by the credential's own variable, "{NAME|value}" by the value without one.
	URL string
	// Header carries the key: "authorization" behind "Bearer ", any other as it is.
	Header string
	// Also is a further header, "name: value"; "" for none.
	Also string
}

// Entitlement is what a plan says about one model. The zero value is a plan that serves it like every other.
type Entitlement struct {
	// Tier orders accounts: those of a lower one are used first.
	Tier int
	// Class names the windows (Window.Model) that count for the model beside those of its own name; "" names none.
	Class string
	// Denied says in plain words why the plan does not serve the model; "" when it does.
	Denied string
	// Unproven says that it hangs on a plan that is not known.
	Unproven bool
}

// Identity is who a provider says an account is.
type Identity struct {
	// Key is equal for two credentials of one account; "" when it is not known.
	Key string
	// Strong says that Key is the vendor's own id and not merely likely.
	Strong bool
	// Label is what people know the account by, e.g. a mail address; "" when it is not known.
	Label string
}

// Paste is what was read out of a text that a person pasted.
type Paste struct {
	Keys []PastedKey
	// Duplicates counts keys that stood there more than once, Ignored lines that held none.
	Duplicates int
	Ignored    int
	// Overrides counts keys whose base URL came with them.
	Overrides int
	// Error says in plain words why nothing could be taken; "" when something was.
	Error string
}

// PastedKey is one key and the base URL that came with it, "" for none.
type PastedKey struct {
	Key     Secret
	BaseURL string
}

// Host is what a provider's own login may ask of the world. Every call may end the flow: what follows it then never runs.
type Host interface {
	// At is what time it is now.
	At() Time
	// Fetch performs a request. The error is the host's plain reason when there was no response.
	Fetch(Fetch) (FetchResult, error)
	// Ask performs one of the kinds of Ask. The error is the host's plain reason; Answer.Canceled says that the person gave up.
	Ask(Ask) (Answer, error)
}
