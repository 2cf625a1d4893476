import {
	chmodSync,
	closeSync,
	constants,
	copyFileSync,
	fsyncSync,
	lstatSync,
	mkdirSync,
	openSync,
	readdirSync,
	realpathSync,
	renameSync,
	statSync,
	unlinkSync,
	writeSync,
} from "node:fs";
import { basename, dirname, join } from "node:path";
import { noFile, type ReadText, readText, stampOf } from "./read.ts";

const keptAside = 5;

/** What the core made of a file's text while the gate was held. */
export interface MergedText {
	text: string;
	unchanged: boolean;
	damaged: string;
	readOnly: string;
	old: boolean;
}

/**
 * Replaces a file by what `merge` makes of it: temp file, fsync, rename, fsync of the directory. Whoever looks sees the old text or the
 * new one, also after a crash at any point. A damaged text is kept aside first. Runs with the gate held and does not wait.
 */
export function save(file: string, sync: boolean, merge: (current: string) => MergedText): ReadText {
	const current = readText(file);
	const merged = merge(current.text);
	if (merged.readOnly) throw new Error(merged.readOnly);
	if (merged.unchanged && !current.missing) return { ...current, text: merged.text };
	const target = current.missing ? file : realpathSync(file);
	const folder = dirname(target);
	mkdirSync(folder, { recursive: true, mode: 0o700 });
	if (merged.damaged && !current.missing) keepAside(target);
	if (merged.old) keepOld(target);
	write(target, merged.text, sync);
	const s = statSync(target, { bigint: true });
	return { text: merged.text, missing: false, stamp: stampOf(s) };
}

function write(target: string, text: string, sync: boolean): void {
	const temp = `${target}.${process.pid}.tmp`;
	try {
		unlinkSync(temp);
	} catch {
		// None was left behind.
	}
	const fd = openSync(temp, constants.O_WRONLY | constants.O_CREAT | constants.O_EXCL, 0o600);
	try {
		try {
			const bytes = Buffer.from(text);
			for (let at = 0; at < bytes.length; ) at += writeSync(fd, bytes, at);
			if (sync) fsyncSync(fd);
		} finally {
			closeSync(fd);
		}
		renameSync(temp, target);
	} catch (error) {
		try {
			unlinkSync(temp);
		} catch {
			// It was renamed, or the disk is gone.
		}
		throw error;
	}
	if (sync) syncFolder(dirname(target));
}

function syncFolder(folder: string): void {
	try {
		const fd = openSync(folder, "r");
		try {
			fsyncSync(fd);
		} finally {
			closeSync(fd);
		}
	} catch {
		// Windows does not permit it; the rename stands.
	}
}

function keepAside(target: string): void {
	const prefix = `${basename(target)}.damaged-`;
	const folder = dirname(target);
	const copy = join(folder, `${prefix}${Date.now()}`);
	copyFileSync(target, copy);
	chmodSync(copy, 0o600);
	const copies = readdirSync(folder)
		.filter((name) => name.startsWith(prefix))
		.sort();
	for (const name of copies.slice(0, -keptAside)) unlinkSync(join(folder, name));
}

/** Keeps the first text of an older version beside its file. */
function keepOld(target: string): void {
	try {
		copyFileSync(target, `${target}.v1`, constants.COPYFILE_EXCL);
		chmodSync(`${target}.v1`, 0o600);
	} catch (error) {
		if ((error as NodeJS.ErrnoException).code !== "EEXIST") throw error;
	}
}

/** The stamp a file has now. */
export function stampNow(file: string): string {
	try {
		return stampOf(statSync(file, { bigint: true }));
	} catch {
		try {
			lstatSync(file);
			return "unreadable";
		} catch {
			return noFile;
		}
	}
}
