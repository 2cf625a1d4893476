package core

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/tidwall/gjson"
)

func TestJSONIsFollowedSixtyFourLevelsDown(t *testing.T) {
	nested := func(depth int) string { return strings.Repeat(`{"a":`, depth-1) + "{}" + strings.Repeat("}", depth-1) }
	assert.True(t, IsJSON(nested(64)))
	assert.False(t, IsJSON(nested(65)))
	assert.True(t, IsJSON(`["`+strings.Repeat("[", 100)+`\"`+strings.Repeat("{", 100)+`"]`), "brackets in a string are no levels")
	_, ok := ReadObject(nested(65))
	assert.False(t, ok)
	assert.Empty(t, Claims("a."+strings.Repeat("W1tb", 2000)+".c"), "a token of brackets claims nothing")
}

func TestSecondsAreReadTotally(t *testing.T) {
	for text, want := range map[string]Duration{
		`5`: 5 * Second, `0.25`: 250, `"600"`: 10 * Minute, `0`: 0, `-9`: 0, `1e308`: 0, `1e15`: 0, `"NaN"`: 0, `null`: 0, `{}`: 0, `true`: 0,
		`31622400`: 366 * Day, `31622401`: 0,
	} {
		assert.Equal(t, want, ReadSeconds(gjson.Parse(text)), text)
	}
}

func TestNumbersAreWrittenWithThreeDecimals(t *testing.T) {
	for want, value := range map[string]float64{
		`{"n":0}`: 0, `{"n":12.346}`: 12.3456, `{"n":-12.346}`: -12.3456, `{"n":-1.5}`: -1.5, `{"n":-0.001}`: -0.0006, `{"n":1000000000000000000}`: 1e18,
	} {
		assert.Equal(t, want, (&Object{}).Float("n", value).Text())
	}
}
