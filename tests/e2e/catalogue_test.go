package e2e_test

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"pimultiauth/core"
	"pimultiauth/providers"
	"pimultiauth/tests/pis"
)

// Pi 1.5.2 comes as a bundle: its models are found by the order of their fields. What Pi 0.87.1 ships is held against the catalogue in
// tests.
var shippedModel = regexp.MustCompile(`provider:"([a-z0-9-]+)",baseUrl:"([^"]+)"`)

func TestTheCatalogueKnowsWhereTheNewerPiSends(t *testing.T) {
	known := map[string]core.Provider{}
	for _, p := range providers.All() {
		for _, id := range append([]string{p.ID}, p.Aliases...) {
			known[id] = p
		}
	}
	pi, err := pis.New()
	require.NoError(t, err)
	chunks, err := filepath.Glob(filepath.Join(filepath.Dir(pi.Script), "chunks", "*.js"))
	require.NoError(t, err)
	seen := map[string]bool{}
	for _, chunk := range chunks {
		text, err := os.ReadFile(chunk)
		require.NoError(t, err)
		for _, m := range shippedModel.FindAllStringSubmatch(string(text), -1) {
			id, address := m[1], m[2]
			if seen[id+" "+address] {
				continue
			}
			seen[id+" "+address] = true
			p, ok := known[id]
			assert.True(t, ok, "Pi ships %s", id)
			u, why := core.ParseURL(strings.NewReplacer("{CLOUDFLARE_ACCOUNT_ID}", "x1", "{CLOUDFLARE_GATEWAY_ID}", "x1", "{location}", "x1").Replace(address))
			assert.Empty(t, why, address)
			assert.True(t, p.MayReach(u.Origin(), core.Override{}), "%s is sent to %s", id, address)
		}
	}
	assert.GreaterOrEqual(t, len(seen), 45)
}
