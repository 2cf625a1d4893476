package main

import (
	"container/heap"
	"hash/fnv"
	"math/rand/v2"
	"strconv"

	"pimultiauth/core"
)

// World is one run: a fleet, a seed and somebody who chooses accounts. It runs in one goroutine, and nothing in it hangs on anything
// but the fleet, the seed and the policy.
type World struct {
	fleet  *Fleet
	seed   int64
	random *rand.Rand
	now    core.Time
	end    core.Time
	queue  events
	last   int64

	truth  *Truth
	disk   *Disk
	tokens *tokens
	turns  []Turn
	driver driver
	procs  []*process
	judge  *Judge
	bug    *Bug
	// scramble draws how long effects take, so that their results come in any order; nil leaves them as they are.
	scramble *rand.Rand
	// homes are the accounts of sessions' last answers, -1 for none yet.
	homes []int
	open  int
	// stopped ends a world in which something runs wild.
	stopped bool
	score   Score
	trace   uint64
}

// driver is somebody who chooses accounts.
type driver interface {
	// begin takes on a request; it ends with World.served or World.refused.
	begin(r *request)
}

// request is a turn under way.
type request struct {
	turn     *Turn
	began    core.Time
	attempts int
	tried    []int
	account  int
	// waited is the time that passed neither in attempts nor before the first one could be made.
	waited core.Duration
	// asked is when the policy was last given the word.
	asked   core.Time
	emitted bool
	proc    *process
	done    bool
	// outage says that an attempt failed because of the provider and not of the account.
	outage bool
	// failed is the account that failed last and failedAt when, -1 for none.
	failed   int
	failedAt core.Time
	// sent is the credential of the last attempt.
	sent string
	// again counts how often Pi itself has asked anew.
	again int
}

// Score is what a run came to. Sums of runs are made field by field.
type Score struct {
	Turns, Served, Refused, Avoidable, Lost int
	// Used is what our requests used of the quota, Taken what others did, Asked what was wanted and Unserved what was refused of it.
	Used, Taken, Asked, Unserved float64
	// Optimum is what a clairvoyant could have used.
	Optimum                    float64
	Attempts, Wasted, Switches int
	// Kept of Warm turns that could have stayed on a warm account did.
	Kept, Warm int
	// Cold are the tokens that were sent where no cache was warm, Tokens all.
	Cold, Tokens float64
	// UsageReads counts readings of usage pages, Redeemed renewals of logins, Unauthorized attempts with a credential that was no good.
	UsageReads, Redeemed, Unauthorized int
	Writes                             int
	Steps                              int
}

// Add joins another run.
func (s *Score) Add(o Score) {
	s.Turns += o.Turns
	s.Served += o.Served
	s.Refused += o.Refused
	s.Avoidable += o.Avoidable
	s.Lost += o.Lost
	s.Used += o.Used
	s.Taken += o.Taken
	s.Asked += o.Asked
	s.Unserved += o.Unserved
	s.Optimum += o.Optimum
	s.Attempts += o.Attempts
	s.Wasted += o.Wasted
	s.Switches += o.Switches
	s.Kept += o.Kept
	s.Warm += o.Warm
	s.Cold += o.Cold
	s.Tokens += o.Tokens
	s.UsageReads += o.UsageReads
	s.Redeemed += o.Redeemed
	s.Unauthorized += o.Unauthorized
	s.Writes += o.Writes
	s.Steps += o.Steps
}

// QuotaShare is what was used of what could have been: 1 is the clairvoyant optimum.
func (s Score) QuotaShare() float64 { return share(s.Used, s.Optimum) }

// AvoidableShare is the share of turns that were refused although some account had quota.
func (s Score) AvoidableShare() float64 { return share(float64(s.Avoidable), float64(s.Turns)) }

// WarmShare is the share of turns that stayed on their warm account when nothing forced a move.
func (s Score) WarmShare() float64 {
	if s.Warm == 0 {
		return 1
	}
	return share(float64(s.Kept), float64(s.Warm))
}

func share(a, b float64) float64 {
	if b <= 0 {
		return 1
	}
	return a / b
}

// NewWorld makes the world of a seed; its driver is to be set.
func NewWorld(f *Fleet, seed int64) *World {
	w := &World{fleet: f, seed: seed, random: newRandom(seed, 1), now: begin, end: begin.Add(core.Duration(f.Days) * core.Day),
		truth: NewTruth(f, seed), disk: newDisk(), turns: turns(f, seed), trace: fnvOffset}
	w.tokens = newTokens(w)
	sessions := 0
	for _, t := range w.turns {
		sessions = max(sessions, t.Session+1)
	}
	w.homes = make([]int, sessions)
	for i := range w.homes {
		w.homes[i] = -1
	}
	return w
}

// Run lives the whole time and answers the score.
func (w *World) Run() Score {
	next := 0
	for {
		if next < len(w.turns) && (len(w.queue) == 0 || w.turns[next].At <= w.queue[0].at) {
			t := &w.turns[next]
			next++
			w.now = max(w.now, t.At)
			w.ask(t)
			continue
		}
		if w.stopped || len(w.queue) == 0 || (next >= len(w.turns) && w.open == 0 && w.end.Before(w.queue[0].at)) || w.queue[0].at > w.end.Add(core.Day) {
			break
		}
		e := heap.Pop(&w.queue).(event)
		w.now = max(w.now, e.at)
		e.run()
	}
	for _, a := range w.truth.accounts {
		w.truth.catchUp(a, w.end)
	}
	w.score.Taken = w.truth.taken
	w.score.Writes = w.disk.writes
	if w.judge != nil {
		w.judge.end()
	}
	return w.score
}

func (w *World) ask(t *Turn) {
	w.score.Turns++
	w.score.Asked += t.Cost
	w.open++
	w.driver.begin(&request{turn: t, began: w.now, asked: w.now, account: -1})
}

// attempt asks an account with a credential and answers when the attempt is over. Without a credential the right one is taken.
func (w *World) attempt(r *request, account int, credential string, at core.Time, over func(Reply)) {
	if at <= w.now {
		w.send(r, account, credential, over)
		return
	}
	w.after(at.Sub(w.now), func() { w.send(r, account, credential, over) })
}

func (w *World) send(r *request, account int, credential string, over func(Reply)) {
	r.attempts++
	r.account = account
	w.score.Attempts++
	home := w.homes[r.turn.Session]
	if r.attempts == 1 && r.again == 0 && home >= 0 && w.truth.Warm(home, r.turn.Session, w.now) && w.truth.Could(home, r.turn.Model, w.now) {
		w.score.Warm++
		if home == account {
			w.score.Kept++
		}
	}
	warm := w.truth.Warm(account, r.turn.Session, w.now)
	var reply Reply
	if credential == "" || w.tokens.good(account, credential) {
		reply = w.truth.Serve(account, r.turn, w.now)
	} else {
		reply = failure(401, `{"error":{"type":"authentication_error","message":"invalid or expired credential"}}`, 200*core.Millisecond)
		w.score.Unauthorized++
	}
	if reply.Outcome.OK {
		w.score.Tokens += float64(r.turn.Prompt)
		if !warm {
			w.score.Cold += float64(r.turn.Prompt)
		}
	}
	if reply.Refused != "" {
		w.score.Wasted++
	}
	if reply.Outcome.OK || reply.Outcome.Aborted {
		w.score.Used += reply.Credit
	}
	w.mark(1, int64(account), int64(r.turn.Session), int64(r.attempts))
	w.after(reply.Took, func() { over(reply) })
}

// served ends a request well.
func (w *World) served(r *request, account int) {
	w.open--
	r.done = true
	w.score.Served++
	if home := w.homes[r.turn.Session]; home >= 0 && home != account {
		w.score.Switches++
	}
	w.homes[r.turn.Session] = account
	w.mark(2, int64(account), int64(r.turn.Session), 0)
}

// refused ends a request with an error. Pi asks again by itself, three times within 14 s, when the error is worded for it.
func (w *World) refused(r *request, retry bool) {
	r.done = true
	if retry && r.again < 3 {
		w.mark(6, int64(r.turn.Session), int64(r.again), 0)
		w.after(2*core.Second<<r.again, func() {
			w.driver.begin(&request{turn: r.turn, began: w.now, asked: w.now, account: -1, again: r.again + 1})
		})
		return
	}
	w.open--
	w.score.Refused++
	w.score.Unserved += r.turn.Cost
	if w.truth.AnyCould(r.turn.Model, w.now) {
		w.score.Avoidable++
	}
	w.mark(3, int64(r.turn.Session), 0, 0)
}

// lost ends a request whose process is gone.
func (w *World) lost(r *request) {
	if !r.done {
		w.open--
		r.done = true
		w.score.Lost++
	}
}

const fnvOffset = 14695981039346656037

// mark adds something that happened to the trace.
func (w *World) mark(values ...int64) {
	w.fold(int64(w.now))
	for _, v := range values {
		w.fold(v)
	}
}

func (w *World) fold(v int64) {
	for i := 0; i < 8; i++ {
		w.trace = (w.trace ^ uint64(byte(v>>(8*i)))) * 1099511628211
	}
}

func (w *World) markText(text string) {
	h := fnv.New64a()
	_, _ = h.Write([]byte(text))
	w.fold(int64(h.Sum64()))
}

// event is something that is going to happen.
type event struct {
	at  core.Time
	seq int64
	run func()
}

type events []event

func (q events) Len() int { return len(q) }
func (q events) Less(i, j int) bool {
	if q[i].at != q[j].at {
		return q[i].at < q[j].at
	}
	return q[i].seq < q[j].seq
}
func (q events) Swap(i, j int) { q[i], q[j] = q[j], q[i] }
func (q *events) Push(x any)   { *q = append(*q, x.(event)) }
func (q *events) Pop() any {
	old := *q
	e := old[len(old)-1]
	old[len(old)-1] = event{}
	*q = old[:len(old)-1]
	return e
}

func (w *World) after(d core.Duration, run func()) {
	w.last++
	heap.Push(&w.queue, event{w.now.Add(max(d, 0)), w.last, run})
}

func accountID(i int) string {
	if i == 0 {
		return providerID
	}
	return providerID + "-" + strconv.Itoa(i)
}

func accountIndex(id string) int {
	if id == providerID {
		return 0
	}
	if len(id) > len(providerID)+1 && id[:len(providerID)+1] == providerID+"-" {
		if n, err := strconv.Atoi(id[len(providerID)+1:]); err == nil {
			return n
		}
	}
	return -1
}
