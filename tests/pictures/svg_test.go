package main

import (
	"encoding/xml"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestWhatACellIsDrawnAs(t *testing.T) {
	for _, tt := range []struct{ name, cells, is string }{
		{"plain", "ab", `<text x="14" y="27" textLength="16.8">ab</text>`},
		{"of three parts", "\x1b[38;2;1;2;255mab\x1b[39m", ` fill="#0102ff">ab<`},
		{"of the palette", "\x1b[38;5;196mab", ` fill="#ff0000">ab<`},
		{"a grey of the palette", "\x1b[38;5;255mab", ` fill="#eeeeee">ab<`},
		{"named", "\x1b[31mab", ` fill="#e06c75">ab<`},
		{"bold, and no longer", "\x1b[1mab\x1b[22m", ` font-weight="bold">ab<`},
		{"turned round", "\x1b[7mab", `fill="#d6d8dc" shape-rendering`},
		{"a coloured blank", "\x1b[48;2;9;9;9m  ", `<rect x="14" y="14" width="16.8" height="18" fill="#090909"`},
		{"after a gap", "a  b", `<text x="39.2" y="27" textLength="8.4">b</text>`},
		{"the second line", "\nb", `<text x="14" y="45"`},
		{"what XML would read", "<&", `>&lt;&amp;<`},
		{"a frame", "│──", `d="M18.2 23v-9M18.2 23v9M22.4 23h16.8"`},
	} {
		t.Run(tt.name, func(t *testing.T) {
			assert.Contains(t, string(draw(tt.cells, 4, dark)), tt.is)
		})
	}
}

func TestAPenIsKeptFromLineToLine(t *testing.T) {
	assert.Contains(t, string(draw("\x1b[31ma\nb", 4, dark)), `fill="#e06c75">b<`)
}

func TestThePicturesThatAreThereAreWellFormedAndSmall(t *testing.T) {
	for _, s := range scenes {
		for _, c := range []colours{dark, light} {
			text, err := os.ReadFile(filepath.Join("..", "..", "docs", s.name+"-"+c.theme+".svg"))
			require.NoError(t, err, "make pictures writes it")
			assert.Less(t, len(text), 100_000, s.name)
			assert.NotContains(t, string(text), "-key", "no secret, not even a pretended one")
			for decoder := xml.NewDecoder(strings.NewReader(string(text))); ; {
				if _, err := decoder.Token(); err == io.EOF {
					break
				} else {
					require.NoError(t, err, s.name)
				}
			}
		}
	}
}
