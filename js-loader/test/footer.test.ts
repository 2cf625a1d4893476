import assert from "node:assert/strict";
import { test } from "node:test";
import type { Core } from "../src/core.ts";
import { countdown, endGlances, glance } from "../src/footer.ts";
import { type Instance, newInstance } from "../src/instance.ts";
import { places } from "../src/places.ts";

/** A process with a session on its screen; what stands in the footer is noted. */
function process(): { instance: Instance; said: (string | undefined)[] } {
	const said: (string | undefined)[] = [];
	const instance = newInstance("/root", places("/agent", "/root", {}));
	instance.hasUI = true;
	instance.loaded = { ask: async () => ({ view: { notes: [`demo ${said.length}`] } }) } as unknown as Core;
	instance.context = {
		mode: "tui",
		model: { provider: "demo" },
		sessionManager: { getSessionId: () => "s" },
		ui: { setStatus: (_place: string, text: string | undefined) => said.push(text) },
	} as unknown as NonNullable<Instance["context"]>;
	return { instance, said };
}

test("the age of a figure is looked at again in the session after the first one", async (t) => {
	t.mock.timers.enable({ apis: ["setInterval"] });
	const { instance, said } = process();
	await glance(instance);
	t.mock.timers.tick(30_000);
	await new Promise(setImmediate);
	assert.deepEqual(said, ["demo 0", "demo 1"]);
	endGlances(instance);
	t.mock.timers.tick(60_000);
	await new Promise(setImmediate);
	assert.equal(said.length, 2, "nothing is looked at between two sessions");
	await glance(instance);
	t.mock.timers.tick(30_000);
	await new Promise(setImmediate);
	assert.equal(said.length, 4);
	endGlances(instance);
});

test("a request that stands by goes on when the session on the screen is over", () => {
	const { instance } = process();
	instance.context = {
		get ui() {
			throw new Error("this context is over");
		},
	} as unknown as NonNullable<Instance["context"]>;
	countdown(instance, "{left}", Date.now() + 1000)();
});
