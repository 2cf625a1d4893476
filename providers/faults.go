package providers

import (
	"slices"
	"strings"

	"pimultiauth/core"
)

// quirk is how some providers word failures in their own way.
type quirk struct {
	// ids are the providers, parted by blanks; a "*" at the end stands for any end.
	ids    string
	zone   string
	faults []core.FaultRule
}

const china = "Asia/Shanghai"

// quirks are read from the vendors' own pages, named with each, and from answers that were seen. What a code means elsewhere too is
// among the common rules of core/fault.
var quirks = []quirk{
	// docs.z.ai/api-reference/api-code and docs.bigmodel.cn/cn/api/api-code (2026-09). Both tell times in Beijing's (seen 2026-09-11
	// beside a retry-after-ms of the same instant).
	{"zai zai-coding-cn zhipu*", china, []core.FaultRule{
		{Codes: "1000 1001 1002 1003 1004", Words: "[1000]|[1001]|[1002]|[1003]|[1004]", Kind: core.Unauthorized},
		{Codes: "1110 1111 1112 1120 1121 1313", Words: "[1112]|[1121]|[1313]|fair usage policy|fair use policy", Kind: core.Forbidden, Cause: "account locked"},
		{Codes: "1113", Words: "[1113]", Kind: core.Unpaid},
		{Codes: "1309", Words: "[1309]", Kind: core.Unpaid, Cause: "plan expired"},
		{Codes: "1261", Words: "[1261]", Kind: core.TooLong},
		{Codes: "1210 1212 1213 1214 1215 1231 1300 1301", Words: "[1210]|[1213]|[1214]|[1301]", Kind: core.BadRequest},
		{Codes: "1211 1221 1222", Words: "[1211]", Kind: core.ModelUnavailable},
		{Codes: "1220 1311", Words: "[1220]|[1311]", Kind: core.NotEntitled},
		{Codes: "1302 1303", Words: "[1302]|[1303]", Kind: core.RateLimited},
		{Codes: "1234 1305 1312", Words: "[1305]|[1312]", Kind: core.Overloaded},
		{Codes: "1304", Words: "[1304]", Kind: core.QuotaSpent, Window: core.Day},
		// What it says to any key that it does not know.
		{Status: "401 0", Words: "expired or incorrect|已过期或验证不正确", Kind: core.Unauthorized},
		{Codes: "1308 1310 1316 1317 1318 1319 1320 1321", Words: "[1308]|[1310]", Kind: core.QuotaSpent},
	}},
	// developers.cloudflare.com/workers-ai/platform/errors (2026-01). The daily allocation is the account's at Cloudflare, so that all
	// its tokens wait; it comes as 3036 and, in the wild, as 4006.
	{"cloudflare-workers-ai cloudflare-ai-gateway", "", []core.FaultRule{
		{Codes: "3036 4006", Words: "daily free allocation|used up your daily|10,000 neurons|10000 neurons|workers paid plan", Kind: core.QuotaSpent, Scope: core.ScopeUpstream, Window: core.Day, Returns: "midnight utc"},
		{Codes: "3040", Words: "no more data centers|capacity temporarily exceeded", Kind: core.Overloaded, Wait: 15 * core.Second},
		{Codes: "3023", Kind: core.Forbidden, Cause: "account blocked"},
		{Codes: "5018 3041", Kind: core.NotEntitled},
		{Codes: "5016", Kind: core.Forbidden, Scope: core.ScopeRequest, Verdict: core.Surface, Cause: "model licence not accepted"},
		{Codes: "5007 3042", Kind: core.ModelUnavailable},
		{Codes: "3007 3008", Kind: core.Timeout},
		{Codes: "3006", Kind: core.TooLong},
		{Codes: "7000 7003", Kind: core.Misconfigured, Cause: "account id of the address is wrong"},
		{Status: "4xx", Codes: "1000 10000 6003 6111 9106 9103 10001", Kind: core.Unauthorized},
		{Status: "403", Codes: "9109", Kind: core.Forbidden, Cause: "key lacks a permission"},
		{Status: "401", Codes: "9109", Kind: core.Unauthorized},
		// AI Gateway's own numbers: its limit of requests, its guardrails and its spending limit.
		{Status: "429", Codes: "2003", Kind: core.RateLimited},
		{Codes: "2016 2017", Kind: core.BadRequest, Cause: "refused by the gateway's guardrails"},
		{Codes: "2021", Kind: core.Unpaid},
		{Codes: "2009", Kind: core.Unauthorized},
	}},
	// platform.minimax.io/docs/api-reference/errorcode (2026-01): base_resp.status_code, which comes with HTTP 200.
	{"minimax minimax-cn", china, []core.FaultRule{
		{Codes: "1002 1041 2045 1039", Kind: core.RateLimited},
		{Codes: "1004 2049", Kind: core.Unauthorized},
		// The shapes of OpenAI and Anthropic carry the number in the sentence alone, an empty purse under HTTP 500 (seen 2026-04).
		{Codes: "1008", Words: "(1008)", Kind: core.Unpaid},
		{Codes: "2056", Words: "(2056)", Kind: core.QuotaSpent, Window: 5 * core.Hour},
		{Codes: "2061", Kind: core.NotEntitled},
		{Words: "context window exceeds limit", Kind: core.TooLong},
		{Codes: "1026 1027 1042 2013", Kind: core.BadRequest},
		{Codes: "1000 1013 1024 1033", Kind: core.Overloaded},
		{Codes: "1001", Kind: core.Timeout},
	}},
	// Codex: the headers x-codex-rate-limit-reached-type count as codes. Limits and credits of a workspace are changed by people.
	{"openai-codex", "", []core.FaultRule{
		{Status: "400 401 402 403 429 0", Codes: "workspace_owner_usage_limit_reached workspace_member_usage_limit_reached", Kind: core.QuotaSpent, Verdict: core.Suspend, Cause: "workspace limit reached"},
		{Words: "with a chatgpt account|with your chatgpt plan, upgrade|plan does not include codex", Kind: core.NotEntitled},
		{Status: "400 404 0", Codes: "model_not_found model_not_supported unsupported_model", Words: "model … not found|model … not supported|model … not available|model … does not exist|model … is not enabled|unknown model|unsupported model|invalid model", Unless: "parameter|tool|image|reasoning|temperature|thinking", Kind: core.NotEntitled},
	}},
	// docs.github.com/copilot, "Requests in GitHub Copilot": premium requests return on the first of the month, 00:00 UTC.
	{"github-copilot", "", []core.FaultRule{
		{Status: "402", Codes: "quota_exceeded", Words: "premium request|quota|allowance|monthly", Kind: core.QuotaSpent, Window: 31 * core.Day, Returns: "month"},
		{Status: "429 403", Words: "premium request", Kind: core.QuotaSpent, Window: 31 * core.Day, Returns: "month"},
		{Codes: "user_weekly_rate_limited", Kind: core.QuotaSpent, Window: core.Week},
		{Codes: "user_model_rate_limited model_rate_limited", Kind: core.RateLimited, Scope: core.ScopeModel},
		{Status: "400 404 0", Codes: "model_not_found model_not_supported", Words: "model … not supported|model … not available|model … not enabled", Unless: "parameter|tool|image|reasoning", Kind: core.NotEntitled},
		{Status: "403 0", Words: "not licensed|no copilot seat|does not have access to copilot|not authorized to use|subscription has ended|unauthorized: not authorized", Kind: core.Forbidden},
	}},
	// Cerebras cuts the body of its answer to an overlong request.
	{"cerebras", "", []core.FaultRule{
		{Status: "400", Words: "status code (no body)", Kind: core.TooLong},
	}},
	// docs.fireworks.ai, "Error codes": 412 is an account that a spending limit or an open invoice has stopped.
	{"fireworks", "", []core.FaultRule{
		{Status: "412", Kind: core.Unpaid, Cause: "account stopped for its spending"},
		// What it calls usage limits under 429 is a pace that adapts to the load, told by no header (docs.fireworks.ai, "Rate limits").
		{Status: "429", Words: "exceeded your usage limits", Kind: core.RateLimited},
	}},
	// docs.aws.amazon.com/bedrock, "Troubleshooting error codes".
	{"amazon-bedrock", "", []core.FaultRule{
		// Its quotas are each model's.
		{Words: "too many tokens per day|tokens per day", Kind: core.QuotaSpent, Scope: core.ScopeModel, Window: core.Day},
		{Status: "429 0", Codes: "throttlingexception", Words: "too many tokens, please|too many requests, please", Kind: core.RateLimited, Scope: core.ScopeModel},
		{Status: "400 0", Codes: "validationexception", Words: "model identifier is invalid|on-demand throughput isn|retry your request with the id or arn of an inference profile|marked by provider as legacy|end of its life", Unless: "operation not allowed|too long|maximum|malformed|messages|content|tool|toolconfig|temperature|blank|role|field|image|document|schema|throttl|thinking|prefill|conversation|assistant", Kind: core.ModelUnavailable},
		{Words: "don't have access to the model|access to the model with the specified|model access is denied|aws marketplace|use case details", Kind: core.NotEntitled},
		{Codes: "modeltimeoutexception", Kind: core.Timeout},
		{Status: "429 503 400 0", Codes: "modelnotreadyexception serviceunavailableexception", Kind: core.Overloaded},
		{Status: "403 400 0", Codes: "expiredtokenexception", Words: "security token included in the request is expired|bearer token has expired", Kind: core.Unauthorized, Verdict: core.Rotate, Wait: core.Minute, Cause: "login expired"},
		{Codes: "unrecognizedclientexception invalidsignatureexception", Words: "security token included in the request is invalid", Kind: core.Unauthorized},
		{Status: "403 401", Words: "api key|authentication failed", Kind: core.Unauthorized},
	}},
	// learn.microsoft.com/azure/ai-foundry/openai. Codes there are statuses in words.
	{"azure-openai-responses", "", []core.FaultRule{
		{Status: "429", Words: "no capacity|nocapacity|system is currently experiencing high demand|operation … currently experiencing", Kind: core.Overloaded},
		{Status: "404", Codes: "404", Words: "resource not found", Unless: "deployment", Kind: core.Misconfigured, Cause: "address of the account is wrong"},
	}},
	// help.aliyun.com/zh/model-studio/error-code (2026-01). AllocationQuota there counts tokens per minute; a plan's windows are named
	// in the sentence: hour (five of them), week, month.
	{"qwen qwen-token-plan*", china, []core.FaultRule{
		{Words: "hour allocated quota", Kind: core.QuotaSpent, Window: 5 * core.Hour},
		{Words: "week allocated quota", Kind: core.QuotaSpent, Window: core.Week},
		{Words: "month allocated quota", Kind: core.QuotaSpent, Window: 31 * core.Day},
		{Words: "concurrency allocated quota|allocated quota exceeded, please increase|error-code#token-limit", Kind: core.RateLimited},
		{Codes: "allocationquota.freetieronly", Words: "free tier of the model has been exhausted", Kind: core.QuotaSpent, Scope: core.ScopeModel, Verdict: core.Suspend, Cause: "free quota of the model spent"},
		{Status: "429", Codes: "throttling throttling.ratequota throttling.allocationquota throttling.burstrate limit_requests limit_burst_rate limitrequests", Kind: core.RateLimited},
		{Status: "400 403", Codes: "arrearage", Kind: core.Unpaid},
		{Status: "403", Codes: "accessdenied.unpurchased model.accessdenied model_access_denied", Kind: core.NotEntitled},
		{Codes: "workspace.accessdenied app.accessdenied", Kind: core.Forbidden, Cause: "key lacks a permission"},
	}},
	// docs.x.ai: an invalid key is a 400, an empty team a 403 or a 429.
	{"xai", "", []core.FaultRule{
		{Status: "403 429 402", Words: "used all available credits|any credits or licenses|monthly spending limit", Kind: core.Unpaid},
		{Status: "403 400", Words: "api key is currently blocked|api key is disabled|api key has been blocked", Kind: core.Unauthorized},
	}},
	// vercel.com/docs/ai-gateway.
	{"vercel-ai-gateway", "", []core.FaultRule{
		{Codes: "customer_verification_required", Words: "valid credit card on file", Kind: core.Unpaid},
	}},
	{"nvidia", "", []core.FaultRule{
		{Words: "total request limit reached", Kind: core.Overloaded},
		{Status: "403", Words: "authorization failed", Kind: core.Unauthorized},
		{Status: "402", Kind: core.Unpaid},
	}},
	// github.com/sst/opencode (zen): 401 for everything that is the account's.
	{"opencode opencode-go", "", []core.FaultRule{
		{Codes: "creditserror", Kind: core.Unpaid},
		{Codes: "monthlylimiterror userlimiterror", Kind: core.QuotaSpent, Window: 31 * core.Day, Returns: "month"},
		{Status: "401", Words: "monthly spending limit|monthly limit", Kind: core.QuotaSpent, Window: 31 * core.Day, Returns: "month"},
		{Status: "401", Codes: "modelerror", Words: "model … not supported|model is disabled", Kind: core.ModelUnavailable, Verdict: core.Rotate},
		{Codes: "freeusagelimiterror gousagelimiterror subscriptionusagelimiterror", Words: "free usage exceeded", Kind: core.QuotaSpent},
		// What the maker of a model says to OpenCode's own account there is no fault of the person's: the model waits, the others serve
		// (seen 2026-04 to 2026-07 with usage left).
		{Status: "402 403 429", Words: "error from provider … balance|error from provider … your current quota|error from provider … suspended|error from provider … paused|provider returned error … balance|provider returned error … suspended", Kind: core.Overloaded, Scope: core.ScopeModel, Verdict: core.Rotate, Wait: 5 * core.Minute, Cause: "its own supplier refuses it"},
		{Status: "429", Words: "error from provider", Unless: "usage limit", Kind: core.RateLimited, Scope: core.ScopeModel},
	}},
	{"openrouter", "", []core.FaultRule{
		{Status: "429 0", Codes: "upstream_provider_shared_pool", Words: "temporarily rate-limited upstream", Kind: core.RateLimited, Scope: core.ScopeModel},
		{Words: "free-models-per-day", Kind: core.QuotaSpent, Window: core.Day, Returns: "midnight utc"},
		{Words: "key limit exceeded (daily", Kind: core.QuotaSpent, Window: core.Day, Returns: "midnight utc"},
		{Words: "key limit exceeded (weekly", Kind: core.QuotaSpent, Window: core.Week, Returns: "monday utc"},
		{Words: "key limit exceeded (monthly", Kind: core.QuotaSpent, Window: 31 * core.Day, Returns: "month"},
		{Words: "key limit exceeded (total|key limit exceeded", Kind: core.QuotaSpent, Verdict: core.Suspend, Cause: "limit of the key reached"},
		{Status: "404 0", Words: "data policy|privacy settings|guardrail restrictions", Kind: core.Forbidden, Scope: core.ScopeModel, Verdict: core.Surface, Cause: "excluded by the account's privacy settings"},
		{Status: "404 0", Words: "support tool use|support image|support the requested parameters|that can handle the requested parameters", Kind: core.BadRequest},
	}},
	{"mistral", "", []core.FaultRule{
		{Status: "503", Words: "service tier capacity exceeded", Kind: core.Overloaded, Scope: core.ScopeModel},
		{Words: "service tier capacity exceeded", Kind: core.RateLimited, Scope: core.ScopeModel},
	}},
	{"kimi-coding", china, []core.FaultRule{
		{Status: "403 0", Words: "only available for coding agents", Kind: core.Forbidden, Cause: "client not allowed by the provider"},
	}},
	{"moonshotai moonshotai-cn", china, []core.FaultRule{
		{Status: "403 429", Codes: "exceeded_current_quota_error", Words: "exceeded_current_quota_error", Unless: "tpd|per day", Kind: core.Unpaid},
		{Words: "max tpd|reached max request per day|tokens per day", Kind: core.QuotaSpent, Window: core.Day},
	}},
	// platform.xiaomimimo.com, "Error codes": 421 is its content filter.
	{"xiaomi*", china, []core.FaultRule{
		{Status: "421", Kind: core.BadRequest, Cause: "refused by the provider's content rules"},
	}},
	{"ant-ling", china, nil},
	{"deepseek", china, nil},
	{"huggingface", "", []core.FaultRule{
		{Status: "402", Kind: core.QuotaSpent, Words: "monthly included credits|monthly allowance|included credits", Window: 31 * core.Day},
		{Status: "503", Words: "currently loading", Kind: core.Overloaded, Scope: core.ScopeModel, Wait: 20 * core.Second},
	}},
	{"cline", "", []core.FaultRule{
		{Codes: "spend_limit_exceeded", Kind: core.QuotaSpent},
	}},
	{"kilo", "", []core.FaultRule{
		{Status: "401 0", Codes: "paid_model_auth_required", Words: "need to sign in to use this model", Kind: core.Unauthorized},
	}},
	{"google google-vertex", "", []core.FaultRule{
		{Status: "429 0", Words: "limit: 0,|limit: 0 please|limit: 0 *", Kind: core.NotEntitled},
		{Codes: "consumer_suspended", Kind: core.Forbidden, Cause: "project suspended"},
		{Codes: "billing_disabled", Words: "prepayment credits are depleted|requires billing to be enabled", Kind: core.Unpaid},
		{Status: "429", Words: "_per_base_model", Unless: "_per_day", Kind: core.RateLimited, Scope: core.ScopeModel},
		{Status: "429 0", Words: "_per_day|per day per project|requests per day", Unless: "_per_minute", Kind: core.QuotaSpent, Window: core.Day, Returns: "midnight pacific"},
	}},
}

// probes are where the smallest chat completion is asked for: of the providers that Pi reaches by openai-completions with a key.
var probes = []struct{ id, url string }{
	{"ant-ling", "https://api.ant-ling.com/v1/chat/completions"},
	{"baseten", "https://inference.baseten.co/v1/chat/completions"},
	{"blazeapi", "https://blazeai.boxu.dev/api/chat/completions"},
	{"cerebras", "https://api.cerebras.ai/v1/chat/completions"},
	{"deepseek", "https://api.deepseek.com/chat/completions"},
	{"fireworks", "https://api.fireworks.ai/inference/v1/chat/completions"},
	{"groq", "https://api.groq.com/openai/v1/chat/completions"},
	{"huggingface", "https://router.huggingface.co/v1/chat/completions"},
	{"kimi-coding", "https://api.kimi.com/coding/v1/chat/completions"},
	{"moonshotai", "https://api.moonshot.ai/v1/chat/completions"},
	{"moonshotai-cn", "https://api.moonshot.cn/v1/chat/completions"},
	{"nvidia", "https://integrate.api.nvidia.com/v1/chat/completions"},
	{"openrouter", "https://openrouter.ai/api/v1/chat/completions"},
	{"together", "https://api.together.ai/v1/chat/completions"},
	{"xiaomi", "https://api.xiaomimimo.com/v1/chat/completions"},
	{"xiaomi-token-plan-cn", "https://token-plan-cn.xiaomimimo.com/v1/chat/completions"},
	{"xiaomi-token-plan-ams", "https://token-plan-ams.xiaomimimo.com/v1/chat/completions"},
	{"xiaomi-token-plan-sgp", "https://token-plan-sgp.xiaomimimo.com/v1/chat/completions"},
	{"zai", "https://api.z.ai/api/coding/paas/v4/chat/completions"},
	{"zai-coding-cn", "https://open.bigmodel.cn/api/coding/paas/v4/chat/completions"},
}

// withFaults gives each provider the quirks and the probe that name it.
func withFaults(all []core.Provider) []core.Provider {
	for i := range all {
		p := &all[i]
		for j := range probes {
			if probes[j].id == p.ID {
				p.Probe = probes[j].url
			}
		}
		for j := range quirks {
			if q := &quirks[j]; q.names(p.ID) {
				p.Faults = slices.Concat(p.Faults, q.faults)
				if p.Zone == "" {
					p.Zone = q.zone
				}
			}
		}
	}
	return all
}

func (q *quirk) names(id string) bool {
	for _, one := range strings.Fields(q.ids) {
		begin, open := strings.CutSuffix(one, "*")
		if one == id || (open && strings.HasPrefix(id, begin)) {
			return true
		}
	}
	return false
}
