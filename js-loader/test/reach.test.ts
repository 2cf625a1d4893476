import assert from "node:assert/strict";
import { test } from "node:test";
import type { Core } from "../src/core.ts";
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
