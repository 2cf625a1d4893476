package codex_test

import (
	"testing"

	"github.com/stretchr/testify/assert"

	"pimultiauth/core"
	"pimultiauth/providers/codex"
)

func TestPlansAndModels(t *testing.T) {
	paid := []string{"gpt-5.5", "gpt-5-mini", "gpt-5.3-codex", "gpt-6", "gpt-10", "gpt-6.1-codex", "gpt-7-mini"}
	for _, model := range paid {
		assert.NotEmpty(t, codex.Entitled(model, "free").Denied, model)
		assert.True(t, codex.Entitled(model, "").Unproven, model)
		assert.Equal(t, core.Entitlement{}, codex.Entitled(model, "plus"), model)
	}
	for _, model := range []string{"gpt-5.4", "gpt-5.5-mini", "gpt-5.10", "gpt-4o", "gpt-5", "gpt-oss"} {
		assert.Equal(t, core.Entitlement{}, codex.Entitled(model, "free"), model)
		assert.Equal(t, 1, codex.Entitled(model, "pro").Tier, "%s: paid quota is left for what needs it", model)
	}
	assert.Equal(t, core.Entitlement{}, codex.Entitled("o3", "free"), "no rule")
	for plan, known := range map[string]bool{"ChatGPT Plus": true, "chatgpt_team": true, "PRO": true, "ChatGPT  Business": true, "edu": false, "go": false, "": false} {
		assert.Equal(t, !known, codex.Entitled("gpt-5.5", plan).Unproven, plan)
	}
}
