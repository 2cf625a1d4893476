package tests

import (
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// environment are the forms in which the loader and the core name a variable of the environment, and what a name is made of there.
var environment = []struct {
	pattern string
	name    *regexp.Regexp
	prefix  string
}{
	{"../js-loader/src/*.ts", regexp.MustCompile(`\benv(?:\.|\[")([A-Za-z_]+)`), ""},
	{"../js-loader/src/*/*.ts", regexp.MustCompile(`\benv(?:\.|\[")([A-Za-z_]+)`), ""},
	{"../js-loader/src/delegation.ts", regexp.MustCompile(`\bof\("([A-Z_]+)"`), "PI_AGENT_ROUTER_"},
	{"../core/*/*.go", regexp.MustCompile(`"\$([A-Z_]+)/`), ""},
	{"../providers/*/*.go", regexp.MustCompile(`\bEnv: +"([A-Z_]+)"`), ""},
}

// elsewhere are variables that Pi reads for us, each with the reason why no form above finds it.
var elsewhere = map[string]string{"PI_CODING_AGENT_DIR": "Pi answers it by getAgentDir"}

func TestEveryVariableThatIsReadIsInTheExample(t *testing.T) {
	read := map[string]string{}
	for name := range elsewhere {
		read[name] = "elsewhere"
	}
	for _, form := range environment {
		files, err := filepath.Glob(form.pattern)
		require.NoError(t, err)
		require.NotEmpty(t, files, form.pattern)
		found := 0
		for _, file := range files {
			if strings.HasSuffix(file, "_test.go") {
				continue
			}
			text, err := os.ReadFile(file)
			require.NoError(t, err)
			for _, match := range form.name.FindAllStringSubmatch(string(text), -1) {
				read[form.prefix+match[1]] = file
				found++
			}
		}
		assert.NotZero(t, found, form.pattern+": the form has changed, and this test looks for the old one")
	}
	text, err := os.ReadFile("../js-loader/.env.example")
	require.NoError(t, err)
	var told []string
	for _, match := range regexp.MustCompile(`(?m)^# ([A-Za-z_]+)=`).FindAllStringSubmatch(string(text), -1) {
		told = append(told, match[1])
	}
	for name, file := range read {
		assert.Contains(t, told, name, file+" reads it")
	}
	for _, name := range told {
		assert.Contains(t, read, name, "nothing reads it")
	}
	slices.Sort(told)
	assert.Equal(t, slices.Compact(slices.Clone(told)), told, "named twice")
}
