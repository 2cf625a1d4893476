package pis

import (
	"bytes"
	"errors"
	"os"
	"path/filepath"
	"sync"
)

var ship = sync.OnceValues(func() (string, error) {
	folder := filepath.Join(Root(), ".build", "extension")
	if err := os.MkdirAll(folder, 0o755); err != nil {
		return "", err
	}
	for _, name := range []string{"index.js", "main.cjs", "core.wasm", "package.json"} {
		data, err := os.ReadFile(filepath.Join(Root(), "js-loader", name))
		if err != nil {
			return "", err
		}
		if err := put(filepath.Join(folder, name), data); err != nil {
			return "", err
		}
	}
	return filepath.Join(folder, "index.js"), nil
})

// put writes a file that Pis of another process may be reading, so that they read the old one or the new one.
func put(path string, data []byte) error {
	if old, err := os.ReadFile(path); err == nil && bytes.Equal(old, data) {
		return nil
	}
	draft, err := os.CreateTemp(filepath.Dir(path), filepath.Base(path)+".draft-")
	if err != nil {
		return err
	}
	_, err = draft.Write(data)
	if err = errors.Join(err, draft.Chmod(0o644), draft.Close()); err == nil {
		err = os.Rename(draft.Name(), path)
	}
	if err != nil {
		_ = os.Remove(draft.Name())
	}
	return err
}

// Shipped is the entry of the built extension as a person has it: away from the development dependencies, among which Pi would find a
// second Pi to load.
func Shipped() (string, error) { return ship() }
