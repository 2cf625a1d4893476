// One writer of our files, as a process of its own: the loader's own storage with the core behind it. Every update counts one further
// while the gate is held, so that an update that is lost is missing from the sum.
//
// node writer.mts <folder> <updates> [<milliseconds between> [<file>]]
// Prints a line of JSON at its end: done, failed, kept (in the journal), and how long each update took in milliseconds.
import { readFileSync } from "node:fs";
import { join } from "node:path";
import type { Merged } from "../../js-loader/src/abi.ts";
import { Guest } from "../../js-loader/src/guest.ts";
import { Files } from "../../js-loader/src/perform/files.ts";
import { places } from "../../js-loader/src/places.ts";

const [folder = ".", updates = "1", every = "0", name = "accounts"] = process.argv.slice(2);
const module = new WebAssembly.Module(readFileSync(new URL("../../js-loader/core.wasm", import.meta.url)));
const guest = new Guest(module);
const call = (file: string, current: string, delta: string): Merged => {
	const turn = guest.call({ at: Date.now(), seed: 1, merge: { save: 0, file, current, delta } });
	if (!turn.merged) throw new Error("no text");
	return turn.merged;
};
const said: string[] = [];
const files = new Files(
	places(folder, folder, {}),
	(_save, file, current, delta) => {
		if (delta !== "count") return call(file, current, delta);
		const n = Number(/"counter":\{"at":(\d+)/.exec(current)?.[1] ?? 0) + 1;
		const change = `{"providers":{"p":{"counter":{"at":${n},"by":${process.pid}}}}}`;
		return { ...call(file, current, change), delta: change };
	},
	(notice) => said.push(notice.text),
);
const took: number[] = [];
const errors: Record<string, number> = {};
let done = 0;
process.stdout.write("ready\n");
const began = performance.now();
for (let i = 0; i < Number(updates); i++) {
	if (Number(every) > 0) {
		const due = began + (i + Math.random()) * Number(every);
		await new Promise((resolve) => setTimeout(resolve, Math.max(0, due - performance.now())));
	}
	const start = performance.now();
	try {
		await files.save(name, [{ id: 0, delta: "count", sync: true }]);
		done++;
	} catch (error) {
		const text = String((error as Error).message);
		errors[text] = (errors[text] ?? 0) + 1;
	}
	took.push(performance.now() - start);
}
await files.close();
process.stdout.write(`${JSON.stringify({ done, errors, said, took: took.map((t) => Math.round(t * 100) / 100) })}\n`);
process.exit(0);
