// Command wasm is the module: it wires the engine to the exports and decides nothing.
package main

import (
	"pimultiauth/core/engine"
	"pimultiauth/hostabi"
	"pimultiauth/providers"
)

var (
	core    = engine.New(providers.All())
	buffers hostabi.Buffers
	message hostabi.Reused
	// running tells a call from inside a call.
	running bool
	// scratch is reused for effects.
	scratch []byte
)

func init() { buffers.Init() }

func main() {}
