package core

import (
	"strings"
	"unicode/utf8"
)

// Foreign text is made plain before anybody sees or keeps it: PlainLine for what is said to people, Said for what a service says of a
// request of ours, Plain for what is kept and compared, PlainWord for codes. Redact takes secrets out of it beside that.

// PlainLine makes foreign text one line of at most most bytes that a terminal can be shown: no escape sequences, no control characters,
// no marks that turn the direction of writing, nothing without a width. An ellipsis shows that it was cut.
func PlainLine(text string, most int) string {
	if text = plain(text); len(text) > most {
		text = cutPlain(text, most) + "…"
	}
	return text
}

// Plain is PlainLine without an ellipsis: what it answers it answers again.
func Plain(text string, most int) string {
	if text = plain(text); len(text) > most {
		text = strings.TrimSpace(cutPlain(text, most))
	}
	return text
}

// Said is what a service says for people to read: a plain line without the secrets that services echo, those given and those that look
// like one.
func Said(text string, most int, secrets ...Secret) string {
	return PlainLine(Redact(plain(text), secrets), most)
}

// PlainWord keeps letters, digits and "._-" of a foreign code, at most 80 of them.
func PlainWord(code string) string {
	word := strings.Map(func(r rune) rune {
		if r < utf8.RuneSelf && (isAlnum(byte(r)) || r == '.' || r == '_' || r == '-') {
			return r
		}
		return -1
	}, code)
	return word[:min(len(word), 80)]
}

func plain(text string) string {
	return strings.TrimSpace(strings.Map(plainRune, withoutEscapes(text)))
}

// plainRune keeps what has a width and a direction of its own; ends of lines and tabs become blanks.
func plainRune(r rune) rune {
	switch {
	case r == '\n' || r == '\r' || r == '\t':
		return ' '
	case r < 0x20, r >= 0x7f && r < 0xa0, r == 0xad, r == 0x61c, r >= 0x200b && r <= 0x200f, r >= 0x2028 && r <= 0x202e,
		r >= 0x2060 && r <= 0x206f, r == 0xfeff, r == utf8.RuneError:
		return -1
	}
	return r
}

// cutPlain cuts between two characters.
func cutPlain(text string, most int) string {
	for most > 0 && !utf8.RuneStart(text[most]) {
		most--
	}
	return text[:most]
}

// withoutEscapes takes the sequences of ECMA-48 out that end: those of a terminal's cursor and colours, and those that set its title or
// its clipboard. Of one that does not end its escape alone goes, with the other control characters.
func withoutEscapes(text string) string {
	if strings.IndexByte(text, 0x1b) < 0 {
		return text
	}
	var out strings.Builder
	for {
		before, after, found := strings.Cut(text, "\x1b")
		out.WriteString(before)
		if !found {
			return out.String()
		}
		text = after
		switch {
		case strings.HasPrefix(after, "["):
			if end := strings.IndexFunc(after[1:], func(r rune) bool { return r < 0x20 || r >= 0x40 }); end >= 0 {
				_, n := utf8.DecodeRuneInString(after[1+end:])
				text = after[1+end+n:]
			}
		case strings.HasPrefix(after, "]"):
			if end := strings.IndexAny(after, "\x07\x1b"); end >= 0 {
				text = strings.TrimPrefix(strings.TrimPrefix(after[end:], "\x07"), "\x1b\\")
			}
		}
	}
}
