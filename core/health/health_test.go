package health_test

import (
	"math"
	"math/rand"
	"testing"

	"github.com/stretchr/testify/assert"

	"pimultiauth/core"
	"pimultiauth/core/health"
)

const now = core.Time(1_800_000_000_000)

func after(outcomes string) health.Score {
	var s health.Score
	for i, c := range outcomes {
		s = s.Add(now.Add(core.Duration(i)*core.Second), c == '+')
	}
	return s
}

func TestScores(t *testing.T) {
	for _, tt := range []struct {
		name, outcomes string
		want           float64
	}{
		{"nobody knows anything", "", 0.6},
		{"four answers are too few to tell", "++++", 0.6},
		{"four failures are too few to tell", "----", 0.6},
		{"five answers are full health", "+++++", 1},
		{"five failures are none", "-----", 0},
		{"half and half", "-----+++++", 0.5},
	} {
		t.Run(tt.name, func(t *testing.T) {
			s := after(tt.outcomes)
			assert.InDelta(t, tt.want, s.Value(now.Add(core.Duration(len(tt.outcomes))*core.Second)), 0.01)
		})
	}
}

func TestItForgetsWithAHalfLife(t *testing.T) {
	s := after("----------")
	assert.Zero(t, s.Value(now.Add(10*core.Second)))
	later := now.Add(9*core.Second + health.HalfLife)
	again := s.Add(later, true)
	assert.InDelta(t, 5, again.Bad, 0.02)
	assert.Equal(t, health.Neutral, s.Value(now.Add(4*health.HalfLife)), "an idle account returns to neutral")
	assert.Equal(t, health.Neutral, s.Value(now.Add(1000*core.Day)))
}

func TestSlownessIsJudgedBesideTheModel(t *testing.T) {
	s := after("++++++++++")
	at := now.Add(10 * core.Second)
	as := s.Waited(30*core.Second, 30*core.Second)
	assert.InDelta(t, 1, as.Value(at), 0.001, "half a minute is no fault where all take as long")
	slow := s.Waited(8*core.Second, core.Second)
	assert.InDelta(t, 0.8, slow.Value(at), 0.001, "slowness alone costs a fifth at most")
	assert.Equal(t, s, s.Waited(0, core.Second))
	assert.Equal(t, s, s.Waited(core.Second, 0))
}

func TestScoresStayInBounds(t *testing.T) {
	r := rand.New(rand.NewSource(1))
	for range 2000 {
		var s health.Score
		at := now
		for range r.Intn(40) {
			at = at.Add(core.Duration(r.Int63n(int64(3*core.Hour)) - int64(core.Hour)))
			s = s.Add(at, r.Intn(2) == 0).Waited(core.Duration(r.Intn(9000)-100), core.Duration(r.Intn(3000)))
			v := s.Value(at)
			assert.True(t, v >= 0 && v <= 1 && !math.IsNaN(v), "%v", s)
			assert.False(t, s.Good < 0 || s.Bad < 0 || math.IsNaN(s.Good))
		}
	}
}

func TestPaceFollowsTheUsual(t *testing.T) {
	var p health.Pace
	for range 50 {
		p = p.Add(1000)
	}
	assert.Equal(t, core.Duration(1000), p.Usual)
	p = p.Add(60_000)
	assert.Less(t, p.Usual, core.Duration(9000), "one long wait is no new usual")
	assert.Equal(t, p, p.Add(0))
}
