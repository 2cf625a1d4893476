package e2e_test

import (
	"fmt"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"

	"pimultiauth/tests/pis"
)

// trapped makes calls of the module trap, numbered from the first of a process.
func (s *stage) trapped(from, to int) {
	s.home.Env = append(s.home.Env, "NODE_OPTIONS=--import="+filepath.Join(pis.Root(), "tests", "e2e", "trap.mjs"),
		fmt.Sprint("TRAP_FROM=", from), fmt.Sprint("TRAP_TO=", to))
}

func TestPiAnswersWhereverTheCoreDies(t *testing.T) {
	both(t, completions, func(s *stage) {
		died := 0
		// Nine calls or so are a rehearsal's, wherever they fall, and nobody is told that it ended.
		for n := 1; n <= 20; n++ {
			s.trapped(n, n)
			ran := s.say()
			assert.Equal(s, 0, ran.Code, "call %d: %s", n, ran.Err)
			assert.Equal(s, "ok\n", ran.Out, "call %d: %s", n, ran.Err)
			assert.LessOrEqual(s, strings.Count(ran.Err, "pi-multi-auth"), 2, "call %d is said once, with what it cost: %s", n, ran.Err)
			if ran.Err != "" {
				died++
			}
		}
		assert.Greater(s, died, 3, "that many calls are made at all")
	})
}

func TestACoreThatDiesOfEveryCallLeavesStockPi(t *testing.T) {
	both(t, completions, func(s *stage) {
		s.trapped(1, 1_000_000)
		ran := s.say()
		assert.Equal(s, "ok\n", ran.Out, ran.Err)
		assert.Contains(s, ran.Err, "pi-multi-auth")
		assert.Equal(s, []string{"key-a"}, s.vendor.Keys())
		assert.NotContains(s, ran.Err, "    at ")
	})
}
