import { closeSync, constants, fstatSync, openSync, readFileSync } from "node:fs";

const largest = 16 << 20;

/** A file's text and the stamp that tells whether it has changed. */
export interface ReadText {
	text: string;
	missing: boolean;
	stamp: string;
}

/** The stamp of a file that is not there. */
export const noFile = "none";

/** Tells one state of a file from another without reading it. */
export function stampOf(s: { dev: bigint; ino: bigint; size: bigint; mtimeNs: bigint }): string {
	return `${s.dev}:${s.ino}:${s.size}:${s.mtimeNs}`;
}

/** Reads a regular file of at most 16 MB; anything else is an error, and a pipe does not block. */
export function readText(file: string): ReadText {
	let fd: number;
	try {
		fd = openSync(file, constants.O_RDONLY | (constants.O_NONBLOCK ?? 0));
	} catch (error) {
		if ((error as NodeJS.ErrnoException).code === "ENOENT") return { text: "", missing: true, stamp: noFile };
		throw error;
	}
	try {
		const s = fstatSync(fd, { bigint: true });
		if (!s.isFile()) throw new Error("it is no regular file");
		if (s.size > BigInt(largest)) throw new Error("it is larger than 16 MB");
		return { text: readFileSync(fd, "utf8"), missing: false, stamp: stampOf(s) };
	} finally {
		closeSync(fd);
	}
}
