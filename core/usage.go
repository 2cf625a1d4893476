package core

import (
	"sort"
	"strconv"
)

// Usage is what is known of how much of an account's quota is used, at one moment. The zero value knows nothing.
type Usage struct {
	// At is when it was seen.
	At Time
	// Plan is what the provider calls the account's plan, lower case, e.g. "pro"; "" when it is not known.
	Plan string
	// Windows has an entry for each limit the provider tells of: those of the whole account first, the shortest first.
	Windows []Window
	// BlockedUntil is when an account that the provider itself refuses because of a limit returns; zero when it is not blocked or no end
	// is told. A full window beyond which the owner pays for more does not block.
	BlockedUntil Time
	Balance      Balance
	// Error says in plain words why nothing or not all could be read; "" when all was.
	Error string
}

// Window is one limit on use: it fills until it resets. What is not known is said to be so, never taken for zero or full.
type Window struct {
	// Name tells the windows of an account apart and is what people read: "5h", "weekly", "monthly", "requests", "tokens".
	Name string
	// Model is the model or family of models that alone is counted, as the provider writes it; "" counts all.
	Model string
	// Aside says that a chat does not draw on it (code reviews, searches, completions in an editor): it is shown and decides nothing.
	Aside bool
	// Used is the part that is used in percent, 0 to 100; a part of a percent stays. It means nothing unless Known.
	Used  float64
	Known bool
	// Length is how long the window lasts; 0 when it is not known. A month is 30 days.
	Length Duration
	// ResetsAt is when it is empty again; zero when it is not known. A window that begins with its first use has none before that.
	ResetsAt Time
}

// Balance is money or credits that an account draws on. The zero value knows nothing.
type Balance struct {
	// Known says that Amount is.
	Known  bool
	Amount float64
	// Currency is an ISO 4217 code or what the provider counts in, e.g. "credits"; "" when it is not told.
	Currency string
	// Exhausted says that the provider refuses because of it.
	Exhausted bool
}

// Month is the length of a window that counts calendar months.
const Month = 30 * Day

// MostWindows bounds the windows of one account.
const MostWindows = 32

// UsedAt is the part that is used at an instant after the window was seen: nothing after its reset. False when it is not known.
func (w *Window) UsedAt(at Time) (percent float64, known bool) {
	if !w.ResetsAt.IsZero() && !at.Before(w.ResetsAt) {
		return 0, true
	}
	return w.Used, w.Known
}

// SetUsed keeps a percentage within 0 and 100: providers count beyond both.
func (w *Window) SetUsed(percent float64) {
	w.Used, w.Known = min(max(percent, 0), 100), true
}

// NameOf is what people call a window of a length, "" where it has no common name.
func NameOf(length Duration) string {
	switch {
	case length == 5*Hour:
		return "5h"
	case length == Minute:
		return "minute"
	case length == Hour:
		return "hourly"
	case length == Day:
		return "daily"
	case length >= 6*Day && length <= 8*Day:
		return "weekly"
	case length >= 28*Day && length <= 31*Day:
		return "monthly"
	case length > 0 && length%Day == 0:
		return strconv.Itoa(int(length/Day)) + "d"
	case length > 0 && length%Hour == 0:
		return strconv.Itoa(int(length/Hour)) + "h"
	case length > 0 && length%Minute == 0:
		return strconv.Itoa(int(length/Minute)) + "min"
	}
	return ""
}

// Add keeps a window about which anything is known. One without a name is called by its length.
func (u *Usage) Add(w Window) {
	if !w.Known && w.ResetsAt.IsZero() {
		return
	}
	u.Windows = append(u.Windows, w)
}

// Tidy makes names fit for people and forgets a reset that lies further ahead than its window lasts, give or take a tenth and an hour.
func (u *Usage) Tidy(at Time) {
	u.Windows = u.Windows[:min(len(u.Windows), MostWindows)]
	for i := range u.Windows {
		w := &u.Windows[i]
		w.Name, w.Model = Plain(w.Name, 60), Plain(w.Model, 60)
		if w.Name == "" {
			w.Name = NameOf(w.Length)
		}
		if w.Name == "" {
			w.Name = "quota"
		}
		if w.Length > 0 && w.ResetsAt.Sub(at) > w.Length+w.Length/10+Hour {
			w.ResetsAt = 0
		}
	}
	u.Order()
}

// Order puts the windows in their order.
func (u *Usage) Order() {
	sort.SliceStable(u.Windows, func(i, j int) bool {
		a, b := &u.Windows[i], &u.Windows[j]
		if rank(a) != rank(b) {
			return rank(a) < rank(b)
		}
		return a.Length != 0 && (b.Length == 0 || a.Length < b.Length)
	})
}

func rank(w *Window) int {
	switch {
	case w.Aside:
		return 2
	case w.Model != "":
		return 1
	}
	return 0
}

// Block sets BlockedUntil: the latest reset of the account's full windows, or of those of the only model it tells of. An account that
// is refused although none is full waits for its fullest one, of equals the shortest.
func (u *Usage) Block(at Time, model string, refused bool) {
	var fullest *Window
	for i := range u.Windows {
		w := &u.Windows[i]
		if w.Model != model || w.Aside || !at.Before(w.ResetsAt) {
			continue
		}
		if w.Known && w.Used >= 100 && u.BlockedUntil.Before(w.ResetsAt) {
			u.BlockedUntil = w.ResetsAt
		}
		if fullest == nil || w.Used > fullest.Used {
			fullest = w
		}
	}
	if refused && u.BlockedUntil.IsZero() && fullest != nil {
		u.BlockedUntil = fullest.ResetsAt
	}
}

// Join brings in windows that were seen later, at an instant: those of the same name and model are replaced, others stay.
func (u *Usage) Join(windows []Window, at Time) {
	if len(windows) == 0 {
		return
	}
	for _, w := range windows {
		found := false
		for i := range u.Windows {
			old := &u.Windows[i]
			if old.Name != w.Name || old.Model != w.Model {
				continue
			}
			if w.Length == 0 {
				w.Length = old.Length
			}
			w.Aside = old.Aside
			*old, found = w, true
			break
		}
		if !found {
			u.Windows = append(u.Windows, w)
		}
	}
	u.At = at
	u.Order()
}
