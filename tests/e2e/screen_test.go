package e2e_test

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"pimultiauth/tests/pis"
	"pimultiauth/tests/vendor"
)

// screen starts Pi in a terminal.
func (s *stage) screen() *pis.Screen {
	s.Helper()
	return s.screenOf("demo/model-1")
}

func (s *stage) screenOf(model string) *pis.Screen {
	s.Helper()
	if !pis.HasTerminals() {
		s.Skip("tmux is not installed")
	}
	screen, err := s.home.StartScreen(s.pi, "--model", model)
	require.NoError(s, err)
	s.Cleanup(screen.Close)
	s.shows(screen, model[strings.Index(model, "/")+1:])
	return screen
}

func (s *stage) types(screen *pis.Screen, line string) {
	s.Helper()
	require.NoError(s, screen.Type(line))
}

func (s *stage) shows(screen *pis.Screen, parts ...string) string {
	s.Helper()
	text, err := screen.Until(parts...)
	require.NoError(s, err)
	return text
}

func TestInTheTUIAHidden429AndBothCommands(t *testing.T) {
	both(t, completions, func(s *stage) {
		s.vendor.Script("key-a", vendor.Limited(3600))
		s.vendor.Script("key-b", vendor.Step{Text: "the second account speaks"})
		screen := s.screen()
		s.types(screen, "hello there")
		text := s.shows(screen, "the second account speaks")
		assert.NotContains(s, text, "429")
		assert.NotContains(s, text, "Rate limit")
		assert.Equal(s, []string{"key-a", "key-b"}, s.vendor.Keys())
		s.types(screen, "/multi-auth status")
		s.shows(screen, "resting", "(429)", "demo-2")
		s.types(screen, "/multi-auth why")
		s.shows(screen, "already failed this request")
		assert.Len(s, s.vendor.Keys(), 2, "commands ask nobody")
	})
}

func TestInTheTUIAnAnswerThatBreaksOffStartsAnewInPlace(t *testing.T) {
	both(t, completions, func(s *stage) {
		s.vendor.Script("key-a", vendor.Step{Drop: true, AfterText: "half of the ans"})
		s.vendor.Script("key-b", vendor.Step{Text: "the whole answer"})
		screen := s.screen()
		s.types(screen, "hello there")
		text := s.shows(screen, "the whole answer", "starts anew")
		assert.NotContains(s, text, "half of the ans", "what was broken is replaced")
		assert.Equal(s, []string{"key-a", "key-b"}, s.vendor.Keys())
	})
}

func TestInTheTUINothingIsReplayedAfterAToolCallBegan(t *testing.T) {
	both(t, completions, func(s *stage) {
		s.vendor.Script("key-a", vendor.Step{Drop: true, AfterText: "half of the ans", Tool: true})
		s.vendor.Script("key-b", vendor.Step{Text: "the whole answer"})
		screen := s.screen()
		s.types(screen, "hello there")
		text := s.shows(screen, "the whole answer")
		assert.NotContains(s, text, "starts anew", "Pi itself asks again and shows that it does")
		assert.Equal(s, []string{"key-a", "key-b"}, s.vendor.Keys())
	})
}

func TestInTheTUIEscapeStopsAtOnce(t *testing.T) {
	both(t, completions, func(s *stage) {
		s.vendor.Script("key-a", vendor.Step{Hang: true, AfterText: "thinking about it"})
		screen := s.screen()
		s.types(screen, "hello there")
		s.shows(screen, "thinking about it")
		require.NoError(s, screen.Press("Escape"))
		s.shows(screen, "aborted")
		assert.Equal(s, []string{"key-a"}, s.vendor.Keys())
		assert.NotContains(s, s.home.Read("multi-auth.json"), "fault")
	})
}
