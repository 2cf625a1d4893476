import {
	chmodSync,
	closeSync,
	constants,
	fchownSync,
	fsyncSync,
	ftruncateSync,
	lstatSync,
	mkdirSync,
	openSync,
	readdirSync,
	readFileSync,
	readlinkSync,
	realpathSync,
	renameSync,
	statSync,
	unlinkSync,
	writeSync,
} from "node:fs";
import { basename, dirname, join, resolve } from "node:path";
import { platform, whileHeld } from "../platform.ts";
import { noFile, type ReadText, readText, stampOf } from "./read.ts";

const keptAside = 5;
/** Where the file cannot be replaced: a mount of its own, a folder that may not be written, another device. */
const notReplaced = ["EXDEV", "EBUSY", "EPERM", "EACCES"];

/** What the core made of a file's text while the gate was held. */
export interface MergedText {
	text: string;
	unchanged: boolean;
	damaged: string;
	readOnly: string;
	old: boolean;
}

/** What else goes with a save. */
export interface Around {
	/** Remembers the text before the file is touched. Where the file can only be written in place, this has to be durable. */
	before?: (text: string, inPlace: boolean) => void;
	/** Whether the gate is held yet; a process that was suspended may have lost it. */
	still?: () => boolean;
	/** Takes over what makes the new name last, for a moment when nobody waits for it. Without it that is done at once. */
	later?: (settle: () => void) => void;
}

/** The file must not be written: a newer version keeps it. */
export class ReadOnly extends Error {}

/**
 * Replaces a file by what `merge` makes of it: temp file, fsync, rename, fsync of the directory. Whoever looks sees the old text or the
 * new one, also after a crash at any point. A damaged text is kept aside first. Runs with the gate held and does not wait.
 */
export function save(
	file: string,
	sync: boolean,
	merge: (current: string) => MergedText,
	around: Around = {},
): ReadText & { written: boolean } {
	const current = readText(file);
	const merged = merge(current.text);
	if (merged.readOnly) throw new ReadOnly(merged.readOnly);
	if (merged.unchanged && !current.missing) return { ...current, text: merged.text, written: false };
	const target = current.missing || lstatSync(file).isSymbolicLink() ? realTarget(file) : file;
	const folder = dirname(target);
	mkdirSync(folder, { recursive: true, mode: 0o700 });
	if (merged.damaged && !current.missing) keepAside(target);
	if (merged.old) keepOld(target);
	around.before?.(merged.text, false);
	replace(target, Buffer.from(merged.text), { sync, mode: 0o600, ...around, text: merged.text });
	const s = statSync(target, { bigint: true });
	return { text: merged.text, missing: false, stamp: stampOf(s), mode: 0o600, uid: Number(s.uid), written: true };
}

/** The file itself where `file` is a symbolic link to it, also to one that is not there yet. */
export function realTarget(file: string): string {
	try {
		return realpathSync(file);
	} catch {
		try {
			return resolve(dirname(file), readlinkSync(file));
		} catch {
			return file;
		}
	}
}

/** How a file is replaced. */
export interface Replacing extends Around {
	sync: boolean;
	mode: number;
	text?: string;
	/** The owner and group of the file before. */
	owner?: { uid: number; gid: number };
	/** It has an access list, which a new file would not have. */
	listed?: boolean;
}

/** Replaces a file whole, or writes it in place where that is not possible. The gate is held. */
export function replace(target: string, bytes: Buffer, how: Replacing): void {
	try {
		if (how.listed) throw notKept("the access list cannot be kept");
		stage(target, bytes, how);
		land(target, how);
	} catch (error) {
		unstage(target);
		if (!isNotReplaced(error) || !statSync(target, { throwIfNoEntry: false })) throw error;
		how.before?.(how.text ?? bytes.toString(), true);
		writeInPlace(target, bytes);
	}
}

/** Writes what is to replace a file beside it, durably where that is asked for. The gate is held. */
export function stage(target: string, bytes: Buffer, how: Replacing): void {
	// One name for all: who holds the gate is the only writer, and what a dead one left is written over.
	const temp = `${target}.tmp`;
	const flags = constants.O_WRONLY | constants.O_CREAT | constants.O_EXCL | (constants.O_NOFOLLOW ?? 0);
	let fd: number;
	try {
		fd = openSync(temp, flags, 0o600);
	} catch {
		unstage(target);
		fd = whileHeld(() => openSync(temp, flags, 0o600));
	}
	try {
		writeAll(fd, bytes);
		if (how.owner) keepOwner(fd, temp, how.owner);
		if (how.mode !== 0o600) chmodSync(temp, how.mode);
		if (how.sync) fsyncSync(fd);
	} finally {
		closeSync(fd);
	}
}

/** Puts what was staged in the file's place. */
export function land(target: string, how: Replacing): void {
	if (how.still?.() === false) throw new Error("another process took the gate over");
	whileHeld(() => renameSync(`${target}.tmp`, target));
	if (!how.sync) return;
	const settle = () => syncFolder(dirname(target));
	if (how.later) how.later(settle);
	else settle();
}

/** Takes away what was staged and is not landed. */
export function unstage(target: string): void {
	try {
		whileHeld(() => unlinkSync(`${target}.tmp`));
	} catch {
		// There is none, or the disk is gone.
	}
}

/** Whether an error says that the file can only be written in place. */
export function isNotReplaced(error: unknown): boolean {
	const code = (error as NodeJS.ErrnoException).code;
	return code !== undefined && notReplaced.includes(code);
}

function keepOwner(fd: number, temp: string, owner: { uid: number; gid: number }): void {
	const s = statSync(temp);
	if (s.uid === owner.uid && s.gid === owner.gid) return;
	try {
		fchownSync(fd, owner.uid, owner.gid);
	} catch {
		throw notKept("the owner cannot be kept");
	}
}

/** What has the file written in place. */
function notKept(why: string): NodeJS.ErrnoException {
	return Object.assign(new Error(why), { code: "EPERM" });
}

function writeAll(fd: number, bytes: Buffer): void {
	for (let at = 0; at < bytes.length; ) at += writeSync(fd, bytes, at);
}

function writeInPlace(target: string, bytes: Buffer): void {
	const fd = whileHeld(() => openSync(target, constants.O_WRONLY));
	try {
		for (let at = 0; at < bytes.length; ) at += writeSync(fd, bytes, at, bytes.length - at, at);
		ftruncateSync(fd, bytes.length);
		fsyncSync(fd);
	} finally {
		closeSync(fd);
	}
}

function syncFolder(folder: string): void {
	if (!platform.syncsFolders) return;
	try {
		const fd = openSync(folder, "r");
		try {
			fsyncSync(fd);
		} finally {
			closeSync(fd);
		}
	} catch {
		// Not every file system can; the rename stands.
	}
}

/** A name for what is kept aside of a file. */
export function asideOf(target: string): string {
	let at = Date.now();
	while (lstatSync(`${target}.damaged-${at}`, { throwIfNoEntry: false })) at++;
	return `${target}.damaged-${at}`;
}

/** Copies a file beside itself; the newest five copies stay. */
export function keepAside(target: string): void {
	const prefix = `${basename(target)}.damaged-`;
	const folder = dirname(target);
	copyPrivate(target, asideOf(target));
	const copies = readdirSync(folder)
		.filter((name) => name.startsWith(prefix))
		.sort();
	for (const name of copies.slice(0, -keptAside)) whileHeld(() => unlinkSync(join(folder, name)));
}

/** Keeps the first text of an older version beside its file. */
function keepOld(target: string): void {
	if (!statSync(`${target}.v1`, { throwIfNoEntry: false })) copyPrivate(target, `${target}.v1`);
}

/** Copies a file byte by byte into one that is 0600 from its first instant, and has its name only when it is whole and lasts. */
function copyPrivate(from: string, to: string): void {
	const how = { sync: true, mode: 0o600 };
	stage(to, readFileSync(from), how);
	land(to, how);
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
