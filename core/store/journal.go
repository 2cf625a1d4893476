package store

import (
	"strings"

	"github.com/tidwall/gjson"

	"pimultiauth/core"
)

// Recall joins what the journal last knew of a file of ours into its tree: lines {"known":file,"delta":…} and {"pending":file,"delta":…},
// the latter being changes that could not be written at their time. A line that is cut off, because its writer died, is passed over.
func Recall(journal, file string, t *Tree) {
	for journal != "" {
		line := journal
		if end := strings.IndexByte(journal, '\n'); end >= 0 {
			line, journal = journal[:end], journal[end+1:]
		} else {
			journal = ""
		}
		if len(line) < 2 || !core.IsJSON(line) {
			continue
		}
		if gjson.Get(line, "known").String() == file || gjson.Get(line, "pending").String() == file {
			t.Join(gjson.Get(line, "delta").Raw)
		}
	}
}
