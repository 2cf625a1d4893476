import { randomFillSync } from "node:crypto";
import { closeSync, constants, fsyncSync, openSync, unlinkSync, writeSync } from "node:fs";
import { codeOf } from "../failure.ts";
import { whileHeld } from "../platform.ts";

/** SQLITE_FULL, https://sqlite.org/rescode.html#full: the gate is an SQLite file. */
const sqliteFull = 13;

/** Fills a file with so many bytes, durably; answers what removes it. Where they do not fit it throws and leaves nothing. */
export function keepRoom(file: string, size: number): () => void {
	const remove = () => {
		try {
			whileHeld(() => unlinkSync(file));
		} catch {
			// Somebody has tidied up.
		}
	};
	// A process that died with it left one behind.
	remove();
	const flags = constants.O_WRONLY | constants.O_CREAT | constants.O_EXCL | (constants.O_NOFOLLOW ?? 0);
	const fd = openSync(file, flags, 0o600);
	try {
		// Zeros would take no room on a disk that packs them.
		const bytes = randomFillSync(Buffer.alloc(size));
		for (let at = 0; at < size; ) at += writeSync(fd, bytes, at);
		fsyncSync(fd);
	} catch (error) {
		remove();
		throw error;
	} finally {
		closeSync(fd);
	}
	return remove;
}

/** Whether something failed because the disk, or what one may use of it, is full. */
export function isFull(error: unknown): boolean {
	const code = codeOf(error);
	const { errcode } = (error ?? {}) as { errcode?: number };
	return code === "ENOSPC" || code === "EDQUOT" || errcode === sqliteFull;
}
