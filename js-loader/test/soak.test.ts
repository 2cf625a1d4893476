import assert from "node:assert/strict";
import { test } from "node:test";
import { assertSame, Soaking } from "./soaking.ts";

test("thousands of decisions leave nothing behind", async () => {
	const soaking = new Soaking();
	try {
		await soaking.start();
		await soaking.run(4_000, 10, 20, 100);
		const before = await soaking.held();
		await soaking.run(8_000, 10, 20, 100);
		assertSame(before, await soaking.settled(before));
		assert.ok(soaking.decisions >= 12_000, "each was made");
		assert.deepEqual(soaking.notices, []);
	} finally {
		await soaking.close();
	}
});
