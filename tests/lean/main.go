// Command lean prepares the build of the module: a go.mod that takes a copy of gjson without package time. gjson imports it for
// Result.Time alone, which nothing here calls, and it brings 220 kB and four functions of WASI along.
//
// usage, in the project's folder: lean FOLDER, below it, which gets go.mod, go.sum and the copy. `go build -modfile FOLDER/go.mod` uses them.
package main

import (
	"bytes"
	"errors"
	"go/ast"
	"go/format"
	"go/parser"
	"go/token"
	"log"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
)

func main() {
	log.SetFlags(0)
	if len(os.Args) != 2 {
		log.Fatal("usage: lean FOLDER")
	}
	if err := write(os.Args[1]); err != nil {
		log.Fatal(err)
	}
}

func write(folder string) error {
	out, err := exec.Command("go", "list", "-f", "{{.Dir}}", "github.com/tidwall/gjson").Output()
	if err != nil {
		return err
	}
	source := strings.TrimSpace(string(out))
	lean := filepath.Join(folder, "gjson")
	if err := os.MkdirAll(lean, 0o755); err != nil {
		return err
	}
	text, err := withoutTime(filepath.Join(source, "gjson.go"))
	if err != nil {
		return err
	}
	if err := os.WriteFile(filepath.Join(lean, "gjson.go"), text, 0o644); err != nil {
		return err
	}
	for from, to := range map[string]string{
		filepath.Join(source, "go.mod"): filepath.Join(lean, "go.mod"), "go.sum": filepath.Join(folder, "go.sum"),
	} {
		text, err := os.ReadFile(from)
		if err != nil {
			return err
		}
		if err := os.WriteFile(to, text, 0o644); err != nil {
			return err
		}
	}
	mod, err := os.ReadFile("go.mod")
	if err != nil {
		return err
	}
	// Relative, because the build writes it into the module, which must not depend on where it was built.
	mod = append(mod, "\nreplace github.com/tidwall/gjson => ./"+filepath.ToSlash(lean)+"\n"...)
	return os.WriteFile(filepath.Join(folder, "go.mod"), mod, 0o644)
}

// withoutTime is the file without the import of time and without the methods that return one.
func withoutTime(path string) ([]byte, error) {
	set := token.NewFileSet()
	file, err := parser.ParseFile(set, path, nil, parser.SkipObjectResolution)
	if err != nil {
		return nil, err
	}
	kept := file.Decls[:0]
	for _, decl := range file.Decls {
		switch decl := decl.(type) {
		case *ast.FuncDecl:
			if usesTime(decl) {
				continue
			}
		case *ast.GenDecl:
			if decl.Tok == token.IMPORT {
				specs := decl.Specs[:0]
				for _, spec := range decl.Specs {
					if spec.(*ast.ImportSpec).Path.Value != `"time"` {
						specs = append(specs, spec)
					}
				}
				if len(specs) == len(decl.Specs) {
					return nil, errors.New("gjson does not import time any more: the copy is not needed")
				}
				decl.Specs = specs
			}
		}
		kept = append(kept, decl)
	}
	file.Decls = kept
	var b bytes.Buffer
	err = format.Node(&b, set, file)
	return b.Bytes(), err
}

func usesTime(f *ast.FuncDecl) bool {
	uses := false
	ast.Inspect(f, func(n ast.Node) bool {
		if s, ok := n.(*ast.SelectorExpr); ok {
			if x, ok := s.X.(*ast.Ident); ok && x.Name == "time" {
				uses = true
			}
		}
		return !uses
	})
	return uses
}
