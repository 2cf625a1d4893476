package main

import (
	"fmt"
	"os"
	"path/filepath"
	"sort"
	"strconv"
	"strings"

	"pimultiauth/core"
)

// Fleet is a world to rotate in: the accounts and their limits, who asks how much of them, and what goes wrong. The package's
// documentation has the grammar of its text form.
type Fleet struct {
	Name      string
	About     string
	Days      int
	Processes int
	// Warm is how long a session's prompt cache stays warm on an account.
	Warm     core.Duration
	Accounts []AccountPlan
	Demands  []Demand
	Others   []Other
	Outages  []Outage
	// Headers and Usage say what the provider tells of quota: with each answer, and when it is asked.
	Headers bool
	Usage   bool
	// Times is how often a refusal names its end, 0 to 1.
	Times float64
	// Tokens is how long the access tokens of logins last; 0 makes every account a key.
	Tokens core.Duration
	Noise  Noise
}

// AccountPlan is one account's limits.
type AccountPlan struct {
	Plan    string
	Windows []WindowPlan
	// Rate is how many requests a minute it takes; 0 is as many as come.
	Rate int
}

// WindowKind says when a window begins.
type WindowKind string

// The kinds: fixed begins at its phase and every length after it, first-use with the first use after the last one ended, rolling counts
// the last length at every instant.
const (
	Fixed    WindowKind = "fixed"
	FirstUse WindowKind = "first-use"
	Rolling  WindowKind = "rolling"
)

// WindowPlan is one limit.
type WindowPlan struct {
	Name     string
	Length   core.Duration
	Capacity float64
	Kind     WindowKind
	// Model counts only models whose id contains it; "" counts all.
	Model string
	// Phase is when the first fixed window ends, from the beginning; negative draws it by seed.
	Phase core.Duration
}

// Span is a range to draw from.
type Span struct{ Low, High float64 }

// Demand is a kind of sessions.
type Demand struct {
	Name string
	// PerDay is how many sessions begin on a day it is asked for.
	PerDay float64
	Turns  Span
	// Gap is between an answer and the next question, Took how long an answer takes; in milliseconds.
	Gap  Span
	Took Span
	// Cost is in the units of capacities.
	Cost   Span
	Models []Share
	// From and To are the hours of the day in which sessions begin; the weekend has none when Workdays.
	From, To float64
	Workdays bool
	// Burst is the chance that a session is one of BurstSize that begin together.
	Burst     float64
	BurstSize int
	// Children is the chance that a turn begins a session beneath it.
	Children float64
}

// Share is a model and how often it is asked for.
type Share struct {
	Model  string
	Weight float64
}

// Other is use of the same accounts by somebody else.
type Other struct {
	// Accounts are numbers from 1; empty is all.
	Accounts []int
	PerDay   float64
	From, To float64
}

// Outage is a time in which accounts do not answer as they should.
type Outage struct {
	// Accounts are numbers from 1; empty is the whole provider.
	Accounts []int
	At       core.Duration
	For      core.Duration
	// Kind is "5xx", "429", "network" or "slow".
	Kind string
}

// Noise is how often something else goes wrong, each 0 to 1 and by request or usage reply where nothing else is said.
type Noise struct {
	Lying   float64
	Missing float64
	Error   float64
	Rate    float64
	Slow    float64
	Empty   float64
	// Broken answers end in the middle, Aborted ones because the person stopped them.
	Broken, Aborted float64
	// Crash, Suspend, Full and Stale are by process and day: it dies, stands still, finds no space on the disk, reads an old text.
	Crash   float64
	Suspend float64
	Full    float64
	Stale   float64
	Power   float64
}

// LoadFleets reads the fleets of a folder whose names match one of the words, all of them without words.
func LoadFleets(folder string, words []string) ([]*Fleet, error) {
	paths, err := filepath.Glob(filepath.Join(folder, "*.txt"))
	if err != nil {
		return nil, err
	}
	sort.Strings(paths)
	var fleets []*Fleet
	for _, path := range paths {
		name := strings.TrimSuffix(filepath.Base(path), ".txt")
		if !matches(name, words) {
			continue
		}
		text, err := os.ReadFile(path)
		if err != nil {
			return nil, err
		}
		f, err := ParseFleet(name, string(text))
		if err != nil {
			return nil, err
		}
		fleets = append(fleets, f)
	}
	if len(fleets) == 0 {
		return nil, fmt.Errorf("no fleet in %s is called %s", folder, strings.Join(words, " or "))
	}
	return fleets, nil
}

func matches(name string, words []string) bool {
	for _, word := range words {
		if strings.Contains(name, word) {
			return true
		}
	}
	return len(words) == 0
}

// ParseFleet reads the text form.
func ParseFleet(name, text string) (*Fleet, error) {
	f := &Fleet{Name: name, Days: 7, Processes: 2, Warm: 5 * core.Minute, Headers: true, Usage: true, Times: 1}
	plans := map[string]*AccountPlan{}
	var plan *AccountPlan
	for n, line := range strings.Split(text, "\n") {
		line, _, _ = strings.Cut(line, "#")
		words := strings.Fields(line)
		if len(words) == 0 {
			continue
		}
		err := f.line(words, plans, &plan)
		if err != nil {
			return nil, fmt.Errorf("%s.txt:%d: %w", name, n+1, err)
		}
	}
	if len(f.Accounts) == 0 || len(f.Demands) == 0 {
		return nil, fmt.Errorf("%s.txt: a fleet needs accounts and demand", name)
	}
	return f, nil
}

func (f *Fleet) line(words []string, plans map[string]*AccountPlan, plan **AccountPlan) error {
	r := &reader{words: words[1:]}
	switch words[0] {
	case "about":
		f.About = strings.Join(words[1:], " ")
		return nil
	case "days":
		f.Days = r.whole(1, 120)
	case "processes":
		f.Processes = r.whole(1, 64)
	case "warm":
		f.Warm = r.duration()
	case "tells":
		f.Headers, f.Usage = false, false
		for r.more() {
			switch word := r.next(); word {
			case "headers":
				f.Headers = true
			case "usage":
				f.Usage = true
			case "nothing":
			default:
				r.fail("tells headers, usage or nothing, not " + word)
			}
		}
	case "tokens":
		f.Tokens = r.duration()
	case "times":
		f.Times = r.share()
	case "plan":
		*plan = &AccountPlan{Plan: r.next()}
		plans[(*plan).Plan] = *plan
	case "rate":
		if *plan == nil {
			return fmt.Errorf("rate belongs to a plan")
		}
		(*plan).Rate = r.whole(1, 1e6)
	case "window":
		if *plan == nil {
			return fmt.Errorf("window belongs to a plan")
		}
		w := WindowPlan{Name: r.next(), Length: r.duration(), Capacity: r.number(), Kind: WindowKind(r.next()), Phase: -1}
		for r.more() {
			switch word := r.next(); word {
			case "model":
				w.Model = r.next()
			case "phase":
				w.Phase = r.duration()
			default:
				r.fail("window has no " + word)
			}
		}
		if w.Kind != Fixed && w.Kind != FirstUse && w.Kind != Rolling {
			r.fail("a window is fixed, first-use or rolling")
		}
		if w.Length < core.Hour {
			r.fail("a window is an hour or longer; rate says what a minute takes")
		}
		(*plan).Windows = append((*plan).Windows, w)
	case "accounts":
		n := r.whole(1, 5000)
		from, size := plans[r.next()], 1.0
		for r.more() {
			switch word := r.next(); word {
			case "size":
				size = r.number()
			default:
				r.fail("accounts has no " + word)
			}
		}
		if from == nil {
			return fmt.Errorf("accounts of a plan that is not there")
		}
		one := AccountPlan{Plan: from.Plan, Rate: from.Rate}
		for _, w := range from.Windows {
			w.Capacity *= size
			one.Windows = append(one.Windows, w)
		}
		for ; n > 0; n-- {
			f.Accounts = append(f.Accounts, one)
		}
	case "demand":
		f.Demands = append(f.Demands, demand(r))
	case "others":
		o := Other{Accounts: r.accounts(), PerDay: r.perDay(), To: 24}
		if r.more() && r.next() == "hours" {
			o.From, o.To = r.hours()
		}
		f.Others = append(f.Others, o)
	case "outage":
		f.Outages = append(f.Outages, Outage{Accounts: r.accounts(), At: r.after("at"), For: r.after("for"), Kind: r.next()})
	case "noise":
		f.Noise.read(r)
	default:
		return fmt.Errorf("nothing begins with %q", words[0])
	}
	if r.err == nil && r.more() {
		r.fail("does not belong here")
	}
	return r.err
}

func demand(r *reader) Demand {
	d := Demand{Name: r.next(), PerDay: 10, Turns: Span{5, 30}, Gap: Span{20e3, 180e3}, Took: Span{4e3, 30e3}, Cost: Span{1, 1},
		Models: []Share{{"model", 1}}, To: 24, BurstSize: 5}
	for r.more() {
		switch word := r.next(); word {
		case "sessions":
			d.PerDay = r.perDay()
		case "turns":
			d.Turns = r.span()
		case "gap":
			d.Gap = r.durations()
		case "took":
			d.Took = r.durations()
		case "cost":
			d.Cost = r.span()
		case "models":
			d.Models = nil
			for _, part := range strings.Split(r.next(), ",") {
				model, weight, _ := strings.Cut(part, ":")
				w, err := strconv.ParseFloat(weight, 64)
				if err != nil || w <= 0 {
					r.fail("models are written name:weight,name:weight")
				}
				d.Models = append(d.Models, Share{model, w})
			}
		case "hours":
			d.From, d.To = r.hours()
		case "workdays":
			d.Workdays = true
		case "burst":
			d.Burst, d.BurstSize = r.share(), r.whole(2, 1000)
		case "children":
			d.Children = r.share()
		default:
			r.fail("demand has no " + word)
		}
	}
	return d
}

func (n *Noise) read(r *reader) {
	for r.more() {
		word := r.next()
		share := r.share()
		switch word {
		case "lying":
			n.Lying = share
		case "missing":
			n.Missing = share
		case "error":
			n.Error = share
		case "rate":
			n.Rate = share
		case "slow":
			n.Slow = share
		case "empty":
			n.Empty = share
		case "broken":
			n.Broken = share
		case "aborted":
			n.Aborted = share
		case "crash":
			n.Crash = share
		case "suspend":
			n.Suspend = share
		case "full":
			n.Full = share
		case "stale":
			n.Stale = share
		case "power":
			n.Power = share
		default:
			r.fail("noise has no " + word)
		}
	}
}

// reader takes the words of a line one after another and keeps the first thing that is wrong.
type reader struct {
	words []string
	err   error
}

func (r *reader) more() bool { return r.err == nil && len(r.words) > 0 }

func (r *reader) fail(why string) {
	if r.err == nil {
		r.err = fmt.Errorf("%s (at %q)", why, strings.Join(r.words, " "))
	}
}

func (r *reader) next() string {
	if len(r.words) == 0 {
		r.fail("the line ends too early")
		return ""
	}
	word := r.words[0]
	r.words = r.words[1:]
	return word
}

func (r *reader) number() float64 {
	word := r.next()
	v, err := strconv.ParseFloat(word, 64)
	if err != nil || v < 0 {
		r.fail(word + " is no number")
	}
	return v
}

func (r *reader) whole(low, high int) int {
	v := int(r.number())
	if v < low || v > high {
		r.fail(fmt.Sprintf("a number from %d to %d", low, high))
	}
	return v
}

// share reads "5%" or "0.05".
func (r *reader) share() float64 {
	word := r.next()
	v, err := strconv.ParseFloat(strings.TrimSuffix(word, "%"), 64)
	if strings.HasSuffix(word, "%") {
		v /= 100
	}
	if err != nil || v < 0 || v > 1 {
		r.fail(word + " is no share")
	}
	return v
}

func (r *reader) span() Span {
	word := r.next()
	low, high, both := strings.Cut(word, "..")
	if !both {
		high = low
	}
	a, err1 := strconv.ParseFloat(low, 64)
	b, err2 := strconv.ParseFloat(high, 64)
	if err1 != nil || err2 != nil || a > b || a < 0 {
		r.fail(word + " is no range")
	}
	return Span{a, b}
}

func (r *reader) durations() Span {
	word := r.next()
	low, high, both := strings.Cut(word, "..")
	if !both {
		high = low
	}
	a, ok1 := parseDuration(low)
	b, ok2 := parseDuration(high)
	if !ok1 || !ok2 || a > b {
		r.fail(word + " is no range of times")
	}
	return Span{float64(a), float64(b)}
}

func (r *reader) duration() core.Duration {
	word := r.next()
	d, ok := parseDuration(word)
	if !ok {
		r.fail(word + " is no span of time")
	}
	return d
}

func (r *reader) after(word string) core.Duration {
	if got := r.next(); got != word {
		r.fail("expected " + word)
	}
	return r.duration()
}

func (r *reader) perDay() float64 {
	word := r.next()
	v, err := strconv.ParseFloat(strings.TrimSuffix(word, "/day"), 64)
	if err != nil || v < 0 || !strings.HasSuffix(word, "/day") {
		r.fail(word + " is not written n/day")
	}
	return v
}

func (r *reader) hours() (from, to float64) {
	s := r.span()
	if s.High > 24 {
		r.fail("a day has 24 hours")
	}
	return s.Low, s.High
}

// accounts reads "all" or "1,3,5..9".
func (r *reader) accounts() []int {
	word := r.next()
	if word == "all" {
		return nil
	}
	var out []int
	for _, part := range strings.Split(word, ",") {
		low, high, both := strings.Cut(part, "..")
		if !both {
			high = low
		}
		a, err1 := strconv.Atoi(low)
		b, err2 := strconv.Atoi(high)
		if err1 != nil || err2 != nil || a < 1 || b < a || b > 5000 {
			r.fail(word + " names no accounts")
			return nil
		}
		for ; a <= b; a++ {
			out = append(out, a)
		}
	}
	return out
}

// parseDuration reads "5h", "30m", "7d", "1d12h", "500ms".
func parseDuration(text string) (core.Duration, bool) {
	units := []struct {
		name string
		span core.Duration
	}{{"ms", core.Millisecond}, {"s", core.Second}, {"m", core.Minute}, {"h", core.Hour}, {"d", core.Day}, {"w", core.Week}}
	total := core.Duration(0)
	for text != "" {
		n := 0
		for n < len(text) && (text[n] >= '0' && text[n] <= '9' || text[n] == '.') {
			n++
		}
		v, err := strconv.ParseFloat(text[:n], 64)
		if err != nil {
			return 0, false
		}
		text = text[n:]
		n = 0
		for n < len(text) && text[n] >= 'a' && text[n] <= 'z' {
			n++
		}
		found := false
		for _, u := range units {
			if u.name == text[:n] {
				total += core.Duration(v * float64(u.span))
				found = true
			}
		}
		if !found {
			return 0, false
		}
		text = text[n:]
	}
	return total, true
}
