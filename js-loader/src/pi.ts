// The parts of Pi's types that differ between its versions, as loosely as both allow.

/** A credential as auth.json holds it. */
export type Credential = ApiKeyCredential | (Record<string, unknown> & { type: "oauth"; expires: number });

/** A key, or provider-scoped variables, or both. */
export interface ApiKeyCredential {
	type: "api_key";
	key?: string;
	env?: Record<string, string>;
}

/** What a request is authorised with. */
export interface ModelAuth {
	apiKey?: string | undefined;
	headers?: Record<string, string | null> | undefined;
	baseUrl?: string | undefined;
}

/** A resolved auth, the environment that goes with it and where it came from. */
export interface AuthResult {
	auth: ModelAuth;
	env?: Record<string, string> | undefined;
	source?: string | undefined;
}

/** Pi's view of the environment and the disk. */
export interface AuthContext {
	env(name: string): Promise<string | undefined>;
	fileExists(path: string): Promise<boolean>;
}

interface ResolveInput {
	ctx: AuthContext;
	credential?: ApiKeyCredential | undefined;
	signal: AbortSignal;
}

/** A provider's way with keys. */
export interface ApiKeyAuth {
	name: string;
	check?(input: ResolveInput): Promise<{ type: string; source?: string } | undefined>;
	resolve(input: ResolveInput): Promise<AuthResult | undefined>;
	[more: string]: unknown;
}

/** A provider's way with logins. */
export interface OAuthAuth {
	name: string;
	refresh(credential: Credential, signal: AbortSignal): Promise<Credential>;
	toAuth(credential: Credential): Promise<ModelAuth>;
	[more: string]: unknown;
}

/** A model as Pi hands it to a provider. */
export interface Model {
	id: string;
	api: string;
	provider: string;
	baseUrl?: string;
	[more: string]: unknown;
}

/** What is sent to a model. */
export interface Transcript {
	systemPrompt?: string;
	messages?: Record<string, unknown>[];
	[more: string]: unknown;
}

/** A block of an assistant's message: text, thinking or a tool call. */
export interface AssistantBlock {
	type: string;
	text?: string;
	textSignature?: string;
	thinking?: string;
	thinkingSignature?: string;
	redacted?: boolean;
	id?: string;
	thoughtSignature?: string;
}

/** The tokens a provider counted. */
export interface Usage {
	input?: number;
	output?: number;
	cacheRead?: number;
	cacheWrite?: number;
	totalTokens?: number;
	[more: string]: unknown;
}

/** The message an event carries. */
export interface Answer {
	role: "assistant";
	content: unknown[];
	api?: string;
	provider?: string;
	model?: string;
	stopReason: string;
	errorMessage?: string;
	responseId?: string;
	usage?: Usage;
	[more: string]: unknown;
}

/** What generating images or classifying gives: the answer or the error, never thrown for a provider's fault. */
export interface CallResult {
	stopReason: string;
	errorMessage?: string;
	usage?: Usage;
	[more: string]: unknown;
}

/** One event of an answer. */
export interface AnswerEvent {
	type: string;
	reason?: string;
	partial?: Answer;
	message?: Answer;
	error?: Answer;
	[more: string]: unknown;
}

/** A stream of events that ends with a "done" or an "error". */
export interface AnswerStream extends AsyncIterable<AnswerEvent> {
	push(event: AnswerEvent): void;
	end(result?: Answer): void;
}

/** Options of a request. */
export interface StreamOptions {
	apiKey?: string | undefined;
	headers?: Record<string, string | null> | undefined;
	env?: Record<string, string> | undefined;
	signal?: AbortSignal | undefined;
	sessionId?: string | undefined;
	maxTokens?: number | undefined;
	maxRetries?: number | undefined;
	fetch?: typeof fetch | undefined;
	/** Hears of responses: of successes always, of failures where the adapter tells of them. */
	onResponse?:
		| ((response: { status: number; headers: Record<string, unknown> }, model: unknown) => unknown)
		| undefined;
	[more: string]: unknown;
}

/** A provider as Pi runs it, whichever version. */
export interface Provider {
	id: string;
	auth: { apiKey?: ApiKeyAuth; oauth?: OAuthAuth };
	getModels(): readonly Model[];
	stream(model: Model, context: unknown, options?: StreamOptions): AnswerStream;
	streamSimple(model: Model, context: unknown, options?: StreamOptions): AnswerStream;
	/** Pi 0.99 and newer, where the provider has them. */
	generateImages?(model: Model, context: unknown, options?: StreamOptions): Promise<CallResult>;
	classify?(model: Model, context: unknown, options?: StreamOptions): Promise<CallResult>;
	[more: string | symbol]: unknown;
}
