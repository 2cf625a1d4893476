import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { play, rehearse } from "../src/rehearse.ts";

const bytes = readFileSync(new URL("../core.wasm", import.meta.url));

test("a request is refused and goes to the next account, which answers", () => {
	const turns = [...play(new WebAssembly.Module(bytes))];
	const leases = turns.flatMap((turn) => (turn?.lease ? [turn.lease] : []));
	assert.equal(leases.length, 2);
	assert.notEqual(leases[0]?.account, leases[1]?.account);
	assert.ok(turns.some((turn) => turn?.ready?.providers.includes("demo")));
	assert.ok(turns.at(-1)?.done);
});

test("a module is rehearsed once, and no two steps in one turn of the event loop", async (t) => {
	const module = new WebAssembly.Module(bytes);
	const steps = [...play(module)].length;
	let instances = 0;
	const { Instance } = WebAssembly;
	t.after(() => {
		WebAssembly.Instance = Instance;
	});
	WebAssembly.Instance = new Proxy(Instance, {
		construct(target, args) {
			instances++;
			return Reflect.construct(target, args);
		},
	});
	let turns = 0;
	const { setImmediate } = globalThis;
	t.after(() => {
		globalThis.setImmediate = setImmediate;
	});
	globalThis.setImmediate = Object.assign((run: () => void) => {
		turns++;
		return setImmediate(run);
	}, setImmediate) as typeof setImmediate;
	rehearse(module);
	rehearse(module);
	assert.equal(instances, 0);
	for (let i = 0; i < 2 * steps; i++) await new Promise((resolve) => setImmediate(resolve));
	assert.equal(instances, 1);
	assert.equal(turns, steps + 1);
});

test("a module that does not start keeps nobody from anything", async () => {
	rehearse(new WebAssembly.Module(Uint8Array.of(0, 97, 115, 109, 1, 0, 0, 0)));
	await new Promise((resolve) => setImmediate(resolve));
});
