package tests

import (
	"bytes"
	"encoding/binary"
	"errors"
	"sort"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"pimultiauth/core"
	"pimultiauth/hostabi"
	"pimultiauth/tests/host"
)

const noon = core.Time(1_800_000_000_000)

// wasiNeeded are the functions of WASI that Go's runtime insists on. A new one means that a package came in that the module should not
// need; js-loader/src/wasi.ts has to answer each of them honestly.
var wasiNeeded = []string{
	"args_get (i32 i32) i32",
	"args_sizes_get (i32 i32) i32",
	"clock_time_get (i32 i64 i32) i32",
	"environ_get (i32 i32) i32",
	"environ_sizes_get (i32 i32) i32",
	"fd_write (i32 i32 i32 i32) i32",
	"poll_oneoff (i32 i32 i32 i32) i32",
	"proc_exit (i32)",
	"random_get (i32 i32) i32",
	"sched_yield () i32",
}

// onEachForm runs a test on every form of the module.
func onEachForm(t *testing.T, body func(*testing.T, *host.Module)) {
	t.Helper()
	for name, m := range modules(t) {
		t.Run(name, func(t *testing.T) { body(t, m) })
	}
}

// refused demands an error of a code and answers its text.
func refused(t *testing.T, code int, err error) string {
	t.Helper()
	var e *host.Error
	require.True(t, errors.As(err, &e), "%v", err)
	require.Equal(t, code, e.Code, e.Text)
	return e.Text
}

func inspect(line string) core.Message {
	return core.Message{At: noon, Inspect: &core.Inspect{Line: line}}
}

// alive demands that an instance still answers as a new one would.
func alive(t *testing.T, g *host.Guest) {
	t.Helper()
	turn, err := g.Call(inspect(`{"what":"fault","outcome":{"status":429}}`))
	require.NoError(t, err)
	require.Contains(t, turn.Inspected.Line, `"kind":"rate_limited"`)
	require.Equal(t, hostabi.OK, g.LastCode())
}

func TestExportsAndImports(t *testing.T) {
	onEachForm(t, func(t *testing.T, m *host.Module) {
		want := []string{hostabi.ExportInitialize, hostabi.ExportCall, hostabi.ExportGrow, hostabi.ExportHeader, hostabi.ExportMemory}
		got := m.Exports()
		if m.Signature(hostabi.ExportInitialize) == "none" {
			want = want[1:]
		}
		assert.ElementsMatch(t, want, got)
		assert.Equal(t, "(i32) i32", m.Signature(hostabi.ExportCall))
		assert.Equal(t, "(i32) i32", m.Signature(hostabi.ExportGrow))
		assert.Equal(t, "() i32", m.Signature(hostabi.ExportHeader))

		// The linker leaves out what nothing calls, and may name one function twice.
		imports := map[string]bool{}
		for _, name := range m.Imports() {
			imports[name] = true
		}
		var wasi, own []string
		for name := range imports {
			if rest, ok := strings.CutPrefix(name, "wasi_snapshot_preview1."); ok {
				wasi = append(wasi, rest)
			} else {
				own = append(own, name)
			}
		}
		sort.Strings(wasi)
		assert.Equal(t, wasiNeeded, wasi)
		assert.ElementsMatch(t, []string{
			"pi_multi_auth.fetch (i32 i32)", "pi_multi_auth.file (i32 i32)", "pi_multi_auth.ask (i32 i32)", "pi_multi_auth.log (i32 i32)",
		}, own)
	})
}

func TestWhatIsRefusedChangesNothing(t *testing.T) {
	good := inspect(`{"what":"fault","outcome":{"status":429}}`)
	message := hostabi.AppendMessage(nil, &good)
	foreign := bytes.Clone(message)
	binary.LittleEndian.PutUint32(foreign, hostabi.SchemaHash^1)
	long := bytes.Clone(message)
	binary.LittleEndian.PutUint32(long[bytes.Index(long, []byte(good.Inspect.Line))-4:], uint32(len(long)))
	flags := bytes.Clone(message)
	flags[7] = 0x80
	for _, tt := range []struct {
		name  string
		bytes []byte
		code  int
		text  string
	}{
		{"nothing", nil, hostabi.ErrMalformed, "at least four bytes"},
		{"three bytes", []byte{1, 2, 3}, hostabi.ErrMalformed, "at least four bytes"},
		{"garbage", bytes.Repeat([]byte{0xff}, 4096), hostabi.ErrVersion, "another version"},
		{"another schema", foreign, hostabi.ErrVersion, "another version"},
		{"the hash alone", message[:4], hostabi.ErrMalformed, "Message reaches beyond the end"},
		{"half a message", message[:len(message)/2], hostabi.ErrMalformed, "beyond the end"},
		{"one byte too few", message[:len(message)-1], hostabi.ErrMalformed, "reaches beyond the end"},
		{"one byte too many", append(bytes.Clone(message), 0), hostabi.ErrMalformed, "left over"},
		{"a length beyond the end", long, hostabi.ErrMalformed, "reaches beyond the end"},
		{"flags beyond the last", flags, hostabi.ErrMalformed, "Message has flags that mean nothing"},
		{"no kind", hostabi.AppendMessage(nil, &core.Message{At: noon}), hostabi.ErrMalformed, "exactly one kind"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			onEachForm(t, func(t *testing.T, m *host.Module) {
				g := newGuest(t, m)
				_, err := g.CallRaw(tt.bytes)
				assert.Contains(t, refused(t, tt.code, err), tt.text)
				assert.Equal(t, tt.code, g.LastCode())
				assert.Empty(t, g.Queued())
				alive(t, g)
			})
		})
	}
}

func TestSizesBeyondTheContract(t *testing.T) {
	onEachForm(t, func(t *testing.T, m *host.Module) {
		g := newGuest(t, m)
		refused(t, hostabi.ErrTooLarge, g.Grow(hostabi.MaxMessage+1))
		refused(t, hostabi.ErrTooLarge, g.Grow(-1))
		for _, n := range []int{-1, g.Capacity() + 1, hostabi.MaxMessage + 1, 1<<31 - 1} {
			_, err := g.Send(n)
			refused(t, hostabi.ErrTooLarge, err)
		}
		_, err := g.CallRaw(make([]byte, hostabi.MaxMessage+1))
		refused(t, hostabi.ErrTooLarge, err)
		alive(t, g)
	})
}

func TestALargeMessageGrowsTheMemory(t *testing.T) {
	onEachForm(t, func(t *testing.T, m *host.Module) {
		g := newGuest(t, m)
		before := g.MemoryBytes()
		line := `{"what":"fault","outcome":{"status":429,"body":"` + strings.Repeat("x", 8<<20) + `"}}`
		turn, err := g.Call(inspect(line))
		require.NoError(t, err)
		assert.Contains(t, turn.Inspected.Line, "rate_limited")
		assert.Greater(t, g.MemoryBytes(), before)
		assert.GreaterOrEqual(t, g.Capacity(), len(line))
		alive(t, g)
	})
}

func TestTheLargestMessageIsTaken(t *testing.T) {
	onEachForm(t, func(t *testing.T, m *host.Module) {
		g := newGuest(t, m)
		empty := inspect("")
		full := inspect(strings.Repeat("x", hostabi.MaxMessage-len(hostabi.AppendMessage(nil, &empty))))
		turn, err := g.Call(full)
		require.NoError(t, err)
		assert.Contains(t, turn.Inspected.Line, "one JSON object")
		alive(t, g)
	})
}

func TestFlowsEnd(t *testing.T) {
	onEachForm(t, func(t *testing.T, m *host.Module) {
		g := newGuest(t, m)
		assert.Equal(t, 0, g.Flows())
		begin := func() int64 {
			turn, err := g.Call(core.Message{At: noon, Start: &core.Start{Known: []string{"demo"}}})
			require.NoError(t, err)
			require.NotZero(t, turn.Flow)
			require.Len(t, turn.Effects, 7)
			return turn.Flow
		}
		first, second := begin(), begin()
		assert.Equal(t, 2, g.Flows())
		turn, err := g.Call(core.Message{At: noon, Cancel: &core.Cancel{Flow: first}})
		require.NoError(t, err)
		assert.NotNil(t, turn.Done)
		assert.Empty(t, turn.Effects)
		assert.Equal(t, 1, g.Flows())
		_, err = g.Call(core.Message{At: noon, Resume: &core.Resume{Flow: first}})
		refused(t, hostabi.ErrMalformed, err)
		assert.Equal(t, 1, g.Flows(), "a refusal counts them too")
		turn, err = g.Call(core.Message{At: noon, Resume: &core.Resume{Flow: second}})
		require.NoError(t, err)
		assert.NotNil(t, turn.Ready)
		assert.Equal(t, 0, g.Flows())
	})
}

// A whole request against a scripted disk and person, so that the driver of the other tests is known to drive.
func TestAScriptedWorld(t *testing.T) {
	onEachForm(t, func(t *testing.T, m *host.Module) {
		disk := &host.Disk{Files: map[string]string{
			"auth":  `{"demo":{"type":"api_key","key":"one"},"demo-1":{"type":"api_key","key":"two"}}`,
			"state": "no json", "config": `{"debug":true}`,
		}}
		s := &host.Script{Core: newGuest(t, m), Disk: disk, At: noon}
		tell := func(m core.Message) core.Turn {
			turn, err := s.Tell(m)
			require.NoError(t, err)
			return turn
		}
		tell(core.Message{Start: &core.Start{Known: []string{"demo"}}})
		assert.Equal(t, []string{"no json"}, disk.Aside)
		assert.Len(t, s.Notices, 1)
		turn := tell(core.Message{Acquire: &core.Acquire{Provider: "demo", Model: "m", Session: "s", Mode: "print"}})
		assert.Equal(t, "demo", turn.Lease.Account)
		turn = tell(core.Message{Settle: &core.Settle{Lease: turn.Lease.ID, Outcome: core.Outcome{Status: 429}}})
		assert.Equal(t, "demo-1", turn.Lease.Account)
		assert.Contains(t, disk.Files["state"], "rate_limited")
		assert.NotEmpty(t, s.Lines)
		for _, line := range s.Lines {
			assert.NotContains(t, line, `"one"`)
		}
	})
}
