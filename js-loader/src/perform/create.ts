import { closeSync, constants, fsyncSync, openSync, unlinkSync, writeFileSync } from "node:fs";
import { expand } from "./input.ts";

/** Writes a new file, 0600 from its first instant, and never over another one. */
export function create(path: string, text: string): void {
	const file = expand(path) ?? path;
	const flags = constants.O_WRONLY | constants.O_CREAT | constants.O_EXCL | (constants.O_NOFOLLOW ?? 0);
	let fd: number;
	try {
		fd = openSync(file, flags, 0o600);
	} catch (error) {
		if ((error as NodeJS.ErrnoException).code === "EEXIST") throw new Error("there is a file of that name already");
		if ((error as NodeJS.ErrnoException).code === "ENOENT") throw new Error("there is no such folder");
		throw error;
	}
	try {
		writeFileSync(fd, text);
		fsyncSync(fd);
	} catch (error) {
		// Half of the accounts would look like all of them.
		unlinkSync(file);
		throw error;
	} finally {
		closeSync(fd);
	}
}
