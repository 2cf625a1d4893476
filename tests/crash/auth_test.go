package crash

import (
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"pimultiauth/tests/pis"
	"pimultiauth/tests/process"
)

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
	var starts []*writer
	for _, module := range storages(t) {
		starts = append(starts, start(t, nil, "starts.mts", auth, module, fmt.Sprint(crash.Pick(30, 200))))
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
	assert.Equal(t, len(starts)*crash.Pick(30, 200), began)
	assert.Zero(t, short, "a Pi began without its credentials")
	assert.GreaterOrEqual(t, len(held), began/4, "there was no storm")
	p50, p99, most := process.Quantiles(held)
	process.Figure(t, "R7", "%d starts of both Pis beside %d writers: %d without credentials; auth.json.lock held p50 %.1f, p99 %.1f, max %.1f ms (250 ms make every start empty)", began, len(storm), short, p50, p99, most)
}

// R11, R7: entries come and go while both Pis write all the time; everybody's entries are there, and the rest is what it was.
func TestR11AuthIsSharedWithPi(t *testing.T) {
	crash.Asked(t)
	dir := t.TempDir()
	auth := filepath.Join(dir, "auth.json")
	foreign := "\"foreign\": {\"type\": \"x\", \"n\": 12345678901234567890, \"f\": 1.50}"
	require.NoError(t, os.WriteFile(auth, []byte("{\n  "+foreign+"\n}"), 0o640))
	ours := start(t, nil, "auth.mts", auth, "ours", fmt.Sprint(crash.Pick(60, 1000)))
	ours.end()
	text, err := os.ReadFile(auth)
	require.NoError(t, err)
	info, err := os.Stat(auth)
	require.NoError(t, err)
	assert.Contains(t, string(text), foreign, "number literals and order stay")
	assert.Equal(t, os.FileMode(0o640), info.Mode().Perm())
	assert.Equal(t, 1, strings.Count(string(text), `"ours-`))

	modules := storages(t)
	var all []*writer
	n := crash.Pick(25, 300)
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
	process.Figure(t, "R11", "%d changes of auth.json alone and %d beside two Pis: every other byte and everybody's last write are there", crash.Pick(60, 1000), 2*n)
}
