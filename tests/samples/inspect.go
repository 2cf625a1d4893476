package samples

import (
	"bufio"
	"encoding/json"
	"io/fs"
	"math"
	"strings"
)

// Inspected is a line of a *.jsonl file of samples: what it shows, what inspect is asked and what it answers.
type Inspected struct {
	Shows string
	In    json.RawMessage
	Out   map[string]any
}

// ReadInspected reads the samples of every file that a pattern of a directory names.
func ReadInspected(dir fs.FS, patterns ...string) ([]Inspected, error) {
	var all []Inspected
	for _, pattern := range patterns {
		names, err := fs.Glob(dir, pattern)
		if err != nil {
			return nil, err
		}
		for _, name := range names {
			text, err := fs.ReadFile(dir, name)
			if err != nil {
				return nil, err
			}
			lines := bufio.NewScanner(strings.NewReader(string(text)))
			lines.Buffer(nil, 1<<20)
			for lines.Scan() {
				var s Inspected
				if err := json.Unmarshal(lines.Bytes(), &s); err != nil {
					return nil, err
				}
				all = append(all, s)
			}
		}
	}
	return all, nil
}

// Meets reports whether an answer is what a sample wants. "*" is anything, true any text that is not empty (or true itself), "~a" a text
// with a in it; a field that a sample leaves out may be anything.
func Meets(want, got any) bool {
	switch w := want.(type) {
	case string:
		g, ok := got.(string)
		if part, some := strings.CutPrefix(w, "~"); some {
			return ok && strings.Contains(g, part)
		}
		return w == "*" || (ok && w == g)
	case bool:
		text, ok := got.(string)
		return got == w || (w && ok && text != "")
	case float64:
		g, ok := got.(float64)
		return ok && math.Abs(w-g) < 1e-6
	case map[string]any:
		g, ok := got.(map[string]any)
		for name, value := range w {
			ok = ok && Meets(value, g[name])
		}
		return ok
	case []any:
		g, ok := got.([]any)
		ok = ok && len(w) == len(g)
		for i := range w {
			ok = ok && Meets(w[i], g[i])
		}
		return ok
	}
	return want == got
}
