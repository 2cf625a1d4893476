package crash

import (
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"pimultiauth/tests/run"
)

func random(seed uint64) *rand.Rand { return rand.New(rand.NewPCG(seed, 1)) }

// scenario is something done to the files that every system call of it is made to fail in.
type scenario struct {
	name string
	// script is what runs below strace, args what it is told after the folder.
	script string
	args   []string
	// prepare fills a folder.
	prepare func(t *testing.T, dir string)
	// whole fails unless a process that came next has found or made everything right; p is the one that met the fault.
	whole func(t *testing.T, dir string, p *writer)
}

func copyFolder(t *testing.T, from, to string) {
	t.Helper()
	entries, err := os.ReadDir(from)
	require.NoError(t, err)
	for _, entry := range entries {
		text, err := os.ReadFile(filepath.Join(from, entry.Name()))
		require.NoError(t, err)
		require.NoError(t, os.WriteFile(filepath.Join(to, entry.Name()), text, 0o600))
	}
}

const balanced = `{"version":2,"providers":{"p":{"mode":{"at":9,"value":"balancer"}}},"owning":{"at":1,"value":true}}`

// version1 is a file as the peer writes it.
const version1 = "{\n  \"version\": 1,\n  \"providers\": {\n    \"p\": {\n      \"rotationMode\": \"balancer\",\n      \"credentialIds\": [\n        \"p\",\n        \"p-1\"\n      ],\n      \"activeIndex\": 1\n    }\n  },\n  \"ui\": {\n    \"hiddenProviders\": [\n      \"q\"\n    ]\n  }\n}"

func scenarios(t *testing.T) []scenario {
	// What has been written once has a journal.
	seeded := newFolder(t)
	seed := start(t, nil, "writer.mts", seeded, "name", "1")
	seed.end()
	require.Len(t, seed.acked, 1)
	next := start(t, nil, "writer.mts", "-", "each")
	next.until(t, "ready")
	state := func(t *testing.T, dir string) string {
		text, err := os.ReadFile(filepath.Join(dir, "multi-auth.json"))
		require.NoError(t, err)
		return string(text)
	}
	look := func(t *testing.T, dir string) {
		fresh := start(t, nil, "heal.mts", dir)
		fresh.until(t, "ready")
		fresh.end()
	}
	return []scenario{
		{"a commit", "writer.mts", []string{"name", "2"}, func(t *testing.T, dir string) {
			copyFolder(t, seeded, dir)
		}, func(t *testing.T, dir string, p *writer) {
			next.acked = nil
			next.Tell(dir)
			next.until(t, "closed")
			require.Len(t, next.acked, 1, "who comes next goes on")
			holdsAll(t, dir, seed, p, next)
		}},
		{"healing", "heal.mts", nil, func(t *testing.T, dir string) {
			copyFolder(t, seeded, dir)
			journal, err := os.ReadFile(filepath.Join(dir, "multi-auth.journal"))
			require.NoError(t, err)
			journal = append(journal, []byte("\n{\"known\":\"state\",\"delta\":"+balanced+"}\n")...)
			require.NoError(t, os.WriteFile(filepath.Join(dir, "multi-auth.journal"), journal, 0o600))
			require.NoError(t, os.WriteFile(filepath.Join(dir, "auth.json"), []byte("{}"), 0o600))
			require.NoError(t, os.WriteFile(filepath.Join(dir, "multi-auth.json"), nil, 0o600))
			require.NoError(t, os.Truncate(filepath.Join(dir, "multi-auth-accounts.json"), 60))
		}, func(t *testing.T, dir string, p *writer) {
			look(t, dir)
			holdsAll(t, dir, seed)
			require.Contains(t, state(t, dir), "balancer")
		}},
		{"the upgrade", "heal.mts", nil, func(t *testing.T, dir string) {
			require.NoError(t, os.WriteFile(filepath.Join(dir, "auth.json"), []byte(`{"p":{"type":"api_key","key":"k0"},"p-1":{"type":"api_key","key":"k1"}}`), 0o600))
			require.NoError(t, os.WriteFile(filepath.Join(dir, "multi-auth.json"), []byte(version1), 0o600))
		}, func(t *testing.T, dir string, p *writer) {
			look(t, dir)
			text := state(t, dir)
			require.Contains(t, text, `"version":2`)
			require.Contains(t, text, "balancer")
			require.Contains(t, text, `"hidden":{"q"`)
			kept, err := os.ReadFile(filepath.Join(dir, "multi-auth.json.v1"))
			require.NoError(t, err)
			require.Equal(t, version1, string(kept), "the old file is kept as it was")
		}},
	}
}

// faults are the ways in which a system call can fail, by call; beside them the process may die at it.
var faults = map[string]string{
	"openat":    "EIO ENOSPC EDQUOT EROFS EMFILE EINTR EPERM",
	"write":     "EIO ENOSPC EDQUOT EINTR",
	"fsync":     "EIO ENOSPC EDQUOT",
	"rename":    "EIO ENOSPC EDQUOT EROFS EPERM EXDEV EBUSY",
	"unlink":    "EIO EROFS EPERM",
	"read":      "EIO EINTR",
	"pread64":   "EIO",
	"close":     "EIO EINTR",
	"statx":     "EIO",
	"fcntl":     "EIO EINTR",
	"ftruncate": "EIO",
	"mkdir":     "ENOSPC",
}

// R3 and R8: every system call of a commit, of healing and of the upgrade fails once, or the process dies at it: the first one, the
// second one, and so on until there is none.
func TestR3EverySystemCallFailsOnce(t *testing.T) {
	crash.Asked(t)
	for _, s := range scenarios(t) {
		calls := []string{"openat", "write", "fsync", "rename", "unlink", "read", "pread64", "close", "statx", "fcntl", "ftruncate", "mkdir"}
		if !crash.Long() {
			calls = []string{"write", "fsync", "rename"}
		}
		few := 1
		if s.script == "writer.mts" {
			few = 2
		}
		cases, deaths, errors := 0, 0, 0
		for _, call := range calls {
			ways := []string{"signal=SIGKILL"}
			for _, code := range strings.Fields(faults[call]) {
				if crash.Long() || code == "ENOSPC" {
					ways = append(ways, "error="+code)
				}
			}
			for _, way := range ways {
				for n := 1; crash.Long() || n <= few; n++ {
					dir := t.TempDir()
					s.prepare(t, dir)
					inject := fmt.Sprintf("inject=%s:%s:when=%d", call, way, n)
					below, trace := run.Strace(t, dir, "-e", "trace="+call, "-e", inject)
					p := start(t, below, s.script, append([]string{dir}, s.args...)...)
					p.end()
					text, err := os.ReadFile(trace)
					require.NoError(t, err)
					died := p.Cmd.ProcessState.Sys().(syscall.WaitStatus).Signaled()
					if !died && !strings.Contains(string(text), "(INJECTED)") {
						break
					}
					cases++
					if died {
						deaths++
					} else {
						errors++
						if s.script == "writer.mts" {
							require.NotEmpty(t, p.acked, "%s, %s: it goes on without a restart", s.name, inject)
						}
					}
					for _, words := range p.failed {
						assert.NotContains(t, words, "undefined", inject)
					}
					if !t.Run(strings.ReplaceAll(s.name+" "+inject, "/", " "), func(t *testing.T) {
						s.whole(t, dir, p)
						private(t, dir, p)
					}) {
						t.FailNow()
					}
				}
			}
		}
		require.NotZero(t, deaths)
		require.NotZero(t, errors)
		run.Figure(t, "R3", "%s: %d cases of system call × fault, %d deaths and %d errors: 0 bad files, 0 accounts and 0 taken updates lost (all others lose 20 of 20 accounts to one ENOSPC)", s.name, cases, deaths, errors)
	}
}

// R5: whoever is suspended inside loses nothing of what others write meanwhile, at whichever step it stands.
func TestR5ASuspendedHolderLosesNothing(t *testing.T) {
	crash.Asked(t)
	pause := time.Duration(crash.Pick(3, 35)) * time.Second
	calls := []string{"rename", "fsync"}
	if crash.Long() {
		calls = append(calls, "write", "unlink", "close")
	}
	for _, call := range calls {
		dir := newFolder(t)
		first := start(t, nil, "writer.mts", dir, "name", "1")
		first.end()
		below, trace := run.Strace(t, dir, "-e", "trace="+call, "-e", "inject="+call+":signal=SIGSTOP:when=1")
		holder := start(t, below, "writer.mts", dir, "name", "3")
		holder.begin(t)
		stopped := func() bool {
			text, _ := os.ReadFile(trace)
			return strings.Contains(string(text), "stopped by SIGSTOP")
		}
		require.Eventually(t, stopped, patience, 10*time.Millisecond, "it stands at %s", call)
		others := many(t, 2, dir, "name", "5")
		for _, p := range others {
			p.begin(t)
		}
		time.Sleep(pause)
		// strace is the parent; the one that stands still is its child.
		children, err := os.ReadFile(fmt.Sprintf("/proc/%d/task/%d/children", holder.Cmd.Process.Pid, holder.Cmd.Process.Pid))
		require.NoError(t, err)
		for _, child := range strings.Fields(string(children)) {
			var pid int
			fmt.Sscan(child, &pid)
			require.NoError(t, syscall.Kill(pid, syscall.SIGCONT))
		}
		for _, p := range append(others, holder) {
			p.end()
		}
		last := start(t, nil, "writer.mts", dir, "name", "1")
		last.end()
		holdsAll(t, dir, append(others, first, holder, last)...)
		for _, p := range others {
			assert.Len(t, p.acked, 5, "who waits goes on serving: %v", p.failed)
		}
		run.Figure(t, "R5", "a holder suspended %s at %s: %d updates by others meanwhile, 0 lost (all others 2 of 3 lost)", pause, call, len(others[0].acked)+len(others[1].acked))
	}
}

// R8: a disk that fails for a while loses nothing, is named, and needs no restart afterwards.
func TestR8ADiskWithoutSpace(t *testing.T) {
	crash.Asked(t)
	codes := []string{"ENOSPC", "EIO"}
	if crash.Long() {
		codes = []string{"ENOSPC", "EDQUOT", "EIO", "EROFS", "EMFILE"}
	}
	for _, code := range codes {
		for _, call := range []string{"openat", "write", "fsync", "rename"} {
			dir := newFolder(t)
			before := start(t, nil, "writer.mts", dir, "name", "1")
			before.end()
			below, _ := run.Strace(t, dir, "-e", "trace="+call, "-e", fmt.Sprintf("inject=%s:error=%s:when=1..3", call, code))
			p := start(t, below, "writer.mts", dir, "name", "6")
			p.end()
			assert.NotEmpty(t, p.acked, "%s at %s: it goes on without a restart", code, call)
			for _, text := range p.failed {
				// Where the gate cannot be opened SQLite says so in its own words.
				assert.Regexp(t, code+"|ERR_SQLITE_ERROR", text, "the cause is named")
			}
			holdsAll(t, dir, before, p)
		}
	}
	run.Figure(t, "R8", "%s at open, write, fsync and rename: 0 accounts lost, no restart (all others 20 of 20 lost)", strings.Join(codes, ", "))
}

// S6: every file is made 0600 and every folder 0700 at once, and none through a link that somebody put there.
func TestS6FilesArePrivateFromTheirFirstInstant(t *testing.T) {
	crash.Asked(t)
	made := 0
	for _, script := range [][]string{{"writer.mts", "name", "3"}, {"heal.mts"}} {
		dir := filepath.Join(newFolder(t), "runtime")
		trace := filepath.Join(t.TempDir(), "trace")
		below, _ := run.Strace(t, dir)
		below = []string{below[0], "-f", "-qq", "-o", trace, "-e", "trace=openat,mkdir"}
		p := start(t, below, script[0], append([]string{dir}, script[1:]...)...)
		p.end()
		text, err := os.ReadFile(trace)
		require.NoError(t, err)
		there := map[string]bool{}
		for _, line := range strings.Split(string(text), "\n") {
			if folder := regexp.MustCompile(`mkdir\("([^"]+)", (\d+)\) = 0`).FindStringSubmatch(line); folder != nil && strings.HasPrefix(folder[1], dir) {
				assert.Equal(t, "0700", folder[2], line)
				made++
			}
			call := regexp.MustCompile(`openat\([^,]+, "([^"]+)", ([A-Z_|]*O_CREAT[A-Z_|]*), (\d+)\) = \d`).FindStringSubmatch(line)
			if call == nil || !strings.HasPrefix(call[1], dir) || there[call[1]] {
				continue
			}
			made++
			assert.Equal(t, "0600", call[3], line)
			if holds := filepath.Base(call[1]); strings.HasPrefix(holds, "multi-auth-accounts") || strings.HasPrefix(holds, "multi-auth.j") {
				assert.Regexp(t, "O_EXCL|O_NOFOLLOW", call[2], line)
			}
			there[call[1]] = !strings.HasSuffix(call[1], ".tmp")
		}
	}
	assert.GreaterOrEqual(t, made, 6)
	run.Figure(t, "S6", "%d files and folders made, all 0600 and 0700 from the first instant", made)
}
