package crash

import (
	"fmt"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"pimultiauth/tests/pis"
	"pimultiauth/tests/run"
)

// mixed starts every second process in Bun, the others in Node.
func mixed(t *testing.T, n int, script string, args ...string) []*writer {
	t.Helper()
	crash.Asked(t)
	if pis.Bun() == "" {
		t.Skip("bun is not there")
	}
	all := make([]*writer, n)
	for i := range all {
		program := pis.Node()
		if i%2 == 1 {
			program = pis.Bun()
		}
		all[i] = startIn(t, nil, []string{program}, script, args...)
	}
	return all
}

// R1 with Bun: both write the same files, and some of either are killed while they do.
func TestR1NodeAndBunLoseNothing(t *testing.T) {
	dir := newFolder(t)
	all := mixed(t, crash.Pick(6, 16), "writer.mts", dir, "count", fmt.Sprint(crash.Pick(40, 500)))
	together(t, all)
	acked := 0
	for _, p := range all {
		assert.Empty(t, p.failed)
		acked += len(p.acked)
	}
	f, err := read(dir)
	require.NoError(t, err)
	assert.Equal(t, accounts, f.Accounts)
	assert.Equal(t, len(all)*crash.Pick(40, 500), acked)
	assert.Equal(t, acked, f.Counter, "updates were lost")
	private(t, dir, all...)
	run.Figure(t, "R1", "%d processes, every second one in Bun: %d updates, %d lost", len(all), acked, acked-f.Counter)
}

// R3 with Bun: what was taken is there after a kill of either.
func TestR3KilledWritersInNodeAndBun(t *testing.T) {
	dir := newFolder(t)
	var killed []*writer
	for range crash.Pick(5, 100) {
		pair := mixed(t, 2, "writer.mts", dir, "name", "100000")
		for _, p := range pair {
			p.begin(t)
		}
		for _, p := range pair {
			for range 5 {
				p.until(t, "ack")
			}
		}
		for _, p := range pair {
			p.Kill(t)
			p.end()
		}
		killed = append(killed, pair...)
	}
	after := mixed(t, 2, "writer.mts", dir, "name", "1")
	together(t, after)
	holdsAll(t, dir, append(killed, after...)...)
	private(t, dir, append(killed, after...)...)
	taken := 0
	for _, p := range killed {
		taken += len(p.acked)
	}
	run.Figure(t, "R3", "%d writers killed, every second one in Bun: 0 of %d updates and 0 accounts lost", len(killed), taken)
}

// R6 with Bun: its locks and Node's keep each other out, by the database and by the file.
func TestR6OneHolderInNodeAndBun(t *testing.T) {
	for _, kind := range []string{"database", "file"} {
		passes := crash.Pick(20, 1000)
		all := mixed(t, crash.Pick(6, 16), "gate.mts", t.TempDir(), kind, fmt.Sprint(passes))
		together(t, all)
		passed, doubles := 0, 0
		for _, p := range all {
			passed += len(p.acked)
			for _, line := range p.all {
				if line[0] == 'd' {
					doubles++
				}
			}
		}
		assert.Equal(t, len(all)*passes, passed)
		assert.Zero(t, doubles)
		run.Figure(t, "R6", "%d contenders, every second one in Bun, gate by %s: %d passages, %d double holders", len(all), kind, passed, doubles)
	}
}
