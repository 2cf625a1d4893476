// Package samples reads the samples of failures that lie beside the providers: providers/testdata/faults/<provider>.txt. A file of no
// provider's name, such as clients.txt, holds what any of them may answer. A sample is
//
//	# what it shows
//	429 a-model                 the status, "-" for none, and the model that was asked, where it matters
//	@another-provider           where it is not the file's
//	at: 2026-07-01T00:00:00Z    when it was read, where that is not Now
//	retry-after: 30             headers of the response
//	{"error":{…}}               the body, to the next line that begins another part; "body: …" for one that is not JSON, SSE or a page
//	text: …                     what Pi's adapter said, to the last line
//	= kind scope verdict end source
//
// End is what lies between reading and the end in seconds, an instant in RFC 3339, or "-" for none.
package samples

import (
	"fmt"
	"io/fs"
	"path"
	"regexp"
	"strconv"
	"strings"

	"pimultiauth/core"
)

// Now is 2026-01-15T10:00:00Z, a Thursday in the winter of the Pacific.
const Now core.Time = 1768471200000

// Sample is one outcome and what it should be read as.
type Sample struct {
	Name     string
	Provider string
	Model    string
	At       core.Time
	Outcome  core.Outcome
	Want     Reading
}

// Reading is what a sample expects, as text.
type Reading struct {
	Kind, Scope, Verdict, End, Source string
}

func (r Reading) String() string {
	return strings.Join([]string{r.Kind, r.Scope, r.Verdict, r.End, r.Source}, " ")
}

// Told is a fault as samples write it.
func Told(f core.Fault, at core.Time) Reading {
	end := "-"
	if !f.Until.IsZero() {
		end = strconv.FormatFloat(float64(f.Until.Sub(at))/1000, 'f', -1, 64)
	}
	return Reading{string(f.Kind), string(f.Scope), string(f.Verdict), end, string(f.Source)}
}

var header = regexp.MustCompile(`^[A-Za-z][A-Za-z0-9_-]*: `)

// Read reads all files of a directory, in the order of their names.
func Read(dir fs.FS) ([]Sample, error) {
	var all []Sample
	files, err := fs.Glob(dir, "*.txt")
	if err != nil {
		return nil, err
	}
	for _, file := range files {
		text, err := fs.ReadFile(dir, file)
		if err != nil {
			return nil, err
		}
		some, err := Parse(strings.TrimSuffix(path.Base(file), ".txt"), string(text))
		if err != nil {
			return nil, fmt.Errorf("%s: %w", file, err)
		}
		all = append(all, some...)
	}
	return all, nil
}

// Parse reads one file; provider is whose it is.
func Parse(provider, text string) ([]Sample, error) {
	const (
		outside = iota
		first
		headers
		body
		words
	)
	var all []Sample
	var s Sample
	part := outside
	for n, line := range strings.Split(text, "\n") {
		broken := func(why string) error { return fmt.Errorf("line %d: %s: %q", n+1, why, line) }
		switch {
		case part == outside && line == "":
		case part == outside && strings.HasPrefix(line, "# "):
			s = Sample{Name: line[2:], Provider: provider, At: Now}
			part = first
		case part == outside:
			return nil, broken("a sample begins with #")
		case strings.HasPrefix(line, "= "):
			fields := strings.Fields(line[2:])
			if part < headers || len(fields) != 5 {
				return nil, broken("kind, scope, verdict, end and source are wanted")
			}
			s.Want = Reading{fields[0], fields[1], fields[2], fields[3], fields[4]}
			if t, ok := core.ParseTimestamp(s.Want.End); ok {
				s.Want.End = strconv.FormatFloat(float64(t.Sub(s.At))/1000, 'f', -1, 64)
			}
			s.Outcome.Body, s.Outcome.Text = strings.TrimSpace(s.Outcome.Body), strings.TrimSpace(s.Outcome.Text)
			all = append(all, s)
			part = outside
		case part == first:
			status, model, _ := strings.Cut(line, " ")
			s.Model = model
			if status != "-" {
				code, err := strconv.Atoi(status)
				if err != nil {
					return nil, broken("a status is wanted")
				}
				s.Outcome.Status = code
			}
			part = headers
		case part <= body && strings.HasPrefix(line, "text: "):
			s.Outcome.Text = line[len("text: "):]
			part = words
		case part == headers && strings.HasPrefix(line, "@"):
			s.Provider = line[1:]
		case part == headers && strings.HasPrefix(line, "at: "):
			at, ok := core.ParseTimestamp(line[len("at: "):])
			if !ok {
				return nil, broken("no instant")
			}
			s.At = at
		case part == headers && strings.HasPrefix(line, "body: "):
			s.Outcome.Body = line[len("body: "):]
			part = body
		case part == headers && header.MatchString(line) && !strings.HasPrefix(line, "data: ") && !strings.HasPrefix(line, "event: "):
			name, value, _ := strings.Cut(line, ": ")
			s.Outcome.Headers = append(s.Outcome.Headers, core.Header{Name: strings.ToLower(name), Value: value})
		case part == words:
			s.Outcome.Text += "\n" + line
		default:
			s.Outcome.Body += line + "\n"
			part = body
		}
	}
	if part != outside {
		return nil, fmt.Errorf("the last sample does not end")
	}
	return all, nil
}
