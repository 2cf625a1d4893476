// Command place puts the built extension into Pi's folder of extensions: place <Pi's agent directory>. What another extension of the
// name had there is kept aside, outside of the folders Pi loads from, and what its config.json shares with ours is taken over.
package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"sort"
	"strconv"
	"strings"

	"pimultiauth/core/store"
)

const name = "pi-multi-auth"

// placed are the files of the package, by their place in js-loader.
var placed = []string{"index.js", "main.cjs", "core.wasm", "balancer", "package.json", "README.md", "LICENSE", "CHANGELOG.md", "SECURITY.md", "docs", ".env.example"}

func main() {
	if len(os.Args) != 2 {
		fmt.Fprintln(os.Stderr, "usage: place <agent directory>")
		os.Exit(2)
	}
	_, file, _, _ := runtime.Caller(0)
	said, err := Place(filepath.Join(filepath.Dir(file), "..", "..", "js-loader"), os.Args[1])
	for _, line := range said {
		fmt.Println(line)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

// Place copies the package from a folder into the extensions of an agent directory and answers what there is to say.
func Place(from, agent string) (said []string, err error) {
	folder := filepath.Join(agent, "extensions", name)
	for _, file := range placed {
		if _, err := os.Stat(filepath.Join(from, file)); err != nil {
			return nil, fmt.Errorf("the package is not built: %w", err)
		}
	}
	settings := map[string]any{}
	if theirs(folder) {
		text, _ := os.ReadFile(filepath.Join(folder, "config.json"))
		aside, err := putAside(folder, agent)
		if err != nil {
			return nil, err
		}
		said = append(said, "The extension that was in "+folder+" is kept in "+aside+".")
		taken, unused := takeOver(text)
		settings = taken
		if len(unused) > 0 {
			said = append(said, "Not used of its config.json: "+strings.Join(unused, ", ")+".")
		}
	}
	if err := os.MkdirAll(folder, 0o755); err != nil {
		return said, err
	}
	for _, file := range placed {
		if err := copyAll(filepath.Join(from, file), filepath.Join(folder, file)); err != nil {
			return said, err
		}
	}
	if len(settings) > 0 {
		text, err := json.MarshalIndent(settings, "", "  ")
		if err == nil {
			err = os.WriteFile(filepath.Join(folder, "config.json"), append(text, '\n'), 0o600)
		}
		if err != nil {
			return said, err
		}
	}
	said = append(said, name+" is in "+folder+".")
	return append(said, others(agent)...), nil
}

// theirs reports whether a folder holds another extension: ours always has its module.
func theirs(folder string) bool {
	entries, err := os.ReadDir(folder)
	if err != nil || len(entries) == 0 {
		return false
	}
	if _, err := os.Stat(filepath.Join(folder, "core.wasm")); err == nil {
		return false
	}
	for _, sign := range []string{"package.json", "index.ts", "index.js"} {
		if _, err := os.Stat(filepath.Join(folder, sign)); err == nil {
			return true
		}
	}
	return false
}

// putAside moves a folder, or the link to it, to where Pi loads nothing from.
func putAside(folder, agent string) (string, error) {
	aside := filepath.Join(agent, name+"-before")
	for n := 2; ; n++ {
		if _, err := os.Lstat(aside); errors.Is(err, fs.ErrNotExist) {
			return aside, os.Rename(folder, aside)
		}
		aside = filepath.Join(agent, name+"-before-"+strconv.Itoa(n))
	}
}

// takeOver reads the other extension's configuration: what means something here, and the names of the rest.
func takeOver(text []byte) (taken map[string]any, unused []string) {
	taken = map[string]any{}
	var all map[string]any
	if json.Unmarshal([]byte(strings.TrimPrefix(string(text), "\ufeff")), &all) != nil {
		return taken, nil
	}
	for key, value := range all {
		switch {
		case key == "excludeProviders":
			if _, both := all["hiddenProviders"]; !both {
				taken["hiddenProviders"] = value
			}
		case known(key):
			taken[key] = value
		default:
			unused = append(unused, key)
		}
	}
	sort.Strings(unused)
	return taken, unused
}

func known(key string) bool {
	for _, k := range store.ConfigKeys {
		if k == key {
			return true
		}
	}
	return false
}

// copyAll copies a file or a folder. Each file takes its place whole: a Pi that starts meanwhile sees the old one or the new one.
func copyAll(from, to string) error {
	return filepath.WalkDir(from, func(path string, entry fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		below, err := filepath.Rel(from, path)
		if err != nil {
			return err
		}
		target := filepath.Join(to, below)
		if entry.IsDir() {
			return os.MkdirAll(target, 0o755)
		}
		text, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		temp := target + ".tmp"
		if err := os.WriteFile(temp, text, 0o644); err != nil {
			return err
		}
		return os.Rename(temp, target)
	})
}

// others names whatever else Pi would load under the name.
func others(agent string) (said []string) {
	var settings struct {
		Packages   []any `json:"packages"`
		Extensions []any `json:"extensions"`
	}
	text, err := os.ReadFile(filepath.Join(agent, "settings.json"))
	if err != nil || json.Unmarshal(text, &settings) != nil {
		return nil
	}
	for _, entry := range append(settings.Packages, settings.Extensions...) {
		source, _ := entry.(string)
		if object, ok := entry.(map[string]any); ok {
			source, _ = object["source"].(string)
		}
		if strings.Contains(source, name) {
			said = append(said, "Pi's settings name "+source+" too, and one of them stays idle: pi remove "+source+
				". Versions up to 0.7.0 by MasuRii end Pi 0.80.10 and newer at their start.")
		}
	}
	return said
}
