package pis

import (
	"os"
	"path/filepath"
)

// Storages are the modules of both Pis that keep auth.json, oldest first.
func Storages() ([]string, error) {
	modules := filepath.Join(Root(), "js-loader", "node_modules")
	old := filepath.Join(modules, "@earendil-works", "pi-coding-agent", "dist", "core", "auth-storage.js")
	newer, err := New()
	if err != nil {
		return nil, err
	}
	// Its storage alone, beside the packages it wants and its bundle does not.
	root := filepath.Join(Root(), ".build", "pi-1.5.2-storage")
	err = made(root, func(root string) error {
		if err := os.CopyFS(root, os.DirFS(filepath.Dir(filepath.Dir(filepath.Dir(newer.Script))))); err != nil {
			return err
		}
		if err := os.RemoveAll(filepath.Join(root, "node_modules")); err != nil {
			return err
		}
		return os.Symlink(modules, filepath.Join(root, "node_modules"))
	})
	if err != nil {
		return nil, err
	}
	return []string{old, filepath.Join(root, "dist", "core", "auth-storage.js")}, nil
}
