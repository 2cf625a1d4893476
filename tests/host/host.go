// Package host runs the module outside of Pi: in wazero, with a scripted clock, scripted entropy and a scripted world around it.
//
// It does not know Pi and does no input or output of its own beyond a cache of compiled code.
package host

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"runtime"
	"strings"

	"github.com/tetratelabs/wazero"
	"github.com/tetratelabs/wazero/api"
	"github.com/tetratelabs/wazero/imports/wasi_snapshot_preview1"
	"github.com/tetratelabs/wazero/sys"

	"pimultiauth/core"
	"pimultiauth/hostabi"
)

// Error is what the module answered instead of a turn.
type Error struct {
	// Code is one of hostabi's; a trap out of an export counts as hostabi.ErrPanic.
	Code int
	Text string
}

func (e *Error) Error() string { return e.Text }

// ErrDead answers every call after one that left the instance in doubt.
var ErrDead = errors.New("host: the instance is dead")

// Module is compiled code, from which any number of instances are made.
type Module struct {
	ctx      context.Context
	runtime  wazero.Runtime
	cache    wazero.CompilationCache
	compiled wazero.CompiledModule
}

// Load compiles a module.
func Load(ctx context.Context, bytes []byte) (*Module, error) {
	m := &Module{ctx: ctx}
	config := wazero.NewRuntimeConfigCompiler()
	if m.cache = openCache(); m.cache != nil {
		config = config.WithCompilationCache(m.cache)
	}
	m.runtime = wazero.NewRuntimeWithConfig(ctx, config)
	if err := m.prepare(bytes); err != nil {
		return nil, errors.Join(err, m.Close())
	}
	return m, nil
}

// openCache answers nil where there is no folder to trust: what lies in the cache is run.
func openCache() wazero.CompilationCache {
	dir := filepath.Join(os.TempDir(), fmt.Sprint("pi-multi-auth-compiled-", os.Getuid()))
	if os.MkdirAll(dir, 0o700) != nil {
		return nil
	}
	info, err := os.Lstat(dir)
	if err != nil || !info.IsDir() || (runtime.GOOS != "windows" && info.Mode().Perm() != 0o700) {
		return nil
	}
	cache, err := wazero.NewCompilationCacheWithDir(dir)
	if err != nil {
		return nil
	}
	return cache
}

func (m *Module) prepare(bytes []byte) error {
	if _, err := wasi_snapshot_preview1.Instantiate(m.ctx, m.runtime); err != nil {
		return err
	}
	imports := m.runtime.NewHostModuleBuilder(hostabi.ImportModule)
	for _, name := range []string{hostabi.ImportFetch, hostabi.ImportFile, hostabi.ImportAsk, hostabi.ImportLog} {
		imports.NewFunctionBuilder().WithFunc(func(ctx context.Context, caller api.Module, ptr, n uint32) {
			ctx.Value(guestKey{}).(*Guest).queue(name, caller, ptr, n)
		}).Export(name)
	}
	if _, err := imports.Instantiate(m.ctx); err != nil {
		return err
	}
	var err error
	m.compiled, err = m.runtime.CompileModule(m.ctx, bytes)
	return err
}

// Exports are the names of everything the module exports.
func (m *Module) Exports() []string {
	var names []string
	for name := range m.compiled.ExportedFunctions() {
		names = append(names, name)
	}
	for name := range m.compiled.ExportedMemories() {
		names = append(names, name)
	}
	return names
}

// Signature writes an exported function's type, e.g. "(i32) i32".
func (m *Module) Signature(export string) string {
	return signature(m.compiled.ExportedFunctions()[export])
}

// Imports are the functions the module imports, e.g. "pi_multi_auth.log (i32 i32)".
func (m *Module) Imports() []string {
	var names []string
	for _, f := range m.compiled.ImportedFunctions() {
		module, name, _ := f.Import()
		names = append(names, module+"."+name+" "+signature(f))
	}
	return names
}

func signature(f api.FunctionDefinition) string {
	if f == nil {
		return "none"
	}
	types := func(of []api.ValueType) string {
		var names []string
		for _, t := range of {
			names = append(names, api.ValueTypeName(t))
		}
		return strings.Join(names, " ")
	}
	return strings.TrimSpace("(" + types(f.ParamTypes()) + ") " + types(f.ResultTypes()))
}

// Close frees the code and every instance.
func (m *Module) Close() error {
	err := m.runtime.Close(m.ctx)
	if m.cache != nil {
		err = errors.Join(err, m.cache.Close(m.ctx))
	}
	return err
}

// Guest is one instance.
type Guest struct {
	ctx      context.Context
	instance api.Module
	grow     api.Function
	call     api.Function
	header   uint32
	dead     bool
	effects  []core.Effect
	queued   [][]byte
	misuse   error
	said     strings.Builder
	ticks    int64
}

type guestKey struct{}

// New makes an instance. Its clock and entropy are the same each time, since no turn may hang on them.
func (m *Module) New() (*Guest, error) {
	g := &Guest{}
	g.ctx = context.WithValue(m.ctx, guestKey{}, g)
	config := wazero.NewModuleConfig().WithName("").WithStartFunctions().WithStderr(&g.said).
		WithRandSource(rand.NewChaCha8([32]byte{})).
		WithWalltime(func() (int64, int32) { return 1_800_000_000, int32(g.tick()) }, sys.ClockResolution(1)).
		WithNanotime(g.tick, sys.ClockResolution(1)).
		WithNanosleep(func(int64) {}).WithOsyield(func() {})
	var err error
	if g.instance, err = m.runtime.InstantiateModule(g.ctx, m.compiled, config); err != nil {
		return nil, err
	}
	if initialize := g.instance.ExportedFunction(hostabi.ExportInitialize); initialize != nil {
		if _, err := initialize.Call(g.ctx); err != nil {
			return nil, errors.Join(err, g.Close())
		}
	}
	g.grow, g.call = g.instance.ExportedFunction(hostabi.ExportGrow), g.instance.ExportedFunction(hostabi.ExportCall)
	at, err := g.instance.ExportedFunction(hostabi.ExportHeader).Call(g.ctx)
	if err != nil {
		return nil, errors.Join(err, g.Close())
	}
	g.header = uint32(at[0])
	if v, h := g.field(hostabi.HeaderVersion), g.field(hostabi.HeaderHash); v != hostabi.Version || h != hostabi.SchemaHash {
		return nil, errors.Join(fmt.Errorf("host: the module is of another build (version %d, schema %08x)", v, h), g.Close())
	}
	return g, nil
}

func (g *Guest) tick() int64 {
	g.ticks += 1000
	return g.ticks % 1_000_000_000
}

func (g *Guest) field(offset uint32) uint32 {
	v, _ := g.instance.Memory().ReadUint32Le(g.header + offset)
	return v
}

// Flows is the header's count of conversations that wait for the host.
func (g *Guest) Flows() int { return int(g.field(hostabi.HeaderFlows)) }

// LastCode is the header's last return code.
func (g *Guest) LastCode() int { return int(int32(g.field(hostabi.HeaderError))) }

// Capacity is the size of the in-buffer.
func (g *Guest) Capacity() int { return int(g.field(hostabi.HeaderInCap)) }

// MemoryBytes is the size of the instance's memory.
func (g *Guest) MemoryBytes() int { return int(g.instance.Memory().Size()) }

// Answer is a copy of the out-buffer as the last call left it.
func (g *Guest) Answer() []byte {
	b, _ := g.instance.Memory().Read(g.field(hostabi.HeaderOut), g.field(hostabi.HeaderOutLen))
	return append([]byte(nil), b...)
}

// Queued are the bytes of the effects of the last call, as the imports were given them.
func (g *Guest) Queued() [][]byte { return g.queued }

// Close ends the instance.
func (g *Guest) Close() error { return g.instance.Close(g.ctx) }

// Call tells the core one message; the turn's effects are those that were queued.
func (g *Guest) Call(m core.Message) (core.Turn, error) {
	return g.CallRaw(hostabi.AppendMessage(nil, &m))
}

// CallRaw sends bytes as they are.
func (g *Guest) CallRaw(b []byte) (core.Turn, error) {
	if len(b) > g.Capacity() {
		if err := g.Grow(len(b)); err != nil {
			return core.Turn{}, err
		}
	}
	if !g.instance.Memory().Write(g.field(hostabi.HeaderIn), b) {
		return core.Turn{}, errors.New("host: the in-buffer does not lie in the memory")
	}
	return g.Send(len(b))
}

// Grow asks for an in-buffer of n bytes.
func (g *Guest) Grow(n int) error { return g.run(g.grow, n) }

// Send calls with a length, whatever stands in the in-buffer.
func (g *Guest) Send(n int) (core.Turn, error) {
	g.effects, g.queued, g.misuse = nil, nil, nil
	if err := g.run(g.call, n); err != nil {
		return core.Turn{}, err
	}
	if g.misuse != nil {
		return core.Turn{}, g.misuse
	}
	turn, err := hostabi.DecodeTurn(g.Answer())
	turn.Effects = g.effects
	return turn, err
}

func (g *Guest) run(f api.Function, n int) error {
	if g.dead {
		return ErrDead
	}
	result, err := f.Call(g.ctx, api.EncodeI32(int32(n)))
	if err != nil {
		g.dead = true
		said, _, _ := strings.Cut(g.said.String(), "\n")
		return &Error{hostabi.ErrPanic, strings.TrimSpace(said + " " + err.Error())}
	}
	code := int(api.DecodeI32(result[0]))
	if code >= 0 {
		return nil
	}
	g.dead = code == hostabi.ErrPanic
	return &Error{code, string(g.Answer())}
}

// queue copies the bytes at once: they are the guest's as soon as it goes on.
func (g *Guest) queue(name string, caller api.Module, ptr, n uint32) {
	b, ok := caller.Memory().Read(ptr, n)
	if !ok {
		g.misuse = fmt.Errorf("host: %s was given bytes outside of the memory", name)
		return
	}
	b = append([]byte(nil), b...)
	effect, err := hostabi.DecodeEffect(b)
	if err == nil && Import(effect) != name {
		err = fmt.Errorf("host: an effect for %q came through %s", Import(effect), name)
	}
	if err != nil {
		g.misuse = err
		return
	}
	g.effects = append(g.effects, effect)
	g.queued = append(g.queued, b)
}

// Import is the name of the import an effect leaves through, "" for one that is none.
func Import(x core.Effect) string {
	switch {
	case x.Fetch != nil:
		return hostabi.ImportFetch
	case x.File != nil:
		return hostabi.ImportFile
	case x.Ask != nil:
		return hostabi.ImportAsk
	case x.Log != nil:
		return hostabi.ImportLog
	}
	return ""
}
