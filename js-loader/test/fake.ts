// A pretend provider and a scripted core, for tests of what lies between them.

import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { createAssistantMessageEventStream } from "@earendil-works/pi-ai";
import type { Acquire, Lease, Outcome, Refuse, Turn } from "../src/abi.ts";
import type { Runtime, Wrapping } from "../src/attempt.ts";
import { Core } from "../src/core.ts";
import { Quiet } from "../src/perform/quiet.ts";
import type {
	Answer,
	AnswerEvent,
	AnswerStream,
	CallResult,
	Model,
	Provider,
	StreamOptions,
	Transcript,
} from "../src/pi.ts";
import { places } from "../src/places.ts";

/** What the provider does with one attempt. */
export interface Step {
	/** A response that the adapter asks for through the fetch it was given. */
	status?: number;
	headers?: Record<string, string>;
	body?: string;
	/** Pieces of text before the end. */
	text?: string[];
	/** Begins a tool call after the text. */
	tool?: boolean;
	/** Ends in an error with this text. */
	error?: string;
	/** Throws at once. */
	throws?: string;
	/** Waits for the abort after the text. */
	hangs?: boolean;
}

/** One attempt as it reached the provider. */
export interface Asked {
	model: Model;
	context: Transcript;
	options: StreamOptions;
}

export const model: Model = {
	id: "m",
	api: "openai-completions",
	provider: "demo",
	baseUrl: "https://catalogue.example",
};

/** A provider that takes keys and does what its steps say; the last one stays. */
export class Fake {
	asked: Asked[] = [];
	readonly provider: Provider;
	#steps: Step[];

	constructor(steps: Step[], more: Partial<Provider> = {}) {
		this.#steps = steps;
		const stream = (m: Model, context: unknown, options?: StreamOptions) => this.#answer(m, context, options ?? {});
		this.provider = {
			id: "demo",
			auth: {
				apiKey: {
					name: "key",
					resolve: async ({ credential }) => (credential?.key ? { auth: { apiKey: credential.key } } : undefined),
				},
			},
			getModels: () => [model],
			stream,
			streamSimple: stream,
			...more,
		};
	}

	get keys(): (string | undefined)[] {
		return this.asked.map(({ options }) => options.apiKey);
	}

	#next(m: Model, context: unknown, options: StreamOptions): Step {
		this.asked.push({ model: m, context: context as Transcript, options });
		return (this.#steps.length > 1 ? this.#steps.shift() : this.#steps[0]) ?? {};
	}

	/** Performs a step as an operation without a stream. */
	async call(m: Model, context: unknown, options: StreamOptions = {}): Promise<CallResult> {
		const step = this.#next(m, context, options);
		if (step.throws) throw new Error(step.throws);
		await ask(step, options);
		return step.error ? { stopReason: "error", errorMessage: step.error } : { stopReason: "stop" };
	}

	#answer(m: Model, context: unknown, options: StreamOptions): AnswerStream {
		const step = this.#next(m, context, options);
		if (step.throws) throw new Error(step.throws);
		const out = newStream();
		void this.#play(step, m, options, out);
		return out;
	}

	async #play(step: Step, m: Model, options: StreamOptions, out: AnswerStream): Promise<void> {
		const message: Answer = {
			role: "assistant",
			content: [],
			api: m.api,
			provider: m.provider,
			model: m.id,
			stopReason: "stop",
			usage: { input: 3, cacheWrite: 2, cacheRead: 7, output: 11 },
		};
		const end = (reason: "error" | "aborted", text: string) => {
			out.push({ type: "error", reason, error: { ...message, stopReason: reason, errorMessage: text } });
			out.end();
		};
		await ask(step, options);
		out.push({ type: "start", partial: message });
		for (const delta of step.text ?? []) {
			message.content = [{ type: "text", text: delta }];
			out.push({ type: "text_delta", delta, partial: message });
		}
		if (step.tool) out.push({ type: "toolcall_start", partial: message });
		if (step.hangs) {
			const signal = options.signal as AbortSignal;
			if (!signal.aborted) await new Promise((resolve) => signal.addEventListener("abort", resolve));
			return end("aborted", "Request was aborted");
		}
		if (step.error) return end("error", step.error);
		out.push({ type: "done", reason: "stop", message });
		out.end();
	}
}

async function ask(step: Step, options: StreamOptions): Promise<void> {
	if (step.status === undefined) return;
	const response = await options.fetch?.("https://catalogue.example/v1");
	await response?.text();
}

/** A fetch that answers as the steps of an attempt say. */
export function fetchOf(steps: Step[]): typeof fetch {
	const left = [...steps];
	return async () => {
		const step = (left.length > 1 ? left.shift() : left[0]) ?? {};
		return new Response(step.body ?? "", { status: step.status ?? 200, headers: step.headers ?? {} });
	};
}

/** Pi's own stream. */
export function newStream(): AnswerStream {
	return createAssistantMessageEventStream() as unknown as AnswerStream;
}

/** All events of an answer. */
export async function eventsOf(stream: AnswerStream): Promise<AnswerEvent[]> {
	const events: AnswerEvent[] = [];
	for await (const event of stream) events.push(event);
	return events;
}

/** A lease of a key. */
export function lease(key: string, more: Partial<Lease> = {}): Lease {
	const credential = JSON.stringify({ type: "api_key", key });
	return {
		id: 1,
		account: key,
		provider: "demo",
		label: key,
		source: "stored",
		credential,
		notBefore: 0,
		deadline: 0,
		attempt: 1,
		switched: false,
		say: "",
		wait: "",
		restart: false,
		model: "",
		api: "",
		baseURL: "",
		headers: [],
		strip: [],
		...more,
	};
}

/** A core that gives turns in their order and keeps what it was told. */
export class ScriptedCore {
	acquired: Acquire[] = [];
	outcomes: Outcome[] = [];
	ready = { providers: ["demo"], provision: [], hidden: [], debug: false, headers: ["x-ratelimit-"] };
	quiet = new Quiet();
	/** Holds the next acquire until it is resolved. */
	gate: Promise<void> | undefined;
	#turns: Partial<Turn>[];

	constructor(...turns: (Lease | { refuse: Refuse })[]) {
		this.#turns = turns.map((turn) => ("refuse" in turn ? turn : { lease: turn }));
	}

	async catchUp(): Promise<void> {}

	async ask(question: { acquire?: Acquire; settle?: { lease: number; outcome: Outcome } }): Promise<Partial<Turn>> {
		if (question.acquire) this.acquired.push(question.acquire);
		if (question.settle) this.outcomes.push(question.settle.outcome);
		await this.gate;
		if (question.settle?.outcome.ok) return { done: { say: "" } };
		return this.#turns.shift() ?? { refuse: { original: true, say: "", retry: false, until: 0 } };
	}
}

/** What the tests read of a running extension. */
export interface Stage extends Runtime {
	notices: string[];
	failures: unknown[];
}

/** A running extension around a core. */
export function stage(core: unknown, mode = "tui", others: Record<string, Wrapping> = {}): Stage {
	const notices: string[] = [];
	const failures: unknown[] = [];
	return {
		notices,
		failures,
		core: async () => core as Core | undefined,
		origin: () => ({ mode, project: "/home/me/project", parent: "p" }),
		wrapping: (id) => others[id],
		headersOf: async () => ({ "x-models": "json" }),
		notice: (text) => notices.push(text),
		leased: () => {},
		countdown: () => () => {},
		failed: (error) => failures.push(error),
		newStream,
	};
}

/** A started core over files of its own; `end` lets it go. */
export async function realCore(
	auth: Record<string, unknown>,
	now: () => number = Date.now,
): Promise<{ core: Core; end: () => Promise<void>; dir: string }> {
	const dir = mkdtempSync(join(tmpdir(), "pi-multi-auth-test-"));
	writeFileSync(join(dir, "auth.json"), JSON.stringify(auth));
	const core = Core.loadSync({
		module: fileURLToPath(new URL("../core.wasm", import.meta.url)),
		places: places(dir, dir, {}),
		piVersion: "1.5.2",
		notice: () => {},
		now,
		pi: { provider: () => undefined, renewOwn: async () => {} },
	});
	await core.start(["demo"]);
	const end = async () => {
		await core.close();
		rmSync(dir, { recursive: true, force: true });
	};
	return { core, end, dir };
}
