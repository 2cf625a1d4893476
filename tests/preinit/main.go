// Command preinit runs the Go runtime's start at build time and bakes what it left behind, memory and globals, into the module. A host
// then has nothing to initialise: most of a plain module's load time is that start.
//
// usage: preinit PLAIN OUT. A module that is not made as expected is copied as it is, with a line that says why.
package main

import (
	"context"
	"errors"
	"fmt"
	"log"
	"os"
)

func main() {
	log.SetFlags(0)
	if len(os.Args) != 3 {
		log.Fatal("usage: preinit PLAIN OUT")
	}
	plain, err := os.ReadFile(os.Args[1])
	if err != nil {
		log.Fatal(err)
	}
	out, err := bake(context.Background(), plain)
	if err == nil {
		err = verify(context.Background(), out)
	}
	if err != nil {
		log.Printf("preinit: the plain module is used: %v", err)
		out = plain
	}
	if err := os.WriteFile(os.Args[2], out, 0o644); err != nil {
		log.Fatal(err)
	}
}

// goGlobals are the globals of a module of Go 1.26: SP, CTXT, g, RET0 to RET3 and PAUSE, all mutable. With the memory they are all state
// there is.
const goGlobals = 8

// bake answers the module as it is after its start.
func bake(ctx context.Context, plain []byte) ([]byte, error) {
	m, err := parse(plain)
	if err != nil {
		return nil, err
	}
	globals, err := m.mutableGlobals()
	if err != nil {
		return nil, err
	}
	if len(globals) != goGlobals {
		return nil, fmt.Errorf("it has %d globals, and Go's have %d", len(globals), goGlobals)
	}
	if m.find(dataCountSection) != nil || m.find(startSection) != nil {
		return nil, errors.New("it has a start or counted data")
	}
	if err := m.shorten(); err != nil {
		log.Printf("preinit: functions stay as they are: %v", err)
	}
	opened, err := m.exportGlobals(len(globals))
	if err != nil {
		return nil, err
	}
	memory, values, err := initialise(ctx, opened, len(globals))
	if err != nil {
		return nil, err
	}
	for what, drop := range map[string]func([]byte) (int, error){
		"what traces read": dropTraces, "the whole table of places": dropBuckets,
	} {
		if _, err := drop(memory); err != nil {
			log.Printf("preinit: %s stay in: %v", what, err)
		}
	}
	return m.emit(globals, values, memory)
}
