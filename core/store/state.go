package store

import (
	"strings"

	"github.com/tidwall/gjson"

	"pimultiauth/core"
)

// Version is that of the state file multi-auth.json as we write it. The peer's files are version 1.
//
// A name in angle brackets stands for any number of fields. What has "at" is replaced as a whole by what was written later.
//
//	{"version":2,
//	 "chains":{"<chain>":{at,label,hops:[{provider,models,api,health,attempts}],attempts,triggers,models} or {at,removed}},
//	 "hidden":{"<provider>":{at,value}}, "owning":{at,value},
//	 "providers":{"<provider>":{
//	   "mode":{at,value}, "order":{at,value:[account]}, "pin":{at,account,strict}, "strategy":{at,value},
//	   "groups":{"<group>":{at,label,accounts,priority,mode,maxInFlight,health,cooldown,backoff} or {at,removed}},
//	   "place":{at,account}, "standing":{at,fault,until,cause,source}, "sessions":{"<session>":{at,account}},
//	   "accounts":{"<account>":{
//	     "settings":{"<name>":{at,value}}, "standing":{at,fault,until,cause,source,mark}, "models":{"<model>":standing},
//	     "health":{at,good,bad,slow}, "counts":{"all":{at,hours:[[hour,requests,failures]]}},
//	     "removed":{at,mark}}}}}}
//
// Names of settings are label, paused, pause, reserve, overage, priority and projects; what may hold a secret is in the accounts file.
const Version = 2

// Blank is a state file that knows nothing.
const Blank = `{"providers":{},"version":2}`

const (
	// sessionsKept is how long a session's account is remembered: longer than any provider's prompt cache is warm.
	sessionsKept = core.Day
	// countsKept is how far back requests are counted.
	countsKept = core.Day
)

// ProviderState is what the state file says of one provider.
type ProviderState struct {
	// Place is the account the last new session was given; the next one goes to the one after it.
	Place   string
	PlaceAt core.Time
	// Mode is what a person chose; "" for the configuration's or the provider's own.
	Mode core.Mode
	// Order is the accounts as a person ordered them, first ones first; accounts it does not name follow.
	Order    []string
	Pin      core.Pin
	Groups   []core.Group
	Strategy core.Strategy
	// Standing is that of the provider as a whole.
	Standing core.Standing
	// Sessions are the accounts sessions were given.
	Sessions map[string]Home

	accounts *node
}

// AccountState is what the state file says of one account.
type AccountState struct {
	Standing core.Standing
	// Models are standings of single models.
	Models   map[string]core.Standing
	Settings core.Settings
	// Label is what a person calls the account; "" leaves the name it came with.
	Label   string
	Health  Health
	Removed Removed
	// Renewal is how the renewing of its login went last.
	Renewal Renewal
}

// Home is the account of a session.
type Home struct {
	Account string
	At      core.Time
}

// Health is how an account has served lately, as core/health counts it.
type Health struct {
	At   core.Time
	Good float64
	Bad  float64
	Slow float64
}

// Counts are the requests of an account in the last day, over all processes.
type Counts struct {
	Requests int
	Failures int
}

// Removed says that a person removed the account. The zero value says that nobody did.
type Removed struct {
	At core.Time
	// Mark is that of the credential that was removed: another one under the same name is an account anew.
	Mark int64
}

// Check says what stands in the way of using a text as a file of ours. Damaged is why it cannot be read, ReadOnly why it must not be
// written; both are "" for a good one. Newest is the version we write.
func Check(text string, newest float64) (damaged, readOnly string) {
	if text == "" {
		return "", ""
	}
	text = strings.TrimPrefix(text, "\ufeff")
	switch {
	case strings.TrimSpace(text) == "":
		return "it is empty", ""
	case !core.IsJSON(text):
		if core.TooDeep(text) {
			return "it is nested too deep", ""
		}
		return "it is no valid JSON", ""
	case !gjson.Parse(text).IsObject():
		return "it holds no object", ""
	}
	gjson.Parse(text).ForEach(func(key, part gjson.Result) bool {
		switch key.Str {
		case "version":
			if part.Type == gjson.Number && part.Num > newest {
				readOnly = "it was written by a newer pi-multi-auth (version " + core.PlainLine(part.Raw, 40) + ")"
			}
		case "providers", "accounts":
			if !part.IsObject() {
				damaged = "its " + key.Str + " are no object"
				return true
			}
			count := 0
			part.ForEach(func(_, _ gjson.Result) bool { count++; return count <= maxEntries })
			if count > maxEntries {
				damaged = "it names more than 10,000 " + key.Str
			}
		}
		return true
	})
	if readOnly != "" {
		damaged = ""
	}
	return damaged, readOnly
}

// Providers are the ids of the providers a state file knows, sorted.
func (t *Tree) Providers() []string {
	var ids []string
	for _, f := range t.root.get("providers").fields {
		if ValidID(f.key) {
			ids = append(ids, f.key)
		}
	}
	return ids
}

// Provider reads what a state file says of one provider, totally: what has the wrong type is left out. Nil when it says nothing.
func (t *Tree) Provider(id string) *ProviderState {
	n := t.root.get("providers").get(id)
	if len(n.fields) == 0 {
		return nil
	}
	p := &ProviderState{accounts: n.get("accounts"), Sessions: map[string]Home{}}
	p.Place, p.PlaceAt = t.Place(id)
	p.Standing = readStanding(n.get("standing").raw)
	for i := range n.get("sessions").fields {
		f := &n.get("sessions").fields[i]
		if home := readHome(&f.node); home.Account != "" {
			p.Sessions[f.key] = home
		}
	}
	p.readSettings(n)
	return p
}

// Place reads the account the last new session of a provider was given, and when.
func (t *Tree) Place(provider string) (string, core.Time) {
	home := readHome(t.root.get("providers").get(provider).get("place"))
	return home.Account, home.At
}

// Home reads the account of one session; the zero Home when it has none.
func (t *Tree) Home(provider, session string) Home {
	return readHome(t.root.get("providers").get(provider).get("sessions").get(session))
}

func readHome(n *node) Home {
	value := n.value()
	if value.Get("account").Type != gjson.String {
		return Home{}
	}
	return Home{value.Get("account").Str, readTime(value.Get("at"))}
}

// Account reads what is known of one account.
func (t *Tree) Account(provider, id string) AccountState {
	return readAccount(t.root.get("providers").get(provider).get("accounts").get(id))
}

// Account reads what is known of one account; p may be nil.
func (p *ProviderState) Account(id string) AccountState {
	if p == nil {
		return AccountState{}
	}
	return readAccount(p.accounts.get(id))
}

func readAccount(n *node) AccountState {
	if len(n.fields) == 0 {
		return AccountState{}
	}
	a := AccountState{Standing: readStanding(n.get("standing").raw), Settings: readSettings(n.get("settings"))}
	a.Label = core.PlainLine(n.get("settings").get("label").setting().String(), maxLabel)
	for _, f := range n.get("models").fields {
		if s := readStanding(f.raw); !s.At.IsZero() {
			if a.Models == nil {
				a.Models = map[string]core.Standing{}
			}
			a.Models[f.key] = s
		}
	}
	if health := n.get("health").value(); health.IsObject() {
		a.Health = Health{
			At: readTime(health.Get("at")), Good: readCount(health.Get("good")), Bad: readCount(health.Get("bad")), Slow: readCount(health.Get("slow")),
		}
	}
	removed := n.get("removed").value()
	a.Removed = Removed{readTime(removed.Get("at")), readMark(removed.Get("mark"))}
	a.Renewal = readRenewal(n.get("renewal").value())
	return a
}

// Count adds up the requests of an account in the day before at that processes have told.
func (t *Tree) Count(provider, id string, at core.Time) Counts {
	var c Counts
	for _, f := range t.root.get("providers").get(provider).get("accounts").get(id).get("counts").fields {
		f.value().Get("hours").ForEach(func(_, hour gjson.Result) bool {
			if began := core.Time(readCount(hour.Get("0"))) * core.Time(core.Hour); at.Sub(began) < countsKept {
				c.Requests += int(readCount(hour.Get("1")))
				c.Failures += int(readCount(hour.Get("2")))
			}
			return true
		})
	}
	return c
}

// value is a leaf's JSON; it does not exist for a container.
func (n *node) value() gjson.Result {
	if n.raw == "" {
		return gjson.Result{}
	}
	return gjson.Parse(n.raw)
}

func readTime(r gjson.Result) core.Time {
	if r.Type != gjson.Number || r.Num < 0 || r.Num > 1e15 {
		return 0
	}
	return core.Time(r.Num)
}

func readMark(r gjson.Result) int64 {
	if r.Type != gjson.Number || r.Num < 0 || r.Num > 1<<32 {
		return 0
	}
	return int64(r.Num)
}

// readCount reads a number that counts something, 0 for what cannot be one.
func readCount(r gjson.Result) float64 {
	if r.Type != gjson.Number || !(r.Num >= 0 && r.Num <= 1e12) {
		return 0
	}
	return r.Num
}

func readStanding(raw string) core.Standing {
	if raw == "" || raw[0] != '{' {
		return core.Standing{}
	}
	r := gjson.Parse(raw)
	s := core.Standing{
		At:     readTime(r.Get("at")),
		Began:  readTime(r.Get("began")),
		Fault:  core.FaultKind(r.Get("fault").String()),
		Until:  readTime(r.Get("until")),
		Cause:  core.Plain(r.Get("cause").String(), 200),
		Source: core.Source(r.Get("source").String()),
		Mark:   readMark(r.Get("mark")),
	}
	if times := r.Get("times"); times.Type == gjson.Number && times.Num >= 0 && times.Num <= 1000 {
		s.Times = int(times.Num)
	}
	// A damaged end must not become a suspension, which only a person ends.
	if until := r.Get("until"); until.Exists() && s.Until.IsZero() {
		return core.Standing{}
	}
	return s
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
		if !s.Began.IsZero() {
			leaf.Int("began", int64(s.Began))
		}
		if s.Times > 1 {
			leaf.Int("times", int64(s.Times))
		}
	}
	switch {
	case account == "":
		return wrap(provider, "standing", leaf.Text())
	case model == "":
		return accountDelta(provider, account, "standing", leaf.Text())
	}
	return accountDelta(provider, account, "models", nest(model, leaf.Text()))
}

// PlaceDelta is the change a new session makes: the place in the round and the session's account.
func PlaceDelta(provider, account, session string, at core.Time) string {
	delta := wrap(provider, "place", stamped(at).String("account", account).Text())
	return Merge(delta, HomeDelta(provider, account, session, at))
}

// HomeDelta is the change of a session's account.
func HomeDelta(provider, account, session string, at core.Time) string {
	if session == "" {
		return "{}"
	}
	return wrap(provider, "sessions", nest(session, stamped(at).String("account", account).Text()))
}

// HealthDelta is the change of how well an account has served.
func HealthDelta(provider, account string, h Health) string {
	return accountDelta(provider, account, "health", stamped(h.At).Float("good", h.Good).Float("bad", h.Bad).Float("slow", h.Slow).Text())
}

// RemovedDelta is the change a person makes who removes an account whose credential had the given mark.
func RemovedDelta(provider, account string, mark int64, at core.Time) string {
	return accountDelta(provider, account, "removed", stamped(at).Int("mark", mark).Text())
}

// Tally is requests by the hour. The zero value has counted nothing.
type Tally struct {
	hours []tallied
}

type tallied struct {
	hour               int64
	requests, failures int64
}

// Add counts one request, and forgets those of more than a day ago.
func (t *Tally) Add(at core.Time, ok bool) {
	hour := int64(at) / int64(core.Hour)
	kept := t.hours[:0]
	for _, h := range t.hours {
		if hour-h.hour < int64(countsKept/core.Hour) {
			kept = append(kept, h)
		}
	}
	t.hours = kept
	failures := int64(1)
	if ok {
		failures = 0
	}
	t.add(hour, 1, failures)
}

func (t *Tally) add(hour, requests, failures int64) {
	for i := range t.hours {
		if h := &t.hours[i]; h.hour == hour {
			h.requests, h.failures = h.requests+requests, h.failures+failures
			return
		}
	}
	t.hours = append(t.hours, tallied{hour, requests, failures})
}

// Empty reports whether nothing was counted.
func (t *Tally) Empty() bool { return len(t.hours) == 0 }

// Count adds up what was counted in the day before at.
func (t *Tally) Count(at core.Time) Counts {
	var c Counts
	for _, h := range t.hours {
		if at.Sub(core.Time(h.hour)*core.Time(core.Hour)) < countsKept {
			c.Requests += int(h.requests)
			c.Failures += int(h.failures)
		}
	}
	return c
}

// CountDelta is the change that adds to the requests of an account what one process counted and has not told yet. All processes add to
// one sum, so it is made while the gate is held, of what stands in the file then.
func (t *Tree) CountDelta(provider, account string, more *Tally, at core.Time) string {
	sum := Tally{hours: append([]tallied(nil), more.hours...)}
	path := [...]string{"providers", provider, "accounts", account, "counts", "all"}
	n := &t.root
	for _, key := range path {
		n = n.get(key)
	}
	n.value().Get("hours").ForEach(func(_, hour gjson.Result) bool {
		sum.add(int64(readCount(hour.Get("0"))), int64(readCount(hour.Get("1"))), int64(readCount(hour.Get("2"))))
		return true
	})
	var hours []string
	for _, h := range sum.hours {
		if began := core.Time(h.hour) * core.Time(core.Hour); at.Sub(began) < countsKept && !at.Before(began) {
			hours = append(hours, core.Array([]string{core.Decimal(h.hour), core.Decimal(h.requests), core.Decimal(h.failures)}))
		}
	}
	return accountDelta(provider, account, "counts", nest("all", stamped(t.After(at, path[:]...)).Raw("hours", core.Array(hours)).Text()))
}

func stamped(at core.Time) *core.Object { return (&core.Object{}).Int("at", int64(at)) }

func nest(name, value string) string { return (&core.Object{}).Raw(name, value).Text() }

func accountDelta(provider, account, name, value string) string {
	return wrap(provider, "accounts", nest(account, nest(name, value)))
}

func wrap(provider, name, value string) string {
	return (&core.Object{}).Raw("providers", nest(provider, nest(name, value))).Int("version", Version).Text()
}

// Own gives the tree a version of ours: what was read from a newer file is not written in its name.
func (t *Tree) Own(version int64) {
	own := core.Decimal(version)
	if at := t.root.find("version"); at < len(t.root.fields) && t.root.fields[at].key == "version" {
		if t.root.fields[at].raw == own {
			return
		}
		t.root.fields[at].node = node{raw: own}
	} else {
		t.root.grow([]field{{"version", node{raw: own}}}, 1)
	}
	t.text = ""
}

// Prune drops the sessions that nobody will come back to and the counts of more than a day ago.
func (t *Tree) Prune(at core.Time) {
	providers := t.root.get("providers").fields
	dropped := false
	for i := range providers {
		dropped = providers[i].get("sessions").drop(at.Add(-sessionsKept), at) || dropped
		accounts := providers[i].get("accounts").fields
		for j := range accounts {
			dropped = accounts[j].get("counts").drop(at.Add(-countsKept), at) || dropped
		}
	}
	if dropped {
		t.text = ""
	}
}

// ClocksDiffer is how far ahead of ours a clock may be whose word is kept: beyond that it was wrong, and is set right by now. It is far more
// than core.SetBack, since what is kept costs nothing when it is a little wrong, and files are shared by machines and restored from copies.
const ClocksDiffer = core.Hour

// drop takes out the fields that were written before limit, and those that a wrong clock wrote ahead of at.
func (n *node) drop(limit, at core.Time) bool {
	kept := n.fields[:0]
	for _, f := range n.fields {
		if f.stamp >= float64(limit) && f.stamp <= float64(at.Add(ClocksDiffer)) {
			kept = append(kept, f)
		}
	}
	dropped := len(kept) < len(n.fields)
	n.fields = kept
	return dropped
}
