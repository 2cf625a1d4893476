package pis

import (
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
		if err := os.WriteFile(filepath.Join(folder, name), data, 0o644); err != nil {
			return "", err
		}
	}
	return filepath.Join(folder, "index.js"), nil
})

// Shipped is the entry of the built extension as a person has it: away from the development dependencies, among which Pi would find a
// second Pi to load.
func Shipped() (string, error) { return ship() }
