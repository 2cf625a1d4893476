package view

import "pimultiauth/core"

// longestForeign bounds foreign text in a sentence, in bytes.
const longestForeign = 300

// Clean makes foreign text safe to stand in a row or in a sentence.
func Clean(text string) string { return core.PlainLine(text, longestForeign) }
