package pool_test

import (
	"testing"

	"github.com/stretchr/testify/assert"

	"pimultiauth/core"
	"pimultiauth/core/pool"
)

func TestALedgerAddsUpWhatChoicesCost(t *testing.T) {
	day := core.Time(core.Day)
	at := 100 * day
	text := func(n int64) string { return core.Decimal(n) }
	line := func(at core.Time, seed int64, ask, home, account string) string {
		out := `{"of":1,"at":` + text(int64(at)) + `,"seed":` + text(seed) + `,"provider":"p","ask":{` + ask + `}`
		if home != "" {
			out += `,"home":{"account":"` + home + `"}`
		}
		if account != "" {
			account = `"account":"` + account + `",`
		}
		return out + `,"pick":{` + account + `"why":"chosen"}}` + "\n"
	}
	windows := func(resets core.Time, used int) string {
		return `{"of":1,"provider":"p","account":{"id":"a","usage":{"at":1,"windows":[{"name":"7d","usedPercent":` + text(int64(used)) +
			`,"minutes":10080,"resetsAt":` + text(int64(resets)) + `},{"name":"5h","usedPercent":1,"minutes":300,"resetsAt":5}]}}}` + "\n"
	}
	l := pool.NewLedger(at, core.Day, 7*core.Day)
	l.Read(line(at-8*day, 1, `"session":"s"`, "", "a")) // too old for both spans
	l.Read(line(at-3*day, 2, `"session":"s","prompt":50`, "a", "b"))
	// One new session, decided three times.
	for range 3 {
		l.Read(line(at-9000, 3, `"session":"t"`, "", "a"))
	}
	l.Read(line(at-8000, 3, `"session":"t","prompt":700,"tried":["a"]`, "a", "b"))
	l.Read(line(at-7000, 3, `"session":"t","prompt":700,"tried":["a","b"]`, "b", ""))
	l.Read("no json\n{}\n[1]\n" + `{"provider":"p","pick":{}}` + "\n")
	l.Read(windows(at-2*day, 40) + windows(at-2*day+1000, 62) + windows(at+5*day, 3))
	sums := l.Sums()["p"]
	assert.Equal(t, pool.Sum{Requests: 1, Refusals: 2, Avoidable: 1, Nobody: 1, Switches: 1, Cold: 700}, sums[0])
	assert.Equal(t, pool.Sum{Requests: 2, Refusals: 2, Avoidable: 1, Nobody: 1, Switches: 2, Cold: 750, Windows: 1, Unused: 38}, sums[1])
	assert.Equal(t, at-8*day, l.Since)
}

func FuzzLedger(f *testing.F) {
	f.Add(`{"at":1000,"provider":"p","ask":{"session":"s","prompt":7},"pick":{"account":"a"},"home":{"account":"b"}}` + "\n" + `{"account":{"id":"a"}}`)
	f.Add(`{"pool":{"provider":"p","accounts":[{"id":"a","usage":{"windows":[{"name":"weekly","minutes":10080,"usedPercent":40,"resetsAt":900}]}}]}}`)
	f.Fuzz(func(t *testing.T, lines string) {
		l := pool.NewLedger(1_000_000, core.Day, core.Week)
		l.Read(lines)
		for provider, sums := range l.Sums() {
			for _, s := range sums {
				if s.Requests < 0 || s.Refusals < s.Avoidable || s.Cold < 0 || s.Unused < 0 || s.Unused > 100*float64(s.Windows) {
					t.Fatalf("%s: %+v", provider, s)
				}
			}
		}
	})
}
