package blazeapi_test

import (
	"testing"

	"github.com/stretchr/testify/assert"

	"pimultiauth/providers/blazeapi"
)

func TestTiers(t *testing.T) {
	for _, model := range []string{"claude-opus-4.6", "claude-opus-4.7", "claude-opus-5", "claude-sonnet-4.5", "kimi-k2.5-test", "moonshotai/kimi-k2.6", "kimi-k2.6", "qwen/qwen3.5-397b", "glm-5.1"} {
		assert.Equal(t, "premium", blazeapi.Entitled(model, "Pro").Class, model)
		assert.NotEmpty(t, blazeapi.Entitled(model, "free").Denied, model)
		assert.True(t, blazeapi.Entitled(model, "").Unproven, model)
		assert.Empty(t, blazeapi.Entitled(model, "Premium").Denied, model)
	}
	for _, model := range []string{"glm-5", "claude-haiku-4.5", "claude-opus-latest", "deepseek-v4"} {
		e := blazeapi.Entitled(model, "free")
		assert.Empty(t, e.Denied+e.Class, model)
	}
	for tier, plan := range []string{"premium", "pro", "free", ""} {
		assert.Equal(t, tier, blazeapi.Entitled("glm-5", plan).Tier)
	}
}
