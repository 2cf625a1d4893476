// One writer of our files, as a process of its own: the loader's own storage with the core behind it.
//
// node writer.mts <folder> count|name <updates> [<milliseconds between>]
//   count  counts one further while the gate is held, so that an update that is lost is missing from the sum; such a change hangs on what
//          is in the file, so it cannot be kept in the journal, and one that is put off is done again
//   name   leaves a name of its own, so that an update that is lost can be named
// node writer.mts <folder> serve      names one update for each line of its input
//
// Says "ready" and begins with the first line of its input or the end of it. Says "ack <name> <milliseconds>" for each update that was taken, "failed <words>" for each that was not, and what people
// would have been told as "said <words>".
import { readFileSync, writeSync } from "node:fs";
import { createInterface } from "node:readline";
import type { Merged } from "../../js-loader/src/abi.ts";
import { Guest } from "../../js-loader/src/guest.ts";
import { Files } from "../../js-loader/src/perform/files.ts";
import { places } from "../../js-loader/src/places.ts";

const [folder = ".", kind = "count", updates = "1", every = "0"] = process.argv.slice(2);
const guest = new Guest(new WebAssembly.Module(readFileSync(new URL("../../js-loader/core.wasm", import.meta.url))));
const say = (line: string) => void writeSync(1, `${line}\n`);
const join = (file: string, current: string, delta: string): Merged => {
	const turn = guest.call({ at: Date.now(), seed: 1, merge: { save: 0, file, current, delta } });
	if (!turn.merged) throw new Error("no text");
	return turn.merged;
};
const merge = (_save: number, file: string, current: string, delta: string): Merged => {
	if (delta !== "count") return join(file, current, delta);
	const n = Number(/"counter":\{"at":(\d+)/.exec(current)?.[1] ?? 0) + 1;
	const change = `{"providers":{"p":{"counter":{"at":${n}}}}}`;
	return { ...join(file, current, change), delta: change };
};
const files = new Files(places(folder, folder, {}), merge, (notice) => say(`said ${notice.text}`));

let named = 0;
async function update(): Promise<void> {
	const name = `${process.pid}-${named++}`;
	const delta = kind === "count" ? "count" : `{"providers":{"p":{"updates":{"${name}":{"at":1}}}}}`;
	const began = performance.now();
	try {
		while ((await files.save("accounts", [{ id: 0, delta, sync: true }])) === "") {
			say("off");
			if (kind !== "count") break;
		}
		say(`ack ${name} ${(performance.now() - began).toFixed(2)}`);
	} catch (error) {
		say(`failed ${(error as NodeJS.ErrnoException).code ?? (error as Error).message}`);
	}
}

say("ready");
if (kind === "serve") {
	for await (const _line of createInterface({ input: process.stdin })) await update();
} else {
	// All begin at once, when the last one has loaded.
	await new Promise((resolve) => process.stdin.once("data", resolve).once("end", resolve));
	process.stdin.destroy();
	const began = performance.now();
	for (let i = 0; i < Number(updates); i++) {
		const due = began + (i + Math.random()) * Number(every);
		if (Number(every) > 0) await new Promise((resolve) => setTimeout(resolve, Math.max(0, due - performance.now())));
		await update();
	}
}
await files.close();
process.exit(0);
