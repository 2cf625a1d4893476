package fault

import (
	"strconv"
	"strings"

	"pimultiauth/core"
)

// holds reports whether a rule is about this failure.
func (e *evidence) holds(r *core.FaultRule) bool {
	if r.Status != "" && !e.answered(r.Status) {
		return false
	}
	if r.Unless != "" && e.says(r.Unless) {
		return false
	}
	switch {
	case r.Codes == "" && r.Words == "":
		return true
	case r.Codes != "" && e.has(r.Codes):
		return true
	}
	return r.Words != "" && e.says(r.Words)
}

// answered reports whether the status is one of a list as in FaultRule.Status.
func (e *evidence) answered(list string) bool {
	status := "0"
	if e.status >= 400 {
		status = strconv.Itoa(e.status)
	}
	for list != "" {
		var one string
		one, list, _ = strings.Cut(list, " ")
		if one == status || (len(one) == 3 && one[1:] == "xx" && one[0] == status[0]) {
			return true
		}
	}
	return false
}

// has reports whether the body or a header gives one of the codes of a list as in FaultRule.Codes.
func (e *evidence) has(list string) bool { return listed(e.codes, list) || listed(e.headerCodes, list) }

func listed(codes []string, list string) bool {
	if len(codes) == 0 {
		return false
	}
	for list != "" {
		var one string
		one, list, _ = strings.Cut(list, " ")
		for _, code := range codes {
			if sameCode(code, one) {
				return true
			}
		}
	}
	return false
}

// sameCode compares a code with one of a list. rate_limit_exceeded, rate-limit-exceeded and RateLimitExceeded are the same name.
func sameCode(code, known string) bool {
	i := 0
	for k := 0; k < len(known); k++ {
		for i < len(code) && parts(code[i]) {
			i++
		}
		switch c := known[k]; {
		case c == '*':
			return true
		case parts(c):
		case i == len(code) || code[i] != c:
			return false
		default:
			i++
		}
	}
	for i < len(code) && parts(code[i]) {
		i++
	}
	return i == len(code)
}

func parts(c byte) bool { return c == '_' || c == '-' || c == ' ' }

// says reports whether the sentences hold one of the phrases of a list as in FaultRule.Words.
func (e *evidence) says(list string) bool {
	for list != "" {
		var one string
		one, list, _ = strings.Cut(list, "|")
		if together(e.words, one) {
			return true
		}
	}
	return false
}

// sentence is the most that parts two phrases of one sentence, in bytes.
const sentence = 120

// together reports whether words hold the parts of a phrase one behind the other, in one sentence where there are several.
func together(words, phrase string) bool {
	first, then, more := strings.Cut(phrase, " … ")
	for n := 0; n < 8; n++ {
		i := strings.Index(words, first)
		if i < 0 {
			return false
		}
		if !more {
			return true
		}
		words = words[i+len(first):]
		said, _, _ := strings.Cut(cut(words, sentence), ". ")
		if together(said, then) {
			return true
		}
	}
	return false
}
