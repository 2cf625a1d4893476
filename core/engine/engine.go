// Package engine turns one message into one turn: Step(Message) Turn, a file per kind of message.
//
// It holds what the leaves decide about and nothing else: no clock, no files, no network; time and entropy come with messages, so
// the same messages give the same turns. The host performs a turn's effects in order; what a flow waits for comes back as Resume.
//
// Begin with Step. A request is acquire.go, settle.go and bench.go, where nobody is ready refresh.go, failover.go and refuse.go; files are
// start.go, state.go and merge.go; what is done by itself is tick.go, refresh.go (logins) and reading.go (usage). Commands begin in
// command.go: add.go, arrange.go, edit.go, import.go, export.go and doctor.go do what they say. inspect.go answers tests.
//
// Its one trap: whatever waits holds ids and looks accounts up again afterwards, because the pools may have been made anew.
package engine

import (
	"errors"

	"pimultiauth/core"
	"pimultiauth/core/flow"
	"pimultiauth/core/pool"
	"pimultiauth/core/store"
)

// Errors for messages that break the contract. They are the host's fault and change nothing.
var (
	ErrNoKind    = errors.New("engine: a message needs exactly one kind")
	ErrNoFlow    = errors.New("engine: no such flow")
	ErrNoRequest = errors.New("engine: an acquire needs a provider")
)

// Engine is one instance of the core. It is not safe for concurrent use.
type Engine struct {
	catalogue map[string]core.Provider
	known     map[string]bool
	zone      int
	quiet     bool

	config store.Config
	auth   store.Auth
	// members are the accounts of files by provider, in their order.
	members map[string][]core.Account
	// identities are who credentials were found to be, by provider/account.
	identities map[string]identified
	// written are the providers of models.json.
	written []string
	// stored are the providers a person hid on a screen.
	stored []string
	// state and own are our files as this instance knows them: what it read joined with what it changed.
	state *store.Tree
	own   *store.Tree
	// files is what is known of the files themselves, by name.
	files map[string]*ours

	pools map[string]*pool.Pool
	// usage is what was seen of accounts' quota, by usageKey.
	usage  map[string]core.Usage
	reader reader
	// requests are those whose lease is out, and soonest is when the first of them counts as lost, zero for none.
	requests map[int64]*request
	soonest  core.Time
	flows    map[int64]*flow.Flow
	// aside leaves with the next turn that ends something.
	aside []core.Effect
	// saves are run when the host asks for the text to write, under the gate.
	saves   map[int64]func() string
	choices map[string]*choice
	// counts are what this process asked of accounts, by usageKey.
	counts map[string]*counted
	// probed is when an account was last asked why it refused, keyed provider/account.
	probed map[string]core.Time
	// located are the addresses that vendors told for keys, by whose they are.
	located map[string]located
	// edits are what a person changed in this process, the newest last.
	edits []edit

	// renewals are how the renewing of logins stands, by provider + "/" + account; nextRenewal is when the first is due, zero for never.
	renewals    map[string]*renewal
	nextRenewal core.Time
	// at is that of the message that is being answered, and seed that of the start.
	at   core.Time
	seed int64
	// salt tells this process from others; it is made of the first seed.
	salt int64
	// diary keeps decisions until they are told, at toldAt last; nil where nobody wants them.
	diary  *pool.Diary
	toldAt core.Time
	// told says that the host wants decisions.
	told bool
	// savedAt is when a change of the state last left for the disk.
	savedAt core.Time

	lastLease  int64
	lastFlow   int64
	lastEffect int64
}

// New makes an engine that knows the providers of a catalogue.
func New(catalogue []core.Provider) *Engine {
	e := &Engine{
		catalogue:  map[string]core.Provider{},
		known:      map[string]bool{},
		members:    map[string][]core.Account{},
		identities: map[string]identified{},
		state:      store.Parse(store.Blank),
		own:        store.Parse(store.BlankAccounts),
		config:     store.Config{Modes: map[string]core.Mode{}},
		pools:      map[string]*pool.Pool{},
		usage:      map[string]core.Usage{},
		requests:   map[int64]*request{},
		flows:      map[int64]*flow.Flow{},
		saves:      map[int64]func() string{},
		choices:    map[string]*choice{},
		renewals:   map[string]*renewal{},
		probed:     map[string]core.Time{},
		located:    map[string]located{},
		counts:     map[string]*counted{},
	}
	e.reader = newReader()
	e.files = map[string]*ours{
		"state":    {name: "state", tree: e.state, version: store.Version},
		"accounts": {name: "accounts", tree: e.own, version: store.AccountsVersion},
		"usage":    {name: "usage", tree: store.Parse(store.BlankUsage), version: store.UsageVersion},
	}
	for _, p := range catalogue {
		e.catalogue[p.ID] = p
		for _, alias := range p.Aliases {
			e.catalogue[alias] = p
		}
	}
	return e
}

// Flows counts the flows that wait for the host.
func (e *Engine) Flows() int { return len(e.flows) }

// Step answers one message.
func (e *Engine) Step(m core.Message) (core.Turn, error) {
	if e.salt == 0 {
		e.salt = m.Seed
	}
	turn, err := e.step(m)
	if err == nil && m.Merge == nil && m.Inspect == nil {
		e.tell(&turn, m.At, m.Tick != nil && m.Tick.Last)
	}
	if err != nil {
		return core.Turn{}, err
	}
	if turn.Flow == 0 && m.Merge == nil {
		turn.Effects, e.aside = append(turn.Effects, e.aside...), nil
	}
	turn.WakeAt = e.wakeAt()
	return turn, nil
}

func (e *Engine) step(m core.Message) (core.Turn, error) {
	if !oneKind(&m) {
		return core.Turn{}, ErrNoKind
	}
	e.at = m.At
	switch {
	case m.Acquire != nil:
		return e.acquire(m)
	case m.Settle != nil:
		return e.settle(m)
	case m.Resume != nil:
		return e.resume(m)
	case m.Merge != nil:
		return e.merge(m)
	case m.Tick != nil:
		return e.tick(m)
	case m.Command != nil:
		return e.command(m)
	case m.Inspect != nil:
		return e.inspect(m)
	case m.Changed != nil:
		return e.changed(m)
	case m.Start != nil:
		return e.start(m)
	case m.Login != nil:
		return e.login(m)
	case m.Show != nil:
		return e.show(m)
	case m.Models != nil:
		return e.models(m)
	}
	return e.cancel(m)
}

// oneKind reports whether exactly one kind is set.
func oneKind(m *core.Message) bool {
	n := 0
	if m.Start != nil {
		n++
	}
	if m.Changed != nil {
		n++
	}
	if m.Acquire != nil {
		n++
	}
	if m.Settle != nil {
		n++
	}
	if m.Resume != nil {
		n++
	}
	if m.Cancel != nil {
		n++
	}
	if m.Tick != nil {
		n++
	}
	if m.Merge != nil {
		n++
	}
	if m.Command != nil {
		n++
	}
	if m.Inspect != nil {
		n++
	}
	if m.Login != nil {
		n++
	}
	if m.Show != nil {
		n++
	}
	if m.Models != nil {
		n++
	}
	return n == 1
}

// knows reports whether an id is that of a provider of Pi or of the catalogue.
func (e *Engine) knows(id string) bool {
	if e.known[id] {
		return true
	}
	_, ok := e.catalogue[id]
	return ok
}

// effect gives an effect its id.
func (e *Engine) effect(x core.Effect) core.Effect {
	e.lastEffect++
	x.ID = e.lastEffect
	return x
}

func (e *Engine) notice(level, key, text string) core.Effect {
	return e.effect(core.Effect{Ask: &core.Ask{Notice: &core.Notice{Level: level, Key: key, Text: text}}})
}

// begin runs a flow until it waits or ends.
func (e *Engine) begin(body func(*flow.Host) core.Turn) core.Turn {
	e.lastFlow++
	id := e.lastFlow
	e.flows[id] = flow.New(e.effect, body)
	return e.advance(id, nil)
}

func (e *Engine) advance(id int64, results []core.Result) core.Turn {
	effects, turn, ended := e.flows[id].Next(e.at, results)
	if !ended {
		return core.Turn{Flow: id, Effects: effects}
	}
	delete(e.flows, id)
	return turn
}

func (e *Engine) resume(m core.Message) (core.Turn, error) {
	if e.flows[m.Resume.Flow] == nil {
		return core.Turn{}, ErrNoFlow
	}
	return e.advance(m.Resume.Flow, m.Resume.Results), nil
}

func (e *Engine) cancel(m core.Message) (core.Turn, error) {
	f := e.flows[m.Cancel.Flow]
	if f == nil {
		return core.Turn{}, ErrNoFlow
	}
	if f.Sealed() {
		// A token that is being redeemed is spent already: who does not wait for it leaves it to be kept.
		return core.Turn{Done: &core.Done{}}, nil
	}
	f.Stop()
	delete(e.flows, m.Cancel.Flow)
	return core.Turn{Done: &core.Done{}}, nil
}
