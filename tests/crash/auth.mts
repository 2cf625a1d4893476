// One writer of Pi's auth.json, as a process of its own.
//
// node auth.mts <auth.json> ours <updates>               puts an entry and takes the one before it out, the loader's way
// node auth.mts <auth.json> <module of Pi> <updates>     changes an entry of its own, Pi's way
//
// Says "held <milliseconds>" for each time the loader had Pi's lock, and its process id at the end.
import fs from "node:fs";
import { syncBuiltinESMExports } from "node:module";
import { dirname } from "node:path";

const [file = "", how = "ours", updates = "1"] = process.argv.slice(2);
const say = (line: string) => void fs.writeSync(1, `${line}\n`);
if (how === "ours") {
	const { mkdirSync, rmdirSync } = fs;
	let since = 0;
	fs.mkdirSync = ((path: string, options?: fs.MakeDirectoryOptions) => {
		const made = mkdirSync(path, options);
		if (path === `${file}.lock`) since = performance.now();
		return made;
	}) as typeof mkdirSync;
	fs.rmdirSync = ((path: string) => {
		rmdirSync(path);
		if (path === `${file}.lock`) say(`held ${(performance.now() - since).toFixed(2)}`);
	}) as typeof rmdirSync;
	syncBuiltinESMExports();
}
const { changeEntries } = await import("../../js-loader/src/perform/entries.ts");
const { Gate, GateBusy } = await import("../../js-loader/src/perform/gate.ts");
const gate = new Gate(`${dirname(file)}/multi-auth.gate`, undefined, true);
const pi = how === "ours" ? undefined : await import(how);
const storage = pi?.AuthStorage.create(file);
for (let i = 1; i <= Number(updates); ) {
	const entry = { type: "api_key", key: `k${i}` };
	const changes = new Map([
		[`ours-${process.pid}-${i}`, JSON.stringify(entry)],
		[`ours-${process.pid}-${i - 1}`, undefined],
	]);
	try {
		if (storage) await storage.modify(`pi-${process.pid}`, async () => entry);
		else await changeEntries(file, changes, gate);
		i++;
	} catch (error) {
		// Who comes too late in a storm tries again, as a person would.
		if (!(error instanceof GateBusy)) throw error;
	}
}
say(`${process.pid}`);
process.exit(0);
