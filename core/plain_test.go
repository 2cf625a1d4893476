package core

import (
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/stretchr/testify/assert"
)

func TestForeignTextIsMadePlain(t *testing.T) {
	for text, want := range map[string]string{
		"as it is, é 日本 🔑":         "as it is, é 日本 🔑",
		"\ttwo\r\nlines ":          "two  lines",
		"a\x00b\x07c\x7fd\u0085e":  "abcde",
		"\x1b[31mred\x1b[0m":       "red",
		"\x1b[38;5;1mred\x1b[K":    "red",
		"\x1b]0;title\x07said":     "said",
		"\x1b]8;;http://x\x1b\\it": "it",
		"\x1b]8;;never ends":       "]8;;never ends",
		"\x1b[31":                  "[31",
		"\x1b(Bx":                  "(Bx",
		"\u202eevil\u200b\u2066":   "evil",
		"\ufeffx\u00ady\u061cz":    "xyz",
		"half \xe6\x97 rune":       "half  rune",
		" \u2028 ":                 "",
	} {
		assert.Equal(t, want, PlainLine(text, 100), "%q", text)
		assert.Equal(t, want, Plain(text, 100), "%q", text)
	}
	assert.Equal(t, "日…", PlainLine("日本", 5))
	assert.Equal(t, "日", Plain("日本", 5))
	assert.Equal(t, "a", Plain("a  b", 3))
	assert.Equal(t, "日本", PlainLine("日本", 6))
	assert.Equal(t, "…", PlainLine("日", 2))
	assert.Equal(t, "a.b_c-D9", PlainWord("a.b_c-D9 é\x1b\n"))
	assert.Len(t, PlainWord(strings.Repeat("a", 100)), 80)
}

func FuzzPlain(f *testing.F) {
	f.Add("\x1b[31mred\x1b[0m\r\n\u202e", 7)
	f.Add("half \xe6\x97", 3)
	f.Fuzz(func(t *testing.T, text string, most int) {
		most = min(max(most, 0), 300)
		once := Plain(text, most)
		if len(once) > most || !utf8.ValidString(once) || strings.ContainsAny(once, "\x1b\n\r\x00\u202e") {
			t.Fatalf("%q is made %q", text, once)
		}
		if again := Plain(once, most); again != once {
			t.Fatalf("%q is made %q and that %q", text, once, again)
		}
		if line := PlainLine(text, most); strings.TrimSuffix(line, "…") != line && len(line) > most+len("…") {
			t.Fatalf("%q is made %q", text, line)
		}
	})
}
