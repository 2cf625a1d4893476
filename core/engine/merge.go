package engine

import (
	"pimultiauth/core"
	"pimultiauth/core/store"
)

// merge answers the text to write, while the host holds the gate: what stands in the file, what this instance knows and the change.
func (e *Engine) merge(m core.Message) (core.Turn, error) {
	merged := &core.Merged{}
	if m.Merge.File != "state" {
		merged.ReadOnly = "no rule for " + m.Merge.File
		return core.Turn{Merged: merged}, nil
	}
	current := m.Merge.Current
	damaged, readOnly := store.Check(current, store.Version)
	if readOnly != "" {
		e.readOnly = readOnly
		return core.Turn{Merged: &core.Merged{ReadOnly: readOnly}}, nil
	}
	e.readOnly = ""
	if damaged != "" {
		merged.Damaged = damaged
		current = ""
	}
	e.absorb(current)
	delta := m.Merge.Delta.Reveal()
	if run := e.saves[m.Merge.Save]; run != nil {
		delete(e.saves, m.Merge.Save)
		delta = run()
	}
	e.state.Join(delta)
	e.state.Prune(m.At)
	text := e.state.Text()
	e.seen = text
	merged.Text = core.Secret(text)
	merged.Unchanged = damaged == "" && text == m.Merge.Current
	return core.Turn{Merged: merged}, nil
}
