package e2e_test

import (
	"net/http"
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

// TestEscStopsWhatTheEditorRuns stops a check that a service never answers: by Esc, at once, and the person reads that it was stopped.
func TestEscStopsWhatTheEditorRuns(t *testing.T) {
	vendors(t, func(s *stage) {
		s.clock()
		s.entries(key2("groq", firstKey))
		left := make(chan struct{})
		s.vendor.Route("api.groq.com/openai/v1/models", vendor.Step{Raw: func(_ http.ResponseWriter, r *http.Request) {
			<-r.Context().Done()
			close(left)
		}})
		screen := s.screenOf(lifeModel)
		s.types(screen, "/multi-auth check groq")
		s.eventually("the service is asked", func() bool { return len(s.vendor.Asked()) == 1 })
		require.NoError(s, screen.Press("Escape"))
		s.now(screen, "Stopped: 1 of 1 not checked.")
		<-left
		// The key is the editor's again: a line that is typed stays, and Esc in it stops nothing.
		require.NoError(s, screen.Letters("/multi-auth st"))
		s.now(screen, "→ status")
		require.NoError(s, screen.Press("Escape"))
		require.NoError(s, screen.Without("→ status"))
		assert.Len(s, s.vendor.Asked(), 1)
	})
}

// TestTheFooterFollowsCommands sees the count of the footer change with what a command did.
func TestTheFooterFollowsCommands(t *testing.T) {
	both(t, completions, func(s *stage) {
		screen := s.screen()
		s.now(screen, "demo 3 of 3 ready")
		s.types(screen, "/multi-auth pause demo-2")
		s.now(screen, "demo 2 of 3 ready")
		s.types(screen, "/multi-auth")
		s.now(screen, "▸   demo ")
		require.NoError(s, screen.Press("p"))
		s.now(screen, "p resume")
		require.NoError(s, screen.Press("Escape"))
		s.now(screen, "demo 1 of 3 ready")
	})
}

// TestAWordThatIsWholeIsTaken types the name of an account that others' begin with: Enter means that one and not the next.
func TestAWordThatIsWholeIsTaken(t *testing.T) {
	both(t, completions, func(s *stage) {
		screen := s.screen()
		s.types(screen, "/multi-auth pause demo")
		s.now(screen, "demo: paused, so nothing is sent")
		s.types(screen, "/multi-auth log")
		s.now(screen, "No decisions are kept yet.")
	})
}
