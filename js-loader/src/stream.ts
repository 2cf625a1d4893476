import { type Lease, makeAcquire, makeOutcome, type Outcome, type Refuse, type Turn } from "./abi.ts";
import type { Core } from "./core.ts";
import { authOf, membersOf, placeholder, type Remembered, swapHeaders } from "./members.ts";
import type { Answer, AnswerEvent, AnswerStream, Model, Provider, StreamOptions } from "./pi.ts";
import { bodyOf, nothingSeen, type Seen, watch, watchingFetch } from "./watch-fetch.ts";

/** What a request needs of the running extension. */
export interface Runtime {
	/** The core, started; undefined when it cannot be had, and Pi works as if the extension were not there. */
	core(): Promise<Core | undefined>;
	/** Pi's mode: "tui", "print", "json" or "rpc". */
	mode(): string;
	/** Shows a calm notice. */
	notice(text: string): void;
	/** Says once why a request went past the extension. */
	failed(error: unknown): void;
	newStream(): AnswerStream;
}

/** Adapters that throw when they are given a fetch (pi-ai 0.87.1 and 1.5.2); of their failures only the text is known. */
const refusesFetch = new Set(["google-generative-ai", "google-vertex"]);

type Method = "stream" | "streamSimple";

/** Rotates one request: acquire, attempt, settle, until it is answered or nobody is left. */
export function rotate(
	runtime: Runtime,
	provider: Provider,
	remembered: Remembered,
	method: Method,
	model: Model,
	context: unknown,
	options: StreamOptions = {},
): AnswerStream {
	const out = runtime.newStream();
	const request = new Request(runtime, provider, remembered, method, model, context, options, out);
	void request.run();
	return out;
}

class Request {
	readonly #runtime: Runtime;
	readonly #provider: Provider;
	readonly #remembered: Remembered;
	readonly #method: Method;
	readonly #model: Model;
	readonly #context: unknown;
	readonly #options: StreamOptions;
	readonly #out: AnswerStream;
	readonly #signal: AbortSignal;
	#started = false;
	#last: AnswerEvent | undefined;

	constructor(
		runtime: Runtime,
		provider: Provider,
		remembered: Remembered,
		method: Method,
		model: Model,
		context: unknown,
		options: StreamOptions,
		out: AnswerStream,
	) {
		this.#runtime = runtime;
		this.#provider = provider;
		this.#remembered = remembered;
		this.#method = method;
		this.#model = model;
		this.#context = context;
		this.#options = options;
		this.#out = out;
		this.#signal = options.signal ?? new AbortController().signal;
	}

	async run(): Promise<void> {
		let core: Core | undefined;
		let turn: Turn;
		try {
			core = await this.#runtime.core();
			if (!core) return await this.#passOn();
			await core.catchUp();
			turn = await core.ask({
				acquire: makeAcquire({
					provider: this.#model.provider,
					model: this.#model.id,
					api: this.#model.api,
					session: this.#options.sessionId ?? "",
					mode: this.#runtime.mode(),
					members: await membersOf(this.#provider, this.#remembered, this.#options.apiKey, this.#signal),
					sticky: this.#isCacheWarmer(),
				}),
			});
		} catch (error) {
			this.#runtime.failed(error);
			return this.#passOn();
		}
		try {
			while (turn.lease) {
				const outcome = await this.#attempt(turn.lease);
				turn = await core.ask({ settle: { lease: turn.lease.id, outcome } });
			}
			if (turn.refuse) this.#refuse(turn.refuse);
			else this.#finish();
		} catch (error) {
			this.#runtime.failed(error);
			if (this.#last) this.#finish();
			else this.#end(this.#errorEvent("pi-multi-auth lost this request. Please retry your request."));
		}
	}

	/** Pi's cache warmer asks for one token and no retries. */
	#isCacheWarmer(): boolean {
		return this.#options.maxTokens === 1 && this.#options.maxRetries === 0;
	}

	/** Without the core the request goes on as Pi made it. */
	async #passOn(): Promise<void> {
		try {
			if (this.#options.apiKey === placeholder) {
				this.#end(this.#errorEvent(`No API key for provider: ${this.#model.provider}`));
				return;
			}
			for await (const event of this.#provider[this.#method](this.#model, this.#context, this.#options))
				this.#out.push(event);
			this.#out.end();
		} catch (error) {
			this.#end(this.#errorEvent(textOf(error)));
		}
	}

	async #attempt(lease: Lease): Promise<Outcome> {
		const started = Date.now();
		const outcome: Outcome = makeOutcome({ started, ended: started });
		this.#last = undefined;
		if (lease.say !== "") this.#runtime.notice(lease.say);
		const seen = nothingSeen(this.#options.fetch);
		try {
			await this.#pause(lease.notBefore - started);
			const prepared = await this.#prepare(lease).catch((error) => {
				outcome.notSent = true;
				throw error;
			});
			await this.#follow(
				watch(seen, () => this.#provider[this.#method](prepared.model, this.#context, prepared.options)),
				outcome,
				seen,
			);
		} catch (error) {
			outcome.text = textOf(error);
			this.#last = this.#errorEvent(outcome.text);
		}
		outcome.ended = Date.now();
		if (this.#signal.aborted && !outcome.ok) {
			outcome.aborted = true;
			this.#last = this.#errorEvent(this.#last?.error?.errorMessage ?? "Request was aborted", "aborted");
		}
		if (!outcome.ok) {
			outcome.status = seen.status;
			outcome.headers = seen.headers;
			outcome.body = await bodyOf(seen);
		}
		return outcome;
	}

	#pause(ms: number): Promise<void> {
		if (ms <= 0 || this.#signal.aborted) return Promise.resolve();
		return new Promise((resolve) => {
			const done = () => {
				clearTimeout(timer);
				this.#signal.removeEventListener("abort", done);
				resolve();
			};
			const timer = setTimeout(done, ms);
			this.#signal.addEventListener("abort", done);
		});
	}

	async #prepare(lease: Lease): Promise<{ model: Model; options: StreamOptions }> {
		if (this.#signal.aborted) throw new Error("Request was aborted");
		const options: StreamOptions = { ...this.#options, maxRetries: 0 };
		if (!refusesFetch.has(this.#model.api)) options.fetch = watchingFetch;
		if (lease.switched) options["disableContinuation"] = true;
		if (lease.source === "explicit") return { model: this.#model, options };
		const auth = await authOf(this.#provider, lease, this.#remembered, this.#signal);
		const last = this.#remembered.last;
		options.apiKey = auth.apiKey;
		options.headers = swapHeaders(this.#options.headers, last?.auth.headers, auth.headers);
		const env = { ...this.#options.env };
		for (const name of Object.keys(last?.env ?? {})) delete env[name];
		options.env = { ...env, ...auth.env };
		let baseUrl = auth.baseUrl;
		if (baseUrl === undefined && last?.auth.baseUrl !== undefined)
			baseUrl = this.#provider.getModels().find((m) => m.id === this.#model.id)?.baseUrl;
		return { model: baseUrl === undefined ? this.#model : { ...this.#model, baseUrl }, options };
	}

	/** Passes the events of an attempt on. What ends it is kept back until the core has said what it means. */
	async #follow(stream: AnswerStream, outcome: Outcome, seen: Seen): Promise<void> {
		let held: AnswerEvent | undefined;
		for await (const event of stream) {
			if (event.type === "start") {
				held = event;
				continue;
			}
			if (event.type === "error") {
				this.#last = event;
				outcome.text = event.error?.errorMessage ?? "";
				outcome.aborted = event.reason === "aborted";
				return;
			}
			if (event.type === "done") {
				this.#last = event;
				outcome.empty = !outcome.emitted && (event.message?.content.length ?? 0) === 0;
				outcome.ok = !outcome.empty;
				outcome.status = seen.status;
				if (outcome.ok && held) this.#start(held);
				return;
			}
			if (outcome.first === 0) outcome.first = Date.now();
			if (held) {
				this.#start(held);
				held = undefined;
			}
			outcome.emitted = true;
			outcome.toolCall ||= event.type.startsWith("toolcall");
			this.#out.push(event);
		}
		outcome.text = "the stream ended without an end";
		this.#last = this.#errorEvent(outcome.text);
	}

	/** An answer that starts anew in place has had its start already. */
	#start(event: AnswerEvent): void {
		if (this.#started) return;
		this.#started = true;
		this.#out.push(event);
	}

	#refuse(refuse: Refuse): void {
		if (refuse.original && this.#last) this.#finish();
		else this.#end(this.#errorEvent(refuse.say));
	}

	#finish(): void {
		if (this.#last) this.#end(this.#last);
		else this.#out.end();
	}

	#end(event: AnswerEvent): void {
		this.#out.push(event);
		this.#out.end();
	}

	#errorEvent(text: string, reason: "error" | "aborted" = "error"): AnswerEvent {
		const partial = this.#last?.error ?? this.#last?.message;
		const error: Answer = {
			...(partial ?? {
				role: "assistant",
				content: [],
				api: this.#model.api,
				provider: this.#model.provider,
				model: this.#model.id,
				usage: {
					input: 0,
					output: 0,
					cacheRead: 0,
					cacheWrite: 0,
					totalTokens: 0,
					cost: { input: 0, output: 0, cacheRead: 0, cacheWrite: 0, total: 0 },
				},
				timestamp: Date.now(),
			}),
			role: "assistant",
			content: partial?.content ?? [],
			stopReason: reason,
			errorMessage: text,
		};
		return { type: "error", reason, error };
	}
}

function textOf(error: unknown): string {
	return error instanceof Error ? error.message : String(error);
}
