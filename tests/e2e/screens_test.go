package e2e_test

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"pimultiauth/tests/pis"
	"pimultiauth/tests/vendor"
)

// now waits until what is seen, and nothing that has scrolled away, has all the parts.
func (s *stage) now(screen *pis.Screen, parts ...string) string {
	s.Helper()
	text, err := screen.Now(parts...)
	require.NoError(s, err)
	return text
}

func TestWhileEverythingRestsACountdownRunsAndEscStopsIt(t *testing.T) {
	both(t, completions, func(s *stage) {
		s.keys("demo", "key-a", "demo-1", "key-b")
		s.vendor.Script("key-a", vendor.Limited(15), vendor.Step{Text: "back at work"})
		s.vendor.Script("key-b", vendor.Limited(50))
		screen := s.screen()
		s.types(screen, "hello there")
		s.shows(screen, "all accounts are resting; demo is back in")
		s.shows(screen, "back at work")
		s.vendor.Script("key-a", vendor.Limited(40))
		s.types(screen, "hello again")
		s.shows(screen, "is back in")
		require.NoError(s, screen.Press("Escape"))
		s.shows(screen, "aborted")
		assert.NoError(s, screen.Without("is back in"))
	})
}

func TestTheFooterSaysWhoAnswers(t *testing.T) {
	both(t, completions, func(s *stage) {
		require.NoError(s, s.home.Write("multi-auth.json", `{"version":2,"providers":{"demo":{"accounts":{"demo":{"settings":{"label":{"at":1,"value":"Work"}}}}}}}`))
		s.vendor.Script("key-a", vendor.Step{Text: "an answer"})
		screen := s.screen()
		s.now(screen, "demo 3 of 3 ready")
		s.types(screen, "hello there")
		s.shows(screen, "an answer")
		text := s.now(screen, "Work")
		assert.NotContains(s, text, "3 of 3 ready")
	})
}

func TestTheFooterCanBeSwitchedOff(t *testing.T) {
	both(t, completions, func(s *stage) {
		require.NoError(s, s.home.Write("multi-auth-config.json", `{"footer":false}`))
		s.vendor.Script("key-a", vendor.Step{Text: "an answer without a footer"})
		screen := s.screen()
		s.types(screen, "hello there")
		text := s.shows(screen, "an answer without a footer")
		assert.NotContains(s, text, "3 of 3 ready")
	})
}
