package view_test

import (
	"testing"

	"github.com/stretchr/testify/assert"

	"pimultiauth/core/view"
)

func TestReasonsOfAChoiceAreSaidInTheWordsOfScreens(t *testing.T) {
	for reason, said := range map[string]string{
		"cooling: rate limited (429)": "resting: rate limited (429)",
		"suspended: key rejected":     "needs you: key rejected",
		"the provider is cooling":     "the provider is resting",
		"paused":                      "paused",
		"ready, another one was next": "ready, another one was next",
	} {
		choice := view.Choice{Provider: "demo", Model: "m", Candidates: []view.Candidate{{ID: "a", Label: "a", Reason: reason}}}
		v := view.Why([]view.Choice{choice}, "", 1000, 0, true)
		assert.Contains(t, v.Rows[1].Cells, said)
		assert.Contains(t, v.JSON, reason, "programs get the word of the inside")
	}
}
