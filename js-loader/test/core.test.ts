import assert from "node:assert/strict";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import { makeAcquire, makeOutcome } from "../src/abi.ts";
import { Core } from "../src/core.ts";
import { places } from "../src/places.ts";

test("a notice that cannot be shown ends neither a save nor Pi", async () => {
	const dir = mkdtempSync(join(tmpdir(), "pi-multi-auth-test-"));
	const key = (n: number) => ({ type: "api_key", key: `k${n}` });
	writeFileSync(join(dir, "auth.json"), JSON.stringify({ demo: key(1), "demo-1": key(2) }));
	// Neither the state nor the journal can be written where a folder has their name.
	for (const name of ["multi-auth.json", "multi-auth.journal"]) mkdirSync(join(dir, name));
	const told: string[] = [];
	const unheard: unknown[] = [];
	const listener = (error: unknown) => unheard.push(error);
	process.on("unhandledRejection", listener);
	const core = Core.loadSync({
		module: fileURLToPath(new URL("../core.wasm", import.meta.url)),
		places: places(dir, dir, {}),
		piVersion: "1.5.2",
		notice: (notice) => {
			told.push(notice.text);
			throw new Error("the session is over");
		},
	});
	try {
		await core.start(["demo"]);
		const { lease } = await core.ask({ acquire: makeAcquire({ provider: "demo", model: "m", mode: "print" }) });
		await core.ask({ settle: { lease: lease?.id ?? 0, outcome: makeOutcome({ status: 429, text: "429" }) } });
		await core.drain();
		await new Promise(setImmediate);
		assert.ok(told.some((text) => text.includes("was not written")));
		assert.deepEqual(unheard, []);
	} finally {
		process.removeListener("unhandledRejection", listener);
		await core.close().catch(() => {});
		rmSync(dir, { recursive: true, force: true });
	}
});
