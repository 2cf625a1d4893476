package crash

import (
	"fmt"
	"math/rand"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"pimultiauth/tests/pis"
)

func TestR1WritersLoseNothing(t *testing.T) {
	asked(t)
	writers, updates := pick(6, 16), pick(40, 500)
	for range pick(1, 3) {
		dir := newFolder(t)
		over := make(chan struct{})
		reads, bad := 0, 0
		done := make(chan struct{})
		go func() {
			defer close(done)
			before := 0
			for {
				select {
				case <-over:
					return
				default:
				}
				f, err := read(dir)
				reads++
				if err != nil || f.Accounts != accounts || f.Counter < before {
					bad++
				}
				before = f.Counter
				// The writers are to be watched, not starved.
				time.Sleep(200 * time.Microsecond)
			}
		}()
		all := make([]*process, writers)
		for i := range all {
			all[i] = start(t, nil, "writer.mts", dir, "count", fmt.Sprint(updates))
		}
		wall := together(t, all)
		close(over)
		<-done
		var took []float64
		acked, off := 0, 0
		for _, p := range all {
			took = append(took, p.took...)
			acked += len(p.acked)
			off += p.off
			assert.Empty(t, p.failed)
		}
		f, err := read(dir)
		require.NoError(t, err)
		assert.Equal(t, accounts, f.Accounts)
		assert.Equal(t, writers*updates, acked)
		assert.Equal(t, acked, f.Counter, "updates were lost")
		assert.Zero(t, bad, "raw reads that were empty, cut off or older than one before")
		private(t, dir, all...)
		p50, p99, most := quantiles(took)
		figure(t, "R1", "%d × %d updates: %d lost, %d put off; %d of %d raw reads bad (the peer 67,403 of 562,000, Pi 1.5.2 101,628 of 237,050)",
			writers, updates, acked-f.Counter, off, bad, reads)
		figure(t, "R2", "hot loop: %.0f commits/s, waits p50 %.1f, p99 %.1f, max %.0f ms (the peer max 30,088, Pi 1.5.2 max 4,650)",
			float64(acked)/wall.Seconds(), p50, p99, most)
	}
}

// R1: what could not be written at its time is in the file when all have ended, though others wrote and folded meanwhile.
func TestR1WhatIsPutOffIsNotLost(t *testing.T) {
	asked(t)
	dir := newFolder(t)
	holders := start(t, nil, "gate.mts", dir, "hold", "2600", fmt.Sprint(pick(2, 12)))
	all := make([]*process, pick(6, 16))
	for i := range all {
		all[i] = start(t, nil, "writer.mts", dir, "name", fmt.Sprint(pick(40, 200)), "150")
	}
	together(t, append([]*process{holders}, all...))
	last := start(t, nil, "writer.mts", dir, "name", "1")
	last.end()
	taken, off := 0, 0
	for _, p := range all {
		assert.Empty(t, p.failed)
		taken += len(p.acked)
		off += p.off
	}
	assert.Equal(t, len(all)*pick(40, 200), taken)
	assert.NotZero(t, off, "nobody had to put anything off")
	holdsAll(t, dir, append(all, last)...)
	figure(t, "R1", "%d updates by %d processes, %d of them put off to the journal: 0 lost", taken, len(all), off)
}

// R6: nobody takes a lock over that somebody else has; what a dead owner left is taken over by one alone.
func TestR6OneHolder(t *testing.T) {
	asked(t)
	for _, kind := range []string{"database", "file"} {
		dir := t.TempDir()
		passes := pick(20, 1000)
		all := make([]*process, pick(6, 16))
		for i := range all {
			all[i] = start(t, nil, "gate.mts", dir, kind, fmt.Sprint(passes))
		}
		contenders := all
		for _, p := range contenders {
			p.begin(t)
		}
		kills := 0
		if kind == "database" {
			for range pick(3, 100) {
				victim := start(t, nil, "gate.mts", dir, kind, "1000000")
				victim.begin(t)
				victim.until(t, "ack")
				require.NoError(t, victim.cmd.Process.Kill())
				victim.end()
				all = append(all, victim)
				kills++
			}
		}
		passed, doubles := 0, 0
		for _, p := range all {
			p.end()
			passed += len(p.acked)
			doubles += strings.Count(strings.Join(p.all, "\n"), "double")
		}
		assert.GreaterOrEqual(t, passed, len(contenders)*passes)
		assert.Zero(t, doubles)
		how := fmt.Sprintf("%d passages, %d holders killed", passed, kills)
		if kind == "file" {
			how = fmt.Sprintf("without node:sqlite %d takeovers from a dead owner", passed)
		}
		figure(t, "R6", "%d contenders, %s: %d double holders (the peer and Pi 0.87.1 28 %%, Pi 1.5.2 3 %% of takeovers)", len(contenders), how, doubles)
	}
}

func TestR2ARealisticLoad(t *testing.T) {
	asked(t)
	dir := newFolder(t)
	all := make([]*process, pick(4, 16))
	for i := range all {
		all[i] = start(t, nil, "writer.mts", dir, "name", fmt.Sprint(pick(15, 100)), "100")
	}
	together(t, all)
	var took []float64
	for _, p := range all {
		took = append(took, p.took...)
		assert.Empty(t, p.failed)
	}
	holdsAll(t, dir, all...)
	p50, p99, most := quantiles(took)
	figure(t, "R2", "%d processes, one update each 100 ms: p50 %.1f, p99 %.1f, max %.1f ms (the peer p99 867, max 16,394; Pi 1.5.2 p99 45, max 116)",
		len(all), p50, p99, most)
}

// R3 and R4: somebody who writes all the time is killed at a random moment; the file is whole, holds every update that was taken, and
// another process goes on at once.
func TestR3KilledWriters(t *testing.T) {
	asked(t)
	dir := newFolder(t)
	other := start(t, nil, "writer.mts", dir, "serve")
	other.until(t, "ready")
	other.ask(t)
	r := rand.New(rand.NewSource(1))
	var waits []float64
	var victims []*process
	bad := 0
	kills := pick(12, 1000)
	for range kills {
		victim := start(t, nil, "writer.mts", dir, "name", "1000000")
		victim.begin(t)
		victim.until(t, "ack")
		time.Sleep(time.Duration(r.Intn(30_000)) * time.Microsecond)
		require.NoError(t, victim.cmd.Process.Kill())
		victim.end()
		if f, err := read(dir); err != nil || f.Accounts != accounts {
			bad++
		}
		other.ask(t)
		waits = append(waits, other.took[len(other.took)-1])
		holdsAll(t, dir, victim, other)
		victims = append(victims, victim)
	}
	other.end()
	assert.Empty(t, other.failed)
	assert.Zero(t, bad)
	holdsAll(t, dir, append(victims, other)...)
	private(t, dir, append(victims, other)...)
	p50, p99, most := quantiles(waits)
	figure(t, "R3", "%d kills: %d bad files, 0 accounts and 0 taken updates lost (per 1,000 the peer 343, Pi 256 to 304 bad files)", kills, bad)
	figure(t, "R4", "after a dead holder: p50 %.1f, p99 %.1f, max %.1f ms, 0 failures (the peer 35,700, Pi 30,000 ms and 36 to 39 %% failures)", p50, p99, most)
}

// strace answers how to run something with faults injected, or says why that is not possible here.
func strace(t *testing.T, dir string, args ...string) []string {
	t.Helper()
	path, err := exec.LookPath("strace")
	if err != nil {
		t.Skip("strace is not installed: no system call can be made to fail")
	}
	if out, err := exec.Command(path, "-qq", "-e", "trace=none", "true").CombinedOutput(); err != nil {
		t.Skipf("strace may not trace here: %s", out)
	}
	below := []string{path, "-f", "-qq", "-o", "/dev/null"}
	// Only what touches our files counts.
	for _, name := range []string{"multi-auth-accounts.json", "multi-auth-accounts.json.tmp", "multi-auth.journal", "multi-auth.journal.tmp", "multi-auth.gate"} {
		below = append(below, "-P", filepath.Join(dir, name))
	}
	return append(append(below, "-P", dir), args...)
}

// Every system call of a commit fails once, or the process dies at it: the first one, the second one, and so on until there is none.
func TestR3EverySystemCallFailsOnce(t *testing.T) {
	asked(t)
	calls := []string{"openat", "write", "fsync", "rename", "unlink"}
	faults := []string{"signal=SIGKILL", "error=EIO"}
	most := 2
	if long {
		calls = append(calls, "read", "close", "statx", "fcntl", "pwrite64", "ftruncate")
		faults = append(faults, "error=ENOSPC", "error=EDQUOT", "error=EROFS", "error=EMFILE", "error=EINTR", "error=EPERM", "error=EXDEV", "error=EBUSY")
		most = 1000
	}
	cases, fired := 0, 0
	for _, call := range calls {
		for _, fault := range faults {
			for n := 1; n <= most; n++ {
				dir := newFolder(t)
				before := start(t, nil, "writer.mts", dir, "name", "1")
				before.end()
				inject := fmt.Sprintf("inject=%s:%s:when=%d", call, fault, n)
				p := start(t, strace(t, dir, "-e", "trace="+call, "-e", inject), "writer.mts", dir, "name", "2")
				p.end()
				cases++
				after := start(t, nil, "writer.mts", dir, "name", "1")
				after.end()
				require.Len(t, after.acked, 1, "%s: who comes next goes on", inject)
				holdsAll(t, dir, before, p, after)
				private(t, dir, before, p, after)
				if len(p.acked) == 2 && len(p.failed) == 0 && fault == "signal=SIGKILL" {
					// It was not reached.
					break
				}
				if fault != "signal=SIGKILL" {
					if n > 40 {
						break
					}
					continue
				}
				fired++
			}
		}
	}
	figure(t, "R3", "%d cases of system call × fault, %d deaths: 0 bad files, 0 accounts and 0 taken updates lost", cases, fired)
}

func TestR5ASuspendedHolderLosesNothing(t *testing.T) {
	asked(t)
	pause := time.Duration(pick(3, 35)) * time.Second
	for _, call := range []string{"rename", "fsync"} {
		dir := newFolder(t)
		first := start(t, nil, "writer.mts", dir, "name", "1")
		first.end()
		holder := start(t, strace(t, dir, "-e", "trace="+call, "-e", "inject="+call+":signal=SIGSTOP:when=1"), "writer.mts", dir, "name", "3")
		holder.begin(t)
		time.Sleep(500 * time.Millisecond)
		others := []*process{start(t, nil, "writer.mts", dir, "name", "5"), start(t, nil, "writer.mts", dir, "name", "5")}
		for _, p := range others {
			p.begin(t)
		}
		time.Sleep(pause)
		// strace is the parent; the one that stands still is its child.
		children, err := os.ReadFile(fmt.Sprintf("/proc/%d/task/%d/children", holder.cmd.Process.Pid, holder.cmd.Process.Pid))
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
		figure(t, "R5", "a holder suspended %s at %s: %d updates by others meanwhile, 0 lost (all others 2 of 3 lost)", pause, call, len(others[0].acked)+len(others[1].acked))
	}
}

func TestR8ADiskWithoutSpace(t *testing.T) {
	asked(t)
	faults := []string{"ENOSPC", "EIO"}
	if long {
		faults = []string{"ENOSPC", "EDQUOT", "EIO", "EROFS", "EMFILE"}
	}
	for _, fault := range faults {
		for _, call := range []string{"write", "fsync", "rename"} {
			dir := newFolder(t)
			before := start(t, nil, "writer.mts", dir, "name", "1")
			before.end()
			p := start(t, strace(t, dir, "-e", "trace="+call, "-e", fmt.Sprintf("inject=%s:error=%s:when=1..3", call, fault)), "writer.mts", dir, "name", "6")
			p.end()
			assert.NotEmpty(t, p.acked, "%s at %s: it goes on without a restart", fault, call)
			for _, text := range p.failed {
				assert.Contains(t, text, fault, "the cause is named")
			}
			holdsAll(t, dir, before, p)
		}
	}
	figure(t, "R8", "%s at write, fsync and rename: 0 accounts lost, no restart (all others 20 of 20 lost)", strings.Join(faults, ", "))
}

func TestR10AWipedFileComesBack(t *testing.T) {
	asked(t)
	dir := newFolder(t)
	seed := start(t, nil, "writer.mts", dir, "name", "1")
	seed.end()
	state := filepath.Join(dir, "multi-auth.json")
	require.NoError(t, os.WriteFile(state, []byte(`{"version":2,"providers":{"p":{"mode":{"at":9,"value":"balancer"}}},"owning":{"at":1,"value":true}}`), 0o600))
	require.NoError(t, os.WriteFile(filepath.Join(dir, "auth.json"), []byte(`{}`), 0o600))
	p := start(t, nil, "heal.mts", dir)
	p.until(t, "ready")
	wipes := map[string]func(string) error{
		"emptied":  func(f string) error { return os.Truncate(f, 0) },
		"cut off":  func(f string) error { return os.Truncate(f, 60) },
		"removed":  os.Remove,
		"replaced": func(f string) error { return os.WriteFile(f, []byte("[]"), 0o600) },
		// The peer writes in place, without a lock that we know, and keeps nothing of ours.
		"written by a peer": func(f string) error {
			return os.WriteFile(f, []byte("{\n  \"version\": 1,\n  \"providers\": {\n    \"p\": {\n      \"credentialIds\": []\n    }\n  },\n  \"ui\": {\n    \"hiddenProviders\": []\n  }\n}"), 0o600)
		},
	}
	healed := 0
	for range pick(2, 20) {
		for how, wipe := range wipes {
			for _, name := range []string{state, filepath.Join(dir, "multi-auth-accounts.json")} {
				if how == "written by a peer" && name != state {
					continue
				}
				require.NoError(t, wipe(name))
				p.ask(t)
				text, err := os.ReadFile(state)
				require.NoError(t, err)
				require.Contains(t, string(text), "balancer", how)
				holdsAll(t, dir, seed)
				healed++
			}
		}
	}
	p50, _, most := quantiles(p.took)
	p.end()
	assert.NotEmpty(t, p.said)

	// A process that begins after everything was wiped finds it in the journal.
	for range pick(1, 10) {
		require.NoError(t, os.Truncate(state, 0))
		require.NoError(t, os.Remove(filepath.Join(dir, "multi-auth-accounts.json")))
		fresh := start(t, nil, "heal.mts", dir)
		fresh.until(t, "ready")
		fresh.end()
		holdsAll(t, dir, seed)
		healed++
	}
	private(t, dir, p)
	figure(t, "R10", "%d of %d wiped files healed, p50 %.0f, max %.0f ms (others: never)", healed, healed, p50, most)
}

// storages are the modules of both Pis that keep auth.json.
func storages(t *testing.T) []string {
	t.Helper()
	modules := []string{filepath.Join(pis.Root(), "js-loader", "node_modules", "@earendil-works", "pi-coding-agent", "dist", "core", "auth-storage.js")}
	if newer, err := pis.New(); assert.NoError(t, err) {
		// Its storage alone, beside the packages it wants and its bundle does not.
		root := filepath.Join(pis.Root(), ".build", "pi-1.5.2-storage")
		if _, err := os.Stat(root); err != nil {
			require.NoError(t, os.CopyFS(root, os.DirFS(filepath.Dir(filepath.Dir(filepath.Dir(newer.Script))))))
			require.NoError(t, os.RemoveAll(filepath.Join(root, "node_modules")))
			require.NoError(t, os.Symlink(filepath.Join(pis.Root(), "js-loader", "node_modules"), filepath.Join(root, "node_modules")))
		}
		modules = append(modules, filepath.Join(root, "dist", "core", "auth-storage.js"))
	}
	return modules
}

// R7: Pi's lock is never held for as long as a Pi that starts waits for it, so each begins with every credential.
func TestR7PiStartsDuringAStorm(t *testing.T) {
	asked(t)
	dir := t.TempDir()
	auth := filepath.Join(dir, "auth.json")
	var list []string
	for i := range accounts {
		list = append(list, fmt.Sprintf(`"kept-%d":{"type":"api_key","key":"%s"}`, i, strings.Repeat("k", 1200)))
	}
	require.NoError(t, os.WriteFile(auth, []byte("{"+strings.Join(list, ",")+"}"), 0o600))
	var storm []*process
	for range pick(4, 16) {
		storm = append(storm, start(t, nil, "auth.mts", auth, "ours", "1000000"))
	}
	var starts []*process
	for _, module := range storages(t) {
		starts = append(starts, start(t, nil, "starts.mts", auth, module, fmt.Sprint(pick(30, 200))))
	}
	began, short := 0, 0
	for _, p := range starts {
		p.end()
		for _, line := range p.all {
			var n int
			if _, err := fmt.Sscanf(line, "began %d", &n); err == nil {
				began++
				if n < accounts {
					short++
				}
			}
		}
	}
	var held []float64
	for _, p := range storm {
		require.NoError(t, p.cmd.Process.Kill())
		p.end()
		held = append(held, p.took...)
	}
	assert.Equal(t, len(starts)*pick(30, 200), began)
	assert.Zero(t, short, "a Pi began without its credentials")
	assert.GreaterOrEqual(t, len(held), began/4, "there was no storm")
	p50, p99, most := quantiles(held)
	figure(t, "R7", "%d starts of both Pis beside %d writers: %d without credentials; auth.json.lock held p50 %.1f, p99 %.1f, max %.1f ms (250 ms make every start empty)", began, len(storm), short, p50, p99, most)
}

// R11, R7: entries come and go while both Pis write all the time; everybody's entries are there, and the rest is what it was.
func TestR11AuthIsSharedWithPi(t *testing.T) {
	asked(t)
	dir := t.TempDir()
	auth := filepath.Join(dir, "auth.json")
	foreign := "\"foreign\": {\"type\": \"x\", \"n\": 12345678901234567890, \"f\": 1.50}"
	require.NoError(t, os.WriteFile(auth, []byte("{\n  "+foreign+"\n}"), 0o640))
	ours := start(t, nil, "auth.mts", auth, "ours", fmt.Sprint(pick(60, 1000)))
	ours.end()
	text, err := os.ReadFile(auth)
	require.NoError(t, err)
	info, err := os.Stat(auth)
	require.NoError(t, err)
	assert.Contains(t, string(text), foreign, "number literals and order stay")
	assert.Equal(t, os.FileMode(0o640), info.Mode().Perm())
	assert.Equal(t, 1, strings.Count(string(text), `"ours-`))

	modules := storages(t)
	var all []*process
	n := pick(25, 300)
	for _, how := range append([]string{"ours", "ours"}, modules...) {
		all = append(all, start(t, nil, "auth.mts", auth, how, fmt.Sprint(n)))
	}
	for _, p := range all {
		p.end()
	}
	text, err = os.ReadFile(auth)
	require.NoError(t, err)
	for i, p := range all {
		require.NotEmpty(t, p.all, "a writer ended early")
		entry := fmt.Sprintf(`"pi-%s"`, p.last())
		if i < 2 {
			entry = fmt.Sprintf(`"ours-%s-%d"`, p.last(), n)
		}
		assert.Regexp(t, regexp.QuoteMeta(entry)+`:\s*\{\s*"type":\s*"api_key",\s*"key":\s*"k`+fmt.Sprint(n)+`"`, string(text), "the last write of each is there")
	}
	left, err := filepath.Glob(auth + ".lock")
	require.NoError(t, err)
	assert.Empty(t, left, "no lock is left behind")
	figure(t, "R11", "%d changes of auth.json alone and %d beside two Pis: every other byte and everybody's last write are there", pick(60, 1000), 2*n)
}

// S6: every file is made 0600 at once.
func TestS6FilesArePrivateFromTheirFirstInstant(t *testing.T) {
	asked(t)
	dir := newFolder(t)
	trace := filepath.Join(t.TempDir(), "trace")
	below := strace(t, dir, "-e", "trace=openat,mkdir")
	for i := range below {
		if below[i] == "/dev/null" {
			below[i] = trace
		}
	}
	p := start(t, below, "writer.mts", dir, "name", "3")
	p.end()
	text, err := os.ReadFile(trace)
	require.NoError(t, err)
	made := 0
	there := map[string]bool{}
	for _, line := range strings.Split(string(text), "\n") {
		call := regexp.MustCompile(`openat\([^,]+, "([^"]+)", ([A-Z_|]*O_CREAT[A-Z_|]*), (\d+)\) = \d`).FindStringSubmatch(line)
		if call == nil || !strings.HasPrefix(call[1], dir) || there[call[1]] {
			continue
		}
		made++
		assert.Equal(t, "0600", call[3], line)
		there[call[1]] = !strings.HasSuffix(call[1], ".tmp")
	}
	assert.GreaterOrEqual(t, made, 4)
	figure(t, "S6", "%d files made, all 0600 from the first instant", made)
}
