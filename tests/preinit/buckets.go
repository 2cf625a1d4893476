package main

import (
	"bytes"
	"encoding/binary"
	"errors"
)

// Offsets in what the runtime knows of the module (runtime/symtab.go, moduledata), which begins with where its table of functions is.
const (
	moduleRecords = 104
	moduleBuckets = 152
	moduleMinPC   = 160
	moduleText    = 176
	moduleData    = 320
	moduleEnd     = 328
)

// The table that leads from a place in the code to its function (runtime/symtab.go, findfuncbucket): a number of a function and sixteen
// bytes that are added to it, for every 4096th of the 65536 places a function has in WebAssembly.
const (
	bucketSize    = 20
	bucketsOfEach = 16
	placeBits     = 16
)

// moduleOf is where the runtime keeps what it knows of the module.
func moduleOf(memory []byte, t *functionTables) (int, error) {
	address := binary.LittleEndian.AppendUint64(nil, uint64(t.at))
	address = binary.LittleEndian.AppendUint64(address, uint64(t.names))
	module := bytes.Index(memory, address)
	if module < 0 || module+moduleEnd > len(memory) || bytes.Contains(memory[module+1:], address) {
		return 0, errors.New("the runtime knows not one module")
	}
	return module, nil
}

// dropBuckets takes out of a started memory the parts of that table which nobody reads. In WebAssembly the runtime looks a function up by
// its begin alone (findfunc), which is the first byte of the first of its sixteen buckets; the others say the same again, in a fifth of
// the module.
//
// It changes nothing and answers an error when the table is not laid out as in Go 1.26.
func dropBuckets(memory []byte) (dropped int, err error) {
	tables, err := tablesOf(memory)
	if err != nil {
		return 0, err
	}
	module, err := moduleOf(memory, &tables)
	if err != nil {
		return 0, err
	}
	word := func(offset int) uint64 { return binary.LittleEndian.Uint64(memory[module+offset:]) }
	size := tables.count * bucketsOfEach * bucketSize
	if word(moduleBuckets) > uint64(len(memory)-size) {
		return 0, errors.New("the table of places lies outside")
	}
	buckets := memory[word(moduleBuckets):][:size]
	kept := make([]byte, size)
	for f := range tables.count {
		begin := uint64(binary.LittleEndian.Uint32(memory[tables.functab+f*functabRecord:]))<<placeBits + word(moduleText) - word(moduleMinPC)
		if begin>>placeBits >= uint64(tables.count) || begin%(1<<placeBits) != 0 {
			return 0, errors.New("a function begins where none can")
		}
		first := int(begin>>placeBits) * bucketsOfEach * bucketSize
		if int(binary.LittleEndian.Uint32(buckets[first:]))+int(buckets[first+4]) != f {
			return 0, errors.New("a function is not where its bucket says")
		}
		copy(kept[first:], buckets[first:first+5])
	}
	return copy(buckets, kept) - tables.count*5, nil
}
