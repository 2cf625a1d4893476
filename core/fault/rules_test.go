package fault

import (
	"strings"
	"testing"

	"pimultiauth/core"
)

// TestRulesAskSomething keeps a slip of the pen, an empty phrase, from holding for everything; and codes and phrases are compared in
// lower case, as they are gathered.
func TestRulesAskSomething(t *testing.T) {
	lists := map[string][]core.FaultRule{
		"first": commonFirst, "429": tooManyRules, "429 then": afterWindows, "401": unauthorizedRules, "402": paymentRules, "402 last": paymentLast,
		"403": forbiddenRules, "404": missingRules, "400": rejectedRules, "400 model": unknownModel, "words": withoutStatus, "words then": withoutStatusThen,
	}
	for name, rules := range lists {
		for i, r := range rules {
			wellFormed(t, name, i, r)
		}
	}
	for _, list := range []string{waitWords, againWords, instantWords + "|", fillers, forModelWords, longLimits, threats} {
		for _, phrase := range strings.Split(strings.TrimSuffix(list, "|"), "|") {
			if list != instantWords+"|" && phrase == "" {
				t.Errorf("an empty phrase in %.40q", list)
			}
		}
	}
	for _, s := range spans {
		for _, phrase := range strings.Split(s.words, "|") {
			if phrase == "" {
				t.Errorf("an empty phrase in %.40q", s.words)
			}
		}
	}
}

func wellFormed(t *testing.T, name string, i int, r core.FaultRule) {
	t.Helper()
	for _, list := range []string{r.Words, r.Unless} {
		if list == "" {
			continue
		}
		for _, phrase := range strings.Split(list, "|") {
			if strings.TrimSpace(phrase) == "" || phrase != strings.ToLower(phrase) {
				t.Errorf("%s, rule %d: phrase %q", name, i, phrase)
			}
			if first, second, both := strings.Cut(phrase, " … "); both && (first == "" || second == "") {
				t.Errorf("%s, rule %d: phrase %q", name, i, phrase)
			}
		}
	}
	if r.Codes != "" {
		for _, code := range strings.Split(r.Codes, " ") {
			if code == "" || code == "*" || code != strings.ToLower(code) {
				t.Errorf("%s, rule %d: code %q", name, i, code)
			}
		}
	}
	if r.Kind == "" && r.Cause != "" {
		t.Errorf("%s, rule %d: a limit says its cause itself", name, i)
	}
}
