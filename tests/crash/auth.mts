// One writer of Pi's auth.json, as a process of its own.
//
// node auth.mts <auth.json> ours <updates>               puts an entry and takes the one before it out, the loader's way
// node auth.mts <auth.json> <module of Pi> <updates>     changes an entry of its own, Pi's way
import { dirname } from "node:path";
import { changeEntries } from "../../js-loader/src/perform/entries.ts";
import { Gate } from "../../js-loader/src/perform/gate.ts";

const [file = "", how = "ours", updates = "1"] = process.argv.slice(2);
const gate = new Gate(`${dirname(file)}/multi-auth.gate`);
const pi = how === "ours" ? undefined : await import(how);
const storage = pi?.AuthStorage.create(file);
for (let i = 1; i <= Number(updates); i++) {
	const entry = { type: "api_key", key: `k${i}` };
	if (storage) await storage.modify(`pi-${process.pid}`, async () => entry);
	else
		await changeEntries(
			file,
			new Map([
				[`ours-${process.pid}-${i}`, JSON.stringify(entry)],
				[`ours-${process.pid}-${i - 1}`, undefined],
			]),
			gate,
		);
}
process.stdout.write(`${process.pid}\n`);
process.exit(0);
