package e2e_test

import (
	"testing"

	"github.com/stretchr/testify/assert"

	"pimultiauth/tests/pis"
	"pimultiauth/tests/vendor"
)

func TestPiStartedByBun(t *testing.T) {
	both(t, completions, func(s *stage) {
		s.home.Node = pis.Bun()
		if s.home.Node == "" {
			s.Skip("bun is not there")
		}
		s.vendor.Script("key-a", vendor.Limited(60))
		ran := s.say()
		assert.Equal(s, 0, ran.Code, ran.Err)
		assert.Equal(s, "ok\n", ran.Out, ran.Err)
		assert.Empty(s, ran.Err)
		assert.Equal(s, []string{"key-a", "key-b"}, s.vendor.Keys())
		s.home.Node = ""
		ran = s.say()
		assert.Equal(s, "ok\n", ran.Out)
		assert.NotContains(s, s.vendor.Keys()[2:], "key-a", "a Pi in Node knows what the one in Bun has learnt")
		s.home.Node = pis.Bun()
		s.vendor.Script("key-b", vendor.Limited(60))
		assert.Contains(s, s.prompt(s.rpc(), "hello"), `"text":"ok"`)
		assert.Equal(s, "key-c", s.vendor.Keys()[len(s.vendor.Keys())-1])
		status := s.run("-p", "/multi-auth status")
		assert.Contains(s, status.Out, "rate limited")
	})
}
