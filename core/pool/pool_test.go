package pool_test

import (
	"fmt"
	"math/rand"
	"testing"

	"github.com/stretchr/testify/assert"

	"pimultiauth/core"
	"pimultiauth/core/pool"
)

const now = core.Time(1_700_000_000_000)

func of(ids ...string) *pool.Pool {
	p := &pool.Pool{Provider: "p", Mode: core.RoundRobin, Homes: map[string]pool.Home{}}
	for _, id := range ids {
		p.Accounts = append(p.Accounts, pool.Candidate{Account: core.Account{ID: id, Source: "stored"}})
	}
	return p
}

func chosen(p *pool.Pool, pick pool.Pick) string {
	if pick.Index < 0 {
		return ""
	}
	return p.Accounts[pick.Index].ID
}

func TestPick(t *testing.T) {
	cooling := core.Standing{At: now - 1, Fault: core.RateLimited, Until: now + 1}
	for _, tt := range []struct {
		name string
		make func() (*pool.Pool, pool.Ask)
		want string
	}{
		{"the first of a fresh pool", func() (*pool.Pool, pool.Ask) { return of("a", "b"), pool.Ask{At: now} }, "a"},
		{"the one after the last place", func() (*pool.Pool, pool.Ask) { p := of("a", "b", "c"); p.After = "b"; return p, pool.Ask{At: now} }, "c"},
		{"round from the end to the start", func() (*pool.Pool, pool.Ask) { p := of("a", "b"); p.After = "b"; return p, pool.Ask{At: now} }, "a"},
		{"a session stays home", func() (*pool.Pool, pool.Ask) {
			p := of("a", "b")
			p.Homes["s"] = pool.Home{Account: "b", At: now}
			return p, pool.Ask{At: now, Session: "s"}
		}, "b"},
		{"a cooling home is left at once", func() (*pool.Pool, pool.Ask) {
			p := of("a", "b")
			p.Homes["s"] = pool.Home{Account: "b", At: now}
			p.Accounts[1].Standing = cooling
			return p, pool.Ask{At: now, Session: "s"}
		}, "a"},
		{"1 ms before its end it still cools", func() (*pool.Pool, pool.Ask) {
			p := of("a")
			p.Accounts[0].Standing = cooling
			return p, pool.Ask{At: now}
		}, ""},
		{"at its end it is ready", func() (*pool.Pool, pool.Ask) {
			p := of("a")
			p.Accounts[0].Standing = cooling
			return p, pool.Ask{At: now + 1}
		}, "a"},
		{"a suspension does not end", func() (*pool.Pool, pool.Ask) {
			p := of("a")
			p.Accounts[0].Standing = core.Standing{At: 1, Fault: core.Unauthorized, Mark: 7}
			p.Accounts[0].Mark = 7
			return p, pool.Ask{At: now + core.Time(core.Week)}
		}, ""},
		{"a replaced key starts anew", func() (*pool.Pool, pool.Ask) {
			p := of("a")
			p.Accounts[0].Standing = core.Standing{At: 1, Fault: core.Unauthorized, Mark: 7}
			p.Accounts[0].Mark = 8
			return p, pool.Ask{At: now}
		}, "a"},
		{"a model's limit blocks that model", func() (*pool.Pool, pool.Ask) {
			p := of("a", "b")
			p.Accounts[0].Models = map[string]core.Standing{"m": cooling}
			return p, pool.Ask{At: now, Model: "m"}
		}, "b"},
		{"a model's limit leaves the others", func() (*pool.Pool, pool.Ask) {
			p := of("a", "b")
			p.Accounts[0].Models = map[string]core.Standing{"m": cooling}
			return p, pool.Ask{At: now, Model: "n"}
		}, "a"},
		{"an expired login is skipped", func() (*pool.Pool, pool.Ask) {
			p := of("a", "b")
			p.Accounts[0].Login, p.Accounts[0].Expires = true, now
			return p, pool.Ask{At: now}
		}, "b"},
		{"a key given with the request goes first", func() (*pool.Pool, pool.Ask) {
			p := of("a", "x")
			p.Accounts[1].Source = "explicit"
			return p, pool.Ask{At: now}
		}, "x"},
		{"an account Pi did not offer is skipped", func() (*pool.Pool, pool.Ask) {
			p := of("a", "b")
			p.Accounts[0].Absent = true
			return p, pool.Ask{At: now}
		}, "b"},
		{"fill-first begins at the front", func() (*pool.Pool, pool.Ask) {
			p := of("a", "b")
			p.Mode, p.After = core.FillFirst, "a"
			return p, pool.Ask{At: now}
		}, "a"},
		{"balancer takes the least loaded", func() (*pool.Pool, pool.Ask) {
			p := of("a", "b")
			p.Mode = core.Balancer
			p.Accounts[0].InFlight = 1
			return p, pool.Ask{At: now}
		}, "b"},
		{"nobody asks a provider that cools", func() (*pool.Pool, pool.Ask) { p := of("a"); p.Whole = cooling; return p, pool.Ask{At: now} }, ""},
		{"an empty pool has nobody", func() (*pool.Pool, pool.Ask) { return of(), pool.Ask{At: now} }, ""},
	} {
		t.Run(tt.name, func(t *testing.T) {
			p, ask := tt.make()
			assert.Equal(t, tt.want, chosen(p, p.Pick(ask)))
		})
	}
}

func TestALeasedAccountWasReadyAndEveryLoserHasItsReason(t *testing.T) {
	r := rand.New(rand.NewSource(2))
	for range 20000 {
		p := of()
		for i := range r.Intn(6) {
			c := pool.Candidate{Account: core.Account{ID: fmt.Sprint(i), Source: []string{"stored", "ambient", "explicit"}[r.Intn(3)], Mark: int64(r.Intn(3)),
				Login: r.Intn(2) == 0, Expires: now + core.Time(r.Intn(3)-1)}, Absent: r.Intn(5) == 0, InFlight: r.Intn(3)}
			if r.Intn(2) == 0 {
				c.Standing = core.Standing{At: now, Fault: core.RateLimited, Until: core.Time(r.Intn(2)) * (now + core.Time(r.Intn(3)-1)), Mark: int64(r.Intn(3))}
			}
			p.Accounts = append(p.Accounts, c)
		}
		p.Mode = []core.Mode{core.RoundRobin, core.Balancer, core.FillFirst, core.UsageBased}[r.Intn(4)]
		p.After = fmt.Sprint(r.Intn(7))
		ask := pool.Ask{At: now, Tried: []string{fmt.Sprint(r.Intn(6))}}
		pick, losses := p.Explain(ask)
		assert.Equal(t, pick, p.Pick(ask))
		assert.Len(t, losses, len(p.Accounts))
		anyReady := false
		for i, loss := range losses {
			assert.NotEmpty(t, loss.Reason)
			reason, _, _ := p.Judge(&p.Accounts[i], ask)
			anyReady = anyReady || reason == ""
			assert.Equal(t, i == pick.Index, loss.Reason == pool.Won)
			if i == pick.Index {
				assert.Empty(t, reason)
			}
		}
		assert.Equal(t, anyReady, pick.Index >= 0, "never nobody while somebody is ready")
	}
}

func TestRetriesComeBackAfterTheClockWasSetBack(t *testing.T) {
	p := &pool.Pool{}
	at := core.Time(1_800_000_000_000)
	for p.Spend(at) {
	}
	at = at.Add(-core.Day)
	p.Spend(at)
	assert.True(t, p.Spend(at.Add(core.Hour)))
}
