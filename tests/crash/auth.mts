// One writer of Pi's auth.json, as a process of its own.
//
// node auth.mts <auth.json> ours <updates>               puts an entry and takes the one before it out, the loader's way
// node auth.mts <auth.json> bare <updates>               makes a folder, renames a file beside it and removes the folder: what the lock costs
//                                                        on this disk though nothing is done with it
// node auth.mts <auth.json> <module of Pi> <updates>     changes an entry of its own, Pi's way
// node auth.mts <auth.json> <module of Pi> 0 <ms>        does so every so many milliseconds until its input ends, and says how often
//
// Says "held <milliseconds>" for each time the loader had Pi's lock, and its process id at the end.
import fs from "node:fs";
import { syncBuiltinESMExports } from "node:module";
import { dirname } from "node:path";

const [file = "", how = "ours", updates = "1", every = "0"] = process.argv.slice(2);
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
		// The folder that a dead one left is taken away too.
		if (path === `${file}.lock` && since > 0) say(`held ${(performance.now() - since).toFixed(2)}`);
		since = 0;
	}) as typeof rmdirSync;
	syncBuiltinESMExports();
}
if (how === "bare") {
	const own = `${file}.bare-${process.pid}`;
	fs.writeFileSync(`${own}.a`, "");
	for (let i = 0; i < Number(updates); i++) {
		fs.mkdirSync(own);
		const since = performance.now();
		fs.renameSync(`${own}.${i % 2 ? "b" : "a"}`, `${own}.${i % 2 ? "a" : "b"}`);
		fs.rmdirSync(own);
		say(`held ${(performance.now() - since).toFixed(2)}`);
		await new Promise((resolve) => setTimeout(resolve, 20));
	}
	process.exit(0);
}
const { changeEntries } = await import("../../js-loader/src/perform/entries.ts");
const { Gate, GateBusy } = await import("../../js-loader/src/perform/gate.ts");
const gate = new Gate(`${dirname(file)}/multi-auth.gate`, undefined, true);
const pi = how === "ours" ? undefined : await import(how);
const storage = pi?.AuthStorage.create(file);
let over = false;
if (updates === "0") {
	process.stdin.resume().once("end", () => {
		over = true;
	});
	say("ready");
}
let done = 0;
for (let i = 1; updates === "0" ? !over : i <= Number(updates); ) {
	if (every !== "0") await new Promise((resolve) => setTimeout(resolve, Number(every)));
	const entry = { type: "api_key", key: `k${i}` };
	const changes = new Map([
		[`ours-${process.pid}-${i}`, JSON.stringify(entry)],
		[`ours-${process.pid}-${i - 1}`, undefined],
	]);
	try {
		if (storage) await storage.modify(`pi-${process.pid}`, async () => entry);
		else await changeEntries(file, changes, gate);
		done = i++;
	} catch (error) {
		// Who comes too late in a storm tries again, as a person would.
		if (!(error instanceof GateBusy)) throw error;
	}
}
if (updates === "0") say(`wrote ${done}`);
say(`${process.pid}`);
process.exit(0);
