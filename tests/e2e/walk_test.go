package e2e_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"unicode"
	"unicode/utf8"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"pimultiauth/tests/pis"
)

// size is a terminal's, in columns and rows.
type size struct{ columns, rows int }

var sizes = []size{{60, 16}, {80, 24}, {100, 30}, {200, 60}}

// layers are the keys that lay something over the accounts, and what stands in its title.
var layers = [][2]string{
	{"d", "remove"}, {"m", "mode"}, {"e", "rename"}, {"?", "Keys"}, {"w", "Why"}, {"f", "Forecast"}, {"g", "What the choices cost"}, {"D", "Doctor"},
	{"/", "search"}, {"i", "priority"}, {"o", "overage"}, {"b", "base-url"}, {"H", "header"}, {"P", "pool"},
}

// columnsOf is how many columns a terminal gives a text.
func columnsOf(text string) (n int) {
	for _, r := range text {
		switch {
		case unicode.In(r, unicode.Mn, unicode.Me, unicode.Cf):
		case r >= 0x1100 && r <= 0x115f || r >= 0x2e80 && r <= 0xa4cf || r >= 0xac00 && r <= 0xd7a3 || r >= 0xf900 && r <= 0xfaff || r >= 0xff00 && r <= 0xff60 || r >= 0x1f300 && r <= 0x1faff:
			n += 2
		default:
			n++
		}
	}
	return n
}

// walker is a Pi in a terminal with 200 accounts, and where the cursor must be.
type walker struct {
	*stage
	screen *pis.Screen
	size   size
	names  []string
	at     int
}

func (w *walker) press(keys ...string) {
	w.Helper()
	require.NoError(w, w.screen.Press(keys...))
}

func (w *walker) resize(to size) {
	w.Helper()
	w.size = to
	require.NoError(w, w.screen.Resize(to.columns, to.rows))
}

// looks waits until the screen of the accounts is whole, shows all the parts, and is otherwise as is wants it.
func (w *walker) looks(is func(body []string) error, parts ...string) string {
	w.Helper()
	text, err := w.screen.Look(func(text string) error {
		body, err := framed(text, w.size)
		if err != nil {
			return err
		}
		for _, part := range parts {
			if !strings.Contains(text, part) {
				return fmt.Errorf("no %q", part)
			}
		}
		if is != nil {
			return is(body)
		}
		return nil
	})
	require.NoError(w, err)
	return text
}

// framed checks that the frame of the accounts is whole at a size, and answers the lines inside.
func framed(text string, at size) ([]string, error) {
	var body []string
	inside, height := false, 0
	for line := range strings.Lines(text) {
		line = strings.TrimSuffix(line, "\n")
		first, _ := utf8.DecodeRuneInString(line)
		last, _ := utf8.DecodeLastRuneInString(line)
		if !inside && first != '╭' {
			continue
		}
		height++
		if n := columnsOf(line); n != at.columns {
			return nil, fmt.Errorf("a row of %d columns in %d: %s", n, at.columns, line)
		}
		switch {
		case !inside && last == '╮':
			inside = true
		case first == '│' && last == '│':
			body = append(body, strings.TrimSuffix(strings.TrimPrefix(line, "│ "), " │"))
		case first == '├' && last == '┤':
		case first == '╰' && last == '╯':
			want := at.rows
			if want >= 30 {
				want -= 4
			}
			if height != want {
				return nil, fmt.Errorf("a frame of %d rows in %d", height, at.rows)
			}
			return body, nil
		default:
			return nil, errors.New("a broken row: " + line)
		}
	}
	return nil, errors.New("no whole frame")
}

// listed checks the list of accounts: the cursor is on the account it must be on, and every name is whole or says that it is not.
func (w *walker) listed(body []string) error {
	found := false
	for _, line := range body {
		if w.size.columns >= 100 {
			cells := strings.Split(line, " │ ")
			if len(cells) != 3 {
				continue
			}
			line = cells[1]
		}
		if strings.HasPrefix(line, "────") {
			break
		}
		line = strings.TrimRight(line, " ")
		if !strings.HasSuffix(line, " ready") {
			continue
		}
		runes := []rune(strings.TrimSuffix(line, " ready"))
		name := strings.TrimRight(string(runes[4:]), " ")
		if runes[0] == '▸' {
			found = true
			if !is(name, w.names[w.at]) {
				return fmt.Errorf("the cursor is on %q and not on %q", name, w.names[w.at])
			}
		}
		whole := false
		for _, known := range w.names {
			whole = whole || is(name, known)
		}
		if !whole {
			return fmt.Errorf("cut without a mark: %q", name)
		}
	}
	if !found {
		return errors.New("the cursor is not to be seen")
	}
	return nil
}

// is reports whether what is shown is a name, whole or cut with a mark.
func is(shown, name string) bool {
	head, cut := strings.CutSuffix(shown, "…")
	return shown == name || cut && strings.HasPrefix(name, head)
}

// twoHundred is a stage with 200 accounts, some of them with names that are hard to draw.
func twoHundred(s *stage) []string {
	var pairs, labels []string
	names := make([]string, 200)
	hard := map[int]string{
		0: "Work", 1: "Zuhause 日本語", 2: "e\u0301te\u0301 à la maison", 3: strings.Repeat("a very long name ", 6) + "of an account",
		4: "שלום", 199: "the last of them",
	}
	for i := range names {
		id := fmt.Sprintf("demo-%d", i)
		if i == 0 {
			id = "demo"
		}
		pairs = append(pairs, id, "key-"+id)
		names[i] = id
		if label := hard[i]; label != "" {
			names[i] = label
			labels = append(labels, fmt.Sprintf(`%q:{"settings":{"label":{"at":1,"value":%q}}}`, id, label))
		}
	}
	s.keys(pairs...)
	require.NoError(s, s.home.Write("multi-auth.json", `{"version":2,"providers":{"demo":{"accounts":{`+strings.Join(labels, ",")+`}}}}`))
	return names
}

// Every view and every dialog in the real Pi, by keys: no row is wider than the terminal or broken, nothing is cut without a mark, the
// cursor is to be seen, Esc leads back from everywhere, and what cannot be seen is not acted on.
func TestEveryScreenIsWalkedThrough(t *testing.T) {
	both(t, completions, func(s *stage) {
		w := &walker{stage: s, names: twoHundred(s)}
		path, err := s.home.Beside("painter", `pi.registerCommand("paint", { handler: async (name, ctx) => { ctx.ui.setTheme(name); ctx.ui.notify("painted " + name); } });`)
		require.NoError(s, err)
		s.home.After = append(s.home.After, path)
		w.screen = s.screen()
		w.completes()
		var dark string
		for i, theme := range []string{"dark", "light"} {
			s.types(w.screen, "/paint "+theme)
			s.shows(w.screen, "painted "+theme)
			for j, at := range sizes {
				// Each theme at every size, and every dialog at every size in one of the two.
				w.resize(at)
				w.walk((i+j)%2 == 0)
			}
			w.open()
			text := w.looks(w.listed)
			colours, err := w.screen.Colours()
			require.NoError(s, err)
			assert.Regexp(s, `\x1b\[[0-9;]*48;[^\n]*▸[^\n]*Work`, colours, "the selected row has a background in "+theme)
			if i == 0 {
				dark = colours
			} else {
				assert.NotEqual(s, dark, colours)
				assert.NotEmpty(s, text)
			}
			w.close()
		}
		w.resize(size{100, 30})
		w.open()
		w.reshape()
		w.outside()
		w.close()
		assert.Empty(s, s.vendor.Keys(), "looking asks nobody")
	})
}

// completes sees that words are offered while a command is typed, and taken with Tab.
func (w *walker) completes() {
	// Before its session has begun Pi offers nothing for what is typed.
	w.now(w.screen, "200 of 200 ready")
	require.NoError(w, w.screen.Letters("/multi-auth st"))
	w.now(w.screen, "→ status", "every account")
	w.press("Tab")
	w.now(w.screen, "\n/multi-auth status")
	w.press("C-u")
	require.NoError(w, w.screen.Letters("/multi-auth mode demo f"))
	w.now(w.screen, "→ fill-first")
	w.press("C-u")
	require.NoError(w, w.screen.Without("/multi-auth"))
}

func (w *walker) open() {
	w.Helper()
	w.types(w.screen, "/multi-auth")
	w.at = 0
	w.looks(w.listed, "demo (200)")
}

// close leaves with Esc and sees the editor again.
func (w *walker) close() {
	w.Helper()
	w.press("Escape")
	require.NoError(w, w.screen.Without("Accounts ▸"))
}

func (w *walker) walk(all bool) {
	w.Helper()
	w.open()
	for _, step := range []struct {
		key string
		to  int
	}{{"Down", 1}, {"Down", 2}, {"Down", 3}, {"Down", 4}, {"End", 199}, {"Up", 198}, {"Home", 0}, {"Down", 1}} {
		w.press(step.key)
		w.at = step.to
		w.looks(w.listed)
	}
	w.press("Right")
	w.looks(nil, "Zuhause 日本語", "state", "ready")
	w.press("Left")
	w.looks(w.listed)
	if all {
		for _, layer := range layers {
			w.press(layer[0])
			w.looks(nil, "Accounts ▸ demo ▸ "+layer[1], "esc ")
			w.press("Escape")
			w.looks(w.listed, "Accounts ▸ demo ─")
		}
	}
	w.press("Left")
	w.looks(nil, "Accounts ─", "▸   demo", "200/200")
	before := w.home.Read("multi-auth.json")
	for _, key := range []string{"p", "e", "d", "Space", "r", "c", "J", "K", "L", "o", "i", "b", "H", "P"} {
		w.press(key)
	}
	w.press("v")
	w.looks(nil, "Accounts ─", " none ", "anthropic")
	w.press("v")
	w.looks(nil, "Accounts ─", "Providers (1 of ")
	assert.Equal(w, before, w.home.Read("multi-auth.json"), "no account is acted on from the list of providers")
	w.press("Escape")
	require.NoError(w, w.screen.Without("Accounts ─"))
}

// reshape makes the terminal smaller and larger while each dialog is open.
func (w *walker) reshape() {
	w.Helper()
	for _, layer := range layers {
		w.press(layer[0])
		for _, to := range []size{{100, 30}, {60, 16}, {200, 60}} {
			w.resize(to)
			w.looks(nil, "▸ "+layer[1], "esc ")
		}
		w.press("Escape")
		w.looks(w.listed, "Accounts ▸ demo ─")
	}
}

// outside opens what stands where the screen was, at several sizes, and comes back.
func (w *walker) outside() {
	w.Helper()
	for _, dialog := range []struct{ keys, is, hint string }{
		{"a", "Keys of demo", "esc cancel"},
		{"Left a", "Add an account to", "esc back"},
	} {
		for _, key := range strings.Fields(dialog.keys) {
			w.press(key)
		}
		for _, to := range []size{{60, 16}, {200, 60}, {80, 24}} {
			w.resize(to)
			text := w.now(w.screen, dialog.is, dialog.hint)
			for line := range strings.Lines(text) {
				assert.LessOrEqual(w, columnsOf(strings.TrimSuffix(line, "\n")), to.columns)
			}
		}
		w.press("Escape")
		w.looks(nil, "Nothing was added")
	}
	w.press("Right")
	w.looks(w.listed)
}
