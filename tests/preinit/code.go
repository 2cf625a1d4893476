package main

import (
	"encoding/binary"
	"errors"
	"fmt"
)

// Opcodes that are looked at (WebAssembly core specification 2.0, 5.4).
const (
	opNop         = 0x01
	opBlock       = 0x02
	opLoop        = 0x03
	opIf          = 0x04
	opElse        = 0x05
	opEnd         = 0x0b
	opBr          = 0x0c
	opBrIf        = 0x0d
	opBrTable     = 0x0e
	opReturn      = 0x0f
	opCall        = 0x10
	opIndirect    = 0x11
	opDrop        = 0x1a
	opSelect      = 0x1b
	opLocalGet    = 0x20
	opLocalSet    = 0x21
	opLocalTee    = 0x22
	opGlobalGet   = 0x23
	opGlobalSet   = 0x24
	opI32Load     = 0x28
	opI64Load     = 0x29
	opI32Load8U   = 0x2d
	opI64Load8U   = 0x31
	opI64Load32U  = 0x35
	opI32Store    = 0x36
	opI64Store    = 0x37
	opI64Store32  = 0x3e
	opMemorySize  = 0x3f
	opMemoryGrow  = 0x40
	opI32Const    = 0x41
	opI64Const    = 0x42
	opF32Const    = 0x43
	opF64Const    = 0x44
	opI32Eqz      = 0x45
	opI64Eqz      = 0x50
	opI32Add      = 0x6a
	opI32Sub      = 0x6b
	opI64Add      = 0x7c
	opWrap        = 0xa7
	opExtendU     = 0xad
	opLastNumeric = 0xc4
	opMore        = 0xfc
)

const emptyBlock = 0x40

// outermost is the label of the function itself.
const outermost = -1

// instruction is one of a function's. The labels of branches are numbers of their blocks instead of depths, so that blocks can go.
type instruction struct {
	op byte
	// value is a constant, an index, the offset of an access, or the label that a block has or a branch goes to.
	value int64
	// align is that of an access, and the type of a block.
	align byte
	// labels are those of a table of branches.
	labels []int64
	// rest are immediates that are not looked at.
	rest []byte
}

func isAccess(op byte) bool { return op >= opI32Load && op <= opI64Store32 }
func isLoad(op byte) bool   { return op >= opI32Load && op < opI32Store }

// decode reads the instructions of a function, its last end included.
func decode(b []byte) ([]instruction, error) {
	r := &cursor{b: b}
	var out []instruction
	open := []int64{outermost}
	labels := int64(0)
	label := func(depth uint64) int64 {
		if depth >= uint64(len(open)) {
			r.err = errors.New("a branch leads out of its function")
			return outermost
		}
		return open[len(open)-1-int(depth)]
	}
	for len(r.b) > 0 && r.err == nil {
		i := instruction{op: r.byte()}
		before := r.b
		switch op := i.op; {
		case op == opBlock || op == opLoop || op == opIf:
			i.align = r.byte()
			i.value = labels
			open = append(open, labels)
			labels++
		case op == opEnd:
			if len(open) == 0 {
				return nil, errors.New("a block ends that never began")
			}
			i.value = open[len(open)-1]
			open = open[:len(open)-1]
		case op == opBr || op == opBrIf:
			i.value = label(r.number())
		case op == opBrTable:
			for n := r.number() + 1; n > 0 && r.err == nil; n-- {
				i.labels = append(i.labels, label(r.number()))
			}
		case op == opCall || op >= opLocalGet && op <= opGlobalSet:
			i.value = int64(r.number())
		case op == opIndirect:
			r.number()
			r.byte()
			i.rest = before[:len(before)-len(r.b)]
		case isAccess(op):
			i.align = r.byte()
			i.value = int64(r.number())
		case op == opI32Const || op == opI64Const:
			i.value = r.signed()
		case op == opF32Const:
			i.rest = r.take(4)
		case op == opF64Const:
			i.rest = r.take(8)
		case op == opMemorySize || op == opMemoryGrow:
			i.rest = r.take(1)
		case op == opMore:
			switch kind := r.number(); {
			case kind < 8:
			case kind == 10:
				r.take(2)
			case kind == 11:
				r.take(1)
			default:
				return nil, fmt.Errorf("an instruction 0xfc %d", kind)
			}
			i.rest = before[:len(before)-len(r.b)]
		case op <= opNop || op == opElse || op == opReturn || op == opDrop || op == opSelect || op >= opI32Eqz && op <= opLastNumeric:
		default:
			return nil, fmt.Errorf("an instruction %#x", op)
		}
		out = append(out, i)
	}
	if r.err == nil && len(open) != 0 {
		return nil, errors.New("a function does not end")
	}
	return out, r.err
}

// encode appends instructions.
func encode(b []byte, code []instruction) []byte {
	open := []int64{outermost}
	depth := func(label int64) uint64 {
		n := len(open) - 1
		for open[n] != label {
			n--
		}
		return uint64(len(open) - 1 - n)
	}
	for _, i := range code {
		b = append(b, i.op)
		switch op := i.op; {
		case op == opBlock || op == opLoop || op == opIf:
			b = append(b, i.align)
			open = append(open, i.value)
		case op == opEnd:
			open = open[:len(open)-1]
		case op == opBr || op == opBrIf:
			b = binary.AppendUvarint(b, depth(i.value))
		case op == opBrTable:
			b = binary.AppendUvarint(b, uint64(len(i.labels)-1))
			for _, label := range i.labels {
				b = binary.AppendUvarint(b, depth(label))
			}
		case op == opCall || op >= opLocalGet && op <= opGlobalSet:
			b = binary.AppendUvarint(b, uint64(i.value))
		case isAccess(op):
			b = binary.AppendUvarint(append(b, i.align), uint64(i.value))
		case op == opI32Const || op == opI64Const:
			b = appendSigned(b, i.value)
		default:
			b = append(b, i.rest...)
		}
	}
	return b
}

// effect is how many values an instruction takes and leaves; ok is false for what it depends on other things for.
func (i *instruction) effect() (takes, leaves int, ok bool) {
	switch op := i.op; {
	case op == opLocalGet || op == opGlobalGet || op == opMemorySize || op >= opI32Const && op <= opF64Const:
		return 0, 1, true
	case op == opLocalSet || op == opGlobalSet || op == opDrop:
		return 1, 0, true
	case op == opLocalTee || op == opMemoryGrow || isLoad(op):
		return 1, 1, true
	case isAccess(op):
		return 2, 0, true
	case op == opSelect:
		return 3, 1, true
	case op == opMore && i.rest[0] < 8:
		return 1, 1, true
	case op == opMore:
		return 3, 0, true
	case op == opI32Eqz || op == opI64Eqz || op >= 0x67 && op <= 0x69 || op >= 0x79 && op <= 0x7b || op >= 0x8b && op <= 0x91 ||
		op >= 0x99 && op <= 0x9f || op >= opWrap && op <= opLastNumeric:
		return 1, 1, true
	case op > opI32Eqz && op < opWrap:
		return 2, 1, true
	}
	return 0, 0, false
}
