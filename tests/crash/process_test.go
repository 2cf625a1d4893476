// Package crash holds what happens to our files when processes die, wait, are suspended and when disks fail. It runs the loader's own
// storage in processes of its own and asserts counts; times are printed and never asserted.
package crash

import (
	"bufio"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"sort"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"pimultiauth/tests/pis"
)

// CRASH asks for these tests: "smoke" for few of everything, "long" for the counts of the bar (make crash, crash-long).
var long = os.Getenv("CRASH") == "long"

func asked(t *testing.T) {
	t.Helper()
	if os.Getenv("CRASH") == "" {
		t.Skip("make crash runs these")
	}
}

func pick(smoke, all int) int {
	if long {
		return all
	}
	return smoke
}

// figure prints what was measured, beside what was measured of others.
func figure(t *testing.T, id, format string, args ...any) {
	t.Helper()
	fmt.Printf("  %s: %s\n", id, fmt.Sprintf(format, args...))
}

const (
	accounts = 20
	canary   = "canary-7f3a"
)

// newFolder makes a runtime folder with twenty accounts, the journal included.
func newFolder(t *testing.T) string {
	t.Helper()
	dir := t.TempDir()
	var list []string
	for i := 1; i <= accounts; i++ {
		list = append(list, fmt.Sprintf(`"p-%d":{"credential":{"1":{"at":1,"entry":{"type":"api_key","key":"%s%s"}}}}`, i, canary, strings.Repeat("k", 1200)))
	}
	text := `{"providers":{"p":{"accounts":{` + strings.Join(list, ",") + `}}},"version":1}`
	require.NoError(t, os.WriteFile(filepath.Join(dir, "multi-auth-accounts.json"), []byte(text), 0o600))
	return dir
}

// file is what the accounts file holds.
type file struct {
	Accounts int
	Counter  int
	Updates  map[string]json.RawMessage
}

func read(dir string) (file, error) {
	var f file
	text, err := os.ReadFile(filepath.Join(dir, "multi-auth-accounts.json"))
	if err != nil {
		return f, err
	}
	var root struct {
		Providers map[string]struct {
			Accounts map[string]struct {
				Credential map[string]json.RawMessage
			}
			Counter struct{ At int }
			Updates map[string]json.RawMessage
		}
	}
	if err := json.Unmarshal(text, &root); err != nil {
		return f, fmt.Errorf("%d bytes: %w", len(text), err)
	}
	p := root.Providers["p"]
	for _, a := range p.Accounts {
		f.Accounts += len(a.Credential)
	}
	f.Counter, f.Updates = p.Counter.At, p.Updates
	return f, nil
}

// process is one of ours.
type process struct {
	cmd    *exec.Cmd
	in     io.WriteCloser
	lines  chan string
	acked  []string
	took   []float64
	failed []string
	off    int
	said   []string
	all    []string
}

// start runs a script of this folder, below a program such as strace where there is one.
func start(t *testing.T, below []string, script string, args ...string) *process {
	t.Helper()
	return startIn(t, append(append([]string(nil), below...), pis.Node()), script, args...)
}

// startIn runs a script of this folder in a program of its own, with what comes before the script.
func startIn(t *testing.T, program []string, script string, args ...string) *process {
	t.Helper()
	command := append(append([]string(nil), program...), filepath.Join(pis.Root(), "tests", "crash", script))
	command = append(command, args...)
	p := &process{cmd: exec.Command(command[0], command[1:]...), lines: make(chan string, 1<<16)}
	p.cmd.Env = []string{"PATH=" + os.Getenv("PATH"), "HOME=" + t.TempDir()}
	out, err := p.cmd.StdoutPipe()
	require.NoError(t, err)
	p.in, err = p.cmd.StdinPipe()
	require.NoError(t, err)
	p.cmd.Stderr = os.Stderr
	require.NoError(t, p.cmd.Start())
	go func() {
		for s := bufio.NewScanner(out); s.Scan(); {
			p.lines <- s.Text()
		}
		close(p.lines)
	}()
	return p
}

func (p *process) take(line string) {
	p.all = append(p.all, line)
	word, rest, _ := strings.Cut(line, " ")
	switch word {
	case "ack":
		name, ms, _ := strings.Cut(rest, " ")
		p.acked = append(p.acked, name)
		n, _ := strconv.ParseFloat(ms, 64)
		p.took = append(p.took, n)
	case "off":
		p.off++
	case "failed":
		p.failed = append(p.failed, rest)
	case "said":
		p.said = append(p.said, rest)
	case "looked", "held":
		n, _ := strconv.ParseFloat(rest, 64)
		p.took = append(p.took, n)
	}
}

// last is the last line a process said.
func (p *process) last() string { return p.all[len(p.all)-1] }

// until reads lines up to one that begins with a word.
func (p *process) until(t *testing.T, words ...string) string {
	t.Helper()
	limit := time.After(2 * time.Minute)
	for {
		select {
		case line, ok := <-p.lines:
			if !ok {
				return ""
			}
			p.take(line)
			for _, word := range words {
				if strings.HasPrefix(line, word) {
					return line
				}
			}
		case <-limit:
			t.Fatalf("no %v in two minutes: %v", words, p.all)
		}
	}
}

// end reads to the end; the process may have been killed.
func (p *process) end() {
	p.in.Close()
	for line := range p.lines {
		p.take(line)
	}
	_ = p.cmd.Wait()
}

// ask has a serving process do one thing and waits until it has.
func (p *process) ask(t *testing.T) string {
	t.Helper()
	_, err := io.WriteString(p.in, "\n")
	require.NoError(t, err)
	return p.until(t, "ack", "failed", "looked")
}

// begin lets a process that is ready write.
func (p *process) begin(t *testing.T) {
	t.Helper()
	p.until(t, "ready")
	_, err := io.WriteString(p.in, "\n")
	require.NoError(t, err)
}

// together runs processes to their ends; all begin when the last one is ready.
func together(t *testing.T, all []*process) (wall time.Duration) {
	t.Helper()
	for _, p := range all {
		p.until(t, "ready")
	}
	began := time.Now()
	var wait sync.WaitGroup
	for _, p := range all {
		wait.Add(1)
		go func() { defer wait.Done(); p.end() }()
	}
	wait.Wait()
	return time.Since(began)
}

// quantiles are p50, p99 and the most.
func quantiles(all []float64) (p50, p99, most float64) {
	if len(all) == 0 {
		return 0, 0, 0
	}
	sort.Float64s(all)
	return all[len(all)/2], all[len(all)*99/100], all[len(all)-1]
}

// holdsAll fails unless the file is whole, holds every account and every update that was taken.
func holdsAll(t *testing.T, dir string, processes ...*process) {
	t.Helper()
	f, err := read(dir)
	require.NoError(t, err)
	require.Equal(t, accounts, f.Accounts, "accounts were lost")
	for _, p := range processes {
		for _, name := range p.acked {
			require.Contains(t, f.Updates, name, "an update that was taken is lost")
		}
	}
}

// private fails where a file is open to others, or a secret stands in a file that is not for it.
func private(t *testing.T, dir string, processes ...*process) {
	t.Helper()
	require.NoError(t, filepath.WalkDir(dir, func(path string, d os.DirEntry, err error) error {
		if err != nil || path == dir {
			return err
		}
		info, err := d.Info()
		if err != nil {
			return err
		}
		require.Zero(t, info.Mode().Perm()&0o077, "%s is open to others", path)
		name := d.Name()
		if d.IsDir() || strings.HasPrefix(name, "multi-auth-accounts.json") || name == "multi-auth.journal" {
			return nil
		}
		text, err := os.ReadFile(path)
		require.NotContains(t, string(text), canary, "a secret is in %s", name)
		return err
	}))
	for _, p := range processes {
		require.NotContains(t, strings.Join(p.all, "\n"), canary, "a secret was said")
	}
}
