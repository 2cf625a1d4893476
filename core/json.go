package core

import (
	"math"
	"strconv"
	"unicode/utf8"
)

const hexDigits = "0123456789abcdef"

// AppendQuoted appends s as a JSON string. Bytes that are no UTF-8 become U+FFFD.
func AppendQuoted(b []byte, s string) []byte {
	b = append(b, '"')
	for i := 0; i < len(s); {
		c := s[i]
		if c < utf8.RuneSelf {
			switch {
			case c == '"' || c == '\\':
				b = append(b, '\\', c)
			case c == '\n':
				b = append(b, '\\', 'n')
			case c < 0x20 || c == 0x7f:
				b = append(b, '\\', 'u', '0', '0', hexDigits[c>>4], hexDigits[c&15])
			default:
				b = append(b, c)
			}
			i++
			continue
		}
		r, n := utf8.DecodeRuneInString(s[i:])
		b = utf8.AppendRune(b, r)
		i += n
	}
	return append(b, '"')
}

// Object writes a JSON object field by field, in the order of the calls.
type Object struct {
	b []byte
}

func (o *Object) key(name string) {
	if len(o.b) == 0 {
		o.b = append(o.b, '{')
	} else {
		o.b = append(o.b, ',')
	}
	o.b = append(AppendQuoted(o.b, name), ':')
}

// String adds a string.
func (o *Object) String(name, value string) *Object {
	o.key(name)
	o.b = AppendQuoted(o.b, value)
	return o
}

// Int adds a whole number.
func (o *Object) Int(name string, value int64) *Object {
	o.key(name)
	o.b = strconv.AppendInt(o.b, value, 10)
	return o
}

// Float adds a number with at most three decimals.
func (o *Object) Float(name string, value float64) *Object {
	o.key(name)
	o.b = strconv.AppendFloat(o.b, math.Round(value*1000)/1000, 'f', -1, 64)
	return o
}

// Bool adds a truth value.
func (o *Object) Bool(name string, value bool) *Object {
	o.key(name)
	o.b = strconv.AppendBool(o.b, value)
	return o
}

// TimeOrNull adds an instant in epoch milliseconds, null for none.
func (o *Object) TimeOrNull(name string, t Time) *Object {
	if t.IsZero() {
		return o.Raw(name, "null")
	}
	return o.Int(name, int64(t))
}

// StringOrNull adds a string, null for "".
func (o *Object) StringOrNull(name, value string) *Object {
	if value == "" {
		return o.Raw(name, "null")
	}
	return o.String(name, value)
}

// Raw adds a value that is JSON already.
func (o *Object) Raw(name, value string) *Object {
	o.key(name)
	o.b = append(o.b, value...)
	return o
}

// Text is the whole object; "{}" when nothing was added.
func (o *Object) Text() string {
	if len(o.b) == 0 {
		return "{}"
	}
	return string(o.b) + "}"
}

// Array joins values that are JSON already.
func Array(items []string) string {
	b := []byte{'['}
	for i, item := range items {
		if i > 0 {
			b = append(b, ',')
		}
		b = append(b, item...)
	}
	return string(append(b, ']'))
}

// Quoted writes texts as a JSON list.
func Quoted(list []string) string {
	items := make([]string, len(list))
	for i, s := range list {
		items[i] = string(AppendQuoted(nil, s))
	}
	return Array(items)
}
