package store

import (
	"sort"
	"strings"

	"github.com/tidwall/gjson"

	"pimultiauth/core"
)

// maxDepth bounds how deep containers are merged; what lies deeper is taken whole.
const maxDepth = 16

// Merge joins two texts of the state file.
//
// An object without a number "at" is a container: the join has the fields of both sides. Everything else is a leaf, and of two
// leaves the one with the later "at" stays, of equals the one whose text sorts later. A leaf beats a container. So the join is
// commutative, associative and idempotent, whatever the fields are called: what a newer version wrote survives an older one.
// A text that is no object counts as empty.
func Merge(a, b string) string {
	return string(appendMerged(nil, object(a), object(b), 0))
}

// object answers the text of an object, "{}" for anything else.
func object(text string) string {
	text = strings.TrimPrefix(text, "\ufeff")
	if !gjson.Valid(text) {
		return "{}"
	}
	r := gjson.Parse(text)
	if !r.IsObject() {
		return "{}"
	}
	return r.Raw
}

type field struct {
	key string
	raw string
}

// fields lists an object's fields sorted by key; of a repeated key the last one counts, as in JSON.parse.
func fields(raw string) []field {
	var out []field
	gjson.Parse(raw).ForEach(func(key, value gjson.Result) bool {
		out = append(out, field{key.String(), value.Raw})
		return true
	})
	sort.SliceStable(out, func(i, j int) bool { return out[i].key < out[j].key })
	kept := out[:0]
	for i, f := range out {
		if i+1 < len(out) && out[i+1].key == f.key {
			continue
		}
		kept = append(kept, f)
	}
	return kept
}

func isContainer(raw string) bool {
	return strings.HasPrefix(raw, "{") && gjson.Get(raw, "at").Type != gjson.Number
}

func appendMerged(out []byte, a, b string, depth int) []byte {
	if !isContainer(a) || !isContainer(b) || depth >= maxDepth {
		return append(out, later(a, b)...)
	}
	left, right := fields(a), fields(b)
	out = append(out, '{')
	first := true
	begin := func(key string) {
		if !first {
			out = append(out, ',')
		}
		first = false
		out = append(core.AppendQuoted(out, key), ':')
	}
	for len(left) > 0 || len(right) > 0 {
		switch {
		case len(right) == 0 || (len(left) > 0 && left[0].key < right[0].key):
			begin(left[0].key)
			out = appendCanonical(out, left[0].raw, depth+1)
			left = left[1:]
		case len(left) == 0 || right[0].key < left[0].key:
			begin(right[0].key)
			out = appendCanonical(out, right[0].raw, depth+1)
			right = right[1:]
		default:
			begin(left[0].key)
			out = appendMerged(out, left[0].raw, right[0].raw, depth+1)
			left, right = left[1:], right[1:]
		}
	}
	return append(out, '}')
}

// appendCanonical writes a value that stands on one side only the way a join with itself would.
func appendCanonical(out []byte, raw string, depth int) []byte {
	return appendMerged(out, raw, raw, depth)
}

// later picks one of two values of which at least one is a leaf.
func later(a, b string) string {
	ca, cb := isContainer(a), isContainer(b)
	if ca != cb {
		if ca {
			return b
		}
		return a
	}
	ta, tb := learnedAt(a), learnedAt(b)
	switch {
	case ta > tb:
		return a
	case tb > ta:
		return b
	case a > b:
		return a
	}
	return b
}

// learnedAt is the "at" of a leaf, 0 when it has none.
func learnedAt(raw string) float64 {
	if !strings.HasPrefix(raw, "{") {
		return 0
	}
	return gjson.Get(raw, "at").Num
}
