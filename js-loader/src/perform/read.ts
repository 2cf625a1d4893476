import { closeSync, constants, fstatSync, openSync, readFileSync, statSync } from "node:fs";
import { whileHeld } from "../platform.ts";

const largest = 16 << 20;

/** A file's text and the stamp that tells whether it has changed. */
export interface ReadText {
	text: string;
	missing: boolean;
	stamp: string;
	/** The permission bits and the owner; 0 for a missing file. */
	mode: number;
	uid: number;
}

/** The stamp of a file that is not there. */
export const noFile = "none";

/** Tells one state of a file from another without reading it. */
export function stampOf(s: { dev: bigint; ino: bigint; size: bigint; mtimeNs: bigint }): string {
	return `${s.dev}:${s.ino}:${s.size}:${s.mtimeNs}`;
}

/** Reads a regular file of at most `most` bytes, 16 MB; anything else is an error, and a pipe does not block. */
export function readText(file: string, most = largest): ReadText {
	const missing = { text: "", missing: true, stamp: noFile, mode: 0, uid: 0 };
	// Opening a device or a pipe may already do something.
	const kind = statSync(file, { throwIfNoEntry: false });
	if (!kind) return missing;
	if (!kind.isFile()) throw new Error(`it is ${kindOf(kind)} and no file`);
	let fd: number;
	try {
		fd = whileHeld(() => openSync(file, constants.O_RDONLY | (constants.O_NONBLOCK ?? 0)));
	} catch (error) {
		if ((error as NodeJS.ErrnoException).code === "ENOENT") return missing;
		throw error;
	}
	try {
		const s = fstatSync(fd, { bigint: true });
		if (!s.isFile()) throw new Error("it is no regular file");
		if (Number(s.size) > most) throw new Error("it is larger than 16 MB");
		return {
			text: readFileSync(fd, "utf8"),
			missing: false,
			stamp: stampOf(s),
			mode: Number(s.mode) & 0o777,
			uid: Number(s.uid),
		};
	} finally {
		closeSync(fd);
	}
}

/** What something is that is no file. */
export function kindOf(s: { isDirectory(): boolean; isFIFO(): boolean; isSocket(): boolean }): string {
	if (s.isDirectory()) return "a folder";
	if (s.isFIFO()) return "a pipe";
	return s.isSocket() ? "a socket" : "a device";
}
