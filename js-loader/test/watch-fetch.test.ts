import assert from "node:assert/strict";
import { test } from "node:test";
import { bodyOf, noteResponse, nothingSeen, watch, watchingFetch } from "../src/watch-fetch.ts";

const at = "https://demo.example/v1";

function answering(body: BodyInit | null, init: ResponseInit): typeof fetch {
	return async () => new Response(body, init);
}

test("status, headers and body of a failure are seen, and the adapter reads the same", async () => {
	const seen = nothingSeen(answering("slow down", { status: 429, headers: { "Retry-After": "5" } }));
	const response = await watch(seen, () => watchingFetch(at));
	assert.equal(await response.text(), "slow down");
	assert.equal(seen.asked, true);
	assert.equal(seen.status, 429);
	assert.equal(seen.headers.find(({ name }) => name === "retry-after")?.value, "5");
	assert.equal(await bodyOf(seen), "slow down");
});

test("the body of a success is left to the adapter", async () => {
	const seen = nothingSeen(answering("data", { status: 200 }));
	const response = await watch(seen, () => watchingFetch(at));
	assert.equal(response.bodyUsed, false);
	assert.equal(await bodyOf(seen), "");
	assert.equal(await response.text(), "data");
});

test("of a large failure 64 kB are kept", async () => {
	const seen = nothingSeen(answering("x".repeat(1 << 20), { status: 500 }));
	const response = await watch(seen, () => watchingFetch(at));
	await response.text();
	assert.equal((await bodyOf(seen)).length, 64 << 10);
});

test("a body that the adapter never reads and one that never ends hold nobody up", async () => {
	const unread = nothingSeen(answering("x".repeat(1 << 20), { status: 500 }));
	await watch(unread, () => watchingFetch(at));
	await bodyOf(unread);
	const endless = nothingSeen(answering(new ReadableStream({ pull() {} }), { status: 500 }));
	await watch(endless, () => watchingFetch(at));
	assert.equal(await bodyOf(endless), "");
});

test("attempts at once see their own, also after waiting", async () => {
	const one = nothingSeen(answering("1", { status: 401 }));
	const two = nothingSeen(answering("2", { status: 402 }));
	const attempt = async () => {
		await new Promise(setImmediate);
		return (await watchingFetch(at)).text();
	};
	const texts = await Promise.all([watch(one, attempt), watch(two, attempt)]);
	assert.deepEqual([one.status, two.status], [401, 402]);
	assert.deepEqual(texts, ["1", "2"]);
});

test("a request that gets no response was asked all the same", async () => {
	const seen = nothingSeen(() => Promise.reject(new TypeError("fetch failed")));
	await assert.rejects(
		watch(seen, () => watchingFetch(at)),
		/fetch failed/,
	);
	assert.equal(seen.asked, true);
	assert.equal(seen.status, 0);
});

test("a later response of an attempt replaces what was seen of an earlier one", async () => {
	const answers = [new Response("first", { status: 429 }), new Response("ok", { status: 200 })];
	const seen = nothingSeen(async () => answers.shift() as Response);
	await watch(seen, async () => {
		await (await watchingFetch(at)).text();
		await (await watchingFetch(at)).text();
	});
	assert.equal(seen.status, 200);
	assert.equal(await bodyOf(seen), "");
});

test("what an adapter with requests of its own tells is seen, and a time it would sit out ends it", () => {
	const seen = nothingSeen(undefined);
	noteResponse(seen, 429, { ":status": 429, "x-amzn-errortype": "ThrottlingException" });
	assert.equal(seen.status, 429);
	assert.ok(seen.headers.every(({ value }) => typeof value === "string"));
	assert.throws(() => noteResponse(seen, 503, { "Retry-After": "60" }), /503/);
	assert.equal(seen.status, 503, "the last one counts");
});

test("what the watching fetch saw is not told again", async () => {
	const seen = nothingSeen(answering("slow down", { status: 429, headers: { "retry-after": "5" } }));
	await watch(seen, () => watchingFetch(at));
	noteResponse(seen, 429, { "retry-after": "5" });
	assert.equal(await bodyOf(seen), "slow down");
});
