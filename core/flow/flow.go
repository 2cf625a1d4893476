// Package flow runs conversations with the host as straight-line Go: the body asks, the flow parks until the results come.
//
// It does not know what the conversations are about. Its rules: hold ids across a wait, never pointers, because everything may
// have changed meanwhile; every flow ends, by itself or by Stop, which unwinds the body; nothing else runs while a body runs.
package flow

import (
	"errors"
	"iter"

	"pimultiauth/core"
)

// What a fetch of a flow gets where it names nothing: enough for every token endpoint, too little for a body that means harm.
const (
	fetchTimeout  = 15 * core.Second
	fetchMaxBytes = 64 << 10
)

// Host is what a body talks to. It is a core.Host.
type Host struct {
	number  func(core.Effect) core.Effect
	yield   func([]core.Effect) bool
	results []core.Result
	at      core.Time
	sealed  bool
}

// stopped unwinds a body whose flow was stopped.
type stopped struct{}

// errSilent stands for a host that answered nothing at all.
var errSilent = errors.New("the host did not answer")

// Do parks the body until the host has performed the effects, and answers their results in any order. Effects without an id get
// one. It does not return when the flow is stopped.
func (h *Host) Do(effects ...core.Effect) []core.Result {
	for i := range effects {
		if effects[i].ID == 0 {
			effects[i] = h.number(effects[i])
		}
		effects[i].Waits = true
	}
	if !h.yield(effects) {
		panic(stopped{})
	}
	return h.results
}

// Seal says that what the body has begun must come to its end: Cancel does not stop the flow any more.
func (h *Host) Seal() { h.sealed = true }

// At is the time of the message that the body was last resumed with.
func (h *Host) At() core.Time { return h.at }

// Fetch performs a request. An origin that is not named is the address's own.
func (h *Host) Fetch(f core.Fetch) (core.FetchResult, error) {
	if f.Timeout == 0 {
		f.Timeout = fetchTimeout
	}
	if f.MaxBytes == 0 {
		f.MaxBytes = fetchMaxBytes
	}
	if f.Origin == "" {
		f.Origin = core.OriginOf(f.URL)
	}
	r, err := h.one(core.Effect{Fetch: &f})
	if err == nil && r.Fetch == nil {
		err = errSilent
	}
	if err != nil {
		return core.FetchResult{}, err
	}
	return *r.Fetch, nil
}

// Ask asks the person, Pi or the host's cryptography.
func (h *Host) Ask(a core.Ask) (core.Answer, error) {
	r, err := h.one(core.Effect{Ask: &a})
	if err != nil || r.Ask == nil {
		// A host has nothing to answer to what it only shows.
		return core.Answer{}, err
	}
	return *r.Ask, nil
}

// File works on one file, or waits for a hold.
func (h *Host) File(f core.File) (core.FileResult, error) {
	r, err := h.one(core.Effect{File: &f})
	if err == nil && r.File == nil {
		err = errSilent
	}
	if err != nil {
		return core.FileResult{}, err
	}
	return *r.File, nil
}

func (h *Host) one(x core.Effect) (core.Result, error) {
	results := h.Do(x)
	if len(results) != 1 {
		return core.Result{}, errSilent
	}
	if results[0].Error != "" {
		return core.Result{}, errors.New(results[0].Error)
	}
	return results[0], nil
}

// Flow is one conversation.
type Flow struct {
	host Host
	next func() ([]core.Effect, bool)
	stop func()
	turn core.Turn
}

// New makes a flow of a body; it does not run before Next. number gives effects their ids.
func New(number func(core.Effect) core.Effect, body func(*Host) core.Turn) *Flow {
	f := &Flow{}
	f.host.number = number
	f.next, f.stop = iter.Pull(func(yield func([]core.Effect) bool) {
		f.host.yield = yield
		defer func() {
			if r := recover(); r != nil {
				if _, ok := r.(stopped); !ok {
					panic(r)
				}
			}
		}()
		f.turn = body(&f.host)
	})
	return f
}

// Next runs the body until it waits or ends. While it waits it answers the effects and false; when it has ended, its turn and true.
func (f *Flow) Next(at core.Time, results []core.Result) (effects []core.Effect, turn core.Turn, ended bool) {
	f.host.at, f.host.results = at, results
	effects, waits := f.next()
	if waits {
		return effects, core.Turn{}, false
	}
	return nil, f.turn, true
}

// Sealed reports whether the flow has to come to its end by itself.
func (f *Flow) Sealed() bool { return f.host.sealed }

// Stop ends the flow; a body that waits is unwound.
func (f *Flow) Stop() { f.stop() }
