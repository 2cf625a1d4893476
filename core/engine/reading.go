package engine

import (
	"sort"
	"strconv"
	"strings"

	"pimultiauth/core"
	"pimultiauth/core/flow"
	"pimultiauth/core/pool"
	"pimultiauth/core/store"
)

const (
	// readsAtOnce and readsOfProvider bound the reads of usage that go on, over all processes of the machine.
	readsAtOnce     = 4
	readsOfProvider = 2
	// readSpan is how long a read may take before it counts as lost: the timeouts of two calls, and the way to the disk.
	readSpan = 15 * core.Second
	// readRounds bounds how often more accounts are taken.
	readRounds = 64
	// readWindow is how many accounts of a provider are kept fresh at a time: those that were read longest ago come first, so that each
	// has its turn.
	readWindow = 8
	// freshFor is how old usage may be. Towards a reset it is a quarter of the time that is left, and never less than freshLeast.
	freshFor   = 5 * core.Minute
	freshLeast = 30 * core.Second
	// usedFor is how long after a request a provider's accounts are still read.
	usedFor = 10 * core.Minute
	// After a failure that may pass the next try waits twice as long each time; a refusal waits long, since only a person ends it.
	readPause   = 30 * core.Second
	readLongest = 10 * core.Minute
	readRefused = 30 * core.Minute
	// breakerAt failures of a provider in a row leave it alone, and one read alone tries whether it is back.
	breakerAt = 3
	// headersKept is how often what response headers say of usage is written down.
	headersKept = core.Minute
	// lasting is the shortest window that says anything of the next hours.
	lasting = core.Hour
	// clearly is what a quota may be used at most, in percent, to disprove a refusal that named its end.
	clearly = 95
)

// reader is what one instance knows of reading usage beside the usage file.
type reader struct {
	offline bool
	// seen says that somebody looks: with nothing but a request to answer, a process is not kept alive for reads.
	seen bool
	// running says that a flow reads.
	running bool
	// next is when to look who is due; zero is never.
	next core.Time
	// active is when a provider was asked last.
	active map[string]core.Time
	// heard is when response headers last told an account's lasting windows, saved when that was written.
	heard map[string]core.Time
	saved map[string]core.Time
	// who tells the accounts apart that were seen under a key.
	who map[string]int64
}

func newReader() reader {
	return reader{active: map[string]core.Time{}, heard: map[string]core.Time{}, saved: map[string]core.Time{}, who: map[string]int64{}}
}

// usageAnew is the command that reads usage although it is fresh.
func (e *Engine) usageAnew(h *flow.Host, c *call) *core.View {
	busy := e.reader.running
	stopped := e.readUsage(h, c.word(0), c.account, true, readRounds)
	c.at = h.At()
	v := e.status(c)
	switch {
	case e.reader.offline:
		v.Notes = append(v.Notes, "Nothing was read: Pi is offline (PI_OFFLINE).")
	case busy:
		v.Notes = append(v.Notes, "A reading is under way already; its figures are shown as they come.")
	case stopped:
		v.Notes = append(v.Notes, "Stopped; what had not come is as old as before.")
	}
	if p := e.pools[c.word(0)]; p != nil {
		told := false
		for i := range p.Accounts {
			told = told || e.readable(&p.Accounts[i], c.at) != nil
		}
		if !told {
			v.Notes = append(v.Notes, e.nameOf(p.Provider)+" tells these accounts no usage; what its answers say of limits is shown.")
		}
	}
	return v
}

// inUse notes that a provider is in use.
func (e *Engine) inUse(provider, mode string, at core.Time) {
	r := &e.reader
	r.seen = r.seen || mode == "tui" || mode == "rpc"
	if e.catalogue[provider].Usage == nil {
		return
	}
	last, known := r.active[provider]
	r.active[provider] = at
	if !known || at.Sub(last) > usedFor || r.next.IsZero() {
		r.soon(at.Add(200 + core.Duration(e.dice()%800)))
	}
}

func (r *reader) soon(at core.Time) {
	if r.next.IsZero() || at < r.next {
		r.next = at
	}
}

// readsAt is when usage is to be read next; zero is never.
func (e *Engine) readsAt() core.Time {
	if r := &e.reader; r.seen && !r.offline && !r.running {
		return r.next
	}
	return 0
}

// readable answers the source of an account's usage, nil when there is none for it.
func (e *Engine) readable(c *pool.Candidate, at core.Time) *core.UsageSource {
	source := e.catalogue[c.Provider].Usage
	if source == nil || c.Source == "explicit" || c.Absent || (c.Login && !source.Logins) || (!c.Login && !source.Keys) {
		return nil
	}
	if c.Login && !c.Expires.IsZero() && !at.Before(c.Expires) {
		return nil
	}
	return source
}

// usageRequests are the calls that read an account's usage. A credential that is bound to a base URL of its own goes nowhere else.
func (e *Engine) usageRequests(c *pool.Candidate, source *core.UsageSource) []core.Fetch {
	var out []core.Fetch
	for _, f := range source.Requests(c.Account) {
		if base := c.BaseURL; base != "" && core.OriginOf(base) != f.Origin {
			continue
		}
		if base := c.Field("request.baseUrl"); base != "" && core.OriginOf(base) != f.Origin {
			continue
		}
		out = append(out, f)
	}
	return out
}

// dueToRead is when an account's usage is to be read: when what is known grows old, or just after a window has reset, at different
// moments for different accounts.
func (e *Engine) dueToRead(c *pool.Candidate, at core.Time) core.Time {
	key := usageKey(c.Provider, c.ID)
	r := e.files["usage"].tree.UsageRead(key)
	last := core.Time(0)
	if r.Fails == 0 && !r.Open {
		last = r.At
	}
	u := e.usage[key]
	if r.Fails > 0 || r.Open {
		last = u.At
	}
	last = max(last, e.reader.heard[key])
	if last.Sub(at) > store.ClocksDiffer {
		// The clock has been set back.
		last = 0
	}
	fresh := freshFor
	due := last.Add(fresh)
	for i := range u.Windows {
		w := &u.Windows[i]
		if w.ResetsAt.IsZero() || (w.Length != 0 && w.Length < lasting) || w.ResetsAt <= last {
			continue
		}
		left := w.ResetsAt.Sub(last)
		due = min(due, last.Add(max(left/4, freshLeast)))
		// Who shares a reset does not come back at once.
		spread := min(max(left/10, core.Second), 30*core.Second)
		after := w.ResetsAt.Add(core.Duration((core.Secret(key).Mark() ^ e.seed) & 0xffff % int64(spread)))
		due = min(due, max(after, last.Add(freshLeast)))
	}
	if r.Blocks(at) {
		due = max(due, r.Until)
	}
	return due
}

// claim is one account whose usage this process reads.
type claim struct {
	key      string
	provider string
	account  string
	fetches  []core.Fetch
	answers  []core.FetchResult
	// why says what kept it from being asked.
	why string
	// asked is when: a process may sleep before it sees the answers.
	asked core.Time
	// stopped says that the person ended it before its answers came.
	stopped bool
}

// claims takes accounts to read, while the host holds the gate, and answers the change that tells the other processes.
func (e *Engine) claims(only, account string, manual bool, done map[string]bool) (taken []claim, delta string) {
	at := e.at
	tree := e.files["usage"].tree
	delta = store.BlankUsage
	_, all := tree.UsageReads(at, "")
	for _, id := range e.providers(only) {
		if !manual && at.Sub(e.reader.active[id]) > usedFor {
			continue
		}
		whole := tree.UsageRead(id)
		most := readsOfProvider
		if whole.Fails >= breakerAt && !manual {
			if most = 1; whole.Blocks(at) {
				continue
			}
		}
		own, _ := tree.UsageReads(at, id+"/")
		for _, c := range e.readWindow(id, manual) {
			key := usageKey(id, c.ID)
			r := tree.UsageRead(key)
			if (account != "" && c.ID != account) || done[key] || own >= most || all >= readsAtOnce || (r.Blocks(at) && (r.Open || !manual)) {
				continue
			}
			if !manual && e.dueToRead(c, at) > at {
				continue
			}
			done[key] = true
			var fetches []core.Fetch
			if c.Login {
				if fetches = e.usageRequests(c, e.readable(c, at)); len(fetches) == 0 {
					continue
				}
			}
			own, all = own+1, all+1
			taken = append(taken, claim{key: key, provider: id, account: c.ID, fetches: fetches})
			delta = store.Merge(delta, store.UsageReadDelta(key, store.UsageRead{
				At: tree.After(at, "reads", key), Until: at.Add(readSpan), Open: true, Fails: r.Fails, Error: r.Error,
			}))
		}
	}
	return taken, delta
}

// readWindow lists accounts of a provider that can be read, those that were read longest ago first.
func (e *Engine) readWindow(provider string, manual bool) []*pool.Candidate {
	p := e.pools[provider]
	tree := e.files["usage"].tree
	var list []*pool.Candidate
	var times []core.Time
	for i := range p.Accounts {
		c := &p.Accounts[i]
		if e.readable(c, e.at) == nil || (!manual && (c.Paused || (c.Standing.KindAt(e.at, c.Mark) == core.StandingSuspended && c.Standing.Fault != core.Unpaid))) {
			continue
		}
		at := tree.At("reads", usageKey(provider, c.ID))
		n := sort.Search(len(times), func(i int) bool { return times[i] > at })
		list, times = append(list, nil), append(times, 0)
		copy(list[n+1:], list[n:])
		copy(times[n+1:], times[n:])
		list[n], times[n] = c, at
	}
	if !manual {
		list = list[:min(len(list), readWindow)]
	}
	return list
}

// readUsage reads the usage of the accounts that are due, or of all when a person asks, a few at a time and so many times at most; only and
// account name a provider and one of its accounts, "" for all. It reports whether the person stopped it. It is the one place where usage is
// asked for.
func (e *Engine) readUsage(h *flow.Host, only, account string, manual bool, rounds int) (stopped bool) {
	r := &e.reader
	if r.running || r.offline {
		return false
	}
	r.running = true
	defer func() {
		r.running = false
		e.planReads()
	}()
	done, all := map[string]bool{}, 0
	if manual && account == "" {
		for _, id := range e.providers(only) {
			all += len(e.readWindow(id, true))
		}
	}
	for round, waits := 0, 0; round < rounds; round++ {
		if round > 0 && len(done) < all {
			text := "reading usage, " + strconv.Itoa(len(done)) + " of " + strconv.Itoa(all)
			if answer, _ := h.Ask(core.Ask{Progress: &core.Progress{Text: text}}); answer.Canceled {
				return true
			}
		}
		var taken []claim
		e.underGate(h, "usage", false, func() (delta string) {
			taken, delta = e.claims(only, account, manual, done)
			return delta
		})
		if len(taken) == 0 {
			// Others are at it: a person waits for them, nobody else does.
			if _, all := e.files["usage"].tree.UsageReads(e.at, ""); !manual || all == 0 || waits >= 40 {
				return false
			}
			waits++
			if answer, _ := h.Ask(core.Ask{Sleep: &core.Sleep{Wait: 500}}); answer.Canceled {
				return true
			}
			continue
		}
		e.findKeys(h, taken, manual)
		stopped = e.fetchUsage(h, taken, manual)
		h.Do(e.record(taken)...)
		if stopped {
			return true
		}
	}
	return false
}

// findKeys lets Pi find the keys of those that were taken, and makes their requests.
func (e *Engine) findKeys(h *flow.Host, taken []claim, manual bool) {
	var effects []core.Effect
	asked := map[int64]*claim{}
	for i := range taken {
		if t := &taken[i]; t.fetches == nil {
			if _, c := e.accountOf(t.provider, t.account); c != nil {
				x := e.effect(askKey(t.provider, c.Credential, manual))
				asked[x.ID] = t
				effects = append(effects, x)
			}
		}
	}
	if len(effects) == 0 {
		return
	}
	for _, result := range h.Do(effects...) {
		t := asked[result.ID]
		if t == nil {
			continue
		}
		_, c := e.accountOf(t.provider, t.account)
		if c == nil {
			continue
		}
		with := *c
		if with.Credential, t.why = e.keyed(t.provider, c.Credential, result); with.Credential != "" {
			t.fetches = e.usageRequests(&with, e.catalogue[t.provider].Usage)
		}
	}
}

// fetchUsage asks for all accounts that were taken at once, and for each account one thing after the other. A person may stop what they
// asked for.
func (e *Engine) fetchUsage(h *flow.Host, taken []claim, manual bool) (stopped bool) {
	for n := 0; ; n++ {
		var effects []core.Effect
		asked := map[int64]*claim{}
		for i := range taken {
			if c := &taken[i]; n < len(c.fetches) && !c.stopped {
				c.asked, c.fetches[n].Ends = e.at, manual
				x := e.effect(core.Effect{Fetch: &c.fetches[n]})
				asked[x.ID] = c
				effects = append(effects, x)
			}
		}
		if len(effects) == 0 {
			return stopped
		}
		for _, result := range h.Do(effects...) {
			if c := asked[result.ID]; c != nil {
				c.stopped = result.Error == endedByPerson
				stopped = stopped || c.stopped
				answer := core.FetchResult{}
				if result.Fetch != nil {
					answer = *result.Fetch
				}
				c.answers = append(c.answers, answer)
			}
		}
	}
}

// record keeps what was read: usage where there is some, else the pause before the next try. What was known stays, with its age.
func (e *Engine) record(taken []claim) []core.Effect {
	at := e.at
	tree := e.files["usage"].tree
	delta := store.BlankUsage
	var effects []core.Effect
	for i := range taken {
		t := &taken[i]
		read := store.UsageRead{At: tree.After(at, "reads", t.key)}
		p, c := e.accountOf(t.provider, t.account)
		if t.why != "" {
			read.Fails, read.Error = tree.UsageRead(t.key).Fails+1, t.why
			read.Until = at.Add(e.jittered(backoff(readPause, read.Fails-1, readLongest)))
		}
		if t.stopped {
			// Nothing was learned: it stands as one whose reader died, and may be asked at once.
			before := tree.UsageRead(t.key)
			read.Open, read.Fails, read.Error = true, before.Fails, before.Error
		}
		if c == nil || len(t.fetches) == 0 || t.stopped {
			delta = store.Merge(delta, store.UsageReadDelta(t.key, read))
			continue
		}
		u := e.catalogue[t.provider].Usage.Read(c.Account, t.answers, t.asked)
		whole := tree.UsageRead(t.provider)
		if u.Error == "" {
			if ofModel(&u) {
				u.BlockedUntil = 0
			}
			if len(u.Windows) == 0 {
				// What headers told of windows stands until they reset.
				for _, w := range e.usageOf(&c.Account).Windows {
					if at.Before(w.ResetsAt) {
						u.Windows = append(u.Windows, w)
					}
				}
			}
			e.keepUsage(p, c, u)
			delta = store.Merge(delta, store.UsageDelta(t.key, &u, whoIs(&c.Account)))
			effects = append(effects, e.evidence(p, c, &u)...)
			whole.Fails = 0
		} else {
			before := tree.UsageRead(t.key)
			read.Fails, read.Error = before.Fails+1, u.Error
			pause, theirs := e.pauseAfter(t.answers, read.Fails)
			read.Until = at.Add(pause)
			if theirs {
				whole.Fails++
			}
		}
		delta = store.Merge(delta, store.UsageReadDelta(t.key, read))
		if whole.Fails > 0 || tree.UsageRead(t.provider).Fails > 0 {
			whole.At, whole.Error, whole.Until = tree.After(at, "reads", t.provider), u.Error, 0
			if whole.Fails >= breakerAt {
				whole.Until = at.Add(e.jittered(backoff(core.Minute, whole.Fails-breakerAt, readRefused)))
			}
			delta = store.Merge(delta, store.UsageReadDelta(t.provider, whole))
			tree.Join(delta)
		}
	}
	return append(effects, e.saveUsage(delta))
}

// ofModel reports whether what blocks an account is the full window of a model, told by a body that tells of no other: the account may
// serve others, and its window speaks for itself.
func ofModel(u *core.Usage) bool {
	full := false
	for i := range u.Windows {
		w := &u.Windows[i]
		if w.Model == "" {
			return false
		}
		full = full || (w.Known && w.Used >= 100 && w.ResetsAt == u.BlockedUntil)
	}
	return full
}

// saveUsage joins a change and queues its way to the disk.
func (e *Engine) saveUsage(delta string) core.Effect {
	e.files["usage"].tree.Join(delta)
	return e.effect(core.Effect{File: &core.File{Op: "save", Name: "usage", Delta: core.Secret(delta)}})
}

// pauseAfter is how long an account is left alone after a failure, and whether the failure is the service's rather than the account's.
func (e *Engine) pauseAfter(answers []core.FetchResult, fails int) (pause core.Duration, theirs bool) {
	for i := range answers {
		switch a := &answers[i]; {
		case a.Status == 401 || a.Status == 402 || a.Status == 403 || a.Status == 404:
			return e.jittered(readRefused), false
		case a.Status == 429:
			pause = core.Minute
			for _, h := range a.Headers {
				if t, ok := core.ParseReset(h.Value, e.at); ok && h.Name == "retry-after" {
					pause = min(max(pause, t.Sub(e.at)), core.Hour)
				}
			}
			return e.jittered(pause), true
		}
	}
	return e.jittered(backoff(readPause, fails-1, readLongest)), true
}

func backoff(first core.Duration, times int, longest core.Duration) core.Duration {
	return min(first<<min(max(times, 0), 10), longest)
}

// jittered adds up to a tenth, and two seconds at most beyond half a minute, so that processes and accounts come back one by one.
func (e *Engine) jittered(d core.Duration) core.Duration {
	return d + core.Duration(e.dice()%int64(max(d/10, 2*core.Second)))
}

// dice differs between processes and between moments, and is the same for the same messages.
func (e *Engine) dice() int64 { return (e.seed ^ int64(e.at)*2654435761) & 0x7fffffff }

// accountOf finds an account; nil when there is none any more.
func (e *Engine) accountOf(provider, account string) (*pool.Pool, *pool.Candidate) {
	p := e.pools[provider]
	if p == nil {
		return nil, nil
	}
	if i := p.Find(account); i >= 0 {
		return p, &p.Accounts[i]
	}
	return p, nil
}

// whoIs tells one account from another that comes under its name: by the account at the vendor, or by its key; 0 where neither is known.
func whoIs(a *core.Account) int64 {
	if a.Login {
		return core.Secret(a.Upstream).Mark()
	}
	return a.Mark
}

// keepUsage keeps what was seen of an account.
func (e *Engine) keepUsage(p *pool.Pool, c *pool.Candidate, u core.Usage) {
	key := usageKey(p.Provider, c.ID)
	e.usage[key], c.Usage = u, u
	e.reader.who[key] = whoIs(&c.Account)
	p.Touch(p.Find(c.ID))
}

// usageOf is what is known of an account's usage, nothing when it was learned of another one under its name.
func (e *Engine) usageOf(a *core.Account) core.Usage {
	key := usageKey(a.Provider, a.ID)
	u, known := e.usage[key]
	if who, now := e.reader.who[key], whoIs(a); known && who != 0 && now != 0 && who != now {
		delete(e.usage, key)
		return core.Usage{}
	}
	return u
}

// followUsage takes over what another process has read.
func (e *Engine) followUsage(changes []store.Change) {
	take := func(key string, u core.Usage, who int64) {
		if u.At <= e.usage[key].At || u.At.Sub(e.at) > store.ClocksDiffer {
			return
		}
		e.usage[key], e.reader.who[key] = u, who
		for id, p := range e.pools {
			if account, ok := strings.CutPrefix(key, id+"/"); ok {
				if i := p.Find(account); i >= 0 {
					p.Accounts[i].Usage = e.usageOf(&p.Accounts[i].Account)
					p.Touch(i)
				}
			}
		}
	}
	tree := e.files["usage"].tree
	for _, c := range changes {
		if c.Part == "accounts" && c.Key != "" {
			u, who := tree.Usage(c.Key)
			take(c.Key, u, who)
		} else if c.Part == "accounts" || c.Part == "" {
			tree.Usages(take)
			return
		}
	}
}

// hear learns what the headers of an ordinary response say of an account's windows.
func (e *Engine) hear(p *pool.Pool, c *pool.Candidate, o *core.Outcome) {
	if len(o.Headers) == 0 {
		return
	}
	at := e.at
	key := usageKey(p.Provider, c.ID)
	u := e.usageOf(&c.Account)
	windows := e.windows(p.Provider, o.Headers, at)
	if len(windows) == 0 {
		return
	}
	u.Windows = append([]core.Window(nil), u.Windows...)
	u.Join(windows, at)
	if o.OK {
		u.BlockedUntil = 0
	}
	e.keepUsage(p, c, u)
	for i := range windows {
		if windows[i].Length >= lasting {
			e.reader.heard[key] = at
		}
	}
	if e.reader.heard[key] != at || e.reader.saved[key].Within(headersKept, e.at) {
		return
	}
	e.reader.saved[key] = e.at
	e.aside = append(e.aside, e.saveUsage(store.UsageDelta(key, &u, whoIs(&c.Account))))
}

// evidence brings an account's standing in line with what was read: a quota that is used up ends when its windows say, and a verdict that
// usage disproves is taken back. A limit of the usage endpoint itself never comes here.
func (e *Engine) evidence(p *pool.Pool, c *pool.Candidate, u *core.Usage) []core.Effect {
	s, at := c.Standing, e.at
	kind := s.KindAt(at, c.Mark)
	switch {
	case at.Before(u.BlockedUntil):
		later := s.Until.Sub(u.BlockedUntil)
		if kind == core.StandingSuspended || (kind == core.StandingCooling && later >= 0 && (s.Source != core.FromWindow || later < core.Minute)) {
			// Only what a look at the windows gave is taken back by a later look.
			return nil
		}
		s = core.Standing{At: max(at, s.At+1), Fault: core.QuotaSpent, Until: min(u.BlockedUntil, at.Add(longestCooldown)), Cause: "quota used up", Source: core.FromWindow, Mark: markOf(c, core.QuotaSpent)}
	case kind == core.StandingCooling && s.Fault == core.QuotaSpent && disproved(u, s.Source, at):
		s = core.Standing{At: max(at, s.At+1)}
	case kind != core.StandingReady && s.Fault == core.Unpaid && u.Balance.Known && u.Balance.Amount > 0 && !u.Balance.Exhausted:
		s = core.Standing{At: max(at, s.At+1)}
	default:
		return nil
	}
	e.standing(p, p.Find(c.ID), "", s)
	return []core.Effect{e.saveDelta(store.StandingDelta(p.Provider, c.ID, "", s), true)}
}

// disproved reports whether usage shows that quota is left. An end that the provider named falls only to clear room: percentages are
// rounded and run behind. An end that an earlier look gave falls to what the next one shows, however little.
func disproved(u *core.Usage, source core.Source, at core.Time) bool {
	most := 100.0
	if source == core.FromHeader || source == core.FromBody {
		most = clearly
	}
	seen := false
	for i := range u.Windows {
		w := &u.Windows[i]
		if w.Model != "" || w.Aside || (w.Length != 0 && w.Length < lasting) {
			continue
		}
		used, known := w.UsedAt(at)
		if known && used >= most {
			return false
		}
		seen = seen || known
	}
	return seen
}

// planReads finds out when somebody is due next.
func (e *Engine) planReads() {
	r, at := &e.reader, e.at
	r.next = 0
	for _, id := range e.providers("") {
		if at.Sub(r.active[id]) > usedFor {
			continue
		}
		whole := e.files["usage"].tree.UsageRead(id)
		for _, c := range e.readWindow(id, false) {
			due := e.dueToRead(c, at)
			if whole.Fails >= breakerAt && whole.Blocks(at) {
				due = max(due, whole.Until)
			}
			// Where the claim could not be had, others are at it.
			r.soon(max(due, at.Add(5*core.Second+core.Duration(e.dice()%2000))))
		}
	}
}
