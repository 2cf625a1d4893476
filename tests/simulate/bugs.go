package main

import (
	"math/rand/v2"
	"strconv"
	"strings"

	"pimultiauth/core"
)

// Bug is a mistake planted at a seam of our side: in what the core is told, in what it answers, in the loader's work on files. Each hook
// may be nil.
type Bug struct {
	Name  string
	About string
	// Message may change what the core is told; false swallows it.
	Message func(p *process, m *core.Message) bool
	// Turn may change what the core answered.
	Turn func(p *process, m *core.Message, t *core.Turn)
	// Effect may change what is asked of the host; false leaves it undone and says that it was done.
	Effect func(p *process, x *core.Effect) bool
	// Current is the text a save is merged with, Saved what is written of the merged text.
	Current func(p *process, f *diskFile) string
	Saved   func(p *process, name, current, merged string) string
	// NoSync leaves out every fsync, NoHold gives every hold to whoever asks.
	NoSync bool
	NoHold bool
}

// onSettle makes a message hook of a change of failed outcomes.
func onFailure(change func(p *process, o *core.Outcome)) func(*process, *core.Message) bool {
	return func(p *process, m *core.Message) bool {
		if m.Settle != nil && !m.Settle.Outcome.OK {
			s := *m.Settle
			s.Outcome.Headers = append([]core.Header(nil), s.Outcome.Headers...)
			change(p, &s.Outcome)
			m.Settle = &s
		}
		return true
	}
}

// onWait changes the seconds of every retry-after, in its header and in words.
func onWait(change func(seconds int) int) func(*process, *core.Message) bool {
	return onFailure(func(_ *process, o *core.Outcome) {
		for i, h := range o.Headers {
			if h.Name != "retry-after" {
				continue
			}
			if n, err := strconv.Atoi(h.Value); err == nil {
				now := strconv.Itoa(max(change(n), 0))
				o.Headers[i].Value = now
				o.Body = strings.ReplaceAll(o.Body, "in "+h.Value+" seconds", "in "+now+" seconds")
				o.Text = strings.ReplaceAll(o.Text, "in "+h.Value+" seconds", "in "+now+" seconds")
			}
		}
	})
}

func onAcquire(change func(p *process, a *core.Acquire)) func(*process, *core.Message) bool {
	return func(p *process, m *core.Message) bool {
		if m.Acquire != nil {
			a := *m.Acquire
			change(p, &a)
			m.Acquire = &a
		}
		return true
	}
}

// onDelta changes the deltas of saves; "" drops the save.
func onDelta(change func(delta string) string) func(*process, *core.Effect) bool {
	return func(_ *process, x *core.Effect) bool {
		if x.File == nil || x.File.Op != "save" || x.File.Name != "state" || x.File.Delta == "" {
			return true
		}
		delta := change(x.File.Delta.Reveal())
		f := *x.File
		f.Delta = core.Secret(delta)
		x.File = &f
		return delta != ""
	}
}

// shift moves every end in a text of the state file.
func shift(text string, by core.Duration) string {
	const key = `"until":`
	out := ""
	for {
		before, after, found := strings.Cut(text, key)
		if out += before; !found {
			return out
		}
		n := 0
		for n < len(after) && after[n] >= '0' && after[n] <= '9' {
			n++
		}
		end, _ := strconv.ParseInt(after[:n], 10, 64)
		out += key + strconv.FormatInt(end+int64(by), 10)
		text = after[n:]
	}
}

// Bugs are the planted ones.
var Bugs = []Bug{
	{Name: "never-reread", About: "what others wrote is not read before a request",
		Message: func(_ *process, m *core.Message) bool { return m.Changed == nil }},
	{Name: "clock-in-seconds", About: "an attempt's end is told in seconds",
		Message: func(_ *process, m *core.Message) bool {
			if m.Settle != nil {
				m.At /= 1000
			}
			return true
		}},
	{Name: "wait-in-ms", About: "a wait in seconds is taken for milliseconds", Message: onWait(func(n int) int { return n / 1000 })},
	{Name: "wait-times-thousand", About: "a wait in seconds is multiplied by a thousand", Message: onWait(func(n int) int { return n * 1000 })},
	{Name: "window-too-early", About: "a window is taken to end an hour early", Message: onWait(func(n int) int {
		if n < 7200 {
			return n
		}
		return n - 3600
	})},
	{Name: "window-too-late", About: "a window is taken to end an hour late", Message: onWait(func(n int) int { return n + 3600 })},
	{Name: "forgotten-cooldown", About: "a refusal teaches nothing", Message: onFailure(func(_ *process, o *core.Outcome) {
		if o.Status == 429 {
			*o = core.Outcome{Text: "fetch failed", Started: o.Started, Ended: o.Ended}
		}
	})},
	{Name: "quota-is-overload", About: "a spent quota is taken for a busy provider", Message: onFailure(func(_ *process, o *core.Outcome) {
		if o.Status == 429 {
			o.Status, o.Body, o.Text, o.Headers = 503, "", "503", nil
		}
	})},
	{Name: "quota-is-revoked", About: "a spent quota is taken for a rejected key", Message: onFailure(func(_ *process, o *core.Outcome) {
		if o.Status == 429 {
			o.Status, o.Body, o.Text, o.Headers = 401, `{"error":{"type":"authentication_error","message":"invalid api key"}}`, "401", nil
		}
	})},
	{Name: "model-scope-ignored", About: "a limit of one model benches the account", Message: onFailure(func(_ *process, o *core.Outcome) {
		o.Body = strings.ReplaceAll(o.Body, modelLimit, "usage_limit_reached")
		o.Text = strings.ReplaceAll(o.Text, modelLimit, "usage_limit_reached")
	})},
	{Name: "model-unnamed", About: "requests do not say which model they want", Message: onAcquire(func(_ *process, a *core.Acquire) { a.Model = "" })},
	{Name: "session-unnamed", About: "requests do not say which session they are of", Message: onAcquire(func(_ *process, a *core.Acquire) { a.Session = "" })},
	{Name: "session-per-turn", About: "every turn counts as a session of its own", Message: onAcquire(func(p *process, a *core.Acquire) {
		a.Session += "-" + strconv.Itoa(p.w.score.Steps)
	})},
	{Name: "one-session", About: "all sessions have one name", Message: onAcquire(func(_ *process, a *core.Acquire) { a.Session = "s0" })},
	{Name: "leaked-lease", About: "good answers are not told to the core", Message: func(_ *process, m *core.Message) bool {
		return m.Settle == nil || !m.Settle.Outcome.OK
	}},
	{Name: "no-entropy", About: "every process draws the same lots", Message: func(_ *process, m *core.Message) bool {
		m.Seed = 0
		return true
	}},
	{Name: "true-entropy", About: "lots are drawn from outside of the seed", Message: func(_ *process, m *core.Message) bool {
		m.Seed = rand.Int64N(1 << 53)
		return true
	}},
	{Name: "neighbours-account", About: "a lease names the account next to the one that was chosen", Turn: func(p *process, _ *core.Message, t *core.Turn) {
		if t.Lease != nil && len(p.w.fleet.Accounts) > 1 {
			l := *t.Lease
			l.Account = accountID((accountIndex(l.Account) + 1) % len(p.w.fleet.Accounts))
			t.Lease = &l
		}
	}},
	{Name: "old-token", About: "a lease carries the token before the last", Turn: func(_ *process, _ *core.Message, t *core.Turn) {
		if t.Lease != nil {
			l := *t.Lease
			l.Credential = core.Secret(older(l.Credential.Reveal()))
			t.Lease = &l
		}
	}},
	{Name: "refuses-early", About: "a request is given up after its first failure", Turn: func(p *process, m *core.Message, t *core.Turn) {
		if m.Settle != nil && t.Lease != nil {
			t.Lease, t.Refuse = nil, &core.Refuse{Original: true}
		}
	}},
	{Name: "silent-refusal", About: "a refusal says nothing", Turn: func(_ *process, _ *core.Message, t *core.Turn) {
		if t.Refuse != nil {
			r := *t.Refuse
			r.Say, r.Original = "", false
			t.Refuse = &r
		}
	}},
	{Name: "wrong-return", About: "a refusal says that accounts return an hour later than they do", Turn: func(_ *process, _ *core.Message, t *core.Turn) {
		if t.Refuse != nil && t.Refuse.Until != 0 {
			r := *t.Refuse
			r.Until = r.Until.Add(core.Hour)
			t.Refuse = &r
		}
	}},
	{Name: "no-pause", About: "the pause before the same account is asked again is left out", Turn: func(_ *process, _ *core.Message, t *core.Turn) {
		if t.Lease != nil {
			l := *t.Lease
			l.NotBefore = 0
			t.Lease = &l
		}
	}},
	{Name: "endless-pause", About: "a pause lasts a hundred times as long", Turn: func(p *process, _ *core.Message, t *core.Turn) {
		if t.Lease != nil && t.Lease.NotBefore > p.w.now {
			l := *t.Lease
			l.NotBefore = p.w.now.Add(100 * l.NotBefore.Sub(p.w.now))
			t.Lease = &l
		}
	}},
	{Name: "replayed-output", About: "a request is sent again although people have seen its answer", Message: onFailure(func(_ *process, o *core.Outcome) {
		o.Emitted = false
	})},
	{Name: "saves-each-answer", About: "every answer is saved", Turn: func(p *process, m *core.Message, t *core.Turn) {
		if m.Settle != nil && m.Settle.Outcome.OK {
			t.Effects = append(t.Effects, core.Effect{ID: 1 << 40, File: &core.File{Op: "save", Name: "state",
				Delta: core.Secret(`{"providers":{"` + providerID + `":{"sessions":{}}},"version":2}`)}})
		}
	}},
	{Name: "dropped-save", About: "standings do not reach the disk", Effect: onDelta(func(delta string) string {
		if strings.Contains(delta, `"standing"`) {
			return ""
		}
		return delta
	}), Saved: func(_ *process, _, current, merged string) string {
		if !strings.Contains(current, `"fault"`) && strings.Contains(merged, `"fault"`) {
			return current
		}
		return merged
	}},
	{Name: "benched-for-ever", About: "cooldowns are written a month too long", Saved: func(_ *process, name, _, merged string) string {
		if name != "state" {
			return merged
		}
		return shift(merged, 30*core.Day)
	}},
	{Name: "benched-too-short", About: "cooldowns are written without their last three hours", Saved: func(_ *process, name, _, merged string) string {
		if name != "state" {
			return merged
		}
		return shift(merged, -3*core.Hour)
	}},
	{Name: "lost-merge-side", About: "a save writes what stood in the file already", Saved: func(_ *process, _, current, merged string) string {
		if current == "" {
			return merged
		}
		return current
	}},
	{Name: "clobbering-save", About: "a save does not look at what others wrote", Current: func(p *process, f *diskFile) string {
		if f.writer != p {
			return ""
		}
		return f.text
	}, Saved: func(p *process, name, current, merged string) string {
		if p.w.disk.files[name].writer != p && p.w.disk.writes%2 == 0 {
			return `{"providers":{},"version":2}`
		}
		return merged
	}},
	{Name: "torn-write", About: "now and then half of a text is written", Saved: func(p *process, _, _, merged string) string {
		if p.w.disk.writes%20 == 19 {
			return merged[:len(merged)/2]
		}
		return merged
	}},
	{Name: "lost-account", About: "a save of the accounts leaves the last one out", Saved: func(p *process, name, _, merged string) string {
		if name != "accounts" {
			return merged
		}
		return strings.ReplaceAll(merged, `"`+accountID(len(p.w.fleet.Accounts)-1)+`"`, `"gone"`)
	}},
	{Name: "no-fsync", About: "renewed tokens are used before they are durable", NoSync: true},
	{Name: "no-room", About: "a login is renewed although there may be no room for the new token", Effect: func(_ *process, x *core.Effect) bool {
		if x.File != nil && x.File.Op == "hold" {
			f := *x.File
			f.Sync = false
			x.File = &f
		}
		return true
	}},
	{Name: "no-hold", About: "two processes may renew one login at once", NoHold: true},
}

// older answers a credential with the access token before its own.
func older(credential string) string {
	at := strings.Index(credential, `"access-`)
	if at < 0 {
		return credential
	}
	end := at + 1 + strings.IndexByte(credential[at+1:], '"')
	if i, n, ok := splitToken(credential[at+len(`"access-`) : end]); ok && n > 0 {
		return strings.ReplaceAll(credential, accessOf(i, n), accessOf(i, n-1))
	}
	return credential
}
