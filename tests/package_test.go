package tests

import (
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"sort"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// packed is what the package holds; whatever else somebody finds in it was put there by accident.
var packed = []string{
	".env.example",
	"CHANGELOG.md",
	"LICENSE",
	"README.md",
	"SECURITY.md",
	"balancer/credential-backoff.d.ts",
	"balancer/credential-backoff.js",
	"balancer/index.d.ts",
	"balancer/index.js",
	"core.wasm",
	"docs/failover-dark.svg",
	"docs/failover-light.svg",
	"docs/forecast-dark.svg",
	"docs/forecast-light.svg",
	"docs/manager-dark.svg",
	"docs/manager-light.svg",
	"index.js",
	"main.cjs",
	"package.json",
}

func TestWhatIsPacked(t *testing.T) {
	pack := exec.Command("npm", "pack", "--dry-run", "--json", "--ignore-scripts")
	pack.Dir = "../js-loader"
	out, err := pack.Output()
	require.NoError(t, err)
	var told []struct {
		Files []struct {
			Path string `json:"path"`
			Size int    `json:"size"`
		} `json:"files"`
	}
	require.NoError(t, json.Unmarshal(out, &told), string(out))
	require.Len(t, told, 1)
	var names []string
	for _, file := range told[0].Files {
		names = append(names, file.Path)
		assert.NotZero(t, file.Size, file.Path)
	}
	sort.Strings(names)
	assert.Equal(t, packed, names)
}

func TestWhatIsPackedSaysOfItself(t *testing.T) {
	var manifest struct {
		Name         string                    `json:"name"`
		Version      string                    `json:"version"`
		Keywords     []string                  `json:"keywords"`
		Dependencies map[string]string         `json:"dependencies"`
		Optional     map[string]string         `json:"optionalDependencies"`
		Bundled      []string                  `json:"bundledDependencies"`
		Scripts      map[string]string         `json:"scripts"`
		Peers        map[string]string         `json:"peerDependencies"`
		PeersMeta    map[string]map[string]any `json:"peerDependenciesMeta"`
		Exports      map[string]any            `json:"exports"`
		Pi           struct {
			Extensions    []string `json:"extensions"`
			ChangelogPath string   `json:"changelogPath"`
			Image         string   `json:"image"`
		} `json:"pi"`
	}
	text, err := os.ReadFile("../js-loader/package.json")
	require.NoError(t, err)
	require.NoError(t, json.Unmarshal(text, &manifest))
	assert.Empty(t, manifest.Dependencies)
	assert.Empty(t, manifest.Optional)
	assert.Empty(t, manifest.Bundled)
	for name := range manifest.Scripts {
		assert.NotRegexp(t, "install|prepare|publish", name, "npm would run it on the person's machine")
	}
	for name, version := range manifest.Peers {
		assert.Equal(t, "*", version, name)
		assert.Equal(t, true, manifest.PeersMeta[name]["optional"], name)
	}
	assert.Contains(t, manifest.Keywords, "pi-package")
	assert.Equal(t, []string{"./index.js"}, manifest.Pi.Extensions)
	paths := append([]string{manifest.Pi.ChangelogPath}, manifest.Pi.Extensions...)
	for _, export := range manifest.Exports {
		switch export := export.(type) {
		case string:
			paths = append(paths, export)
		case map[string]any:
			assert.Contains(t, export, "types")
			for _, path := range export {
				paths = append(paths, path.(string))
			}
		}
	}
	for _, path := range paths {
		assert.Contains(t, packed, strings.TrimPrefix(path, "./"))
	}
	// The gallery of Pi's packages wants an address: the one that a packed file has once the package is in npm's registry.
	picture, ours := strings.CutPrefix(manifest.Pi.Image, "https://unpkg.com/"+manifest.Name+"/")
	assert.True(t, ours, manifest.Pi.Image)
	assert.Contains(t, packed, picture)
	changes, err := os.ReadFile("../CHANGELOG.md")
	require.NoError(t, err)
	for _, line := range strings.Split(string(changes), "\n") {
		if strings.HasPrefix(line, "## ") {
			assert.Regexp(t, `^## \[(Unreleased|\d+\.\d+\.\d+\] - \d{4}-\d\d-\d\d$)`, line, "Pi reads these headings")
		}
		if strings.HasPrefix(line, "### ") {
			assert.Regexp(t, `^### (Breaking Changes|New Features|Added|Changed|Fixed|Removed|Security)$`, line)
		}
	}
	assert.Regexp(t, `^\d+\.\d+\.\d+$`, manifest.Version)
}

func TestWhatIsPackedHasOneVersion(t *testing.T) {
	var manifest, lock struct {
		Version string `json:"version"`
	}
	for path, into := range map[string]any{"../js-loader/package.json": &manifest, "../js-loader/package-lock.json": &lock} {
		text, err := os.ReadFile(path)
		require.NoError(t, err)
		require.NoError(t, json.Unmarshal(text, into))
	}
	assert.Equal(t, manifest.Version, lock.Version)
	literal := regexp.MustCompile(`["'/ ]` + regexp.QuoteMeta(manifest.Version) + `["'/ ]`)
	for _, pattern := range []string{"../js-loader/src/*.ts", "../js-loader/src/*/*.ts", "../core/*.go", "../core/*/*.go", "../hostabi/*.go", "../wasm/*.go"} {
		files, err := filepath.Glob(pattern)
		require.NoError(t, err)
		for _, file := range files {
			text, err := os.ReadFile(file)
			require.NoError(t, err)
			assert.NotRegexp(t, literal, string(text), file+": the version stands in package.json alone")
		}
	}
}

// The Makefile is read by GNU make 3.81 of macOS, its lines and the scripts by its bash 3.2 or a plain sh.
func TestWhatIsPackedIsBuiltByOldTools(t *testing.T) {
	makefile, err := os.ReadFile("../Makefile")
	require.NoError(t, err)
	for _, newer := range []string{`(?m)^[^\t#].*[^:+?]:::?=`, `(?m)^[A-Za-z_]+ *!=`, `\.ONESHELL`, `\.RECIPEPREFIX`, `\$\(file `, `\$\(guile `, `\$\(let `, `\$\(intcmp `,
		`&:`, `(?m)^undefine`, `\.EXTRA_PREREQS`, `\.NOTINTERMEDIATE`, `(?m)^load `, `\.SHELLSTATUS`} {
		assert.NotRegexp(t, newer, string(makefile), "GNU make 3.81 does not know it")
	}
	scripts := string(makefile)
	for _, pattern := range []string{"../.ci/*", "../tests/*/*.sh"} {
		files, err := filepath.Glob(pattern)
		require.NoError(t, err)
		for _, file := range files {
			text, err := os.ReadFile(file)
			require.NoError(t, err)
			scripts += string(text)
		}
	}
	for _, newer := range []string{`\bmapfile\b`, `\breadarray\b`, `declare -[An]`, `local -n`, `\|&`, `&>>`, `\$\{[A-Za-z_]+(,,|\^\^|@)`, `\bcoproc\b`, `;;&`, `readlink -f`, `sed -i `, `\bgrep -P`, `date \+%s%N`,
		`\bcp -[a-zA-Z]*[aut]\b`, `\bmktemp --`, `\bxargs -[a-z]*[rd]\b`} {
		assert.NotRegexp(t, newer, scripts, "bash 3.2 or the tools of macOS do not know it")
	}
}
