package e2e_test

import (
	"fmt"
	"net/http/httptest"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"github.com/tidwall/gjson"

	"pimultiauth/core/store"
	"pimultiauth/tests/token"
	"pimultiauth/tests/vendor"
)

// corp is a stage with one login of that provider which has ended, in an entry that the older pi-multi-auth left.
func corp(s *stage, tokens *token.Server) {
	server := httptest.NewServer(tokens)
	s.Cleanup(server.Close)
	s.beside(true, "corp", fmt.Sprintf(token.Provider, s.vendor.URL+"/v1", server.URL))
	granted := tokens.Grant("corp-1")
	s.entries(fmt.Sprintf(`{"corp-1":{"type":"oauth","access":%q,"refresh":%q,"expires":1000}}`, granted.Access, granted.Refresh))
}

// owned is the access token of corp-1 as our accounts file holds it.
func (s *stage) owned() string {
	for _, account := range store.Parse(s.home.Read("multi-auth-accounts.json")).Accounts() {
		if account.ID == "corp-1" {
			return gjson.Get(account.Credential.Reveal(), "access").String()
		}
	}
	return ""
}

func TestALoginThatHasEndedIsRenewedOnceByManyPis(t *testing.T) {
	both(t, completions, func(s *stage) {
		tokens := token.New()
		tokens.Latency = 100 * time.Millisecond
		corp(s, tokens)
		granted, _ := tokens.Current("corp-1")
		next := "access-corp-1-2-2"
		s.vendor.Script(granted, vendor.BadKey())
		s.vendor.Script(next, vendor.Step{})
		var wait sync.WaitGroup
		for range 3 {
			wait.Add(1)
			go func() {
				defer wait.Done()
				ran, err := s.home.Run(s.pi, "--model", "corp/model-1", "-p", "hello")
				assert.NoError(s, err)
				assert.Equal(s, "ok\n", ran.Out, ran.Err)
			}()
		}
		wait.Wait()
		calls, refused := tokens.Calls()
		assert.Equal(s, 1, calls)
		assert.Zero(s, refused)
		assert.Equal(s, []string{next, next, next}, s.vendor.Keys())
		assert.Equal(s, next, s.owned(), "the entry is an account of ours by now")
	})
}

func TestAPiThatIsToldToEndKeepsWhatItRedeems(t *testing.T) {
	both(t, completions, func(s *stage) {
		tokens := token.New()
		tokens.Latency = 300 * time.Millisecond
		corp(s, tokens)
		command := s.home.Command(s.Context(), s.pi, "--model", "corp/model-1", "-p", "hello")
		require.NoError(s, command.Start())
		s.eventually("the renewal has begun", func() bool { return tokens.Asked() > 0 })
		require.NoError(s, command.Process.Signal(syscall.SIGTERM))
		_ = command.Wait()
		current, turn := tokens.Current("corp-1")
		require.Equal(s, 2, turn, "what was begun comes to its end")
		assert.Equal(s, current, s.owned())
	})
}
