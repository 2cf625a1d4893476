import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { append } from "./append.ts";

const name = "pi-multi-auth-debug.jsonl";

/** The paths of the debug log in folders, older files first. */
export function logFiles(folders: readonly string[]): string[] {
	return [`${name}.1`, name].flatMap((file) => folders.map((folder) => join(folder, file)));
}

/** Appends a line to the debug log: one file of at most 4 MB and an older one, 0600, in the first folder that can be written. */
export function appendLog(folders: readonly string[], line: string): void {
	for (const folder of folders) {
		try {
			mkdirSync(folder, { recursive: true, mode: 0o700 });
			append(join(folder, name), `${line}\n`);
			return;
		} catch {
			// The next folder may do; a log that cannot be written stops nobody.
		}
	}
}
