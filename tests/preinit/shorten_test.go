package main

import (
	"context"
	"encoding/binary"
	"fmt"
	"math/rand"
	"reflect"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"github.com/tetratelabs/wazero"
)

func TestEveryFunctionReadsTheSameOnceWritten(t *testing.T) {
	m, err := parse(plainModule(t))
	require.NoError(t, err)
	before, err := m.functions()
	require.NoError(t, err)
	m.setFunctions(before)
	after, err := m.functions()
	require.NoError(t, err)
	assert.Greater(t, len(after), 2000)
	assert.True(t, reflect.DeepEqual(before, after))
}

func TestFunctionsThatAreNotOnesAreRefused(t *testing.T) {
	for name, code := range map[string][]byte{
		"empty":                  {},
		"no end":                 {opLocalGet, 0},
		"an end too many":        {opEnd, opEnd},
		"a branch out of it":     {opBr, 1, opEnd},
		"a number cut off":       {opLocalGet, 0x80},
		"an unknown instruction": {0xff, opEnd},
		"an unknown long one":    {opMore, 8, 0, 0, opEnd},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := decode(code)
			assert.Error(t, err)
		})
	}
}

// The instructions of the tests.
func get(local int64) instruction  { return instruction{op: opLocalGet, value: local} }
func set(local int64) instruction  { return instruction{op: opLocalSet, value: local} }
func i32(v int64) instruction      { return instruction{op: opI32Const, value: v} }
func i64(v int64) instruction      { return instruction{op: opI64Const, value: v} }
func op(code byte) instruction     { return instruction{op: code} }
func load(at int64) instruction    { return instruction{op: opI64Load, align: 3, value: at} }
func store(at int64) instruction   { return instruction{op: opI64Store, align: 3, value: at} }
func end(label int64) instruction  { return instruction{op: opEnd, value: label} }
func br(label int64) instruction   { return instruction{op: opBr, value: label} }
func brIf(label int64) instruction { return instruction{op: opBrIf, value: label} }
func open(code byte, label int64) instruction {
	return instruction{op: code, align: emptyBlock, value: label}
}

// far is an address on the stack as Go reckons it.
func far(offset int64) []instruction {
	return []instruction{get(localSP), op(opExtendU), i64(offset), op(opI64Add), op(opWrap)}
}

func joined(parts ...any) []instruction {
	var out []instruction
	for _, p := range parts {
		switch p := p.(type) {
		case instruction:
			out = append(out, p)
		case []instruction:
			out = append(out, p...)
		}
	}
	return out
}

func TestTheSameIsSaidInFewerInstructions(t *testing.T) {
	call := instruction{op: opCall, value: 7}
	for _, c := range []struct {
		name     string
		in, want []instruction
	}{
		{"an address that is read", joined(far(24), load(8), set(2)), joined(get(1), load(32), set(2))},
		{"an address that is written to", joined(far(24), get(2), i64(1), op(opI64Add), store(0)), joined(get(1), get(2), i64(1), op(opI64Add), store(24))},
		{
			"an address whose value is read elsewhere on the stack",
			joined(far(24), far(32), load(0), store(0)),
			joined(get(1), get(1), load(32), store(24)),
		},
		{"an address that is itself the value", joined(get(1), far(24), op(opExtendU), store(0)), joined(get(1), get(1), i32(24), op(opI32Add), op(opExtendU), store(0))},
		{"an address with a call before its use", joined(far(24), call, store(0)), joined(get(1), i32(24), op(opI32Add), call, store(0))},
		{"an address below the stack", joined(far(-8), load(0)), joined(get(1), i32(-8), op(opI32Add), load(0))},
		{
			"an address in another local",
			joined(get(2), op(opExtendU), i64(8), op(opI64Add), op(opWrap), load(0)),
			joined(get(2), i32(8), op(opI32Add), load(0)),
		},
		{"a constant made shorter", joined(i64(1<<33+5), op(opWrap)), joined(i32(5))},
		{"a pointer that is followed", joined(get(1), load(8), op(opWrap), load(0)), joined(get(1), instruction{op: opI32Load, align: 2, value: 8}, load(0))},
		{"a comparison turned round", joined(op(0x54), op(opI32Eqz)), joined(op(0x5a))},
		{"a comparison of floats", joined(op(0x61), op(opI32Eqz)), joined(op(0x61), op(opI32Eqz))},
		{"nothing", joined(op(opNop), get(1), op(opNop)), joined(get(1))},
	} {
		t.Run(c.name, func(t *testing.T) { assert.Equal(t, c.want, foldAddresses(narrow(c.in))) })
	}
}

// dispatched is a function of three blocks as Go lays it out; jump is what stands in the middle one.
func dispatched(jump ...instruction) []instruction {
	return joined(open(opLoop, 0), open(opBlock, 1), open(opBlock, 2), open(opBlock, 3), get(localBlock),
		instruction{op: opBrTable, labels: []int64{3, 2, 1}}, end(3), op(0), end(2), jump, end(1), op(0), end(0), end(outermost))
}

func TestJumpsForwardAreDirect(t *testing.T) {
	to := func(block int64) []instruction { return joined(i32(block), set(localBlock), br(0)) }
	unless := func(block int64) []instruction {
		return joined(get(2), op(opWrap), open(opIf, 4), to(block), end(4))
	}
	for _, c := range []struct {
		name     string
		in, want []instruction
	}{
		{"to the next block", to(2), nil},
		{"over something", joined(to(2), op(0)), joined(br(1), op(0))},
		{"if something holds", joined(unless(2), op(0)), joined(get(2), op(opWrap), brIf(1), op(0))},
		{"back to itself", to(1), to(1)},
		{"back if something holds", unless(0), unless(0)},
	} {
		t.Run(c.name, func(t *testing.T) {
			assert.Equal(t, dispatched(c.want...), shortJumps(dispatched(c.in...)))
		})
	}
	t.Run("where the block is read elsewhere", func(t *testing.T) {
		code := joined(dispatched(joined(to(2), op(0))...), get(localBlock))
		assert.Equal(t, joined(code), shortJumps(joined(code)))
	})
}

func TestALoopThatNothingGoesBackToIsNone(t *testing.T) {
	code := withoutIdleBlocks(dispatched())
	assert.Equal(t, opBlock, int(code[0].op))
	again := dispatched(i32(1), set(localBlock), br(0))
	assert.Equal(t, joined(again), withoutIdleBlocks(again))
}

// A program has blocks that write to its stack and jump about, laid out as Go does it. A count of steps ends it.
func program(r *rand.Rand) []instruction {
	blocks := 2 + r.Intn(8)
	labelOf := func(block int) int64 { return int64(blocks - block) }
	code := joined(instruction{op: opGlobalGet, value: globalSP}, set(localSP), open(opLoop, 0))
	table := instruction{op: opBrTable}
	for b := blocks - 1; b >= 0; b-- {
		code = append(code, open(opBlock, labelOf(b)))
		table.labels = append(table.labels, labelOf(blocks-1-b))
	}
	code = append(code, get(localBlock), table)
	next := int64(blocks + 1)
	for b := range blocks {
		code = append(code, end(labelOf(b)))
		// A step more, and the end after a hundred of them.
		code = joined(code, far(0), far(0), load(8), i64(1), op(opI64Add), store(8), get(1), load(8), i64(100), op(0x55), open(opIf, next),
			i32(1), op(opReturn), end(next))
		next++
		for range r.Intn(4) {
			to, from := int64(8*r.Intn(8)), int64(8*r.Intn(8))
			code = joined(code, far(16+to), far(16+from), load(8), i64(int64(r.Intn(1000))), op(opI64Add), store(0))
			if r.Intn(3) == 0 {
				code = joined(code, op(opNop), far(16+from), get(1), load(16+to), op(opWrap), op(opI32Eqz), op(opExtendU), store(8))
			}
		}
		to := i32(int64(r.Intn(blocks)))
		switch r.Intn(4) {
		case 0:
			code = joined(code, to, set(localBlock), br(0))
		case 1:
		default:
			code = joined(code, get(1), load(24), get(1), load(32), op(0x54), op(opI32Eqz), open(opIf, next), to, set(localBlock), br(0), end(next))
			next++
		}
	}
	return joined(code, end(0), i32(0), end(outermost))
}

// runsAs answers what a function leaves in 200 bytes of its stack, and its result.
func runsAs(t *testing.T, code []instruction, block uint64) string {
	t.Helper()
	ctx := context.Background()
	body := encode([]byte{1, 1, byte(typeI32)}, code)
	sized := append(binary.AppendUvarint(nil, uint64(len(body))), body...)
	m := &wasmModule{sections: []section{
		{typeSection, []byte{1, typeFunction, 1, byte(typeI32), 1, byte(typeI32)}}, {functionSection, []byte{1, 0}},
		{memorySection, []byte{1, 0, 1}}, {globalSection, []byte{1, byte(typeI32), 1, opI32Const, 16, opEnd}},
		{exportSection, append(appendName([]byte{2}, "run"), append([]byte{0, 0}, append(appendName(nil, "memory"), 2, 0)...)...)},
		{codeSection, append([]byte{1}, sized...)},
	}}
	r := wazero.NewRuntimeWithConfig(ctx, wazero.NewRuntimeConfigInterpreter())
	defer r.Close(ctx)
	instance, err := r.Instantiate(ctx, m.assemble(nil, nil))
	require.NoError(t, err)
	rc, err := instance.ExportedFunction("run").Call(ctx, block)
	require.NoError(t, err)
	memory, ok := instance.Memory().Read(16, 200)
	require.True(t, ok)
	return fmt.Sprint(rc, memory)
}

func TestAShorterFunctionDoesTheSame(t *testing.T) {
	shorter := 0
	for seed := range int64(300) {
		code := program(rand.New(rand.NewSource(seed)))
		short := withoutIdleBlocks(shortJumps(foldAddresses(narrow(joined(code)))))
		for block := range uint64(3) {
			require.Equal(t, runsAs(t, code, block), runsAs(t, short, block), "seed %d, block %d", seed, block)
		}
		if len(short) < len(code)*3/4 {
			shorter++
		}
	}
	assert.Greater(t, shorter, 250)
}

func TestAReturnGivesTheStackBackInOneStep(t *testing.T) {
	back := func(size int64) []instruction {
		return joined(get(localSP), i32(size), op(opI32Add), instruction{op: opLocalTee, value: localSP}, instruction{op: opGlobalSet, value: globalSP})
	}
	short := func(size int64) []instruction {
		return joined(get(localSP), i32(size), op(opI32Add), instruction{op: opGlobalSet, value: globalSP})
	}
	for _, c := range []struct {
		name     string
		in, want []instruction
	}{
		{"frame and place", joined(back(64), back(8), i32(0), op(opReturn)), joined(short(72), i32(0), op(opReturn))},
		{"no frame", joined(back(8), i32(0), op(opReturn)), joined(short(8), i32(0), op(opReturn))},
		{"before a call", joined(back(64), i32(0), instruction{op: opCall, value: 7}), joined(back(64), i32(0), instruction{op: opCall, value: 7})},
		{"before more", joined(back(64), get(localSP)), joined(back(64), get(localSP))},
		{"at the end", back(8), back(8)},
	} {
		t.Run(c.name, func(t *testing.T) { assert.Equal(t, c.want, shortReturns(joined(c.in))) })
	}
}

func TestOftenCalledFunctionsAreCalledThroughAHelper(t *testing.T) {
	note := func(place, callee int64) []instruction {
		return joined(get(localSP), i32(8), op(opI32Sub), instruction{op: opLocalTee, value: localSP}, instruction{op: opGlobalSet, value: globalSP},
			get(localSP), i64(place), store(0), i32(0), instruction{op: opCall, value: callee})
	}
	code := joined(get(2), note(65536, 7), note(65537, 8), get(3))
	want := joined(get(2), i64(65536), instruction{op: opCall, value: 99}, note(65537, 8), get(3))
	assert.Equal(t, want, throughHelpers(code, map[int64]int64{7: 99}))
}

func TestTheModuleIsMuchShorterAndHasItsFunctionsWhereTheyWere(t *testing.T) {
	m, err := parse(plainModule(t))
	require.NoError(t, err)
	before, err := m.functions()
	require.NoError(t, err)
	size := len(m.find(codeSection))
	require.NoError(t, m.shorten())
	after, err := m.functions()
	require.NoError(t, err)
	assert.Less(t, len(m.find(codeSection)), size*8/10)
	assert.GreaterOrEqual(t, len(after), len(before))
	for i := range before {
		assert.Equal(t, before[i].locals, after[i].locals)
	}
}
