package store

import (
	"sort"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/tidwall/gjson"

	"pimultiauth/core"
)

// maxDepth bounds how deep containers are joined; what lies deeper is taken whole.
const maxDepth = 16

// latest bounds the times that count: a clock that was years ahead must not decide for ever.
const latest = 1e14

// Tree is a file of ours as a value to which changes are joined; a change costs what it changes, not what the file holds.
//
// An object without a number "at" is a container: the join has the fields of both sides. Everything else is a leaf, and of two
// leaves the one with the later "at" stays, of equals the one whose text sorts later. A leaf beats a container. So the join is
// commutative, associative and idempotent, whatever the fields are called: what a newer version wrote survives an older one.
// The zero value is an empty file.
type Tree struct {
	root node
	text string
}

// node is a leaf when raw is set, else a container whose fields are sorted by key.
type node struct {
	raw string
	// stamp is the "at" of a leaf; 0 when it has none that can be true.
	stamp  float64
	fields []field
}

type field struct {
	key string
	node
}

// Change names what a join changed. An empty Part or Key stands for everything below what is named.
type Change struct {
	// Provider is "" for what belongs to none; Part is the field of the file or of the provider.
	Provider string
	Part     string
	Key      string
}

// Parse reads a text. One that is no object counts as empty.
func Parse(text string) *Tree {
	t := &Tree{}
	t.Join(text)
	return t
}

// Merge joins two texts.
func Merge(a, b string) string {
	t := Parse(a)
	t.Join(b)
	return t.Text()
}

// Join joins a text, and answers what it changed.
func (t *Tree) Join(text string) []Change { return t.JoinChecked(object(text)) }

// JoinChecked is Join for a text that Check found good.
func (t *Tree) JoinChecked(text string) []Change {
	r := reader{text: strings.TrimPrefix(text, "\ufeff")}
	r.space()
	if r.at == len(r.text) {
		return nil
	}
	j := joining{}
	if n, _ := r.object(0); t.root.join(n, &j, 0) {
		t.text = ""
	}
	return j.changes
}

// Text writes the tree, the same for equal trees.
func (t *Tree) Text() string {
	if t.text == "" {
		t.text = string(t.root.append(make([]byte, 0, 256)))
	}
	return t.text
}

// Known reports whether anything but a version was joined.
func (t *Tree) Known() bool {
	for _, f := range t.root.fields {
		if f.raw == "" && len(f.fields) > 0 {
			return true
		}
	}
	return false
}

// At is when the leaf at a path was written; zero when there is none.
func (t *Tree) At(path ...string) core.Time {
	n := &t.root
	for _, key := range path {
		n = n.get(key)
	}
	return n.at()
}

// After is at, or the next instant after the leaf at a path was written: what a person changes now counts, whatever clock wrote before.
func (t *Tree) After(at core.Time, path ...string) core.Time {
	if before := t.At(path...); at <= before {
		return before + 1
	}
	return at
}

// object answers the text of an object, "{}" for anything else.
func object(text string) string {
	text = strings.TrimPrefix(text, "\ufeff")
	if !core.IsJSON(text) {
		return "{}"
	}
	r := gjson.Parse(text)
	if !r.IsObject() {
		return "{}"
	}
	return r.Raw
}

// reader goes once over valid JSON.
type reader struct {
	text string
	at   int
}

func (r *reader) space() {
	for r.at < len(r.text) && r.text[r.at] <= ' ' {
		r.at++
	}
}

// quoted goes past a string and reports whether it holds an escape.
func (r *reader) quoted() (escaped bool) {
	for r.at++; r.text[r.at] != '"'; r.at++ {
		if r.text[r.at] == '\\' {
			escaped = true
			r.at++
		}
	}
	r.at++
	return escaped
}

// value reads a value, which begins here. An object is a container unless it has a number "at" or lies too deep. The outermost one is
// always a container.
func (r *reader) value(depth int) node {
	start := r.at
	stamp := 0.0
	switch r.text[start] {
	case '"':
		r.quoted()
	case '[':
		r.list()
	case '{':
		n, leaf := r.object(depth)
		if !leaf {
			return n
		}
		stamp = n.stamp
	default:
		for r.at < len(r.text) && strings.IndexByte(",]} \t\r\n", r.text[r.at]) < 0 {
			r.at++
		}
	}
	return node{raw: r.text[start:r.at], stamp: stamp}
}

// list goes past a list.
func (r *reader) list() {
	for depth := 0; ; {
		switch r.text[r.at] {
		case '"':
			r.quoted()
			continue
		case '[', '{':
			depth++
		case ']', '}':
			depth--
		}
		r.at++
		if depth == 0 {
			return
		}
	}
}

// object reads an object's fields, or the stamp alone of a leaf. Of a repeated key the last one counts, as in JSON.parse.
func (r *reader) object(depth int) (n node, leaf bool) {
	start := r.at
	if depth >= maxDepth {
		r.list()
		return node{stamp: learnedAt(r.text[start:r.at])}, true
	}
	n, leaf = r.fields(depth, true)
	if !leaf && n.stamp != 0 {
		r.at = start
		n, _ = r.fields(depth, false)
	}
	if !leaf {
		n.stamp = 0
	}
	return n, leaf
}

// fields reads on to the end of an object. Leaves of ours begin with their stamp, and their fields are not kept where that is hoped for;
// a stamp of what is no leaf then says that the hope was vain.
func (r *reader) fields(depth int, hopeful bool) (n node, leaf bool) {
	sorted, keep := true, true
	r.at++
	for r.space(); r.text[r.at] != '}'; r.space() {
		start := r.at
		escaped := r.quoted()
		name := r.text[start+1 : r.at-1]
		if escaped {
			name = gjson.Parse(r.text[start:r.at]).Str
		}
		if !utf8.ValidString(name) {
			// As it will be written.
			name = string([]rune(name))
		}
		r.space()
		r.at++
		r.space()
		first := r.text[r.at]
		value := r.value(depth + 1)
		if name == "at" {
			if leaf = depth > 0 && (first == '-' || first >= '0' && first <= '9'); leaf {
				n.stamp = stampOf(value.raw)
			}
			keep = keep && !(leaf && hopeful && n.stamp != 0)
		}
		if keep {
			if last := len(n.fields) - 1; last >= 0 && n.fields[last].key >= name {
				sorted = false
			}
			n.fields = append(n.fields, field{name, value})
		}
		if r.space(); r.text[r.at] == ',' {
			r.at++
		}
	}
	r.at++
	if leaf || sorted {
		return n, leaf
	}
	sort.SliceStable(n.fields, func(i, j int) bool { return n.fields[i].key < n.fields[j].key })
	kept := n.fields[:0]
	for i, f := range n.fields {
		if i+1 == len(n.fields) || n.fields[i+1].key != f.key {
			kept = append(kept, f)
		}
	}
	n.fields = kept
	return n, false
}

// get finds a field of a container; the answer is an empty container when there is none.
func (n *node) get(key string) *node {
	if i := n.find(key); i < len(n.fields) && n.fields[i].key == key {
		return &n.fields[i].node
	}
	return &node{}
}

func (n *node) find(key string) int {
	return sort.Search(len(n.fields), func(i int) bool { return n.fields[i].key >= key })
}

// joining remembers where a join is and what it has changed.
type joining struct {
	path    [4]string
	changes []Change
}

func (j *joining) changed(depth int) {
	var c Change
	path := j.path[:min(depth, len(j.path))]
	if len(path) > 1 && path[0] == "providers" {
		c.Provider, path = path[1], path[2:]
	}
	if len(path) > 0 {
		c.Part = path[0]
	}
	if len(path) > 1 {
		c.Key = path[1]
	}
	if n := len(j.changes); n == 0 || j.changes[n-1] != c {
		j.changes = append(j.changes, c)
	}
}

// join brings b into n and reports whether that changed it.
func (n *node) join(b node, j *joining, depth int) bool {
	if n.raw != "" || b.raw != "" {
		if n.raw == b.raw || n.beats(b) {
			return false
		}
		*n = b
		j.changed(depth)
		return true
	}
	changed := false
	grown := 0
	for i := range b.fields {
		key := b.fields[i].key
		if depth < len(j.path) {
			j.path[depth] = key
		}
		if at := n.find(key); at < len(n.fields) && n.fields[at].key == key {
			changed = n.fields[at].join(b.fields[i].node, j, depth+1) || changed
			continue
		}
		grown++
		changed = true
		j.changed(depth + 1)
	}
	if grown > 0 {
		n.grow(b.fields, grown)
	}
	return changed
}

// grow takes in the fields that n does not have.
func (n *node) grow(more []field, count int) {
	out := make([]field, 0, len(n.fields)+count)
	i := 0
	for _, f := range more {
		for i < len(n.fields) && n.fields[i].key < f.key {
			out = append(out, n.fields[i])
			i++
		}
		if i == len(n.fields) || n.fields[i].key != f.key {
			out = append(out, f)
		}
	}
	n.fields = append(out, n.fields[i:]...)
}

// beats orders two values of which at least one is a leaf.
func (n *node) beats(b node) bool {
	if n.raw == "" || b.raw == "" {
		return n.raw != ""
	}
	if n.stamp != b.stamp {
		return n.stamp > b.stamp
	}
	return n.raw > b.raw
}

func (n *node) append(out []byte) []byte {
	if n.raw != "" {
		return append(out, n.raw...)
	}
	out = append(out, '{')
	for i := range n.fields {
		if i > 0 {
			out = append(out, ',')
		}
		out = append(core.AppendQuoted(out, n.fields[i].key), ':')
		out = n.fields[i].append(out)
	}
	return append(out, '}')
}

// learnedAt is the "at" of a leaf, 0 when it has none that can be true.
func learnedAt(raw string) float64 {
	if raw == "" || raw[0] != '{' {
		return 0
	}
	at := 0.0
	gjson.Parse(raw).ForEach(func(key, value gjson.Result) bool {
		if key.Str == "at" {
			at = value.Num
		}
		return true
	})
	return plausible(at)
}

func plausible(at float64) float64 {
	if at > 0 && at <= latest {
		return at
	}
	return 0
}

// stampOf reads a number.
func stampOf(raw string) float64 {
	n := int64(0)
	for i := 0; i < len(raw); i++ {
		c := raw[i] - '0'
		if c > 9 || i > 15 {
			at, _ := strconv.ParseFloat(raw, 64)
			return plausible(at)
		}
		n = n*10 + int64(c)
	}
	return plausible(float64(n))
}
