package providers

import (
	"strings"

	"pimultiauth/core"
	"pimultiauth/providers/anthropic"
	"pimultiauth/providers/blazeapi"
	"pimultiauth/providers/cline"
	"pimultiauth/providers/codex"
	"pimultiauth/providers/copilot"
	"pimultiauth/providers/deepseek"
	"pimultiauth/providers/groq"
	"pimultiauth/providers/kilo"
	"pimultiauth/providers/kimi"
	"pimultiauth/providers/minimax"
	"pimultiauth/providers/moonshot"
	"pimultiauth/providers/opencodego"
	"pimultiauth/providers/openrouter"
	"pimultiauth/providers/vercel"
	"pimultiauth/providers/xai"
	"pimultiauth/providers/zai"
)

// sources are the endpoints that tell an account, by itself and without pretending to be another client, how much of its quota is used.
// A login to OpenAI draws on the ChatGPT plan Codex draws on. For the providers that are not listed there is none: Meta tells usage only
// to who mints a key, Qwen, Xiaomi and the token plans only to a browser, xAI's keys only to a management key, and the others not at all.
var sources = []struct {
	id     string
	source *core.UsageSource
}{
	{"anthropic", anthropic.Usage},
	{"blazeapi", blazeapi.Usage},
	{"cline", cline.Usage},
	{"deepseek", deepseek.Usage},
	{"github-copilot", copilot.Usage},
	{"kilo", kilo.Usage},
	{"kimi-coding", kimi.Usage},
	{"minimax", minimax.Usage},
	{"minimax-cn", minimax.UsageCN},
	{"moonshotai", moonshot.Usage},
	{"moonshotai-cn", moonshot.UsageCN},
	{"openai", codex.Usage},
	{"openai-codex", codex.Usage},
	{"opencode-go", opencodego.Usage},
	{"openrouter", openrouter.Usage},
	{"vercel-ai-gateway", vercel.Usage},
	{"xai", xai.Usage},
	{"zai", zai.Usage},
	{"zai-coding-cn", zai.UsageCN},
}

// silent are providers whose responses say nothing of limits in their headers.
const silent = "amazon-bedrock cloudflare-workers-ai google google-vertex "

func withUsage(all []core.Provider) []core.Provider {
	for i := range all {
		p := &all[i]
		for _, s := range sources {
			if s.id == p.ID {
				p.Usage = s.source
			}
		}
		switch {
		case p.Retired != "" || strings.Contains(silent, p.ID+" "):
		case p.ID == "groq":
			p.Windows = groq.Windows
		case p.ID == "github-copilot":
			p.Windows, p.Headers = copilot.Windows, copilot.Headers
		default:
			p.Windows = core.HeaderWindows
		}
	}
	return all
}
