package view_test

import (
	"testing"

	"github.com/stretchr/testify/assert"

	"pimultiauth/core"
	"pimultiauth/core/view"
)

func TestGlanceIsShortAndSaysHowOldItIs(t *testing.T) {
	at := core.Time(1_800_000_000_000)
	usage := core.Usage{At: at.Add(-4 * core.Minute), Windows: []core.Window{
		{Name: "5h", Used: 38, Known: true, ResetsAt: at.Add(core.Hour)}, {Name: "7d", Used: 12, Known: true}, {Name: "7d", Model: "m", Used: 99, Known: true},
	}}
	for want, a := range map[string]*view.Account{
		"demo 2 of 3 ready":        nil,
		"work 62% ~4m":             {Label: "work", Standing: core.StandingReady, Usage: usage},
		"work":                     {Label: "work", Standing: core.StandingReady},
		"work resting 42 s":        {Label: "work", Standing: core.StandingCooling, Until: at.Add(42 * core.Second)},
		"work needs you":           {Label: "work", Standing: core.StandingSuspended},
		"someone-with-a-very-lon…": {Label: "someone-with-a-very-long@name.example", Standing: core.StandingReady},
	} {
		assert.Equal(t, want, view.Glance("demo", a, 3, 2, at))
	}
}

func TestOffersFollowTheCommand(t *testing.T) {
	of := func(kind, within string) []view.Named {
		return map[string][]view.Named{
			"P": {{Word: "demo"}, {Word: "other"}}, "Q": {{Word: "fresh"}}, "H": {{Word: "gone"}}, "N": {{Word: "team-" + within}},
			"A": {{Word: "Work"}, {Word: "demo-10"}, {Word: "demo-1"}}, "R": {{Word: "demo"}, {Word: "Work"}},
		}[kind]
	}
	offers := func(last string, parts ...string) []string {
		var out []string
		for _, row := range view.Offers(parts, last, of).Rows {
			out = append(out, row.Cells[0])
		}
		return out
	}
	assert.Contains(t, offers(""), "forecast")
	assert.Equal(t, []string{"status"}, offers("sta"))
	assert.Contains(t, offers("un"), "unhide")
	assert.Equal(t, []string{"demo", "other"}, offers("", "status"))
	assert.Nil(t, offers("demo", "status"), "a word that is there already is not offered")
	assert.Equal(t, []string{"log", "login"}, offers("log"), "what was typed stands before what it begins: Enter takes the first")
	assert.Equal(t, []string{"demo-1", "demo-10"}, offers("demo-1", "remove"))
	assert.Equal(t, []string{"Work"}, offers("work", "remove"))
	assert.Equal(t, []string{"fresh"}, offers("", "add"))
	assert.Equal(t, []string{"--from-env", "--file"}, offers("--f", "add", "fresh"))
	assert.Equal(t, []string{"Work"}, offers("w", "use"), "upper and lower case alike")
	assert.Equal(t, []string{"--strict", "--json"}, offers("--", "use", "Work"))
	assert.Equal(t, []string{"demo-10", "demo-1"}, offers("", "pause", "Work"), "any number, each once")
	assert.Contains(t, offers("", "set", "Work"), "base-url")
	assert.Equal(t, []string{"on", "off"}, offers("", "set", "Work", "reserve"))
	assert.Nil(t, offers("", "set", "Work", "priority"))
	assert.Contains(t, offers("", "mode", "demo"), "balancer")
	assert.Equal(t, []string{"Work", "demo-10", "demo-1"}, offers("", "order", "demo"))
	assert.Equal(t, []string{"team-demo"}, offers("", "pool", "demo"))
	assert.Contains(t, offers("", "pool", "demo", "team"), "drop")
	assert.Equal(t, []string{"gone"}, offers("", "unhide"))
	assert.Nil(t, offers("", "nonsense"))
}

func TestAMovedSessionIsToldWhy(t *testing.T) {
	at := core.Time(1_800_000_000_000)
	assert.Equal(t, "demo: b answers now; a: rate limited, until 08:00:42 (42 s).", view.Moved("demo", "a", "b", "rate limited", false, at.Add(42*core.Second), at, 0))
	assert.Equal(t, "demo: b answers now, because it is pinned.", view.Moved("demo", "a", "b", "", true, 0, at, 0))
	assert.Equal(t, "demo: b answers now instead of a, as the mode chose.", view.Moved("demo", "a", "b", "", false, 0, at, 0))
}
