package tests

import (
	"encoding/json"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"pimultiauth/core/store"
	"pimultiauth/core/view"
)

// papers are what people read before the code.
var papers = []string{"README.md", "CONTRIBUTING.md", "SECURITY.md", "CHANGELOG.md"}

// paper reads one of them.
func paper(t *testing.T, name string) string {
	t.Helper()
	text, err := os.ReadFile(filepath.Join("..", name))
	require.NoError(t, err)
	return string(text)
}

// all lists what the groups of a pattern match in a text, once each.
func all(pattern, text string) (found []string) {
	for _, match := range regexp.MustCompile(pattern).FindAllStringSubmatch(text, -1) {
		for _, group := range match[1:] {
			if group != "" && !slices.Contains(found, group) {
				found = append(found, group)
			}
		}
	}
	return found
}

func TestThePapersNameTargetsThatAreThere(t *testing.T) {
	makefile := paper(t, "Makefile")
	there := strings.Fields(strings.ReplaceAll(strings.Join(all(`(?s)\.PHONY: (.*?[^\\])\n`, makefile), " "), "\\", " "))
	require.NotEmpty(t, there)
	named := map[string]bool{}
	for _, name := range papers {
		text := paper(t, name)
		for _, line := range all("(?m)(?:^|`)make((?: [a-z][a-z0-9-]*)+)", text) {
			for _, target := range strings.Fields(line) {
				assert.Contains(t, there, target, name+": make "+target)
				named[target] = true
			}
		}
	}
	for _, target := range there {
		assert.True(t, named[target] || target == "all", target+" is in the Makefile and in no paper")
	}
}

func TestThePapersNameCommandsThatAreThere(t *testing.T) {
	var there []string
	for _, row := range view.Help("").Rows {
		for _, part := range regexp.MustCompile(`[/,]`).Split(row.Cells[0], -1) {
			there = append(there, strings.Fields(part)[0])
		}
	}
	readme := paper(t, "README.md")
	for _, name := range papers {
		for _, command := range all("/multi-auth ([a-z]+)", paper(t, name)) {
			assert.Contains(t, there, command, name)
		}
	}
	table := readme[strings.Index(readme, "| command |"):strings.Index(readme, "## Words")]
	told := all("`([a-z]+)`", table)
	for _, command := range told {
		assert.Contains(t, there, command, "README's table of commands")
	}
	for _, command := range there {
		assert.Contains(t, told, command, "README's table of commands")
	}
}

// places begin the paths of the tree that papers name.
var places = `(?:core|providers|hostabi|wasm|js-loader|tests|docs|\.build)`

func TestThePapersNameFilesThatAreThere(t *testing.T) {
	for _, name := range papers {
		text := paper(t, name)
		paths := all("`("+places+"/[^` ]*)`", text)
		paths = append(paths, all("`([A-Z]+\\.md|go\\.mod|Makefile)`", text)...)
		paths = append(paths, all(`(?:src|srcset)="([^"]+)"`, text)...)
		paths = append(paths, all(`go (?:run|doc|generate|test) \./(\S+?)[ \n]`, text+"\n")...)
		for _, path := range paths {
			path = strings.TrimSuffix(path, "`")
			if strings.HasPrefix(path, ".build") || strings.Contains(path, "PROVIDER") {
				continue
			}
			found, err := filepath.Glob(filepath.Join("..", path))
			assert.NoError(t, err)
			assert.NotEmpty(t, found, name+" names "+path)
		}
	}
}

func TestTheLinksOfThePapersLeadSomewhere(t *testing.T) {
	for _, name := range papers {
		text := paper(t, name)
		var headings []string
		for _, heading := range all(`(?m)^#+ (.+)$`, text) {
			heading = regexp.MustCompile(`[^a-z0-9 -]`).ReplaceAllString(strings.ToLower(heading), "")
			headings = append(headings, strings.ReplaceAll(heading, " ", "-"))
		}
		for _, link := range all(`\]\(#([^)]+)\)`, text) {
			assert.Contains(t, headings, link, name)
		}
	}
}

func TestEveryPictureHasWords(t *testing.T) {
	readme := paper(t, "README.md")
	for _, image := range all(`(<img [^>]*>)`, readme) {
		assert.Regexp(t, `alt="[^"]{40,}"`, image)
	}
	assert.Equal(t, 3, strings.Count(readme, "<img "))
}

func TestTheReadmeListsTheKeysOfTheConfiguration(t *testing.T) {
	readme := paper(t, "README.md")
	table := readme[strings.Index(readme, "| key | default |"):strings.Index(readme, "The runtime directory is")]
	told := all("(?m)(?:^\\| )?`([A-Za-z]+)(?:`|\\.)", table)
	for _, key := range store.ConfigKeys {
		assert.Contains(t, told, key)
	}
	defaults := regexp.MustCompile(`(?s)const defaults[^{]*\{(.*?)\n\}`).FindStringSubmatch(paper(t, "js-loader/src/places.ts"))
	require.NotNil(t, defaults)
	for _, match := range regexp.MustCompile(`(?m)^\t(\w+): (.+),$`).FindAllStringSubmatch(defaults[1], -1) {
		assert.Contains(t, table, "| `"+match[1]+"` | `"+match[2]+"` |")
	}
}

func TestTheReadmeNamesVariablesThatAreRead(t *testing.T) {
	example := paper(t, "js-loader/.env.example")
	for _, name := range papers {
		for _, variable := range all(`\b(PI_[A-Z_]+)\b`, paper(t, name)) {
			assert.Contains(t, example, variable+"=", name)
		}
	}
}

func TestTheWordsOfStatesAreThoseOfTheScreens(t *testing.T) {
	readme := paper(t, "README.md")
	words := all(`(?m)^\| ([^|]+?) \|`, readme[strings.Index(readme, "## Words"):strings.Index(readme, "## What happens when")])
	for _, word := range all(`return "([a-z ]+)"`, regexp.MustCompile(`(?s)func stateWord.*?\n}`).FindString(paper(t, "core/view/screen.go"))) {
		assert.Contains(t, words, word)
	}
}

func TestTheReadmeNamesTheVersionThatIsPacked(t *testing.T) {
	var manifest struct{ Version string }
	require.NoError(t, json.Unmarshal([]byte(paper(t, "js-loader/package.json")), &manifest))
	for _, version := range all(`pi-multi-auth-(\d[\d.]*\d)\.tgz`, paper(t, "README.md")) {
		assert.Equal(t, manifest.Version, version)
	}
}
