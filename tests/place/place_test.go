package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// write makes files below a folder, by name and text.
func write(t *testing.T, folder string, files map[string]string) {
	t.Helper()
	for file, text := range files {
		path := filepath.Join(folder, file)
		require.NoError(t, os.MkdirAll(filepath.Dir(path), 0o755))
		require.NoError(t, os.WriteFile(path, []byte(text), 0o600))
	}
}

// built is a package that is ready to be placed.
func built(t *testing.T) string {
	folder := t.TempDir()
	files := map[string]string{}
	for _, file := range placed {
		files[file] = "new " + file
	}
	delete(files, "balancer")
	files["balancer/index.js"] = "new balancer"
	write(t, folder, files)
	return folder
}

func read(t *testing.T, path ...string) string {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(path...))
	require.NoError(t, err)
	return string(text)
}

func TestANewFolderHoldsThePackageAndNothingElse(t *testing.T) {
	agent := filepath.Join(t.TempDir(), "agent ü")
	said, err := Place(built(t), agent)
	require.NoError(t, err)
	assert.Len(t, said, 1)
	entries, err := os.ReadDir(filepath.Join(agent, "extensions", name))
	require.NoError(t, err)
	assert.Len(t, entries, len(placed))
}

func TestAnUpdateKeepsTheConfiguration(t *testing.T) {
	agent := t.TempDir()
	folder := filepath.Join(agent, "extensions", name)
	write(t, folder, map[string]string{"core.wasm": "old", "index.js": "old", "config.json": `{"debug":true}`})
	_, err := Place(built(t), agent)
	require.NoError(t, err)
	assert.Equal(t, `{"debug":true}`, read(t, folder, "config.json"))
	assert.Equal(t, "new core.wasm", read(t, folder, "core.wasm"))
	assert.NoDirExists(t, filepath.Join(agent, name+"-before"))
}

func TestTheOtherExtensionIsKeptAsideAndItsConfigurationTakenOver(t *testing.T) {
	agent := t.TempDir()
	folder := filepath.Join(agent, "extensions", name)
	const config = "\ufeff" + `{"excludeProviders": ["groq"], "debug": true, "oauthRefresh": {"enabled": false}, "cascade": {}, "rotationModes": {"xai": "balancer"}}`
	for round, aside := range []string{name + "-before", name + "-before-2"} {
		write(t, folder, map[string]string{"package.json": `{"name":"pi-multi-auth","version":"0.7.0"}`, "index.ts": "theirs", "src/a.ts": "theirs", "config.json": config})
		require.NoError(t, os.RemoveAll(filepath.Join(folder, "core.wasm")))
		said, err := Place(built(t), agent)
		require.NoError(t, err)
		assert.Equal(t, config, read(t, agent, aside, "config.json"), round)
		assert.Equal(t, "theirs", read(t, agent, aside, "src", "a.ts"))
		assert.NoFileExists(t, filepath.Join(folder, "index.ts"))
		assert.JSONEq(t, `{"hiddenProviders": ["groq"], "debug": true, "rotationModes": {"xai": "balancer"}}`, read(t, folder, "config.json"))
		assert.Equal(t, 1, strings.Count(strings.Join(said, "\n"), "cascade, oauthRefresh"), said)
	}
}

func TestAFolderOfItsOwnKeptInAnotherPlaceIsNotTouched(t *testing.T) {
	agent, elsewhere := t.TempDir(), t.TempDir()
	write(t, elsewhere, map[string]string{"package.json": "{}", "index.ts": "theirs"})
	require.NoError(t, os.MkdirAll(filepath.Join(agent, "extensions"), 0o755))
	if err := os.Symlink(elsewhere, filepath.Join(agent, "extensions", name)); err != nil {
		t.Skip("links cannot be made here")
	}
	_, err := Place(built(t), agent)
	require.NoError(t, err)
	entries, err := os.ReadDir(elsewhere)
	require.NoError(t, err)
	assert.Len(t, entries, 2, "the link was kept aside, not what it leads to")
}

func TestADamagedConfigurationOfTheirsIsKeptAndNotTakenOver(t *testing.T) {
	agent := t.TempDir()
	folder := filepath.Join(agent, "extensions", name)
	write(t, folder, map[string]string{"package.json": "{}", "config.json": "{"})
	_, err := Place(built(t), agent)
	require.NoError(t, err)
	assert.NoFileExists(t, filepath.Join(folder, "config.json"))
	assert.Equal(t, "{", read(t, agent, name+"-before", "config.json"))
}

func TestWhatElsePiLoadsUnderTheNameIsSaid(t *testing.T) {
	agent := t.TempDir()
	write(t, agent, map[string]string{"settings.json": `{"packages": ["npm:pi-multi-auth", {"source": "git:github.com/MasuRii/pi-multi-auth"}, "npm:other"]}`})
	said, err := Place(built(t), agent)
	require.NoError(t, err)
	require.Len(t, said, 3)
	assert.Contains(t, said[1], "pi remove npm:pi-multi-auth.")
	assert.Contains(t, said[2], "git:github.com/MasuRii/pi-multi-auth")
}

func TestAPackageThatIsNotBuiltPlacesNoHalf(t *testing.T) {
	from := built(t)
	require.NoError(t, os.Remove(filepath.Join(from, "core.wasm")))
	agent := t.TempDir()
	folder := filepath.Join(agent, "extensions", name)
	write(t, folder, map[string]string{"index.ts": "theirs"})
	_, err := Place(from, agent)
	assert.ErrorIs(t, err, os.ErrNotExist)
	assert.Equal(t, "theirs", read(t, folder, "index.ts"), "nothing was moved for it")
}
