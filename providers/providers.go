// Package providers is the catalogue: one value for each provider, in the order people see them.
//
// It does not know accounts or rules of choice. It imports the core's root and nothing else of the project.
package providers

import (
	"pimultiauth/core"
	"pimultiauth/providers/cline"
	"pimultiauth/providers/kilo"
	"pimultiauth/providers/kimi"
	"pimultiauth/providers/qwen"
)

// All lists the catalogue in display order. The ids are those of Pi 0.87.1 and 1.5.2 and of the services that extensions add.
func All() []core.Provider {
	return withUsage(withFaults([]core.Provider{
		{ID: "anthropic", Name: "Anthropic"},
		{ID: "openai", Name: "OpenAI"},
		{ID: "openai-codex", Name: "OpenAI Codex", Mode: core.UsageBased},
		{ID: "github-copilot", Name: "GitHub Copilot"},
		{ID: "amazon-bedrock", Name: "Amazon Bedrock"},
		{ID: "ant-ling", Name: "Ant Ling"},
		{ID: "azure-openai-responses", Aliases: []string{"azure"}, Name: "Azure OpenAI"},
		{ID: "baseten", Name: "Baseten"},
		{ID: "blazeapi", Name: "BlazeAPI", Mode: core.UsageBased},
		{ID: "cerebras", Name: "Cerebras"},
		{ID: "cline", Name: "Cline", Login: "own", Methods: cline.Methods, Renew: cline.Renew, Lead: cline.Lead},
		{ID: "cloudflare-ai-gateway", Name: "Cloudflare AI Gateway"},
		{ID: "cloudflare-workers-ai", Aliases: []string{"cloudflare"}, Name: "Cloudflare Workers AI"},
		{ID: "deepseek", Name: "DeepSeek"},
		{ID: "fireworks", Name: "Fireworks"},
		{ID: "google", Name: "Google Gemini"},
		{ID: "google-vertex", Name: "Google Vertex AI"},
		{ID: "groq", Name: "Groq"},
		{ID: "huggingface", Name: "Hugging Face"},
		{ID: "kilo", Name: "Kilo", Login: "own", Methods: kilo.Methods, Renew: kilo.Renew},
		{ID: "kimi-coding", Name: "Kimi For Coding", Login: "own", Methods: kimi.Methods, Renewal: &kimi.Renewal, Lead: kimi.Lead},
		{ID: "meta", Name: "Meta"},
		{ID: "minimax", Name: "MiniMax"},
		{ID: "minimax-cn", Name: "MiniMax (China)"},
		{ID: "mistral", Name: "Mistral"},
		{ID: "moonshotai", Name: "Moonshot AI"},
		{ID: "moonshotai-cn", Name: "Moonshot AI (China)"},
		{ID: "nvidia", Name: "NVIDIA"},
		{ID: "opencode", Name: "OpenCode Zen"},
		{ID: "opencode-go", Name: "OpenCode Go"},
		{ID: "openrouter", Name: "OpenRouter"},
		{ID: "qwen", Name: "Qwen", Login: "own", Methods: qwen.Methods, Renewal: &qwen.Renewal},
		{ID: "qwen-token-plan", Name: "Qwen Token Plan"},
		{ID: "qwen-token-plan-cn", Name: "Qwen Token Plan (China)"},
		{ID: "qwen-token-plan-individual", Name: "Qwen Token Plan (individual)"},
		{ID: "qwen-token-plan-individual-cn", Name: "Qwen Token Plan (individual, China)"},
		{ID: "radius", Name: "Radius"},
		{ID: "together", Name: "Together"},
		{ID: "typesafe", Name: "Typesafe"},
		{ID: "vercel-ai-gateway", Name: "Vercel AI Gateway"},
		{ID: "xai", Name: "xAI"},
		{ID: "xiaomi", Name: "Xiaomi MiMo"},
		{ID: "xiaomi-token-plan-ams", Name: "Xiaomi MiMo Token Plan (Amsterdam)"},
		{ID: "xiaomi-token-plan-cn", Name: "Xiaomi MiMo Token Plan (China)"},
		{ID: "xiaomi-token-plan-sgp", Name: "Xiaomi MiMo Token Plan (Singapore)"},
		{ID: "zai", Name: "ZAI"},
		{ID: "zai-coding-cn", Name: "ZAI Coding (China)"},
		{ID: "google-gemini-cli", Name: "Gemini CLI", Retired: "Google does not allow Gemini CLI logins outside of its own client."},
		{ID: "google-antigravity", Name: "Google Antigravity", Retired: "Google does not allow Antigravity logins outside of its own client."},
	}))
}
