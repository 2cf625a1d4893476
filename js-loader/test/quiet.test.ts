import assert from "node:assert/strict";
import { test } from "node:test";
import { Quiet } from "../src/perform/quiet.ts";

test("what nobody waits for comes after the request that is on its way", async () => {
	const quiet = new Quiet(60_000);
	const order: string[] = [];
	const one = quiet.begin();
	const two = quiet.begin();
	const come = quiet.come().then(() => order.push("write"));
	await new Promise((resolve) => setTimeout(resolve, 30));
	one();
	one();
	await new Promise(setImmediate);
	order.push("answer begins");
	two();
	await come;
	assert.deepEqual(order, ["answer begins", "write"]);
});

test("a request that never answers holds nothing up for ever, and none holds nothing up", async () => {
	const quiet = new Quiet();
	await quiet.come();
	quiet.begin();
	await quiet.come();
});
