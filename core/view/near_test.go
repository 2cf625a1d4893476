package view

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
)

func TestAMistypedWordIsGuessed(t *testing.T) {
	for _, c := range []struct{ word, want string }{
		{"stauts", "status"}, {"STATUS", "status"}, {"forcast", "forecast"}, {"unpause", ""}, {"x", ""}, {"", ""},
		{"renam", "rename"}, {"logn", "login"}, {"bogus", ""}, {strings.Repeat("s", 41), ""},
		{"sue", "use"}, {"ues", "use"}, {"lgo", "log"}, {"eus", ""}, {"su", ""},
	} {
		g := NewGuess(c.word)
		for _, word := range []string{"status", "forecast", "rename", "login", "log", "use", strings.Repeat("s", 50)} {
			g.Try(word)
		}
		want := ""
		if c.want != "" {
			want = "Did you mean " + c.want + "? "
		}
		assert.Equal(t, want, g.Ask(""), c.word)
	}
	assert.Equal(t, 3, apart("kitten", "sitting"))
	assert.Equal(t, 4, apart("", "four"))
	assert.Equal(t, 2, apart("abcd", "badc"), "two pairs have changed places")
	assert.Equal(t, 3, apart("ca", "abc"), "what stands between them was not there before")
}
