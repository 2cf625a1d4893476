// Command accuracy prints how many samples are read as they should be: for failures the kind, the scope, the verdict and the end, for
// each provider and over all. With a directory as its argument it reads that one's samples instead of the project's own. It says each
// that differs and ends with 1 if one does.
package main

import (
	"fmt"
	"log"
	"os"
	"path/filepath"

	"pimultiauth/tests/pis"
)

func main() {
	log.SetFlags(0)
	dir := filepath.Join(pis.Root(), "providers", "testdata", "faults")
	if len(os.Args) > 1 {
		dir = os.Args[1]
	}
	t, err := faults(os.DirFS(dir))
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println("failures")
	if !t.print(os.Stdout) {
		os.Exit(1)
	}
}
