package tests

import (
	"context"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"

	"pimultiauth/tests/host"
)

var update = flag.Bool("update", false, "write the answers of testdata/conversations anew")

// plain builds the module as the Makefile does; what lies in .build may be older than the sources.
var plain = sync.OnceValues(func() (*host.Module, error) {
	dir, err := os.MkdirTemp("", "pi-multi-auth-")
	if err != nil {
		return nil, err
	}
	defer func() { _ = os.RemoveAll(dir) }()
	path := filepath.Join(dir, "plain.wasm")
	if err := lean(); err != nil {
		return nil, err
	}
	build := exec.Command("go", "build", "-modfile", leanMod, "-buildmode=c-shared", "-trimpath", "-ldflags=-s -w", "-o", path, "./wasm")
	build.Dir = ".."
	build.Env = append(os.Environ(), "GOOS=wasip1", "GOARCH=wasm")
	if out, err := build.CombinedOutput(); err != nil {
		return nil, fmt.Errorf("%w: %s", err, out)
	}
	return load(path)
})

// leanMod is the go.mod the module is built with, from the project's folder.
const leanMod = ".build/lean/go.mod"

// lean makes leanMod anew.
var lean = sync.OnceValue(func() error {
	prepare := exec.Command("go", "run", "./tests/lean", ".build/lean")
	prepare.Dir = ".."
	if out, err := prepare.CombinedOutput(); err != nil {
		return fmt.Errorf("%w: %s", err, out)
	}
	return nil
})

// shipped is the module that lies in the package.
var shipped = sync.OnceValues(func() (*host.Module, error) { return load(filepath.Join("..", "js-loader", "core.wasm")) })

func load(path string) (*host.Module, error) {
	bytes, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	return host.Load(context.Background(), bytes)
}

// modules are the forms of the module every test of the border holds for.
func modules(t *testing.T) map[string]*host.Module {
	t.Helper()
	one, err := plain()
	require.NoError(t, err)
	two, err := shipped()
	require.NoError(t, err, "make builds js-loader/core.wasm")
	return map[string]*host.Module{"plain": one, "shipped": two}
}

func newGuest(t *testing.T, m *host.Module) *host.Guest {
	t.Helper()
	g, err := m.New()
	require.NoError(t, err, "make builds js-loader/core.wasm anew")
	t.Cleanup(func() { _ = g.Close() })
	return g
}
