import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { rotateCall } from "../src/call.ts";
import { placeholder, Resolutions } from "../src/members.ts";
import type { AnswerEvent, StreamOptions } from "../src/pi.ts";
import { rotateStream } from "../src/stream.ts";
import { eventsOf, Fake, fetchOf, lease, model, realCore, ScriptedCore, type Stage, type Step, stage } from "./fake.ts";

const limited: Step = {
	status: 429,
	headers: { "retry-after": "60", "x-ratelimit-left": "0" },
	body: "slow down",
	error: "429: slow down",
};
const fine: Step = { status: 200, headers: { "x-ratelimit-left": "9", "x-other": "1" }, text: ["ok"] };

/** Runs one request over an account per step. */
async function run(steps: Step[], mode = "tui", options: StreamOptions = {}) {
	const core = new ScriptedCore(...steps.map((_, i) => lease(`key-${i}`)));
	const fake = new Fake([...steps]);
	const on = stage(core, mode);
	const all = { fetch: fetchOf(steps), sessionId: "s", ...options };
	const events = await eventsOf(ask(on, fake, all));
	return { core, fake, events, on };
}

function ask(on: Stage, fake: Fake, options: StreamOptions, context: unknown = { messages: [] }) {
	const wrapping = { provider: fake.provider, resolutions: new Resolutions() };
	return rotateStream(on, wrapping, "streamSimple", model, context, options);
}

function kinds(events: AnswerEvent[]): string[] {
	return events.map((event) => event.type);
}

test("a failure before the first output is not seen, and the next account's key answers", async () => {
	const { core, fake, events } = await run([limited, fine]);
	assert.deepEqual(kinds(events), ["start", "text_delta", "done"]);
	assert.deepEqual(fake.keys, ["key-0", "key-1"]);
	assert.ok(fake.asked.every(({ options }) => options.maxRetries === 0));
	const [failed, answered] = core.outcomes;
	assert.equal(failed?.status, 429);
	assert.equal(failed?.body, "slow down");
	assert.equal(failed?.headers.find(({ name }) => name === "retry-after")?.value, "60");
	assert.deepEqual(answered?.headers, [{ name: "x-ratelimit-left", value: "9" }], "only what the core asked for");
	assert.deepEqual([answered?.input, answered?.cached, answered?.output], [5, 7, 11]);
	assert.equal(answered?.ok, true);
	assert.equal(answered?.blind, false);
});

test("where the session comes from and how much is sent is told", async () => {
	const core = new ScriptedCore(lease("a"));
	const fake = new Fake([fine]);
	const context = { systemPrompt: "1234", messages: [{ role: "user", content: "12345678" }] };
	await eventsOf(ask(stage(core), fake, { sessionId: "s", fetch: fetchOf([fine]) }, context));
	const { session, mode, project, parent, prompt, bound, sticky } = core.acquired[0] ?? {};
	assert.deepEqual(
		{ session, mode, project, parent, prompt, bound, sticky },
		{
			session: "s",
			mode: "tui",
			project: "/home/me/project",
			parent: "p",
			prompt: 3,
			bound: [],
			sticky: false,
		},
	);
	await eventsOf(ask(stage(core), fake, { maxTokens: 1, maxRetries: 0 }));
	assert.equal(core.acquired[1]?.sticky, true, "a cache warmer asks for one token and no retries");
});

test("an adapter that asks by itself leaves the core with the text alone", async () => {
	const { core } = await run([{ error: "quota" }, fine]);
	assert.equal(core.outcomes[0]?.blind, true);
	assert.equal(core.outcomes[0]?.text, "quota");
});

test("an adapter that throws is a failure like any other", async () => {
	const { core, events } = await run([{ throws: "no key" }, fine]);
	assert.equal(core.outcomes[0]?.text, "no key");
	assert.deepEqual(kinds(events), ["start", "text_delta", "done"]);
});

test("an empty answer is told, and its end is not shown", async () => {
	const { core, events } = await run([{ status: 200 }, fine]);
	assert.equal(core.outcomes[0]?.empty, true);
	assert.deepEqual(kinds(events), ["start", "text_delta", "done"]);
});

test("an answer that starts anew has one start", async () => {
	const { core, events } = await run([{ status: 200, text: ["half"], error: "terminated" }, fine]);
	assert.deepEqual(kinds(events), ["start", "text_delta", "text_delta", "done"]);
	assert.equal(core.outcomes[0]?.emitted, true);
	assert.equal(core.outcomes[0]?.toolCall, false);
});

test("a tool call that was begun is told", async () => {
	const { core } = await run([{ status: 200, tool: true, error: "terminated" }]);
	assert.equal(core.outcomes[0]?.toolCall, true);
});

test("the last error is passed on as it is when the core says so", async () => {
	const { events } = await run([{ status: 400, error: "400: no such field" }]);
	assert.deepEqual(kinds(events), ["error"]);
	assert.equal(events[0]?.error?.errorMessage, "400: no such field");
});

test("what the core says in its place is one error", async () => {
	const core = new ScriptedCore({ refuse: { original: false, say: "nobody is left", retry: false, until: 0 } });
	const events = await eventsOf(ask(stage(core), new Fake([fine]), {}));
	assert.deepEqual(kinds(events), ["error"]);
	assert.equal(events[0]?.error?.errorMessage, "nobody is left");
	assert.equal(events[0]?.error?.model, "m");
});

test("without the core a request goes on as Pi made it, and the stand-in is never sent", async () => {
	const fake = new Fake([{ text: ["ok"] }]);
	assert.deepEqual(kinds(await eventsOf(ask(stage(undefined), fake, { apiKey: "pi" }))), [
		"start",
		"text_delta",
		"done",
	]);
	assert.deepEqual(fake.keys, ["pi"]);
	const events = await eventsOf(ask(stage(undefined), fake, { apiKey: placeholder }));
	assert.deepEqual(kinds(events), ["error"]);
	assert.equal(fake.asked.length, 1);
});

test("a core that fails lets the request go on as Pi made it and says so", async () => {
	const fake = new Fake([{ text: ["ok"] }]);
	const on = stage({
		catchUp: async () => {
			throw new Error("broken");
		},
	});
	assert.deepEqual(kinds(await eventsOf(ask(on, fake, { apiKey: "pi" }))), ["start", "text_delta", "done"]);
	assert.equal(on.failures.length, 1);
});

test("an abort ends an attempt at once and asks nobody else", async () => {
	const stop = new AbortController();
	const core = new ScriptedCore(lease("a"));
	const stream = ask(stage(core), new Fake([{ text: ["half"], hangs: true }]), { signal: stop.signal });
	const events: AnswerEvent[] = [];
	for await (const event of stream) {
		events.push(event);
		if (event.type === "text_delta") stop.abort();
	}
	assert.deepEqual(kinds(events), ["start", "text_delta", "error"]);
	assert.equal(events[2]?.reason, "aborted");
	assert.equal(core.outcomes[0]?.aborted, true);
});

test("an abort does not wait for the core, and the lease that comes too late is given back", async () => {
	const stop = new AbortController();
	const core = new ScriptedCore(lease("a"));
	let open = () => {};
	core.gate = new Promise((resolve) => {
		open = resolve;
	});
	const fake = new Fake([fine]);
	const asked = eventsOf(ask(stage(core), fake, { signal: stop.signal }));
	while (core.acquired.length === 0) await new Promise(setImmediate);
	stop.abort();
	const events = await asked;
	assert.equal(events[0]?.reason, "aborted");
	open();
	while (core.outcomes.length === 0) await new Promise(setImmediate);
	assert.equal(core.outcomes[0]?.aborted, true);
	assert.equal(fake.asked.length, 0);
});

test("an account's own base URL and headers count before everything else", async () => {
	const core = new ScriptedCore(
		lease("a", { baseURL: "https://own.example", headers: [{ name: "X-Org", value: "own" }] }),
	);
	const fake = new Fake([fine]);
	await eventsOf(ask(stage(core), fake, { headers: { "x-org": "pi", "x-keep": "1" }, fetch: fetchOf([fine]) }));
	assert.equal(fake.asked[0]?.model.baseUrl, "https://own.example");
	assert.deepEqual(fake.asked[0]?.options.headers, { "x-keep": "1", "X-Org": "own" });
});

test("content that the account cannot read is taken out", async () => {
	const core = new ScriptedCore(lease("a", { strip: ["thinking"], switched: true }));
	const fake = new Fake([fine]);
	const answer = {
		role: "assistant",
		provider: "demo",
		api: model.api,
		model: "m",
		content: [{ type: "text", text: "t", textSignature: "kept, it is no secret of an account" }],
	};
	await eventsOf(ask(stage(core), fake, { fetch: fetchOf([fine]) }, { messages: [answer] }));
	assert.equal(fake.asked[0]?.options["disableContinuation"], true);
	assert.deepEqual(fake.asked[0]?.context.messages, [answer]);
});

test("another provider answers with its own model, key and headers, and hears nothing of the first", async () => {
	const second = { ...model, id: "m2", provider: "other", baseUrl: "https://other.example", maxTokens: 50 };
	const other = new Fake([fine], { id: "other", getModels: () => [second] });
	const core = new ScriptedCore(lease("b", { provider: "other", model: "m2", api: model.api }));
	const on = stage(core, "tui", { other: { provider: other.provider, resolutions: new Resolutions() } });
	const fake = new Fake([fine]);
	const options = {
		apiKey: "a",
		headers: { authorization: "a" },
		env: { A: "a" },
		maxTokens: 90,
		fetch: fetchOf([fine]),
	};
	const events = await eventsOf(ask(on, fake, options));
	assert.deepEqual(kinds(events), ["start", "text_delta", "done"]);
	assert.equal(fake.asked.length, 0);
	const asked = other.asked[0];
	assert.equal(asked?.model.id, "m2");
	assert.equal(asked?.model.baseUrl, "https://other.example");
	assert.equal(asked?.options.apiKey, "b");
	assert.deepEqual(asked?.options.headers, { "x-models": "json" });
	assert.equal(asked?.options.env, undefined);
	assert.equal(asked?.options.maxTokens, 50);
});

test("a failover to what Pi does not have fails that attempt only", async () => {
	const core = new ScriptedCore(lease("b", { provider: "other", model: "m2" }), lease("a"));
	const fake = new Fake([fine]);
	const events = await eventsOf(ask(stage(core), fake, { fetch: fetchOf([fine]) }));
	assert.equal(core.outcomes[0]?.notSent, true);
	assert.equal(core.outcomes[0]?.text, "Pi has no model m2 of other");
	assert.deepEqual(kinds(events), ["start", "text_delta", "done"]);
});

test("a credential that cannot be resolved is told as not sent", async () => {
	const core = new ScriptedCore(lease("$PI_MULTI_AUTH_NO_SUCH_VARIABLE"), lease("b"));
	const fake = new Fake([fine]);
	await eventsOf(ask(stage(core), fake, { fetch: fetchOf([fine]) }));
	assert.equal(core.outcomes[0]?.notSent, true);
	assert.match(core.outcomes[0]?.text ?? "", /is not set/);
	assert.deepEqual(fake.keys, ["b"]);
});

test("operations without a stream rotate too", async () => {
	for (const operation of ["generateImages", "classify"] as const) {
		const steps = [limited, { throws: "odd" }, fine];
		const core = new ScriptedCore(lease("a"), lease("b"), lease("c"));
		const fake = new Fake([...steps]);
		fake.provider[operation] = (m, context, options) => fake.call(m, context, options);
		const wrapping = { provider: fake.provider, resolutions: new Resolutions() };
		const options = { fetch: fetchOf([limited, fine]) };
		const result = await rotateCall(stage(core), wrapping, operation, model, {}, options);
		assert.equal(result.stopReason, "stop");
		assert.deepEqual(fake.keys, ["a", "b", "c"]);
		assert.equal(core.outcomes[0]?.status, 429);
		assert.equal(core.outcomes[1]?.text, "odd");
	}
});

test("an operation that nobody can do ends as the provider ended it, or in the core's words", async () => {
	const fake = new Fake([limited]);
	fake.provider.classify = (m, context, options) => fake.call(m, context, options);
	const wrapping = { provider: fake.provider, resolutions: new Resolutions() };
	const options = { fetch: fetchOf([limited]) };
	const last = await rotateCall(stage(new ScriptedCore(lease("a"))), wrapping, "classify", model, {}, options);
	assert.equal(last.errorMessage, "429: slow down");
	const core = new ScriptedCore({ refuse: { original: false, say: "nobody is left", retry: false, until: 0 } });
	await assert.rejects(rotateCall(stage(core), wrapping, "classify", model, {}), /nobody is left/);
	await assert.rejects(
		rotateCall(stage(undefined), wrapping, "classify", model, {}, { apiKey: placeholder }),
		/No API key/,
	);
	assert.equal((await rotateCall(stage(undefined), wrapping, "classify", model, {}, options)).stopReason, "error");
});

test("with the real core a limited account is left, and state is written once it is known", async () => {
	const key = (key: string) => ({ type: "api_key", key });
	const { core, end, dir } = await realCore({ demo: key("a"), "demo-1": key("b") });
	try {
		const steps = [limited, fine];
		const fake = new Fake([...steps]);
		const events = await eventsOf(ask(stage(core), fake, { fetch: fetchOf(steps), sessionId: "s" }));
		assert.deepEqual(kinds(events), ["start", "text_delta", "done"]);
		assert.deepEqual(fake.keys, ["a", "b"]);
		await core.drain();
		assert.match(readFileSync(join(dir, "multi-auth.json"), "utf8"), /rate_limited/);
	} finally {
		await end();
	}
});

test("an attempt begins when its wait is over", async () => {
	const notBefore = Date.now() + 60;
	const core = new ScriptedCore(lease("a", { notBefore }));
	await eventsOf(ask(stage(core), new Fake([fine]), { fetch: fetchOf([fine]) }));
	// A timer may be a millisecond early; the lease came sixty before.
	assert.ok((core.outcomes[0]?.started ?? 0) >= notBefore - 5);
});

test("a provider whose entry the core cannot keep is asked as Pi would", async () => {
	const id = "a provider";
	const { core, end } = await realCore({ [id]: { type: "api_key", key: "k" } });
	try {
		const fake = new Fake([fine], { id });
		const resolutions = new Resolutions();
		resolutions.note({ ctx: undefined, found: { auth: { apiKey: "k" } }, given: "k", explicit: false });
		const wrapping = { provider: fake.provider, resolutions };
		const options = { apiKey: "k", sessionId: "s", fetch: fetchOf([fine]) };
		const odd = { ...model, provider: id };
		const events = await eventsOf(rotateStream(stage(core), wrapping, "streamSimple", odd, {}, options));
		assert.deepEqual(kinds(events), ["start", "text_delta", "done"]);
		assert.deepEqual(fake.keys, ["k"]);
	} finally {
		await end();
	}
});
