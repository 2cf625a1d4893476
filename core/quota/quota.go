// Package quota says what the windows of an account mean at an instant: what is left, how soon it is lost, how scarce it is, and when
// it runs out at the pace it is used.
//
// It does not know accounts or who is chosen. Its laws: what is not known is Neutral, never zero and never full; what was seen long ago
// fades to Neutral; everything is counted in whole numbers, so that every machine comes to the same answer.
package quota

import (
	"strings"

	"pimultiauth/core"
)

const (
	// Full is a whole window, in thousandths.
	Full = 1000
	// Neutral is the scarcity of a window that is used as fast as its time passes, and of everything that is not known.
	Neutral = 1000
	// scarcest and easiest bound a scarcity, so that one window never says everything.
	scarcest = 100_000
	easiest  = 10
	// trusted is how long what was seen counts in full; a short window fades after a fifth of its length.
	trusted = 5 * core.Minute
)

// Counts reports whether a window counts requests for a model. class names the windows that count for it beside those of its own name.
// Providers name models for people there, so a blank stands for the dash of the id.
func Counts(w *core.Window, model, class string) bool {
	return !w.Aside && (w.Model == "" || w.Model == class ||
		(model != "" && strings.Contains(model, strings.ReplaceAll(strings.ToLower(w.Model), " ", "-"))))
}

// Level is a window at an instant.
type Level struct {
	// Left is what is not used yet in thousandths, 0 to Full.
	Left int64
	// Ahead is the time until it is full again, Length how long it lasts; Length is 0 when neither is known.
	Ahead  core.Duration
	Length core.Duration
	// Trust fades from 1000 to 0 with the age of what was seen.
	Trust int64
	// Known says that Left is more than an assumption.
	Known bool
}

// At reads a window that was seen at one instant at a later one. own is what this process has used of it since, in thousandths. A window
// that has been reset since is full and begins with its next use.
func At(w *core.Window, seen, at core.Time, own int64) Level {
	l := Level{Length: w.Length, Known: w.Known}
	if l.Length <= 0 {
		l.Length = lengthOf(w.Name)
	}
	if !w.Known {
		return l
	}
	used := Thousandths(w)
	switch {
	case !w.ResetsAt.IsZero() && w.ResetsAt <= at:
		l.Left, l.Ahead = Full, l.Length
	case w.ResetsAt.IsZero() && used == 0:
		l.Left, l.Ahead = Full-min(own, Full), l.Length
	case w.ResetsAt.IsZero():
		l.Left, l.Ahead = max(Full-used-own, 0), l.Length/2
	default:
		l.Left, l.Ahead = max(Full-used-own, 0), w.ResetsAt.Sub(at)
		if l.Length < l.Ahead {
			l.Length = l.Ahead
		}
	}
	l.Trust = trust(at.Sub(seen), l.Length)
	return l
}

// Thousandths is what of a known window is used, 0 to Full. The conversion keeps a machine from joining two steps into one of another
// rounding.
func Thousandths(w *core.Window) int64 {
	return int64(float64(min(max(w.Used, 0), 100)*10) + 0.5)
}

// lengthOf knows the lengths that names of windows tell by themselves; 0 for others.
func lengthOf(name string) core.Duration {
	switch name {
	case "5h":
		return 5 * core.Hour
	case "daily":
		return core.Day
	case "weekly":
		return core.Week
	case "monthly":
		return 30 * core.Day
	}
	return 0
}

// trust fades evenly over a fifth of the window after the time in which what was seen counts in full.
func trust(age, length core.Duration) int64 {
	if age <= trusted {
		return 1000
	}
	fade := max(length/5, trusted)
	return int64(max(fade-(age-trusted), 0) * 1000 / fade)
}

// Scarcity is what using a bit of the window costs beside others: low when much is left for a short time and would be lost, high when
// little is left for long.
func (l Level) Scarcity() int64 {
	if !l.Known || l.Length <= 0 {
		return Neutral
	}
	scarce := int64(scarcest)
	if l.Left > 0 {
		scarce = int64(l.Ahead) * 1000 / int64(l.Length) * Full / l.Left
	}
	scarce = min(max(scarce, easiest), scarcest)
	return Neutral + (scarce-Neutral)*l.Trust/1000
}

// Spent reports whether a window was seen to be used up and is so still, and until when. What is spent stays so until its reset, but for
// windows whose reset is not told: they are believed for as long as they are trusted.
func Spent(w *core.Window, seen, at core.Time) (core.Time, bool) {
	if !w.Known || w.Used < 100 {
		return 0, false
	}
	if w.ResetsAt.IsZero() {
		until := seen.Add(trusted)
		return until, at.Before(until)
	}
	return w.ResetsAt, at.Before(w.ResetsAt)
}
