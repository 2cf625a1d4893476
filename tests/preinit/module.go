package main

import (
	"encoding/binary"
	"errors"
	"fmt"
)

// Sections of a module (WebAssembly core specification 1.0, 5.5.2, and 2.0 for the data count).
const (
	customSection    = 0
	typeSection      = 1
	importSection    = 2
	functionSection  = 3
	memorySection    = 5
	globalSection    = 6
	exportSection    = 7
	startSection     = 8
	codeSection      = 10
	dataSection      = 11
	dataCountSection = 12
)

const pageSize = 64 << 10

// zeroRun is how many zeros in a row are worth a segment of their own after them.
const zeroRun = 32

type section struct {
	id   byte
	body []byte
}

type wasmModule struct {
	sections []section
}

// typeFunction begins the type of a function.
const typeFunction = 0x60

// globalType is a value type: 0x7f is i32, 0x7e is i64.
type globalType byte

const (
	typeI32 globalType = 0x7f
	typeI64 globalType = 0x7e
)

func parse(b []byte) (*wasmModule, error) {
	if len(b) < 8 || string(b[:8]) != "\x00asm\x01\x00\x00\x00" {
		return nil, errors.New("it is no WebAssembly module")
	}
	m := &wasmModule{}
	for b = b[8:]; len(b) > 0; {
		id := b[0]
		n, size := binary.Uvarint(b[1:])
		if size <= 0 || n > uint64(len(b)-1-size) {
			return nil, errors.New("a section reaches beyond its end")
		}
		b = b[1+size:]
		m.sections = append(m.sections, section{id, b[:n]})
		b = b[n:]
	}
	return m, nil
}

func (m *wasmModule) find(id byte) []byte {
	for _, s := range m.sections {
		if s.id == id {
			return s.body
		}
	}
	return nil
}

func (m *wasmModule) set(id byte, body []byte) {
	for i := range m.sections {
		if m.sections[i].id == id {
			m.sections[i].body = body
		}
	}
}

// importedFunctions is how many functions stand before the module's own.
func (m *wasmModule) importedFunctions() (int, error) {
	r := &cursor{b: m.find(importSection)}
	n := int(r.number())
	for range n {
		r.take(r.number())
		r.take(r.number())
		if kind := r.byte(); kind != 0 && r.err == nil {
			return 0, errors.New("it imports other things than functions")
		}
		r.number()
	}
	return n, r.err
}

// addType appends a type and answers its index.
func (m *wasmModule) addType(text []byte) (uint64, error) {
	r := &cursor{b: m.find(typeSection)}
	n := r.number()
	m.set(typeSection, append(append(binary.AppendUvarint(nil, n+1), r.b...), text...))
	return n, r.err
}

// mutableGlobals answers the types of the globals, all of which have to be mutable and begin with a constant.
func (m *wasmModule) mutableGlobals() ([]globalType, error) {
	r := &cursor{b: m.find(globalSection)}
	var types []globalType
	for range r.number() {
		t := globalType(r.byte())
		if mutable := r.byte(); mutable != 1 || (t != typeI32 && t != typeI64) {
			return nil, errors.New("a global is not a mutable i32 or i64")
		}
		if op := r.byte(); op != 0x41 && op != 0x42 {
			return nil, errors.New("a global does not begin with a constant")
		}
		r.signed()
		if r.byte() != 0x0b {
			return nil, errors.New("a global does not begin with one constant")
		}
		types = append(types, t)
	}
	return types, r.err
}

func globalName(i int) string { return fmt.Sprintf("__global%d", i) }

// exportGlobals is the module with its globals exported, so that they can be read after the start.
func (m *wasmModule) exportGlobals(n int) ([]byte, error) {
	r := &cursor{b: m.find(exportSection)}
	count := r.number()
	if r.err != nil {
		return nil, r.err
	}
	body := binary.AppendUvarint(nil, count+uint64(n))
	body = append(body, r.b...)
	for i := range n {
		body = appendName(body, globalName(i))
		body = binary.AppendUvarint(append(body, 3), uint64(i))
	}
	return m.assemble(map[byte][]byte{exportSection: body}, nil), nil
}

// emit is the module with memory and globals as they were left, and without what starts it.
func (m *wasmModule) emit(types []globalType, values []uint64, memory []byte) ([]byte, error) {
	exports, err := m.withoutExport("_initialize")
	if err != nil {
		return nil, err
	}
	global := binary.AppendUvarint(nil, uint64(len(types)))
	for i, t := range types {
		global = append(global, byte(t), 1)
		if t == typeI32 {
			global = appendSigned(append(global, 0x41), int64(int32(values[i])))
		} else {
			global = appendSigned(append(global, 0x42), int64(values[i]))
		}
		global = append(global, 0x0b)
	}
	pages, err := m.memoryOf(len(memory) / pageSize)
	if err != nil {
		return nil, err
	}
	return m.assemble(map[byte][]byte{
		memorySection: pages, globalSection: global, exportSection: exports, dataSection: segments(memory),
	}, map[byte]bool{customSection: true}), nil
}

func (m *wasmModule) memoryOf(pages int) ([]byte, error) {
	r := &cursor{b: m.find(memorySection)}
	if r.number() != 1 {
		return nil, errors.New("it has not one memory")
	}
	flags := r.number()
	r.number()
	body := binary.AppendUvarint(binary.AppendUvarint([]byte{1}, flags), uint64(pages))
	return append(body, r.b...), r.err
}

func (m *wasmModule) withoutExport(name string) ([]byte, error) {
	r := &cursor{b: m.find(exportSection)}
	n := r.number()
	var kept []byte
	left := uint64(0)
	for range n {
		export := string(r.take(r.number()))
		kind, index := r.byte(), r.number()
		if export == name {
			continue
		}
		kept = binary.AppendUvarint(append(appendName(kept, export), kind), index)
		left++
	}
	return append(binary.AppendUvarint(nil, left), kept...), r.err
}

// assemble writes the module with some sections replaced and some left out.
func (m *wasmModule) assemble(replaced map[byte][]byte, without map[byte]bool) []byte {
	out := []byte("\x00asm\x01\x00\x00\x00")
	for _, s := range m.sections {
		if without[s.id] {
			continue
		}
		body, ok := replaced[s.id]
		if !ok {
			body = s.body
		}
		out = binary.AppendUvarint(append(out, s.id), uint64(len(body)))
		out = append(out, body...)
	}
	return out
}

// segments cuts memory into active segments, leaving long runs of zeros out: memory begins as zeros.
func segments(memory []byte) []byte {
	var body []byte
	count := uint64(0)
	for at := 0; at < len(memory); {
		if memory[at] == 0 {
			at++
			continue
		}
		end, zeros := at, 0
		for i := at; i < len(memory) && zeros < zeroRun; i++ {
			if memory[i] == 0 {
				zeros++
				continue
			}
			zeros, end = 0, i+1
		}
		body = appendSigned(append(body, 0, 0x41), int64(int32(at)))
		body = binary.AppendUvarint(append(body, 0x0b), uint64(end-at))
		body = append(body, memory[at:end]...)
		count++
		at = end
	}
	return append(binary.AppendUvarint(nil, count), body...)
}

func appendName(b []byte, name string) []byte {
	return append(binary.AppendUvarint(b, uint64(len(name))), name...)
}

// appendSigned writes a signed LEB128 (WebAssembly core specification 1.0, 5.2.2).
func appendSigned(b []byte, v int64) []byte {
	for {
		low := byte(v & 0x7f)
		v >>= 7
		if (v == 0 && low&0x40 == 0) || (v == -1 && low&0x40 != 0) {
			return append(b, low)
		}
		b = append(b, low|0x80)
	}
}

// cursor reads a section; after the first fault it answers zero values.
type cursor struct {
	b   []byte
	err error
}

func (r *cursor) take(n uint64) []byte {
	if n > uint64(len(r.b)) {
		r.err, r.b = errors.New("a section ends too early"), nil
		return nil
	}
	b := r.b[:n]
	r.b = r.b[n:]
	return b
}

func (r *cursor) byte() byte {
	if b := r.take(1); b != nil {
		return b[0]
	}
	return 0
}

func (r *cursor) number() uint64 {
	n, size := binary.Uvarint(r.b)
	if size <= 0 {
		r.err, r.b = errors.New("a number does not end"), nil
		return 0
	}
	r.b = r.b[size:]
	return n
}

// signed reads a signed LEB128.
func (r *cursor) signed() int64 {
	v := int64(0)
	for shift := 0; ; shift += 7 {
		b := r.byte()
		if shift < 64 {
			v |= int64(b&0x7f) << shift
		}
		if b&0x80 != 0 {
			continue
		}
		if shift+7 < 64 && b&0x40 != 0 {
			v |= -1 << (shift + 7)
		}
		return v
	}
}
