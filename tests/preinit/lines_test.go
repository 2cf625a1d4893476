package main

import (
	"bytes"
	"context"
	"encoding/binary"
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

func TestNoFileAndNoLineIsLeftAndEveryOtherTableReadsAsBefore(t *testing.T) {
	before := startedMemory(t)
	after := bytes.Clone(before)
	dropped, err := dropLines(after)
	require.NoError(t, err)
	assert.Positive(t, dropped)
	assert.Contains(t, string(before), "core/engine/engine.go")
	assert.NotContains(t, string(after), "core/engine/engine.go")

	at := bytes.Index(before, pclntabMagic)
	word := func(n int) int { return at + int(binary.LittleEndian.Uint64(before[at+8+8*n:])) }
	pctab, functab := word(6), word(7)
	tables := func(memory []byte, record int) (out []string) {
		for _, at := range offsetsOf(memory, record) {
			offset := int(binary.LittleEndian.Uint32(memory[at:]))
			if offset == 0 {
				out = append(out, "none")
				continue
			}
			part := memory[pctab:functab]
			out = append(out, string(part[offset:offset+tableSize(part, offset)]))
		}
		return out
	}
	for i := range word(0) - at {
		record := functab + int(binary.LittleEndian.Uint32(before[functab+8*i+4:]))
		require.Equal(t, tables(before, record), tables(after, record), "function %d", i)
		require.Zero(t, binary.LittleEndian.Uint64(after[record+funcPCFile:]))
	}
}

func TestNamesAreLeftToTheRuntimeAndItsSpecialFunctionsAlone(t *testing.T) {
	before := startedMemory(t)
	after := bytes.Clone(before)
	dropped, err := dropNames(after)
	require.NoError(t, err)
	assert.Greater(t, dropped, 10_000)
	tables, err := tablesOf(before)
	require.NoError(t, err)
	special := 0
	for f := range tables.count {
		record := tables.functab + int(binary.LittleEndian.Uint32(before[tables.functab+8*f+4:]))
		nameIn := func(memory []byte) string {
			name, _, _ := strings.Cut(string(memory[tables.names+int(binary.LittleEndian.Uint32(memory[record+funcName:])):tables.cutab]), "\x00")
			return name
		}
		switch name := nameIn(before); {
		case strings.HasPrefix(name, "runtime."):
			require.Equal(t, name, nameIn(after))
		case before[record+funcID] != 0:
			special++
			require.Equal(t, name, nameIn(after))
		default:
			require.Empty(t, nameIn(after), name)
		}
	}
	assert.Positive(t, special)
}

func TestEveryFunctionIsFoundInWhatIsLeftOfThePlaces(t *testing.T) {
	before := startedMemory(t)
	after := bytes.Clone(before)
	dropped, err := dropBuckets(after)
	require.NoError(t, err)
	tables, err := tablesOf(before)
	require.NoError(t, err)
	assert.Equal(t, tables.count*(16*20-5), dropped)
	address := binary.LittleEndian.AppendUint64(binary.LittleEndian.AppendUint64(nil, uint64(tables.at)), uint64(tables.names))
	module := bytes.Index(before, address)
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
			for _, drop := range []func([]byte) (int, error){dropLines, dropNames, dropBuckets} {
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
