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
		begin, open := strings.CutSuffix(one, "*")
		for _, code := range codes {
			if code == one || (open && strings.HasPrefix(code, begin)) {
				return true
			}
		}
	}
	return false
}

// says reports whether the sentences hold one of the phrases of a list as in FaultRule.Words.
func (e *evidence) says(list string) bool {
	for list != "" {
		var one string
		one, list, _ = strings.Cut(list, "|")
		first, second, both := strings.Cut(one, " … ")
		if !both {
			if strings.Contains(e.words, one) {
				return true
			}
			continue
		}
		if e.saysTogether(first, second) {
			return true
		}
	}
	return false
}

// sentence is the most that parts two phrases of one sentence, in bytes.
const sentence = 120

func (e *evidence) saysTogether(first, second string) bool {
	rest := e.words
	for n := 0; n < 8; n++ {
		i := strings.Index(rest, first)
		if i < 0 {
			return false
		}
		rest = rest[i+len(first):]
		said, _, _ := strings.Cut(cut(rest, sentence), ". ")
		if strings.Contains(said, second) {
			return true
		}
	}
	return false
}
