package main

import (
	"bytes"
	"encoding/binary"
	"errors"
)

// pclntabMagic begins the table of functions of Go 1.20 and later (internal/abi, Go120PCLnTabMagic), little-endian; then stand two bytes
// of padding, the size of an instruction and that of a pointer.
var pclntabMagic = []byte{0xf1, 0xff, 0xff, 0xff, 0, 0, 1, 8}

// Offsets in the fixed part of a function's record (runtime/runtime2.go, _func).
const (
	funcName      = 4
	funcPCSP      = 16
	funcPCFile    = 20
	funcPCLn      = 24
	funcNPCData   = 28
	funcID        = 40
	funcPCData    = 44
	headerSize    = 72
	functabRecord = 8
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

// dropLines takes out of a started memory what only the traces of a crash read: which file and line an instruction came from. The host
// shows the first line of a crash alone, which needs neither; a trace then says "?" in their place. A function's offset of 0 says that it
// has no such table (runtime/symtab.go, pcvalue).
//
// It changes nothing and answers an error when the tables are not laid out as in Go 1.26.
func dropLines(memory []byte) (dropped int, err error) {
	found, err := tablesOf(memory)
	if err != nil {
		return 0, err
	}
	count, cutab, pctab, functab := found.count, found.cutab, found.pctab, found.functab
	tables := memory[pctab:functab]
	packed := []byte{0}
	moved := map[uint32]uint32{0: 0}
	records := make([]int, count)
	for i := range records {
		record := functab + int(binary.LittleEndian.Uint32(memory[functab+i*functabRecord+4:]))
		if record < functab || record+funcPCData > len(memory) {
			return 0, errors.New("a function's record lies outside")
		}
		records[i] = record
		for _, at := range offsetsOf(memory, record) {
			offset := binary.LittleEndian.Uint32(memory[at:])
			if _, ok := moved[offset]; ok {
				continue
			}
			size := tableSize(tables, int(offset))
			if size == 0 {
				return 0, errors.New("a table of instructions has no end")
			}
			moved[offset] = uint32(len(packed))
			packed = append(packed, tables[offset:int(offset)+size]...)
		}
	}
	for _, record := range records {
		clear(memory[record+funcPCFile : record+funcNPCData])
		for _, at := range offsetsOf(memory, record) {
			binary.LittleEndian.PutUint32(memory[at:], moved[binary.LittleEndian.Uint32(memory[at:])])
		}
	}
	clear(memory[cutab:functab])
	copy(tables, packed)
	return functab - cutab - len(packed), nil
}

// runtimeNames begin the names of functions that the runtime looks at itself: a goroutine that starts in one of them is its own.
var runtimeNames = []byte("runtime.")

// dropNames takes the names of functions that only traces show out of a started memory, as dropLines does with lines. What has a number
// in its record keeps its name too: the runtime reads the names of methods' wrappers when they are called with nil.
func dropNames(memory []byte) (dropped int, err error) {
	tables, err := tablesOf(memory)
	if err != nil {
		return 0, err
	}
	names := memory[tables.names:tables.cutab]
	kept := make([]byte, len(names))
	keep := func(name int) {
		if end := bytes.IndexByte(names[name:], 0); end > 0 {
			copy(kept[name:], names[name:name+end])
			dropped -= end
		}
	}
	for f := range tables.count {
		record := tables.functab + int(binary.LittleEndian.Uint32(memory[tables.functab+f*functabRecord+4:]))
		if record < tables.functab || record+funcPCData > len(memory) {
			return 0, errors.New("a function's record lies outside")
		}
		name := int(binary.LittleEndian.Uint32(memory[record+funcName:]))
		if name >= len(names) {
			return 0, errors.New("a function's name lies outside")
		}
		if bytes.HasPrefix(names[name:], runtimeNames) || memory[record+funcID] != 0 {
			keep(name)
		}
	}
	return dropped + copy(names, kept), nil
}

// offsetsOf are the places in a function's record that hold the offsets of tables which running code needs: how deep the stack is, and
// what the collector and the scheduler have to know of an instruction.
func offsetsOf(memory []byte, record int) []int {
	at := []int{record + funcPCSP}
	for t := range int(binary.LittleEndian.Uint32(memory[record+funcNPCData:])) {
		at = append(at, record+funcPCData+4*t)
	}
	return at
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
