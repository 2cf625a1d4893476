package main

import (
	"strconv"

	"pimultiauth/core"
	"pimultiauth/core/engine"
)

// stepper is an instance of the core: the engine itself or the module.
type stepper interface {
	Call(core.Message) (core.Turn, error)
}

type native struct{ *engine.Engine }

func (n native) Call(m core.Message) (core.Turn, error) { return n.Step(m) }

// Times that work on files and messages take.
const (
	readTook  = 1 * core.Millisecond
	saveTook  = 4 * core.Millisecond
	asideTook = 10 * core.Millisecond
	fetchTook = 400 * core.Millisecond
)

// took is how long an effect takes: as usual, or, where orders are scrambled, anything up to fifty times that.
func (p *process) took(usual core.Duration) core.Duration {
	if p.w.scramble == nil {
		return usual
	}
	return core.Duration(p.w.scramble.Int64N(int64(50 * usual)))
}

// process is one Pi with an instance of the core, and the loader around it as the contract says it behaves.
type process struct {
	w    *World
	id   int
	core stepper
	mode string
	// life counts its starts: what was begun in an earlier life ends nowhere.
	life    int
	alive   bool
	ready   bool
	waiting []func()
	asleep  core.Time
	stamps  map[string]int
	stale   core.Time
	wakeAt  core.Time
	woken   core.Time
	out     map[int64]*request
	open    map[*request]bool
	known   knowledge
	// second is the present one, steps how often the core was called in it.
	second core.Time
	steps  int
	// cleared says that the answer in hand came from an account that had failed before.
	cleared bool
	// reading counts the usage reads under way.
	reading int
}

// ours is our engine in every process of a fleet.
type ours struct {
	w    *World
	make func() stepper
}

// NewOurs gives a world our engine in a mode.
func NewOurs(w *World, mode core.Mode) {
	o := &ours{w: w}
	catalogue := []core.Provider{provider(w.fleet)}
	o.make = func() stepper { return native{engine.New(catalogue)} }
	o.prepare(mode)
}

func (o *ours) prepare(mode core.Mode) {
	w := o.w
	w.driver = o
	auth := []byte{'{'}
	for i := range w.fleet.Accounts {
		if i > 0 {
			auth = append(auth, ',')
		}
		auth = core.AppendQuoted(auth, accountID(i))
		auth = append(append(auth, ':'), w.tokens.entry(i)...)
	}
	for name, text := range map[string]string{
		"auth":   string(append(auth, '}')),
		"config": `{"rotationModes":{"` + providerID + `":"` + string(mode) + `"}}`,
	} {
		f := w.disk.file(name)
		f.write(text, w.now)
		f.sync()
	}
	for i := 0; i < w.fleet.Processes; i++ {
		p := &process{w: w, id: i, mode: []string{"tui", "print", "json", "rpc"}[i%4]}
		w.procs = append(w.procs, p)
		p.start(o)
	}
	o.trouble()
}

// start begins a life.
func (p *process) start(o *ours) {
	p.life++
	p.alive, p.ready = true, false
	p.core = o.make()
	p.stamps, p.out, p.open = map[string]int{}, map[int64]*request{}, map[*request]bool{}
	p.known = knowledge{}
	p.wakeAt, p.woken = 0, 0
	p.tell(core.Message{Start: &core.Start{PiVersion: "1.5.2", Known: []string{providerID}}}, func(core.Turn) {
		p.ready = true
		waiting := p.waiting
		p.waiting = nil
		for _, run := range waiting {
			run()
		}
	})
}

// die ends a life: what was under way is lost, locks are let go by the system.
func (p *process) die() {
	p.alive, p.ready = false, false
	p.life++
	for r := range p.open {
		p.w.lost(r)
	}
	p.waiting = nil
	p.w.disk.release(p.id, -1)
	p.w.tokens.died(p)
	if p.w.judge != nil {
		p.w.judge.died(p)
	}
}

// later runs something in this life, once the process is not suspended.
func (p *process) later(d core.Duration, run func()) {
	life := p.life
	var due func()
	due = func() {
		if p.life != life {
			return
		}
		if p.w.now < p.asleep {
			p.w.after(p.asleep.Sub(p.w.now), due)
			return
		}
		run()
	}
	p.w.after(d, due)
}

func (o *ours) begin(r *request) {
	p := o.w.procs[r.turn.Process]
	if !p.alive {
		o.w.lost(r)
		return
	}
	r.proc = p
	p.open[r] = true
	run := func() { p.catchUp(func() { p.acquire(r) }) }
	switch {
	case p.w.now < p.asleep:
		p.later(p.asleep.Sub(p.w.now), func() {
			r.asked = p.w.now
			run()
		})
	case !p.ready:
		p.waiting = append(p.waiting, run)
	default:
		run()
	}
}

// catchUp brings in what other processes have changed.
func (p *process) catchUp(then func()) {
	if p.w.now < p.stale {
		then()
		return
	}
	var files []string
	for _, name := range watchedFiles {
		f := p.w.disk.files[name]
		if f != nil && f.version != p.stamps[name] {
			files = append(files, name)
		}
	}
	if len(files) == 0 {
		then()
		return
	}
	p.tell(core.Message{Changed: &core.Changed{Files: files}}, func(core.Turn) {
		// Whoever had the chance to read has been told.
		if p.w.now >= p.stale {
			p.known.join(p.w.disk.file("state").known)
		}
		then()
	})
}

var watchedFiles = []string{"auth", "state", "accounts", "usage"}

func (p *process) acquire(r *request) {
	a := &core.Acquire{Provider: providerID, Model: r.turn.Model, API: "simulated", Session: sessionName(r.turn.Session), Mode: p.mode,
		Prompt: r.turn.Prompt}
	if r.turn.Parent >= 0 {
		a.Parent = sessionName(r.turn.Parent)
	}
	p.tell(core.Message{Acquire: a}, func(t core.Turn) { p.answered(r, t) })
}

// answered takes what the core says to a request.
func (p *process) answered(r *request, t core.Turn) {
	w := p.w
	r.waited += w.now.Sub(r.asked)
	switch {
	case t.Lease != nil:
		i := accountIndex(t.Lease.Account)
		if w.judge != nil {
			w.judge.leased(p, r, t.Lease)
		}
		if i < 0 || i >= len(w.truth.accounts) {
			return
		}
		p.out[t.Lease.ID], r.account = r, i
		r.sent = t.Lease.Credential.Reveal()
		lease := *t.Lease
		begun := max(w.now, lease.NotBefore)
		r.waited += begun.Sub(w.now)
		life := p.life
		w.attempt(r, i, lease.Credential.Reveal(), begun, func(reply Reply) {
			if p.life != life {
				return
			}
			p.later(0, func() { p.settle(r, &lease, i, begun, reply) })
		})
	case t.Refuse != nil:
		delete(p.open, r)
		if w.judge != nil {
			w.judge.refused(p, r, t.Refuse)
		}
		w.refused(r, t.Refuse.Retry)
	default:
		delete(p.open, r)
		if w.judge != nil {
			w.judge.done(p, r)
		}
		w.served(r, r.account)
	}
}

func (p *process) settle(r *request, lease *core.Lease, i int, begun core.Time, reply Reply) {
	o := reply.Outcome
	o.Started, o.Ended = begun, p.w.now
	r.failedAt, r.failed = p.w.now, -1
	if !o.OK {
		r.failed = i
	}
	if o.OK {
		o.First = begun.Add(reply.First)
	}
	delete(p.out, lease.ID)
	r.tried = append(r.tried, i)
	r.asked = p.w.now
	r.emitted = r.emitted || o.Emitted
	if p.w.judge != nil {
		reply.Outcome.Started = begun
		p.w.judge.settled(p, r, i, &reply)
	}
	p.tell(core.Message{Settle: &core.Settle{Lease: lease.ID, Outcome: o}}, func(t core.Turn) { p.answered(r, t) })
}

// tell gives the core a message and performs what it asks for until the final turn.
func (p *process) tell(m core.Message, then func(core.Turn)) {
	m.Seed = int64(p.w.random.Uint64() >> 11)
	turn, ok := p.step(m)
	if !ok {
		return
	}
	p.follow(turn, then)
}

func (p *process) step(m core.Message) (core.Turn, bool) {
	w := p.w
	m.At = w.now
	if w.bug != nil && w.bug.Message != nil && !w.bug.Message(p, &m) {
		return core.Turn{Done: &core.Done{}}, true
	}
	w.score.Steps++
	if second := w.now / 1000; second != p.second {
		p.second, p.steps = second, 0
	}
	if p.steps++; p.steps == mostSteps && w.judge != nil {
		w.judge.fail("I9", "process %d was called %d times within a second", p.id, p.steps)
		w.stopped = true
	}
	turn, err := p.core.Call(m)
	if w.bug != nil && w.bug.Turn != nil {
		w.bug.Turn(p, &m, &turn)
	}
	if w.judge != nil {
		w.judge.stepped(p, &m, &turn, err)
	}
	if err != nil {
		return turn, false
	}
	if turn.Lease != nil {
		w.mark(4, int64(p.id), turn.Lease.ID, int64(accountIndex(turn.Lease.Account)), int64(turn.Lease.NotBefore))
	}
	if turn.Refuse != nil {
		w.mark(5, int64(turn.Refuse.Until))
		w.markText(turn.Refuse.Say)
	}
	p.wake(turn.WakeAt)
	return turn, true
}

func (p *process) follow(turn core.Turn, then func(core.Turn)) {
	if turn.Flow == 0 {
		for _, x := range turn.Effects {
			p.later(p.took(asideTook), func() { p.perform(0, x, func(core.Result) {}) })
		}
		then(turn)
		return
	}
	waits := 0
	for _, x := range turn.Effects {
		if x.Waits {
			waits++
		}
	}
	flow := turn.Flow
	var results []core.Result
	resume := func() {
		m := core.Message{Resume: &core.Resume{Flow: flow, Results: results}, Seed: int64(p.w.random.Uint64() >> 11)}
		next, ok := p.step(m)
		if !ok {
			return
		}
		if next.Flow != flow {
			p.w.disk.release(p.id, flow)
		}
		p.follow(next, then)
	}
	if waits == 0 {
		resume()
		return
	}
	for _, x := range turn.Effects {
		if !x.Waits {
			p.later(p.took(asideTook), func() { p.perform(flow, x, func(core.Result) {}) })
			continue
		}
		p.perform(flow, x, func(r core.Result) {
			if results = append(results, r); len(results) == waits {
				resume()
			}
		})
	}
}

// wake asks for a tick, as the loader's one timer does.
func (p *process) wake(at core.Time) {
	p.wakeAt = at
	if at.IsZero() || (p.woken > p.w.now && p.woken <= at) {
		return
	}
	p.woken = max(at, p.w.now.Add(1))
	due := p.woken
	p.later(due.Sub(p.w.now), func() {
		if p.woken == due {
			p.woken = 0
		}
		switch {
		case p.wakeAt.IsZero():
		case p.wakeAt <= p.w.now:
			p.tell(core.Message{Tick: &core.Tick{}}, func(core.Turn) {})
		default:
			p.wake(p.wakeAt)
		}
	})
}

// perform does what one effect asks for, and answers when it is done.
func (p *process) perform(flow int64, x core.Effect, answer func(core.Result)) {
	w := p.w
	if w.bug != nil && w.bug.Effect != nil && !w.bug.Effect(p, &x) {
		p.later(p.took(readTook), func() { answer(core.Result{ID: x.ID}) })
		return
	}
	if w.judge != nil {
		w.judge.effect(p, &x)
	}
	switch {
	case x.File != nil:
		p.file(flow, x, answer)
	case x.Fetch != nil:
		p.fetch(x, answer)
	case x.Ask != nil && x.Ask.Sleep != nil:
		p.later(x.Ask.Sleep.Wait, func() { answer(core.Result{ID: x.ID, Ask: &core.Answer{}}) })
	case x.Ask != nil && x.Ask.Crypto != nil:
		p.later(0, func() {
			answer(core.Result{ID: x.ID, Ask: &core.Answer{Text: core.Secret("crypto-" + strconv.FormatUint(w.random.Uint64(), 36))}})
		})
	default:
		p.later(0, func() { answer(core.Result{ID: x.ID, Ask: &core.Answer{}}) })
	}
}

func (p *process) file(flow int64, x core.Effect, answer func(core.Result)) {
	w := p.w
	failed := func(why string) { answer(core.Result{ID: x.ID, Error: why}) }
	switch x.File.Op {
	case "read":
		p.later(p.took(readTook), func() {
			f := w.disk.file(x.File.Name)
			p.stamps[x.File.Name] = f.version
			text := f.text
			if w.now < p.stale && f.version > 1 {
				text = f.before
			} else {
				p.known.join(f.known)
			}
			answer(core.Result{ID: x.ID, File: &core.FileResult{Text: core.Secret(text), Missing: !f.exists}})
		})
	case "save":
		w.disk.saves++
		p.later(p.took(saveTook), func() { p.save(x, answer) })
	case "append":
		p.later(p.took(readTook), func() { answer(core.Result{ID: x.ID, File: &core.FileResult{}}) })
	case "hold":
		w.disk.take(p, flow, x.File.Name, func() {
			h := w.disk.holds[x.File.Name]
			if x.File.Sync && w.now < w.disk.full {
				w.disk.pass(h)
				p.later(p.took(readTook), func() { failed("no space left on the disk") })
				return
			}
			h.room = x.File.Sync
			p.later(p.took(readTook), func() {
				f := w.disk.file("accounts")
				answer(core.Result{ID: x.ID, File: &core.FileResult{Text: core.Secret(f.text), Missing: !f.exists}})
			})
		})
	default:
		failed("there is no operation called " + x.File.Op)
	}
}

// save runs with the gate held, at one instant.
func (p *process) save(x core.Effect, answer func(core.Result)) {
	w := p.w
	if w.now < w.disk.freed {
		p.later(w.disk.freed.Sub(w.now), func() { p.save(x, answer) })
		return
	}
	if w.now < w.disk.full && !(x.File.Name == "accounts" && w.disk.giveUp(p)) {
		answer(core.Result{ID: x.ID, Error: "no space left on the disk"})
		return
	}
	f := w.disk.file(x.File.Name)
	current := f.text
	if w.bug != nil && w.bug.Current != nil {
		current = w.bug.Current(p, f)
	}
	turn, ok := p.step(core.Message{Merge: &core.Merge{Save: x.ID, File: x.File.Name, Current: current, Delta: x.File.Delta},
		Seed: int64(w.random.Uint64() >> 11)})
	if !ok || turn.Merged == nil {
		answer(core.Result{ID: x.ID, Error: "the core has nothing to write"})
		return
	}
	merged := *turn.Merged
	if merged.ReadOnly != "" {
		answer(core.Result{ID: x.ID, Error: merged.ReadOnly})
		return
	}
	p.known.join(f.known)
	if !merged.Unchanged || !f.exists {
		if x.File.Name == "state" {
			// No other file tells how accounts fared.
			f.known = p.known.clone()
		}
		text := merged.Text.Reveal()
		if w.bug != nil && w.bug.Saved != nil {
			text = w.bug.Saved(p, x.File.Name, f.text, text)
		}
		f.write(text, w.now)
		f.writer = p
		w.disk.writes++
		w.markText(f.text)
		if x.File.Sync && (w.bug == nil || !w.bug.NoSync) {
			f.sync()
			w.tokens.wrote(f)
		}
		if w.judge != nil {
			w.judge.wrote(p, x.File.Name, f)
		}
	}
	p.stamps[x.File.Name] = f.version
	answer(core.Result{ID: x.ID, File: &core.FileResult{Text: merged.Text}})
}

func (p *process) fetch(x core.Effect, answer func(core.Result)) {
	w := p.w
	if i, ok := usageOf(x.Fetch.URL); ok {
		w.score.UsageReads++
		took := p.took(fetchTook)
		if life := p.life; w.judge != nil {
			w.judge.usage(p, 1)
			// The provider is done with it, whether or not who asked is awake to see it.
			w.after(took, func() {
				if p.life == life {
					w.judge.usage(p, -1)
				}
			})
		}
		p.later(took, func() {
			reply, why := w.truth.Ask(i, w.now)
			if why != "" {
				answer(core.Result{ID: x.ID, Error: why})
				return
			}
			answer(core.Result{ID: x.ID, Fetch: &reply})
		})
		return
	}
	if x.Fetch.URL == tokenURL {
		p.later(p.took(fetchTook), func() {
			// What the service did is done, whether or not somebody is there to hear of it.
			reply := w.tokens.redeem(p, x.Fetch.Body.Reveal())
			p.later(p.took(readTook), func() { answer(core.Result{ID: x.ID, Fetch: &reply}) })
		})
		return
	}
	p.later(p.took(fetchTook), func() { answer(core.Result{ID: x.ID, Error: "no such host"}) })
}

func usageOf(url string) (int, bool) {
	if len(url) <= len(usageURL) || url[:len(usageURL)] != usageURL {
		return 0, false
	}
	i := accountIndex(url[len(usageURL):])
	return i, i >= 0
}

// take gives a hold, or queues for it.
func (d *Disk) take(p *process, flow int64, name string, got func()) {
	h := d.holds[name]
	if h == nil {
		h = &hold{owner: -1}
		d.holds[name] = h
	}
	life := p.life
	run := func() {
		if p.life != life || !p.alive {
			d.pass(h)
			return
		}
		h.owner, h.flow = p.id, flow
		got()
	}
	if h.owner < 0 || (p.w.bug != nil && p.w.bug.NoHold) {
		run()
		return
	}
	h.queue = append(h.queue, run)
}

// giveUp spends the room that a process set aside with a hold, if it has any.
func (d *Disk) giveUp(p *process) bool {
	for _, h := range d.holds {
		if h.owner == p.id && h.room {
			h.room = false
			return true
		}
	}
	return false
}

func (d *Disk) pass(h *hold) {
	h.owner, h.flow, h.room = -1, 0, false
	if len(h.queue) > 0 {
		next := h.queue[0]
		h.queue = h.queue[1:]
		next()
	}
}

// release lets go what a flow held; a flow of -1 stands for the whole process.
func (d *Disk) release(process int, flow int64) {
	for _, name := range sortedKeys(d.holds) {
		if h := d.holds[name]; h.owner == process && (flow < 0 || h.flow == flow) {
			d.pass(h)
		}
	}
}

// trouble draws what goes wrong with processes and the disk.
func (o *ours) trouble() {
	w := o.w
	n := w.fleet.Noise
	r := newRandom(w.seed, 400)
	days := float64(w.fleet.Days)
	when := func() core.Duration { return core.Duration(r.Float64() * days * float64(core.Day)) }
	for _, p := range w.procs {
		for k := poisson(r, n.Crash*days); k > 0; k-- {
			down := core.Duration(1+r.IntN(60)) * core.Second
			w.after(when(), func() {
				if p.alive {
					p.die()
					w.after(down, func() { p.start(o) })
				}
			})
		}
		for k := poisson(r, n.Suspend*days); k > 0; k-- {
			span := core.Duration(1+r.IntN(120)) * core.Second
			gate := r.IntN(3) == 0
			w.after(when(), func() {
				p.asleep = w.now.Add(span)
				if gate {
					w.disk.freed = p.asleep
				}
			})
		}
		for k := poisson(r, n.Stale*days); k > 0; k-- {
			span := core.Duration(1+r.IntN(60)) * core.Second
			w.after(when(), func() { p.stale = w.now.Add(span) })
		}
	}
	for k := poisson(r, n.Full*days); k > 0; k-- {
		span := core.Duration(1+r.IntN(30)) * core.Minute
		w.after(when(), func() { w.disk.full = w.now.Add(span) })
	}
	for k := poisson(r, n.Power*days); k > 0; k-- {
		w.after(when(), func() {
			for _, p := range w.procs {
				if p.alive {
					p.die()
				}
			}
			w.disk.power()
			for _, p := range w.procs {
				w.after(core.Duration(30+r.IntN(60))*core.Second, func() {
					if !p.alive {
						p.start(o)
					}
				})
			}
		})
	}
}
