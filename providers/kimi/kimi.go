// Package kimi knows the logins of Kimi For Coding and where a plan tells what is left. It does not know its models.
package kimi

import "pimultiauth/core"

// client is the public client id of kimi-cli (MoonshotAI/kimi-cli, src/kimi_cli/auth, 2026-10). A login is renewed with the id that it
// was given to, so an override counts for new logins alone.
var client = core.ClientID{ID: "17e5f671-d194-4dfb-9706-5516cb48c098", Env: "KIMI_CODING_OAUTH_CLIENT_ID"}

// Methods are the logins of https://www.kimi.com/code: a device code (RFC 8628) at auth.kimi.com.
var Methods = []core.LoginMethod{{ID: "device", Label: "Kimi For Coding subscription", Device: &core.DeviceLogin{
	Start:   "https://auth.kimi.com/api/oauth/device_authorization",
	Token:   "https://auth.kimi.com/api/oauth/token",
	Client:  client,
	Page:    "https://www.kimi.com/code/authorize_device?user_code=",
	Hosts:   []string{"www.kimi.com", "kimi.com", "auth.kimi.com"},
	AtOnce:  true,
	Longest: 15 * core.Second,
	// Pi assumes as much where the reply does not say.
	Lifetime: 15 * core.Minute,
}}}

// Renewal renews a login. Its access tokens last for minutes.
var Renewal = core.Renewal{Token: "https://auth.kimi.com/api/oauth/token", Client: client}

// Lead is how long before its end kimi-cli renews a token.
const Lead = 5 * core.Minute
