package crash

import (
	"encoding/json"
	"flag"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"pimultiauth/tests/pis"
	"pimultiauth/tests/run"
)

func random(seed uint64) *rand.Rand { return rand.New(rand.NewPCG(seed, 1)) }

// scenario is something done to the files that every system call of it is made to fail in.
type scenario struct {
	name string
	// script is what runs below strace, args and more what it is told.
	script string
	args   func(dir string) []string
	more   []string
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

func scenarios(t *testing.T, cache string) []scenario {
	// What has been written once has a journal.
	seeded := newFolder(t)
	seed := start(t, nil, "writer.mts", seeded, "name", "1")
	seed.end()
	require.Len(t, seed.acked, 1)
	fresh := func(t *testing.T, script string, args ...string) *writer {
		p := startIn(t, []string{cache}, []string{pis.Node()}, script, args...)
		if script == "heal.mts" {
			p.until(t, "ready")
		}
		p.end()
		return p
	}
	folder := func(dir string) []string { return []string{dir} }
	state := func(t *testing.T, dir string) string {
		text, err := os.ReadFile(filepath.Join(dir, "multi-auth.json"))
		require.NoError(t, err)
		return string(text)
	}
	const entries = "{\n  \"pi\": {\"type\": \"api_key\", \"key\": \"k0\", \"n\": 12345678901234567890}\n}"
	return []scenario{
		{"a commit", "writer.mts", folder, []string{"name", "2"}, func(t *testing.T, dir string) {
			copyFolder(t, seeded, dir)
		}, func(t *testing.T, dir string, p *writer) {
			next := fresh(t, "writer.mts", dir, "name", "1")
			require.Len(t, next.acked, 1, "who comes next goes on")
			holdsAll(t, dir, seed, p, next)
		}},
		{"healing", "heal.mts", folder, nil, func(t *testing.T, dir string) {
			copyFolder(t, seeded, dir)
			journal, err := os.ReadFile(filepath.Join(dir, "multi-auth.journal"))
			require.NoError(t, err)
			journal = append(journal, []byte("\n{\"known\":\"state\",\"delta\":"+balanced+"}\n")...)
			require.NoError(t, os.WriteFile(filepath.Join(dir, "multi-auth.journal"), journal, 0o600))
			require.NoError(t, os.WriteFile(filepath.Join(dir, "auth.json"), []byte("{}"), 0o600))
			require.NoError(t, os.WriteFile(filepath.Join(dir, "multi-auth.json"), nil, 0o600))
			require.NoError(t, os.Truncate(filepath.Join(dir, "multi-auth-accounts.json"), 60))
		}, func(t *testing.T, dir string, p *writer) {
			fresh(t, "heal.mts", dir)
			holdsAll(t, dir, seed)
			require.Contains(t, state(t, dir), "balancer")
		}},
		{"the upgrade", "heal.mts", folder, nil, func(t *testing.T, dir string) {
			require.NoError(t, os.WriteFile(filepath.Join(dir, "auth.json"), []byte(`{"p":{"type":"api_key","key":"k0"},"p-1":{"type":"api_key","key":"k1"}}`), 0o600))
			require.NoError(t, os.WriteFile(filepath.Join(dir, "multi-auth.json"), []byte(version1), 0o600))
		}, func(t *testing.T, dir string, p *writer) {
			fresh(t, "heal.mts", dir)
			text := state(t, dir)
			require.Contains(t, text, `"version":2`)
			require.Contains(t, text, "balancer")
			require.Contains(t, text, `"hidden":{"q"`)
			kept, err := os.ReadFile(filepath.Join(dir, "multi-auth.json.v1"))
			require.NoError(t, err)
			require.Equal(t, version1, string(kept), "the old file is kept as it was")
		}},
		{"a change of auth.json", "auth.mts", func(dir string) []string { return []string{filepath.Join(dir, "auth.json")} }, []string{"ours", "2"}, func(t *testing.T, dir string) {
			require.NoError(t, os.WriteFile(filepath.Join(dir, "auth.json"), []byte(entries), 0o600))
		}, func(t *testing.T, dir string, p *writer) {
			auth := filepath.Join(dir, "auth.json")
			for range 2 {
				text, err := os.ReadFile(auth)
				require.NoError(t, err)
				require.True(t, json.Valid(text), "%s", text)
				require.Contains(t, string(text), `"key": "k0", "n": 12345678901234567890`)
				next := fresh(t, "auth.mts", auth, "ours", "1")
				require.NotEmpty(t, next.all, "who comes next goes on: %v", next.Errors())
				text, err = os.ReadFile(auth)
				require.NoError(t, err)
				require.Contains(t, string(text), `"ours-`+next.last()+`-1"`)
				require.NoDirExists(t, auth+".lock")
			}
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
	"pwrite64":  "EIO ENOSPC EDQUOT",
	"mkdir":     "ENOSPC EDQUOT EROFS EACCES EIO",
	"rmdir":     "EIO EROFS",
	"chmod":     "EIO EROFS EPERM",
	"fchown":    "EIO EPERM",
}

// straced is run.Strace for Pi's auth.json and its lock too. Errors leave what is not traced at its own pace; a signal is injected only
// where everything stops (strace 6.1).
func straced(t *testing.T, dir string, args ...string) (below []string, trace string) {
	t.Helper()
	auth := filepath.Join(dir, "auth.json")
	if strings.Contains(strings.Join(args, " "), ":error=") {
		args = append(args, "--seccomp-bpf")
	}
	return run.Strace(t, dir, append([]string{"-P", auth, "-P", auth + ".tmp", "-P", auth + ".lock"}, args...)...)
}

// R3 and R8: every system call of a commit, of healing, of the upgrade and of a change of auth.json fails once, or the process dies at it:
// the first one, the second one, and so on until there is none.
func TestR3EverySystemCallFailsOnce(t *testing.T) {
	crash.Asked(t)
	// Each case needs a Node or three of its own, so their compiled code is kept, and some run side by side.
	cache := "NODE_COMPILE_CACHE=" + t.TempDir()
	calls := []string{"openat", "write", "fsync", "rename", "unlink", "read", "pread64", "pwrite64", "close", "statx", "fcntl", "ftruncate", "mkdir", "rmdir", "chmod", "fchown"}
	if !crash.Long() {
		calls = []string{"write", "fsync", "rename"}
	}
	for _, s := range scenarios(t, cache) {
		few := 1
		if s.script == "writer.mts" {
			few = 2
		}
		var cases, deaths, errors atomic.Int64
		ok := t.Run(s.name, func(t *testing.T) {
			for _, call := range calls {
				ways := []string{"signal=SIGKILL"}
				for _, code := range strings.Fields(faults[call]) {
					if crash.Long() || code == "ENOSPC" {
						ways = append(ways, "error="+code)
					}
				}
				for _, way := range ways {
					t.Run(call+" "+way, func(t *testing.T) {
						t.Parallel()
						for n := 1; crash.Long() || n <= few; n++ {
							dir := t.TempDir()
							s.prepare(t, dir)
							inject := fmt.Sprintf("inject=%s:%s:when=%d", call, way, n)
							below, trace := straced(t, dir, "-e", "trace="+call, "-e", inject)
							p := startIn(t, []string{cache}, append(append([]string(nil), below...), pis.Node()), s.script, append(s.args(dir), s.more...)...)
							p.end()
							text, err := os.ReadFile(trace)
							require.NoError(t, err)
							died := p.Cmd.ProcessState.Sys().(syscall.WaitStatus).Signaled()
							if !died && !strings.Contains(string(text), "(INJECTED)") {
								break
							}
							cases.Add(1)
							if died {
								deaths.Add(1)
							} else {
								errors.Add(1)
								if s.script == "writer.mts" {
									require.NotEmpty(t, p.acked, "%s, %s: it goes on without a restart", s.name, inject)
								}
							}
							for _, words := range p.failed {
								assert.NotContains(t, words, "undefined", inject)
							}
							s.whole(t, dir, p)
							private(t, dir, p)
							require.False(t, t.Failed(), inject)
						}
					})
				}
			}
		})
		require.True(t, ok)
		if cases.Load() == 0 && strings.Contains(flag.Lookup("test.run").Value.String(), "/") {
			// Some cases alone were asked for.
			continue
		}
		require.NotZero(t, deaths.Load())
		require.NotZero(t, errors.Load())
		run.Figure(t, "R3", "%s: %d cases of system call × fault, %d deaths and %d errors: 0 bad files, 0 accounts and 0 taken updates lost (all others lose 20 of 20 accounts to one ENOSPC)", s.name, cases.Load(), deaths.Load(), errors.Load())
	}
}

// sideBySide is how many folders of suspended processes are seen to at once.
const sideBySide = 4

// suspended is a process that stands still behind a step, and what is written in its folder meanwhile.
type suspended struct {
	step   string
	dir    string
	holder *writer
	others []*writer
}

// suspend starts one process for each step of what a script does, each in a folder of its own, and stops it behind that step; in the smoke
// form for a few steps alone. They stand still side by side, and `beside` starts what writes there meanwhile.
func suspend(t *testing.T, prepare func(t *testing.T) string, script string, args func(dir string) []string, few []string, beside func(dir string, n int) []*writer) []*suspended {
	t.Helper()
	steps := few
	if crash.Long() {
		steps = nil
		calls := []string{"openat", "read", "pread64", "write", "pwrite64", "fsync", "rename", "unlink", "close", "statx", "fcntl", "ftruncate", "mkdir", "rmdir", "chmod"}
		dir := prepare(t)
		below, trace := straced(t, dir, "-e", "trace="+strings.Join(calls, ","))
		start(t, below, script, args(dir)...).end()
		text, err := os.ReadFile(trace)
		require.NoError(t, err)
		for _, call := range calls {
			for n := range len(regexp.MustCompile(`(?m)^\d+ +`+call+`\(`).FindAll(text, -1)) {
				steps = append(steps, fmt.Sprintf("%s:signal=SIGSTOP:when=%d", call, n+1))
			}
		}
	}
	var all []*suspended
	for batch := range slices.Chunk(steps, sideBySide) {
		var some []*suspended
		var traces []string
		for _, step := range batch {
			s := &suspended{step: step, dir: prepare(t)}
			call, _, _ := strings.Cut(step, ":")
			below, trace := straced(t, s.dir, "-e", "trace="+call, "-e", "inject="+step)
			s.holder = start(t, below, script, args(s.dir)...)
			s.holder.Tell("")
			some, traces = append(some, s), append(traces, trace)
		}
		for i, s := range some {
			require.Eventually(t, func() bool {
				text, _ := os.ReadFile(traces[i])
				return strings.Contains(string(text), "stopped by SIGSTOP")
			}, time.Minute, 20*time.Millisecond, s.step)
			s.others = beside(s.dir, len(all)+i)
		}
		all = append(all, some...)
	}
	return all
}

// resume lets it go on; strace is the parent, the one that stands still is its child.
func (s *suspended) resume(t *testing.T) {
	t.Helper()
	pid := s.holder.Cmd.Process.Pid
	children, err := os.ReadFile(fmt.Sprintf("/proc/%d/task/%d/children", pid, pid))
	require.NoError(t, err)
	for _, child := range strings.Fields(string(children)) {
		id, err := strconv.Atoi(child)
		require.NoError(t, err)
		require.NoError(t, syscall.Kill(id, syscall.SIGCONT))
	}
}

// R5: whoever is suspended inside loses nothing of what others write meanwhile, at whichever step it stands.
func TestR5ASuspendedHolderLosesNothing(t *testing.T) {
	crash.Asked(t)
	pause := time.Duration(crash.Pick(3, 35)) * time.Second
	var firsts []*writer
	all := suspend(t, func(t *testing.T) string {
		dir := newFolder(t)
		first := start(t, nil, "writer.mts", dir, "name", "1")
		first.end()
		firsts = append(firsts, first)
		return dir
	}, "writer.mts", func(dir string) []string { return []string{dir, "name", "2"} },
		[]string{"rename:signal=SIGSTOP:when=1", "fsync:signal=SIGSTOP:when=1"},
		func(dir string, n int) []*writer {
			p := start(t, nil, "writer.mts", dir, "name", "5")
			p.begin(t)
			return []*writer{p}
		})
	if crash.Long() {
		// The first folder counted the steps alone.
		firsts = firsts[1:]
	}
	time.Sleep(pause)
	updates, i := 0, 0
	for some := range slices.Chunk(all, sideBySide) {
		for _, s := range some {
			s.others = append(s.others, start(t, nil, "writer.mts", s.dir, "name", "5"))
		}
		for _, s := range some {
			late := s.others[len(s.others)-1]
			late.begin(t)
			for range 5 {
				late.until(t, "ack", "failed")
			}
			s.resume(t)
		}
		for _, s := range some {
			for _, p := range append(s.others, s.holder) {
				p.end()
			}
			last := start(t, nil, "writer.mts", s.dir, "name", "1")
			last.end()
			holdsAll(t, s.dir, append(s.others, firsts[i], s.holder, last)...)
			for _, p := range s.others {
				require.Len(t, p.acked, 5, "%s: who waits goes on serving: %v", s.step, p.failed)
				updates += len(p.acked)
			}
			i++
		}
	}
	run.Figure(t, "R5", "holders suspended %s behind each of %d steps of a commit: %d updates by others meanwhile, 0 lost (all others 2 of 3 lost)", pause, len(all), updates)
}

// R5: nor does who is suspended while it changes auth.json, though Pi takes its lock over meanwhile.
func TestR5ASuspendedHolderOfAuthLosesNothing(t *testing.T) {
	crash.Asked(t)
	both := modules(t)
	all := suspend(t, func(t *testing.T) string {
		dir := t.TempDir()
		require.NoError(t, os.WriteFile(filepath.Join(dir, "auth.json"), []byte(`{"kept":{"type":"api_key","key":"k0"}}`), 0o600))
		return dir
	}, "auth.mts", func(dir string) []string { return []string{filepath.Join(dir, "auth.json"), "ours", "1"} },
		[]string{"rename:signal=SIGSTOP:when=1", "fsync:signal=SIGSTOP:when=1"},
		func(dir string, n int) []*writer {
			return []*writer{start(t, nil, "auth.mts", filepath.Join(dir, "auth.json"), both[n%2], "1")}
		})
	time.Sleep(time.Duration(crash.Pick(1, 35)) * time.Second)
	taken, failed := 0, 0
	for _, s := range all {
		s.resume(t)
	}
	for _, s := range all {
		text := func() string {
			text, err := os.ReadFile(filepath.Join(s.dir, "auth.json"))
			require.NoError(t, err)
			return string(text)
		}
		for _, p := range append(s.others, s.holder) {
			p.end()
		}
		assert.Contains(t, text(), `"k0"`, s.step)
		if !assert.NotEmpty(t, s.holder.all, "%s: %s", s.step, s.holder.Errors()) {
			continue
		}
		assert.Contains(t, text(), `"ours-`+s.holder.last()+`-1"`, "%s: its own change is there", s.step)
		for _, p := range s.others {
			// Pi gives up by itself where it has waited for as long as a lock lives.
			if len(p.all) == 0 {
				failed++
				continue
			}
			taken++
			assert.Contains(t, text(), `"pi-`+p.last()+`"`, "%s: what Pi wrote meanwhile is there", s.step)
		}
	}
	run.Figure(t, "R5", "suspended behind each of %d steps of a change of auth.json: %d changes by Pi meanwhile, 0 lost; %d Pis gave up waiting by themselves", len(all), taken, failed)
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
