package refresh

import (
	"fmt"
	"math/rand/v2"
	"net/url"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"github.com/tidwall/gjson"

	"pimultiauth/core"
	"pimultiauth/core/engine"
	"pimultiauth/providers"
	"pimultiauth/tests/run"
	"pimultiauth/tests/token"
)

// race is a machine whose processes take turns effect by effect, as a seed says: any of them may die at any of its effects, saves may
// fail, and a program of another kind may renew an entry under everybody's hands.
type race struct {
	t      *testing.T
	rng    *rand.Rand
	files  map[string]string
	stamp  int
	server *token.Server
	at     core.Time
	holds  map[string]*racer
	// inFlight are tokens that the server gave to somebody who has not written them yet, by who.
	inFlight map[*racer]map[string]bool
	excused  map[string]bool
	deaths   int
	served   int
	fails    bool
}

// racer is one process and the questions it has open.
type racer struct {
	race  *race
	core  *engine.Engine
	asks  []*asking
	holds map[string]*asking
}

// asking is one question of the loader: the effects it waits for and the results it has.
type asking struct {
	flow    int64
	todo    []core.Effect
	results []core.Result
	since   int
	wants   string
}

func (r *race) launch() *racer {
	p := &racer{race: r, core: engine.New(providers.All()), holds: map[string]*asking{}}
	p.tell(core.Message{Start: &core.Start{Known: []string{ours}}}, "start")
	return p
}

func (p *racer) tell(m core.Message, wants string) {
	m.At, m.Seed = p.race.at, p.race.rng.Int64N(1<<52)
	turn, err := p.core.Step(m)
	require.NoError(p.race.t, err)
	a := &asking{wants: wants}
	p.asks = append(p.asks, a)
	p.took(a, turn)
}

// took takes a turn in; a final one ends the question and lets its holds go.
func (p *racer) took(a *asking, turn core.Turn) {
	a.flow, a.todo, a.results, a.since = turn.Flow, nil, nil, p.race.stamp
	for _, x := range turn.Effects {
		if x.Waits {
			a.todo = append(a.todo, x)
		} else if x.File != nil && x.File.Op == "save" {
			_, _ = p.save(x)
		}
	}
	if turn.Flow != 0 {
		return
	}
	for i, other := range p.asks {
		if other == a {
			p.asks = append(p.asks[:i:i], p.asks[i+1:]...)
			break
		}
	}
	for name, owner := range p.holds {
		if owner == a {
			delete(p.holds, name)
			delete(p.race.holds, name)
		}
	}
	if a.wants != "lease" {
		return
	}
	if turn.Lease != nil {
		access := gjson.Get(turn.Lease.Credential.Reveal(), "access").String()
		if p.race.server.Valid(access) {
			p.race.served++
		}
		_, err := p.core.Step(core.Message{At: p.race.at, Settle: &core.Settle{Lease: turn.Lease.ID, Outcome: core.Outcome{OK: true}}})
		require.NoError(p.race.t, err)
	}
}

// step performs one effect of one question, or none when everybody waits for a hold.
func (p *racer) step() bool {
	if len(p.asks) == 0 {
		return false
	}
	a := p.asks[p.race.rng.IntN(len(p.asks))]
	if len(a.todo) > 0 {
		x := a.todo[0]
		result, ok := p.perform(a, x)
		if !ok {
			return false
		}
		result.ID = x.ID
		a.results = append(a.results, result)
		a.todo = a.todo[1:]
	}
	if len(a.todo) == 0 {
		turn, err := p.core.Step(core.Message{At: p.race.at, Seed: 1, Resume: &core.Resume{Flow: a.flow, Results: a.results}})
		require.NoError(p.race.t, err)
		p.took(a, turn)
	}
	return true
}

func (p *racer) perform(a *asking, x core.Effect) (core.Result, bool) {
	r := p.race
	switch {
	case x.File != nil && x.File.Op == "hold":
		if r.holds[x.File.Name] != nil {
			if r.stamp == a.since || r.rng.IntN(2) == 0 {
				return core.Result{}, false
			}
			a.since = r.stamp
			return core.Result{File: &core.FileResult{Text: core.Secret(r.files["accounts"]), Early: true}}, true
		}
		r.holds[x.File.Name], p.holds[x.File.Name] = p, a
		text, there := r.files["accounts"]
		return core.Result{File: &core.FileResult{Text: core.Secret(text), Missing: !there}}, true
	case x.File != nil && x.File.Op == "read":
		text, there := r.files[x.File.Name]
		return core.Result{File: &core.FileResult{Text: core.Secret(text), Missing: !there}}, true
	case x.File != nil && x.File.Op == "save":
		return p.save(x)
	case x.Fetch != nil:
		form, err := url.ParseQuery(x.Fetch.Body.Reveal())
		require.NoError(r.t, err)
		if r.rng.IntN(20) == 0 {
			return core.Result{Error: "the connection failed"}, true
		}
		fresh, ok := r.server.Redeem(form.Get("refresh_token"))
		if !ok {
			return core.Result{Fetch: &core.FetchResult{Status: 400, Body: `{"error":"invalid_grant"}`}}, true
		}
		if r.inFlight[p] == nil {
			r.inFlight[p] = map[string]bool{}
		}
		r.inFlight[p][fresh.Refresh] = true
		body := (&core.Object{}).String("access_token", fresh.Access).String("refresh_token", fresh.Refresh).Int("expires_in", 900)
		return core.Result{Fetch: &core.FetchResult{Status: 200, Body: core.Secret(body.Text())}}, true
	case x.Ask != nil && x.Ask.Notice != nil:
		return core.Result{}, true
	}
	return core.Result{Ask: &core.Answer{}}, true
}

func (p *racer) save(x core.Effect) (core.Result, bool) {
	r := p.race
	if r.fails && r.rng.IntN(8) == 0 {
		return core.Result{Error: "no space left on the disk"}, true
	}
	if x.File.Delta != "" && r.rng.IntN(10) == 0 {
		// Somebody sat in the gate for too long: the change is kept in the journal, and counts as written.
		r.files["journal"] += (&core.Object{}).String("pending", x.File.Name).Raw("delta", x.File.Delta.Reveal()).Text() + "\n"
		p.wrote(r.files["journal"])
		return core.Result{File: &core.FileResult{}}, true
	}
	turn, err := p.core.Step(core.Message{At: r.at, Merge: &core.Merge{Save: x.ID, File: x.File.Name, Current: r.files[x.File.Name], Delta: x.File.Delta}})
	require.NoError(r.t, err)
	r.files[x.File.Name] = turn.Merged.Text.Reveal()
	if x.File.Name == "accounts" {
		r.stamp++
		p.wrote(r.files["accounts"])
	}
	return core.Result{File: &core.FileResult{Text: turn.Merged.Text}}, true
}

// wrote takes note of the tokens that are durable by now.
func (p *racer) wrote(text string) {
	for fresh := range p.race.inFlight[p] {
		if strings.Contains(text, `"`+fresh+`"`) {
			delete(p.race.inFlight[p], fresh)
		}
	}
}

// die ends a process where it stands. What the server had given it and nobody wrote is gone, and only that.
func (r *race) die(p *racer) {
	r.deaths++
	for fresh := range r.inFlight[p] {
		r.excused[fresh] = true
	}
	delete(r.inFlight, p)
	for name, owner := range r.holds {
		if owner == p {
			delete(r.holds, name)
		}
	}
}

// TestManyProcessesRedeemEachTokenOnce runs the machine over many seeds. Its law: a refresh token is redeemed once, by whomever; the
// service refuses nobody but those whose token died with a process between the reply and the disk, or was kept from the disk by its
// errors until the hold's patience ended.
func TestManyProcessesRedeemEachTokenOnce(t *testing.T) {
	seeds := load.Pick(150, 20000)
	deaths, calls, served := 0, 0, 0
	for seed := range seeds {
		r := &race{
			t: t, rng: rand.New(rand.NewPCG(uint64(seed), 9)), files: map[string]string{}, server: token.New(), at: start,
			holds: map[string]*racer{}, inFlight: map[*racer]map[string]bool{}, excused: map[string]bool{},
		}
		w := newWorld(t)
		w.server = r.server
		accounts := 1 + r.rng.IntN(3)
		for i := range accounts {
			w.login(fmt.Sprintf("%s-%d", ours, i+1), core.Duration(r.rng.IntN(3)-1)*10*core.Minute)
		}
		r.files["auth"] = w.disk.Files["auth"]
		r.fails = seed%3 == 0
		kills := seed%2 == 1
		processes := make([]*racer, 2+r.rng.IntN(5))
		for i := range processes {
			processes[i] = r.launch()
		}
		for n := range 1500 {
			i := r.rng.IntN(len(processes))
			p := processes[i]
			switch {
			case kills && r.rng.IntN(120) == 0:
				r.die(p)
				processes[i] = r.launch()
			case len(p.asks) < 3 && r.rng.IntN(12) == 0:
				p.tell(core.Message{Acquire: &core.Acquire{Provider: ours, Model: "m", Mode: "print"}}, "lease")
			case len(p.asks) < 3 && r.rng.IntN(12) == 0:
				p.tell(core.Message{Tick: &core.Tick{}}, "tick")
			default:
				p.step()
			}
			if n%10 == 0 {
				r.at = r.at.Add(core.Duration(r.rng.IntN(20)) * core.Second)
			}
		}
		made, refused := r.server.Calls()
		calls += made
		deaths += r.deaths
		served += r.served
		if len(r.excused) == 0 {
			require.Zero(t, refused, "seed %d: a token was redeemed twice", seed)
			require.Empty(t, r.server.Revoked(), "seed %d", seed)
			require.NotContains(t, r.files["state"], "its login has ended", "seed %d: nobody is given up", seed)
		}
		require.LessOrEqual(t, len(r.server.Revoked()), len(r.excused), "seed %d: no login is lost but those that died with a process", seed)
	}
	require.NotZero(t, served)
	require.NotZero(t, calls)
	run.Figure(t, "O4", "%d seeds, 2 to 6 processes, %d deaths at any effect: %d redemptions, each token once, 0 false suspensions, %d requests served", seeds, deaths, calls, served)
}

// TestARaceWithAnotherProgramGivesNobodyUp is O4 of the bar: a program that knows nothing of our holds renews entries of auth.json too, so
// ours are refused now and then. The service revokes nothing for that. Who wrote a token within a minute of its renewal has all served.
func TestARaceWithAnotherProgramGivesNobodyUp(t *testing.T) {
	races := load.Pick(1000, 20000)
	met, calls := 0, 0
	for seed := range races {
		r := &race{
			t: t, rng: rand.New(rand.NewPCG(uint64(seed), 11)), files: map[string]string{}, server: token.New(), at: start,
			holds: map[string]*racer{}, inFlight: map[*racer]map[string]bool{}, excused: map[string]bool{},
		}
		r.server.Lenient = true
		w := newWorld(t)
		w.server = r.server
		id := ours + "-1"
		w.login(id, core.Duration(r.rng.IntN(2)-1)*core.Minute)
		r.files["auth"] = w.disk.Files["auth"]
		processes := make([]*racer, 1+r.rng.IntN(4))
		for i := range processes {
			processes[i] = r.launch()
		}
		// theirs is what the other program has from the service and has not written yet.
		var theirs token.Tokens
		written := 0
		begins := r.rng.IntN(60)
		for n := range 400 {
			p := processes[r.rng.IntN(len(processes))]
			switch {
			case n == begins:
				if fresh, ok := r.server.Redeem(gjson.Get(r.files["auth"], id+".refresh").String()); ok {
					theirs, written = fresh, n+r.rng.IntN(25)
				}
			case theirs.Access != "" && n >= written:
				entry := (&core.Object{}).String("type", "oauth").String("access", theirs.Access).String("refresh", theirs.Refresh).Int("expires", int64(r.at.Add(core.Hour)))
				r.files["auth"] = (&core.Object{}).Raw(id, entry.Text()).Text()
				theirs = token.Tokens{}
			case len(p.asks) < 3 && r.rng.IntN(6) == 0:
				p.tell(core.Message{Acquire: &core.Acquire{Provider: ours, Model: "m", Mode: "print"}}, "lease")
			case len(p.asks) < 3 && r.rng.IntN(6) == 0:
				p.tell(core.Message{Tick: &core.Tick{}}, "tick")
			default:
				p.step()
			}
			r.at = r.at.Add(core.Duration(r.rng.IntN(2)) * core.Second)
		}
		made, refused := r.server.Calls()
		calls += made
		if refused > 0 {
			met++
		}
		require.NotContains(t, r.files["state"], "its login has ended", "seed %d", seed)
		r.at = r.at.Add(2 * core.Minute)
		last := r.launch()
		processes = append(processes, last)
		settle := func() {
			for open, n := 1, 0; open > 0 && n < 300; n++ {
				open = 0
				for _, p := range processes {
					p.step()
					open += len(p.asks)
				}
			}
		}
		settle()
		before := r.served
		last.tell(core.Message{Acquire: &core.Acquire{Provider: ours, Model: "m", Mode: "print"}}, "lease")
		settle()
		require.Equal(t, before+1, r.served, "seed %d: the login serves\n%s", seed, r.files["state"])
	}
	require.Greater(t, met, races/20)
	run.Figure(t, "O4", "%d races of 1 to 4 processes with a program that takes no hold, %d of %d redemptions came second: 0 false suspensions, the login serves in the end", races, met, calls)
}
