// Package run runs programs of a test as processes of their own, lines in and lines out, and prints figures beside those of others.
package run

import (
	"bufio"
	"bytes"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// Load is a kind of test that is run when a variable of this name asks for it: "smoke" for few of everything, "long" for the counts of
// the bar. COUNT, a percentage, makes the long form shorter.
type Load string

// Asked skips a test nobody asked for.
func (l Load) Asked(t *testing.T) {
	t.Helper()
	if os.Getenv(string(l)) == "" {
		t.Skipf("make %s runs these", strings.ToLower(string(l)))
	}
}

// Long reports whether the counts of the bar are wanted.
func (l Load) Long() bool { return os.Getenv(string(l)) == "long" }

// Pick is a count of the smoke form, or of the long one.
func (l Load) Pick(smoke, long int) int {
	if !l.Long() {
		return smoke
	}
	if percent, err := strconv.Atoi(os.Getenv("COUNT")); err == nil && percent > 0 {
		long = long * percent / 100
	}
	return max(smoke, long)
}

// Figure prints what was measured, with the id that the bar has for it.
func Figure(t *testing.T, id, format string, args ...any) {
	t.Helper()
	fmt.Printf("  %s: %s\n", id, fmt.Sprintf(format, args...))
}

// Quantiles are p50, p99 and the most of what was measured; zero of nothing.
func Quantiles(all []float64) (p50, p99, most float64) {
	if len(all) == 0 {
		return 0, 0, 0
	}
	sorted := slices.Sorted(slices.Values(all))
	return sorted[len(sorted)/2], sorted[len(sorted)*99/100], sorted[len(sorted)-1]
}

// Process is one that runs, or ran.
type Process struct {
	Cmd *exec.Cmd
	// Lines are what it says, closed at its end.
	Lines  chan string
	in     io.WriteCloser
	mu     sync.Mutex
	errors bytes.Buffer
}

// Start runs a command; it is killed with the test.
func Start(t *testing.T, env []string, command ...string) *Process {
	t.Helper()
	p := &Process{Cmd: exec.Command(command[0], command[1:]...), Lines: make(chan string, 1<<16)}
	p.Cmd.Env = append([]string{"PATH=" + os.Getenv("PATH"), "HOME=" + t.TempDir()}, env...)
	out, err := p.Cmd.StdoutPipe()
	require.NoError(t, err)
	p.in, err = p.Cmd.StdinPipe()
	require.NoError(t, err)
	p.Cmd.Stderr = (*stderr)(p)
	require.NoError(t, p.Cmd.Start())
	go func() {
		s := bufio.NewScanner(out)
		s.Buffer(nil, 1<<20)
		for s.Scan() {
			p.Lines <- s.Text()
		}
		close(p.Lines)
	}()
	t.Cleanup(func() {
		_ = p.Cmd.Process.Kill()
		p.End(func(string) {})
		if t.Failed() && p.Errors() != "" {
			t.Logf("process %d on stderr:\n%.2000s", p.Cmd.Process.Pid, p.Errors())
		}
	})
	return p
}

// stderr takes in what a process says of its errors, at most a megabyte.
type stderr Process

func (s *stderr) Write(b []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.errors.Len() < 1<<20 {
		s.errors.Write(b)
	}
	return len(b), nil
}

// Errors is what it has said on stderr.
func (p *Process) Errors() string {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.errors.String()
}

// Tell gives it a line; one that has ended does not hear it.
func (p *Process) Tell(line string) { _, _ = io.WriteString(p.in, line+"\n") }

// Kill ends it at once.
func (p *Process) Kill(t *testing.T) {
	t.Helper()
	require.NoError(t, p.Cmd.Process.Kill())
}

// Signal sends it a signal.
func (p *Process) Signal(t *testing.T, signal syscall.Signal) {
	t.Helper()
	require.NoError(t, p.Cmd.Process.Signal(signal))
}

// End closes its input, takes what it says yet and waits for its end.
func (p *Process) End(take func(line string)) {
	p.in.Close()
	for line := range p.Lines {
		take(line)
	}
	_ = p.Cmd.Wait()
}

// Together runs an end for each of many at once and answers how long all took.
func Together[P any](all []P, end func(P)) time.Duration {
	began := time.Now()
	var wait sync.WaitGroup
	for _, p := range all {
		wait.Add(1)
		go func() { defer wait.Done(); end(p) }()
	}
	wait.Wait()
	return time.Since(began)
}

// Listed fails where a word stands in what anybody may list of a running process: its environment and its command line.
func (p *Process) Listed(t *testing.T, secrets ...string) {
	t.Helper()
	for _, name := range []string{"environ", "cmdline"} {
		// One that has ended lists nothing.
		text, _ := os.ReadFile(fmt.Sprintf("/proc/%d/%s", p.Cmd.Process.Pid, name))
		for _, secret := range secrets {
			require.NotContains(t, string(text), secret, "a secret is in %s of a process", name)
		}
	}
	for _, secret := range secrets {
		require.NotContains(t, p.Errors(), secret, "a secret is on stderr")
	}
}

// Private fails where a file below a folder is open to others, or where a secret stands in one that is not for secrets. It answers how
// many files it looked through.
func Private(t *testing.T, dir string, secrets ...string) (files int) {
	t.Helper()
	require.NoError(t, filepath.WalkDir(dir, func(path string, d os.DirEntry, err error) error {
		// What comes and goes with the processes may have gone.
		if os.IsNotExist(err) {
			return nil
		}
		if err != nil || path == dir {
			return err
		}
		info, err := d.Info()
		if err != nil {
			return nil
		}
		name := d.Name()
		// The locks of Pi and of the peer are theirs: empty folders with the modes they chose.
		if d.IsDir() && strings.HasSuffix(name, ".lock") {
			return filepath.SkipDir
		}
		if name != "auth.json" && !strings.HasPrefix(name, "auth.json.") {
			require.Zero(t, info.Mode().Perm()&0o077, "%s is open to others", path)
		}
		if d.IsDir() || holdsSecrets(name) || info.Size() > 32<<20 {
			return nil
		}
		text, err := os.ReadFile(path)
		if os.IsNotExist(err) {
			return nil
		}
		files++
		for _, secret := range secrets {
			require.NotContains(t, string(text), secret, "a secret is in %s", name)
		}
		return err
	}))
	return files
}

// holdsSecrets names the files whose matter secrets are.
func holdsSecrets(name string) bool {
	return strings.HasPrefix(name, "auth.json") || strings.HasPrefix(name, "multi-auth-accounts.json") || strings.HasPrefix(name, "multi-auth.journal")
}
