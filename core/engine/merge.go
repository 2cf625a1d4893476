package engine

import (
	"strings"

	"pimultiauth/core"
	"pimultiauth/core/flow"
	"pimultiauth/core/store"
)

// ours is a file of ours as this instance knows it.
type ours struct {
	name    string
	tree    *store.Tree
	version int64
	// seen is the text that was joined or written last.
	seen string
	// good is the text that was last found fit to be joined, or written.
	good string
	// readOnly says why the file is not written, "" when it is.
	readOnly string
}

// underGate saves a file with a change that is made when the host holds the gate and what stands in the file is known.
func (e *Engine) underGate(h *flow.Host, file string, sync bool, change func() string) {
	save := e.effect(core.Effect{File: &core.File{Op: "save", Name: file, Sync: sync}})
	e.saves[save.ID] = change
	// A flow that is stopped while it waits changes nothing any more.
	defer delete(e.saves, save.ID)
	h.Do(save)
}

// alone waits until no other flow of any process is at what has a name, keeps others from it until this one ends, and brings our accounts in
// as they stand then.
func (e *Engine) alone(h *flow.Host, name string) error {
	for {
		held, err := h.File(core.File{Op: "hold", Name: name})
		if err != nil {
			return err
		}
		e.takeOwn(held)
		if !held.Early {
			return nil
		}
	}
}

// merge answers the text to write, while the host holds the gate: what stands in the file, what this instance knows and the change.
func (e *Engine) merge(m core.Message) (core.Turn, error) {
	merged := &core.Merged{}
	file := e.files[m.Merge.File]
	if file == nil {
		merged.ReadOnly = "no rule for " + m.Merge.File
		return core.Turn{Merged: merged}, nil
	}
	current := m.Merge.Current
	damaged, readOnly := "", ""
	if current != file.good {
		damaged, readOnly = store.Check(current, float64(file.version))
		file.readOnly = readOnly
		if readOnly != "" {
			return core.Turn{Merged: &core.Merged{ReadOnly: readOnly}}, nil
		}
		if damaged != "" {
			merged.Damaged = damaged
			current = ""
		}
		if file.name == "state" && store.IsOld(current) {
			merged.Old = true
			current = store.Upgrade(current)
		}
	}
	e.absorb(file, current)
	if file.name == "usage" {
		// What a clock that was ahead wrote would outlast every change.
		file.tree.PruneUsage(m.At)
	}
	delta := m.Merge.Delta.Reveal()
	if run := e.saves[m.Merge.Save]; run != nil {
		delete(e.saves, m.Merge.Save)
		delta = run()
		merged.Delta = core.Secret(delta)
	}
	for rest := delta; rest != ""; {
		delta, rest, _ = strings.Cut(rest, "\n")
		e.follow(file, file.tree.Join(delta))
	}
	if file.name == "usage" {
		file.tree.PruneUsage(m.At)
	} else if file.name == "state" {
		file.tree.Prune(m.At)
		if e.own.Known() && !file.tree.Owning() {
			file.tree.Join(store.OwningDelta)
		}
	} else {
		merged.Forget = file.tree.Forget()
	}
	file.tree.Own(file.version)
	text := file.tree.Text()
	file.seen, file.good = text, text
	merged.Text = core.Secret(text)
	merged.Unchanged = damaged == "" && text == m.Merge.Current
	return core.Turn{Merged: merged}, nil
}
