package fault_test

import (
	"os"
	"strings"
	"testing"

	"pimultiauth/core"
	"pimultiauth/tests/samples"
)

// lawful holds what is true of every reading: it is whole, no end lies in the past or beyond the longest cooldown, only some verdicts
// have an end, and the same outcome reads the same.
func lawful(t *testing.T, provider string, o core.Outcome, at core.Time) core.Fault {
	t.Helper()
	got := read(provider, "m", o, at)
	if again := read(provider, "m", o, at); again != got {
		t.Fatalf("%+v and then %+v", got, again)
	}
	if got.Kind == "" || got.Scope == "" || got.Source == "" || got.Cause == "" || got.Confidence < 0 || got.Confidence > 1 {
		t.Fatalf("%+v", got)
	}
	if !got.Until.IsZero() && (got.Until.Sub(at) < 0 || got.Until.Sub(at) > 45*core.Day) {
		t.Fatalf("until %d from %d", got.Until, at)
	}
	switch got.Verdict {
	case core.Retry:
		if got.Until.IsZero() && at > 0 {
			t.Fatalf("a retry without an instant: %+v", got)
		}
	case core.Rotate:
	case core.Suspend, core.Surface:
		if !got.Until.IsZero() {
			t.Fatalf("an end without a wait: %+v", got)
		}
	default:
		t.Fatalf("verdict %q", got.Verdict)
	}
	return got
}

// wall makes any number the time of a wall clock: any four-digit year will do.
func wall(at int64) core.Time { return core.Time(at % 253402300799000) }

func seeds(f *testing.F, add func(s samples.Sample)) {
	all, err := samples.Read(os.DirFS("../../providers/testdata/faults"))
	if err != nil {
		f.Fatal(err)
	}
	for _, s := range all {
		add(s)
	}
}

func FuzzBody(f *testing.F) {
	seeds(f, func(s samples.Sample) { f.Add(s.Provider, s.Outcome.Status, s.Outcome.Body, int64(s.At)) })
	f.Add("google", 429, `{"error":{"details":[{"violations":[{"quotaId":"PerDay"}]},{"retryDelay":"1e9s"}]}}`, int64(0))
	f.Add("openai-codex", 200, "data: {\"error\":", int64(-1))
	f.Fuzz(func(t *testing.T, provider string, status int, body string, at int64) {
		o := core.Outcome{Status: status % 1000, Body: body}
		got := lawful(t, provider, o, wall(at))
		if o.Status == 429 && got.Kind == core.Unknown {
			t.Fatalf("a 429 is never unknown: %+v", got)
		}
	})
}

func FuzzText(f *testing.F) {
	seeds(f, func(s samples.Sample) { f.Add(s.Provider, s.Outcome.Text+s.Outcome.Body, int64(s.At)) })
	f.Add("zai", "reset at 2026-13-45 99:99:99 resets 3pm (utc+99) try again in 99999999999999999999 h 小时后", int64(0))
	f.Add("x", "resets 31 feb 12am (asia/tokyo) until tomorrow midnight 9999年99月99日 24:60 99h99", int64(1))
	f.Add("x", "[[[[[[", int64(2))
	f.Fuzz(func(t *testing.T, provider, text string, at int64) {
		lawful(t, provider, core.Outcome{Text: text}, wall(at))
		// What is only said never makes a server's failure an account's.
		if got := lawful(t, "someone", core.Outcome{Status: 500, Text: text, Body: "<html>"}, wall(at)); got.Kind != core.Overloaded {
			t.Fatalf("%+v", got)
		}
	})
}

func FuzzHeaders(f *testing.F) {
	seeds(f, func(s samples.Sample) {
		var lines []string
		for _, h := range s.Outcome.Headers {
			lines = append(lines, h.Name+": "+h.Value)
		}
		if lines != nil {
			f.Add(s.Provider, s.Outcome.Status, strings.Join(lines, "\n"), int64(s.At))
		}
	})
	f.Add("x", 503, "retry-after: 99999999999\nretry-after-ms: -1\nx-ratelimit-reset: 9999999999999", int64(0))
	f.Fuzz(func(t *testing.T, provider string, status int, lines string, at int64) {
		lawful(t, provider, core.Outcome{Status: status % 1000, Headers: headers(lines)}, wall(at))
	})
}
