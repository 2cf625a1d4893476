// Package providers is the catalogue: one value for each provider, in the order people see them.
//
// It does not know accounts or rules of choice. It imports the core's root, the providers that have a folder of their own, and nothing
// else of the project.
package providers

import (
	"slices"

	"pimultiauth/core"
	"pimultiauth/providers/blazeapi"
	"pimultiauth/providers/cline"
	"pimultiauth/providers/cloudflare"
	"pimultiauth/providers/codex"
	"pimultiauth/providers/kilo"
	"pimultiauth/providers/kimi"
	"pimultiauth/providers/qwen"
)

//go:generate go run ../tests/catalogue

// Sources, unless a folder says otherwise: ids, variables and addresses are those of Pi 0.87.1 and 1.5.2 (pi-ai, providers) and of the
// services that extensions add. Warm is what the vendor's page on prompt caching promises after a request without a longer lifetime asked
// for (Anthropic and Bedrock 5 minutes; OpenAI 5 to 10 minutes, at most an hour; DeepSeek hours to days; Groq 2 hours; MiniMax 5 minutes;
// pages of 2025-11), 0 where none does. A check is the model list unless that is public; then it is the key's own page or balance.

// All lists the catalogue in display order.
func All() []core.Provider { return withUsage(withFaults(slices.Clone(all))) }

var all = []core.Provider{
	{
		ID: "anthropic", Name: "Anthropic", Keys: true, Login: "pi", Subscription: true,
		Env: []string{"ANTHROPIC_API_KEY", "ANTHROPIC_OAUTH_TOKEN", "ANTHROPIC_AUTH_TOKEN"}, Origins: []string{"https://api.anthropic.com", "https://platform.claude.com"}, Warm: 5 * core.Minute,
		Key:      core.KeyShape{Prefixes: []string{"sk-ant-"}, Page: "https://platform.claude.com/settings/keys"},
		Check:    core.KeyCheck{URL: "https://api.anthropic.com/v1/models?limit=1", Header: "x-api-key", Also: "anthropic-version: 2023-06-01"},
		Identity: anthropicAccount, Profile: &anthropicProfile,
	},
	{
		ID: "openai", Name: "OpenAI", Keys: true, Login: "pi", Subscription: true,
		Env: []string{"OPENAI_API_KEY"}, Origins: []string{"https://api.openai.com", "https://auth.openai.com", "https://chatgpt.com"}, Warm: 10 * core.Minute,
		Key:      core.KeyShape{Prefixes: []string{"sk-"}, Page: "https://platform.openai.com/api-keys"},
		Check:    core.KeyCheck{URL: "https://api.openai.com/v1/models", Header: "authorization"},
		Identity: chatgptAccount,
	},
	{
		ID: "openai-codex", Name: "OpenAI Codex", Mode: core.UsageBased, Login: "pi", Subscription: true, Entitled: codex.Entitled,
		Origins: []string{"https://chatgpt.com", "https://auth.openai.com"}, Warm: 10 * core.Minute,
		Identity: chatgptAccount,
	},
	{
		ID: "github-copilot", Name: "GitHub Copilot", Keys: true, Login: "pi", Subscription: true,
		Env: []string{"COPILOT_GITHUB_TOKEN"}, Origins: []string{"https://api.githubcopilot.com", "https://api.*.githubcopilot.com", "https://api.github.com", "https://github.com"},
		Key:      core.KeyShape{Prefixes: []string{"gho_", "ghu_", "github_pat_"}},
		Identity: copilotAccount, Profile: &copilotProfile,
	},
	{
		ID: "amazon-bedrock", Name: "Amazon Bedrock", Keys: true,
		Env: []string{"AWS_BEARER_TOKEN_BEDROCK"}, Vars: []string{"AWS_REGION?"}, Origins: []string{"https://bedrock-runtime.*.amazonaws.com", "https://bedrock-runtime-fips.*.amazonaws.com", "https://bedrock.*.amazonaws.com", "https://bedrock-runtime.*.amazonaws.com.cn"}, Warm: 5 * core.Minute,
		Key:   core.KeyShape{Prefixes: []string{"ABSK", "bedrock-api-key-"}, Page: "https://console.aws.amazon.com/bedrock/home#/api-keys"},
		Check: core.KeyCheck{URL: "https://bedrock.{AWS_REGION|us-east-1}.amazonaws.com/foundation-models", Header: "authorization"},
	},
	{
		ID: "ant-ling", Name: "Ant Ling", Keys: true,
		Env: []string{"ANT_LING_API_KEY"}, Origins: []string{"https://api.ant-ling.com"},
		Check: core.KeyCheck{URL: "https://api.ant-ling.com/v1/models", Header: "authorization"},
	},
	{
		ID: "azure-openai-responses", Aliases: []string{"azure"}, Name: "Azure OpenAI", Keys: true,
		Env: []string{"AZURE_OPENAI_API_KEY"}, Vars: []string{"AZURE_OPENAI_BASE_URL?", "AZURE_OPENAI_RESOURCE_NAME?"}, Origins: []string{"https://*.openai.azure.com", "https://*.cognitiveservices.azure.com", "https://*.services.ai.azure.com"}, Warm: 5 * core.Minute,
		Check: core.KeyCheck{URL: "https://{AZURE_OPENAI_RESOURCE_NAME}.openai.azure.com/openai/v1/models", Header: "api-key"},
	},
	{
		ID: "baseten", Name: "Baseten", Keys: true,
		Env: []string{"BASETEN_API_KEY"}, Origins: []string{"https://inference.baseten.co"},
		Check: core.KeyCheck{URL: "https://inference.baseten.co/v1/models", Header: "authorization"},
	},
	{
		ID: "blazeapi", Name: "BlazeAPI", Mode: core.UsageBased, Keys: true, Entitled: blazeapi.Entitled,
		Origins: []string{"https://blazeai.boxu.dev"},
		Key:     core.KeyShape{Prefixes: []string{"blz_"}},
		Check:   core.KeyCheck{URL: "https://blazeai.boxu.dev/api/usage", Header: "authorization"},
		Models:  &blazeapi.Models,
	},
	{
		ID: "cerebras", Name: "Cerebras", Keys: true,
		Env: []string{"CEREBRAS_API_KEY"}, Origins: []string{"https://api.cerebras.ai"},
		Key:   core.KeyShape{Prefixes: []string{"csk-"}, Page: "https://cloud.cerebras.ai"},
		Check: core.KeyCheck{URL: "https://api.cerebras.ai/v1/models", Header: "authorization"},
	},
	{
		ID: "cline", Name: "Cline", Keys: true, Login: "own", Methods: cline.Methods, Renew: cline.Renew, Lead: cline.Lead,
		Origins:     []string{"https://api.cline.bot"},
		TokenPrefix: "workos:",
		Check:       core.KeyCheck{URL: "https://api.cline.bot/api/v1/users/me", Header: "authorization"},
		Models:      &cline.Models,
		Identity:    clineAccount,
	},
	{
		ID: "cloudflare-ai-gateway", Name: "Cloudflare AI Gateway", Keys: true,
		Env: []string{"CLOUDFLARE_API_KEY"}, Vars: []string{"CLOUDFLARE_ACCOUNT_ID", "CLOUDFLARE_GATEWAY_ID"}, Origins: []string{"https://gateway.ai.cloudflare.com", "https://api.cloudflare.com"},
		Key:   core.KeyShape{Prefixes: []string{"cfat_", "cfut_"}, Page: "https://dash.cloudflare.com/profile/api-tokens"},
		Check: core.KeyCheck{URL: "https://api.cloudflare.com/client/v4/accounts/{CLOUDFLARE_ACCOUNT_ID}/tokens/verify", Header: "authorization"},
	},
	{
		ID: "cloudflare-workers-ai", Aliases: []string{"cloudflare"}, Name: "Cloudflare Workers AI", Keys: true,
		Env: []string{"CLOUDFLARE_API_KEY"}, Vars: []string{"CLOUDFLARE_ACCOUNT_ID"}, Origins: []string{"https://api.cloudflare.com"},
		Key:   core.KeyShape{Prefixes: []string{"cfat_", "cfut_"}, Page: "https://dash.cloudflare.com/profile/api-tokens"},
		Check: core.KeyCheck{URL: "https://api.cloudflare.com/client/v4/accounts/{CLOUDFLARE_ACCOUNT_ID}/ai/models/search?per_page=1", Header: "authorization"},
		Place: cloudflare.Place, Paste: cloudflare.Paste, Upstream: cloudflare.Upstream, UpstreamVar: "CLOUDFLARE_ACCOUNT_ID", Locate: cloudflare.Locate,
	},
	{
		ID: "deepseek", Name: "DeepSeek", Keys: true,
		Env: []string{"DEEPSEEK_API_KEY"}, Origins: []string{"https://api.deepseek.com"}, Warm: 2 * core.Hour,
		Key:   core.KeyShape{Prefixes: []string{"sk-"}, Page: "https://platform.deepseek.com/api_keys"},
		Check: core.KeyCheck{URL: "https://api.deepseek.com/user/balance", Header: "authorization"},
	},
	{
		ID: "fireworks", Name: "Fireworks", Keys: true,
		Env: []string{"FIREWORKS_API_KEY"}, Origins: []string{"https://api.fireworks.ai"},
		Key:   core.KeyShape{Prefixes: []string{"fw_"}, Page: "https://app.fireworks.ai/settings/users/api-keys"},
		Check: core.KeyCheck{URL: "https://api.fireworks.ai/inference/v1/models", Header: "authorization"},
	},
	{
		ID: "google", Name: "Google Gemini", Keys: true,
		Env: []string{"GEMINI_API_KEY"}, Origins: []string{"https://generativelanguage.googleapis.com"},
		Key:   core.KeyShape{Prefixes: []string{"AIza"}, Page: "https://aistudio.google.com/apikey"},
		Check: core.KeyCheck{URL: "https://generativelanguage.googleapis.com/v1beta/models?pageSize=1", Header: "x-goog-api-key"},
	},
	{
		ID: "google-vertex", Name: "Google Vertex AI", Keys: true,
		Env: []string{"GOOGLE_CLOUD_API_KEY"}, Vars: []string{"GOOGLE_CLOUD_PROJECT?", "GOOGLE_CLOUD_LOCATION?"}, Origins: []string{"https://aiplatform.googleapis.com", "https://*-aiplatform.googleapis.com", "https://aiplatform.*.rep.googleapis.com"},
	},
	{
		ID: "groq", Name: "Groq", Keys: true,
		Env: []string{"GROQ_API_KEY"}, Origins: []string{"https://api.groq.com"}, Warm: 2 * core.Hour,
		Key:   core.KeyShape{Prefixes: []string{"gsk_"}, Page: "https://console.groq.com/keys"},
		Check: core.KeyCheck{URL: "https://api.groq.com/openai/v1/models", Header: "authorization"},
	},
	{
		ID: "huggingface", Name: "Hugging Face", Keys: true,
		Env: []string{"HF_TOKEN"}, Origins: []string{"https://router.huggingface.co", "https://huggingface.co"},
		Key:   core.KeyShape{Prefixes: []string{"hf_"}, Page: "https://huggingface.co/settings/tokens"},
		Check: core.KeyCheck{URL: "https://huggingface.co/api/whoami-v2", Header: "authorization"},
	},
	{
		ID: "kilo", Name: "Kilo", Keys: true, Login: "own", Methods: kilo.Methods, Renew: kilo.Renew,
		Origins:  []string{"https://api.kilo.ai"},
		Check:    core.KeyCheck{URL: "https://api.kilo.ai/api/profile", Header: "authorization"},
		Models:   &kilo.Models,
		Identity: emailAccount, Profile: &kiloProfile,
	},
	{
		ID: "kimi-coding", Name: "Kimi For Coding", Keys: true, Login: "own", Subscription: true, Methods: kimi.Methods, Renewal: &kimi.Renewal, Lead: kimi.Lead,
		Env: []string{"KIMI_API_KEY"}, Origins: []string{"https://api.kimi.com", "https://auth.kimi.com"},
		Key:      core.KeyShape{Prefixes: []string{"sk-kimi-"}, Page: "https://www.kimi.com/code/console"},
		Check:    core.KeyCheck{URL: "https://api.kimi.com/coding/v1/usages", Header: "authorization"},
		Identity: kimiAccount,
	},
	{
		ID: "meta", Name: "Meta", Keys: true, Login: "pi", Subscription: true,
		Env: []string{"META_API_KEY"}, Origins: []string{"https://api.meta.ai", "https://auth.meta.com"},
		Check: core.KeyCheck{URL: "https://api.meta.ai/v1/models", Header: "authorization"},
	},
	{
		ID: "minimax", Name: "MiniMax", Keys: true,
		Env: []string{"MINIMAX_API_KEY"}, Origins: []string{"https://api.minimax.io"}, Warm: 5 * core.Minute,
		Key:   core.KeyShape{Page: "https://platform.minimax.io/user-center/basic-information/interface-key"},
		Check: core.KeyCheck{URL: "https://api.minimax.io/v1/token_plan/remains", Header: "authorization"},
	},
	{
		ID: "minimax-cn", Name: "MiniMax (China)", Keys: true,
		Env: []string{"MINIMAX_CN_API_KEY"}, Origins: []string{"https://api.minimaxi.com", "https://www.minimaxi.com"}, Warm: 5 * core.Minute,
		Key:   core.KeyShape{Page: "https://platform.minimaxi.com/user-center/basic-information/interface-key"},
		Check: core.KeyCheck{URL: "https://www.minimaxi.com/v1/token_plan/remains", Header: "authorization"},
	},
	{
		ID: "mistral", Name: "Mistral", Keys: true,
		Env: []string{"MISTRAL_API_KEY"}, Origins: []string{"https://api.mistral.ai"},
		Key:   core.KeyShape{Page: "https://console.mistral.ai/api-keys"},
		Check: core.KeyCheck{URL: "https://api.mistral.ai/v1/models", Header: "authorization"},
	},
	{
		ID: "moonshotai", Name: "Moonshot AI", Keys: true,
		Env: []string{"MOONSHOT_API_KEY"}, Origins: []string{"https://api.moonshot.ai"},
		Key:   core.KeyShape{Prefixes: []string{"sk-"}, Page: "https://platform.moonshot.ai/console/api-keys"},
		Check: core.KeyCheck{URL: "https://api.moonshot.ai/v1/users/me/balance", Header: "authorization"},
	},
	{
		ID: "moonshotai-cn", Name: "Moonshot AI (China)", Keys: true,
		Env: []string{"MOONSHOT_API_KEY"}, Origins: []string{"https://api.moonshot.cn"},
		Key:   core.KeyShape{Prefixes: []string{"sk-"}, Page: "https://platform.moonshot.cn/console/api-keys"},
		Check: core.KeyCheck{URL: "https://api.moonshot.cn/v1/users/me/balance", Header: "authorization"},
	},
	{
		ID: "nvidia", Name: "NVIDIA", Keys: true,
		Env: []string{"NVIDIA_API_KEY"}, Origins: []string{"https://integrate.api.nvidia.com"},
		Key: core.KeyShape{Prefixes: []string{"nvapi-"}, Page: "https://build.nvidia.com"},
	},
	{
		ID: "opencode", Name: "OpenCode Zen", Keys: true,
		Env: []string{"OPENCODE_API_KEY"}, Origins: []string{"https://opencode.ai"},
		Key: core.KeyShape{Page: "https://opencode.ai/auth"},
	},
	{
		ID: "opencode-go", Name: "OpenCode Go", Keys: true,
		Env: []string{"OPENCODE_API_KEY"}, Origins: []string{"https://opencode.ai"},
		Key:   core.KeyShape{Page: "https://opencode.ai/auth"},
		Check: core.KeyCheck{URL: "https://opencode.ai/zen/go/v1/usage", Header: "authorization"},
	},
	{
		ID: "openrouter", Name: "OpenRouter", Keys: true, Login: "pi",
		Env: []string{"OPENROUTER_API_KEY"}, Origins: []string{"https://openrouter.ai"},
		Key:   core.KeyShape{Prefixes: []string{"sk-or-"}, Page: "https://openrouter.ai/settings/keys"},
		Check: core.KeyCheck{URL: "https://openrouter.ai/api/v1/key", Header: "authorization"},
	},
	{
		ID: "qwen", Name: "Qwen", Login: "own", Methods: qwen.Methods, Renewal: &qwen.Renewal,
		Models:  &qwen.Models,
		Origins: []string{"https://dashscope.aliyuncs.com", "https://portal.qwen.ai", "https://chat.qwen.ai"},
	},
	{
		ID: "qwen-token-plan", Name: "Qwen Token Plan", Keys: true,
		Env: []string{"QWEN_TOKEN_PLAN_API_KEY"}, Origins: []string{"https://token-plan.ap-southeast-1.maas.aliyuncs.com"},
		Check: core.KeyCheck{URL: "https://token-plan.ap-southeast-1.maas.aliyuncs.com/compatible-mode/v1/models", Header: "authorization"},
	},
	{
		ID: "qwen-token-plan-cn", Name: "Qwen Token Plan (China)", Keys: true,
		Env: []string{"QWEN_TOKEN_PLAN_CN_API_KEY"}, Origins: []string{"https://token-plan.cn-beijing.maas.aliyuncs.com"},
		Check: core.KeyCheck{URL: "https://token-plan.cn-beijing.maas.aliyuncs.com/compatible-mode/v1/models", Header: "authorization"},
	},
	{
		ID: "qwen-token-plan-individual", Name: "Qwen Token Plan (individual)", Keys: true,
		Env: []string{"QWEN_TOKEN_PLAN_API_KEY"}, Origins: []string{"https://token-plan.ap-southeast-1.maas.aliyuncs.com"},
		Check: core.KeyCheck{URL: "https://token-plan.ap-southeast-1.maas.aliyuncs.com/compatible-mode/v1/models", Header: "authorization"},
	},
	{
		ID: "qwen-token-plan-individual-cn", Name: "Qwen Token Plan (individual, China)", Keys: true,
		Env: []string{"QWEN_TOKEN_PLAN_CN_API_KEY"}, Origins: []string{"https://token-plan.cn-beijing.maas.aliyuncs.com"},
		Check: core.KeyCheck{URL: "https://token-plan.cn-beijing.maas.aliyuncs.com/compatible-mode/v1/models", Header: "authorization"},
	},
	{
		ID: "radius", Name: "Radius", Keys: true, Login: "pi",
		Env: []string{"RADIUS_API_KEY"}, Origins: []string{"https://radius.pi.dev"},
	},
	{
		ID: "together", Name: "Together", Keys: true,
		Env: []string{"TOGETHER_API_KEY"}, Origins: []string{"https://api.together.ai", "https://api.together.xyz"},
		Key:   core.KeyShape{Page: "https://api.together.ai/settings/api-keys"},
		Check: core.KeyCheck{URL: "https://api.together.ai/v1/models", Header: "authorization"},
	},
	{
		ID: "typesafe", Name: "Typesafe", Keys: true,
		Env: []string{"TYPESAFE_API_KEY"}, Origins: []string{"https://api.typesafe.ai"},
		Check: core.KeyCheck{URL: "https://api.typesafe.ai/v1/models", Header: "authorization"},
	},
	{
		ID: "vercel-ai-gateway", Name: "Vercel AI Gateway", Keys: true,
		Env: []string{"AI_GATEWAY_API_KEY"}, Origins: []string{"https://ai-gateway.vercel.sh"},
		Key:   core.KeyShape{Page: "https://vercel.com/ai-gateway"},
		Check: core.KeyCheck{URL: "https://ai-gateway.vercel.sh/v1/credits", Header: "authorization"},
	},
	{
		ID: "xai", Name: "xAI", Keys: true, Login: "pi", Subscription: true,
		Env: []string{"XAI_API_KEY"}, Origins: []string{"https://api.x.ai", "https://auth.x.ai", "https://cli-chat-proxy.grok.com"},
		Key:      core.KeyShape{Prefixes: []string{"xai-"}, Page: "https://console.x.ai"},
		Check:    core.KeyCheck{URL: "https://api.x.ai/v1/api-key", Header: "authorization"},
		Identity: subjectAccount,
	},
	{
		ID: "xiaomi", Name: "Xiaomi MiMo", Keys: true,
		Env: []string{"XIAOMI_API_KEY"}, Origins: []string{"https://api.xiaomimimo.com"},
		Key:   core.KeyShape{Page: "https://platform.xiaomimimo.com"},
		Check: core.KeyCheck{URL: "https://api.xiaomimimo.com/v1/models", Header: "authorization"},
	},
	{
		ID: "xiaomi-token-plan-ams", Name: "Xiaomi MiMo Token Plan (Amsterdam)", Keys: true,
		Env: []string{"XIAOMI_TOKEN_PLAN_AMS_API_KEY"}, Origins: []string{"https://token-plan-ams.xiaomimimo.com"},
		Key:   core.KeyShape{Prefixes: []string{"tp-"}},
		Check: core.KeyCheck{URL: "https://token-plan-ams.xiaomimimo.com/v1/models", Header: "authorization"},
	},
	{
		ID: "xiaomi-token-plan-cn", Name: "Xiaomi MiMo Token Plan (China)", Keys: true,
		Env: []string{"XIAOMI_TOKEN_PLAN_CN_API_KEY"}, Origins: []string{"https://token-plan-cn.xiaomimimo.com"},
		Key:   core.KeyShape{Prefixes: []string{"tp-"}},
		Check: core.KeyCheck{URL: "https://token-plan-cn.xiaomimimo.com/v1/models", Header: "authorization"},
	},
	{
		ID: "xiaomi-token-plan-sgp", Name: "Xiaomi MiMo Token Plan (Singapore)", Keys: true,
		Env: []string{"XIAOMI_TOKEN_PLAN_SGP_API_KEY"}, Origins: []string{"https://token-plan-sgp.xiaomimimo.com"},
		Key:   core.KeyShape{Prefixes: []string{"tp-"}},
		Check: core.KeyCheck{URL: "https://token-plan-sgp.xiaomimimo.com/v1/models", Header: "authorization"},
	},
	{
		ID: "zai", Name: "ZAI", Keys: true,
		Env: []string{"ZAI_API_KEY"}, Origins: []string{"https://api.z.ai"},
		Key:   core.KeyShape{Page: "https://z.ai/manage-apikey/apikey-list"},
		Check: core.KeyCheck{URL: "https://api.z.ai/api/coding/paas/v4/models", Header: "authorization"},
	},
	{
		ID: "zai-coding-cn", Name: "ZAI Coding (China)", Keys: true,
		Env: []string{"ZAI_CODING_CN_API_KEY"}, Origins: []string{"https://open.bigmodel.cn"},
		Check: core.KeyCheck{URL: "https://open.bigmodel.cn/api/coding/paas/v4/models", Header: "authorization"},
	},
	{ID: "google-gemini-cli", Name: "Gemini CLI", Retired: "Google does not allow Gemini CLI logins outside of its own client."},
	{ID: "google-antigravity", Name: "Google Antigravity", Retired: "Google does not allow Antigravity logins outside of its own client."},
}
