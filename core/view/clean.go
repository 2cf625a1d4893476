package view

import "strings"

// longestForeign bounds foreign text in a sentence, in bytes.
const longestForeign = 300

// Clean makes foreign text safe to stand in a row: no controls, no escape sequences, nothing that turns the direction of writing or has
// no width, one line of at most 300 bytes.
func Clean(text string) string {
	text = strings.Map(func(r rune) rune {
		switch {
		case r == '\n' || r == '\r' || r == '\t':
			return ' '
		case r < 0x20 || r >= 0x7f && r < 0xa0 || r == 0xfeff || r == 0xfffd,
			r >= 0x200b && r <= 0x200f, r >= 0x202a && r <= 0x202e, r >= 0x2060 && r <= 0x2069:
			return -1
		}
		return r
	}, text)
	if len(text) > longestForeign {
		text = strings.ToValidUTF8(text[:longestForeign], "") + "…"
	}
	return text
}
