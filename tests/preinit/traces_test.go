package main

import (
	"bytes"
	"context"
	"encoding/binary"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func startedMemory(t *testing.T) []byte {
	t.Helper()
	m, err := parse(plainModule(t))
	require.NoError(t, err)
	opened, err := m.exportGlobals(goGlobals)
	require.NoError(t, err)
	memory, _, err := initialise(context.Background(), opened, goGlobals)
	require.NoError(t, err)
	return memory
}

// seen is what the runtime sees of a function, read as it reads it (runtime/symtab.go).
type seen struct {
	begin, args, deferReturn uint32
	id, flag                 byte
	name                     string
	depths, maps             []int32
	data                     [5]string
	inlined                  []int32
}

// places is how many places of a function are compared: more than any has.
const places = 6000

func seenOf(t *testing.T, memory []byte, f int) seen {
	t.Helper()
	tables, err := tablesOf(memory)
	require.NoError(t, err)
	module, err := moduleOf(memory, &tables)
	require.NoError(t, err)
	at := tables.functab + int(binary.LittleEndian.Uint32(memory[tables.functab+8*f+4:]))
	word := func(offset int) uint32 { return binary.LittleEndian.Uint32(memory[at+offset:]) }
	s := seen{begin: word(0), args: word(8), deferReturn: word(12), id: memory[at+40], flag: memory[at+41]}
	if name := word(4); name != 0 {
		s.name, _, _ = strings.Cut(string(memory[tables.names+int(name):tables.names+int(name)+200]), "\x00")
	}
	values := func(offset uint32) []int32 {
		if offset == 0 {
			return nil
		}
		var out []int32
		value := int32(-1)
		for p, first := memory[tables.pctab+int(offset):], true; ; first = false {
			delta, n := binary.Uvarint(p)
			if delta == 0 && !first {
				return out
			}
			value += int32(-(uint32(delta) & 1) ^ uint32(delta)>>1)
			more, m := binary.Uvarint(p[n:])
			for range more {
				out = append(out, value)
			}
			require.Less(t, len(out), places)
			p = p[n+m:]
		}
	}
	table := func(kind uint32) []int32 {
		if kind >= word(28) {
			return nil
		}
		return values(word(44 + 4*int(kind)))
	}
	s.depths, s.maps = values(word(16)), table(1)
	for kind := range s.data {
		if kind >= int(memory[at+43]) {
			continue
		}
		offset := word(44 + 4*int(word(28)) + 4*kind)
		if offset == 1<<32-1 || kind == 3 && s.id == 0 {
			continue
		}
		data := memory[binary.LittleEndian.Uint64(memory[module+320:])+uint64(offset):]
		size := 0
		switch kind {
		case 0, 1:
			size = 8 + int(binary.LittleEndian.Uint32(data))*(int(binary.LittleEndian.Uint32(data[4:])+7)/8)
		case 2:
			size = 8 + int(binary.LittleEndian.Uint64(data))*16
		case 3:
			s.inlined = table(2)
			size = (int(slices.Max(append(s.inlined, -1))) + 1) * 16
		case 4:
			// Where the bits of the deferred calls are, and where the calls are.
			_, bits := binary.Uvarint(data)
			_, calls := binary.Uvarint(data[bits:])
			size = bits + calls
		}
		s.data[kind] = string(data[:size])
	}
	return s
}

func TestTheRuntimeSeesTheSameOfEveryFunctionWithoutWhatTracesRead(t *testing.T) {
	before := startedMemory(t)
	after := bytes.Clone(before)
	dropped, err := dropTraces(after)
	require.NoError(t, err)
	assert.Greater(t, dropped, 400_000)
	assert.Contains(t, string(before), "core/engine/engine.go")
	assert.NotContains(t, string(after), "core/engine/engine.go")
	tables, err := tablesOf(before)
	require.NoError(t, err)
	numbered, inlined, objects, deferring, maps := 0, 0, 0, 0, 0
	for f := range tables.count {
		was, is := seenOf(t, before, f), seenOf(t, after, f)
		switch {
		case strings.HasPrefix(was.name, "runtime."):
			require.Equal(t, "runtime.", is.name)
		case was.id != 0:
			numbered++
			require.Equal(t, was.name, is.name)
		default:
			require.Empty(t, is.name, was.name)
		}
		if len(is.inlined) > 0 {
			inlined++
		}
		if is.data[2] != "" {
			objects++
		}
		if is.deferReturn != 0 {
			deferring++
		}
		if len(is.maps) > 0 {
			maps++
		}
		was.name = is.name
		require.Equal(t, was, is, "function %d", f)
	}
	for what, n := range map[string]int{"numbered": numbered, "inlined": inlined, "objects": objects, "deferring": deferring, "maps": maps} {
		assert.Positive(t, n, what)
	}
	// Nothing else is touched.
	module, err := moduleOf(before, &tables)
	require.NoError(t, err)
	end := binary.LittleEndian.Uint64(before[module+moduleBuckets:])
	assert.True(t, bytes.Equal(before[:tables.names], after[:tables.names]))
	assert.True(t, bytes.Equal(before[end:], after[end:]))
}

func TestTheHighestValueOfATable(t *testing.T) {
	for text, want := range map[string]int{"\x02\x05\x00": 0, "\x00\x05\x00": -1, "\x08\x01\x03\x02\x02\x01\x00": 3, "\x02": -2, "\x02\x85": -2, "": -2} {
		highest, err := highestValue([]byte("\x00"+text), 1)
		if want < -1 {
			assert.Error(t, err)
			continue
		}
		assert.NoError(t, err)
		assert.Equal(t, want, highest)
	}
}

func TestEveryFunctionIsFoundInWhatIsLeftOfThePlaces(t *testing.T) {
	before := startedMemory(t)
	after := bytes.Clone(before)
	dropped, err := dropBuckets(after)
	require.NoError(t, err)
	tables, err := tablesOf(before)
	require.NoError(t, err)
	assert.Equal(t, tables.count*(16*20-5), dropped)
	module, err := moduleOf(before, &tables)
	require.NoError(t, err)
	word := func(offset int) uint64 { return binary.LittleEndian.Uint64(before[module+offset:]) }
	// As findfunc of the runtime looks a function up.
	find := func(memory []byte, place uint64) uint32 {
		x := place<<16 + word(moduleText) - word(moduleMinPC)
		bucket := word(moduleBuckets) + x/4096*20
		f := binary.LittleEndian.Uint32(memory[bucket:]) + uint32(memory[bucket+4+x%4096/256])
		entry := func(f uint32) uint64 { return uint64(binary.LittleEndian.Uint32(memory[uint32(tables.functab)+8*f:])) }
		for entry(f+1) <= place {
			f++
		}
		return f
	}
	for f := range uint64(tables.count) {
		require.Equal(t, uint32(f), find(after, word(moduleMinPC)>>16+f))
		require.Equal(t, uint32(f), find(before, word(moduleMinPC)>>16+f))
	}
}

func TestAnotherLayoutIsLeftAsItIs(t *testing.T) {
	memory := startedMemory(t)
	at := bytes.Index(memory, pclntabMagic)
	for name, spoil := range map[string]func([]byte){
		"no table":         func(m []byte) { m[at] = 0 },
		"two tables":       func(m []byte) { copy(m[len(m)-8:], pclntabMagic) },
		"tables elsewhere": func(m []byte) { binary.LittleEndian.PutUint64(m[at+8+8*7:], 1<<40) },
		"more functions":   func(m []byte) { binary.LittleEndian.PutUint64(m[at+8:], 1<<30) },
	} {
		t.Run(name, func(t *testing.T) {
			spoiled := bytes.Clone(memory)
			spoil(spoiled)
			as := bytes.Clone(spoiled)
			for _, drop := range []func([]byte) (int, error){dropTraces, dropBuckets} {
				_, err := drop(spoiled)
				assert.Error(t, err)
				assert.True(t, bytes.Equal(as, spoiled))
			}
		})
	}
}

func TestTablesOfInstructionsAreMeasured(t *testing.T) {
	for text, want := range map[string]int{
		"\x00\x05\x00":                 3,
		"\x02\x05\x00after":            3,
		"\x02\x05\x81\x01\x83\x01\x00": 7,
		"\x02\x05":                     0,
		"\x82":                         0,
		"":                             0,
	} {
		assert.Equal(t, want, tableSize([]byte(text), 0), strings.ToValidUTF8(text, "?"))
	}
}
