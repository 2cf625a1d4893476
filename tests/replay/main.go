// Command replay makes the decisions of a log again, in native Go and in the built module, and compares both with the log byte for byte.
package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"log"
	"os"
	"path/filepath"

	"pimultiauth/core"
	"pimultiauth/core/engine"
	"pimultiauth/providers"
	"pimultiauth/tests/host"
	"pimultiauth/tests/pis"
)

func main() {
	log.SetFlags(0)
	if len(os.Args) != 2 {
		log.Fatal("usage: make replay FILE=multi-auth-decisions.jsonl")
	}
	said, err := os.ReadFile(os.Args[1])
	if err != nil {
		log.Fatal(err)
	}
	wasm, err := os.ReadFile(filepath.Join(pis.Root(), "js-loader", "core.wasm"))
	if err != nil {
		log.Fatal(err)
	}
	module, err := host.Load(context.Background(), wasm)
	if err != nil {
		log.Fatal(err)
	}
	defer module.Close()
	guest, err := module.New()
	if err != nil {
		log.Fatal(err)
	}
	same := true
	for _, c := range []struct {
		name string
		core host.Core
	}{{"native", host.Native{Engine: engine.New(providers.All())}}, {"module", guest}} {
		again, decisions, err := replay(c.core, said)
		if err != nil {
			log.Fatal(c.name, ": ", err)
		}
		if at, was, is := difference(said, again); at > 0 {
			same = false
			fmt.Printf("%s: line %d differs\n  log  %s\n  now  %s\n", c.name, at, was, is)
			continue
		}
		fmt.Printf("%s: %d decisions, the same to the byte\n", c.name, decisions)
	}
	if !same {
		os.Exit(1)
	}
}

func replay(c host.Core, said []byte) (again []byte, decisions int, err error) {
	question, err := json.Marshal(map[string]string{"what": "replay", "text": string(said)})
	if err != nil {
		return nil, 0, err
	}
	turn, err := c.Call(core.Message{At: 1, Inspect: &core.Inspect{Line: string(question)}})
	if err != nil {
		return nil, 0, err
	}
	var answer struct {
		Text      string
		Decisions int
	}
	err = json.Unmarshal([]byte(turn.Inspected.Line), &answer)
	return []byte(answer.Text), answer.Decisions, err
}

// difference answers the number of the first line that differs, 0 when none does.
func difference(said, again []byte) (line int, was, is []byte) {
	a, b := bytes.Split(said, []byte("\n")), bytes.Split(again, []byte("\n"))
	for i := range max(len(a), len(b)) {
		switch {
		case i >= len(a):
			return i + 1, nil, b[i]
		case i >= len(b):
			return i + 1, a[i], nil
		case !bytes.Equal(a[i], b[i]):
			return i + 1, a[i], b[i]
		}
	}
	return 0, nil, nil
}
