package hostabi

import (
	"errors"
	"math"

	"pimultiauth/core"
)

// ErrSchema answers a message that was written for another schema.
var ErrSchema = errors.New("hostabi: the message was written for another version of the schema; host and module must come from one build")

// exact is the largest magnitude up to which every whole number is a float64.
const exact = 1 << 53

// decoder reads positional fields. After the first fault it answers zero values, so that readers need no checks of their own.
type decoder struct {
	rest []byte
	err  string
}

func (d *decoder) fail(field, what string) {
	if d.err == "" {
		d.err = field + " " + what
	}
	d.rest = nil
}

func (d *decoder) take(n int, field string) []byte {
	if n < 0 || n > len(d.rest) {
		d.fail(field, "reaches beyond the end")
		return nil
	}
	b := d.rest[:n]
	d.rest = d.rest[n:]
	return b
}

func (d *decoder) size(field string) int {
	b := d.take(4, field)
	if b == nil {
		return 0
	}
	n := uint32(b[0]) | uint32(b[1])<<8 | uint32(b[2])<<16 | uint32(b[3])<<24
	if n > MaxMessage {
		d.fail(field, "is longer than a message may be")
		return 0
	}
	return int(n)
}

func (d *decoder) text(field string) string { return string(d.take(d.size(field), field)) }

func (d *decoder) truth(field string) bool {
	b := d.take(1, field)
	if b == nil {
		return false
	}
	if b[0] > 1 {
		d.fail(field, "is neither 0 nor 1")
		return false
	}
	return b[0] == 1
}

func (d *decoder) number(field string) int64 {
	b := d.take(8, field)
	if b == nil {
		return 0
	}
	_ = b[7]
	f := math.Float64frombits(uint64(b[0]) | uint64(b[1])<<8 | uint64(b[2])<<16 | uint64(b[3])<<24 |
		uint64(b[4])<<32 | uint64(b[5])<<40 | uint64(b[6])<<48 | uint64(b[7])<<56)
	n := int64(f)
	if !(f >= -exact && f <= exact) || float64(n) != f {
		d.fail(field, "is no whole number of at most 2^53")
		return 0
	}
	return n
}

// count reads the length of a list whose elements take at least minimum bytes each, so that a lie cannot ask for memory.
func (d *decoder) count(field string, minimum int) int {
	n := d.size(field)
	if n*max(minimum, 1) > len(d.rest) {
		d.fail(field, "has more elements than bytes are left for")
		return 0
	}
	return n
}

func (d *decoder) end() error {
	if d.err != "" {
		return errors.New("hostabi: " + d.err)
	}
	if len(d.rest) > 0 {
		return errors.New("hostabi: bytes are left over after the end")
	}
	return nil
}

func appendSize(b []byte, n int) []byte {
	return append(b, byte(n), byte(n>>8), byte(n>>16), byte(n>>24))
}

func appendCount(b []byte, n int) []byte { return appendSize(b, n) }

func appendText(b []byte, s string) []byte { return append(appendSize(b, len(s)), s...) }

func appendTruth(b []byte, v bool) []byte {
	if v {
		return append(b, 1)
	}
	return append(b, 0)
}

// appendNumber writes a whole number of at most 2^53; what lies beyond is written as a value that no decoder takes.
func appendNumber(b []byte, n int64) []byte {
	if n > exact || n < -exact {
		return append(b, 0, 0, 0, 0, 0, 0, 0xf8, 0x7f)
	}
	bits := math.Float64bits(float64(n))
	return append(b, byte(bits), byte(bits>>8), byte(bits>>16), byte(bits>>24), byte(bits>>32), byte(bits>>40), byte(bits>>48), byte(bits>>56))
}

// DecodeMessage reads a message, hash included. It answers ErrSchema for another schema's.
func DecodeMessage(b []byte) (core.Message, error) {
	var m core.Message
	if len(b) < 4 {
		return m, errors.New("hostabi: a message has at least four bytes")
	}
	if uint32(b[0])|uint32(b[1])<<8|uint32(b[2])<<16|uint32(b[3])<<24 != SchemaHash {
		return m, ErrSchema
	}
	d := decoder{rest: b[4:]}
	d.readMessage(&m)
	if err := d.end(); err != nil {
		return core.Message{}, err
	}
	return m, nil
}

// AppendTurn writes a turn without its effects.
func AppendTurn(b []byte, t *core.Turn) []byte { return appendTurn(b, t) }

// AppendEffect writes one effect, as the imports take it.
func AppendEffect(b []byte, e *core.Effect) []byte { return appendEffect(b, e) }
