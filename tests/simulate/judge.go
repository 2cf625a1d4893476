package main

import (
	"fmt"
	"strings"

	"github.com/tidwall/gjson"

	"pimultiauth/core"
	"pimultiauth/core/store"
)

// Violation is an invariant that did not hold.
type Violation struct {
	// Rule is "I1" to "I10".
	Rule string
	At   core.Time
	Text string
}

func (v Violation) String() string {
	at := v.At.Sub(begin)
	return fmt.Sprintf("%s on day %d at %02d:%02d:%02d.%03d: %s", v.Rule, at/core.Day, at/core.Hour%24, at/core.Minute%60, at/core.Second%60, at%1000, v.Text)
}

// Judge watches a world and keeps to what the invariants of the package's documentation say.
type Judge struct {
	w *World
	// Found are the violations, at most violationsKept of them.
	Found []Violation
	fair  core.Mode

	// missed counts the picks of new sessions that passed an account by, by process for Balancer and for all together otherwise.
	missed [][]int
	// inFlight counts usage reads under way.
	inFlight int
	// outage counts requests that lived wholly in a total outage, and the attempts beyond one each.
	outageRequests, outageRetries int
	savedAt                       []core.Time
	// placed are the accounts that sessions were last sent to.
	placed map[string]string
	// returns are what processes said of one end that they were all told.
	returns   map[core.Time]map[int]core.Time
	successes int
}

const violationsKept = 25

// The figures of the invariants.
const (
	mostAttempts = 8
	retryShare   = 0.10
	retryBurst   = 10
	// longestAnswer is the minute that a screen shows a countdown for, and the pauses between attempts.
	longestAnswer    = 75 * core.Second
	longestCooldown  = core.Week + core.Hour
	longestMonth     = 45 * core.Day
	soft             = core.Second
	usagePerProvider = 2
	inspectEvery     = 32
	mostSteps        = 2000
	leastPause       = 100 * core.Millisecond
	// sharedBy is how many processes have to have heard of one end for their returns to be looked at.
	sharedBy = 5
	// reaches is how long news may take to the file.
	reaches      = 5 * core.Second
	compareEvery = 4
)

// NewJudge watches a world whose driver is our engine in a mode.
func NewJudge(w *World, mode core.Mode) *Judge {
	j := &Judge{w: w, fair: mode, placed: map[string]string{}, returns: map[core.Time]map[int]core.Time{}}
	for range w.fleet.Processes {
		j.missed = append(j.missed, make([]int, len(w.fleet.Accounts)))
		j.savedAt = append(j.savedAt, 0)
	}
	w.judge = j
	return j
}

func (j *Judge) fail(rule, format string, args ...any) {
	if len(j.Found) < violationsKept {
		j.Found = append(j.Found, Violation{rule, j.w.now, fmt.Sprintf(format, args...)})
	}
}

// free finds an account that nothing a process can know speaks against: nothing it was told in answers, and nothing that the provider
// told of quota, be it true or, within a day, a lie.
func (j *Judge) free(p *process, r *request) int {
	for i := range j.w.fleet.Accounts {
		if p.known.clean(i, r.turn.Model) && !contains(r.tried, i) && j.w.tokens.lasts(i) && j.w.truth.Could(i, r.turn.Model, j.w.now) &&
			!j.doubted(i, r.turn.Model) {
			return i
		}
	}
	return -1
}

// doubted says that usage that was told may speak against an account for a model: it was true then, or a lie within the last day, or one
// that the page has not put right since.
func (j *Judge) doubted(i int, model string) bool {
	a := j.w.truth.accounts[i]
	return j.w.now.Sub(a.lied) <= core.Day || a.lied > a.honest || j.w.now.Before(a.told(model).Add(32*core.Second))
}

func contains(list []int, v int) bool {
	for _, one := range list {
		if one == v {
			return true
		}
	}
	return false
}

// leased: I1, I2, I6.
func (j *Judge) leased(p *process, r *request, lease *core.Lease) {
	i := accountIndex(lease.Account)
	if i < 0 || i >= len(j.w.fleet.Accounts) {
		j.fail("I1", "process %d leased %q, which is no account", p.id, lease.Account)
		return
	}
	j.placed[sessionName(r.turn.Session)] = lease.Account
	start := max(j.w.now, lease.NotBefore)
	if end := p.known.blocked(i, r.turn.Model); end > start.Add(core.Second) && !j.w.truth.Could(i, r.turn.Model, j.w.now) &&
		start.Sub(j.w.truth.accounts[i].lied) > core.Day && j.w.truth.accounts[i].roomy < p.known.named(i, r.turn.Model) && !j.hidden(i) {
		if other := j.free(p, r); other >= 0 {
			j.fail("I1", "process %d leased %s, which is known to be blocked for another %d s, while %s is free", p.id, lease.Account,
				end.Sub(start)/core.Second, accountID(other))
		}
	}
	if again := contains(r.tried, i); again && i != r.tried[len(r.tried)-1] {
		if other := j.free(p, r); other >= 0 {
			j.fail("I1", "process %d went back to %s, which failed this request, while %s is free", p.id, lease.Account, accountID(other))
		}
	}
	if !strings.Contains(lease.Credential.Reveal(), `"`+lease.Account+`"`) {
		j.fail("I1", "process %d leased %s with another account's credential", p.id, lease.Account)
	}
	j.w.tokens.leased(j, p, i, lease.Credential.Reveal())
	// A token that was renewed while the request waited for its turn is refused for its age, and the new one need not wait.
	if r.attempts > 0 && r.failed == i && start.Sub(r.failedAt) < leastPause && r.sent == lease.Credential.Reveal() {
		j.fail("I6", "process %d asks %s again %d ms after it failed", p.id, lease.Account, start.Sub(r.failedAt))
	}
	if most := min(len(j.w.fleet.Accounts)+2, mostAttempts); r.attempts+1 > most {
		j.fail("I6", "attempt %d of one request; at most %d", r.attempts+1, most)
	}
	if r.emitted && !(lease.Restart && (p.mode == "tui" || p.mode == "print")) {
		j.fail("I6", "a request was sent again after people had seen output")
	}
	// Whoever is used is not starving, whatever it is used for.
	for n := range j.missed {
		j.missed[n][i] = 0
	}
	if r.attempts == 0 && r.turn.Number == 0 && r.turn.Parent < 0 {
		j.newHome(p, r, i)
	}
	if waited := start.Sub(r.asked) + r.waited; waited > j.patience() {
		j.fail("I2", "a request waited %d s for an account", waited/core.Second)
	}
}

// patience is longer where processes stand still, since who holds the gate then keeps the others waiting.
func (j *Judge) patience() core.Duration {
	if j.w.fleet.Noise.Suspend > 0 {
		return longestAnswer + 5*core.Minute
	}
	return longestAnswer
}

// hidden says that what others were told of an account may have given way to a login that could not be renewed: who could not write to a
// full disk had not read either.
func (j *Judge) hidden(i int) bool {
	return j.w.tokens.accounts[i].login && j.w.now.Sub(j.w.disk.full) < core.Hour
}

// newHome counts who is passed by when a new session gets its account.
func (j *Judge) newHome(p *process, r *request, picked int) {
	if j.fair != core.RoundRobin && j.fair != core.Balancer {
		return
	}
	row := j.missed[0]
	if j.fair == core.Balancer {
		row = j.missed[p.id]
	}
	if j.w.now < j.w.disk.full || j.w.now < p.stale || j.w.now < j.w.disk.freed {
		// Without the disk, nobody knows of the others' picks.
		clear(row)
		return
	}
	most := 2 * len(row)
	if j.fair == core.Balancer {
		// It evens out what accounts have done: one that has just done more than its share is passed by for longer.
		most *= 2
	}
	for i := range row {
		switch {
		case i == picked, !p.known.clean(i, r.turn.Model), j.doubted(i, r.turn.Model):
			row[i] = 0
		default:
			if row[i]++; row[i] > most {
				j.fail("I2", "%s was free and passed by %d times in a row", accountID(i), row[i])
				row[i] = 0
			}
		}
	}
}

// settled keeps what the process has been told.
func (j *Judge) settled(p *process, r *request, i int, reply *Reply) {
	now := j.w.now
	model := r.turn.Model
	switch {
	case reply.Outcome.OK:
		p.cleared = !p.known.clean(i, model)
		// An answer to a request that left before the failure says nothing about what came after.
		if f, known := p.known.accounts[i]; known && !f.clean && reply.Outcome.Started >= f.at {
			p.known.learn(i, f.served(reply.Outcome.Started))
		}
		if f, known := p.known.models[modelOf{i, model}]; known && !f.clean && reply.Outcome.Started >= f.at {
			p.known.learnModel(i, model, f.served(reply.Outcome.Started))
		}
	case reply.Outcome.Aborted:
	default:
		f := fact{at: now}
		if !reply.Told.IsZero() {
			f.until = min(reply.Told, now.Add(longestCooldown))
		}
		if reply.Model {
			p.known.learnModel(i, model, f.after(p.known.models[modelOf{i, model}]))
		} else {
			p.known.learn(i, f.after(p.known.accounts[i]))
		}
		if reply.Refused == "" || (reply.Refused == "rate" && reply.Told.IsZero()) {
			// A bare refusal says as little of whose it is.
			p.known.failed = now
			r.outage = true
		}
	}
}

// refused: I1, I5, and the counts of I6.
func (j *Judge) refused(p *process, r *request, refuse *core.Refuse) {
	j.ended(r)
	j.count(r)
	if refuse.Original == (refuse.Say != "") {
		j.fail("I5", "a refusal says %q and passes the original on: %v", refuse.Say, refuse.Original)
	}
	if refuse.Original && r.attempts == 0 {
		j.fail("I5", "a refusal passes an error on that there never was")
	}
	most := min(len(j.w.fleet.Accounts)+2, mostAttempts)
	calm := !r.outage && j.w.now.Sub(p.known.failed) > 10*core.Minute
	if other := j.free(p, r); other >= 0 && r.attempts < most && calm && !r.emitted {
		j.fail("I1", "process %d refused a request after %d attempts although %s is free", p.id, r.attempts, accountID(other))
	}
	if refuse.Original || r.emitted {
		return
	}
	for _, i := range r.tried {
		if !strings.Contains(refuse.Say, accountID(i)) && len(j.w.fleet.Accounts) <= 3 {
			j.fail("I5", "a refusal does not name %s, which was tried: %s", accountID(i), refuse.Say)
		}
	}
	earliest := core.Time(0)
	for i := range j.w.fleet.Accounts {
		end := p.known.blocked(i, r.turn.Model)
		if p.known.endless(i, r.turn.Model) || end <= j.w.now || end < j.w.truth.accounts[i].told(r.turn.Model) || j.w.now.Sub(j.w.truth.accounts[i].lied) <= core.Day {
			return
		}
		if earliest.IsZero() || end < earliest {
			earliest = end
		}
	}
	if earliest.Sub(j.w.now) > 5*core.Minute {
		if j.returns[earliest] == nil {
			j.returns[earliest] = map[int]core.Time{}
		}
		j.returns[earliest][p.id] = refuse.Until
	}
	if off := refuse.Until.Sub(earliest); off < -2*core.Second || off > 32*core.Second {
		j.fail("I5", "a refusal says that the first account returns %d s from when it does", off/core.Second)
	}
}

// done: I5.
func (j *Judge) done(_ *process, r *request) {
	j.ended(r)
	j.count(r)
}

func (j *Judge) ended(r *request) {
	if r.done {
		j.fail("I5", "a request ended twice")
	}
}

// count keeps what a total outage costs.
func (j *Judge) count(r *request) {
	if j.w.truth.Out(r.began) && j.w.truth.Out(j.w.now) && r.attempts > 0 {
		j.outageRequests++
		j.outageRetries += r.attempts - 1
	}
}

// stepped: errors of the contract, I8's clearing and I9.
func (j *Judge) stepped(p *process, m *core.Message, turn *core.Turn, err error) {
	if err != nil {
		j.fail("I5", "process %d: the core answered an error: %v", p.id, err)
		return
	}
	// That a cooldown is over is news for the others and is written at once.
	quiet := m.Settle != nil && m.Settle.Outcome.OK && turn.Done != nil && !p.cleared
	if m.Acquire != nil && turn.Lease != nil && turn.Flow == 0 {
		// A session that was sent elsewhere meanwhile has a place to tell of.
		quiet = j.placed[m.Acquire.Session] == turn.Lease.Account
	}
	if quiet {
		for i := range turn.Effects {
			f := turn.Effects[i].File
			// Only what may be lost is held to it: standings and places in the round are news for the others.
			if f == nil || f.Op != "save" || !strings.Contains(f.Delta.Reveal(), `"sessions"`) || strings.Contains(f.Delta.Reveal(), `"place"`) {
				continue
			}
			if last := j.savedAt[p.id]; !last.IsZero() && j.w.now.Sub(last) < soft {
				j.fail("I9", "process %d saved %s for a warm pick %d ms after it did so before: %.160s", p.id, f.Name, j.w.now.Sub(last), f.Delta.Reveal())
			}
			j.savedAt[p.id] = j.w.now
		}
	}
	if m.Settle != nil && m.Settle.Outcome.OK && turn.Done != nil {
		if j.successes++; j.successes%inspectEvery == 0 {
			j.cleared(p)
		}
	}
}

// cleared asks the core what it thinks of accounts that have served since they failed.
func (j *Judge) cleared(p *process) {
	line := (&core.Object{}).String("what", "choice").Int("at", int64(j.w.now)).String("provider", providerID).Text()
	turn, err := p.core.Call(core.Message{At: j.w.now, Inspect: &core.Inspect{Line: line}})
	if err != nil || turn.Inspected == nil {
		j.fail("I8", "process %d cannot say what it would choose: %v", p.id, err)
		return
	}
	j.reached(p)
	out := map[string]int64{}
	for _, r := range p.out {
		out[accountID(r.account)]++
	}
	gjson.Get(turn.Inspected.Line, "candidates").ForEach(func(_, c gjson.Result) bool {
		i := accountIndex(c.Get("account").String())
		if load := c.Get("score.load").Int(); load > out[accountID(i)]+4 {
			j.fail("I2", "process %d believes that %d requests are under way on %s; %d are", p.id, load, accountID(i), out[accountID(i)])
		}
		f, known := p.known.accounts[i]
		// A login whose token has ended without being renewed rests, however well it served before.
		if known && f.clean && c.Get("reason").String() == "cooling" && j.w.tokens.lasts(i) && !j.doubted(i, "") && !j.looked(i, f.at) {
			j.fail("I8", "process %d holds %s for cooling although it has served since", p.id, accountID(i))
		}
		return true
	})
}

// looked says that usage was read after an instant and spoke against an account, truly or not.
func (j *Judge) looked(i int, after core.Time) bool {
	s := store.Parse(j.w.disk.file("state").text).Account(providerID, accountID(i)).Standing
	return s.Source == core.FromWindow && s.At > after
}

// reached holds that what a process was told stands in the file soon.
func (j *Judge) reached(p *process) {
	f := j.w.disk.file("state")
	if j.w.now.Sub(j.w.disk.full) < core.Hour || j.w.now.Sub(p.asleep) < core.Minute || j.w.now.Sub(j.w.disk.freed) < core.Minute {
		return
	}
	var state *store.Tree
	for i := range j.w.fleet.Accounts {
		told, known := p.known.accounts[i]
		if !known || told.clean || told.until.Sub(j.w.now) < core.Minute || j.w.now.Sub(told.at) < reaches || j.w.truth.accounts[i].lied > told.named {
			continue
		}
		if state == nil {
			state = store.Parse(f.text)
		}
		if s := state.Account(providerID, accountID(i)).Standing; s.At < told.at-1 && s.Until < told.until-1500 {
			j.fail("I3", "process %d was told that %s is blocked, and the file does not say so", p.id, accountID(i))
		}
	}
}

// effect: what is asked of the host must be something it can do.
func (j *Judge) effect(p *process, x *core.Effect) {
	if x.File != nil && x.File.Op == "save" && x.File.Name == "auth" {
		j.fail("I3", "process %d writes auth.json", p.id)
	}
}

// wrote: I3 and I8, on the text as it stands now.
func (j *Judge) wrote(p *process, name string, f *diskFile) {
	if name == "accounts" {
		for i := range j.w.fleet.Accounts {
			if id := `"` + accountID(i) + `"`; strings.Contains(f.before, id) && !strings.Contains(f.text, id) {
				j.fail("I3", "process %d lost %s", p.id, accountID(i))
			}
		}
		return
	}
	if name != "state" || j.w.disk.writes%compareEvery != 0 {
		return
	}
	before, now := store.Parse(f.before), store.Parse(f.text)
	old := before.Provider(providerID)
	if old == nil {
		return
	}
	next := now.Provider(providerID)
	if next == nil {
		j.fail("I3", "process %d lost everything that was known", p.id)
		return
	}
	for i := range j.w.fleet.Accounts {
		id := accountID(i)
		a, b := old.Account(id), next.Account(id)
		j.kept(p, i, "", a.Standing, b.Standing)
		for model, s := range a.Models {
			j.kept(p, i, model, s, b.Models[model])
		}
	}
	if next.PlaceAt < old.PlaceAt {
		j.fail("I3", "process %d moved the place in the round back", p.id)
	}
	for session, home := range old.Sessions {
		if next.Sessions[session].At < home.At && j.w.now.Sub(home.At) < core.Day {
			j.fail("I3", "process %d lost the home of session %s", p.id, session)
		}
	}
}

func (j *Judge) kept(p *process, i int, model string, old, next core.Standing) {
	what := accountID(i)
	if model != "" {
		what += " " + model
	}
	if next.At < old.At {
		j.fail("I3", "process %d lost what was known of %s", p.id, what)
		return
	}
	if next.Fault == "" || next.Until.IsZero() {
		return
	}
	longest := longestCooldown
	for _, plan := range j.w.fleet.Accounts {
		for _, w := range plan.Windows {
			if w.Length > core.Week {
				longest = longestMonth
			}
		}
	}
	if span := next.Until.Sub(next.At); span > longest+core.Second {
		j.fail("I8", "%s is benched for %d h", what, span/core.Hour)
	}
	if next.Fault == old.Fault && next.At > old.At && old.Until > next.At && next.Until < old.Until-1500 && next.Source == old.Source &&
		old.Source != core.FromDefault && (old.Source != core.FromWindow || j.spentUntil(i, model, old.Until)) &&
		(old.Source == core.FromWindow || p.known.blocked(i, model) >= old.Until-1500) &&
		// How long a login that cannot be renewed rests is each process's own guess.
		old.Fault != core.Unauthorized {
		j.fail("I8", "a repeat made the cooldown of %s end %d s earlier", what, old.Until.Sub(next.Until)/core.Second)
	}
}

// spentUntil says that an account is really spent until an end, and that its usage page has not said otherwise within a day: a later look
// at the windows may only take back what was never so.
func (j *Judge) spentUntil(i int, model string, end core.Time) bool {
	a := j.w.truth.accounts[i]
	w := a.spent(model)
	return w != nil && w.resets() >= end && j.w.now.Sub(a.lied) > core.Day
}

// usage: I7.
func (j *Judge) usage(p *process, change int) {
	p.reading += change
	if j.inFlight += change; change > 0 && j.inFlight > usagePerProvider {
		j.fail("I7", "%d usage reads at once, the last one by process %d", j.inFlight, p.id)
	}
}

// died: what was in flight with a process is over.
func (j *Judge) died(p *process) {
	j.inFlight -= p.reading
	p.reading = 0
}

// end: what can only be seen at the end.
func (j *Judge) end() {
	j.w.tokens.end(j)
	for end, by := range j.returns {
		different := map[core.Time]bool{}
		for _, until := range by {
			different[until] = true
		}
		if len(by) >= sharedBy && len(different) == 1 {
			j.fail("I7", "%d processes all come back at once at %d", len(by), int64(end.Sub(begin)))
		}
	}
	if j.w.open > 0 {
		j.fail("I2", "%d requests never got an answer", j.w.open)
	}
	// The budget of each process fills again, one retry in ten minutes.
	burst := retryBurst
	for _, o := range j.w.fleet.Outages {
		burst += int(o.For / (10 * core.Minute))
	}
	if most := int(retryShare*float64(j.outageRequests)) + burst*j.w.fleet.Processes; j.outageRetries > most {
		j.fail("I6", "%d requests during total outages were tried %d times more; at most %d", j.outageRequests, j.outageRetries, most)
	}
	for _, p := range j.w.procs {
		if p.alive && len(p.out) > 0 {
			j.fail("I5", "process %d still has %d leases out", p.id, len(p.out))
		}
	}
}
