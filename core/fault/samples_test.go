package fault_test

import (
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"pimultiauth/core"
	"pimultiauth/core/fault"
)

// now is 2026-01-15T10:00:00Z, a Thursday in the Pacific winter.
const now core.Time = 1768471200000

// TestSamplesReadAsTheySay replays testdata: answers as received or as the provider documents them, secrets cut. A sample is
//
//	# what it shows
//	provider model
//	status
//	header: value
//	                    (blank)
//	body, or "text: " and what Pi's adapter said
//	== kind scope verdict seconds|- source
//
// where seconds count from now to Until, and "-" is no end.
func TestSamplesReadAsTheySay(t *testing.T) {
	files, err := filepath.Glob("testdata/*.txt")
	require.NoError(t, err)
	count := 0
	for _, file := range files {
		text, err := os.ReadFile(file)
		require.NoError(t, err)
		for _, s := range samples(t, string(text)) {
			count++
			t.Run(strings.TrimSuffix(filepath.Base(file), ".txt")+"/"+s.name, func(t *testing.T) {
				f := fault.Read(s.provider, s.model, s.outcome, now)
				assert.Equal(t, s.want, told(f))
				assert.NotEmpty(t, f.Cause)
			})
		}
	}
	assert.GreaterOrEqual(t, count, 80)
	t.Logf("%d samples", count)
}

func told(f core.Fault) string {
	until := "-"
	if !f.Until.IsZero() {
		until = strconv.FormatFloat(float64(f.Until.Sub(now))/1000, 'f', -1, 64)
	}
	return strings.Join([]string{string(f.Kind), string(f.Scope), string(f.Verdict), until, string(f.Source)}, " ")
}

type sample struct {
	name, provider, model, want string
	outcome                     core.Outcome
}

func samples(t *testing.T, text string) (all []sample) {
	var s sample
	part := 0
	for line := range strings.SplitSeq(text, "\n") {
		switch {
		case strings.HasPrefix(line, "== "):
			s.want = line[3:]
			s.outcome.Body = strings.TrimSpace(s.outcome.Body)
			s.outcome.Text = strings.TrimSpace(s.outcome.Text)
			all = append(all, s)
			s, part = sample{}, 0
		case part == 0 && strings.HasPrefix(line, "# "):
			s.name = line[2:]
		case part == 0 && line == "":
		case part == 0:
			s.provider, s.model, _ = strings.Cut(line, " ")
			part = 1
		case part == 1:
			status, err := strconv.Atoi(line)
			require.NoError(t, err, line)
			s.outcome.Status = status
			part = 2
		case part == 2 && line == "":
			part = 3
		case part == 2:
			name, value, ok := strings.Cut(line, ": ")
			require.True(t, ok, line)
			s.outcome.Headers = append(s.outcome.Headers, core.Header{Name: strings.ToLower(name), Value: value})
		case strings.HasPrefix(line, "text: "):
			s.outcome.Text = line[len("text: "):]
			part = 4
		case part == 4:
			s.outcome.Text += "\n" + line
		default:
			s.outcome.Body += line + "\n"
		}
	}
	require.Zero(t, part, "a sample does not end")
	return all
}
