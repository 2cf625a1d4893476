// Runs every fuzz target of the tree, one after another: `go test` takes one at a time. What they find stays in testdata/fuzz beside
// the target, what they learned in Go's own cache, so the next run goes on from there.
package main

import (
	"bytes"
	"context"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"os/signal"
	"regexp"
	"strings"
	"syscall"
	"time"

	"pimultiauth/tests/pis"
)

func main() {
	span := flag.Duration("time", 10*time.Second, "how long each target runs")
	only := flag.String("only", "", "the targets to run, a regular expression")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	wanted, err := regexp.Compile(*only)
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(2)
	}
	targets, err := list(ctx)
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	failed := 0
	for _, t := range targets {
		if !wanted.MatchString(t.name) {
			continue
		}
		out, err := run(ctx, "go", "test", "-run", "^$", "-fuzz", "^"+t.name+"$", "-fuzztime", span.String(), "-fuzzminimizetime", minimizing, t.folder)
		fmt.Printf("%-40s %-24s %s\n", t.name, t.folder, figures(out))
		if ctx.Err() != nil {
			os.Exit(1)
		}
		if err != nil {
			failed++
			fmt.Println(out)
		}
	}
	if failed > 0 {
		fmt.Printf("%d targets found something; it is kept in their testdata/fuzz\n", failed)
		os.Exit(1)
	}
}

// minimizing is how long Go may shorten one input that is new to it: by itself it takes a minute, which is all the time there is.
const minimizing = "1s"

type target struct{ folder, name string }

// list asks Go itself which targets there are.
func list(ctx context.Context) ([]target, error) {
	packages, err := run(ctx, "go", "list", "-f", "{{if or .TestGoFiles .XTestGoFiles}}{{.Dir}}{{end}}", "./...")
	if err != nil {
		return nil, fmt.Errorf("%w: %s", err, packages)
	}
	var targets []target
	for _, dir := range strings.Fields(packages) {
		folder := "." + strings.TrimPrefix(dir, pis.Root())
		// Without a target in the text there is nothing to build.
		if exec.Command("grep", "-qs", "^func Fuzz", "-r", "--include=*_test.go", dir).Run() != nil {
			continue
		}
		names, err := run(ctx, "go", "test", "-list", "^Fuzz", folder)
		if err != nil {
			return nil, fmt.Errorf("%w: %s", err, names)
		}
		for _, line := range strings.Split(names, "\n") {
			if strings.HasPrefix(line, "Fuzz") {
				targets = append(targets, target{folder, line})
			}
		}
	}
	return targets, nil
}

func run(ctx context.Context, name string, args ...string) (string, error) {
	cmd := exec.CommandContext(ctx, name, args...)
	cmd.Dir = pis.Root()
	cmd.Cancel = func() error { return cmd.Process.Signal(os.Interrupt) }
	var out bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &out
	err := cmd.Run()
	return out.String(), err
}

var execs = regexp.MustCompile(`execs: (\d+) .*`)

// figures are what Go said last of a run.
func figures(out string) string {
	all := execs.FindAllString(out, -1)
	if len(all) == 0 {
		return "nothing was run"
	}
	return all[len(all)-1]
}
