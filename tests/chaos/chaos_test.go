package chaos

import (
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"pimultiauth/core/store"
	"pimultiauth/tests/pis"
)

// A run ends in success whenever an account was well from its beginning to its end; what else counts is in the judge.
func TestChaos(t *testing.T) {
	if os.Getenv("CHAOS") == "" {
		t.Skip("make chaos runs it")
	}
	minutes, seed := number("MINUTES", 5), uint64(number("SEED", 1))
	w := newWorld(t, seed)
	end := time.Now().Add(time.Duration(minutes * float64(time.Minute)))
	var wait sync.WaitGroup
	for i := range int(number("PIS", 4)) {
		wait.Add(1)
		go func() {
			defer wait.Done()
			w.work(i, end)
		}()
	}
	faults := w.breakThings(end, time.Duration(number("EVERY", 5)*float64(time.Second)))
	wait.Wait()
	w.heal()
	w.lastLook()

	counts := map[string]int{}
	for _, r := range w.requests {
		counts[w.judge(r)]++
	}
	fmt.Printf("  C1: seed %d, %d faults %v, %d requests: %v; %d token calls, %d refused; usage was read %d times\n",
		seed, sum(faults), faults, len(w.requests), counts, calls(w), refused(w), w.usageReads())
	assert.NotZero(t, counts["success"])
	assert.Zero(t, counts["wrong"], "requests that came to what they should not have")
	w.nothingLost()
	w.nothingLeaked()
	w.nothingLeft()
	w.keep()
}

// keep leaves what the Pis wrote, the log of decisions above all, where it can be read after a run that failed.
func (w *world) keep() {
	if !w.Failed() {
		return
	}
	folder := filepath.Join(pis.Root(), ".build", fmt.Sprint("chaos-", w.began.Unix()))
	require.NoError(w, os.CopyFS(folder, os.DirFS(w.runtime)))
	var told strings.Builder
	for _, s := range w.spells {
		fmt.Fprintf(&told, "%v %v %s\n", s.from.Sub(w.began), s.from.UnixMilli(), s.what)
	}
	for _, at := range w.redeemed {
		fmt.Fprintf(&told, "%v %v redeemed\n", at.Sub(w.began), at.UnixMilli())
	}
	require.NoError(w, os.WriteFile(filepath.Join(folder, "faults.txt"), []byte(told.String()), 0o600))
	fmt.Println("kept in", folder)
}

func number(name string, usual float64) float64 {
	if n, err := strconv.ParseFloat(os.Getenv(name), 64); err == nil {
		return n
	}
	return usual
}

func sum(m map[string]int) (n int) {
	for _, k := range m {
		n += k
	}
	return n
}

func calls(w *world) int   { n, _ := w.tokens.Calls(); return n }
func refused(w *world) int { _, n := w.tokens.Calls(); return n }

// lastLook is a Pi after all faults: it answers for each provider and lists every account.
func (w *world) lastLook() {
	for _, model := range []string{"demo/model-1", w.fleets[1].model, "corp/model-1"} {
		ran, err := w.home.Run(w.versions[0], "--model", model, "-p", "hello")
		require.NoError(w, err)
		w.said(ran.Out + ran.Err)
		assert.Equal(w, "ok\n", ran.Out, "%s after it all: %s", model, ran.Err)
	}
	ran, err := w.home.Run(w.versions[1], "-p", "/multi-auth status")
	require.NoError(w, err)
	w.said(ran.Out + ran.Err)
	fmt.Println(ran.Out)
	for _, f := range w.fleets {
		for _, id := range ids(f.provider, len(f.keys)) {
			assert.Contains(w, ran.Out, id, "no account is lost")
		}
	}
	assert.Contains(w, ran.Out, "corp-1")
	assert.Contains(w, ran.Out, "corp-2")
}

// judge says what a request came to: "success", "error" where one is right, "killed", or "wrong".
func (w *world) judge(r *request) string {
	if r.killed {
		return "killed"
	}
	cut, asked := false, 0
	var seen []string
	for _, a := range w.asked() {
		if marker(a.Body) == r.marker {
			asked++
			cut = cut || a.Step.Cut()
			seen = append(seen, fmt.Sprintf("%s:%d:%v", name(w, a.Key), a.Status, a.Step.Cut()))
		}
	}
	wrong := func(why string) string {
		w.Errorf("%s, Pi %s in %s mode, %v to %v: %s\n  attempts %v\n  faults %v\n  said: %.600s", r.marker, r.pi, r.mode, r.began.Sub(w.began),
			r.ended.Sub(w.began), why, seen, w.during(r.began, r.ended), r.said)
		return "wrong"
	}
	if asked > 8 {
		return wrong("more than eight attempts")
	}
	if r.ok {
		return "success"
	}
	switch {
	case r.errors != 1:
		return wrong(fmt.Sprintf("%d errors", r.errors))
	case strings.Contains(r.said, "    at ") || strings.Contains(r.said, "TypeError"):
		return wrong("a stack instead of a sentence")
	case strings.HasPrefix(r.model, "corp/") && strings.Contains(r.said, "log in again") && !w.killedAtRedemption():
		// Whatever else is wrong at the time, no login of this world ends by itself.
		return wrong("a login that is well was put away")
	case cut || w.outage(r):
		return "error"
	}
	return wrong("an error while there was quota")
}

func name(w *world, key string) string {
	for _, f := range w.fleets {
		if i := slices.Index(f.keys, key); i >= 0 {
			return ids(f.provider, len(f.keys))[i]
		}
	}
	return strings.TrimPrefix(key, "access-")
}

// nothingLost holds the accounts: auth.json as it was, both logins live, no family revoked but where a kill met its redemption.
func (w *world) nothingLost() {
	assert.Equal(w, w.auth, w.home.Read("auth.json"), "auth.json is read, never written")
	text, err := os.ReadFile(filepath.Join(w.runtime, "multi-auth-accounts.json"))
	require.NoError(w, err)
	owned := map[string]bool{}
	for _, account := range store.Parse(string(text)).Accounts() {
		owned[account.ID] = true
	}
	assert.True(w, owned["corp-1"] || owned["corp-2"], "a renewed login is an account of ours")
	for _, family := range w.tokens.Revoked() {
		assert.True(w, w.killedAtRedemption(), "%s was redeemed twice", family)
	}
}

// nothingLeaked looks for the secrets everywhere but in the files that hold them.
func (w *world) nothingLeaked() {
	holds := map[string]bool{"auth.json": true, "multi-auth-accounts.json": true, "multi-auth-accounts.json.tmp": true, "multi-auth.journal": true, "multi-auth.journal.tmp": true}
	secrets := []string{"refresh-corp-", "access-corp-"}
	for _, f := range w.fleets {
		secrets = append(secrets, f.keys...)
	}
	look := func(where, text string) {
		for _, secret := range secrets {
			if at := strings.Index(text, secret); at >= 0 {
				w.Errorf("%s tells a secret: …%.200s", where, text[max(0, at-100):])
			}
		}
	}
	for _, folder := range []string{w.home.Dir, w.runtime} {
		require.NoError(w, filepath.WalkDir(folder, func(path string, entry os.DirEntry, err error) error {
			if err == nil && entry.Type().IsRegular() && !holds[entry.Name()] {
				text, _ := os.ReadFile(path)
				look(path, string(text))
			}
			return nil
		}))
	}
	look("what the Pis said", w.told.String())
}

// nothingLeft holds that no process, no lock directory, no damaged file and no unhandled error is left.
func (w *world) nothingLeft() {
	for _, pid := range w.pids {
		// Over half an hour a number comes round again: another program's process is none of ours.
		if environment, err := os.ReadFile(fmt.Sprintf("/proc/%d/environ", pid)); err == nil && !strings.Contains(string(environment), w.home.Dir) {
			continue
		}
		assert.ErrorIs(w, syscall.Kill(pid, 0), syscall.ESRCH, "process %d is still there", pid)
	}
	for _, folder := range []string{w.home.Dir, w.runtime} {
		for _, glob := range []string{"*.lock", "*/*.lock", "*.damaged-*"} {
			found, _ := filepath.Glob(filepath.Join(folder, glob))
			assert.Empty(w, found)
		}
	}
	unhandled, _ := os.ReadFile(filepath.Join(w.home.Dir, "unhandled"))
	assert.Empty(w, string(unhandled), "nobody handled it")
}

func ids(provider string, n int) []string {
	all := []string{provider}
	for i := 1; i < n; i++ {
		all = append(all, fmt.Sprint(provider, "-", i))
	}
	return all
}

func random(seed uint64) *rand.Rand { return rand.New(rand.NewPCG(seed, 7)) }
