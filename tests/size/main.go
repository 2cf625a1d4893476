// Command size prints what the module weighs and which packages, and functions beside Go's own, weigh most in it.
//
// usage: size [-functions N] -- FLAG…, the flags being those of the build, so that what is measured is what is shipped.
package main

import (
	"bytes"
	"compress/gzip"
	"encoding/binary"
	"errors"
	"flag"
	"fmt"
	"log"
	"os"
	"os/exec"
	"path/filepath"
	"sort"
	"strings"

	"pimultiauth/tests/pis"
)

const (
	rawBar  = 3_200_000
	gzipBar = 900_000
	shown   = 15
)

// functions is how many functions are listed.
var functions = flag.Int("functions", 0, "list so many functions")

func main() {
	log.SetFlags(0)
	flag.Parse()
	if err := run(); err != nil {
		log.Fatal(err)
	}
}

func run() error {
	module, err := os.ReadFile(filepath.Join(pis.Root(), "js-loader", "core.wasm"))
	if err != nil {
		return err
	}
	var zipped bytes.Buffer
	w, err := gzip.NewWriterLevel(&zipped, gzip.BestCompression)
	if err != nil {
		return err
	}
	if _, err := w.Write(module); err != nil {
		return err
	}
	w.Close()
	fmt.Printf("core.wasm  raw %d bytes (bar %d), gzip %d bytes (bar %d)\n", len(module), rawBar, zipped.Len(), gzipBar)
	named := filepath.Join(pis.Root(), ".build", "named.wasm")
	arguments := append([]string{"build", "-modfile", ".build/lean/go.mod", "-buildmode=c-shared", "-trimpath"}, flag.Args()...)
	build := exec.Command("go", append(arguments, "-o", named, "./wasm")...)
	build.Dir = pis.Root()
	build.Env = append(os.Environ(), "GOOS=wasip1", "GOARCH=wasm")
	if out, err := build.CombinedOutput(); err != nil {
		return fmt.Errorf("%w: %s", err, out)
	}
	text, err := os.ReadFile(named)
	if err != nil {
		return err
	}
	return dominant(text)
}

// The sections of a WebAssembly module that matter here (core specification 1.0, 5.5.2).
const (
	customSection = 0
	importSection = 2
	codeSection   = 10
	dataSection   = 11
)

// dominant prints the bytes of code by package.
func dominant(module []byte) error {
	var names map[uint64]string
	var sizes []uint64
	imported, data := uint64(0), 0
	r := &reader{b: module[8:]}
	for len(r.b) > 0 && r.err == nil {
		id := r.byte()
		body := &reader{b: r.take(r.number())}
		switch id {
		case importSection:
			imported = countImports(body)
		case codeSection:
			for range body.number() {
				n := body.number()
				sizes = append(sizes, n)
				body.take(n)
			}
		case dataSection:
			data = len(body.b)
		case customSection:
			if string(body.take(body.number())) == "name" {
				names = functionNames(body)
			}
		}
		r.err = errors.Join(r.err, body.err)
	}
	if r.err != nil {
		return r.err
	}
	byPackage, byFunction := map[string]uint64{}, map[string]uint64{}
	total := uint64(0)
	for i, n := range sizes {
		name := names[imported+uint64(i)]
		byPackage[packageOf(name)] += n
		if strings.HasPrefix(name, "pimultiauth_") {
			byFunction[name] += n
		}
		total += n
	}
	fmt.Printf("code %d bytes in %d functions, data %d bytes; the most by package:\n", total, len(sizes), data)
	list(byPackage, total, shown)
	list(byFunction, total, *functions)
	return nil
}

// list prints the heaviest of what has a name, and their parts of all code.
func list(weights map[string]uint64, total uint64, most int) {
	names := make([]string, 0, len(weights))
	for name := range weights {
		names = append(names, name)
	}
	sort.Slice(names, func(i, j int) bool { return weights[names[i]] > weights[names[j]] })
	for _, name := range names[:min(most, len(names))] {
		fmt.Printf("%9d  %4.1f %%  %s\n", weights[name], 100*float64(weights[name])/float64(total), name)
	}
}

// packageOf is what stands before the last dot of a path's last element: the linker writes slashes as underscores.
func packageOf(name string) string {
	if i := strings.IndexByte(name, '.'); i > 0 {
		name = name[:i]
	}
	if name == "" {
		return "(no name)"
	}
	return name
}

func countImports(r *reader) uint64 {
	functions := uint64(0)
	for range r.number() {
		r.take(r.number())
		r.take(r.number())
		switch r.byte() {
		case 0:
			functions++
			r.number()
		default:
			// Go imports functions only.
			r.err = errors.New("an import that is no function")
			return functions
		}
	}
	return functions
}

func functionNames(r *reader) map[uint64]string {
	names := map[uint64]string{}
	for len(r.b) > 0 && r.err == nil {
		id := r.byte()
		body := &reader{b: r.take(r.number())}
		if id != 1 {
			continue
		}
		for range body.number() {
			index := body.number()
			names[index] = string(body.take(body.number()))
		}
		r.err = body.err
	}
	return names
}

// reader reads a module; after the first fault it answers zero values.
type reader struct {
	b   []byte
	err error
}

func (r *reader) take(n uint64) []byte {
	if n > uint64(len(r.b)) {
		r.err, r.b = errors.New("the module ends too early"), nil
		return nil
	}
	b := r.b[:n]
	r.b = r.b[n:]
	return b
}

func (r *reader) byte() byte {
	if b := r.take(1); b != nil {
		return b[0]
	}
	return 0
}

func (r *reader) number() uint64 {
	n, size := binary.Uvarint(r.b)
	if size <= 0 {
		r.err, r.b = errors.New("a number that does not end"), nil
		return 0
	}
	r.b = r.b[size:]
	return n
}
