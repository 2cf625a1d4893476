package quota_test

import (
	"testing"

	"github.com/stretchr/testify/assert"

	"pimultiauth/core"
	"pimultiauth/core/quota"
)

const now = core.Time(1_800_000_000_000)

func weekly(used float64, ahead core.Duration) *core.Window {
	return &core.Window{Name: "weekly", Used: used, Known: true, Length: core.Week, ResetsAt: now.Add(ahead)}
}

func TestScarcity(t *testing.T) {
	at := func(w *core.Window, age core.Duration) int64 { return quota.At(w, now, now.Add(age), 0).Scarcity() }
	assert.EqualValues(t, quota.Neutral, at(weekly(50, core.Week/2), 0), "half used at half time is even pace")
	assert.Less(t, at(weekly(10, core.Hour), 0), at(weekly(10, core.Day), 0), "what is lost sooner goes first")
	assert.Greater(t, at(weekly(99, 6*core.Day), 0), int64(10*quota.Neutral))
	assert.EqualValues(t, quota.Neutral, at(&core.Window{Name: "weekly"}, 0), "unknown is neither full nor empty")
	assert.EqualValues(t, quota.Neutral, at(weekly(99, 6*core.Day), 3*core.Day), "what was seen long ago fades to unknown")
	assert.EqualValues(t, quota.Neutral, at(weekly(100, core.Hour), 2*core.Hour), "after its reset it is full again")
	assert.EqualValues(t, quota.Neutral, at(&core.Window{Name: "5h", Known: true}, 0), "one that begins with its first use has all its time")
}

func TestSpent(t *testing.T) {
	until, spent := quota.Spent(weekly(100, core.Hour), now, now)
	assert.True(t, spent)
	assert.Equal(t, now.Add(core.Hour), until)
	_, spent = quota.Spent(weekly(100, core.Hour), now, now.Add(core.Hour))
	assert.False(t, spent, "at its reset it is not spent any more")
	_, spent = quota.Spent(weekly(99.6, core.Hour), now, now)
	assert.False(t, spent, "nearly is not quite")
	w := weekly(100, 0)
	w.ResetsAt = 0
	_, spent = quota.Spent(w, now, now.Add(6*core.Minute))
	assert.False(t, spent, "without a reset it is believed for minutes")
}

func TestWhatCounts(t *testing.T) {
	assert.True(t, quota.Counts(&core.Window{}, "claude-opus-4", ""))
	assert.True(t, quota.Counts(&core.Window{Model: "Opus"}, "claude-opus-4", ""))
	assert.True(t, quota.Counts(&core.Window{Model: "Claude Opus"}, "claude-opus-4", ""), "a name for people means the id")
	assert.False(t, quota.Counts(&core.Window{Model: "opus"}, "claude-sonnet-4", ""))
	assert.True(t, quota.Counts(&core.Window{Model: "premium"}, "glm-5.1", "premium"))
	assert.False(t, quota.Counts(&core.Window{Aside: true}, "m", ""))
}

func TestAMeterLearnsWhatWorkTakes(t *testing.T) {
	var m quota.Meter
	usage := func(at core.Time, used float64) *core.Usage {
		w := *weekly(used, core.Day)
		return &core.Usage{At: at, Windows: []core.Window{w}}
	}
	m.Look(usage(now, 10))
	m.Worked(100_000)
	m.Look(usage(now+1, 20))
	assert.Zero(t, m.Own(weekly(20, core.Day)), "nothing was done since the look")
	m.Worked(50_000)
	assert.EqualValues(t, 50, m.Own(weekly(20, core.Day)), "as much again takes half as much")
	m.Look(usage(now, 90))
	assert.EqualValues(t, 50, m.Own(weekly(20, core.Day)), "an older look teaches nothing")
}

func TestRunsOut(t *testing.T) {
	f := quota.RunsOut(weekly(50, 5*core.Day), now)
	assert.True(t, f.Earliest < f.Latest && f.Latest < now.Add(5*core.Day))
	assert.InDelta(t, float64(now.Add(2*core.Day)), float64(f.Earliest), float64(6*core.Hour))
	assert.True(t, quota.RunsOut(weekly(10, core.Day), now).Lasts, "nothing is forecast past the reset")
	assert.Equal(t, quota.Forecast{}, quota.RunsOut(&core.Window{Name: "weekly", Known: true}, now))
	f = quota.RunsOut(weekly(1, 7*core.Day-core.Hour), now)
	assert.True(t, f.Latest.IsZero() && !f.Lasts, "one percent may be none: no false alarm of minutes")
}
