package hostabi

import "pimultiauth/core"

// AppendMessage writes a message as a host does, hash included.
func AppendMessage(b []byte, m *core.Message) []byte {
	h := SchemaHash
	return appendMessage(append(b, byte(h), byte(h>>8), byte(h>>16), byte(h>>24)), m)
}

// DecodeTurn reads a turn as a host does; its effects came through the imports.
func DecodeTurn(b []byte) (core.Turn, error) {
	var t core.Turn
	d := decoder{data: b}
	d.readTurn(&t)
	return t, d.end()
}

// DecodeEffect reads what an import was given.
func DecodeEffect(b []byte) (core.Effect, error) {
	var e core.Effect
	d := decoder{data: b}
	d.readEffect(&e)
	return e, d.end()
}
