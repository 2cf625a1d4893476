// Command demo shows rotation in the real Pi without a key and without a vendor: three pretend accounts, one rate limited, one with a
// bad key, one fine.
package main

import (
	"fmt"
	"log"
	"net/http"
	"os"
	"strings"

	"pimultiauth/tests/pis"
	"pimultiauth/tests/vendor"
)

func main() {
	log.SetFlags(0)
	if err := show(); err != nil {
		log.Fatal(err)
	}
}

func show() error {
	dir, err := os.MkdirTemp("", "pi-multi-auth-demo-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	home, err := pis.NewHome(dir)
	if err != nil {
		return err
	}
	if home.Extension, err = pis.Shipped(); err != nil {
		return err
	}
	server := vendor.Start()
	defer server.Close()
	names := map[string]string{"key-one": "demo", "key-two": "demo-1", "key-three": "demo-2"}
	server.Script("key-one", vendor.Limited(90))
	server.Script("key-two", vendor.BadKey())
	server.Script("key-three", vendor.Step{Text: "Hello from the third account."})
	if err := home.Models("demo", "openai-completions", server.URL+"/v1"); err != nil {
		return err
	}
	if err := home.Keys("demo", "key-one", "demo-1", "key-two", "demo-2", "key-three"); err != nil {
		return err
	}
	pi := pis.Old()
	fmt.Printf("Three accounts of a pretend provider: demo is rate limited, demo-1 has a bad key, demo-2 is fine.\n\n$ pi -p \"hello\"        (the real Pi %s)\n", pi.Version)
	ran, err := home.Run(pi, "--model", "demo/model-1", "-p", "hello")
	if err != nil {
		return err
	}
	fmt.Print(indent(ran.Out + ran.Err))
	if ran.Code != 0 {
		return fmt.Errorf("pi ended with code %d", ran.Code)
	}
	fmt.Println("\nWhat the provider saw:")
	for i, asked := range server.Asked() {
		fmt.Printf("  %d. %-7s %d %s\n", i+1, names[asked.Key], asked.Status, outcome(asked.Status))
	}
	before := len(server.Asked())
	fmt.Println("\n$ pi -p \"hello\"        (another process: it knows already whom not to ask)")
	if ran, err = home.Run(pi, "--model", "demo/model-1", "-p", "hello"); err != nil {
		return err
	}
	fmt.Print(indent(ran.Out + ran.Err))
	for _, asked := range server.Asked()[before:] {
		fmt.Printf("  asked: %s\n", names[asked.Key])
	}
	fmt.Println("\n$ pi -p \"/multi-auth status\"")
	if ran, err = home.Run(pi, "-p", "/multi-auth status"); err != nil {
		return err
	}
	fmt.Print(indent(ran.Out + ran.Err))
	return why(home, pi)
}

// why asks in one RPC session, because the reasons of a choice are kept by the process that made it.
func why(home *pis.Home, pi pis.Pi) error {
	fmt.Println("\n/multi-auth why, after a question in the same Pi:")
	r, err := home.StartRPC(pi, "--model", "demo/model-1")
	if err != nil {
		return err
	}
	defer r.Close()
	if err := r.Send(map[string]any{"type": "prompt", "message": "hello"}); err != nil {
		return err
	}
	if _, err := r.Until(`"type":"agent_end"`); err != nil {
		return err
	}
	if err := r.Send(map[string]any{"type": "prompt", "message": "/multi-auth why"}); err != nil {
		return err
	}
	text, err := r.Notice()
	if err != nil {
		return err
	}
	fmt.Print(indent(text))
	return nil
}

func outcome(status int) string {
	if status == http.StatusOK {
		return "OK: answered"
	}
	return http.StatusText(status) + ": left for the next one"
}

func indent(text string) string {
	return "  " + strings.ReplaceAll(strings.TrimRight(text, "\n"), "\n", "\n  ") + "\n"
}
