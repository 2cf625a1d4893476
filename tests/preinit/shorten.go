package main

import (
	"encoding/binary"
	"errors"
	"slices"
)

// What Go 1.26's functions have in common (cmd/internal/obj/wasm): parameter 0 is PC_B, the block to go on in; local 1 is a copy of
// SP, which is global 0.
const (
	localBlock = 0
	localSP    = 1
	globalSP   = 0
)

// worthHelper is how often a function has to be called for its calls to go through a helper that notes where they came from: it saves
const worthHelper = 8

// shorten says the same in fewer instructions. A host checks each of them before it runs the module and compiles those it runs in the
// middle of the first request, so their number is most of what a start takes. Go's compiler leaves four things that this takes away:
// addresses on the stack reckoned in 64 bits, jumps forward that go through the table at the function's begin, comparisons that are
// turned round afterwards, and the sixteen bytes with which every call notes where it came from.
func (m *wasmModule) shorten() error {
	functions, err := m.functions()
	if err != nil {
		return err
	}
	calls := map[int64]int{}
	for f := range functions {
		code := functions[f].code
		code = foldAddresses(narrow(code))
		code = shortReturns(withoutIdleBlocks(shortJumps(code)))
		functions[f].code = code
		for _, at := range notedCalls(code) {
			calls[code[at+notedCall].value]++
		}
	}
	helpers, err := m.addHelpers(&functions, calls)
	if err != nil {
		return err
	}
	for f := range functions {
		functions[f].code = throughHelpers(functions[f].code, helpers)
	}
	m.setFunctions(functions)
	return nil
}

// function is the body of one: how its locals are declared, and its instructions.
type function struct {
	locals []byte
	code   []instruction
}

func (m *wasmModule) functions() ([]function, error) {
	r := &cursor{b: m.find(codeSection)}
	var out []function
	for range r.number() {
		body := &cursor{b: r.take(r.number())}
		whole := body.b
		for range body.number() {
			body.number()
			body.byte()
		}
		if err := errors.Join(r.err, body.err); err != nil {
			return nil, err
		}
		code, err := decode(body.b)
		if err != nil {
			return nil, err
		}
		out = append(out, function{locals: whole[:len(whole)-len(body.b)], code: code})
	}
	return out, r.err
}

func (m *wasmModule) setFunctions(functions []function) {
	body := binary.AppendUvarint(nil, uint64(len(functions)))
	for _, f := range functions {
		text := encode(append([]byte(nil), f.locals...), f.code)
		body = append(binary.AppendUvarint(body, uint64(len(text))), text...)
	}
	m.set(codeSection, body)
}

// inverse are the comparisons of integers that say the opposite of others.
var inverse = map[byte]byte{
	0x46: 0x47, 0x48: 0x4e, 0x49: 0x4f, 0x4a: 0x4c, 0x4b: 0x4d,
	0x51: 0x52, 0x53: 0x59, 0x54: 0x5a, 0x55: 0x57, 0x56: 0x58,
}

func init() {
	for op, opposite := range inverse {
		inverse[opposite] = op
	}
}

// narrowLoads are the loads of 64 bits whose value is made one of 32 bits at once, and what loads no more than is wanted.
var narrowLoads = map[byte]byte{opI64Load: opI32Load, opI64Load32U: opI32Load, opI64Load8U: opI32Load8U}

// narrow reckons in 32 bits what is used in 32 bits, and leaves out what does nothing.
func narrow(code []instruction) []instruction {
	out := code[:0]
	last := func() *instruction {
		if len(out) == 0 {
			return &instruction{}
		}
		return &out[len(out)-1]
	}
	for _, i := range code {
		switch was := last(); {
		case i.op == opNop:
			continue
		case i.op == opWrap && was.op == opI64Const:
			*was = instruction{op: opI32Const, value: int64(int32(was.value))}
			continue
		case i.op == opWrap && was.op == opExtendU:
			out = out[:len(out)-1]
			continue
		case i.op == opWrap && narrowLoads[was.op] != 0:
			was.op, was.align = narrowLoads[was.op], min(was.align, 2)
			continue
		case i.op == opWrap && was.op == opI64Add && len(out) > 2 && out[len(out)-2].op == opI64Const && out[len(out)-3].op == opExtendU:
			offset := out[len(out)-2].value
			out = append(out[:len(out)-3], instruction{op: opI32Const, value: int64(int32(offset))}, instruction{op: opI32Add})
			continue
		case i.op == opI32Eqz && inverse[was.op] != 0:
			was.op = inverse[was.op]
			continue
		}
		out = append(out, i)
	}
	return out
}

// foldAddresses lets an access to the stack say the offset itself. SP and a frame's size stay far below the end of 32 bits.
func foldAddresses(code []instruction) []instruction {
	out := code[:0]
	for at := 0; at < len(code); at++ {
		i := code[at]
		if i.op == opLocalGet && i.value == localSP && at+2 < len(code) && code[at+1].op == opI32Const && code[at+1].value >= 0 &&
			code[at+2].op == opI32Add {
			if access := consumer(code, at+3); access > 0 {
				code[access].value += code[at+1].value
				at += 2
			}
		}
		out = append(out, i)
	}
	return out
}

// consumer finds the access whose address was left right before an instruction, and is 0 for anything else that takes it.
func consumer(code []instruction, at int) int {
	above := 0
	for ; at < len(code); at++ {
		takes, leaves, ok := code[at].effect()
		switch op := code[at].op; {
		case !ok:
			return 0
		case takes <= above:
			above += leaves - takes
		case isLoad(op) && above == 0 || isAccess(op) && !isLoad(op) && above == 1:
			return at
		default:
			return 0
		}
	}
	return 0
}

// shortJumps makes the jumps forward direct ones. Go sets PC_B and goes back to the function's begin, where a table leads to the block.
func shortJumps(code []instruction) []instruction {
	table := -1
	for at, i := range code {
		if i.op != opLocalGet || i.value != localBlock {
			continue
		}
		switch {
		case table < 0 && code[at+1].op == opBrTable:
			table = at + 1
		case at > 1 && code[at-1].op == opI32Const && code[at-2].op == opLocalSet && code[at-2].value == localBlock:
			// A call of a pointer keeps the function there for a moment.
		default:
			return code
		}
	}
	if table < 0 {
		return code
	}
	labels := code[table].labels
	out := code[:0]
	var open []int64
	for at := 0; at < len(code); at++ {
		i := code[at]
		switch i.op {
		case opBlock, opLoop, opIf:
			open = append(open, i.value)
		case opEnd:
			if len(open) > 0 {
				open = open[:len(open)-1]
			}
		case opI32Const:
			if at <= table || at+2 >= len(code) || code[at+1].op != opLocalSet || code[at+1].value != localBlock || code[at+2].op != opBr {
				break
			}
			target := labels[min(int(i.value), len(labels)-1)]
			if !slices.Contains(open, target) {
				break
			}
			at += 2
			switch next := code[at+1]; {
			case next.op == opEnd && next.value == target:
			case next.op == opEnd && len(out) > 0 && out[len(out)-1].op == opIf:
				out[len(out)-1] = instruction{op: opBrIf, value: target}
				open = open[:len(open)-1]
				at++
			default:
				out = append(out, instruction{op: opBr, value: target})
			}
			continue
		}
		out = append(out, i)
	}
	return out
}

// withoutIdleBlocks leaves out the blocks and loops that no branch leads to.
func withoutIdleBlocks(code []instruction) []instruction {
	used := map[int64]bool{outermost: true}
	for _, i := range code {
		switch i.op {
		case opBr, opBrIf:
			used[i.value] = true
		case opBrTable:
			for _, label := range i.labels {
				used[label] = true
			}
		case opIf:
			used[i.value] = true
		case opBlock, opLoop:
			used[i.value] = used[i.value] || i.align != emptyBlock
		}
	}
	out := code[:0]
	for _, i := range code {
		if (i.op == opBlock || i.op == opLoop || i.op == opEnd) && !used[i.value] {
			continue
		}
		out = append(out, i)
	}
	return out
}

// shortReturns gives the frame and the place of the call back in one step, and keeps no copy of SP for what comes after the return.
func shortReturns(code []instruction) []instruction {
	out := code[:0]
	for at := 0; at < len(code); at++ {
		if n, size := givenBack(code[at:]); n > 0 {
			if more, word := givenBack(code[at+n:]); more > 0 {
				n, size = n+more, size+word
			}
			if at+n+1 < len(code) && code[at+n].op == opI32Const && code[at+n+1].op == opReturn {
				out = append(out, instruction{op: opLocalGet, value: localSP}, instruction{op: opI32Const, value: size},
					instruction{op: opI32Add}, instruction{op: opGlobalSet, value: globalSP})
				at += n - 1
				continue
			}
		}
		out = append(out, code[at])
	}
	return out
}

// givenBack is how many instructions at the begin add to SP, and how much.
func givenBack(code []instruction) (n int, size int64) {
	if len(code) < 5 || code[1].op != opI32Const {
		return 0, 0
	}
	size = code[1].value
	if !matches(code, []instruction{
		{op: opLocalGet, value: localSP}, {op: opI32Const, value: size}, {op: opI32Add}, {op: opLocalTee, value: localSP},
		{op: opGlobalSet, value: globalSP},
	}) {
		return 0, 0
	}
	return 5, size
}

// matches tells whether code begins with instructions as they are in pattern.
func matches(code, pattern []instruction) bool {
	for i, want := range pattern {
		if i >= len(code) || code[i].op != want.op || code[i].value != want.value {
			return false
		}
	}
	return true
}

// Where the place and the call stand in the instructions that make a call and note where it came from.
const (
	notedPlace = 6
	notedCall  = 9
)

// notedCalls are the places of such instructions: SP goes down by a word, the place in the function is written there, and a call begins
// at block 0.
func notedCalls(code []instruction) []int {
	before := []instruction{
		{op: opLocalGet, value: localSP}, {op: opI32Const, value: 8}, {op: opI32Sub}, {op: opLocalTee, value: localSP},
		{op: opGlobalSet, value: globalSP}, {op: opLocalGet, value: localSP},
	}
	after := []instruction{{op: opI64Store}, {op: opI32Const}}
	var out []int
	for at := 0; at+notedCall < len(code); at++ {
		if code[at+notedCall].op == opCall && code[at+notedPlace].op == opI64Const && matches(code[at:], before) &&
			matches(code[at+notedPlace+1:], after) {
			out = append(out, at)
		}
	}
	return out
}

// addHelpers appends, for every function that is called often, one that notes the place it is given and calls it.
func (m *wasmModule) addHelpers(functions *[]function, calls map[int64]int) (map[int64]int64, error) {
	imported, err := m.importedFunctions()
	if err != nil {
		return nil, err
	}
	kind, err := m.addType([]byte{typeFunction, 1, byte(typeI64), 1, byte(typeI32)})
	if err != nil {
		return nil, err
	}
	kinds := &cursor{b: m.find(functionSection)}
	if kinds.number() != uint64(len(*functions)) || kinds.err != nil {
		return nil, errors.New("it has not one type for each function")
	}
	types := slices.Clone(kinds.b)
	helpers := map[int64]int64{}
	for callee := int64(0); callee < int64(imported+len(*functions)); callee++ {
		if calls[callee] < worthHelper {
			continue
		}
		helpers[callee] = int64(imported + len(*functions))
		types = binary.AppendUvarint(types, kind)
		*functions = append(*functions, function{locals: []byte{0}, code: []instruction{
			{op: opGlobalGet, value: globalSP}, {op: opI32Const, value: 8}, {op: opI32Sub}, {op: opGlobalSet, value: globalSP},
			{op: opGlobalGet, value: globalSP}, {op: opLocalGet}, {op: opI64Store, align: 3},
			{op: opI32Const}, {op: opCall, value: callee}, {op: opEnd, value: outermost},
		}})
	}
	m.set(functionSection, append(binary.AppendUvarint(nil, uint64(len(*functions))), types...))
	return helpers, nil
}

// throughHelpers calls the helpers instead of what they call.
func throughHelpers(code []instruction, helpers map[int64]int64) []instruction {
	places := notedCalls(code)
	out := make([]instruction, 0, len(code))
	from := 0
	for _, at := range places {
		helper, ok := helpers[code[at+notedCall].value]
		if !ok {
			continue
		}
		out = append(append(out, code[from:at]...), code[at+notedPlace], instruction{op: opCall, value: helper})
		from = at + notedCall + 1
	}
	return append(out, code[from:]...)
}
