package pool

import (
	"strings"

	"github.com/tidwall/gjson"

	"pimultiauth/core"
)

// Sum is what the choices of a while came to. The zero value is that of a while without any.
type Sum struct {
	Requests int
	// Refusals are attempts that failed; Avoidable are those of them after which another account was ready.
	Refusals  int
	Avoidable int
	// Nobody counts the times no account could serve.
	Nobody int
	// Switches are moves of a session to another account, and Cold the prompt tokens that no cache of the new one held.
	Switches int
	Cold     int64
	// Windows of a day and longer came to their reset with Unused percent left, all together.
	Windows int
	Unused  float64
}

// longWindow is the length from which on what a window leaves unused is worth counting: short ones come back before they are missed.
const longWindow = core.Day / core.Minute

// Ledger adds up what a diary says, by provider, over several spans that end at one time.
type Ledger struct {
	at    core.Time
	spans []core.Duration
	// Since is when the first decision was made that it was told of.
	Since core.Time
	sums  map[string][]Sum
	last  map[string]string
	open  map[string]openWindow
}

type openWindow struct {
	resets core.Time
	used   float64
}

// NewLedger begins a ledger.
func NewLedger(at core.Time, spans ...core.Duration) *Ledger {
	return &Ledger{at: at, spans: spans, sums: map[string][]Sum{}, last: map[string]string{}, open: map[string]openWindow{}}
}

// Read adds lines of a diary, totally: what is no decision is passed over.
func (l *Ledger) Read(lines string) {
	for line := range strings.Lines(lines) {
		q := gjson.Parse(line)
		provider := q.Get("provider").String()
		switch {
		case q.Get("pick").IsObject() && provider != "":
			l.pick(q, provider)
		case q.Get("account").IsObject():
			l.account(provider, q.Get("account"))
		case q.Get("pool").IsObject():
			provider = q.Get("pool.provider").String()
			q.Get("pool.accounts").ForEach(func(_, account gjson.Result) bool {
				l.account(provider, account)
				return true
			})
		}
	}
}

func (l *Ledger) pick(q gjson.Result, provider string) {
	at := instant(q.Get("at"))
	if at.IsZero() || at > l.at {
		return
	}
	if l.Since.IsZero() || at < l.Since {
		l.Since = at
	}
	ask := q.Get("ask")
	tried := len(ask.Get("tried").Array())
	// A new session's place is decided more than once: before the gate, under it and after it.
	key, now := q.Get("of").Raw+ask.Get("session").String(), q.Get("seed").Raw+"/"+core.Decimal(int64(tried))+provider
	if l.last[key] == now {
		return
	}
	l.last[key] = now
	home, account := q.Get("home.account").String(), q.Get("pick.account").String()
	l.each(provider, at, func(s *Sum) {
		if tried == 0 {
			s.Requests++
		} else {
			s.Refusals++
		}
		switch {
		case account == "":
			s.Nobody++
		case tried > 0:
			s.Avoidable++
		}
		if home != "" && account != "" && home != account {
			s.Switches++
			s.Cold += number(ask.Get("prompt"))
		}
	})
}

func (l *Ledger) account(provider string, account gjson.Result) {
	account.Get("usage.windows").ForEach(func(_, w gjson.Result) bool {
		resets, used := instant(w.Get("resetsAt")), w.Get("usedPercent")
		if resets.IsZero() || used.Type != gjson.Number || w.Get("minutes").Num < float64(longWindow) {
			return true
		}
		key := provider + "\x00" + account.Get("id").String() + "\x00" + w.Get("name").String() + "\x00" + w.Get("model").String()
		was := l.open[key]
		// Resets are told with a jitter; half a length later it is another window.
		if !was.resets.IsZero() && resets.Sub(was.resets) > core.Duration(w.Get("minutes").Num)*core.Minute/2 {
			l.closed(provider, was)
		}
		l.open[key] = openWindow{resets, max(0, min(100, used.Num))}
		return true
	})
}

func (l *Ledger) closed(provider string, w openWindow) {
	l.each(provider, w.resets, func(s *Sum) {
		s.Windows++
		s.Unused += 100 - w.used
	})
}

func (l *Ledger) each(provider string, at core.Time, add func(*Sum)) {
	sums := l.sums[provider]
	if sums == nil {
		sums = make([]Sum, len(l.spans))
		l.sums[provider] = sums
	}
	for i, span := range l.spans {
		if since := l.at.Sub(at); since >= 0 && since < span {
			add(&sums[i])
		}
	}
}

// Sums answers the sums by provider, a span each.
func (l *Ledger) Sums() map[string][]Sum {
	for key, w := range l.open {
		if w.resets <= l.at {
			provider, _, _ := strings.Cut(key, "\x00")
			l.closed(provider, w)
		}
	}
	clear(l.open)
	return l.sums
}
