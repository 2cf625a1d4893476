import { appendFileSync, renameSync, statSync } from "node:fs";
import { whileHeld } from "../platform.ts";

/** The largest a log becomes; one older file of the same size is kept beside it. */
const largest = 4 << 20;

/** Appends lines to a log of at most 4 MB, 0600. What does not fit begins a new file, and the full one takes the place of `FILE.1`. */
export function append(file: string, lines: string): void {
	const size = statSync(file, { throwIfNoEntry: false })?.size ?? 0;
	if (size > 0 && size + Buffer.byteLength(lines) > largest) whileHeld(() => renameSync(file, `${file}.1`));
	whileHeld(() => appendFileSync(file, lines, { mode: 0o600 }));
}
