package hostabi

import "unsafe"

// Buffers are the header and the two buffers between guest and host. The guest owns them for ever; the host writes into the in-buffer
// between calls and reads the out-buffer before the next one. The zero value is not usable; call Init.
type Buffers struct {
	header [HeaderSize / 4]uint32
	in     []byte
	out    []byte
}

// firstIn and firstOut hold what nearly every call needs.
const (
	firstIn  = 4 << 10
	firstOut = 16 << 10
)

// Init makes the buffers and fills in what does not change.
func (b *Buffers) Init() {
	b.in = make([]byte, firstIn)
	b.out = make([]byte, 0, firstOut)
	b.header[HeaderVersion/4] = Version
	b.header[HeaderHash/4] = SchemaHash
	b.publish()
}

// Header is the address of the header.
func (b *Buffers) Header() int32 { return address(unsafe.Pointer(&b.header[0])) }

// In is the first n bytes of the in-buffer; false when it is shorter than that.
func (b *Buffers) In(n int) ([]byte, bool) {
	if n < 0 || n > len(b.in) {
		return nil, false
	}
	return b.in[:n], true
}

// Grow makes the in-buffer hold at least n bytes. Its address changes.
func (b *Buffers) Grow(n int) {
	if n > len(b.in) {
		size := len(b.in)
		for size < n {
			size *= 2
		}
		b.in = make([]byte, size)
	}
	b.publish()
}

// Out is the out-buffer, empty, to append an answer to; what was appended is given back to Answer.
func (b *Buffers) Out() []byte { return b.out[:0] }

// Answer makes out what the host reads.
func (b *Buffers) Answer(out []byte, code, flows int) {
	b.out = out
	b.header[HeaderError/4] = uint32(int32(code))
	b.header[HeaderFlows/4] = uint32(flows)
	b.publish()
}

func (b *Buffers) publish() {
	b.header[HeaderIn/4] = uint32(address(unsafe.Pointer(unsafe.SliceData(b.in))))
	b.header[HeaderInCap/4] = uint32(len(b.in))
	b.header[HeaderOut/4] = uint32(address(unsafe.Pointer(unsafe.SliceData(b.out))))
	b.header[HeaderOutLen/4] = uint32(len(b.out))
}

// Push gives bytes to one of the imports.
func Push(queue func(ptr, n int32), bytes []byte) {
	queue(address(unsafe.Pointer(unsafe.SliceData(bytes))), int32(len(bytes)))
}

// address is exact in the module, whose pointers have 32 bits.
func address(p unsafe.Pointer) int32 { return int32(uintptr(p)) }
