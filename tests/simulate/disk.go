package main

import "pimultiauth/core"

// Disk is what the processes of a machine share. Work on it is done at one instant, as the loader does it with the gate held; who
// stands still while it holds the gate keeps the others waiting.
type Disk struct {
	files map[string]*diskFile
	// gate is the process that holds it, -1 for none; freed is when a suspended holder lets go.
	freed core.Time
	// full says until when there is no space left.
	full core.Time
	// writes counts the texts that were written, saves the ones that were asked for.
	writes, saves int
	holds         map[string]*hold
}

type diskFile struct {
	text   string
	exists bool
	// durable is the text that a loss of power leaves.
	durable       string
	durableExists bool
	// before is the text that a stale reader still sees.
	before  string
	version int
	writer  *process
	// changed is when the text was written last.
	changed core.Time
	// known is what the writers knew of accounts, for the judge.
	known        knowledge
	durableKnown knowledge
}

// hold is a lock by name across processes.
type hold struct {
	owner int
	flow  int64
	queue []func()
	// room says that space for a save was set aside with it.
	room bool
}

func newDisk() *Disk {
	return &Disk{files: map[string]*diskFile{}, holds: map[string]*hold{}}
}

func (d *Disk) file(name string) *diskFile {
	f := d.files[name]
	if f == nil {
		f = &diskFile{}
		d.files[name] = f
	}
	return f
}

func (f *diskFile) write(text string, at core.Time) {
	f.before = f.text
	f.text, f.exists, f.changed = text, true, at
	f.version++
}

func (f *diskFile) sync() {
	f.durable, f.durableExists, f.durableKnown = f.text, f.exists, f.known
}

// power loses what was not made durable.
func (d *Disk) power() {
	for _, f := range d.files {
		if f.text != f.durable || f.exists != f.durableExists {
			f.text, f.exists, f.known = f.durable, f.durableExists, f.durableKnown
			f.version++
		}
	}
	d.holds = map[string]*hold{}
	d.freed = 0
}
