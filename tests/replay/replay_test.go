package main

import (
	"context"
	"fmt"
	"math/rand"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"pimultiauth/core"
	"pimultiauth/core/engine"
	"pimultiauth/providers"
	"pimultiauth/tests/host"
	"pimultiauth/tests/pis"
)

// live plays a process of some accounts through requests of many sessions with failures and pauses, and answers what it logged.
func live(t *testing.T, mode string, accounts int, seed int64) string {
	r := rand.New(rand.NewSource(seed))
	e := engine.New(providers.All())
	var entries []string
	for i := range accounts {
		entries = append(entries, fmt.Sprintf(`"demo-%d":{"type":"api_key","key":"canary-%d"}`, i+1, i))
	}
	files := map[string]string{
		"auth":     "{" + strings.Join(entries, ",") + "}",
		"settings": `{"rotationModes":{"demo":"` + mode + `"}}`,
		"state": `{"version":2,"providers":{"demo":{"groups":{"g":{"at":1,"accounts":["demo-1","demo-2"],"priority":1,"maxInFlight":2,"mode":"balancer"}},` +
			`"accounts":{"demo-3":{"settings":{"reserve":{"at":1,"value":true}}}}}}}`,
	}
	if r.Intn(2) == 0 {
		delete(files, "state")
	}
	at := core.Time(1_800_000_000_000)
	log := ""
	tell := func(m core.Message) core.Turn {
		for {
			m.At, m.Seed = at, r.Int63n(1<<53)
			turn, err := e.Step(m)
			require.NoError(t, err)
			var results []core.Result
			for _, x := range turn.Effects {
				result := core.Result{ID: x.ID}
				switch {
				case x.File != nil && x.File.Op == "append":
					log += x.File.Delta.Reveal()
				case x.File != nil && x.File.Op == "read":
					result.File = &core.FileResult{Text: core.Secret(files[x.File.Name]), Missing: files[x.File.Name] == ""}
				case x.File != nil && x.File.Op == "save":
					merged, err := e.Step(core.Message{At: at, Merge: &core.Merge{Save: x.ID, File: x.File.Name, Current: files[x.File.Name], Delta: x.File.Delta}})
					require.NoError(t, err)
					if text := merged.Merged.Text.Reveal(); text != "" {
						files[x.File.Name] = text
					}
					result.File = &core.FileResult{Text: core.Secret(files[x.File.Name])}
				}
				if x.Waits {
					results = append(results, result)
				}
			}
			if turn.Flow == 0 {
				return turn
			}
			m = core.Message{Resume: &core.Resume{Flow: turn.Flow, Results: results}}
		}
	}
	tell(core.Message{Start: &core.Start{Known: []string{"demo"}, Decisions: true}})
	var out []int64
	settle := func(k int) {
		id := out[k]
		out = append(out[:k], out[k+1:]...)
		o := core.Outcome{OK: true, Input: r.Intn(9000), Cached: r.Intn(90000), Output: 300, Started: at - 3000, First: at - core.Time(r.Intn(2500)), Ended: at}
		switch r.Intn(8) {
		case 0:
			o = core.Outcome{Status: 500, Text: "500: oops"}
		case 1:
			o = core.Outcome{Status: 429, Headers: []core.Header{{Name: "retry-after", Value: "40"}}, Text: "429"}
		case 2:
			o = core.Outcome{Aborted: true}
		}
		if turn := tell(core.Message{Settle: &core.Settle{Lease: id, Outcome: o}}); turn.Lease != nil {
			out = append(out, turn.Lease.ID)
		}
	}
	for range 400 {
		at += core.Time(r.Intn(20_000))
		if r.Intn(20) == 0 {
			at += core.Time(10 * core.Minute)
		}
		if r.Intn(15) == 0 {
			tell(core.Message{Command: &core.Command{Text: "why"}})
		}
		if len(out) > 0 && r.Intn(2) == 0 {
			settle(r.Intn(len(out)))
			continue
		}
		session := []string{"", "a", "b", "c", "d", "e"}[r.Intn(6)]
		a := &core.Acquire{Provider: "demo", Model: []string{"m", "n"}[r.Intn(2)], Session: session, Mode: "tui", Parent: []string{"", "a"}[r.Intn(2)], Prompt: r.Intn(50_000)}
		if r.Intn(10) == 0 {
			a.Members = []core.Member{{Source: "ambient", Label: "DEMO_API_KEY", Mark: 9}}
		}
		if turn := tell(core.Message{Acquire: a}); turn.Lease != nil {
			out = append(out, turn.Lease.ID)
		}
	}
	at += 2000
	tell(core.Message{Tick: &core.Tick{}})
	return log
}

func TestEveryDecisionIsMadeAgainToTheByte(t *testing.T) {
	wasm, err := os.ReadFile(filepath.Join(pis.Root(), "js-loader", "core.wasm"))
	require.NoError(t, err)
	module, err := host.Load(context.Background(), wasm)
	require.NoError(t, err)
	defer module.Close()
	guest, err := module.New()
	require.NoError(t, err)
	cores := map[string]host.Core{"native": host.Native{Engine: engine.New(providers.All())}, "module": guest}
	for n, mode := range []string{"round-robin", "usage-based", "balancer", "fill-first", "usage-based", "balancer"} {
		accounts := []int{3, 5, 60}[n%3]
		said := live(t, mode, accounts, int64(n+1))
		require.NotContains(t, said, "canary", "no secret is logged")
		for name, c := range cores {
			again, decisions, err := replay(c, []byte(said))
			require.NoError(t, err)
			line, was, is := difference([]byte(said), again)
			require.Zero(t, line, "%s, %s over %d accounts, line %d:\n%s\n%s", name, mode, accounts, line, was, is)
			assert.Greater(t, decisions, 100)
		}
	}
}

func TestADecisionThatWasChangedIsFound(t *testing.T) {
	said := live(t, "round-robin", 3, 9)
	lied := strings.Replace(said, `"pick":{"account":"demo-1"`, `"pick":{"account":"demo-2"`, 1)
	require.NotEqual(t, said, lied)
	again, _, err := replay(host.Native{Engine: engine.New(providers.All())}, []byte(lied))
	require.NoError(t, err)
	line, _, _ := difference([]byte(lied), again)
	assert.NotZero(t, line)
}
