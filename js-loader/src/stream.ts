import type { Refuse } from "./abi.ts";
import {
	type Attempt,
	count,
	type PiRequest,
	type Runtime,
	requestOf,
	rotate,
	type Sender,
	type Wrapping,
} from "./attempt.ts";
import { textOf } from "./failure.ts";
import { placeholder } from "./members.ts";
import type { Answer, AnswerEvent, AnswerStream, Model, StreamOptions } from "./pi.ts";
import { watch } from "./watch-fetch.ts";

type Method = "stream" | "streamSimple";

/** Answers a request with a stream of its own and rotates below it, until it is answered or nobody is left. */
export function rotateStream(
	runtime: Runtime,
	wrapping: Wrapping,
	method: Method,
	model: Model,
	context: unknown,
	options?: StreamOptions,
): AnswerStream {
	const out = runtime.newStream();
	void new Rotation(runtime, requestOf(wrapping, model, context, options), method, out).run();
	return out;
}

class Rotation implements Sender {
	readonly #runtime: Runtime;
	readonly #request: PiRequest;
	readonly #method: Method;
	readonly #out: AnswerStream;
	#started = false;
	#last: AnswerEvent | undefined;

	constructor(runtime: Runtime, request: PiRequest, method: Method, out: AnswerStream) {
		this.#runtime = runtime;
		this.#request = request;
		this.#method = method;
		this.#out = out;
	}

	async run(): Promise<void> {
		try {
			const turn = await rotate(this.#runtime, this.#request, this);
			if (turn === "pass on") await this.#passOn();
			else if (turn === "stopped") this.#end(this.#errorEvent("Request was aborted", "aborted"));
			else if (turn.refuse) this.#refuse(turn.refuse);
			else this.#finish();
		} catch (error) {
			this.#runtime.failed(error);
			if (this.#last) this.#finish();
			else this.#end(this.#errorEvent("pi-multi-auth lost this request. Please retry your request."));
		}
	}

	/** Without the core the request goes on as Pi made it. */
	async #passOn(): Promise<void> {
		const { wrapping, model, context, options } = this.#request;
		if (options.apiKey === placeholder) {
			this.#end(this.#errorEvent(`No API key for provider: ${model.provider}`));
			return;
		}
		try {
			for await (const event of wrapping.provider[this.#method](model, context, options)) this.#out.push(event);
			this.#out.end();
		} catch (error) {
			this.#end(this.#errorEvent(textOf(error)));
		}
	}

	async send(attempt: Attempt): Promise<void> {
		this.#last = undefined;
		const { provider, model, context, options, seen } = attempt;
		await this.#follow(
			watch(seen, () => provider[this.#method](model, context, options)),
			attempt,
		);
		if (this.#request.signal.aborted && !attempt.outcome.ok)
			this.#last = this.#errorEvent(attempt.outcome.text || "Request was aborted", "aborted");
	}

	threw(error: unknown): void {
		this.#last = this.#errorEvent(textOf(error), this.#request.signal.aborted ? "aborted" : "error");
	}

	/** Passes the events of an attempt on. What ends it is kept back until the core has said what it means. */
	async #follow(stream: AnswerStream, { outcome, begun }: Attempt): Promise<void> {
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
				count(outcome, event.error?.usage);
				return;
			}
			if (event.type === "done") {
				this.#last = event;
				outcome.empty = !outcome.emitted && (event.message?.content.length ?? 0) === 0;
				outcome.ok = !outcome.empty;
				count(outcome, event.message?.usage);
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
			begun();
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
		else this.#end(this.#errorEvent(refuse.say || "Request was aborted", refuse.say ? "error" : "aborted"));
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
		const { model } = this.#request;
		const partial = this.#last?.error ?? this.#last?.message;
		const error: Answer = {
			...(partial ?? {
				role: "assistant",
				content: [],
				api: model.api,
				provider: model.provider,
				model: model.id,
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
