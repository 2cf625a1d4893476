// One writer of our files, as a process of its own: the loader's own storage with the core behind it.
//
// node writer.mts <folder> count|name|own <updates> [<milliseconds between>]
//   count  counts one further while the gate is held, so that an update that is lost is missing from the sum; such a change hangs on what
//          is in the file, so it cannot be kept in the journal, and one that meets a gate that is taken for too long is done again
//   name   leaves a name of its own, so that an update that is lost can be named
//   own    changes one field of its own again and again, as a process does that refreshes and cools down; the last one has to be there
//   usage  keeps one entry of its own more in the usage cache
//   plain  replaces a file of its own, alone, without a gate, a merge or a journal: what the disk itself takes for it
// node writer.mts <folder> serve      names one update for each line of its input
// node writer.mts - each              the same in the folder that the line names
//
// Says "ready" and begins with the first line of its input or the end of it. Says "ack <name> <milliseconds>" for each update that was taken, "failed <words>" for each that was not, and what people
// would have been told as "said <words>".
import { closeSync, fsyncSync, openSync, readFileSync, renameSync, writeSync } from "node:fs";
import { createInterface } from "node:readline";
import type { Merged } from "../../js-loader/src/abi.ts";
import { codeOf } from "../../js-loader/src/failure.ts";
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
const open = (dir: string) => new Files(places(dir, dir, {}), merge, (notice) => say(`said ${notice.text}`));
let files = open(folder);

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
		if (kind === "plain") {
			alone(`${folder}/alone-${process.pid}`);
			say(`ack ${name} ${(performance.now() - began).toFixed(2)}`);
			return;
		}
		if (kind === "usage") {
			const entry = `{"accounts":{"p/${name}":{"at":${Date.now()}}}}`;
			await files.save("usage", [{ id: 0, delta: entry, sync: false }]);
			say(`ack ${name} ${(performance.now() - began).toFixed(2)}`);
			return;
		}
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
		say(`failed ${codeOf(error) || (error as Error).message}`);
	}
}

const bytes = Buffer.alloc(28 << 10, "k");
function alone(file: string): void {
	const fd = openSync(`${file}.tmp`, "wx", 0o600);
	writeSync(fd, bytes);
	fsyncSync(fd);
	closeSync(fd);
	renameSync(`${file}.tmp`, file);
	const dir = openSync(folder, "r");
	fsyncSync(dir);
	closeSync(dir);
}

try {
	// A process has read its files, and so run the module, before it writes any.
	join("accounts", files.read("accounts").text, "");
} catch {
	// Somebody makes reading fail.
}

say("ready");
if (kind === "serve") {
	for await (const _line of createInterface({ input: process.stdin })) await update();
} else if (kind === "each") {
	for await (const line of createInterface({ input: process.stdin })) {
		files = open(line);
		await update();
		await files.close();
		say("closed");
	}
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
