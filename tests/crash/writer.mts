// One writer of our files, as a process of its own: the loader's own storage with the core behind it.
//
// node writer.mts <folder> count|name|own <updates> [<milliseconds between>]
//   count  counts one further while the gate is held, so that an update that is lost is missing from the sum; such a change hangs on what
//          is in the file, so it cannot be kept in the journal, and one that meets a gate that is taken for too long is done again
//   name   leaves a name of its own, so that an update that is lost can be named
//   own    changes one field of its own again and again, as a process does that refreshes and cools down; the last one has to be there
// node writer.mts <folder> serve      names one update for each line of its input
//
// Says "ready" and begins with the first line of its input or the end of it. Says "ack <name> <milliseconds>" for each update that was taken, "failed <words>" for each that was not, and what people
// would have been told as "said <words>".
import { readFileSync, writeSync } from "node:fs";
import { createInterface } from "node:readline";
import type { Merged } from "../../js-loader/src/abi.ts";
import { Guest } from "../../js-loader/src/guest.ts";
import { Files } from "../../js-loader/src/perform/files.ts";
import { GateBusy } from "../../js-loader/src/perform/gate.ts";
import { places } from "../../js-loader/src/places.ts";

const [folder = ".", kind = "count", updates = "1", every = "0"] = process.argv.slice(2);
const guest = new Guest(new WebAssembly.Module(readFileSync(new URL("../../js-loader/core.wasm", import.meta.url))));
const say = (line: string) => void writeSync(1, `${line}\n`);
const join = (file: string, current: string, delta: string): Merged => {
	const turn = guest.call({ at: Date.now(), seed: 1, merge: { save: 0, file, current, delta } });
	if (!turn.merged) throw new Error("no text");
	return turn.merged;
};
/** The id of the save whose change is known only while the gate is held. */
const counting = 1;
const merge = (save: number, file: string, current: string, delta: string): Merged => {
	if (save !== counting) return join(file, current, delta);
	const n = Number(/"counter":\{"at":(\d+)/.exec(current)?.[1] ?? 0) + 1;
	const change = `{"providers":{"p":{"counter":{"at":${n}}}}}`;
	return { ...join(file, current, change), delta: change };
};
const files = new Files(places(folder, folder, {}), merge, (notice) => say(`said ${notice.text}`));

let named = 0;
async function update(): Promise<void> {
	const name = `${process.pid}-${named++}`;
	const leaf = kind === "own" ? `"${process.pid}":{"at":${named}}` : `"${name}":{"at":1}`;
	const change =
		kind === "count"
			? { id: counting, delta: "", sync: true }
			: { id: 0, delta: `{"providers":{"p":{"updates":{${leaf}}}}}`, sync: true };
	const began = performance.now();
	try {
		for (;;) {
			try {
				if ((await files.save("accounts", [change])) === "") say("off");
				break;
			} catch (error) {
				if (kind !== "count" || !(error instanceof GateBusy)) throw error;
				say("off");
			}
		}
		say(`ack ${name} ${(performance.now() - began).toFixed(2)}`);
	} catch (error) {
		say(`failed ${(error as NodeJS.ErrnoException).code ?? (error as Error).message}`);
	}
}

// A process has read its files, and so run the module, before it writes any.
join("accounts", files.read("accounts").text, "");

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
