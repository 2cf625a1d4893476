package crash

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"pimultiauth/tests/pis"
	"pimultiauth/tests/run"
	"pimultiauth/tests/vendor"
)

// modules are the storages of both Pis.
func modules(t *testing.T) []string {
	t.Helper()
	all, err := pis.Storages()
	require.NoError(t, err)
	return all
}

// R7: Pi's lock is never held for as long as a Pi that starts waits for it, so each begins with every credential.
func TestR7PiStartsDuringAStorm(t *testing.T) {
	crash.Asked(t)
	dir := t.TempDir()
	auth := filepath.Join(dir, "auth.json")
	var list []string
	for i := range accounts {
		list = append(list, fmt.Sprintf(`"kept-%d":{"type":"api_key","key":"%s"}`, i, strings.Repeat("k", 1200)))
	}
	require.NoError(t, os.WriteFile(auth, []byte("{"+strings.Join(list, ",")+"}"), 0o600))
	var storm []*writer
	for range crash.Pick(4, 16) {
		storm = append(storm, start(t, nil, "auth.mts", auth, "ours", "1000000"))
	}
	reference := start(t, nil, "auth.mts", auth, "bare", "1000000")
	for _, p := range storm {
		p.until(t, "held")
	}
	var starts []*writer
	for _, module := range modules(t) {
		starts = append(starts, start(t, nil, "starts.mts", auth, module, fmt.Sprint(crash.Pick(30, 200)), fmt.Sprint(crash.Pick(3, 1))))
	}
	whole := wholeStarts(t, dir, crash.Pick(1, 100))
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
		p.Kill(t)
		p.end()
		held = append(held, p.took...)
	}
	reference.Kill(t)
	reference.end()
	assert.Equal(t, len(starts)*crash.Pick(30, 200), began)
	assert.Zero(t, short, "a Pi began without its credentials")
	assert.Greater(t, len(held), len(storm), "there was no storm")
	p50, p99, most := run.Quantiles(held)
	assert.Empty(t, whole.wrong, "a whole Pi began without its credential")
	run.Figure(t, "R7", "%d whole Pis of both versions started beside %d writers: %d without their credential", whole.started, len(storm), len(whole.wrong))
	run.Figure(t, "R7", "%d starts of both Pis' storages beside %d writers: %d without credentials; auth.json.lock held p50 %.1f, p99 %.1f, max %.1f ms (250 ms make every start empty)", began, len(storm), short, p50, p99, most)
	p50, p99, most = run.Quantiles(reference.took)
	run.Figure(t, "R7", "an empty lock of the kind on this disk beside it, a rename in it: p50 %.1f, p99 %.1f, max %.1f ms", p50, p99, most)
}

// accessList is the attribute that Linux keeps a file's access list in, and granted one in its form (linux/posix_acl_xattr.h): the owner may
// read and write, user 1234 read, the group nothing, and the mask is read.
const (
	accessList = "system.posix_acl_access"
	granted    = "\x02\x00\x00\x00" +
		"\x01\x00\x06\x00\xff\xff\xff\xff" +
		"\x02\x00\x04\x00\xd2\x04\x00\x00" +
		"\x04\x00\x00\x00\xff\xff\xff\xff" +
		"\x10\x00\x04\x00\xff\xff\xff\xff" +
		"\x20\x00\x00\x00\xff\xff\xff\xff"
)

// startedWhole is how many Pis were started and what those said that were not served.
type startedWhole struct {
	started int
	wrong   []string
}

// wholeStarts starts whole Pis of both versions in an agent folder, each to be served with the key of an entry of auth.json.
func wholeStarts(t *testing.T, dir string, each int) (all startedWhole) {
	t.Helper()
	maker := vendor.Start()
	t.Cleanup(maker.Close)
	maker.Script(strings.Repeat("k", 1200), vendor.Step{})
	newer, err := pis.New()
	require.NoError(t, err)
	versions := []pis.Pi{pis.Old(), newer}
	// A machine that stands still for as long as a Pi waits looks like a lock that is held too long, but not every time.
	wrong := func(home *pis.Home, pi pis.Pi) (said []string) {
		for range crash.Pick(3, 1) {
			ran, err := home.Run(pi, "--no-session", "--model", "kept-0/model-1", "-p", "hello")
			if err == nil && ran.Out == "ok\n" {
				return nil
			}
			said = []string{fmt.Sprintf("%v %.300s %.300s", err, ran.Out, ran.Err)}
		}
		return said
	}
	said := make([][]string, len(versions))
	var wait sync.WaitGroup
	for i, pi := range versions {
		home, err := pis.NewHome(t.TempDir())
		require.NoError(t, err)
		home.Agent = dir
		require.NoError(t, home.Models("kept-0", "openai-completions", maker.URL+"/v1"))
		wait.Add(1)
		go func() {
			defer wait.Done()
			for range each {
				said[i] = append(said[i], wrong(home, pi)...)
			}
		}()
	}
	wait.Wait()
	return startedWhole{len(versions) * each, slices.Concat(said...)}
}

// R11, R7: entries come and go while both Pis write all the time; everybody's entries are there, and the rest is what it was.
func TestR11AuthIsSharedWithPi(t *testing.T) {
	crash.Asked(t)
	const foreign = "\"foreign\": {\"type\": \"x\", \"n\": 12345678901234567890, \"f\": 1.50}"
	changes := crash.Pick(60, 1000)
	var kept []string
	// alone has us change the file again and again, and looks what it is afterwards.
	alone := func(what string, kind func(t *testing.T, file string) (attribute string)) (auth string) {
		dir := t.TempDir()
		auth, file := filepath.Join(dir, "auth.json"), filepath.Join(dir, "elsewhere", "real.json")
		require.NoError(t, os.Mkdir(filepath.Dir(file), 0o700))
		require.NoError(t, os.WriteFile(file, []byte("{\n  "+foreign+"\n}"), 0o600))
		require.NoError(t, os.Chmod(file, 0o640))
		require.NoError(t, os.Symlink(file, auth))
		attribute := kind(t, file)
		before, err := os.Stat(file)
		require.NoError(t, err)
		ours := start(t, nil, "auth.mts", auth, "ours", fmt.Sprint(changes))
		ours.end()
		require.NotEmpty(t, ours.all, "%s: %s", what, ours.Errors())
		text, err := os.ReadFile(file)
		require.NoError(t, err)
		assert.Contains(t, string(text), foreign, "number literals and order stay")
		assert.Equal(t, 1, strings.Count(string(text), `"ours-`))
		assert.Contains(t, string(text), fmt.Sprintf(`"ours-%s-%d"`, ours.last(), changes))
		after, err := os.Stat(file)
		require.NoError(t, err)
		assert.Equal(t, before.Mode(), after.Mode(), what)
		was, is := before.Sys().(*syscall.Stat_t), after.Sys().(*syscall.Stat_t)
		assert.Equal(t, [2]uint32{was.Uid, was.Gid}, [2]uint32{is.Uid, is.Gid}, what)
		link, err := os.Readlink(auth)
		require.NoError(t, err, "the link is one yet")
		assert.Equal(t, file, link)
		list := make([]byte, 256)
		n, _ := syscall.Getxattr(file, accessList, list)
		assert.Equal(t, attribute, string(list[:max(n, 0)]), what)
		kept = append(kept, what)
		return auth
	}
	auth := alone("unknown keys, number literals, link and mode", func(t *testing.T, file string) string { return "" })
	if os.Geteuid() == 0 {
		alone("owner and group", func(t *testing.T, file string) string {
			require.NoError(t, os.Chown(file, 1234, 4321))
			return ""
		})
	}
	probe := filepath.Join(t.TempDir(), "probe")
	require.NoError(t, os.WriteFile(probe, nil, 0o600))
	if syscall.Setxattr(probe, accessList, []byte(granted), 0) == nil {
		alone("access list", func(t *testing.T, file string) string {
			require.NoError(t, syscall.Setxattr(file, accessList, []byte(granted), 0))
			return granted
		})
	}

	both := modules(t)
	var all []*writer
	n := crash.Pick(25, 300)
	for _, how := range append([]string{"ours", "ours"}, both...) {
		all = append(all, start(t, nil, "auth.mts", auth, how, fmt.Sprint(n)))
	}
	for _, p := range all {
		p.end()
	}
	text, err := os.ReadFile(auth)
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
	run.Figure(t, "R11", "%d changes of auth.json each for %s: unchanged; %d beside two Pis: everybody's last write is there", changes, strings.Join(kept, ", "), 2*n)
}

// R4: somebody else's lock on auth.json is waited for while its owner lives, and taken when its owner is long dead.
func TestR4AForeignHolderOfAuth(t *testing.T) {
	crash.Asked(t)
	for _, dead := range []bool{false, true} {
		dir := t.TempDir()
		auth := filepath.Join(dir, "auth.json")
		require.NoError(t, os.WriteFile(auth, []byte(`{"pi":{"type":"api_key","key":"k"}}`), 0o600))
		lock := auth + ".lock"
		require.NoError(t, os.Mkdir(lock, 0o755))
		if dead && !crash.Long() {
			// The long form waits until it has grown old.
			before := time.Now().Add(-time.Minute)
			require.NoError(t, os.Chtimes(lock, before, before))
		}
		began := time.Now()
		p := start(t, nil, "auth.mts", auth, "ours", "1")
		if !dead {
			// One that lives says so again and again; it is waited for, up to the age of a dead one's.
			for range crash.Pick(4, 60) {
				time.Sleep(500 * time.Millisecond)
				require.NoError(t, os.Chtimes(lock, time.Now(), time.Now()))
				text, err := os.ReadFile(auth)
				require.NoError(t, err)
				require.NotContains(t, string(text), "ours-", "the lock is somebody else's")
			}
			require.NoError(t, os.Remove(lock))
			began = time.Now()
		}
		p.end()
		text, err := os.ReadFile(auth)
		require.NoError(t, err)
		require.Contains(t, string(text), "ours-", "%v", p.Errors())
		require.Contains(t, string(text), `"pi"`)
		require.NoDirExists(t, lock)
		how := "lives and lets go"
		if dead {
			how = "died"
		}
		run.Figure(t, "R4", "a foreign holder of auth.json.lock %s: written %d ms after, the process's start included (bar 1,000 and 32,000; Pi fails 36 to 39 %% of the waiters after 30,000)", how, time.Since(began).Milliseconds())
	}
}

// R3: somebody who changes auth.json all the time is killed at a random moment; the file is whole, what others keep in it and the last
// change are there, and the next one goes on at once, whatever the dead one left of a lock.
func TestR3KilledWritersOfAuth(t *testing.T) {
	crash.Asked(t)
	dir := t.TempDir()
	auth := filepath.Join(dir, "auth.json")
	require.NoError(t, os.WriteFile(auth, []byte(`{"kept":{"type":"api_key","key":"k0","n":12345678901234567890}}`), 0o600))
	another := func() *writer { return start(t, nil, "auth.mts", auth, "ours", "1000000") }
	r := random(3)
	kills := crash.Pick(8, 1000)
	next := another()
	changes, locks := 0, 0
	for n := range kills {
		victim := next
		require.NotEmpty(t, victim.until(t, "held"), "it goes on: %s", victim.Errors())
		// The next one loads while this one writes.
		next = another()
		time.Sleep(time.Duration(r.IntN(20_000)) * time.Microsecond)
		victim.Kill(t)
		victim.end()
		// The next one may have taken its own by now.
		if _, err := os.Stat(auth + ".lock"); err == nil {
			locks++
		}
		text, err := os.ReadFile(auth)
		require.NoError(t, err)
		var entries map[string]json.RawMessage
		require.NoError(t, json.Unmarshal(text, &entries), "%d kills", n+1)
		require.Equal(t, `{"type":"api_key","key":"k0","n":12345678901234567890}`, string(entries["kept"]))
		changes += len(victim.took)
		last := 0
		for name := range entries {
			_, _ = fmt.Sscanf(name, fmt.Sprintf("ours-%d-%%d", victim.Cmd.Process.Pid), &last)
		}
		require.GreaterOrEqual(t, last, len(victim.took), "a change that was made is lost")
		require.LessOrEqual(t, last, len(victim.took)+1)
	}
	run.Figure(t, "R3", "%d kills of who changes auth.json, Pi's lock there after %d: 0 bad files, 0 of %d changes lost (per 1,000 Pi 256 to 304 bad files)", kills, locks, changes)
}
