package core

// AddRow adds a row with a tone, as in Row.
func (v *View) AddRow(tone string, cells ...string) {
	v.Rows = append(v.Rows, Row{Cells: cells, Tone: tone})
}
