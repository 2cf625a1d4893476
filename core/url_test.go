package core

import (
	"os"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"github.com/tidwall/gjson"
)

// corpus reads a file of testdata, one JSON object a line; the loader's tests read the same.
func corpus(t testing.TB, name string) []gjson.Result {
	text, err := os.ReadFile("testdata/" + name)
	require.NoError(t, err)
	var out []gjson.Result
	for _, line := range strings.Split(strings.TrimSpace(string(text)), "\n") {
		require.True(t, gjson.Valid(line), line)
		out = append(out, gjson.Parse(line))
	}
	return out
}

func TestBaseURLs(t *testing.T) {
	good, bad := 0, 0
	for _, c := range corpus(t, "urls.jsonl") {
		url := c.Get("url").Str
		address, why := CheckBaseURL(url, false)
		if is := c.Get("is"); is.Exists() {
			good++
			assert.Equal(t, is.Str, address, "%q: %s", url, why)
			again, why := CheckBaseURL(address, false)
			assert.Equal(t, address, again, why)
			continue
		}
		bad++
		assert.NotEmpty(t, why, "%q is taken as %q (%s)", url, address, c.Get("bad"))
		assert.Empty(t, address)
		if strings.Contains(url, ".") && len(url) > 12 {
			assert.NotContains(t, why, strings.TrimPrefix(url, "https://"), "the value is told")
		}
	}
	assert.GreaterOrEqual(t, good, 50)
	assert.GreaterOrEqual(t, bad, 150)
}

func TestConsentOpensPrivateNetworksAndNothingElse(t *testing.T) {
	for _, c := range corpus(t, "urls.jsonl") {
		if bad := c.Get("bad"); bad.Exists() {
			_, why := CheckBaseURL(c.Get("url").Str, true)
			assert.Equal(t, bad.Str == "private network without consent", why == "", c.Get("url").Str)
		}
	}
	_, why := CheckBaseURL("http://192.168.1.2", true)
	assert.Contains(t, why, "https")
}

func FuzzParseURL(f *testing.F) {
	for _, c := range corpus(f, "urls.jsonl") {
		f.Add(c.Get("url").Str)
	}
	f.Fuzz(func(t *testing.T, text string) {
		u, why := ParseURL(text)
		if why != "" {
			if u.Host != "" && u.Path != "" {
				t.Fatalf("%q is refused and answered", text)
			}
			return
		}
		again, why := ParseURL(u.String())
		if why != "" || again != u {
			t.Fatalf("%q is read as %q and that as %q (%s)", text, u, again, why)
		}
	})
}
