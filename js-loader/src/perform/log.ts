import { appendFileSync, mkdirSync, renameSync, statSync } from "node:fs";
import { join } from "node:path";

const largest = 4 << 20;
const name = "pi-multi-auth-debug.jsonl";

/** Appends a line to the debug log: one file of at most 4 MB and an older one, 0600, in the first folder that can be written. */
export function appendLog(folders: readonly string[], line: string): void {
	for (const folder of folders) {
		try {
			mkdirSync(folder, { recursive: true, mode: 0o700 });
			const file = join(folder, name);
			const size = statSync(file, { throwIfNoEntry: false })?.size ?? 0;
			if (size + line.length > largest) renameSync(file, `${file}.1`);
			appendFileSync(file, `${line}\n`, { mode: 0o600 });
			return;
		} catch {
			// The next folder may do; a log that cannot be written stops nobody.
		}
	}
}
