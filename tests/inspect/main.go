// Command inspect asks the built module what it makes of something: a line of JSON in, a line out.
package main

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"log"
	"os"
	"path/filepath"
	"strings"

	"pimultiauth/core"
	"pimultiauth/hostabi"
	"pimultiauth/tests/host"
	"pimultiauth/tests/pis"
)

func main() {
	log.SetFlags(0)
	if err := run(os.Stdin, os.Stdout); err != nil {
		log.Fatal(err)
	}
}

func run(in io.Reader, out io.Writer) error {
	bytes, err := os.ReadFile(filepath.Join(pis.Root(), "js-loader", "core.wasm"))
	if err != nil {
		return err
	}
	module, err := host.Load(context.Background(), bytes)
	if err != nil {
		return err
	}
	defer module.Close()
	guest, err := module.New()
	if err != nil {
		return err
	}
	lines := bufio.NewReader(in)
	answers := bufio.NewWriter(out)
	defer answers.Flush()
	for {
		line, err := lines.ReadString('\n')
		if line = strings.TrimSpace(line); line != "" {
			answer, failure := ask(guest, line)
			if failure != nil {
				// An instance may have died of the line; the next line is not to suffer for it.
				if guest, err = module.New(); err != nil {
					return err
				}
			}
			fmt.Fprintln(answers, answer)
		}
		if err == io.EOF {
			return nil
		}
		if err != nil {
			return err
		}
	}
}

func ask(guest *host.Guest, line string) (string, error) {
	if len(line) > hostabi.MaxMessage-64 {
		return problem("a line has at most 16 MB"), nil
	}
	turn, err := guest.Call(core.Message{Inspect: &core.Inspect{Line: line}})
	if err != nil {
		return problem(err.Error()), err
	}
	return turn.Inspected.Line, nil
}

func problem(text string) string {
	quoted, _ := json.Marshal(text)
	return `{"error":` + string(quoted) + `}`
}
