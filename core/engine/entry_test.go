package engine

import (
	"testing"

	"github.com/stretchr/testify/assert"
)

func TestOnlyWhatWePutAtTheEndOfAnIDIsTakenOff(t *testing.T) {
	for id, entry := range map[string]string{
		"anthropic-1": "anthropic-1", "anthropic-1@auth": "anthropic-1", "anthropic-1@auth@auth": "anthropic-1",
		"corp@auth.example": "corp@auth.example", "corp@auth.example-2@auth": "corp@auth.example-2",
	} {
		assert.Equal(t, entry, entryName(id), id)
	}
}
