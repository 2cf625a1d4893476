import { execFileSync } from "node:child_process";
import { closeSync, fstatSync, mkdirSync, openSync, readFileSync, rmdirSync, statSync } from "node:fs";
import { nap, platform, whileHeld } from "../platform.ts";
import type { Gate } from "./gate.ts";
import { isNotReplaced, land, type Replacing, realTarget, replace, stage, unstage } from "./save.ts";

/** Our own mark on a lock folder: it is made with it at once, whatever the umask, and Pi takes no notice of it. */
const ownMode = 0o500;
/** How old a folder of somebody else must be to count as left behind: Pi's own limit of 30 s and a second. */
const staleAfter = 31_000;
/** How long a change waits for whoever writes the file, in milliseconds. */
const patience = 35_000;
/** What one attempt and the pause after it can take of that; whatever is longer was spent asleep. */
const longestStep = 1000;
const largest = 16 << 20;
/** How often a new text is made ready without Pi's lock before it is made with it. */
const stagings = 4;

/** What becomes of entries: the new value as JSON, undefined to take the entry out. */
export type Changes = ReadonlyMap<string, string | undefined>;

/**
 * Changes entries of Pi's auth.json under Pi's own lock, and nothing else in it: every other byte, the order and the number literals
 * stay, and so do link, mode, owner and group (pi-coding-agent 0.87.1 locks `<path>.lock`, 1.5.2 `<realpath>.lock`, both by mkdir).
 * The new text is on the disk before the lock is taken, and only put in its place while it is held: a Pi that starts meanwhile waits for
 * a rename, not for a disk. `before` sees the new text where the file can only be written in place.
 */
export async function changeEntries(
	file: string,
	changes: Changes,
	gate: Gate,
	before: (text: string, inPlace: boolean) => void = () => {},
): Promise<void> {
	const wanted = { changes };
	const looks = new Map<string, Look>();
	let waited = 0;
	for (let pause = 10; ; pause = Math.min(pause * 1.5, 100)) {
		const began = performance.now();
		const done = await gate.pass((still) => attempt(file, wanted, looks, { before, still }));
		if (done) return;
		if (waited > patience) throw new Error("another program holds its lock");
		await new Promise((resolve) => setTimeout(resolve, pause * (0.5 + Math.random())));
		// Who was suspended has not waited.
		waited += Math.min(performance.now() - began, longestStep);
	}
}

/** One attempt with the gate held; false while somebody else holds Pi's lock. */
function attempt(file: string, wanted: { changes: Changes }, looks: Map<string, Look>, around: Around): boolean {
	const target = realTarget(file);
	const listed = isListed(target);
	for (let n = 0; ; n++) {
		const { changes } = wanted;
		const ready = n < stagings && !listed ? prepare(file, target, changes, around) : undefined;
		if (ready === "same") return true;
		let landed = false;
		let settle = () => {};
		try {
			const free = locked(file, looks, (mine) => {
				if (!ready) change(file, changes, { before: around.before, listed, still: () => around.still() && mine() });
				else if (!ready.current() || !mine()) return;
				else
					land(target, {
						...ready.how,
						later: (last) => {
							settle = last;
						},
					});
				landed = true;
			});
			if (!free) return false;
			if (!landed) continue;
			settle();
			const late = ready?.late() ?? new Map();
			if (late.size === 0) return true;
			wanted.changes = new Map([...late, ...changes]);
		} finally {
			if (ready && !landed) unstage(target);
			ready?.close();
		}
	}
}

interface Around {
	before: (text: string, inPlace: boolean) => void;
	still: () => boolean;
}

/** Reads the file and makes the new text; undefined when it cannot be read. Without the lock it may be met half written, by Pi for one. */
function readWhole(file: string, changes: Changes): { old: Held; after: Buffer } | undefined {
	for (let tries = 0; tries < stagings; tries++) {
		try {
			const old = look(file);
			return { old, after: editEntries(old.bytes, changes) };
		} catch {
			nap(1);
		}
	}
	return undefined;
}

/** A new text that waits beside the file. */
interface Ready {
	how: Replacing;
	/** Whether the file is yet what the new text was made of. */
	current(): boolean;
	/**
	 * What was written into the old file after that: by a Pi that took the lock over while this process stood suspended between its last
	 * look and the rename. Pi writes in place, so it is found in what the new file has replaced.
	 */
	late(): Changes;
	close(): void;
}

/** Makes a new text ready; "same" when there is nothing to change, undefined when that needs the lock. */
function prepare(file: string, target: string, changes: Changes, around: Around): Ready | "same" | undefined {
	const read = readWhole(file, changes);
	if (!read) return undefined;
	const { old, after } = read;
	if (after.equals(old.bytes)) return "same";
	const replaced = keepOpen(file);
	const how = { sync: true, mode: old.mode, ...(old.owner ? { owner: old.owner } : {}), still: around.still };
	try {
		stage(target, after, how);
	} catch (error) {
		unstage(target);
		replaced.close();
		if (!isNotReplaced(error)) throw error;
		return undefined;
	}
	const current = () => {
		const now = look(file);
		const alike = now.mode === old.mode && now.owner?.uid === old.owner?.uid && now.owner?.gid === old.owner?.gid;
		return alike && replaced.is(file) && now.bytes.equals(old.bytes) && realTarget(file) === target;
	};
	return { how, current, late: () => changed(old.bytes, replaced.read() ?? old.bytes), close: replaced.close };
}

/** Keeps the file itself at hand, also when its name has gone to another. Windows replaces no file that is open. */
function keepOpen(file: string): { is(file: string): boolean; read(): Buffer | undefined; close(): void } {
	let fd: number | undefined;
	try {
		if (platform.modes) fd = openSync(file, "r");
	} catch {
		// There is none yet.
	}
	return {
		is: (name) => fd === undefined || inodeOf(name) === fstatSync(fd, { bigint: true }).ino,
		read: () => (fd === undefined ? undefined : readFileSync(fd)),
		close: () => {
			if (fd !== undefined) closeSync(fd);
			fd = undefined;
		},
	};
}

/** What has become of the entries of a text in another; nothing where one of them cannot be read. */
function changed(from: Buffer, to: Buffer): Changes {
	const changes = new Map<string, string | undefined>();
	if (to.equals(from)) return changes;
	try {
		const [before, after] = [from, to].map(valuesOf);
		for (const key of before?.keys() ?? []) if (!after?.has(key)) changes.set(key, undefined);
		for (const [key, value] of after ?? []) if (before?.get(key) !== value) changes.set(key, value);
	} catch {
		// It was cut off: nobody has got round to a whole text.
	}
	return changes;
}

/** The entries of a text that is a JSON object, each as it is written. */
function valuesOf(bytes: Buffer): Map<string, string> {
	const { text, bom } = checked(bytes);
	return new Map(
		entriesOf(text, bom).map(({ key, value, end }) => [key, Buffer.from(text.slice(value, end), "latin1").toString()]),
	);
}

/** A lock folder of somebody else as it was seen first. */
interface Look {
	stamp: string;
	since: number;
}

/** Runs `inside` with both names of Pi's lock taken; false when somebody else has one. */
function locked(file: string, looks: Map<string, Look>, inside: (mine: () => boolean) => void): boolean {
	const names = [...new Set([`${file}.lock`, `${realTarget(file)}.lock`])];
	const taken: { name: string; ino: bigint }[] = [];
	try {
		for (const name of names) {
			const ino = takeFolder(name, looks);
			if (ino === undefined) return false;
			taken.push({ name, ino });
		}
		inside(() => taken.every(({ name, ino }) => inodeOf(name) === ino));
		return true;
	} finally {
		for (const { name, ino } of taken.reverse()) if (inodeOf(name) === ino) letGo(name);
	}
}

function letGo(name: string): void {
	try {
		whileHeld(() => rmdirSync(name));
	} catch (error) {
		// Whoever took it over from one that was suspended has let go of it.
		if ((error as NodeJS.ErrnoException).code !== "ENOENT") throw error;
	}
}

function takeFolder(name: string, looks: Map<string, Look>): bigint | undefined {
	for (let tries = 0; tries < 2; tries++) {
		try {
			whileHeld(() => mkdirSync(name, { mode: ownMode }));
			return inodeOf(name);
		} catch (error) {
			if ((error as NodeJS.ErrnoException).code !== "EEXIST") throw error;
		}
		const s = statSync(name, { bigint: true, throwIfNoEntry: false });
		if (!s) continue;
		if (!s.isDirectory()) throw new Error("its lock is no folder");
		// Who holds the gate is the only one of us, so a folder with our mark is a dead one's. Windows keeps no such mark.
		const ours = platform.modes && (Number(s.mode) & 0o777) === ownMode;
		if (!ours && !leftBehind(name, `${s.ino}:${s.mtimeNs}`, Number(s.mtimeMs), looks)) return undefined;
		try {
			rmdirSync(name);
		} catch {
			return undefined;
		}
	}
	return undefined;
}

/** Whether a folder is older than its owner lets it become, and has not changed between two looks. */
function leftBehind(name: string, stamp: string, mtime: number, looks: Map<string, Look>): boolean {
	const seen = looks.get(name);
	if (seen?.stamp !== stamp) {
		looks.set(name, { stamp, since: performance.now() });
		return false;
	}
	return Date.now() - mtime > staleAfter && performance.now() - seen.since > 500;
}

function inodeOf(name: string): bigint | undefined {
	return statSync(name, { bigint: true, throwIfNoEntry: false })?.ino;
}

/** What a file holds and is. */
interface Held {
	bytes: Buffer;
	mode: number;
	owner: { uid: number; gid: number } | undefined;
}

/** What the file holds and is; an empty object where there is none. */
function look(file: string): Held {
	const s = statSync(file, { throwIfNoEntry: false });
	if (!s) return { bytes: Buffer.from("{}"), mode: 0o600, owner: undefined };
	if (!s.isFile()) throw new Error("it is no file");
	if (s.size > largest) throw new Error("it is larger than 16 MB");
	return { bytes: whileHeld(() => readFileSync(file)), mode: s.mode & 0o7777, owner: { uid: s.uid, gid: s.gid } };
}

/** Makes and writes the new text with the lock held. */
function change(file: string, changes: Changes, around: Around & { listed: boolean }): void {
	const { bytes, mode, owner } = look(file);
	const after = editEntries(bytes, changes);
	if (after.equals(bytes)) return;
	replace(realTarget(file), after, { sync: true, mode, ...around, ...(owner ? { owner } : {}) });
}

/**
 * Whether a file has an access list beside its modes. Node cannot tell; `ls` marks it with a plus behind the modes, GNU's and macOS's
 * alike. Where it cannot be asked there may be one.
 */
function isListed(target: string): boolean {
	const s = statSync(target, { throwIfNoEntry: false });
	if (!platform.modes || !s || (platform.listsInMode && (s.mode & 0o070) === 0)) return false;
	try {
		return (
			execFileSync("ls", ["-ld", target], {
				encoding: "utf8",
				timeout: 2000,
				stdio: ["ignore", "pipe", "ignore"],
			})[10] === "+"
		);
	} catch {
		return true;
	}
}

/** Changes entries of a JSON object byte by byte. A text that is no object is an error: nothing is written over what is damaged. */
export function editEntries(bytes: Buffer, changes: Changes): Buffer {
	const { text, bom } = checked(bytes);
	const entries = entriesOf(text, bom);
	const left = new Map(changes);
	let out = text;
	// From the end, so that places before stay what they are.
	for (let i = entries.length - 1; i >= 0; i--) {
		const entry = entries[i];
		if (!entry || !changes.has(entry.key)) continue;
		const value = changes.get(entry.key);
		left.delete(entry.key);
		if (value !== undefined) {
			out = out.slice(0, entry.value) + latin(value) + out.slice(entry.end);
			continue;
		}
		const before = entries[i - 1];
		const after = entries[i + 1];
		const [from, to] = before ? [before.end, entry.end] : [entry.start, after ? after.start : entry.end];
		out = out.slice(0, from) + out.slice(to);
		entries.splice(i, 1);
	}
	for (const [key, value] of left) {
		if (value === undefined) continue;
		const place = entriesOf(out, bom).at(-1)?.end;
		const line = `\n  ${latin(JSON.stringify(key))}: ${latin(value)}`;
		const open = out.indexOf("{", bom) + 1;
		out =
			place === undefined
				? `${out.slice(0, open)}${line}\n${out.slice(out.lastIndexOf("}"))}`
				: `${out.slice(0, place)},${line}${out.slice(place)}`;
	}
	return Buffer.from(out, "latin1");
}

/** A text as one character a byte, and where its object begins; an error where it is none. */
function checked(bytes: Buffer): { text: string; bom: number } {
	const text = bytes.toString("latin1");
	const bom = text.startsWith("\xef\xbb\xbf") ? 3 : 0;
	try {
		const value: unknown = JSON.parse(bytes.subarray(bom).toString());
		if (typeof value !== "object" || value === null || Array.isArray(value)) throw new Error();
	} catch {
		throw new Error("it cannot be read, so nothing in it is changed");
	}
	return { text, bom };
}

/** A text as its UTF-8 bytes, one character each. */
const latin = (text: string) => Buffer.from(text).toString("latin1");

/** Where an entry is in the text: its key, its value and the end of it. */
interface Entry {
	key: string;
	start: number;
	value: number;
	end: number;
}

/** The entries of the outer object of a text that is valid JSON. */
function entriesOf(text: string, from: number): Entry[] {
	const entries: Entry[] = [];
	let at = skipSpace(text, text.indexOf("{", from) + 1);
	while (text[at] !== "}") {
		const start = at;
		const keyEnd = skipValue(text, start);
		const key = JSON.parse(Buffer.from(text.slice(start, keyEnd), "latin1").toString()) as string;
		const value = skipSpace(text, skipSpace(text, keyEnd) + 1);
		const end = skipValue(text, value);
		entries.push({ key, start, value, end });
		at = skipSpace(text, end);
		if (text[at] === ",") at = skipSpace(text, at + 1);
	}
	return entries;
}

function skipSpace(text: string, at: number): number {
	while (text[at] === " " || text[at] === "\n" || text[at] === "\r" || text[at] === "\t") at++;
	return at;
}

function skipValue(text: string, from: number): number {
	let at = from;
	let depth = 0;
	do {
		const c = text[at];
		if (c === '"') {
			at++;
			while (text[at] !== '"') at += text[at] === "\\" ? 2 : 1;
			at++;
		} else if (c === "{" || c === "[") {
			depth++;
			at++;
		} else if (c === "}" || c === "]") {
			depth--;
			at++;
		} else if (depth === 0) {
			while (at < text.length && !" \n\r\t,}]".includes(text[at] ?? "")) at++;
		} else {
			at++;
		}
	} while (depth > 0);
	return at;
}
