package main

import "pimultiauth/core"

// Bug is a mistake planted at a seam of our side. Each hook may be nil.
type Bug struct {
	Name  string
	About string
	// Message may change what the core is told; false swallows it.
	Message func(p *process, m *core.Message) bool
	// Turn may change what the core answered.
	Turn func(p *process, m *core.Message, t *core.Turn)
	// Effect may change what is asked of the host; false leaves it undone and says that it was done.
	Effect func(p *process, x *core.Effect) bool
	// Current is the text a save is merged with.
	Current func(p *process, f *diskFile) string
	NoSync  bool
}

var Bugs []Bug
