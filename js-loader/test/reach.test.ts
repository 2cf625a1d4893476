import assert from "node:assert/strict";
import { test } from "node:test";
import type { Core } from "../src/core.ts";
import { numbered, pinned } from "../src/perform/pin.ts";
import { checkReach } from "../src/reach.ts";

/** A core that bars what a test names, and keeps what it was asked. */
function barring(bad: string) {
	const asked: { url: string; addresses: string[] }[] = [];
	const core = {
		ask: async ({ inspect }: { inspect: { line: string } }) => {
			const question = JSON.parse(inspect.line);
			asked.push(question);
			const error = question.addresses.includes(bad) ? { error: "is never asked" } : {};
			return { inspected: { line: JSON.stringify(error) } };
		},
	} as unknown as Core;
	return { core, asked };
}

test("the core hears what a name leads to, and what it bars is not asked", async () => {
	const { core, asked } = barring("169.254.169.254");
	await checkReach(core, "https://good.example/v1", async () => ["203.0.113.1", "2001:db8::1"]);
	assert.deepEqual(asked[0], { what: "reach", url: "https://good.example", addresses: ["203.0.113.1", "2001:db8::1"] });
	const bad = checkReach(core, "https://bad.example/v1", async () => ["203.0.113.1", "169.254.169.254"]);
	await assert.rejects(bad, /own address cannot be used: is never asked/);
	await assert.rejects(
		checkReach(core, "https://bad.example/v2", async () => ["203.0.113.1"]),
		/never asked/,
		"for a minute",
	);
	assert.equal(asked.length, 2);
});

test("an address that is no name is not looked up, and who cannot look up goes on", async () => {
	const { core, asked } = barring("");
	const never = async () => assert.fail("it was looked up");
	await checkReach(core, "http://127.0.0.1:8080/v1", never);
	await checkReach(core, "http://[::1]:8080/v1", never);
	assert.equal(asked.length, 0);
	await checkReach(core, "https://unknown.example", async () => Promise.reject(new Error("ENOTFOUND")));
	assert.deepEqual(asked[0]?.addresses, []);
});

/** A fetch that notes where it was sent and with which Host, and fails where a test says so. */
function noting(refused = "") {
	const sent: string[] = [];
	const fetch = async (input: string | URL | Request, init?: RequestInit) => {
		const url = String(input);
		sent.push(`${url} ${new Headers(init?.headers).get("host")}`);
		if (refused !== "" && url.includes(refused)) throw new TypeError("fetch failed");
		return new Response("ok");
	};
	return { sent, fetch: fetch as typeof globalThis.fetch };
}

test("a name of this machine is asked at the address that was looked at, whatever it leads to a moment later", async () => {
	const answers = [["127.0.0.1"], ["203.0.113.9"]];
	const { sent, fetch } = noting();
	const resolve = async () => answers.shift() ?? [];
	await pinned(fetch, "http://a.localhost:81/v1?x=1", {}, resolve);
	assert.deepEqual(sent, ["http://127.0.0.1:81/v1?x=1 a.localhost:81"]);
	await assert.rejects(
		pinned(fetch, "http://a.localhost:81/v1", {}, resolve),
		/a\.localhost does not lead to this machine/,
	);
	await assert.rejects(pinned(fetch, "http://a.localhost:81/v1", {}, resolve), /leads nowhere/);
	assert.equal(sent.length, 1);
});

test("a server that listens on one kind of address is found, and a stray address among several ends it", async () => {
	const { sent, fetch } = noting("127.0.0.1");
	await pinned(fetch, "http://a.localhost/", { body: "{}", method: "POST" }, async () => ["127.0.0.1", "::1"]);
	assert.deepEqual(sent, ["http://127.0.0.1/ a.localhost", "http://[::1]/ a.localhost"]);
	await assert.rejects(
		pinned(fetch, "http://a.localhost/", {}, async () => ["127.0.0.1", "10.0.0.1"]),
		/not lead/,
	);
});

test("what has a certificate, is no name, or is in the system's own table is asked as it stands", async () => {
	const { sent, fetch } = noting();
	const never = async () => assert.fail("it was looked up");
	for (const url of ["https://a.localhost/", "http://127.0.0.1:8080/", "http://[::1]/", "http://localhost/"])
		await pinned(fetch, url, {}, never);
	assert.equal(
		sent.join(),
		"https://a.localhost/ null,http://127.0.0.1:8080/ null,http://[::1]/ null,http://localhost/ null",
	);
});

test("an adapter that connects by itself gets the number in the place of the name, and nothing else is changed", async () => {
	const both = async () => ["::1", "127.0.0.1"];
	assert.deepEqual(await numbered("http://a.localhost:81/v1", both), {
		address: "http://127.0.0.1:81/v1",
		host: "a.localhost:81",
	});
	assert.deepEqual(await numbered("http://a.localhost", async () => ["::1"]), {
		address: "http://[::1]",
		host: "a.localhost",
	});
	await assert.rejects(
		numbered("http://a.localhost", async () => ["127.0.0.1", "203.0.113.9"]),
		/not lead to this machine/,
	);
	await assert.rejects(
		numbered("http://a.localhost", async () => []),
		/leads nowhere/,
	);
	const never = async () => assert.fail("it was looked up");
	for (const url of [
		"",
		"https://a.localhost/",
		"http://127.0.0.1:1/",
		"http://[::1]/",
		"http://localhost:1/",
		"https://a.example/",
	])
		assert.equal(await numbered(url, never), undefined, url);
});
