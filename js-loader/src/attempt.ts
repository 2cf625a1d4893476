import { type Lease, makeAcquire, makeOutcome, type Outcome, type Turn } from "./abi.ts";
import { boundOf, promptOf, strip } from "./bound.ts";
import type { Core } from "./core.ts";
import { delegated } from "./delegation.ts";
import { textOf } from "./failure.ts";
import { authOf, membersOf, plainContext, type Resolutions, swapHeaders } from "./members.ts";
import { numbered } from "./perform/pin.ts";
import type { AnswerStream, Model, Provider, StreamOptions, Transcript, Usage } from "./pi.ts";
import { checkReach } from "./reach.ts";
import { bodyOf, noteResponse, nothingSeen, type Seen, watchingFetch } from "./watch-fetch.ts";

/** A provider as it is below its wrapper, and what Pi resolved of it. */
export interface Wrapping {
	provider: Provider;
	resolutions: Resolutions;
}

/** Where a request comes from. */
export interface Origin {
	/** Pi's mode: "tui", "print", "json" or "rpc". */
	mode: string;
	/** The folder Pi works in. */
	project: string;
	/** The session this one was begun from, "" for none. */
	parent: string;
}

/** What a request needs of the running extension. */
export interface Runtime {
	/** The core, started; undefined when it cannot be had, and Pi works as if the extension were not there. */
	core(): Promise<Core | undefined>;
	origin(session: string): Origin;
	/** Another provider, for a failover; undefined when Pi does not have it. */
	wrapping(id: string): Wrapping | undefined;
	/** The headers that models.json sets for a model of another provider, its own credential's left out. */
	headersOf(model: Model): Promise<Record<string, string | null>>;
	/** Shows a calm notice. */
	notice(text: string): void;
	/** Hears that an account was leased. */
	leased(): void;
	/** Says how long a request still stands by, until what it answers is called; "{left}" in the text is the time until then. */
	countdown(text: string, until: number): () => void;
	/** Says once why a request went past the extension. */
	failed(error: unknown): void;
	newStream(): AnswerStream;
}

/** Adapters that throw when they are given a fetch (pi-ai 0.87.1 and 1.5.2); of their failures only the text is known. */
const refusesFetch = new Set(["google-generative-ai", "google-vertex"]);
/** Adapters that connect by themselves, whatever fetch they are given (pi-ai 0.87.1 and 1.5.2). */
const connects = new Set([...refusesFetch, "bedrock-converse-stream"]);

/** One attempt, ready to be sent. */
export interface Attempt {
	provider: Provider;
	model: Model;
	context: unknown;
	options: StreamOptions;
	/** What its sending fills in: how it ended and what people have seen of it. */
	outcome: Outcome;
	/** What the watching fetch sees of it. */
	seen: Seen;
	/** Is told when the answer begins. */
	begun: () => void;
}

/** A request as Pi made it. */
export interface PiRequest {
	wrapping: Wrapping;
	model: Model;
	context: unknown;
	options: StreamOptions;
	signal: AbortSignal;
}

/** How a request ends that the core has no last word on: it goes on as Pi made it, or it was stopped before it began. */
export type Unasked = "pass on" | "stopped";

/** How attempts are made. */
export interface Sender {
	/** Makes one attempt, fills in its outcome and throws what the adapter throws. */
	send(attempt: Attempt): Promise<void>;
	/** Hears of an attempt that threw, or that could not be sent at all. */
	threw(error: unknown): void;
}

/** A request as Pi made it, with a signal whether it has one or not. */
export function requestOf(wrapping: Wrapping, model: Model, context: unknown, options: StreamOptions = {}): PiRequest {
	return { wrapping, model, context, options, signal: options.signal ?? new AbortController().signal };
}

/**
 * Takes a request through the core: acquire, then attempt and settle until the core gives no further lease. Answers the core's last turn.
 */
export async function rotate(runtime: Runtime, request: PiRequest, sender: Sender): Promise<Turn | Unasked> {
	let core: Core | undefined;
	let turn: Turn | undefined;
	try {
		core = await runtime.core();
		if (!core) return "pass on";
		turn = await acquire(core, runtime, request);
	} catch (error) {
		if (request.signal.aborted) return "stopped";
		runtime.failed(error);
		return "pass on";
	}
	let begun = core.quiet.begin();
	try {
		while (turn.lease) {
			const outcome = await attempt(runtime, core, request, turn.lease, sender, begun);
			turn = await core.ask({ settle: { lease: turn.lease.id, outcome } });
			// Without a gap in between: what is to be written of a failure lets the next request leave first.
			const next = core.quiet.begin();
			begun();
			begun = next;
		}
	} finally {
		begun();
	}
	return turn;
}

async function acquire(core: Core, runtime: Runtime, request: PiRequest): Promise<Turn> {
	const { model, options, wrapping, signal } = request;
	await core.catchUp();
	const context = (request.context ?? {}) as Transcript;
	const session = options.sessionId ?? "";
	const known = core.ready.providers.includes(model.provider);
	const asked = core.ask({
		acquire: makeAcquire({
			provider: model.provider,
			model: model.id,
			api: model.api,
			session,
			...runtime.origin(session),
			members: await membersOf(wrapping.provider, wrapping.resolutions, options, known, signal),
			sticky: isCacheWarmer(options),
			prompt: promptOf(context),
			bound: boundOf(context, model),
			only: delegated(model.provider),
		}),
	});
	const stopped = whenAborted(signal);
	try {
		return await Promise.race([asked, stopped.promise]);
	} catch (error) {
		// Who stopped does not wait for a flow; a lease that comes too late is given back.
		void asked.then((turn) => giveBack(core, turn)).catch(() => {});
		throw error;
	} finally {
		stopped.forget();
	}
}

/** Settles a lease that was not used: nothing is learned of it. */
async function giveBack(core: Core, turn: Turn): Promise<void> {
	if (turn.lease) await core.ask({ settle: { lease: turn.lease.id, outcome: makeOutcome({ aborted: true }) } });
}

function whenAborted(signal: AbortSignal): { promise: Promise<never>; forget: () => void } {
	let forget = () => {};
	const promise = new Promise<never>((_, reject) => {
		const stop = () => reject(new Error("Request was aborted"));
		if (signal.aborted) return stop();
		signal.addEventListener("abort", stop);
		forget = () => signal.removeEventListener("abort", stop);
	});
	promise.catch(() => {});
	return { promise, forget };
}

/** Pi's cache warmer asks for one token and no retries. */
function isCacheWarmer(options: StreamOptions): boolean {
	return options.maxTokens === 1 && options.maxRetries === 0;
}

async function attempt(
	runtime: Runtime,
	core: Core,
	request: PiRequest,
	lease: Lease,
	sender: Sender,
	begun: () => void,
): Promise<Outcome> {
	const started = Date.now();
	const outcome: Outcome = makeOutcome({ started, ended: started });
	if (lease.say !== "") runtime.notice(lease.say);
	runtime.leased();
	const seen = nothingSeen(request.options.fetch);
	try {
		const shown = lease.wait === "" ? () => {} : runtime.countdown(lease.wait, lease.notBefore);
		await pause(lease.notBefore - started, request.signal);
		shown();
		// Who stood by for an account does not find that one slow.
		outcome.started = Date.now();
		const vetted = lease.baseURL === "" ? Promise.resolve() : checkReach(core, lease.baseURL);
		const prepared = await vetted
			.then(() => prepare(runtime, request, lease))
			.then(pinAddress)
			.catch((error) => {
				outcome.notSent = true;
				throw error;
			});
		listen(prepared.options, seen);
		await sender.send({ ...prepared, outcome, seen, begun });
	} catch (error) {
		outcome.text = textOf(error);
		sender.threw(error);
	}
	outcome.ended = Date.now();
	outcome.aborted ||= request.signal.aborted && !outcome.ok;
	outcome.status = seen.status;
	outcome.blind = !seen.asked && !outcome.notSent;
	if (outcome.ok) {
		outcome.headers = seen.headers.filter(({ name }) => core.ready.headers.some((prefix) => name.startsWith(prefix)));
	} else {
		outcome.headers = seen.headers;
		outcome.body = await bodyOf(seen);
	}
	return outcome;
}

/** Hears what an adapter itself tells of a response, beside whoever else does. */
function listen(options: StreamOptions, seen: Seen): void {
	const others = options.onResponse;
	options.onResponse = async (response, model) => {
		await others?.(response, model);
		noteResponse(seen, response.status, response.headers);
	};
}

/** Notes the tokens that a provider counted. */
export function count(outcome: Outcome, usage: Usage | undefined): void {
	outcome.input = wholeOf(usage?.input) + wholeOf(usage?.cacheWrite);
	outcome.cached = wholeOf(usage?.cacheRead);
	outcome.output = wholeOf(usage?.output);
}

function wholeOf(value: unknown): number {
	return typeof value === "number" && Number.isSafeInteger(value) && value > 0 ? value : 0;
}

function pause(ms: number, signal: AbortSignal): Promise<void> {
	if (ms <= 0 || signal.aborted) return Promise.resolve();
	return new Promise((resolve) => {
		const done = () => {
			clearTimeout(timer);
			signal.removeEventListener("abort", done);
			resolve();
		};
		const timer = setTimeout(done, ms);
		signal.addEventListener("abort", done);
	});
}

type Prepared = Pick<Attempt, "provider" | "model" | "context" | "options">;

/** Puts the credential of a lease in the place of the one Pi had resolved. */
async function prepare(runtime: Runtime, request: PiRequest, lease: Lease): Promise<Prepared> {
	if (request.signal.aborted) throw new Error("Request was aborted");
	if (lease.provider !== request.model.provider || lease.model !== "") return prepareElsewhere(runtime, request, lease);
	const { provider, resolutions } = request.wrapping;
	const options = watched(request.options, request.model.api, lease);
	const context = strip((request.context ?? {}) as Transcript, request.model, lease.strip);
	if (lease.source === "explicit") return { provider, model: request.model, context, options };
	const was = resolutions.of(request.options);
	const auth = await authOf(provider, lease, was?.ctx ?? plainContext(request.options.env), request.signal);
	options.apiKey = auth.apiKey;
	options.headers = swapHeaders(
		swapHeaders(request.options.headers, was?.found.auth.headers, auth.headers),
		{},
		own(lease),
	);
	const env = { ...request.options.env };
	for (const name of Object.keys(was?.found.env ?? {})) delete env[name];
	options.env = { ...env, ...auth.env };
	let baseUrl = lease.baseURL || auth.baseUrl;
	if (baseUrl === undefined && was?.found.auth.baseUrl !== undefined)
		baseUrl = provider.getModels().find((m) => m.id === request.model.id)?.baseUrl;
	return { provider, model: baseUrl === undefined ? request.model : { ...request.model, baseUrl }, context, options };
}

/** Another provider answers: nothing of the first one's headers, variables and key goes there. */
async function prepareElsewhere(runtime: Runtime, request: PiRequest, lease: Lease): Promise<Prepared> {
	const target = runtime.wrapping(lease.provider);
	const found = target?.provider
		.getModels()
		.find((m) => m.id === lease.model && (lease.api === "" || m.api === lease.api));
	if (!target || !found) throw new Error(`Pi has no model ${lease.model} of ${lease.provider}`);
	const auth = await authOf(target.provider, lease, plainContext(), request.signal);
	const options = watched(request.options, found.api, lease);
	options.apiKey = auth.apiKey;
	options.headers = swapHeaders(swapHeaders(await runtime.headersOf(found), {}, auth.headers), {}, own(lease));
	options.env = auth.env;
	const limit = found["maxTokens"];
	if (options.maxTokens !== undefined && typeof limit === "number" && limit > 0)
		options.maxTokens = Math.min(options.maxTokens, limit);
	const baseUrl = lease.baseURL || auth.baseUrl || found.baseUrl;
	const model = baseUrl === undefined ? found : { ...found, baseUrl };
	return { provider: target.provider, model, context: request.context, options };
}

/** Puts the address of this machine that a name leads to in the name's place, where the adapter would look the name up once more. */
async function pinAddress(prepared: Prepared): Promise<Prepared> {
	const { model, options } = prepared;
	const place = connects.has(model.api) ? await numbered(model.baseUrl ?? "") : undefined;
	if (place === undefined) return prepared;
	// Amazon's client lets nobody set this one, so a server there is told the address.
	options.headers = { ...options.headers, host: place.host };
	return { ...prepared, model: { ...model, baseUrl: place.address } };
}

/** The options of a request, with one try and, where its adapter takes one, a fetch that watches. */
function watched(given: StreamOptions, api: string, lease: Lease): StreamOptions {
	const options: StreamOptions = { ...given, maxRetries: 0 };
	if (!refusesFetch.has(api)) options.fetch = watchingFetch;
	if (lease.switched || lease.strip.includes("response")) options["disableContinuation"] = true;
	return options;
}

function own(lease: Lease): Record<string, string> {
	return Object.fromEntries(lease.headers.map(({ name, value }) => [name, value]));
}
