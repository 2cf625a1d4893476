// Package qwen knows the logins of Qwen Code. The service ended on 2026-04-15 (QwenLM/qwen-code, README); logins that still work are
// renewed, and a refused start says so.
package qwen

import (
	"strings"

	"github.com/tidwall/gjson"

	"pimultiauth/core"
)

// Ended is what a person reads whose login is refused.
const Ended = "Qwen's free login ended on 2026-04-15. Use a key of Alibaba Cloud Model Studio or a Qwen Token Plan (provider qwen-token-plan) instead"

const (
	defaultBase = "https://dashscope.aliyuncs.com/compatible-mode/v1"
	tokenURL    = "https://chat.qwen.ai/api/v1/oauth2/token"
)

// client is the public client id of qwen-code (QwenLM/qwen-code, packages/core/src/qwen/qwenOAuth2.ts, 2026-03).
var client = core.ClientID{ID: "f0304373b74a44d2b584a3fb70ca9e56", Env: "QWEN_OAUTH_CLIENT_ID"}

// Methods are the logins: a device code (RFC 8628) with PKCE at chat.qwen.ai.
var Methods = []core.LoginMethod{{ID: "device", Label: "Qwen account", Device: &core.DeviceLogin{
	Start:    "https://chat.qwen.ai/api/v1/oauth2/device/code",
	Token:    tokenURL,
	Client:   client,
	Scope:    "openid profile email model.completion",
	PKCE:     true,
	Hosts:    []string{"chat.qwen.ai", "qwen.ai", "www.qwen.ai"},
	AtOnce:   true,
	Interval: 2 * core.Second,
	Refused:  Ended,
	Extra:    Extra,
}}}

// Renewal renews a login.
var Renewal = core.Renewal{Token: tokenURL, Client: client, Extra: Extra}

// Extra keeps the address that a login's requests go to where it is not the usual one, e.g. {"resource_url":"portal.qwen.ai"}.
func Extra(reply string) string {
	base := strings.TrimSpace(gjson.Get(reply, "resource_url").String())
	if base == "" {
		return ""
	}
	if !strings.Contains(base, "://") {
		base = "https://" + base
	}
	base = strings.TrimSuffix(base, "/")
	if !strings.HasSuffix(base, "/v1") {
		base += "/v1"
	}
	if base == defaultBase || !strings.HasPrefix(base, "https://") {
		return ""
	}
	return (&core.Object{}).Raw("request", (&core.Object{}).String("baseUrl", base).Text()).Text()
}

// Models says where Qwen's models are asked; no list of those of a login is documented, so they stand in models.json.
var Models = core.ModelSource{Base: "https://dashscope.aliyuncs.com/compatible-mode/v1", API: "openai-completions"}
