package engine

import (
	"sort"
	"strings"

	"github.com/tidwall/gjson"

	"pimultiauth/core"
	"pimultiauth/core/flow"
	"pimultiauth/core/oauth"
	"pimultiauth/core/pool"
	"pimultiauth/core/store"
)

const (
	// renewalLead is how long before its end a token is renewed, and renewalSpread how much sooner a process may be, so that many
	// processes do not wake at once.
	renewalLead   = core.Minute
	renewalSpread = 30 * core.Second
	// renewalPause is the least time between two redemptions of one login, whatever clocks and services say.
	renewalPause = core.Minute
	// renewalSlack is how much longer than the pause a fresh token counts as good, however short it is said to last.
	renewalSlack = 15 * core.Second
	// After a failure that may pass, the next try waits twice as long each time.
	renewalFirst   = 30 * core.Second
	renewalLongest = 15 * core.Minute
	// A refused token is read again after this: who has just written another one needs a moment.
	secondLook = 250 * core.Millisecond
	// joinPause is how often a request looks whether a flow it waits for has come to its end, and joinPatience how long.
	joinPause    = 10 * core.Millisecond
	joinPatience = 30 * core.Second
	// A new token that cannot be written is tried again after a moment, and then half as often each time.
	saveAgain   = 100 * core.Millisecond
	saveLongest = 3 * core.Second
	// renewalsAtOnce bounds the flows that renew ahead of time.
	renewalsAtOnce = 3
)

// renewal is how the renewing of one login stands in this instance.
type renewal struct {
	store.Renewal
	provider string
	account  string
	// due is when the token is to be renewed; zero when there is nothing to plan.
	due core.Time
	// issued is when the token was written, zero when it is not known.
	issued core.Time
	// able says that there is a refresh token, and claimed is when the token says it ends itself; both are of credential.
	credential core.Secret
	able       bool
	claimed    core.Time
	// running says that a flow of this instance is at it.
	running bool
	// refused is the mark of an access token that a request was told is no good, and early when one was that had only just been issued.
	refused int64
	early   core.Time
	// unsaved is a change that could not be written yet.
	unsaved string
	// rest is before when nobody can be asked to renew it.
	rest core.Time
}

func (e *Engine) renewalOf(provider, account string) *renewal {
	key := provider + "/" + account
	r := e.renewals[key]
	if r == nil {
		r = &renewal{provider: provider, account: account}
		e.renewals[key] = r
	}
	return r
}

// plan finds out when the login of a candidate is to be renewed. planNext has to follow.
func (e *Engine) plan(c *pool.Candidate, known store.Renewal) {
	if !c.Login || c.Source != "stored" {
		return
	}
	r := e.renewalOf(c.Provider, c.ID)
	r.issued = c.Issued
	if known.At >= r.At {
		r.Renewal = known
	}
	if c.Own && !c.Expires.IsZero() {
		// A token that is said to last for less than the pause between two redemptions is the best there is until then.
		c.Expires = max(c.Expires, c.Issued.Add(renewalPause+renewalSlack))
	}
	if r.credential != c.Credential {
		// Looking into a token costs more than everything else here.
		entry := c.Credential.Reveal()
		r.credential = c.Credential
		r.able = gjson.Get(entry, "refresh").String() != "" || gjson.Get(entry, borrowed).Exists()
		r.claimed = core.ClaimedExpiry(gjson.Get(entry, "access").String())
	}
	r.due = e.dueAt(c, r)
}

// unplan forgets what was planned for a provider's logins.
func (e *Engine) unplan(provider string) {
	for _, r := range e.renewals {
		if r.provider == provider {
			r.due = 0
		}
	}
}

// dueAt is when a login is to be renewed ahead of time, zero for never.
func (e *Engine) dueAt(c *pool.Candidate, r *renewal) core.Time {
	refused := e.refused(c, r)
	if c.Paused || !r.able || (!refused && (c.Expires.IsZero() || c.Standing.KindAt(e.at, c.Mark) == core.StandingSuspended)) {
		return 0
	}
	if r.Refused && r.Failures > 1 && r.Mark == c.Mark {
		return 0
	}
	end := c.Expires
	// A token that knows its own end may know it better; what it claims can only bring the renewal forward.
	if !r.claimed.IsZero() && r.claimed < end {
		end = r.claimed
	}
	lead := e.catalogue[c.Provider].Lead
	if lead == 0 {
		lead = renewalLead
	}
	due := end.Add(-lead - core.Duration(spread(c.ID, e.seed)%int64(renewalSpread)))
	if refused {
		due = e.at
	}
	if r.Failures > 0 && r.Mark == c.Mark && r.Next.Sub(e.at) <= 2*renewalLongest {
		// No pause is longer: what lies beyond was written by a clock that was ahead.
		due = max(due, r.Next)
	}
	// A clock that was set back must not put the next renewal off to the old future.
	if next := r.issued.Add(renewalPause); !r.issued.IsZero() && r.issued <= e.at {
		due = max(due, next)
	}
	if next := r.At.Add(renewalPause); !r.At.IsZero() && r.At <= e.at && r.Mark == c.Mark {
		due = max(due, min(next, max(r.Next, r.At)))
	}
	if r.rest.Sub(e.at) <= renewalFirst {
		due = max(due, r.rest)
	}
	return max(due, 1)
}

func spread(id string, seed int64) int64 { return core.Secret(id).Mark() ^ (seed & 0xffffffff) }

func (e *Engine) planNext() {
	e.nextRenewal = 0
	running := 0
	for _, r := range e.renewals {
		if r.running {
			running++
		}
	}
	if running >= renewalsAtOnce {
		return
	}
	for _, r := range e.renewals {
		if !r.running && !r.due.IsZero() && (e.nextRenewal.IsZero() || r.due < e.nextRenewal) {
			e.nextRenewal = r.due
		}
	}
}

// dueRenewal answers the login that has waited longest, if one is due.
func (e *Engine) dueRenewal(at core.Time) (string, bool) {
	if e.nextRenewal.IsZero() || at < e.nextRenewal {
		return "", false
	}
	best := ""
	for key, r := range e.renewals {
		if r.running || r.due.IsZero() || r.due > at {
			continue
		}
		if best == "" || r.due < e.renewals[best].due || r.due == e.renewals[best].due && key < best {
			best = key
		}
	}
	return best, best != ""
}

// loginOf answers an account of a file by the key of its renewal.
func (e *Engine) loginOf(key string) (*pool.Candidate, *renewal) {
	r := e.renewals[key]
	if r == nil {
		return nil, nil
	}
	if p := e.pools[r.provider]; p != nil {
		if i := p.Find(r.account); i >= 0 && p.Accounts[i].Login && p.Accounts[i].Source == "stored" {
			return &p.Accounts[i], r
		}
	}
	return nil, r
}

// renew brings a login up to date and reports whether it can serve: what another process wrote is taken over, and only when nobody
// did is the refresh token redeemed, under a hold that spans the machine. The new token is durable before it is used.
func (e *Engine) renew(h *flow.Host, key string) bool {
	before, r := e.loginOf(key)
	if before == nil {
		return false
	}
	r.running = true
	e.planNext()
	defer func() {
		r.running = false
		if c, r := e.loginOf(key); c != nil {
			r.due = e.dueAt(c, r)
			if r.unsaved != "" {
				r.due = e.at.Add(5 * core.Second)
			}
		}
		e.planNext()
	}()
	sent := before.Credential
	for {
		held, err := h.File(core.File{Op: "hold", Name: "refresh " + key, Sync: true})
		if err != nil {
			// Without the hold two processes might redeem one token, and so they might when the new one cannot be written for the others
			// to see; the service would revoke both.
			e.renewalFailed(h, key, &core.TokenError{Code: "request_failed", Text: err.Error()})
			return false
		}
		e.takeOwn(held)
		if !held.Early {
			break
		}
		if c, _ := e.loginOf(key); c == nil || c.Credential != sent && e.live(c, h.At()) {
			return c != nil
		}
	}
	e.reread(h)
	c, r := e.loginOf(key)
	if c == nil {
		return false
	}
	if r.unsaved != "" {
		return e.keep(h, key, r.unsaved)
	}
	if due := e.dueAt(c, r); due.IsZero() || due > h.At() {
		return e.live(c, h.At())
	}
	// What another process could not write while somebody sat in the gate stands in the journal.
	e.recallOwn(h)
	c, r = e.loginOf(key)
	if c == nil {
		return false
	}
	if due := e.dueAt(c, r); due.IsZero() || due > h.At() {
		return e.live(c, h.At())
	}
	sent = c.Credential
	// Code that has run once is compiled: what lies between a reply and its way to the disk is gone through before it comes.
	if rehearsed, ok := oauth.Salvage(`{"access_token":"a","refresh_token":"r","expires_in":1}`, sent, h.At()); ok {
		e.credentialDelta(c, rehearsed, h.At())
	}
	h.Seal()
	fresh, err := e.redeem(h, c)
	if err == nil {
		return e.renewed(h, key, fresh)
	}
	failure := oauth.Failure(err)
	if failure.Code == "not_ready" {
		r.rest = h.At().Add(renewalFirst)
		return false
	}
	if failure.Permanent {
		for _, wait := range [...]core.Duration{0, secondLook} {
			if wait > 0 {
				_, _ = h.Ask(core.Ask{Sleep: &core.Sleep{Wait: wait}})
			}
			e.reread(h)
			if c, _ := e.loginOf(key); c != nil && c.Credential != sent && e.live(c, h.At()) {
				return true
			}
		}
	}
	if c, _ := e.loginOf(key); c == nil || c.Credential != sent {
		return false
	}
	e.renewalFailed(h, key, failure)
	c, _ = e.loginOf(key)
	return c != nil && e.live(c, h.At())
}

// live reports whether an account's token can be sent at an instant.
func (e *Engine) live(c *pool.Candidate, at core.Time) bool {
	_, r := e.loginOf(c.Provider + "/" + c.ID)
	return (c.Expires.IsZero() || at < c.Expires) && (r == nil || !e.refused(c, r))
}

// refused reports whether a request was told that the present token of a login is no good, here or in a process that may be gone by now, and
// a new one is worth asking for. Pi's own entry is renewed by Pi, which goes by the token's end.
func (e *Engine) refused(c *pool.Candidate, r *renewal) bool {
	s := &c.Standing
	return r.refused != 0 && r.refused == c.Mark || s.Fault == core.Unauthorized && s.Until.IsZero() && s.Mark != 0 && s.Mark == c.Mark &&
		s.Since().Sub(c.Issued) >= renewalPause && !e.isPis(c)
}

// canRenew reports whether an ended login is renewed with the next request for it.
func (e *Engine) canRenew(c *pool.Candidate) bool {
	_, r := e.loginOf(c.Provider + "/" + c.ID)
	return r != nil && r.able && r.Failures == 0
}

// takeOwn brings in our accounts file as it stands.
func (e *Engine) takeOwn(r core.FileResult) { e.take("accounts", r) }

func (e *Engine) take(name string, r core.FileResult) {
	file, text := e.files[name], r.Text.Reveal()
	if text == file.seen {
		return
	}
	if damaged, _ := store.Check(text, float64(file.version)); damaged == "" && !r.Missing && text != "" && (name != "state" || !store.IsOld(text)) {
		e.absorb(file, text)
		file.tree.Own(file.version)
	}
}

// reread brings in what others wrote: Pi's file, where a program of its own may have renewed the entry, ours, and how others fared.
func (e *Engine) reread(h *flow.Host) {
	names := []string{"auth", "accounts", "state"}
	effects := make([]core.Effect, len(names))
	for i, name := range names {
		effects[i] = e.effect(core.Effect{File: &core.File{Op: "read", Name: name}})
	}
	results := h.Do(effects...)
	// What is wrong with a file is said by whoever reads it for people.
	quiet := e.quiet
	e.quiet = true
	var ignored core.Turn
	for _, result := range results {
		if result.File == nil {
			continue
		}
		switch result.ID {
		case effects[0].ID:
			e.readAuth(&ignored, result.File.Text.Reveal(), result.File.Missing, "")
			e.gather("")
			e.rebuild()
		case effects[1].ID:
			e.takeOwn(*result.File)
		case effects[2].ID:
			e.take("state", *result.File)
		}
	}
	e.quiet = quiet
}

// recallOwn brings in changes of our accounts file that wait in the journal, and those that waited there when the file was read and have
// been written since.
func (e *Engine) recallOwn(h *flow.Host) {
	journal, err := h.File(core.File{Op: "read", Name: "journal"})
	if err != nil || journal.Missing {
		return
	}
	before := e.own.Text()
	store.Recall(journal.Text.Reveal(), "accounts", e.own)
	if e.own.Text() != before {
		e.gather("")
		e.rebuild()
	}
}

// said is what a service says of a login, without the secrets of any account of its provider.
func (e *Engine) said(provider, text string, most int) string {
	var secrets []core.Secret
	for i := range e.members[provider] {
		secrets = append(secrets, core.SecretsOf(e.members[provider][i].Credential)...)
	}
	return core.Said(text, most, secrets...)
}

// isPis reports whether Pi renews the account by itself: its provider's own entry, as long as none of ours stands in its place.
func (e *Engine) isPis(c *pool.Candidate) bool { return c.ID == c.Provider && !c.Own }

// redeem gets a new credential. The refresh token is spent from here on.
func (e *Engine) redeem(h *flow.Host, c *pool.Candidate) (core.Secret, error) {
	credential := c.Credential
	ask := core.AskPi{Provider: c.Provider, Op: "refresh", Credential: credential}
	own := e.catalogue[c.Provider]
	switch {
	case e.isPis(c):
		ask.Op = "own"
	case gjson.Get(credential.Reveal(), borrowed).Exists():
		return e.reborrow(h, c.Provider, credential)
	case own.Renew != nil:
		return own.Renew(h, credential)
	case own.Renewal != nil:
		return oauth.Renew(h, *own.Renewal, credential)
	}
	answer, err := h.Ask(core.Ask{Pi: &ask})
	if err != nil {
		if fresh, ok := oauth.Salvage(err.Error(), credential, h.At()); ok && ask.Op == "refresh" {
			return fresh, nil
		}
		return "", oauth.Worded(err.Error())
	}
	if ask.Op == "own" {
		e.reread(h)
		if c, _ := e.loginOf(ask.Provider + "/" + ask.Provider); c != nil && c.Credential != credential {
			return c.Credential, nil
		}
		return "", oauth.Worded("Pi did not renew its own entry")
	}
	fresh := answer.Text.Reveal()
	if !core.IsJSON(fresh) || gjson.Get(fresh, "access").String() == "" {
		return "", oauth.Worded("the provider gave no token")
	}
	// What a provider does not give anew stays: a refresh token above all.
	kept := credential.Reveal()
	if gjson.Get(fresh, "refresh").String() == "" {
		fresh = core.JoinObjects(fresh, (&core.Object{}).String("refresh", gjson.Get(kept, "refresh").String()).Text())
	}
	return core.Secret(core.JoinObjects(kept, fresh)), nil
}

// renewed keeps a new credential and reports whether it can serve.
func (e *Engine) renewed(h *flow.Host, key string, fresh core.Secret) bool {
	c, r := e.loginOf(key)
	if c != nil && c.Credential == fresh && e.isPis(c) {
		// Pi has written its own entry itself.
		r.refused = 0
		return true
	}
	if c == nil {
		// It was removed in the meantime, and stays so.
		return false
	}
	r.refused = 0
	return e.keep(h, key, e.credentialDelta(c, fresh, h.At()))
}

// credentialDelta is the change of an account's credential. An entry of auth.json becomes an account of ours, which stands in its place.
func (e *Engine) credentialDelta(c *pool.Candidate, fresh core.Secret, at core.Time) string {
	added := e.own.Came(c.Provider, c.ID)
	at = max(at, c.Issued+1, e.own.At("providers", c.Provider, "accounts", c.ID, "credential", core.Decimal(int64(added)))+1)
	delta := store.CredentialDelta(c.Provider, c.ID, fresh, added, at)
	if !c.Own {
		delta = store.Merge(delta, store.AdoptedDelta(c.Provider, c.ID, c.Mark, at))
	}
	return delta
}

// keep makes a new credential durable. While that fails the hold stays: whoever redeemed what stands on the disk would have the service
// revoke both. A token that cannot be written at all is kept in memory, tried again, and said once: it is the only one there is.
func (e *Engine) keep(h *flow.Host, key, delta string) bool {
	why := ""
	for wait := saveAgain; ; wait *= 2 {
		// Nothing is done with it before it is written: until then a process that dies takes it along.
		results := h.Do(e.effect(core.Effect{File: &core.File{Op: "save", Name: "accounts", Delta: core.Secret(delta), Sync: true}}))
		e.follow(e.files["accounts"], e.own.Join(delta))
		why = ""
		for _, result := range results {
			if why = result.Error; why == "" && result.File != nil {
				e.takeOwn(*result.File)
			}
		}
		if why == "" || wait > saveLongest {
			break
		}
		if _, err := h.Ask(core.Ask{Sleep: &core.Sleep{Wait: wait}}); err != nil {
			break
		}
	}
	c, r := e.loginOf(key)
	if r == nil {
		return false
	}
	r.unsaved = ""
	if why != "" {
		r.unsaved = delta
		h.Do(e.notice("error", "unsaved "+key, key+": its login was renewed and could not be written ("+why+
			"). It is kept in memory and written as soon as that is possible."))
	}
	if r.Failures > 0 && why == "" {
		r.Renewal = store.Renewal{At: max(h.At(), r.At+1)}
		h.Do(e.saveDelta(store.RenewalDelta(r.provider, r.account, r.Renewal), false))
	}
	return c != nil && e.live(c, h.At())
}

// renewalFailed keeps what a failure means: a pause before the next try and, once the token has ended, a standing. It is made of what
// stands in the file while the gate is held: a failed renewal says nothing of a quota that another process was told of meanwhile.
func (e *Engine) renewalFailed(h *flow.Host, key string, failure *core.TokenError) {
	at, told := h.At(), false
	tell := func() string {
		told = true
		return e.failureDelta(key, failure, at)
	}
	e.underGate(h, "state", true, tell)
	if !told {
		// Nobody lets us in: what is known here has to do.
		h.Do(e.saveDelta(tell(), true))
	}
	if _, r := e.loginOf(key); r != nil {
		e.rebuildPool(r.provider)
	}
	e.planNext()
}

// failureDelta is the change that a failed renewal makes of an account; "{}" for one that was removed meanwhile.
func (e *Engine) failureDelta(key string, failure *core.TokenError, at core.Time) string {
	c, r := e.loginOf(key)
	if c == nil {
		return "{}"
	}
	n := store.Renewal{At: max(at, r.At+1), Failures: 1, Refused: failure.Permanent, Mark: c.Mark}
	if r.Mark == c.Mark && r.Failures > 0 && r.Refused == failure.Permanent {
		n.Failures = r.Failures + 1
	}
	pause := renewalLongest
	if n.Failures < 6 {
		pause = min(renewalFirst<<(n.Failures-1), renewalLongest)
	}
	if failure.Permanent {
		// Services that lost a reply refuse once what they take a minute later.
		pause = renewalPause
	}
	n.Next = at.Add(pause + core.Duration(spread(c.ID, e.seed)%int64(pause/5+1)))
	r.Renewal = n
	deltas := store.RenewalDelta(r.provider, r.account, n)
	if !e.live(c, at) {
		s := core.Standing{At: max(at, c.Standing.At+1), Fault: core.Unauthorized, Cause: "its login could not be renewed (" + e.said(c.Provider, failure.Text, 120) + ")",
			Source: core.FromBody, Mark: c.Mark, Until: n.Next}
		if failure.Permanent && (n.Failures > 1 || failure.Code == "missing_refresh_token") {
			s.Until, s.Cause = 0, "its login has ended ("+e.said(c.Provider, failure.Text, 120)+")"
		} else if old := &c.Standing; old.Fault == s.Fault && old.KindAt(at, c.Mark) == core.StandingCooling {
			s.Until = max(s.Until, old.Until)
		}
		if s.Until.IsZero() || !outlasts(c, &c.Standing, &s, at) {
			deltas = store.Merge(deltas, store.StandingDelta(r.provider, r.account, "", s))
		}
	}
	return deltas
}

// urge asks for the renewal of a login whose token a request was told is no good.
func (e *Engine) urge(c *pool.Candidate, kind core.FaultKind) {
	if kind != core.Unauthorized || !c.Login || c.Source != "stored" {
		return
	}
	r := e.renewalOf(c.Provider, c.ID)
	if !r.issued.IsZero() && r.issued.Within(renewalPause, e.at) {
		// A service may not know yet what it has just issued; a second one in a row that is refused so soon speaks of the account.
		if r.early.Within(renewalLongest, e.at) {
			return
		}
		r.early = e.at
	}
	r.refused = c.Mark
	r.due = e.dueAt(c, r)
	e.planNext()
}

// renewable lists the logins that a request could be served with once they are renewed, in the pool's order.
func (e *Engine) renewable(r *request, p *pool.Pool, at core.Time) []string {
	var keys []string
	for i := range p.Accounts {
		c := &p.Accounts[i]
		if !c.Login || c.Source != "stored" {
			continue
		}
		reason, _, _ := p.Judge(c, pool.Ask{At: at, Model: pool.ModelKey(r.model), Session: r.session})
		_, n := e.loginOf(p.Provider + "/" + c.ID)
		if n == nil || reason != pool.LoginExpired && (reason != pool.IsSuspended || !e.refused(c, n)) {
			continue
		}
		if due := e.dueAt(c, n); n.running || !due.IsZero() && due <= at {
			keys = append(keys, p.Provider+"/"+c.ID)
		}
	}
	sort.SliceStable(keys, func(i, j int) bool {
		return strings.HasSuffix(keys[i], "/"+r.home) && !strings.HasSuffix(keys[j], "/"+r.home)
	})
	return keys
}

// leaseNow serves a request of a flow if somebody is ready by now.
func (e *Engine) leaseNow(h *flow.Host, r *request) (core.Turn, bool) {
	p := e.pools[r.provider]
	if p == nil {
		return core.Turn{}, false
	}
	pick := e.pick(r, p, h.At())
	if pick.Index < 0 {
		return core.Turn{}, false
	}
	return e.lease(r, p, pick, h.At()), true
}

// renewFor is the flow of a request that nobody is ready for: the logins that have ended are renewed one by one until one serves.
func (e *Engine) renewFor(h *flow.Host, r *request, keys []string) core.Turn {
	for _, key := range keys {
		// What another flow of this instance is at needs no second one; whichever account is ready first serves.
		for waited := core.Duration(0); e.renewals[key].running && waited < joinPatience; waited += joinPause {
			if _, err := h.Ask(core.Ask{Sleep: &core.Sleep{Wait: joinPause}}); err != nil {
				break
			}
			if turn, ok := e.leaseNow(h, r); ok {
				return turn
			}
		}
		if !e.renew(h, key) {
			continue
		}
		account := e.renewals[key].account
		for i, id := range r.tried {
			if id == account {
				r.tried = append(r.tried[:i:i], r.tried[i+1:]...)
				break
			}
		}
		if turn, ok := e.leaseNow(h, r); ok {
			return turn
		}
	}
	p := e.pools[r.provider]
	if p == nil {
		return core.Turn{Refuse: &core.Refuse{Say: r.provider + ": its accounts were removed a moment ago."}}
	}
	return e.left(r, p, h.At())
}
