package store

import (
	"sort"
	"strings"

	"github.com/tidwall/gjson"

	"pimultiauth/core"
)

// UsageVersion is that of the usage file as we write it. The peer keeps its own under the same name, which holds nothing of ours.
const UsageVersion = 3

// BlankUsage is a usage file that knows nothing.
const BlankUsage = `{"accounts":{},"reads":{},"version":3}`

// The bounds of the usage file.
const (
	usagesKept = 30 * core.Day
	usagesMost = 5000
	usageBytes = 4 << 20
	readsKept  = core.Day
)

// UsageRead is how the reading of one account's usage, or of a provider's as a whole, went last or goes now. The zero value was never
// tried.
type UsageRead struct {
	// At is when it began or ended.
	At core.Time
	// Until is when it may be tried again: another process is at it, or it failed.
	Until core.Time
	// Open says that it goes on; a reader that died is forgotten at Until.
	Open bool
	// Fails counts the failures in a row.
	Fails int
	// Error says in plain words why the last one failed.
	Error string
}

// Blocks reports whether nobody may begin now. An end that no pause reaches was written by a clock that was wrong.
func (r *UsageRead) Blocks(at core.Time) bool { return at < r.Until && r.Until < at.Add(2*core.Hour) }

// UsageRead answers how the reading of a key stands.
func (t *Tree) UsageRead(key string) UsageRead {
	return readUsageRead(t.root.get("reads").get(key))
}

func readUsageRead(n *node) UsageRead {
	v := n.value()
	return UsageRead{
		At: n.at(), Until: readTime(v.Get("until")), Open: v.Get("open").Bool(), Fails: int(min(readCount(v.Get("fails")), 100)),
		Error: core.Plain(v.Get("error").String(), 200),
	}
}

// UsageReads counts the reads that go on, of the provider whose keys begin with a text and of all.
func (t *Tree) UsageReads(at core.Time, prefix string) (own, all int) {
	reads := t.root.get("reads").fields
	for i := range reads {
		f := &reads[i]
		if !strings.Contains(f.raw, "open") {
			continue
		}
		if r := readUsageRead(&f.node); r.Open && r.Blocks(at) {
			all++
			if len(f.key) > len(prefix) && f.key[:len(prefix)] == prefix {
				own++
			}
		}
	}
	return own, all
}

// UsageReadDelta is the change that says how a read stands.
func UsageReadDelta(key string, r UsageRead) string {
	leaf := stamped(r.At)
	if !r.Until.IsZero() {
		leaf.Int("until", int64(r.Until))
	}
	if r.Open {
		leaf.Bool("open", true)
	}
	if r.Fails > 0 {
		leaf.Int("fails", int64(r.Fails)).String("error", r.Error)
	}
	return (&core.Object{}).Raw("reads", nest(key, leaf.Text())).Int("version", UsageVersion).Text()
}

// Usages calls visit with what is known of each account, by key. who tells one account from another that came under its name.
func (t *Tree) Usages(visit func(key string, u core.Usage, who int64)) {
	accounts := t.root.get("accounts")
	for i := range accounts.fields {
		u, who := readUsage(&accounts.fields[i].node)
		if !u.At.IsZero() {
			visit(accounts.fields[i].key, u, who)
		}
	}
}

// Usage answers what is known of one account; the zero value when nothing is.
func (t *Tree) Usage(key string) (core.Usage, int64) {
	return readUsage(t.root.get("accounts").get(key))
}

func readUsage(n *node) (core.Usage, int64) {
	u := core.Usage{At: n.at()}
	if u.At.IsZero() {
		return u, 0
	}
	v := n.value()
	u.Plan = core.Plain(v.Get("plan").String(), 60)
	u.BlockedUntil, _ = core.PlausibleReset(readTime(v.Get("blockedUntil")), u.At)
	v.Get("windows").ForEach(func(_, told gjson.Result) bool {
		w := core.Window{Name: told.Get("name").String(), Model: told.Get("model").String(), Aside: told.Get("aside").Bool()}
		if used := told.Get("used"); used.Type == gjson.Number {
			w.SetUsed(used.Num)
		}
		if length := told.Get("length").Num; length > 0 && length <= float64(366*core.Day) {
			w.Length = core.Duration(length)
		}
		w.ResetsAt, _ = core.PlausibleReset(readTime(told.Get("resetsAt")), u.At)
		u.Add(w)
		return len(u.Windows) < core.MostWindows
	})
	if b := v.Get("balance"); b.IsObject() {
		amount := b.Get("amount")
		u.Balance = core.Balance{Known: amount.Type == gjson.Number, Amount: amount.Num, Currency: core.Plain(b.Get("currency").String(), 20), Exhausted: b.Get("exhausted").Bool()}
	}
	u.Tidy(u.At)
	return u, readMark(v.Get("who"))
}

// UsageDelta is the change that keeps what is known of an account.
func UsageDelta(key string, u *core.Usage, who int64) string {
	windows := make([]string, len(u.Windows))
	for i := range u.Windows {
		w := &u.Windows[i]
		o := (&core.Object{}).String("name", w.Name)
		if w.Model != "" {
			o.String("model", w.Model)
		}
		if w.Aside {
			o.Bool("aside", true)
		}
		if w.Known {
			o.Float("used", w.Used)
		}
		if w.Length > 0 {
			o.Int("length", int64(w.Length))
		}
		if !w.ResetsAt.IsZero() {
			o.Int("resetsAt", int64(w.ResetsAt))
		}
		windows[i] = o.Text()
	}
	leaf := stamped(u.At).Raw("windows", core.Array(windows))
	if u.Plan != "" {
		leaf.String("plan", u.Plan)
	}
	if !u.BlockedUntil.IsZero() {
		leaf.Int("blockedUntil", int64(u.BlockedUntil))
	}
	if u.Balance != (core.Balance{}) {
		b := (&core.Object{}).String("currency", u.Balance.Currency).Bool("exhausted", u.Balance.Exhausted)
		if u.Balance.Known {
			b.Float("amount", u.Balance.Amount)
		}
		leaf.Raw("balance", b.Text())
	}
	if who != 0 {
		leaf.Int("who", who)
	}
	return (&core.Object{}).Raw("accounts", nest(key, leaf.Text())).Int("version", UsageVersion).Text()
}

// PruneUsage keeps the file within its bounds: the newest of what is not too old, and nothing that is not ours.
func (t *Tree) PruneUsage(at core.Time) {
	dropped := false
	kept := t.root.fields[:0]
	for _, f := range t.root.fields {
		if f.key == "accounts" || f.key == "reads" || f.key == "version" {
			kept = append(kept, f)
		} else {
			dropped = true
		}
	}
	t.root.fields = kept
	dropped = t.root.get("reads").drop(at.Add(-readsKept), at) || dropped
	accounts := t.root.get("accounts")
	dropped = accounts.drop(at.Add(-usagesKept), at) || dropped
	bytes := 0
	for i := range accounts.fields {
		bytes += len(accounts.fields[i].raw)
	}
	if len(accounts.fields) > usagesMost || bytes > usageBytes {
		dropped = true
		times := make([]core.Time, len(accounts.fields))
		for i := range accounts.fields {
			times[i] = accounts.fields[i].at()
		}
		sort.Slice(times, func(i, j int) bool { return times[i] > times[j] })
		// Twice too many bytes are half too many accounts: they are all alike.
		keep := min(len(times), usagesMost, max(1, len(times)*usageBytes/max(bytes, usageBytes)))
		accounts.drop(times[keep-1], at)
	}
	if dropped {
		t.text = ""
	}
}
