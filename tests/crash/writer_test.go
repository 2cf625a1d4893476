// Package crash holds what happens to our files when processes die, wait, are suspended and when disks fail. It runs the loader's own
// storage in processes of its own and asserts counts; times are printed and never asserted.
package crash

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"pimultiauth/tests/pis"
	"pimultiauth/tests/run"
)

// crash asks for these tests (make crash, crash-long).
const crash = run.Load("CRASH")

const (
	accounts = 20
	canary   = "canary-7f3a"
)

// newFolder makes a runtime folder with twenty accounts.
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
	text, err := os.ReadFile(filepath.Join(dir, "multi-auth-accounts.json"))
	if err != nil {
		return file{}, err
	}
	return parse(text)
}

func parse(text []byte) (file, error) {
	var f file
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

// writer is a process of this folder and what it has said.
type writer struct {
	*run.Process
	acked  []string
	took   []float64
	failed []string
	off    int
	said   []string
	all    []string
}

// start runs a script of this folder, below a program such as strace where there is one.
func start(t *testing.T, below []string, script string, args ...string) *writer {
	t.Helper()
	return startIn(t, nil, append(append([]string(nil), below...), pis.Node()), script, args...)
}

// startIn runs a script of this folder in a program of its own, with what comes before the script and further variables.
func startIn(t *testing.T, env, program []string, script string, args ...string) *writer {
	t.Helper()
	command := append(append([]string(nil), program...), filepath.Join(pis.Root(), "tests", "crash", script))
	return &writer{Process: run.Start(t, env, append(command, args...)...)}
}

func (p *writer) take(line string) {
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

// patience is how long a process may take for what it is waited for, whatever the machine has to do beside it.
const patience = 10 * time.Minute

// last is the last line a process said.
func (p *writer) last() string { return p.all[len(p.all)-1] }

// until reads lines up to one that begins with a word.
func (p *writer) until(t *testing.T, words ...string) string {
	t.Helper()
	limit := time.After(patience)
	for {
		select {
		case line, ok := <-p.Lines:
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
			t.Fatalf("no %v in %s: %v", words, patience, p.all)
		}
	}
}

// end reads to the end; the process may have been killed.
func (p *writer) end() { p.End(p.take) }

// ask has a serving process do one thing and waits until it has.
func (p *writer) ask(t *testing.T) string {
	t.Helper()
	p.Tell("")
	return p.until(t, "ack", "failed", "looked")
}

// begin lets a process that is ready write.
func (p *writer) begin(t *testing.T) {
	t.Helper()
	p.until(t, "ready")
	p.Tell("")
}

// many starts so many writers of a kind.
func many(t *testing.T, n int, dir string, args ...string) []*writer {
	t.Helper()
	all := make([]*writer, n)
	for i := range all {
		all[i] = start(t, nil, "writer.mts", append([]string{dir}, args...)...)
	}
	return all
}

// together runs processes to their ends; all begin when the last one is ready.
func together(t *testing.T, all []*writer) (wall time.Duration) {
	t.Helper()
	for _, p := range all {
		p.until(t, "ready")
	}
	wall = run.Together(all, (*writer).end)
	for _, p := range all {
		require.Empty(t, p.failed)
	}
	return wall
}

// times are how long the updates of processes took.
func times(all []*writer) (took []float64) {
	for _, p := range all {
		took = append(took, p.took...)
	}
	return took
}

// bare measures what the disk itself takes for as many replacements at once, so that a figure of ours can be read on any machine.
func bare(t *testing.T, n, updates int, every ...string) string {
	t.Helper()
	all := many(t, n, t.TempDir(), append([]string{"plain", fmt.Sprint(updates)}, every...)...)
	wall := together(t, all)
	p50, p99, most := run.Quantiles(times(all))
	return fmt.Sprintf("files of their own without gate, merge and journal, beside it: %.0f/s, p50 %.1f, p99 %.1f, max %.0f ms", float64(n*updates)/wall.Seconds(), p50, p99, most)
}

// holdsAll fails unless the file is whole, holds every account and every update that was taken.
func holdsAll(t *testing.T, dir string, writers ...*writer) {
	t.Helper()
	f, err := read(dir)
	require.NoError(t, err)
	require.Equal(t, accounts, f.Accounts, "accounts were lost")
	for _, p := range writers {
		for _, name := range p.acked {
			require.Contains(t, f.Updates, name, "an update that was taken is lost")
		}
	}
}

// holdsLast fails unless the file has the last update of each process that changes one field of its own.
func holdsLast(t *testing.T, dir string, writers []*writer) {
	t.Helper()
	f, err := read(dir)
	require.NoError(t, err)
	require.Equal(t, accounts, f.Accounts, "accounts were lost")
	for _, p := range writers {
		who, n, _ := strings.Cut(p.acked[len(p.acked)-1], "-")
		number, err := strconv.Atoi(n)
		require.NoError(t, err)
		require.JSONEq(t, fmt.Sprintf(`{"at":%d}`, number+1), string(f.Updates[who]), "the last update of a process is lost")
	}
}

// private fails where a file is open to others, or a secret stands in a file, an output or a listing that is not for it.
func private(t *testing.T, dir string, writers ...*writer) {
	t.Helper()
	run.Private(t, dir, canary)
	for _, p := range writers {
		p.Listed(t, canary)
		require.NotContains(t, strings.Join(p.all, "\n"), canary, "a secret was said")
	}
}
