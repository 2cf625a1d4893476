package main

import (
	"bytes"
	"context"
	"crypto/sha256"
	"errors"
	"fmt"

	"github.com/tetratelabs/wazero"
	"github.com/tetratelabs/wazero/api"
	"github.com/tetratelabs/wazero/imports/wasi_snapshot_preview1"
	"github.com/tetratelabs/wazero/sys"
)

// steady gives the same bytes at every build, so that the module is the same too.
type steady struct {
	block [32]byte
	left  []byte
}

func (s *steady) Read(p []byte) (int, error) {
	for i := range p {
		if len(s.left) == 0 {
			s.block = sha256.Sum256(append([]byte("pi-multi-auth"), s.block[:]...))
			s.left = s.block[:]
		}
		p[i] = s.left[0]
		s.left = s.left[1:]
	}
	return len(p), nil
}

// instantiate starts a runtime with fixed time and entropy; whoever calls it closes the runtime.
func instantiate(ctx context.Context, module []byte) (wazero.Runtime, api.Module, error) {
	r := wazero.NewRuntimeWithConfig(ctx, wazero.NewRuntimeConfigInterpreter())
	fail := func(err error) (wazero.Runtime, api.Module, error) {
		return nil, nil, errors.Join(err, r.Close(ctx))
	}
	wasi_snapshot_preview1.MustInstantiate(ctx, r)
	env := r.NewHostModuleBuilder("pi_multi_auth")
	for _, name := range []string{"fetch", "file", "ask", "log"} {
		env.NewFunctionBuilder().WithFunc(func(_, _ uint32) { panic("an effect during the start") }).Export(name)
	}
	if _, err := env.Instantiate(ctx); err != nil {
		return fail(err)
	}
	config := wazero.NewModuleConfig().WithName("").WithStartFunctions().WithRandSource(&steady{}).
		WithWalltime(func() (int64, int32) { return 1, 0 }, sys.ClockResolution(1)).
		WithNanotime(func() int64 { return 1 }, sys.ClockResolution(1))
	m, err := r.InstantiateWithConfig(ctx, module, config)
	if err != nil {
		return fail(err)
	}
	return r, m, nil
}

// initialise runs the start and answers the memory and the globals it left.
func initialise(ctx context.Context, module []byte, globals int) (memory []byte, values []uint64, err error) {
	r, m, err := instantiate(ctx, module)
	if err != nil {
		return nil, nil, err
	}
	defer func() { err = errors.Join(err, r.Close(ctx)) }()
	start := m.ExportedFunction("_initialize")
	if start == nil {
		return nil, nil, errors.New("it has no _initialize")
	}
	if _, err := start.Call(ctx); err != nil {
		return nil, nil, err
	}
	for i := range globals {
		values = append(values, m.ExportedGlobal(globalName(i)).Get())
	}
	all, ok := m.Memory().Read(0, m.Memory().Size())
	if !ok {
		return nil, nil, errors.New("its memory cannot be read")
	}
	return bytes.Clone(all), values, nil
}

// verify asks the baked module what only a started one can answer.
func verify(ctx context.Context, module []byte) (err error) {
	r, m, err := instantiate(ctx, module)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, r.Close(ctx)) }()
	if m.ExportedFunction("_initialize") != nil {
		return errors.New("it would still be started")
	}
	header, err := m.ExportedFunction("header").Call(ctx)
	if err != nil {
		return err
	}
	if version, ok := m.Memory().ReadUint32Le(uint32(header[0])); !ok || version == 0 {
		return errors.New("its header is empty")
	}
	if rc, err := m.ExportedFunction("grow").Call(ctx, 1<<20); err != nil || rc[0] != 0 {
		return fmt.Errorf("it does not grow: %v %w", rc, err)
	}
	return nil
}
