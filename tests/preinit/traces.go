package main

import (
	"bytes"
	"encoding/binary"
	"errors"
)

// pclntabMagic begins the table of functions of Go 1.20 and later (internal/abi, Go120PCLnTabMagic), little-endian; then stand two bytes
// of padding, the size of an instruction and that of a pointer.
var pclntabMagic = []byte{0xf1, 0xff, 0xff, 0xff, 0, 0, 1, 8}

// Offsets in the fixed part of a function's record (runtime/runtime2.go, _func). The offsets of its tables of instructions and of its
// other data follow it, each of them in 32 bits.
const (
	funcName        = 4
	funcArgs        = 8
	funcDeferReturn = 12
	funcPCSP        = 16
	funcNPCData     = 28
	funcID          = 40
	funcFlag        = 41
	funcNFuncData   = 43
	funcPCData      = 44
	headerSize      = 72
	functabRecord   = 8
)

// What the tables of a function are about (internal/abi, symtab.go).
const (
	stackMapIndex       = 1
	inlinedIndex        = 2
	argumentMaps        = 0
	localMaps           = 1
	stackObjects        = 2
	inlinedCalls        = 3
	openCodedDefers     = 4
	argumentsPrinted    = 5
	noData              = ^uint32(0)
	inlinedCallSize     = 16
	endOfArguments      = 0xff
	endOfArgumentsAtAll = 1 << 10
)

// functionTables are where the parts of the table of functions are in a memory.
type functionTables struct {
	at, count, names, cutab, pctab, functab int
}

func tablesOf(memory []byte) (functionTables, error) {
	at := bytes.Index(memory, pclntabMagic)
	if at < 0 || at+headerSize > len(memory) || bytes.Contains(memory[at+1:], pclntabMagic) {
		return functionTables{}, errors.New("it has not one table of functions")
	}
	word := func(n int) int { return at + int(binary.LittleEndian.Uint64(memory[at+8+8*n:])) }
	t := functionTables{at: at, count: word(0) - at, names: word(3), cutab: word(4), pctab: word(6), functab: word(7)}
	files := word(5)
	if !(at < t.names && t.names < t.cutab && t.cutab <= files && files <= t.pctab && t.pctab < t.functab && t.count >= 0 &&
		t.count < len(memory)/functabRecord && t.functab+t.count*functabRecord < len(memory)) {
		return functionTables{}, errors.New("its table of functions is laid out in another way")
	}
	return t, nil
}

// record is what the runtime knows of a function.
type record struct {
	// at is where it is in the memory.
	at                         int
	begin, name, args          uint32
	deferReturn, stackDepth    uint32
	instructionTables, theRest []uint32
	id, flag                   byte
}

// packedSize is what the record takes.
func (r *record) packedSize() int { return funcPCData + 4*len(r.instructionTables) + 4*len(r.theRest) }

func (t *functionTables) records(memory []byte) ([]record, error) {
	out := make([]record, t.count)
	for f := range out {
		at := t.functab + int(binary.LittleEndian.Uint32(memory[t.functab+f*functabRecord+4:]))
		if at < t.functab || at+funcPCData > len(memory) {
			return nil, errors.New("a function's record lies outside")
		}
		word := func(offset int) uint32 { return binary.LittleEndian.Uint32(memory[at+offset:]) }
		r := record{
			at: at, begin: word(0), name: word(funcName), args: word(funcArgs), deferReturn: word(funcDeferReturn),
			stackDepth: word(funcPCSP), id: memory[at+funcID], flag: memory[at+funcFlag],
		}
		tables, rest := int(word(funcNPCData)), int(memory[at+funcNFuncData])
		if tables > 1<<8 || at+funcPCData+4*(tables+rest) > len(memory) {
			return nil, errors.New("a function's record does not end")
		}
		for i := range tables {
			r.instructionTables = append(r.instructionTables, word(funcPCData+4*i))
		}
		for i := range rest {
			r.theRest = append(r.theRest, word(funcPCData+4*(tables+i)))
		}
		if int(r.name) >= t.cutab-t.names {
			return nil, errors.New("a function's name lies outside")
		}
		out[f] = r
	}
	return out, nil
}

// runtimeNames begin the names of functions that the runtime looks at itself: a goroutine that starts in one of them is its own.
const runtimeNames = "runtime."

// dropTraces takes out of a started memory what only the traces of a crash and the reader of profiles look at: which file, line and
// inlined call an instruction came from, what arguments look like, and most names. The host shows the first line of a crash alone, which
// needs none of it. What the collector, the stacks' growth, deferred calls and recover look at stays and reads as before: how deep the
// stack is, the maps of pointers, and the inlined calls of the functions that have a number, which gorecover tells wrappers by (a function
// that recovers is never inlined, so that it needs no other's). Of the names it leaves those of numbered functions, which a nil receiver's
// panic shows, and of the runtime's own the part that it looks at itself.
//
// An offset of 0 says that a function has no such table of instructions, one of all ones that it has no such data (runtime/symtab.go,
// pcvalue and funcdata).
//
// It changes nothing and answers an error when the tables are not laid out as in Go 1.26.
func dropTraces(memory []byte) (dropped int, err error) {
	found, err := tablesOf(memory)
	if err != nil {
		return 0, err
	}
	data, err := dataOf(memory, &found)
	if err != nil {
		return 0, err
	}
	records, err := found.records(memory)
	if err != nil {
		return 0, err
	}
	unread, err := strip(memory, &found, data, records)
	if err != nil {
		return 0, err
	}
	tables, err := packTables(memory[found.pctab:found.functab], records)
	if err != nil {
		return 0, err
	}
	names := packNames(memory[found.names:found.cutab], records)
	size := (found.count + 1) * functabRecord
	for i := range records {
		size += records[i].packedSize()
	}
	if found.functab+size > data {
		return 0, errors.New("the functions' records do not fit where they were")
	}
	for _, part := range unread {
		dropped += part.size
		clear(memory[part.at : part.at+part.size])
	}
	dropped += found.functab - found.names - len(names) - len(tables) + data - found.functab - size
	clear(memory[found.names:found.functab])
	copy(memory[found.names:], names)
	copy(memory[found.pctab:], tables)
	writeRecords(memory, &found, data, records)
	return dropped, nil
}

// dataOf is where the data begin that functions' records lead to: right behind the records.
func dataOf(memory []byte, t *functionTables) (int, error) {
	module, err := moduleOf(memory, t)
	if err != nil {
		return 0, err
	}
	word := func(offset int) int { return int(binary.LittleEndian.Uint64(memory[module+offset:])) }
	data := word(moduleData)
	if word(moduleRecords) != t.functab || data < t.functab || data != t.functab+word(moduleRecords+8) || data > len(memory) {
		return 0, errors.New("the functions' records are laid out in another way")
	}
	return data, nil
}

// stretch is a part of the memory.
type stretch struct{ at, size int }

// strip takes what only traces read out of records, and answers where the data are that nobody reads then.
func strip(memory []byte, t *functionTables, data int, records []record) ([]stretch, error) {
	var unread []stretch
	kept := map[uint32]bool{}
	for i := range records {
		r := &records[i]
		calls := uint32(0)
		if len(r.instructionTables) > inlinedIndex {
			highest, err := highestValue(memory[t.pctab:t.functab], int(r.instructionTables[inlinedIndex]))
			if err != nil {
				return nil, err
			}
			calls = uint32(highest + 1)
		}
		for kind, offset := range r.theRest {
			if offset == noData {
				continue
			}
			if data+int(offset) >= len(memory) {
				return nil, errors.New("a function's data lie outside")
			}
			at := data + int(offset)
			switch {
			case kind == inlinedCalls && r.id == 0:
				unread = append(unread, stretch{at, int(calls) * inlinedCallSize})
			case kind == argumentsPrinted:
				n := bytes.IndexByte(memory[at:min(at+endOfArgumentsAtAll, len(memory))], endOfArguments)
				unread = append(unread, stretch{at, n + 1})
			case kind == argumentMaps || kind == localMaps || kind == stackObjects || kind == inlinedCalls || kind == openCodedDefers:
				kept[offset] = true
				continue
			}
			r.theRest[kind] = noData
		}
		for kind := range r.instructionTables {
			if kind != stackMapIndex && (kind != inlinedIndex || r.id == 0) {
				r.instructionTables[kind] = 0
			}
		}
		for n := len(r.theRest); n > 0 && r.theRest[n-1] == noData; n = len(r.theRest) {
			r.theRest = r.theRest[:n-1]
		}
		for n := len(r.instructionTables); n > 0 && r.instructionTables[n-1] == 0; n = len(r.instructionTables) {
			r.instructionTables = r.instructionTables[:n-1]
		}
	}
	// The same data may be more than one function's.
	out := unread[:0]
	done := map[int]bool{}
	for _, part := range unread {
		if !done[part.at] && !kept[uint32(part.at-data)] {
			done[part.at] = true
			out = append(out, part)
		}
	}
	return out, nil
}

// packTables leaves the tables of instructions that records lead to, and lets them lead to where those are now. A function's stand
// together.
func packTables(tables []byte, records []record) ([]byte, error) {
	packed := []byte{0}
	moved := map[uint32]uint32{0: 0}
	for i := range records {
		r := &records[i]
		offsets := []*uint32{&r.stackDepth}
		for i := range r.instructionTables {
			offsets = append(offsets, &r.instructionTables[i])
		}
		for _, offset := range offsets {
			to, ok := moved[*offset]
			if !ok {
				size := tableSize(tables, int(*offset))
				if size == 0 {
					return nil, errors.New("a table of instructions has no end")
				}
				to = uint32(len(packed))
				moved[*offset] = to
				packed = append(packed, tables[*offset:int(*offset)+size]...)
			}
			*offset = to
		}
	}
	return packed, nil
}

// packNames leaves the names that are looked at, and lets records lead to where they are now: 0 is that of a function without a name.
func packNames(names []byte, records []record) []byte {
	packed := append([]byte{0}, runtimeNames...)
	packed = append(packed, 0)
	for i := range records {
		r := &records[i]
		name, _, _ := bytes.Cut(names[r.name:], []byte{0})
		switch {
		case bytes.HasPrefix(name, []byte(runtimeNames)):
			r.name = 1
		case r.id != 0:
			r.name = uint32(len(packed))
			packed = append(append(packed, name...), 0)
		default:
			r.name = 0
		}
	}
	return packed
}

// writeRecords writes the table of functions and their records one behind the other.
func writeRecords(memory []byte, t *functionTables, data int, records []record) {
	at := t.functab + (t.count+1)*functabRecord
	clear(memory[at:data])
	for f := range records {
		r := &records[f]
		binary.LittleEndian.PutUint32(memory[t.functab+f*functabRecord+4:], uint32(at-t.functab))
		for _, word := range []struct {
			offset int
			value  uint32
		}{
			{0, r.begin}, {funcName, r.name}, {funcArgs, r.args}, {funcDeferReturn, r.deferReturn}, {funcPCSP, r.stackDepth},
			{funcNPCData, uint32(len(r.instructionTables))},
		} {
			binary.LittleEndian.PutUint32(memory[at+word.offset:], word.value)
		}
		memory[at+funcID], memory[at+funcFlag], memory[at+funcNFuncData] = r.id, r.flag, byte(len(r.theRest))
		at += funcPCData
		for _, offset := range append(r.instructionTables, r.theRest...) {
			binary.LittleEndian.PutUint32(memory[at:], offset)
			at += 4
		}
	}
}

// highestValue is the highest in the table of instructions at an offset, and -1 where there is none: a value is told by how much it is
// more than that before it, 0 ends (runtime/symtab.go, step).
func highestValue(tables []byte, offset int) (int, error) {
	highest, value := -1, -1
	if offset == 0 {
		return highest, nil
	}
	for first := true; ; first = false {
		if offset >= len(tables) {
			return 0, errors.New("a table of instructions has no end")
		}
		delta, n := binary.Uvarint(tables[offset:])
		if delta == 0 && !first {
			return highest, nil
		}
		_, more := binary.Uvarint(tables[min(offset+max(n, 0), len(tables)):])
		if n <= 0 || more <= 0 {
			return 0, errors.New("a table of instructions has no end")
		}
		value += int(int32(delta>>1) ^ -int32(delta&1))
		highest = max(highest, value)
		offset += n + more
	}
}

// tableSize measures the table at an offset: pairs of numbers, in seven bits a byte, until a pair that is not the first begins with 0.
// It is 0 for what does not end.
func tableSize(tables []byte, offset int) int {
	number := func(i int) (next int, zero bool) {
		for zero = true; i < len(tables); i++ {
			zero = zero && tables[i]&0x7f == 0
			if tables[i]&0x80 == 0 {
				return i + 1, zero
			}
		}
		return -1, false
	}
	for i, first := offset, true; i >= 0 && i < len(tables); first = false {
		next, zero := number(i)
		if zero && !first {
			return next - offset
		}
		if next < 0 {
			return 0
		}
		i, _ = number(next)
	}
	return 0
}
