package store

import (
	"strings"

	"github.com/tidwall/gjson"

	"pimultiauth/core"
)

// Version is that of the state file multi-auth.json as we write it. The peer's files are version 1.
const Version = 2

// Blank is a state file that knows nothing.
const Blank = `{"providers":{},"version":2}`

// sessionsKept is how long a session's account is remembered: longer than any provider's prompt cache is warm.
const sessionsKept = core.Day

// State is what multi-auth.json says, by provider id.
type State struct {
	Providers map[string]*ProviderState
}

// ProviderState is the part of one provider.
type ProviderState struct {
	// Place is the account the last new session was given; the next one goes to the one after it.
	Place   string
	PlaceAt core.Time
	// Accounts and Models hold standings, by account id; Models by model id below that.
	Accounts map[string]core.Standing
	Models   map[string]map[string]core.Standing
	// Provider is the standing of the provider as a whole.
	Provider core.Standing
	// Sessions are the accounts sessions were given.
	Sessions map[string]Home
}

// Home is the account of a session.
type Home struct {
	Account string
	At      core.Time
}

// Check says what stands in the way of using a text as the state file. Damaged is why it cannot be read, ReadOnly why it must not be
// written; both are "" for a good one.
func Check(text string) (damaged, readOnly string) {
	if text == "" {
		return "", ""
	}
	text = strings.TrimPrefix(text, "\ufeff")
	if strings.TrimSpace(text) == "" {
		return "it is empty", ""
	}
	if !gjson.Valid(text) {
		return "it is no valid JSON", ""
	}
	if !gjson.Parse(text).IsObject() {
		return "it holds no object", ""
	}
	version := gjson.Get(text, "version")
	if version.Type == gjson.Number && version.Num > Version {
		return "", "it was written by a newer pi-multi-auth (version " + clip(version.Raw) + ")"
	}
	if providers := gjson.Get(text, "providers"); providers.Exists() && !providers.IsObject() {
		return "its providers are no object", ""
	}
	return "", ""
}

// ReadState reads a state file totally: what has the wrong type is left out.
func ReadState(text string) State {
	s := State{Providers: map[string]*ProviderState{}}
	text = object(text)
	gjson.Get(text, "providers").ForEach(func(id, value gjson.Result) bool {
		if value.IsObject() && ValidID(id.String()) {
			s.Providers[id.String()] = readProvider(value)
		}
		return true
	})
	return s
}

func readProvider(value gjson.Result) *ProviderState {
	p := &ProviderState{
		Accounts: map[string]core.Standing{},
		Models:   map[string]map[string]core.Standing{},
		Sessions: map[string]Home{},
	}
	place := value.Get("place")
	p.Place, p.PlaceAt = place.Get("account").String(), readTime(place.Get("at"))
	p.Provider = readStanding(value.Get("standing"))
	value.Get("accounts").ForEach(func(id, account gjson.Result) bool {
		if !account.IsObject() {
			return true
		}
		if s := readStanding(account.Get("standing")); !s.At.IsZero() {
			p.Accounts[id.String()] = s
		}
		account.Get("models").ForEach(func(model, value gjson.Result) bool {
			if s := readStanding(value); !s.At.IsZero() {
				if p.Models[id.String()] == nil {
					p.Models[id.String()] = map[string]core.Standing{}
				}
				p.Models[id.String()][model.String()] = s
			}
			return true
		})
		return true
	})
	value.Get("sessions").ForEach(func(session, value gjson.Result) bool {
		if account := value.Get("account"); account.Type == gjson.String {
			p.Sessions[session.String()] = Home{account.Str, readTime(value.Get("at"))}
		}
		return true
	})
	return p
}

func readTime(r gjson.Result) core.Time {
	if r.Type != gjson.Number || r.Num < 0 || r.Num > 1e15 {
		return 0
	}
	return core.Time(r.Num)
}

func readStanding(r gjson.Result) core.Standing {
	if !r.IsObject() {
		return core.Standing{}
	}
	s := core.Standing{
		At:     readTime(r.Get("at")),
		Fault:  core.FaultKind(r.Get("fault").String()),
		Until:  readTime(r.Get("until")),
		Cause:  clip200(r.Get("cause").String()),
		Source: core.Source(r.Get("source").String()),
	}
	if mark := r.Get("mark"); mark.Type == gjson.Number && mark.Num >= 0 && mark.Num <= 1<<32 {
		s.Mark = int64(mark.Num)
	}
	// A damaged end must not become a suspension, which only a person ends.
	if until := r.Get("until"); until.Exists() && s.Until.IsZero() {
		return core.Standing{}
	}
	return s
}

func clip200(text string) string {
	if len(text) > 200 {
		text = strings.ToValidUTF8(text[:200], "")
	}
	return text
}

// StandingDelta is the change that gives an account, or one model on it, a standing. An empty account means the provider as a whole.
func StandingDelta(provider, account, model string, s core.Standing) string {
	leaf := (&core.Object{}).Int("at", int64(s.At))
	if s.Fault != "" {
		leaf.String("fault", string(s.Fault))
		if !s.Until.IsZero() {
			leaf.Int("until", int64(s.Until))
		}
		leaf.String("cause", s.Cause).String("source", string(s.Source))
		if s.Mark != 0 {
			leaf.Int("mark", s.Mark)
		}
	}
	switch {
	case account == "":
		return wrap(provider, "standing", leaf.Text())
	case model == "":
		return wrap(provider, "accounts", nest(account, nest("standing", leaf.Text())))
	}
	return wrap(provider, "accounts", nest(account, nest("models", nest(model, leaf.Text()))))
}

// PlaceDelta is the change a new session makes: the place in the round and the session's account.
func PlaceDelta(provider, account, session string, at core.Time) string {
	delta := wrap(provider, "place", (&core.Object{}).Int("at", int64(at)).String("account", account).Text())
	return Merge(delta, HomeDelta(provider, account, session, at))
}

// HomeDelta is the change of a session's account.
func HomeDelta(provider, account, session string, at core.Time) string {
	if session == "" {
		return "{}"
	}
	return wrap(provider, "sessions", nest(session, (&core.Object{}).Int("at", int64(at)).String("account", account).Text()))
}

func nest(name, value string) string { return (&core.Object{}).Raw(name, value).Text() }

func wrap(provider, name, value string) string {
	return (&core.Object{}).Raw("providers", nest(provider, nest(name, value))).Int("version", Version).Text()
}

// Own gives a text our version: what was read from a newer one's file is not written in its name.
func Own(text string) string {
	var root core.Object
	for _, top := range fields(object(text)) {
		if top.key == "version" {
			root.Int("version", Version)
			continue
		}
		root.Raw(top.key, top.raw)
	}
	return root.Text()
}

// Prune drops the sessions that nobody will come back to.
func Prune(text string, at core.Time) string {
	limit := float64(at.Add(-sessionsKept))
	changed := false
	var root core.Object
	for _, top := range fields(object(text)) {
		if top.key != "providers" || !isContainer(top.raw) {
			root.Raw(top.key, top.raw)
			continue
		}
		var providers core.Object
		for _, provider := range fields(top.raw) {
			sessions := gjson.Get(provider.raw, "sessions")
			if !isContainer(provider.raw) || !sessions.IsObject() {
				providers.Raw(provider.key, provider.raw)
				continue
			}
			var one core.Object
			for _, f := range fields(provider.raw) {
				if f.key != "sessions" {
					one.Raw(f.key, f.raw)
					continue
				}
				var kept core.Object
				for _, session := range fields(f.raw) {
					if learnedAt(session.raw) < limit {
						changed = true
						continue
					}
					kept.Raw(session.key, session.raw)
				}
				one.Raw(f.key, kept.Text())
			}
			providers.Raw(provider.key, one.Text())
		}
		root.Raw(top.key, providers.Text())
	}
	if !changed {
		return text
	}
	return root.Text()
}
