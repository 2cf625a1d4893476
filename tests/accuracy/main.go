// Command accuracy prints how many samples are read as they should be, for each provider and over all: of failures the kind, the scope,
// the verdict and the end; of usage, pasted keys, overrides and identities every field that inspect answers. With a directory as its
// argument it reads that one's samples instead of the project's own: failures from its *.txt, the others from its *.jsonl. It says each
// that differs and ends with 1 if one does.
package main

import (
	"fmt"
	"io/fs"
	"log"
	"os"
	"path/filepath"

	"pimultiauth/tests/pis"
)

func main() {
	log.SetFlags(0)
	root := os.DirFS(filepath.Join(pis.Root(), "providers"))
	failures, err := fs.Sub(root, "testdata/faults")
	if err != nil {
		log.Fatal(err)
	}
	patterns := []string{"*/testdata/usage.jsonl", "testdata/inspect/*.jsonl"}
	if len(os.Args) > 1 {
		root = os.DirFS(os.Args[1])
		failures, patterns = root, []string{"*.jsonl"}
	}
	told, err := faults(failures)
	if err != nil {
		log.Fatal(err)
	}
	tables, err := inspected(root, patterns...)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println("failures")
	right := told.print(os.Stdout)
	for _, kind := range inspections {
		if t := tables[kind.what]; len(t.rows) > 0 {
			fmt.Printf("\n%s\n", kind.what)
			right = t.print(os.Stdout) && right
		}
	}
	if !right {
		os.Exit(1)
	}
}
