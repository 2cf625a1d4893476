package providers

import "pimultiauth/core"

// chatgptAccount reads the claims of OpenAI's access tokens. chatgpt_account_id is the workspace, which the members of a team share; with
// the person it is an account. What a login stored as its account id counts before the claim.
func chatgptAccount(credential core.Secret) core.Identity {
	const auth = `access/https://api\.openai\.com/auth.`
	user := []string{auth + "chatgpt_account_user_id", auth + "chatgpt_user_id", auth + "user_id"}
	return core.IdentityRule{
		Account: []string{"accountId", auth + "chatgpt_account_id"},
		Within:  user,
		User:    user,
		Email:   []string{`access/https://api\.openai\.com/profile.email`},
	}.Read(credential)
}

// anthropicAccount reads what a login kept of GET /api/oauth/profile or of the reply to its code: the account and its organisation.
func anthropicAccount(credential core.Secret) core.Identity {
	return core.IdentityRule{
		Account: []string{"accountUuid", "account.uuid", "profile.account.uuid", "accountId"},
		Within:  []string{"organizationUuid", "organization.uuid", "profile.organization.uuid", "organizationId"},
		Email:   []string{"email", "emailAddress", "account.email", "account.email_address", "profile.account.email"},
	}.Read(credential)
}

// copilotAccount reads the GitHub user behind a login; the same name at another enterprise host is somebody else.
func copilotAccount(credential core.Secret) core.Identity {
	return core.IdentityRule{
		Account: []string{"login", "user.login", "githubLogin", "accountId"},
		Within:  []string{"enterpriseUrl"},
		User:    []string{"userId", "user.id"},
		Email:   []string{"email", "user.email"},
	}.Read(credential)
}

// clineAccount spells keys as the peer does, so that the logins it kept are recognised.
func clineAccount(credential core.Secret) core.Identity {
	return core.IdentityRule{
		Account: []string{"accountId", "userInfo.id"},
		User:    []string{"userInfo.subject"},
		Email:   []string{"userInfo.email", "email"},
		Plain:   true,
	}.Read(credential)
}

// emailAccount knows no id and goes by the mail address that the service's profile told (Kilo).
func emailAccount(credential core.Secret) core.Identity {
	return core.IdentityRule{Account: []string{"accountId"}, Email: []string{"email", "profile.email", "user.email", "userInfo.email"}}.Read(credential)
}

// kimiAccount reads the claims of Moonshot's access tokens.
func kimiAccount(credential core.Secret) core.Identity {
	return core.IdentityRule{Account: []string{"accountId", "access/user_id", "access/sub"}, Email: []string{"email", "access/email"}}.Read(credential)
}

// subjectAccount reads the subject of OpenID Connect, which is the vendor's id of the person.
func subjectAccount(credential core.Secret) core.Identity {
	return core.IdentityRule{
		Account: []string{"accountId", "idToken/sub", "id_token/sub", "access/sub"},
		Email:   []string{"email", "idToken/email", "id_token/email"},
	}.Read(credential)
}

// Profiles tell whose a login is (GET /api/oauth/profile, scope user:profile; docs.github.com, "Get the authenticated user"; Kilo's
// profile of its own extension; read 2025-11). The GitHub token of a Copilot login is the one it is renewed with.
var (
	anthropicProfile = core.Profile{
		Source: core.UsageSource{URLs: []string{"https://api.anthropic.com/api/oauth/profile"}, Headers: []core.Header{{Name: "anthropic-beta", Value: "oauth-2025-04-20"}}},
		Fields: [][2]string{{"accountUuid", "account.uuid"}, {"organizationUuid", "organization.uuid"}, {"email", "account.email"}},
	}
	copilotProfile = core.Profile{
		Source: core.UsageSource{URLs: []string{"https://api.{enterpriseUrl:github.com}/user"}, Token: "refresh"},
		Fields: [][2]string{{"login", "login"}, {"userId", "id"}, {"email", "email"}},
	}
	kiloProfile = core.Profile{
		Source: core.UsageSource{URLs: []string{"https://api.kilo.ai/api/profile"}},
		Fields: [][2]string{{"email", "user.email"}, {"email", "email"}},
	}
)
