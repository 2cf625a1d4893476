package main

import (
	"math/rand/v2"
	"strconv"
	"strings"

	"pimultiauth/core"
)

// Truth is the provider as it is: what is really used of each account, and who is out. Nobody but the provider and the judge sees it.
type Truth struct {
	fleet    *Fleet
	accounts []*trueAccount
	random   *rand.Rand
	// taken counts the units that others got.
	taken float64
}

type trueAccount struct {
	// lied is when its usage page last said what is not so: what follows from that is not the reader's fault.
	lied core.Time
	// honest is when it last said what is so.
	honest core.Time
	// roomy is when it last said, truly, that something was left of every window.
	roomy   core.Time
	windows []trueWindow
	rate    int
	// recent are the instants of the requests of the last minute.
	recent  []core.Time
	burns   []burn
	outages []trueOutage
	// warm says until when a session's prompt cache is kept.
	warm map[int]core.Time
}

type trueOutage struct {
	from, to core.Time
	kind     string
}

// trueWindow counts one limit.
type trueWindow struct {
	WindowPlan
	// end is when a fixed or begun window is over; zero for one that waits for its first use.
	end  core.Time
	used float64
	// told is until when it was ever said to be full, by the page or in headers.
	told core.Time
	// log holds what a rolling window counts.
	log []burn
}

// NewTruth draws the provider of a seed.
func NewTruth(f *Fleet, seed int64) *Truth {
	t := &Truth{fleet: f, random: newRandom(seed, 300)}
	phases := newRandom(seed, 301)
	others := burns(f, seed)
	for i, plan := range f.Accounts {
		a := &trueAccount{rate: plan.Rate, burns: others[i], warm: map[int]core.Time{}}
		for _, w := range plan.Windows {
			one := trueWindow{WindowPlan: w}
			if w.Kind == Fixed {
				phase := w.Phase
				if drawn := core.Duration(phases.Float64() * float64(w.Length)); phase < 0 {
					phase = drawn
				}
				one.Phase = phase
				one.end = begin.Add(phase)
				if phase <= 0 {
					one.end = begin.Add(w.Length)
				}
			}
			a.windows = append(a.windows, one)
		}
		for _, o := range f.Outages {
			if names(o.Accounts, i+1) {
				a.outages = append(a.outages, trueOutage{begin.Add(o.At), begin.Add(o.At + o.For), o.Kind})
			}
		}
		t.accounts = append(t.accounts, a)
	}
	return t
}

// roll ends what is over.
func (w *trueWindow) roll(at core.Time) {
	switch w.Kind {
	case Fixed:
		for !at.Before(w.end) {
			w.end, w.used = w.end.Add(w.Length), 0
		}
	case FirstUse:
		if !w.end.IsZero() && !at.Before(w.end) {
			w.end, w.used = 0, 0
		}
	case Rolling:
		n := 0
		for n < len(w.log) && !at.Before(w.log[n].at.Add(w.Length)) {
			w.used -= w.log[n].amount
			n++
		}
		if w.log = w.log[n:]; len(w.log) == 0 {
			w.used = 0
		}
	}
}

func (w *trueWindow) left() float64 { return max(0, w.Capacity-w.used) }

// full is what the provider tells as 100.00 percent: less is refused.
func (w *trueWindow) full() bool { return w.left() < w.Capacity*5e-5 }

func (w *trueWindow) counts(model string) bool {
	return w.Model == "" || strings.Contains(model, w.Model)
}

// add counts use.
func (w *trueWindow) add(at core.Time, amount float64) {
	if amount <= 0 {
		return
	}
	if w.Kind == FirstUse && w.end.IsZero() {
		w.end = at.Add(w.Length)
	}
	w.used += amount
	if w.Kind == Rolling {
		w.log = append(w.log, burn{at, amount})
	}
}

// resets is when the window has room again.
func (w *trueWindow) resets() core.Time {
	if w.Kind == Rolling {
		need := w.used - w.Capacity*0.95
		for _, b := range w.log {
			if need -= b.amount; need <= 0 {
				return b.at.Add(w.Length)
			}
		}
		return 0
	}
	return w.end
}

// catchUp brings an account to an instant: others use it, windows end.
func (t *Truth) catchUp(a *trueAccount, at core.Time) {
	for len(a.burns) > 0 && !at.Before(a.burns[0].at) {
		b := a.burns[0]
		a.burns = a.burns[1:]
		amount := b.amount
		for i := range a.windows {
			w := &a.windows[i]
			w.roll(b.at)
			if w.Model == "" {
				amount = min(amount, w.left())
			}
		}
		for i := range a.windows {
			if a.windows[i].Model == "" {
				a.windows[i].add(b.at, amount)
			}
		}
		t.taken += amount
	}
	for i := range a.windows {
		a.windows[i].roll(at)
	}
}

func (a *trueAccount) outage(at core.Time) string {
	for _, o := range a.outages {
		if !at.Before(o.from) && at.Before(o.to) {
			return o.kind
		}
	}
	return ""
}

// spent answers the window of which nothing is left for a model, the one that returns last; nil when there is quota.
func (a *trueAccount) spent(model string) *trueWindow {
	var last *trueWindow
	for i := range a.windows {
		w := &a.windows[i]
		if w.counts(model) && w.full() && (last == nil || last.resets() < w.resets()) {
			last = w
		}
	}
	return last
}

// limited answers when the rate has room again; zero when it has.
func (a *trueAccount) limited(at core.Time) core.Time {
	n := 0
	for n < len(a.recent) && !at.Before(a.recent[n].Add(core.Minute)) {
		n++
	}
	a.recent = a.recent[n:]
	if a.rate == 0 || len(a.recent) < a.rate {
		return 0
	}
	return a.recent[len(a.recent)-a.rate].Add(core.Minute)
}

// Could says whether an account could really serve a model at an instant.
func (t *Truth) Could(i int, model string, at core.Time) bool {
	a := t.accounts[i]
	t.catchUp(a, at)
	kind := a.outage(at)
	return (kind == "" || kind == "slow") && a.spent(model) == nil && a.limited(at).IsZero()
}

// AnyCould says whether some account could.
func (t *Truth) AnyCould(model string, at core.Time) bool {
	for i := range t.accounts {
		if t.Could(i, model, at) {
			return true
		}
	}
	return false
}

// Out says that the whole provider does not answer at an instant.
func (t *Truth) Out(at core.Time) bool {
	for _, a := range t.accounts {
		if kind := a.outage(at); kind == "" || kind == "slow" {
			return false
		}
	}
	return true
}

// Warm says whether a session's prompt cache is kept on an account.
func (t *Truth) Warm(i, session int, at core.Time) bool {
	until, ok := t.accounts[i].warm[session]
	return ok && at.Before(until)
}

// Reply is what came of one attempt.
type Reply struct {
	Outcome core.Outcome
	// Took is until the attempt is over, First until its first event.
	Took, First core.Duration
	// Credit is the part of the cost that quota was used for.
	Credit float64
	// Refused is "rate" or "quota" for the two kinds of 429, else "".
	Refused string
	// Told is the end the reply names; zero when it names none. Model says that it is about the model only.
	Told  core.Time
	Model bool
}

// Serve answers one request of a turn on an account.
func (t *Truth) Serve(i int, turn *Turn, at core.Time) Reply {
	a := t.accounts[i]
	t.catchUp(a, at)
	noise, r := t.fleet.Noise, t.random
	slow := core.Duration(1)
	switch kind := a.outage(at); kind {
	case "5xx":
		return failure(503, `{"error":{"type":"api_error","message":"Service temporarily unavailable"}}`, 800*core.Millisecond)
	case "429":
		reply := failure(429, `{"error":{"type":"rate_limit_error","message":"Too many requests"}}`, 300*core.Millisecond)
		reply.Refused = "rate"
		return reply
	case "network":
		return Reply{Outcome: core.Outcome{Text: "fetch failed: ECONNRESET"}, Took: 2 * core.Second}
	case "slow":
		slow = 6
	}
	// What is drawn does not hang on what was drawn before in this request, so that policies meet the same luck.
	bad, kind := r.Float64(), r.Float64()
	if room := a.limited(at); !room.IsZero() || bad < noise.Rate {
		if room.IsZero() {
			room = at.Add(core.Duration(5+kind*40) * core.Second)
		}
		return t.refusal("rate", "rate_limit_error", "Rate limit reached. Please slow down.", room, at, kind)
	}
	if w := a.spent(turn.Model); w != nil {
		return t.quota(a, w, at, kind)
	}
	if bad -= noise.Rate; bad < noise.Error {
		return failure(500, `{"error":{"type":"api_error","message":"Internal server error"}}`, 700*core.Millisecond)
	}
	if bad -= noise.Error; bad < noise.Empty {
		return Reply{Outcome: core.Outcome{Empty: true, Status: 200}, Took: core.Second}
	}
	if bad -= noise.Empty; bad < noise.Slow {
		slow = 8
	}
	credit := turn.Cost
	for n := range a.windows {
		if w := &a.windows[n]; w.counts(turn.Model) {
			credit = min(credit, w.left())
		}
	}
	for n := range a.windows {
		if w := &a.windows[n]; w.counts(turn.Model) {
			w.add(at, credit)
		}
	}
	a.recent = append(a.recent, at)
	cached := 0
	if t.Warm(i, turn.Session, at) {
		cached = turn.Prompt
	}
	took := turn.Took * slow
	a.warm[turn.Session] = at.Add(took + t.fleet.Warm)
	if bad -= noise.Slow; bad < noise.Broken {
		return Reply{Outcome: core.Outcome{Emitted: true, Text: "terminated", Status: 200, ToolCall: kind < 0.3}, Took: took / 2, Credit: credit}
	}
	if bad -= noise.Broken; bad < noise.Aborted {
		return Reply{Outcome: core.Outcome{Aborted: true, Emitted: true, Text: "Request was aborted."}, Took: took / 2, Credit: credit}
	}
	reply := Reply{Took: took, First: min(took, 1500*core.Millisecond*slow), Credit: credit}
	reply.Outcome = core.Outcome{OK: true, Status: 200, Input: turn.Prompt - cached, Cached: cached, Output: int(turn.Cost * 2000)}
	if t.fleet.Headers {
		reply.Outcome.Headers = a.headers(at)
	}
	return reply
}

func failure(status int, body string, took core.Duration) Reply {
	return Reply{Outcome: core.Outcome{Status: status, Body: body, Text: strconv.Itoa(status) + " " + body}, Took: took}
}

// refusal is a 429 that names its end, in a header and in words, as often as the fleet says.
func (t *Truth) refusal(kind, code, message string, end, at core.Time, luck float64) Reply {
	var headers []core.Header
	told := core.Time(0)
	if luck < t.fleet.Times {
		wait := (end.Sub(at) + core.Second - 1) / core.Second
		told = at.Add(wait * core.Second)
		headers = append(headers, core.Header{Name: "retry-after", Value: strconv.Itoa(int(wait))})
		message += " Try again in " + strconv.Itoa(int(wait)) + " seconds."
	}
	reply := failure(429, `{"error":{"type":"`+code+`","message":"`+message+`"}}`, 300*core.Millisecond)
	reply.Refused, reply.Told, reply.Outcome.Headers = kind, told, headers
	return reply
}

// quota refuses because of a spent window.
func (t *Truth) quota(a *trueAccount, w *trueWindow, at core.Time, kind float64) Reply {
	code := "usage_limit_reached"
	if w.Model != "" {
		code = modelLimit
	}
	reply := t.refusal("quota", code, "You have reached your usage limit.", w.resets(), at, kind)
	reply.Model = w.Model != ""
	if t.fleet.Headers {
		reply.Outcome.Headers = append(reply.Outcome.Headers, a.headers(at)...)
	}
	return reply
}

// windowHeader is the simulated provider's own word. Others tell the same in theirs; providers' packages are where those are read.
const windowHeader = "x-simulated-window"

// headers tell of each window: name, percent used, minutes of its length, reset in epoch milliseconds, model.
func (a *trueAccount) headers(at core.Time) []core.Header {
	var out []core.Header
	for i := range a.windows {
		a.windows[i].tellFull(at)
		out = append(out, core.Header{Name: windowHeader, Value: a.windows[i].tell()})
	}
	return out
}

// tellFull keeps that a window was told to be full; one without an end is believed for minutes.
func (w *trueWindow) tellFull(at core.Time) {
	if w.full() {
		w.told = max(w.told, w.resets(), at.Add(10*core.Minute))
	}
}

// told is until when an account was ever said to be full for a model: whoever believed it may do so until then.
func (a *trueAccount) told(model string) core.Time {
	last := core.Time(0)
	for i := range a.windows {
		if w := &a.windows[i]; w.counts(model) {
			last = max(last, w.told)
		}
	}
	return last
}

func (w *trueWindow) tell() string {
	reset := core.Time(0)
	if w.used > 0 || w.Kind == Fixed {
		reset = w.resets()
	}
	b := append([]byte(nil), w.Name...)
	b = append(b, ' ')
	b = strconv.AppendFloat(b, 100*w.used/w.Capacity, 'f', 2, 64)
	b = append(b, ' ')
	b = strconv.AppendInt(b, int64(w.Length/core.Minute), 10)
	b = append(b, ' ')
	b = strconv.AppendInt(b, int64(reset), 10)
	b = append(b, ' ')
	b = append(b, w.Model...)
	return string(b)
}

// Ask answers a reading of an account's usage.
func (t *Truth) Ask(i int, at core.Time) (core.FetchResult, string) {
	a := t.accounts[i]
	t.catchUp(a, at)
	noise, r := t.fleet.Noise, t.random
	if kind := a.outage(at); kind == "network" {
		return core.FetchResult{}, "connection failed"
	} else if kind == "5xx" {
		return core.FetchResult{Status: 503}, ""
	}
	v := r.Float64()
	if v < noise.Missing {
		return core.FetchResult{Status: []int{200, 404, 429, 500}[r.IntN(4)], Body: "{}"}, ""
	}
	lying := v-noise.Missing < noise.Lying
	if lying {
		a.lied = at
	} else if a.honest = at; a.spent("") == nil {
		a.roomy = at
	}
	body := []byte(`{"windows":[`)
	for n := range a.windows {
		w := &a.windows[n]
		w.tellFull(at)
		if n > 0 {
			body = append(body, ',')
		}
		used := strconv.FormatFloat(100*w.used/w.Capacity, 'f', 2, 64)
		if lying {
			used = []string{"0", "100", "-5", "9e9", "null"}[r.IntN(5)]
		}
		o := (&core.Object{}).Raw("used", used).Int("count", int64(w.Length/core.Minute)).String("unit", "minutes").String("model", w.Model)
		if w.used > 0 || w.Kind == Fixed {
			o.Int("reset", int64(w.resets()))
		}
		body = append(body, o.Text()...)
	}
	return core.FetchResult{Status: 200, Body: core.Secret(append(body, "]}"...))}, ""
}
