// Package flow runs conversations with the host as straight-line Go: the body asks, the flow parks until the results come.
//
// It does not know what the conversations are about. Its rules: hold ids across a wait, never pointers, because everything may
// have changed meanwhile; every flow ends, by itself or by Stop, which unwinds the body; nothing else runs while a body runs.
package flow

import (
	"iter"

	"pimultiauth/core"
)

// Host is what a body talks to.
type Host struct {
	yield   func([]core.Effect) bool
	results []core.Result
}

// stopped unwinds a body whose flow was stopped.
type stopped struct{}

// Do parks the body until the host has performed the effects, and answers their results in any order. It does not return when
// the flow is stopped.
func (h *Host) Do(effects ...core.Effect) []core.Result {
	for i := range effects {
		effects[i].Waits = true
	}
	if !h.yield(effects) {
		panic(stopped{})
	}
	return h.results
}

// Flow is one conversation.
type Flow struct {
	host Host
	next func() ([]core.Effect, bool)
	stop func()
	turn core.Turn
}

// New makes a flow of a body; it does not run before Next.
func New(body func(*Host) core.Turn) *Flow {
	f := &Flow{}
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
func (f *Flow) Next(results []core.Result) (effects []core.Effect, turn core.Turn, ended bool) {
	f.host.results = results
	effects, waits := f.next()
	if waits {
		return effects, core.Turn{}, false
	}
	return nil, f.turn, true
}

// Stop ends the flow; a body that waits is unwound.
func (f *Flow) Stop() { f.stop() }
