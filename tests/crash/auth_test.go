package crash

import (
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"pimultiauth/tests/pis"
	"pimultiauth/tests/run"
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
	run.Figure(t, "R7", "%d starts of both Pis beside %d writers: %d without credentials; auth.json.lock held p50 %.1f, p99 %.1f, max %.1f ms (250 ms make every start empty)", began, len(storm), short, p50, p99, most)
	p50, p99, most = run.Quantiles(reference.took)
	run.Figure(t, "R7", "an empty lock of the kind on this disk beside it, a rename in it: p50 %.1f, p99 %.1f, max %.1f ms", p50, p99, most)
}

// R11, R7: entries come and go while both Pis write all the time; everybody's entries are there, and the rest is what it was.
func TestR11AuthIsSharedWithPi(t *testing.T) {
	crash.Asked(t)
	dir := t.TempDir()
	auth := filepath.Join(dir, "auth.json")
	foreign := "\"foreign\": {\"type\": \"x\", \"n\": 12345678901234567890, \"f\": 1.50}"
	require.NoError(t, os.WriteFile(auth, []byte("{\n  "+foreign+"\n}"), 0o600))
	require.NoError(t, os.Chmod(auth, 0o640))
	ours := start(t, nil, "auth.mts", auth, "ours", fmt.Sprint(crash.Pick(60, 1000)))
	ours.end()
	text, err := os.ReadFile(auth)
	require.NoError(t, err)
	info, err := os.Stat(auth)
	require.NoError(t, err)
	assert.Contains(t, string(text), foreign, "number literals and order stay")
	assert.Equal(t, os.FileMode(0o640), info.Mode().Perm())
	assert.Equal(t, 1, strings.Count(string(text), `"ours-`))

	both := modules(t)
	var all []*writer
	n := crash.Pick(25, 300)
	for _, how := range append([]string{"ours", "ours"}, both...) {
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
	run.Figure(t, "R11", "%d changes of auth.json alone and %d beside two Pis: every other byte and everybody's last write are there", crash.Pick(60, 1000), 2*n)
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
