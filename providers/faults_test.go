package providers_test

import (
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"github.com/tidwall/gjson"

	"pimultiauth/core"
	"pimultiauth/core/fault"
	"pimultiauth/providers"
	"pimultiauth/tests/samples"
)

// TestSamplesReadAsTheySay replays what lies in testdata/faults: answers as received or as the provider documents them, secrets cut.
func TestSamplesReadAsTheySay(t *testing.T) {
	known := map[string]*core.Provider{}
	for _, p := range providers.All() {
		known[p.ID] = &p
		for _, alias := range p.Aliases {
			known[alias] = &p
		}
	}
	all, err := samples.Read(os.DirFS("testdata/faults"))
	require.NoError(t, err)
	assert.GreaterOrEqual(t, len(all), 850)
	for _, s := range all {
		t.Run(s.Provider+"/"+s.Name, func(t *testing.T) {
			p := known[s.Provider]
			if p == nil {
				p = &core.Provider{ID: s.Provider}
			}
			f := fault.Read(p, s.Model, s.Outcome, s.At)
			assert.Equal(t, s.Want.String(), samples.Told(f, s.At).String())
			assert.NotEmpty(t, f.Cause)
		})
	}
}

// TestSampleFilesAreNamedAfterProviders keeps a misspelled name from passing for a provider without quirks.
func TestSampleFilesAreNamedAfterProviders(t *testing.T) {
	// clients.txt is what any may answer; vivgrid is a provider that only models.json can name.
	known := map[string]bool{"clients": true, "vivgrid": true}
	for _, p := range providers.All() {
		known[p.ID] = true
	}
	files, err := filepath.Glob("testdata/faults/*.txt")
	require.NoError(t, err)
	for _, file := range files {
		assert.True(t, known[strings.TrimSuffix(filepath.Base(file), ".txt")], file)
	}
}

// TestTheSameTextAlone tells each refusal that has no headers as Pi's adapters do where the host sees nothing: the status and the body
// in one sentence. What it is about and what to do must not depend on that; nor, but for its source, the end.
func TestTheSameTextAlone(t *testing.T) {
	known := map[string]*core.Provider{}
	for _, p := range providers.All() {
		known[p.ID] = &p
	}
	all, err := samples.Read(os.DirFS("testdata/faults"))
	require.NoError(t, err)
	count := 0
	for _, s := range all {
		o := s.Outcome
		if o.Status < 400 || len(o.Headers) > 0 || !strings.HasPrefix(o.Body, "{") || strings.Contains(o.Body, "\n") || !strings.HasSuffix(o.Body, "}") {
			continue
		}
		p := known[s.Provider]
		if p == nil {
			p = &core.Provider{ID: s.Provider}
		}
		count++
		status := strconv.Itoa(o.Status)
		for _, text := range []string{status + ": " + o.Body, status + " " + o.Body, "Somebody API error (" + status + "): " + o.Body, "Error code: " + status + " - " + o.Body} {
			got := samples.Told(fault.Read(p, s.Model, core.Outcome{Text: text, Blind: true}, s.At), s.At)
			got.Source = s.Want.Source
			assert.Equal(t, s.Want.String(), got.String(), "%s/%s: %s", s.Provider, s.Name, text)
		}
	}
	assert.Greater(t, count, 250)
}

// TestTheMessageAlone tells each refusal by its sentence only, with its status and without. Less can be known then, and most is: but no
// account may be taken out for good because of a sentence whose whole answer would not.
func TestTheMessageAlone(t *testing.T) {
	known := map[string]*core.Provider{}
	for _, p := range providers.All() {
		known[p.ID] = &p
	}
	all, err := samples.Read(os.DirFS("testdata/faults"))
	require.NoError(t, err)
	count, withStatus, without := 0, 0, 0
	for _, s := range all {
		o := s.Outcome
		message := gjson.Get(o.Body, "error.message").String()
		if e := gjson.Get(o.Body, "error"); e.Type == gjson.String {
			message = e.String()
		}
		if o.Status < 400 || len(o.Headers) > 0 || !gjson.Valid(o.Body) || message == "" {
			continue
		}
		count++
		p := known[s.Provider]
		if p == nil {
			p = &core.Provider{ID: s.Provider}
		}
		status := strconv.Itoa(o.Status)
		bare := fault.Read(p, s.Model, core.Outcome{Text: message}, s.At)
		told := fault.Read(p, s.Model, core.Outcome{Text: "OpenAI API error (" + status + "): " + status + " " + message}, s.At)
		// Whether a login has only expired is not in every sentence.
		if s.Want.Verdict != string(core.Suspend) && s.Want.Kind != string(core.Unauthorized) {
			assert.NotEqual(t, core.Suspend, bare.Verdict, "%s/%s: %s", s.Provider, s.Name, message)
			assert.NotEqual(t, core.Suspend, told.Verdict, "%s/%s: %s", s.Provider, s.Name, message)
		}
		if s.Want.Kind == string(bare.Kind) {
			without++
		}
		if s.Want.Kind == string(told.Kind) {
			withStatus++
		}
	}
	assert.Greater(t, count, 300)
	assert.Greater(t, 100*withStatus/count, 94, "of a hundred sentences with their status")
	assert.Greater(t, 100*without/count, 88, "of a hundred sentences alone")
	t.Logf("%d sentences: the kind of %d with their status, of %d alone", count, withStatus, without)
}
