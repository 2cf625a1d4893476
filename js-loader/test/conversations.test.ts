import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { test } from "node:test";
import { type Message, makeMessage } from "../src/abi.ts";
import { Guest, GuestError } from "../src/guest.ts";

const module = new WebAssembly.Module(readFileSync(new URL("../core.wasm", import.meta.url)));
const folder = new URL("../../tests/testdata/conversations/", import.meta.url);

/** A value without the fields that hold a zero value; elements of lists stay. */
function sparse(value: unknown): unknown {
	if (Array.isArray(value)) return value.map(sparse);
	if (typeof value !== "object" || value === null) return value;
	const kept = Object.entries(value).filter(
		([, v]) => v !== undefined && v !== "" && v !== 0 && v !== false && !(Array.isArray(v) && v.length === 0),
	);
	return Object.fromEntries(kept.map(([name, v]) => [name, sparse(v)]));
}

function ask(guest: Guest, message: Message): unknown {
	try {
		const turn = guest.call(message);
		const effects = guest.effects;
		guest.effects = [];
		return sparse({ ...turn, effects });
	} catch (error) {
		if (!(error instanceof GuestError)) throw error;
		assert.equal(error.dead, false, error.message);
		return { text: error.message };
	}
}

for (const name of readdirSync(folder).filter((name) => name.endsWith(".txt"))) {
	test(name, () => {
		const guest = new Guest(module);
		let question = "";
		let asked = 0;
		for (const [i, line] of readFileSync(new URL(name, folder), "utf8").split("\n").entries()) {
			if (line.startsWith("> ")) question = line.slice(2);
			if (!line.startsWith("< ")) continue;
			const want = JSON.parse(line.slice(2)) as Record<string, unknown>;
			// The guest tells refusals by their text; the code stays inside of it.
			delete want["code"];
			assert.deepEqual(ask(guest, makeMessage(JSON.parse(question))), want, `line ${i + 1}`);
			asked++;
		}
		assert.ok(asked > 0, "a conversation without an answer shows nothing");
	});
}
