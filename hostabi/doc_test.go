package hostabi

import (
	"encoding/hex"
	"go/parser"
	"go/token"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"pimultiauth/core"
)

var drawn = regexp.MustCompile(`(?m)^\t((?:[0-9a-f]{2} )*[0-9a-f]{2})  +\S`)

// TestTheDrawingIsWhatTheCodecWrites holds the bytes in the package's documentation against those of the message they stand for.
func TestTheDrawingIsWhatTheCodecWrites(t *testing.T) {
	file, err := parser.ParseFile(token.NewFileSet(), "doc.go", nil, parser.ParseComments)
	require.NoError(t, err)
	bytes := ""
	for _, line := range drawn.FindAllStringSubmatch(file.Doc.Text(), -1) {
		bytes += strings.ReplaceAll(line[1], " ", "")
	}
	message := AppendMessage(nil, &core.Message{At: 1, Seed: 2, Acquire: &core.Acquire{Provider: "p", Prompt: 3}})
	assert.Equal(t, hex.EncodeToString(message[4:]), bytes)
}
