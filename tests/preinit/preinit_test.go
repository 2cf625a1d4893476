package main

import (
	"context"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func plainModule(t *testing.T) []byte {
	t.Helper()
	plain, err := os.ReadFile(filepath.Join("..", "..", ".build", "plain.wasm"))
	require.NoError(t, err, "make builds .build/plain.wasm")
	return plain
}

func TestTheSameModuleIsBakedTwice(t *testing.T) {
	one, err := bake(context.Background(), plainModule(t))
	require.NoError(t, err)
	two, err := bake(context.Background(), plainModule(t))
	require.NoError(t, err)
	assert.Equal(t, one, two)
	assert.NoError(t, verify(context.Background(), one))
}

func TestWhatIsNoModuleOfGoIsRefused(t *testing.T) {
	plain := plainModule(t)
	m, err := parse(plain)
	require.NoError(t, err)
	for name, module := range map[string][]byte{
		"empty":           nil,
		"text":            []byte("no module at all"),
		"truncated":       plain[:len(plain)/2],
		"other globals":   m.assemble(map[byte][]byte{globalSection: {1, 0x7f, 1, 0x41, 0, 0x0b}}, nil),
		"constant global": m.assemble(map[byte][]byte{globalSection: {1, 0x7f, 0, 0x41, 0, 0x0b}}, nil),
	} {
		t.Run(name, func(t *testing.T) {
			_, err := bake(context.Background(), module)
			assert.Error(t, err)
		})
	}
}

func TestSignedNumbers(t *testing.T) {
	for want, v := range map[string]int64{"\x00": 0, "\x7f": -1, "\x3f": 63, "\xc0\x00": 64, "\x40": -64, "\xbf\x7f": -65, "\x80\x01": 128} {
		assert.Equal(t, want, string(appendSigned(nil, v)), v)
	}
}

func TestSegmentsLeaveOnlyLongRunsOfZerosOut(t *testing.T) {
	memory := make([]byte, 200)
	memory[0], memory[20], memory[150] = 1, 2, 3
	assert.Equal(t, append(append([]byte{2, 0, 0x41, 0, 0x0b, 21, 1}, make([]byte, 19)...), 2, 0, 0x41, 0x96, 1, 0x0b, 1, 3), segments(memory))
}
