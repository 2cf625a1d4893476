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
			_, err := dropLines(spoiled)
			assert.Error(t, err)
			assert.True(t, bytes.Equal(as, spoiled))
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
