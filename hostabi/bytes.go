package hostabi

import (
	"errors"
	"unsafe"

	"pimultiauth/core"
)

// ErrSchema answers a message that was written for another schema.
var ErrSchema = errors.New("hostabi: the message was written for another version of the schema; host and module must come from one build")

// exact is the largest magnitude up to which every whole number is a float64.
const exact = 1 << 53

// decoder reads positional fields. After the first fault it answers zero values, so that readers need no checks of their own.
type decoder struct {
	data   []byte
	at     int
	err    string
	reused *Reused
}

func (d *decoder) fail(field, what string) {
	if d.err == "" {
		d.err = field + " " + what
	}
	d.data, d.at = nil, 0
}

// word32 and word64 read what lies at a place of a slice that is long enough, wherever it lies: whatever this runs on is little-endian
// and reads unaligned words.
func word32(b []byte, at int) uint32  { return *(*uint32)(unsafe.Pointer(&b[at])) }
func word64(b []byte, at int) float64 { return *(*float64)(unsafe.Pointer(&b[at])) }

func (d *decoder) size(field string) int {
	if len(d.data)-d.at < 4 {
		d.fail(field, "reaches beyond the end")
		return 0
	}
	n := word32(d.data, d.at)
	d.at += 4
	if n > MaxMessage {
		d.fail(field, "is longer than a message may be")
		return 0
	}
	return int(n)
}

// flags reads the bits that a structure begins with.
func (d *decoder) flags(structure string, known int) uint32 {
	if len(d.data)-d.at < 4 {
		d.fail(structure, "reaches beyond the end")
		return 0
	}
	flags := word32(d.data, d.at)
	d.at += 4
	if flags>>known != 0 {
		d.fail(structure, "has flags that mean nothing")
		return 0
	}
	return flags
}

func (d *decoder) text(field string) string {
	n := d.size(field)
	if n == 0 {
		return ""
	}
	if n > len(d.data)-d.at {
		d.fail(field, "reaches beyond the end")
		return ""
	}
	d.at += n
	return string(d.data[d.at-n : d.at])
}

func (d *decoder) number(field string) int64 {
	if len(d.data)-d.at < 8 {
		d.fail(field, "reaches beyond the end")
		return 0
	}
	f := word64(d.data, d.at)
	d.at += 8
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
	if n*max(minimum, 1) > len(d.data)-d.at {
		d.fail(field, "has more elements than bytes are left for")
		return 0
	}
	return n
}

func (d *decoder) end() error {
	if d.err != "" {
		return errors.New("hostabi: " + d.err)
	}
	if len(d.data) > d.at {
		return errors.New("hostabi: bytes are left over after the end")
	}
	return nil
}

func appendSize(b []byte, n int) []byte {
	b = append(b, 0, 0, 0, 0)
	*(*uint32)(unsafe.Pointer(&b[len(b)-4])) = uint32(n)
	return b
}

func appendCount(b []byte, n int) []byte { return appendSize(b, n) }

func appendText(b []byte, s string) []byte { return append(appendSize(b, len(s)), s...) }

func appendFlags(b []byte, flags uint32) []byte { return appendSize(b, int(flags)) }

// appendNumber writes a whole number of at most 2^53; what lies beyond is written as a value that no decoder takes.
func appendNumber(b []byte, n int64) []byte {
	if n > exact || n < -exact {
		return append(b, 0, 0, 0, 0, 0, 0, 0xf8, 0x7f)
	}
	b = append(b, 0, 0, 0, 0, 0, 0, 0, 0)
	*(*float64)(unsafe.Pointer(&b[len(b)-8])) = float64(n)
	return b
}

// DecodeMessage reads a message, hash included. It answers ErrSchema for another schema's.
func DecodeMessage(b []byte) (core.Message, error) { return new(Reused).Decode(b) }

// Decode is DecodeMessage; what was decoded before must no longer be needed.
func (r *Reused) Decode(b []byte) (core.Message, error) {
	var m core.Message
	if len(b) < 4 {
		return m, errors.New("hostabi: a message has at least four bytes")
	}
	if uint32(b[0])|uint32(b[1])<<8|uint32(b[2])<<16|uint32(b[3])<<24 != SchemaHash {
		return m, ErrSchema
	}
	d := decoder{data: b, at: 4, reused: r}
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
