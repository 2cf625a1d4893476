package main

import (
	"errors"

	"pimultiauth/hostabi"
)

//go:wasmexport header
func header() int32 { return buffers.Header() }

//go:wasmexport grow
func grow(n int32) int32 {
	if running {
		return hostabi.ErrBusy
	}
	if n < 0 || n > hostabi.MaxMessage {
		return answer(hostabi.ErrTooLarge, "hostabi: a message has at most 16 MB")
	}
	buffers.Grow(int(n))
	return hostabi.OK
}

//go:wasmexport call
func call(n int32) (rc int32) {
	if running {
		return hostabi.ErrBusy
	}
	running = true
	defer func() {
		running = false
		if r := recover(); r != nil {
			rc = answer(hostabi.ErrPanic, "hostabi: the core failed: "+plain(r))
		}
	}()
	in, ok := buffers.In(int(n))
	if !ok {
		return answer(hostabi.ErrTooLarge, "hostabi: the message is longer than the in-buffer")
	}
	m, err := message.Decode(in)
	if err != nil {
		if errors.Is(err, hostabi.ErrSchema) {
			return answer(hostabi.ErrVersion, err.Error())
		}
		return answer(hostabi.ErrMalformed, err.Error())
	}
	turn, err := core.Step(m)
	if err != nil {
		return answer(hostabi.ErrMalformed, err.Error())
	}
	out := hostabi.AppendTurn(buffers.Out(), &turn)
	if len(out) > hostabi.MaxMessage {
		return answer(hostabi.ErrTooLarge, "hostabi: the turn is over 16 MB")
	}
	// A turn that cannot be told must not leave effects behind.
	for i := range turn.Effects {
		effect := &turn.Effects[i]
		scratch = hostabi.AppendEffect(scratch[:0], effect)
		switch {
		case effect.Fetch != nil:
			hostabi.Push(hostabi.Fetch, scratch)
		case effect.File != nil:
			hostabi.Push(hostabi.File, scratch)
		case effect.Ask != nil:
			hostabi.Push(hostabi.Ask, scratch)
		default:
			hostabi.Push(hostabi.Log, scratch)
		}
	}
	buffers.Answer(out, hostabi.OK, core.Flows())
	return hostabi.OK
}

func answer(code int32, text string) int32 {
	buffers.Answer(append(buffers.Out(), text...), int(code), core.Flows())
	return code
}

// plain says a panic in words without bringing package fmt into the module.
func plain(r any) string {
	switch r := r.(type) {
	case error:
		return r.Error()
	case string:
		return r
	}
	return "a value without a text"
}
