package fault

import "pimultiauth/core"

// The common signs, shared by the rules below: codes as in core.FaultRule.Codes, words as in core.FaultRule.Words.
const (
	// What Pi itself takes for an overflow of the context is here too, since Pi answers it by compacting.
	longCodes = "context_length_exceeded request_too_large model_context_window_exceeded context_window_exceeded " +
		"model_max_prompt_tokens_exceeded prompt_too_long context_too_long max_context_length_exceeded input_too_long tokens_too_long characters_too_long exceed_context_size_error contextwindowexceedederror " +
		"contextlengthexceedederror context_limit_exceeded"
	longWords = "context_length_exceeded|context length exceeded|maximum context length|maximum context window|max context length|prompt is too long|prompt too long|" +
		"prompt was too long|input is too long|input too long|inputs are too long|exceeds the context window|exceed the context window|exceeded the context window|" +
		"exceeds the model's context|exceeds the context limit|exceed context limit|exceeds context limit|context window exceed|context window is full|context limit reached|" +
		"exceeds the maximum number of tokens|exceeds the maximum number of input tokens|exceeds maximum input|maximum allowed input length|exceeded model token limit|maximum prompt length is|" +
		"reduce the length of the messages|reduce the length of your|reduce the length of either|please reduce the length|request_too_large|exceeds the available context|greater than the context length|longer than the model's context|longer than the context length|" +
		"longer than the maximum model length|model_context_window_exceeded|too large for model with|num_ctx|context size has been exceeded|context size is|" +
		"exceed the maximum length|exceeds the maximum length|exceed maximum length|exceeds max length|range of input length should be|token limit exceeded|" +
		"prompt token count … exceeds the limit of|number of input tokens … exceed|number of tokens in the prompt|prompt tokens too long|less than the context length|larger context length|total tokens … exceed|input tokens … exceed|must be less than … tokens|" +
		"tokens … maximum … context|`inputs` tokens + `max_new_tokens` must be|input + output tokens|input token count … exceeds|prompt contains … tokens … limit|" +
		"prompt has … context size|invalid 'input … string too long|invalid 'messages … string too long|conversation is too long|messages are too long|request exceeds the maximum size|上下文长度|超出最大上下文|超过模型最大|输入过长|输入长度超|" +
		"上下文窗口|コンテキスト長|コンテキストウィンドウ|kontextlänge|kontextfenster|fenêtre de contexte|longueur de contexte|ventana de contexto|longitud máxima del contexto|컨텍스트 길이|длина контекста|длину контекста|контекстного окна|janela de contexto|comprimento do contexto|finestra di contesto"
	// longLimits speak of a rate or of the answer's length, whatever else they say.
	longLimits = "max_tokens … is too large|max_completion_tokens … is too large|max_output_tokens … is too large|per min|rate limit|rate_limit|(tpm)|too many requests"

	overageWords = "extra usage is required|usage credits are required|draw from your extra usage|draw from extra usage|out of extra usage|third-party apps now|" +
		"third-party app … extra usage|third-party harness … extra usage|not your plan limits"
	overageSpent = "out of extra usage|extra usage limit|extra usage … used up|extra usage … exhausted"

	unpaidCodes = "billing_error insufficient_balance insufficient_balance_error insufficient_credits insufficient_credit payment_required payment_required_error billing_hard_limit_reached " +
		"billing_not_active creditserror arrearage accountoverdueerror insufficient_funds credits_exhausted credit_exhausted " +
		"workspace_owner_credits_depleted workspace_member_credits_depleted billing_disabled billing_required low_credit no_credits balance_insufficient " +
		"out_of_credits credit_limit account_balance_insufficient customer_verification_required invalid_payment_method prepaid_credits_depleted"
	unpaidWords = "balance is too low|balance too low|balance is not enough|insufficient balance|insufficient account balance|balance is insufficient|balance insufficient|" +
		"insufficient_balance|insufficient credit|insufficient funds|insufficient_funds|insufficient account funds|not enough credit|not enough balance|not enough funds|no credits|no remaining credits|any credits or licenses|out of credits|" +
		"out of prepaid credits|credits depleted|credits are depleted|credits have been depleted|credits are exhausted|credits have been exhausted|credits exhausted|credits expired|credits have expired|" +
		"balance depleted|balance is depleted|balance exhausted|check your account balance|check your balance|balance is $0|balance is 0|balance has run out|" +
		"outstanding balance|payment required|payment_required|no payment method|billing hard limit|requires more credits|" +
		"account is not active, please check your billing|billing is not active|billing to be enabled|billing is disabled|billing account … disabled|billing has been disabled|used all available credits|" +
		"failure to pay|past due|past-due|overdue|unpaid invoice|unpaid balance|payment failed|payment method failed|in arrears|negative credit balance|negative balance|" +
		"good standing|prepaid balance|credit limit exceeded|exceeded your credit limit|trial has ended|trial has expired|trial ended|trial expired|trial period … ended|trial period … expired|余额不足|余额已用完|余额不够|账户余额|欠费|残高が不足|残高不足|クレジットが不足|クレジット残高|" +
		"guthaben reicht nicht|kein guthaben|guthaben aufgebraucht|guthaben ist aufgebraucht|nicht genügend guthaben|unzureichendes guthaben|solde insuffisant|crédits insuffisants|crédit insuffisant|crédit épuisé|crédits épuisés|" +
		"saldo insuficiente|créditos insuficientes|sin saldo|sin créditos|fondos insuficientes|잔액이 부족|잔액 부족|недостаточно средств|недостаточно кредитов|баланс исчерпан|saldo insufficiente|credito insufficiente"

	// unpaidAdvice is what an empty purse is told to do; whoever only goes too fast may be told so too.
	unpaidAdvice = "add credits|add funds|add more credits|add a credit card|valid credit card|add a payment|purchase more credits|purchase credits|buy more credits|buy credits|top up|top-up|please recharge|recharge your|credits required|low credit|请充值|充值后"

	closedCodes = "account_deactivated organization_disabled deactivated_workspace account_suspended organization_deactivated account_disabled user_suspended " +
		"consumer_suspended org_disabled account_banned user_banned account_blocked user_blocked account_locked project_archived organization_archived account_terminated workspace_disabled"
	closedWords = "organization … disabled|organization … restricted|organization … banned|organisation … disabled|organization … deactivated|organization … suspended|workspace … deactivated|workspace … disabled|workspace … suspended|" +
		"account … suspended|account … deactivated|account … been disabled|account is disabled|account has been blocked|account is blocked|account was blocked|account … been banned|account is banned|" +
		"account … been terminated|account … been closed|account … been locked|account is locked|account is restricted|account has been restricted|account … been flagged|account disabled|account blocked|account banned|" +
		"access terminated|access was terminated|user … suspended|user … banned|user has been blocked|consumer … has been suspended|project … has been suspended|project … archived|" +
		"账号已被|被封禁|账户已被|账号被封|账户被封|账户已锁定|账号已停用|アカウントが停止|アカウントは停止|アカウントが無効|konto … gesperrt|konto … deaktiviert|compte … suspendu|compte … désactivé|cuenta … suspendida|cuenta … desactivada|cuenta … bloqueada|계정이 정지|계정이 차단|аккаунт … заблокирован|conta … suspensa|conta … bloqueada|account … sospeso"

	// threats announce what is not so yet.
	threats = "may be suspended|might be suspended|could be suspended|will be suspended|being suspended|may be disabled|could be disabled|may be terminated|being terminated|may be deactivated|may be banned|being banned|may result in"

	// Revoked credentials need a new login or a new key; refreshing brings nothing.
	revokedCodes = "token_revoked token_invalidated refresh_token_reused key_revoked api_key_revoked session_invalidated refresh_token_invalidated"
	revokedWords = "refresh_token_reused|refresh token has already been used|refresh token was already used|refresh token is invalid|token_revoked|token_invalidated|token has been invalidated|token was invalidated|invalidated oauth token|token revoked|" +
		"token is revoked|has been revoked|was revoked|reported as leaked|session has been invalidated|key revoked|key is revoked"

	// Expired access tokens are healed by a refresh.
	expiredCodes = "token_expired expired_token expiredtokenexception session_expired jwt_expired auth_token_expired access_token_expired"
	expiredWords = "token has expired|token expired|expired token|token is expired|token has been expired|expired session|session expired|session has expired|expired credential|credentials have expired|" +
		"credentials expired|token is no longer valid|jwt expired|jwt is expired|token … is expired|access token … expired|login has expired|登录已过期|令牌已过期|token 已过期|token已过期|トークンの有効期限|" +
		"sitzung ist abgelaufen|token ist abgelaufen|jeton … expiré|jeton a expiré|token ha caducado|token … expirado|sesión ha expirado|session expirée"

	keyCodes = "invalid_api_key authentication_error invalid_authentication_error incorrect_api_key api_key_invalid unauthenticated unauthorized invalid_token " +
		"incorrect_api_key_error unrecognizedclientexception invalidsignatureexception api_key_service_blocked wrong_api_key wrong_api_key_error " +
		"invalid_key api_key_expired expired_key api_key_disabled key_disabled incompletesignatureexception missingauthenticationtokenexception auth_error unauthenticated_error invalid_iam_token"
	keyWords = "api-key you provided|api key you provided|api key appears to be invalid|provide an api key|provide your api key|unregistered callers|login fail|no credentials presented|header should match organization|invalid api key|invalid_api_key|invalid-api-key|invalidapikey|invalid api-key|incorrect api key|api key not valid|api_key_invalid|api key is invalid|api key is not valid|api key invalid|" +
		"api key expired|api key has expired|api key is expired|api key not found|api key does not exist|api key is disabled|api key has been disabled|api key is currently blocked|api key has been deleted|" +
		"invalid x-api-key|invalid auth|invalid bearer token|invalid credential|invalid key|invalid token|unauthorized|unauthenticated|authentication_error|authentication failed|" +
		"authentication fails|authentication error|authorization failed|authorization required|no auth credentials|bad credentials|wrong api key|token is invalid|no api key|missing api key|" +
		"api key is missing|api key required|invalid access token|invalid api token|invalid subscription key|invalid username or password|invalid proxy server token|user not found|security token included in the request is invalid|" +
		"could not validate credentials|please log in|please login|sign in again|not logged in|身份验证失败|认证失败|鉴权失败|密钥无效|无效的api|无效的密钥|无效的令牌|api key 无效|apikey无效|api key无效|apikey不正确|api キーが無効|apiキーが無効|無効なapi|無効な api|認証に失敗|認証エラー|" +
		"ungültiger api|ungültiger schlüssel|api-schlüssel … ungültig|authentifizierung fehlgeschlagen|nicht autorisiert|clé api invalide|clé d'api invalide|clé api non valide|authentification échouée|échec de l'authentification|non autorisé|" +
		"clave api no válida|clave de api no válida|clave api inválida|clave de api inválida|autenticación fallida|error de autenticación|no autorizado|api 키가|인증에 실패|인증 실패|api-ключ|ошибка аутентификации|ошибка авторизации|chave de api|não autorizado|chiave api|non autorizzato"
	// keySure are of those the ones that a 400 may say too.
	keySureCodes = "api_key_invalid expired_key invalid_api_key incorrect_api_key unauthenticated wrong_api_key incorrect_api_key_error"
	keySureWords = "incorrect api key|api key not valid|invalid api key|invalid api-key|api key is invalid|api key expired|api key has expired|invalid x-api-key|invalid api token|wrong api key|密钥无效|apikey无效|api key 无效|ungültiger api|clé api invalide|clave de api no válida"

	permissionCodes = "permission_error permission_denied access_denied accessdeniedexception forbidden permission_denied_error"
	permissionWords = "forbidden|permission denied|permission_denied|does not have permission|do not have permission|must be a member of an organization|access denied|access is denied|not authorized to perform|" +
		"无权限|没有权限|权限不足|アクセスが拒否|権限がありません|zugriff verweigert|keine berechtigung|accès refusé|acceso denegado|sin permiso"

	// lacksCodes are permissions that a person has to give: to the key, the project or the organization.
	lacksCodes = "service_disabled validation_required consumer_invalid access_token_scope_insufficient insufficient_scope missing_scope insufficient_permissions ip_not_authorized api_key_ip_address_blocked " +
		"api_key_http_referrer_blocked iam_permission_denied not_authorized_invalid_project publicaccessdisabled feature_flag_blocked org_policy_denied"
	lacksWords = "sufficient permissions|required permissions|missing scope|missing permission|insufficient permission|insufficient_scope|insufficient authentication scopes|scope requirement|required scope|oauth authentication is currently not|" +
		"not allowed for this organization|must be a member of an organization|consumer_invalid|service_disabled|has not been used in project|api is disabled|subscription is not active|no active subscription|subscription has expired|" +
		"subscription expired|subscription ended|subscription was canceled|only authorized for use with|ip address is not|ip address … not allowed|ip address … not authorized|ip not allowed|ip is not in the allow|your ip … blocked|whitelist|allowlist|public access is disabled|approved private endpoint|" +
		"firewall rules|virtual network|sso … required|saml|two-factor|terms of service must be accepted|referer … blocked|restricted api key|does not have access to this endpoint|not authorized to use this copilot|" +
		"no access to copilot|copilot is not enabled|policy … disabled by|disabled by your organization|disabled by your administrator|disabled by an administrator|operation not allowed|permission … denied on resource|request an entitlement|restricted from using|verify your account|verify your identity"

	notInPlanCodes = "model_access_denied modelnotopen key_model_access_denied team_model_access_denied user_model_access_denied org_model_access_denied model_not_in_plan subscription_required not_entitled usage_not_included model_not_available_for_integrator accessdenied.unpurchased " +
		"model.accessdenied model_not_allowed model_requires_subscription model_not_enabled plan_upgrade_required upgrade_required tier_required model_terms_required model_permission_blocked_*"
	notInPlanWords = "access to model|access to the model|access to this model|access to the requested model|access the model|access this model|use this model|use the model|not available on your plan|not available in your plan|not available for your plan|not available on the free|" +
		"not available for free|not included in your plan|not included in your subscription|not included in your current|not available with your|only available to|only available for|only available on|paid_plan_required|paid plan required|" +
		"requires a subscription|support the coding plan|not activated the model|requires a paid|requires a plus|requires a pro|requires a max|requires an enterprise|requires plus|requires pro|requires max|requires team|requires business|requires enterprise|requires an upgrade|plan does not include|" +
		"plan does not support|plan doesn't include|plan does not have access|subscription plan does not|subscription does not include|does not currently include|does not yet include|usage_not_included|not allowed to access model|not allowed to use model|" +
		"current plan … model|free plan … model|your tier … model|free tier users|upgrade to access|upgrade to use|upgrade your plan to use|upgrade your plan to access|model … upgrade your plan|model … upgrade to|model … not enabled for|model … not permitted|" +
		"blocked at the project level|blocked at the organization level|requires terms acceptance|model is not allowed for|not allowed for your team|not allowed for your organization|not purchased|暂无权限|无权访问|未开通|套餐不包含|当前套餐|プランでは利用できません|in ihrem tarif nicht|nicht in ihrem plan|n'est pas inclus|no está incluido"

	noModelCodes = "model_not_found model_not_supported modelerror unsupported_model model_not_available model_decommissioned unknown_model model_not_exist deploymentnotfound model_not_found_error " +
		"invalid_model model_deprecated model_retired invalid_model_error model_does_not_exist model_offline model_unavailable"
	noModelWords = "not found the model|model is disabled|unknown model|unsupported model|no such model|invalid model|model is invalid|no endpoints found|no endpoints available|not_found_error model:|model_not_found|model_not_supported|not a valid model|model not exist|model … not found|model … does not exist|" +
		"model … doesn't exist|model … not exist|model … not supported|model … not available|model … no longer available|model … decommissioned|model … deprecated|model … retired|model … is not enabled|model … end of life|" +
		"model … end-of-life|model … has been removed|model … discontinued|model … sunset|model … marked by provider as legacy|model … was shut down|model … is offline|could not find model|no model named|no model with|no allowed providers|no providers available|models … is not found|model identifier is invalid|unable to access non-serverless model|unable to access model|deployment … does not exist|" +
		"模型不存在|未知模型|不支持的模型|模型已下线|モデルが見つかりません|モデルは存在しません|存在しないモデル|modell … nicht gefunden|modell … existiert nicht|modèle … introuvable|modèle … n'existe pas|modelo … no existe|modelo … no encontrado|모델을 찾을 수 없|модель … не найдена|modelo … não encontrado|modelo … não existe|modello … non trovato"
	// aboutParameters tell "parameter x is not supported with this model" from a model that is not there.
	aboutParameters = "parameter|tool|image|reasoning|temperature|thinking|unsupported_value|unsupported value|invalid_value|response_format|top_p|max_tokens|stream|audio|video|schema"
	parameterCodes  = "unsupported_parameter unsupported_value invalid_value unknown_parameter"

	// refused is content the provider does not want; another account of it does not want it either.
	refusedCodes = "content_filter content_policy_violation moderation_blocked invalid_prompt data_inspection_failed cyber_policy_violation content_filtered " +
		"content_filter_error responsibleaipolicyviolation content_moderation safety prohibited_content blocklist spii content_blocked sensitive_content content_policy usage_policy_violation policy_violation image_safety inputtextsensitivecontent* outputtextsensitivecontent*"
	refusedWords = "content policy|content policies|content filter|content-filter|content management policy|moderation|flagged|violates our|violate our|usage policy|usage policies|usage guidelines|safety system|safety reasons|" +
		"safety filter|safety settings|safety check|blocked by safety|content_filter|prohibited_content|prohibited use|inappropriate content|sensitive content|unsafe or sensitive|guardrail|responsible ai|harmful content|content is not allowed|content not allowed|content exists risk|content risk|敏感内容|不安全或敏感|内容安全|违规内容|" +
		"コンテンツポリシー|不適切な内容|inhaltsrichtlinie|politique de contenu|política de contenido"

	regionCodes = "unsupported_country_region_territory unsupported_country region_not_supported location_not_supported user_location_not_supported unsupported_region country_not_supported geo_blocked region_blocked"
	regionWords = "country, region, or territory not supported|unsupported_country|not available in your region|not available in your country|not available in your location|not available in this region|not supported in your region|not supported in your country|" +
		"location is not supported|location not supported|region is not supported|country is not supported|region not supported|unsupported countries|unsupported location|unavailable in your region|unavailable in your country|not accessible from your|" +
		"legal reasons|所在地区|地区不支持|您所在的|お住まいの地域|in ihrer region nicht|in ihrem land nicht|pas disponible dans votre|no está disponible en tu|no disponible en su"

	quotaCodes = "setlimitexceeded monthly_request_count insufficient_quota usage_limit_reached usage_limit_exceeded quota_exceeded gousagelimiterror freeusagelimiterror spend_limit_exceeded spending_limit_exceeded exceeded_current_quota_error " +
		"servicequotaexceededexception monthly_spend_limit_reached subscription_sharing_usage_limit_exceeded subscription_sharing_workplace_individual_usage_limit_exceeded " +
		"rate_limit_quota_exceeded workspace_owner_usage_limit_reached workspace_member_usage_limit_reached quota_exhausted monthlylimiterror userlimiterror " +
		"subscription_usage_limit_error daily_limit_exceeded monthly_limit_exceeded weekly_limit_exceeded monthly_limit_reached usage_limit usage_limit_error quota_limit_exceeded quota_reached quota_limit_reached daily_quota_exceeded plan_limit_exceeded spend_limit_reached budget_exceeded " +
		"key_limit_exceeded outofquota tokens_quota_exceeded free_quota_exceeded usage_limit_reached_error credit_limit_reached session_limit_exceeded"
	quotaWords = "monthly budget|daily budget|usage limit|usage cap|insufficient_quota|insufficient quota|exceeded your current quota|quota exceeded|quota_exceeded|exceeded quota|exceeded the quota|quota exhausted|quota has been exhausted|quota is exhausted|quota is used up|quota used up|quota has been used|quota limit|quota reached|" +
		"exhausted your|no quota|used up your|used all your|used all of your|free allocation|neurons|spending limit|spending cap|spend limit|premium request|hit your limit|hit your usage|hit your weekly|hit your session|reached your limit|reached your usage|reached your weekly|reached your daily|reached your monthly|reached your plan|" +
		"limit exhausted|monthly included credits|allocated quota|out of budget|budget has been exceeded|budget exceeded|exceeded budget|over budget|key limit exceeded|limit_reached|reached its monthly|requests quota|your quota|exceeded … quota|plan limit|session limit|weekly limit|monthly limit|daily limit|message limit|messages limit|call volume quota|allowance|" +
		"free tier … exhausted|free quota|free trial … exhausted|配额|额度已用|额度不足|额度耗尽|使用上限|用量上限|使用限额|调用上限|限额已|免费额度|クォータ|利用上限|使用量の上限|使用制限に達|上限に達しました|kontingent|nutzungslimit|tageslimit|wochenlimit|monatslimit|quota dépassé|quota épuisé|limite d'utilisation|" +
		"límite de uso|cuota excedida|cuota agotada|cuota … superad|has alcanzado tu límite|ha alcanzado el límite|사용량 한도|사용 한도|할당량|лимит исчерпан|исчерпан лимит|квот|limite de uso|limite di utilizzo"

	rateCodes = "rate_limit_error rate_limit_exceeded rate_limit_reached_error too_many_requests throttlingexception resource_exhausted rate_limited throttling throttling.* user_model_rate_limited user_global_rate_limited* " +
		"integration_rate_limited rate_limit rate_limit_reached concurrency_limit_exceeded too_many_requests_error limit_requests limit_burst_rate rate_limit_error_exceeded toomanyrequestsexception requests_rate_limit concurrent_request_limit 1015"
	rateWords = "high frequency usage|high concurrency|concurrency usage|rate increased too quickly|too many api requests|reduce frequency|reduce concurrency|too many requests|rate limit|rate-limit|rate_limit|ratelimit|throttl|requests per minute|requests per second|requests per hour|tokens per minute|server busy|server is busy|no available slot|all slots busy|too many concurrent|concurrency limit|concurrent request|concurrent connections|" +
		"resource exhausted|resource_exhausted|resource has been exhausted|too many tokens|limit per minute|per minute limit|slow down|too frequent|request frequency|request limit exceeded|请求过多|请求频率|频率限制|过于频繁|速率限制|并发|限流|リクエストが多すぎ|レート制限|リクエスト数|同時リクエスト|" +
		"zu viele anfragen|zu viele gleichzeitige|anfragelimit|ratenlimit|trop de requêtes|limite de débit|limite de requêtes|demasiadas solicitudes|demasiadas peticiones|límite de solicitudes|límite de velocidad|límite de tasa|요청 한도|요청이 너무|속도 제한|лимит запросов|много запросов|limite de taxa|muitas solicitações|muitas requisições|troppe richieste"

	busyCodes = "overloaded_error engine_overloaded_error server_overloaded model_overloaded slow_down capacity_exceeded modelnotreadyexception serviceunavailableexception server_is_overloaded engine_overloaded overloaded no_capacity " +
		"queue_exceeded model_not_ready server_busy insufficient_capacity capacity_error over_capacity outofcapacity model_at_capacity"
	busyWords = "too busy|temporarily busy|maximum capacity|server overload|over capacity|负载较高|集群负载|server is not ready|model is not ready|still building or deploying|overloaded|out of memory|cuda oom|no more data centers|capacity temporarily exceeded|at capacity|at full capacity|model is not loaded|model not loaded|failed to load model|currently loading|is loading|high demand|high load|heavy load|high traffic|out of capacity|capacity exceeded|no capacity|insufficient capacity|" +
		"currently experiencing|warming up|cold start|服务繁忙|服务器繁忙|系统繁忙|模型繁忙|访问量过大|负载过高|混雑|混み合|過負荷|überlastet|ausgelastet|surchargé|sobrecargad|saturado|혼잡|과부하|перегружен|sobrecarregad|sovraccaric"

	brokenCodes = "api_error server_error internal_server_error internal_error internal unavailable service_unavailable internalserverexception bad_gateway service_unavailable_error modelerrorexception modelstreamerrorexception upstream_error internal_failure"
	brokenWords = "internal error|service unavailable|bad gateway|temporarily unavailable|currently unavailable|server had an error|server error|upstream error|upstream connect|upstream request|llama runner|provider returned error|an error occurred while processing your request|" +
		"something went wrong|internal failure|unexpected error|no healthy upstream|web server is down|origin is unreachable|内部错误|服务器错误|服务不可用|服务器内部|サーバーエラー|内部エラー|一時的に利用できません|interner serverfehler|dienst nicht verfügbar|erreur interne|service indisponible|error interno|servicio no disponible|maintenance|维护中|メンテナンス|점검|서버 오류|내부 오류|технические работы|временно недоступ|ошибка сервера|внутренняя ошибка|erro interno|errore interno|em manutenção|manutenzione|wartungsarbeiten|mantenimiento"

	timeoutCodes = "deadline_exceeded timeout_error request_timeout gateway_timeout modeltimeoutexception timeout upstream_timeout"
	timeoutWords = "timed out|timeout|time-out|etimedout|deadline exceeded|deadline expired|超时|タイムアウト|zeitüberschreitung|délai d'attente|délai dépassé|tiempo de espera|시간 초과|время ожидания|tempo limite|tempo esgotado"

	networkWords = "tunneling socket|no such host|stream error: stream|goaway|error sending request|could not resolve|err_internet|err_connection|err_name|self_signed|unable_to_verify|unable_to_get|unable to get local issuer|proxy response|connection was closed|typo in the url|redirected too many|expected http/|invalid response body|malformed_http|decompression|zliberror|proxy error|socket could not be|econnreset|econnrefused|econnaborted|enotfound|eai_again|epipe|ehostunreach|enetunreach|enetdown|eproto|socket hang up|network error|network is unreachable|network connection|fetch failed|connection error|premature close|other side closed|und_err|connection reset|" +
		"connection refused|connection closed|connection lost|connection terminated|stream ended|stream closed|stream disconnected|websocket|unexpected end of|getaddrinfo|failed to fetch|ssl_error|err_ssl|err_tls|tls connection|tls handshake|certificate|self-signed|self signed|load failed|proxy authentication|" +
		"unable to connect|could not connect|cannot connect|dns|err_http2|err_stream_premature|network changed|aborted by the remote|<!doctype|captive portal|网络错误|网络异常|ネットワークエラー|netzwerkfehler|erreur réseau|error de red|네트워크 오류|ошибка сети|erro de rede|errore di rete"

	stoppedWords = "operation was cancelled|operation was canceled|request was aborted|request aborted|operation was aborted|operation aborted|aborterror|user aborted|user cancelled|user canceled|cancelled by user|canceled by user|aborted by user|request cancelled|request canceled"

	badCodes = "invalid_request_error invalid_argument bad_request validationexception unsupported_parameter invalid_request invalid_parameter invalid_type missing_required_parameter invalid_value unsupported_value invalid_image image_parse_error failed_precondition " +
		"validation_error unprocessable_entity invalid_image_format"
	// oddWords are complaints about what was sent that say so in no other way.
	oddWords = "json payload|unknown name|parse the json|invalid json|not permitted|mime type|extra inputs|deserialize|header is required|invalid schema|is not valid under|must have a corresponding|tool_use|tool_result|`temperature`|organization must be verified|max_tokens|" +
		"max_completion_tokens|must be one of|must be less than|must be greater|should be [|does not support|not supported|unsupported|image dimensions|pdf specified|thinking budget|is too large|is illegal|string too long|failed to call a function|adjust your prompt|different http method|unable to process the request|" +
		"encrypted content|previous response with id|thought signature|does not work with the specified model|high risk"

	badWords = "bad request|invalid request|invalid_request|invalid argument|invalid parameter|unknown parameter|unsupported endpoint|unsupported parameter|unsupported value|validation error|field required|missing required|malformed|could not process image|unsupported image|image exceeds|参数错误|参数无效|無効なリクエスト|ungültige anfrage|requête invalide|solicitud no válida"

	misconfigWords = "requires setting the|no api key found|no api key for provider|no api key is configured|api key is required but|is not set. please|environment variable … not set|environment variable is required|base url is required|base_url is required|invalid url|unsupported protocol|no credentials found|could not load credentials|" +
		"could not resolve authentication method|unable to locate credentials|could not load the default credentials"

	// forModel says that a limit is one model's.
	forModelCodes = "model_cooldown ratelimitexceeded.foundationmodel* setlimitexceeded user_model_rate_limited model_rate_limited model_rate_limit_exceeded"
	forModelWords = "for team … and model|for selected model|quota for model|bymodel|associated foundation model|rate limit reached for … in organization|rate limit reached for … on tokens per|rate limit reached for … on requests per|limit for this model|limits for this model|limit for the model|limit for model|limit of this model|quota for this model|quota on this model|capacity on this model|exceeded for this model|exceeded for model|" +
		"model's rate limit|model rate limit|limit reached for this model|limit reached for model|opus limit|sonnet limit|opus weekly limit|sonnet weekly limit|with base model|quota exceeded for metric … model:|limit on this model|requests for this model|for this model has been|该模型的|此模型的|このモデルの"
)

// commonFirst is asked after the provider's own rules and before what the status decides.
var commonFirst = []core.FaultRule{
	{Status: "400 403 429 402 0", Words: overageSpent, Kind: core.PolicyOverage, Scope: core.ScopeAccount, Verdict: core.Rotate, Wait: core.Hour, Cause: "extra usage used up"},
	{Status: "400 403 429 402 0", Words: overageWords, Kind: core.PolicyOverage},
	{Status: "400 401 402 403 429 0", Codes: "workspace_owner_credits_depleted workspace_member_credits_depleted", Kind: core.Unpaid, Cause: "workspace credits used up"},
	{Status: "402 403 429 400 0", Codes: "usage_not_included", Kind: core.NotEntitled},
	{Status: "429 0", Words: "request too large for … tokens per", Kind: core.TooLong, Cause: "request larger than the limit"},
	// A limit of nothing is what OpenAI gives a model that this tier does not have.
	{Status: "429 0", Words: "limit: 0/1min|limit: 0/min|limit: 0 / min|limit 0, used", Kind: core.NotEntitled},
	// one-api and new-api, which many gateways run (seen 2023 to 2026): a purse, a key's own purse, a model that nobody behind them serves.
	{Status: "400 401 402 403 429 0", Codes: "insufficient_user_quota pre_consume_token_quota_failed", Words: "令牌额度已用尽|令牌额度不足|用户额度不足|预扣费额度失败", Kind: core.Unpaid},
	{Status: "429 0", Words: "负载已饱和", Kind: core.RateLimited},
	{Status: "400 403 404 429 0", Words: "无可用渠道|no available channel", Kind: core.ModelUnavailable, Verdict: core.Rotate, Wait: 10 * core.Minute},
	{Status: "403 429 400 402 0", Codes: "paid_plan_required", Words: "paid_plan_required", Kind: core.NotEntitled, Wait: -1},
}

// tooManyRules are asked of a 429 before its headers.
var tooManyRules = []core.FaultRule{
	{Codes: busyCodes, Kind: core.Overloaded},
}

// afterWindows is asked of a 429 that no window of the headers explains.
var afterWindows = []core.FaultRule{
	{Codes: unpaidCodes, Words: unpaidWords, Unless: "unlock … free model|free-models-per|per minute", Kind: core.Unpaid},
	{Words: unpaidAdvice, Unless: "limit|quota|too many|throttl|requests per|tokens per", Kind: core.Unpaid},
	{Codes: closedCodes, Words: closedWords, Unless: threats, Kind: core.Forbidden, Cause: "account or organization closed"},
	{Words: "package has expired|plan has expired|subscription has expired|membership has expired|套餐已过期|套餐已到期", Kind: core.Unpaid, Cause: "plan expired"},
	{Codes: notInPlanCodes, Words: "does not yet include access|plan does not include|not included in your plan|not available on your plan|not available in your plan|requires a paid plan|paid plan required", Unless: "rate limit|usage limit|quota|too many|per minute|per day", Kind: core.NotEntitled},
	{Words: "model is overloaded|model … overloaded|engine is currently overloaded|service … overloaded|server is overloaded|out of capacity|at capacity|no capacity|model is currently overloaded|maximum capacity|experiencing high demand|experiencing heavy|high traffic|heavy traffic|server … overloaded", Unless: "rate limit|quota", Kind: core.Overloaded},
}

var unauthorizedRules = []core.FaultRule{
	{Codes: closedCodes, Words: closedWords, Unless: threats, Kind: core.Forbidden, Cause: "account or organization closed"},
	{Codes: revokedCodes, Words: revokedWords, Kind: core.Unauthorized, Cause: "login revoked"},
	{Codes: "creditserror insufficient_balance insufficient_credits insufficient_funds arrearage", Kind: core.Unpaid},
	{Codes: notInPlanCodes, Words: "not allowed to access model", Kind: core.NotEntitled},
	{Words: unpaidWords, Unless: "api key|x-api-key|authentication", Kind: core.Unpaid},
	{Words: unpaidAdvice, Unless: "api key|x-api-key|authentication", Kind: core.Unpaid},
	{Codes: "monthlylimiterror userlimiterror", Kind: ""},
	{Codes: "modelerror", Kind: core.ModelUnavailable, Verdict: core.Rotate},
	{Codes: expiredCodes, Words: expiredWords, Unless: "api key", Kind: core.Unauthorized, Verdict: core.Rotate, Wait: core.Minute, Cause: "login expired"},
	{Codes: regionCodes, Words: regionWords, Kind: core.Forbidden, Scope: core.ScopeProvider, Verdict: core.Surface, Cause: "not offered in this region"},
	{Codes: lacksCodes, Words: lacksWords, Kind: core.Forbidden, Cause: "key lacks a permission"},
	{Kind: core.Unauthorized},
}

var paymentRules = []core.FaultRule{
	{Codes: closedCodes, Words: closedWords, Unless: "failure to pay|unpaid|past due|balance|" + threats, Kind: core.Forbidden, Cause: "account or organization closed"},
	// OpenRouter: a smaller request may still pass.
	{Words: "can only afford|prompt tokens limit exceeded", Kind: core.Unpaid, Verdict: core.Rotate, Wait: core.Hour, Cause: "not enough credit for the request"},
	{Codes: "monthly_request_count usage_limit_reached monthlylimiterror quota_exceeded monthly_spend_limit_reached spend_limit_exceeded budget_exceeded key_limit_exceeded subscription_sharing_*", Words: "monthly included credits|included credits|exceeded its budget|refreshes monthly|usage limit|quota exceeded|exceeded your quota|exceeded your monthly quota|weekly limit|daily limit|monthly limit|free quota", Kind: core.QuotaSpent},
}

var paymentLast = []core.FaultRule{
	{Codes: notInPlanCodes, Words: "upgrade your plan to|not included in your plan|requires a paid|requires a pro|paid plan required|requires a subscription", Unless: "credit|balance", Kind: core.NotEntitled},
	{Kind: core.Unpaid},
}

var forbiddenRules = []core.FaultRule{
	{Codes: revokedCodes, Words: revokedWords, Kind: core.Unauthorized, Cause: "login revoked"},
	{Codes: "insufficient_balance insufficient_credits insufficient_funds arrearage payment_required billing_error billing_disabled", Kind: core.Unpaid},
	{Words: "failure to pay|billing to be enabled|billing is disabled|billing account … disabled|insufficient balance|余额不足|欠费", Kind: core.Unpaid},
	{Codes: closedCodes, Words: closedWords, Unless: threats, Kind: core.Forbidden, Cause: "account or organization closed"},
	{Codes: "rate_limit_error rate_limit_exceeded too_many_requests 1015", Words: "secondary rate limit|too many requests|rate limit exceeded|api rate limit|being rate limited", Kind: ""},
	{Codes: unpaidCodes, Words: unpaidWords, Unless: "purchase extra usage|upgrade your plan|usage limit|quota", Kind: core.Unpaid},
	{Words: unpaidAdvice, Unless: "purchase extra usage|upgrade your plan|usage limit|quota", Kind: core.Unpaid},
	// Kimi For Coding answers a spent week with 403 access_terminated_error or permission_error (seen 2026-08), OpenRouter a key's own
	// limit with "Key limit exceeded", Azure a spent volume with its days.
	{Codes: quotaCodes, Words: quotaWords, Unless: "quota project|resource quota|quota metric", Kind: ""},
	{Codes: "access_terminated_error", Kind: core.Forbidden, Cause: "access ended by the provider"},
	{Codes: refusedCodes, Words: refusedWords, Kind: core.BadRequest, Cause: "refused by the provider's content rules"},
	{Codes: regionCodes, Words: regionWords, Kind: core.Forbidden, Scope: core.ScopeProvider, Verdict: core.Surface, Cause: "not offered in this region"},
	{Codes: lacksCodes, Words: "permission … denied on resource|insufficient authentication scopes|missing scope|missing permission|insufficient permission|sufficient permissions|required permissions|required scope|scope requirement", Kind: core.Forbidden, Cause: "key lacks a permission"},
	{Codes: notInPlanCodes, Words: notInPlanWords, Kind: core.NotEntitled},
	{Codes: noModelCodes, Words: noModelWords, Kind: core.NotEntitled},
	{Codes: expiredCodes, Words: expiredWords, Unless: "api key", Kind: core.Unauthorized, Verdict: core.Rotate, Wait: core.Minute, Cause: "login expired"},
	{Words: lacksWords + "|contact your administrator", Kind: core.Forbidden, Cause: "access not permitted"},
	{Codes: keySureCodes, Words: "api key|bad credentials|security token included in the request is invalid|invalid bearer token|invalid auth|密钥|api-schlüssel|clé api|clave de api|apiキー", Unless: "does not have permission|permission denied", Kind: core.Unauthorized},
	{Codes: keyCodes, Words: "unauthorized|authentication failed|invalid token|invalid access token", Unless: permissionWords, Kind: core.Unauthorized},
	{Codes: longCodes, Words: longWords, Unless: longLimits, Kind: core.TooLong},
	{Codes: busyCodes, Words: "model is overloaded", Kind: core.Overloaded},
	{Kind: core.Forbidden, Verdict: core.Rotate, Wait: 10 * core.Minute, Cause: "access refused"},
}

var missingRules = []core.FaultRule{
	{Codes: closedCodes, Words: closedWords, Unless: threats, Kind: core.Forbidden, Cause: "account or organization closed"},
	{Words: "does not exist or you … access|not found the model … permission denied", Kind: core.ModelUnavailable, Verdict: core.Rotate},
	{Codes: regionCodes, Words: regionWords, Kind: core.Forbidden, Scope: core.ScopeProvider, Verdict: core.Surface, Cause: "not offered in this region"},
	{Codes: notInPlanCodes, Words: notInPlanWords, Kind: core.NotEntitled},
	{Codes: noModelCodes, Words: noModelWords, Kind: core.ModelUnavailable, Verdict: core.Rotate},
	{Words: "not found … model|no endpoint|function … not found for account|not found the model|inference endpoint|not found and/or not deployed|not found, inaccessible", Kind: core.ModelUnavailable, Verdict: core.Rotate},
	{Words: "model:|model ", Kind: core.ModelUnavailable, Verdict: core.Rotate},
	{Codes: "7000 7003", Kind: core.Misconfigured, Cause: "address of the account is wrong"},
	{Kind: core.BadRequest, Cause: "address not found"},
}

var rejectedRules = []core.FaultRule{
	{Codes: longCodes, Words: longWords, Unless: longLimits, Kind: core.TooLong},
	{Codes: unpaidCodes, Words: unpaidWords, Kind: core.Unpaid},
	{Words: unpaidAdvice, Kind: core.Unpaid},
	{Codes: keySureCodes, Words: keySureWords, Kind: core.Unauthorized},
	{Codes: revokedCodes, Words: revokedWords, Kind: core.Unauthorized},
	{Codes: expiredCodes, Words: "access token has expired|oauth token has expired|token is expired|expiredtokenexception|security token … expired", Kind: core.Unauthorized, Verdict: core.Rotate, Wait: core.Minute, Cause: "login expired"},
	{Codes: closedCodes, Words: closedWords, Unless: threats, Kind: core.Forbidden, Cause: "account or organization closed"},
	{Codes: "insufficient_quota usage_limit_reached quota_exceeded usage_limit_exceeded servicequotaexceededexception spend_limit_exceeded monthly_limit_reached budget_exceeded key_limit_exceeded", Words: "budget has been exceeded|exceeded its budget|specified api usage limits|specified … api usage limits|usage limit reached|spend limit|spending limit|spending cap|reached its monthly|monthly limit reached|limit reached for this month|reached your usage limit|quota exceeded|exceeded your current quota", Kind: ""},
	{Codes: "throttlingexception throttling throttling.* rate_limit_exceeded rate_limit_error too_many_requests", Words: "rate limit exceeded|too many requests", Kind: ""},
	{Codes: refusedCodes, Words: refusedWords, Kind: core.BadRequest, Cause: "refused by the provider's content rules"},
	{Codes: regionCodes, Words: regionWords, Kind: core.Forbidden, Scope: core.ScopeProvider, Verdict: core.Surface, Cause: "not offered in this region"},
	{Words: "only authorized for use with|consumer_invalid|operation not allowed|has not been used in project", Kind: core.Forbidden, Cause: "access not permitted"},
	{Codes: busyCodes, Words: "model is overloaded|engine is currently overloaded|model is not ready", Kind: core.Overloaded},
	{Codes: notInPlanCodes, Words: notInPlanWords, Unless: "parameter|organization must be verified|" + aboutParameters, Kind: core.NotEntitled},
}

// unknownModel is a name the provider does not know: no other account knows it better.
var unknownModel = []core.FaultRule{
	{Codes: noModelCodes, Words: "model_not_found", Kind: core.ModelUnavailable},
	{Words: noModelWords, Unless: aboutParameters, Kind: core.ModelUnavailable},
}

// withoutStatus reads Codex's friendly sentences, errors inside a stream that began well, and clients' own errors.
var withoutStatus = []core.FaultRule{
	{Words: stoppedWords, Kind: core.Aborted},
	{Codes: longCodes, Words: longWords, Unless: longLimits, Kind: core.TooLong},
	{Words: "can only afford|prompt tokens limit exceeded", Kind: core.Unpaid, Verdict: core.Rotate, Wait: core.Hour, Cause: "not enough credit for the request"},
	{Codes: unpaidCodes, Words: "balance is too low|insufficient balance|余额不足|欠费", Kind: core.Unpaid},
	{Codes: closedCodes, Words: closedWords, Unless: threats + "|failure to pay|unpaid|past due|balance", Kind: core.Forbidden, Cause: "account or organization closed"},
	{Words: "membership has expired|membership is active|plan has expired|package has expired", Kind: core.Unpaid, Cause: "plan expired"},
	{Words: unpaidWords, Unless: "usage limit|rate limit|quota exceeded|session limit|weekly limit|free-models-per", Kind: core.Unpaid},
	{Words: unpaidAdvice, Unless: "limit|quota|too many|throttl|requests per|tokens per|overloaded", Kind: core.Unpaid},
	{Codes: revokedCodes, Words: revokedWords, Kind: core.Unauthorized, Cause: "login revoked"},
	{Codes: expiredCodes, Words: expiredWords, Unless: "api key", Kind: core.Unauthorized, Verdict: core.Rotate, Wait: core.Minute, Cause: "login expired"},
	{Codes: busyCodes, Words: busyWords, Unless: "rate limit|usage limit|quota", Kind: core.Overloaded},
	{Words: misconfigWords, Kind: core.Misconfigured, Cause: "credential could not be used"},
}

var withoutStatusThen = []core.FaultRule{
	{Codes: quotaCodes, Words: quotaWords, Kind: ""},
	{Codes: rateCodes, Words: rateWords, Kind: ""},
	{Codes: regionCodes, Words: regionWords, Kind: core.Forbidden, Scope: core.ScopeProvider, Verdict: core.Surface, Cause: "not offered in this region"},
	{Codes: lacksCodes, Words: lacksWords, Kind: core.Forbidden, Cause: "access not permitted"},
	{Codes: keyCodes, Words: keyWords, Kind: core.Unauthorized},
	{Codes: refusedCodes, Words: refusedWords, Kind: core.BadRequest, Cause: "refused by the provider's content rules"},
	{Codes: notInPlanCodes, Words: notInPlanWords, Unless: "parameter", Kind: core.NotEntitled},
	{Words: noModelWords, Codes: noModelCodes, Unless: aboutParameters, Kind: core.ModelUnavailable},
	{Codes: permissionCodes, Words: permissionWords, Kind: core.Forbidden, Verdict: core.Rotate, Wait: 10 * core.Minute, Cause: "access refused"},
	{Codes: brokenCodes, Kind: core.Overloaded, Cause: "provider failed"},
	{Words: networkWords, Kind: core.Network},
	{Codes: timeoutCodes, Words: timeoutWords, Kind: core.Timeout},
	{Words: brokenWords, Kind: core.Overloaded, Cause: "provider failed"},
	{Codes: badCodes, Words: badWords, Kind: core.BadRequest},
	{Words: oddWords, Kind: core.BadRequest},
}

// spans are the words for windows, the longest first: a text that names two means that both are spent.
var spans = []struct {
	length core.Duration
	words  string
}{
	{month, "monthly|per month|per-month|permonth|per_month|billing cycle|billing period|billing month|30 day|30-day|30天|this month|next month|month's|api usage limits|每月|本月|月度|月限额|月間|今月|毎月|monatlich|monatslimit|monats|mensuel|par mois|mensual|por mes|month allocated quota|/month|/ month|월간|месячн|в месяц|mensile|mensal"},
	{core.Week, "weekly|per week|per-week|perweek|per_week|7-day|7 day|seven-day|seven day|7d |next week|this week|week's|每周|每週|本周|本週|周限额|周用量|七天|7天|7 天|週間|今週|wöchentlich|wochenlimit|wochen|hebdomadaire|par semaine|semanal|por semana|week allocated quota|/week|주간|недельн|settimanal"},
	{core.Day, "daily|per day|per-day|perday|per_day|(rpd)|(tpd)| rpd| tpd|used up your daily|free allocation|24 hour|24-hour|24h|requests-day|tokens-day|每日|每天|当日|今日|日限额|当天|1日|一日|本日|毎日|täglich|tageslimit|pro tag|quotidien|journali|par jour|diari|diári|por día|/day|/ day|일일|하루|дневной|дневная|суточн|в день|giornalier"},
	{5 * core.Hour, "5 hour limit|5 hour usage|5 hour window|5 hour quota|5 hour rolling|5 hour period|for 5 hour|5 hours limit|5-hour|five-hour|five hour limit|five hour window|5h limit|5h window|5h quota|5 小时|5小时|五小时|5時間|5 時間|5-stunden|5 stunden|5 heures|5 horas|session limit|hour allocated quota"},
	{core.Hour, "hourly|per hour|per_hour|/hour|每小时|1時間あたり|stündlich|pro stunde|par heure|por hora|/ hour"},
	{core.Minute, "per minute|per-minute|perminute|per_minute|per min|(rpm)|(tpm)|(itpm)|(otpm)| rpm| tpm|rpm:|tpm:|per second|per_second|/min|-minute|每分钟|每分鐘|每秒|1分あたり|pro minute|par minute|por minuto|/ min|tpm limit|rpm limit|qps|분당|в минуту"},
}
