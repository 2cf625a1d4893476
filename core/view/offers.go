package view

import (
	"strings"

	"pimultiauth/core"
)

// words are what may stand behind a command, a step each: "P" is a provider, "A" an account, "A*" any number of them, "M" a mode, "N" a
// pool or a chain, "W" a command; anything else is a list of words or flags parted by "|".
var words = core.Table{
	{"status", "P"}, {"why", "P"}, {"forecast", "P"}, {"glance", "P"}, {"auto", "P"}, {"usage", "P"}, {"check", "R"}, {"hide", "P"}, {"unhide", "H"},
	{"add", "Q --unchecked|--stdin|--from-env|--file|--account|--name"}, {"login", "Q --account"}, {"remove", "A* --yes"}, {"pause", "A* --why"}, {"resume", "A*"},
	{"use", "A --strict"}, {"rename", "A"}, {"order", "P A*"}, {"mode", "P M"},
	{"set", "A base-url|header|note|overage|pool|priority|projects|reserve on|off"},
	{"pool", "P N add|drop|mode|priority|max|health|cooldown|backoff|remove A*"}, {"chain", "N on|map|attempts|remove"},
	{"help", "keys"}, {"doctor", "--fix"}, {"import", "claude-code|codex|gh|opencode|cliproxyapi|peer"}, {"simulate", "--mode"},
}

// Named is something people call by a word: a provider, an account, a pool.
type Named struct {
	Word  string
	About string
}

// Offers are the words that may come next in a line that is being typed; parts are those that stand there already, and last is the one
// that has begun. of names what there is: by "P", "Q", "H", "A" and "N" as above; within is the provider that was named.
//
// A word that is whole stands first where others begin with it, because Pi takes the first offer when Enter is pressed; alone it is no
// offer, unless its letters are to change.
func Offers(parts []string, last string, of func(kind, within string) []Named) *core.View {
	v := &core.View{}
	whole := Named{}
	for _, x := range following(parts, last, of) {
		switch {
		case named(parts, x.Word) || !strings.HasPrefix(strings.ToLower(x.Word), strings.ToLower(last)):
		case strings.EqualFold(x.Word, last):
			whole = x
		default:
			v.Rows = append(v.Rows, core.Row{Cells: []string{x.Word, x.About}})
		}
	}
	if whole.Word != "" && (len(v.Rows) > 0 || whole.Word != last) {
		v.Rows = append([]core.Row{{Cells: []string{whole.Word, whole.About}}}, v.Rows...)
	}
	return v
}

// following are all words of the kind that comes next, whatever has begun.
func following(parts []string, last string, of func(kind, within string) []Named) []Named {
	var all []Named
	give := func(word, about string) { all = append(all, Named{Word: word, About: about}) }
	if len(parts) == 0 {
		for _, line := range helps {
			for _, one := range strings.Split(line[0], ", ") {
				for _, each := range strings.Split(one, " / ") {
					word, _, _ := strings.Cut(each, " ")
					give(word, line[1])
				}
			}
		}
		return all
	}
	steps := strings.Fields(words.Of(parts[0]))
	at := 0
	within := ""
	for _, word := range parts[1:] {
		if strings.HasPrefix(word, "--") {
			continue
		}
		if at == 0 {
			within = word
		}
		if at < len(steps) && steps[at] != "A*" {
			at++
		}
	}
	if strings.HasPrefix(last, "-") {
		for _, step := range steps {
			if strings.HasPrefix(step, "--") {
				for _, flag := range strings.Split(step, "|") {
					give(flag, "")
				}
			}
		}
		give("--json", "")
		return all
	}
	if at >= len(steps) {
		return all
	}
	switch step := strings.TrimSuffix(steps[at], "*"); step {
	case "P", "Q", "H", "A", "N", "R":
		for _, x := range of(step, within) {
			give(x.Word, x.About)
		}
	case "M":
		for _, m := range Modes {
			give(string(m.Mode), m.Text)
		}
		give("default", "the configuration's, or the provider's own")
	default:
		if strings.HasPrefix(step, "--") {
			break
		}
		for _, word := range strings.Split(step, "|") {
			if word != "on" && word != "off" || parts[len(parts)-1] == "reserve" || parts[len(parts)-1] == "overage" || parts[0] == "chain" {
				give(word, "")
			}
		}
	}
	return all
}

func named(parts []string, word string) bool {
	for _, part := range parts {
		if part == word {
			return true
		}
	}
	return false
}
