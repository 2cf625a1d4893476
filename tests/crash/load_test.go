package crash

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"pimultiauth/tests/run"
)

// watched is what those who read the accounts file beside its writers met.
type watched struct{ reads, bad int }

// watch has a few readers read the accounts file in a loop beside its writers, and answers what ends them: it says how many reads there
// were and how many were empty, cut off, or older than one before.
func watch(dir string) func() watched {
	stop, ends := make(chan struct{}), make(chan watched)
	const readers = 2
	for range readers {
		go func() {
			var w watched
			var last []byte
			before, good := 0, false
			for {
				select {
				case <-stop:
					ends <- w
					return
				default:
				}
				text, err := os.ReadFile(filepath.Join(dir, "multi-auth-accounts.json"))
				// The same bytes mean the same again.
				if err != nil || !bytes.Equal(text, last) {
					f, wrong := parse(text)
					good = err == nil && wrong == nil && f.Accounts == accounts && f.Counter >= before
					last, before = text, f.Counter
				}
				w.reads++
				if !good {
					w.bad++
				}
				// The writers are to be watched, not starved.
				time.Sleep(200 * time.Microsecond)
			}
		}()
	}
	return func() (all watched) {
		close(stop)
		for range readers {
			w := <-ends
			all.reads, all.bad = all.reads+w.reads, all.bad+w.bad
		}
		return all
	}
}

// R1: 16 processes change the file 500 times each, in three ways; nothing is lost, and whoever reads meanwhile reads a whole file. The
// long form goes on until it was read as often as the bar says.
func TestR1WritersLoseNothing(t *testing.T) {
	crash.Asked(t)
	n, updates := crash.Pick(6, 16), crash.Pick(40, 500)
	allReads, allBad := 0, 0
	kinds := []string{"count", "own", "name"}
	runs := 0
	for ; runs < len(kinds) || allReads < crash.Pick(0, 200_000); runs++ {
		kind := kinds[runs%len(kinds)]
		dir := newFolder(t)
		readers := watch(dir)
		all := many(t, n, dir, kind, fmt.Sprint(updates))
		wall := together(t, all)
		w := readers()
		off := 0
		for _, p := range all {
			require.Len(t, p.acked, updates)
			off += p.off
		}
		switch kind {
		case "count":
			f, err := read(dir)
			require.NoError(t, err)
			assert.Equal(t, accounts, f.Accounts)
			assert.Equal(t, n*updates, f.Counter, "updates were lost")
		case "own":
			holdsLast(t, dir, all)
		case "name":
			holdsAll(t, dir, all...)
		}
		assert.Zero(t, w.bad, "raw reads that were empty, cut off or older than one before")
		private(t, dir, all...)
		allReads, allBad = allReads+w.reads, allBad+w.bad
		if runs >= len(kinds) {
			continue
		}
		p50, p99, most := run.Quantiles(times(all))
		switch kind {
		case "count":
			run.Figure(t, "R2", "each update made while the gate is held (a new session's place): %.0f/s, waits p50 %.1f, p99 %.1f, max %.0f ms", float64(n*updates)/wall.Seconds(), p50, p99, most)
		case "own":
			run.Figure(t, "R2", "hot loop: %.0f durable updates/s, %d of %d by way of the journal, waits p50 %.1f, p99 %.1f, max %.0f ms (the peer max 30,088, Pi 1.5.2 max 4,650)",
				float64(n*updates)/wall.Seconds(), off, n*updates, p50, p99, most)
			run.Figure(t, "R2", "%s", bare(t, n, updates))
		}
	}
	run.Figure(t, "R1", "%d × %d × %d updates: 0 lost, 0 failed; %d of %d raw reads bad (the peer 67,403 of 562,000, Pi 1.5.2 101,628 of 237,050)", runs, n, updates, allBad, allReads)
}

// R1: what could not be written at its time is in the file when all have ended, though others wrote and folded meanwhile.
func TestR1WhatIsPutOffIsNotLost(t *testing.T) {
	crash.Asked(t)
	dir := newFolder(t)
	holders := start(t, nil, "gate.mts", dir, "hold", "2600", fmt.Sprint(crash.Pick(2, 12)))
	all := many(t, crash.Pick(6, 16), dir, "name", fmt.Sprint(crash.Pick(40, 200)), "150")
	together(t, append([]*writer{holders}, all...))
	last := start(t, nil, "writer.mts", dir, "name", "1")
	last.end()
	taken, off := 0, 0
	for _, p := range all {
		taken += len(p.acked)
		off += p.off
	}
	assert.Equal(t, len(all)*crash.Pick(40, 200), taken)
	assert.NotZero(t, off, "nobody had to put anything off")
	holdsAll(t, dir, append(all, last)...)
	run.Figure(t, "R1", "%d updates by %d processes while the gate is held for 2.6 s again and again, %d of them put off to the journal: 0 lost", taken, len(all), off)
}

func TestR2ARealisticLoad(t *testing.T) {
	crash.Asked(t)
	dir := newFolder(t)
	n, updates := crash.Pick(4, 16), crash.Pick(15, 100)
	all := many(t, n, dir, "name", fmt.Sprint(updates), "100")
	together(t, all)
	holdsAll(t, dir, all...)
	p50, p99, most := run.Quantiles(times(all))
	run.Figure(t, "R2", "%d processes, one update each 100 ms: p50 %.1f, p99 %.1f, max %.1f ms (the peer p99 867, max 16,394; Pi 1.5.2 p99 45, max 116)", n, p50, p99, most)
	run.Figure(t, "R2", "%s", bare(t, n, updates, "100"))
}

// R6: nobody takes a lock over that somebody else has; what a dead owner left is taken over by one alone.
func TestR6OneHolder(t *testing.T) {
	crash.Asked(t)
	for _, kind := range []string{"database", "file"} {
		dir := t.TempDir()
		passes := crash.Pick(20, 1000)
		all := make([]*writer, crash.Pick(6, 16))
		for i := range all {
			all[i] = start(t, nil, "gate.mts", dir, kind, fmt.Sprint(passes))
		}
		contenders := all
		for _, p := range contenders {
			p.begin(t)
		}
		kills := 0
		if kind == "database" {
			for range crash.Pick(3, 100) {
				victim := start(t, nil, "gate.mts", dir, kind, "1000000")
				victim.begin(t)
				victim.until(t, "ack")
				victim.Kill(t)
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
		run.Figure(t, "R6", "%d contenders, %s: %d double holders (the peer and Pi 0.87.1 28 %%, Pi 1.5.2 3 %% of takeovers)", len(contenders), how, doubles)
	}
}

// R9: who keeps what was read of usage loses nothing of what others keep there.
func TestR9TheUsageCacheLosesNothing(t *testing.T) {
	crash.Asked(t)
	dir := newFolder(t)
	const n, entries = 8, 50
	all := many(t, n, dir, "usage", fmt.Sprint(entries))
	together(t, all)
	text, err := os.ReadFile(filepath.Join(dir, "multi-auth-usage-cache.json"))
	require.NoError(t, err)
	var cache struct{ Accounts map[string]json.RawMessage }
	require.NoError(t, json.Unmarshal(text, &cache))
	for _, p := range all {
		for _, name := range p.acked {
			require.Contains(t, cache.Accounts, "p/"+name)
		}
	}
	assert.Len(t, cache.Accounts, n*entries)
	run.Figure(t, "R9", "%d × %d entries of the usage cache: 0 lost (the peer 333 of 400)", n, entries)
}

// R3 and R4: somebody who writes all the time is killed at a random moment; the file is whole, holds every update that was taken, and
// another process goes on at once.
func TestR3KilledWriters(t *testing.T) {
	crash.Asked(t)
	dir := newFolder(t)
	other := start(t, nil, "writer.mts", dir, "serve")
	other.until(t, "ready")
	other.ask(t)
	r := random(1)
	kills := crash.Pick(12, 1000)
	bad := 0
	// The next victim loads while this one writes: most of the time would be spent on waiting for it.
	next := start(t, nil, "writer.mts", dir, "name", "1000000")
	var waits []float64
	for n := range kills {
		victim := next
		if n+1 < kills {
			next = start(t, nil, "writer.mts", dir, "name", "1000000")
		}
		victim.begin(t)
		victim.until(t, "ack")
		time.Sleep(time.Duration(r.IntN(30_000)) * time.Microsecond)
		victim.Kill(t)
		victim.end()
		if f, err := read(dir); err != nil || f.Accounts != accounts {
			bad++
		}
		other.ask(t)
		waits = append(waits, other.took[len(other.took)-1])
		holdsTaken(t, dir, victim, other)
		if n%50 == 0 {
			private(t, dir, victim, other)
		}
	}
	other.end()
	assert.Empty(t, other.failed)
	assert.Zero(t, bad)
	holdsAll(t, dir, other)
	private(t, dir, other)
	p50, p99, most := run.Quantiles(waits)
	run.Figure(t, "R3", "%d kills: %d bad files, 0 accounts and 0 taken updates lost (per 1,000 the peer 343, Pi 256 to 304 bad files)", kills, bad)
	run.Figure(t, "R4", "after a dead holder: p50 %.1f, p99 %.1f, max %.1f ms, 0 failures (the peer 35,700, Pi 30,000 ms and 36 to 39 %% failures)", p50, p99, most)
}

// holdsTaken is holdsAll for files that others write yet: what was taken may stand in the journal.
func holdsTaken(t *testing.T, dir string, writers ...*writer) {
	t.Helper()
	f, err := read(dir)
	require.NoError(t, err)
	require.Equal(t, accounts, f.Accounts, "accounts were lost")
	journal, err := os.ReadFile(filepath.Join(dir, "multi-auth.journal"))
	require.NoError(t, err)
	for _, p := range writers {
		for _, name := range p.acked {
			if _, there := f.Updates[name]; !there {
				require.Contains(t, string(journal), `"`+name+`"`, "an update that was taken is lost")
			}
		}
	}
}
