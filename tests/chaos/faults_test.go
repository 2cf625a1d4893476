package chaos

import (
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"time"

	"pimultiauth/tests/vendor"
)

// fault breaks something and says what; it may mend it later by itself.
type fault struct {
	name  string
	begin func(w *world) string
}

// target is a key at its server.
type target struct {
	server *vendor.Server
	key    string
}

// some is a number of the keys of one fleet that may fail: the rest stays well.
func (w *world) some() (found []target) {
	f := w.fleets[w.random.IntN(len(w.fleets))]
	for _, key := range f.keys[:1+w.random.IntN(len(f.keys)-f.well)] {
		found = append(found, target{f.server, key})
	}
	return found
}

// all is every key of every fleet.
func (w *world) all() (found []target) {
	for _, f := range w.fleets {
		for _, key := range f.keys {
			found = append(found, target{f.server, key})
		}
	}
	return found
}

// lasting scripts keys for a while.
func (w *world) lasting(keys []target, span time.Duration, step vendor.Step) {
	for _, t := range keys {
		t.server.Script(t.key, step)
	}
	time.AfterFunc(span, func() {
		for _, t := range keys {
			t.server.Script(t.key, vendor.Step{})
		}
	})
}

// once scripts one request of each key.
func (w *world) once(keys []target, step vendor.Step) string {
	for _, t := range keys {
		t.server.Script(t.key, step, vendor.Step{})
	}
	return fmt.Sprint(len(keys), " keys once")
}

// Usage as it must not be told.
var untold = []struct {
	name string
	step vendor.Step
}{
	{"401", vendor.BadKey()},
	{"429", vendor.Limited(30)},
	{"500", vendor.Step{Status: 500, Body: "oops"}},
	{"reset", vendor.Step{Drop: true}},
	{"a page", vendor.Step{Body: "<!doctype html><title>Sign in</title>"}},
	{"half an object", vendor.Step{Body: told[:40]}},
	{"nonsense", vendor.Step{Body: `{"data":{"limit":-1,"limit_remaining":"NaN","usage":1e999,"total_credits":null,"total_usage":[]}}`}},
	{"a huge body", vendor.Step{Body: `{"data":{"label":"` + strings.Repeat("x", 20<<20) + `"}}`}},
	{"a body that dribbles", vendor.Step{Raw: func(rw http.ResponseWriter, r *http.Request) {
		for range 60 {
			if _, err := rw.Write([]byte(" ")); err != nil || r.Context().Err() != nil {
				return
			}
			rw.(http.Flusher).Flush()
			time.Sleep(time.Second)
		}
	}}},
}

var faults = []fault{
	{"kill", func(w *world) string {
		w.mu.Lock()
		defer w.mu.Unlock()
		for pid, r := range w.running {
			r.killed = true
			w.kills = append(w.kills, time.Now())
			_ = syscall.Kill(pid, syscall.SIGKILL)
			return r.marker
		}
		return ""
	}},
	{"suspend", func(w *world) string {
		w.mu.Lock()
		defer w.mu.Unlock()
		for pid, r := range w.running {
			_ = syscall.Kill(pid, syscall.SIGSTOP)
			// While it stands still the process cannot end, so the number stays its own.
			span := time.Duration([]int{2, 4, 8, 40}[w.random.IntN(4)]) * time.Second
			time.AfterFunc(span, func() { _ = syscall.Kill(pid, syscall.SIGCONT) })
			return fmt.Sprint(r.marker, " for ", span)
		}
		return ""
	}},
	{"429", func(w *world) string {
		keys := w.some()
		w.lasting(keys, 8*time.Second, vendor.Limited(8))
		return fmt.Sprint(len(keys), " keys")
	}},
	{"outage", func(w *world) string {
		f := w.fleets[0]
		for _, key := range f.keys {
			w.lasting([]target{{f.server, key}}, 4*time.Second, vendor.Limited(4))
		}
		w.spell("outage", 12*time.Second, true, false)
		return "all keys"
	}},
	{"401", func(w *world) string {
		w.lasting(w.some()[:1], 4*time.Second, vendor.BadKey())
		return "one key"
	}},
	{"5xx", func(w *world) string {
		return w.once(w.some(), vendor.Step{Status: 503, Body: `{"error":{"message":"overloaded"}}`})
	}},
	{"reset", func(w *world) string { return w.once(w.some(), vendor.Step{Drop: true}) }},
	{"cut", func(w *world) string {
		return w.once(w.some()[:1], vendor.Step{Drop: true, AfterText: "half of it"})
	}},
	{"truncated", func(w *world) string {
		return w.once(w.some()[:1], vendor.Step{ErrorEvent: `{"error":{"message":"Internal server error"`, AfterText: "half of it"})
	}},
	{"empty", func(w *world) string { return w.once(w.some(), vendor.Step{Empty: true}) }},
	{"slow", func(w *world) string {
		return w.once(w.all(), vendor.Step{Text: strings.Repeat("ok ", 20), Pause: 300 * time.Millisecond})
	}},
	{"huge", func(w *world) string { return w.once(w.all(), vendor.Step{Text: strings.Repeat("ok ", 100_000)}) }},
	{"usage", func(w *world) string {
		how := untold[w.random.IntN(len(untold))]
		w.tellUsage(how.step)
		time.AfterFunc(20*time.Second, func() { w.tellUsage(vendor.Step{Body: told}) })
		return "told as " + how.name
	}},
	{"slow tokens", func(w *world) string {
		w.tokens.Delay(5 * time.Second)
		time.AfterFunc(10*time.Second, func() { w.tokens.Delay(50 * time.Millisecond) })
		return "for 10 s"
	}},
	{"full disk", func(w *world) string {
		if !w.small {
			return ""
		}
		f, err := os.Create(filepath.Join(w.runtime, "filler"))
		if err != nil {
			return ""
		}
		defer f.Close()
		for _, size := range []int{64 << 10, 4 << 10, 1} {
			for _, err := f.Write(make([]byte, size)); err == nil; _, err = f.Write(make([]byte, size)) {
			}
		}
		time.AfterFunc(6*time.Second, func() { _ = os.Remove(f.Name()) })
		// A login is not redeemed while its new token could not be kept; the next try comes half a minute later.
		w.spell("full disk", 60*time.Second, false, true)
		return "for 6 s"
	}},
	{"clock", func(w *world) string {
		step := []time.Duration{-30 * time.Minute, -time.Minute, 0, time.Minute, time.Hour}[w.random.IntN(5)]
		temp := filepath.Join(w.home.Dir, "clock.new")
		_ = os.WriteFile(temp, fmt.Append(nil, step.Milliseconds()), 0o600)
		_ = os.Rename(temp, filepath.Join(w.home.Dir, "clock"))
		return step.String()
	}},
}

func (w *world) spell(what string, span time.Duration, demo, corp bool) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.spells = append(w.spells, spell{what, time.Now(), time.Now().Add(span), demo, corp})
}

// breakThings breaks something every so often until the end and counts what.
func (w *world) breakThings(end time.Time, every time.Duration) map[string]int {
	counts := map[string]int{}
	order := w.random.Perm(len(faults))
	for n := 0; time.Now().Add(every).Before(end); n++ {
		time.Sleep(every)
		if n%len(order) == 0 {
			order = w.random.Perm(len(faults))
		}
		f := faults[order[n%len(order)]]
		if what := f.begin(w); what != "" {
			counts[f.name]++
			w.spell(f.name+" "+what, 10*time.Second, false, false)
		}
	}
	return counts
}
