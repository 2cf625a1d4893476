package engine

import (
	"github.com/tidwall/gjson"

	"pimultiauth/core"
	"pimultiauth/core/pool"
)

const (
	// toldEvery is how long decisions are gathered before they leave for the disk, toldAtMost how many bytes of them.
	toldEvery  = core.Second
	toldAtMost = 64 << 10
)

// decide picks an account for a request and keeps the decision for the log.
func (e *Engine) decide(r *request, p *pool.Pool, at core.Time) pool.Pick {
	return e.diary.Decide(p, r.ask(at), r.seed)
}

// keepDiary begins to keep decisions, or ends it.
func (e *Engine) keepDiary(wanted bool) {
	switch {
	case !wanted:
		e.diary = nil
	case e.diary == nil:
		e.diary = &pool.Diary{}
	}
}

// tell sends the decisions of the last second off, or those that there are at the last tick.
func (e *Engine) tell(turn *core.Turn, at core.Time, last bool) {
	if e.diary == nil || e.diary.Len() == 0 || (!last && e.diary.Len() < toldAtMost && at.Sub(e.toldAt) < toldEvery && at >= e.toldAt) {
		return
	}
	e.toldAt = at
	turn.Effects = append(turn.Effects, e.effect(core.Effect{File: &core.File{Op: "append", Name: "decisions", Delta: core.Secret(e.diary.Take())}}))
}

// inspectReplay makes the decisions of a log again.
func (e *Engine) inspectReplay(q gjson.Result) string {
	text, decisions := pool.Replay(q.Get("text").String(), func(id string) core.Provider { return e.catalogue[id] })
	return (&core.Object{}).Int("decisions", int64(decisions)).String("text", text).Text()
}
