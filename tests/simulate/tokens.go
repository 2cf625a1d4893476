package main

import (
	"net/url"
	"strconv"
	"strings"

	"pimultiauth/core"
)

// written is how long the writing of a token may take.
const written = core.Second

// tokens is the token endpoint: refresh tokens that serve once, and a family that dies when one comes a second time.
type tokens struct {
	w        *World
	accounts []family
}

// family is the login of one account.
type family struct {
	login   bool
	number  int
	ends    core.Time
	revoked bool
	// redeemed counts what each refresh token was redeemed for.
	redeemed map[int]int
	// from and life are who got the present token, rotated when. It is pending until a file holds it durably.
	from    *process
	life    int
	rotated core.Time
	pending bool
	// excused says that who held the only copy of a token is dead.
	excused bool
}

func newTokens(w *World) *tokens {
	t := &tokens{w: w, accounts: make([]family, len(w.fleet.Accounts))}
	for i := range t.accounts {
		// The bare entry is Pi's own and renewed by Pi.
		t.accounts[i] = family{login: i > 0 && w.fleet.Tokens > 0, ends: begin.Add(w.fleet.Tokens), redeemed: map[int]int{}}
	}
	return t
}

func accessOf(i, n int) string  { return "access-" + strconv.Itoa(i) + "." + strconv.Itoa(n) }
func refreshOf(i, n int) string { return "refresh-" + strconv.Itoa(i) + "." + strconv.Itoa(n) }

// entry is the credential of an account as auth.json holds it at the beginning.
func (t *tokens) entry(i int) string {
	f := &t.accounts[i]
	o := &core.Object{}
	if !f.login {
		return o.String("type", "api_key").String("key", "key-"+strconv.Itoa(i)).String("n", accountID(i)).Text()
	}
	return o.String("type", "oauth").String("access", accessOf(i, 0)).String("refresh", refreshOf(i, 0)).Int("expires", int64(f.ends)).
		String("n", accountID(i)).Text()
}

// redeem answers a request of a process to the endpoint.
func (t *tokens) redeem(p *process, body string) core.FetchResult {
	form, err := url.ParseQuery(body)
	refused := core.FetchResult{Status: 400, Body: `{"error":"invalid_grant"}`}
	i, n, ok := splitToken(strings.TrimPrefix(form.Get("refresh_token"), "refresh-"))
	if err != nil || !ok || i >= len(t.accounts) || !t.accounts[i].login {
		return refused
	}
	f := &t.accounts[i]
	if t.w.truth.random.Float64() < t.w.fleet.Noise.Error {
		return core.FetchResult{Status: 503, Body: `{"error":"temporarily_unavailable"}`}
	}
	f.redeemed[n]++
	if j := t.w.judge; j != nil && f.redeemed[n] > 1 && !f.excused {
		j.fail("I4", "process %d redeemed a refresh token of %s that was spent %d times before", p.id, accountID(i), f.redeemed[n]-1)
	}
	if n != f.number || f.revoked {
		f.revoked = true
		return refused
	}
	f.number++
	f.ends = t.w.now.Add(t.w.fleet.Tokens)
	f.from, f.life, f.rotated, f.pending = p, p.life, t.w.now, true
	t.w.score.Redeemed++
	return core.FetchResult{Status: 200, Body: core.Secret((&core.Object{}).String("access_token", accessOf(i, f.number)).
		String("refresh_token", refreshOf(i, f.number)).Int("expires_in", int64(t.w.fleet.Tokens/core.Second)).Text())}
}

func splitToken(text string) (i, n int, ok bool) {
	a, b, ok := strings.Cut(text, ".")
	i, err1 := strconv.Atoi(a)
	n, err2 := strconv.Atoi(b)
	return i, n, ok && err1 == nil && err2 == nil && i >= 0 && n >= 0
}

// good reports whether the service takes a credential for an account.
func (t *tokens) good(i int, credential string) bool {
	f := &t.accounts[i]
	if !f.login {
		return strings.Contains(credential, `"key-`+strconv.Itoa(i)+`"`)
	}
	return !f.revoked && t.w.now.Before(f.ends) && strings.Contains(credential, `"`+accessOf(i, f.number)+`"`)
}

// lasts reports whether nothing about an account's login stands in the way for the next minutes.
func (t *tokens) lasts(i int) bool {
	f := &t.accounts[i]
	return !f.login || (!f.revoked && !f.pending && t.w.now.Add(3*core.Minute).Before(f.ends))
}

// wrote sees which tokens a file holds durably by now.
func (t *tokens) wrote(f *diskFile) {
	for i := range t.accounts {
		if a := &t.accounts[i]; a.pending && strings.Contains(f.durable, `"`+refreshOf(i, a.number)+`"`) {
			a.pending = false
		}
	}
}

// leased holds that no token is used for long before it is durable, unless the disk is to blame. While it is being written its use loses
// nothing: what is used is the access token, and what must be kept the refresh token.
func (t *tokens) leased(j *Judge, p *process, i int, credential string) {
	a := &t.accounts[i]
	if a.pending && !a.excused && strings.Contains(credential, `"`+accessOf(i, a.number)+`"`) && t.w.disk.full < a.rotated && t.w.now.Sub(a.rotated) > written {
		j.fail("I3", "process %d uses a token of %s that no file holds durably", p.id, accountID(i))
	}
}

// died excuses the loss of what only a dead process held.
func (t *tokens) died(p *process) {
	for i := range t.accounts {
		if a := &t.accounts[i]; a.pending && a.from == p {
			a.excused = true
		}
	}
}

// end holds that the files hold the present token of every account.
func (t *tokens) end(j *Judge) {
	text := t.w.disk.file("accounts").text + t.w.disk.file("auth").text
	for i := range t.accounts {
		a := &t.accounts[i]
		if !a.login || a.excused || t.w.now < t.w.disk.full.Add(core.Hour) {
			continue
		}
		if a.pending || !strings.Contains(text, `"`+refreshOf(i, a.number)+`"`) {
			j.fail("I3", "the token of %s that was rotated last is lost", accountID(i))
		}
	}
}
