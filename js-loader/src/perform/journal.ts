import { closeSync, constants, fstatSync, fsyncSync, openSync, readSync, statSync, writeSync } from "node:fs";
import { whileHeld } from "../platform.ts";
import { readText } from "./read.ts";
import { replace } from "./save.ts";

/** Up to how many bytes the journal grows before it is written anew; more only where our files themselves are larger. */
const usual = 1 << 20;

/** The line it begins with once it holds our files whole. */
const head = '{"journal":1}\n';

/** A change that could not be written at its time. */
export interface Pending {
	name: string;
	delta: string;
	/** Where its line ends in the journal. */
	end: number;
}

/**
 * The journal keeps what our files last held, for when something else empties, cuts off or removes one, and changes that could not be
 * written at their time. It is lines of JSON: {"known":file,"delta":…}, {"pending":file,"delta":…} and {"folded":file,"to":…}, which says
 * that what was pending for a file in lines up to that byte has been written. Lines are added without the gate, so what stands between
 * the two was not seen by who wrote the file. A line that is cut off is passed over.
 */
export class Journal {
	readonly #file: string;
	#ino = 0n;
	#offset = 0;
	#limit = usual;
	#headed = false;
	#pending: Pending[] = [];

	constructor(file: string) {
		this.#file = file;
	}

	/** What is pending, by this process or another. Costs one look at the file when nothing was added. */
	look(): Pending[] {
		const s = statSync(this.#file, { bigint: true, throwIfNoEntry: false });
		if (!s?.isFile()) {
			this.#ino = 0n;
			this.#offset = 0;
			this.#pending = [];
			return this.#pending;
		}
		if (s.ino !== this.#ino || Number(s.size) < this.#offset) {
			this.#ino = s.ino;
			this.#offset = 0;
			this.#headed = false;
			this.#pending = [];
		}
		if (Number(s.size) > this.#offset) this.#take(Number(s.size));
		return this.#pending;
	}

	/** Whether there is none, or one that began with what was put off, so that the files are to be written down whole. */
	get missing(): boolean {
		return this.#ino === 0n || !this.#headed;
	}

	/** Whether it has grown so long that it is to be written anew. */
	get long(): boolean {
		return this.#offset > this.#limit;
	}

	/** Remembers a change that is about to be written. */
	known(name: string, delta: string): void {
		this.#append(`{"known":${JSON.stringify(name)},"delta":${oneLine(delta)}}`, false);
	}

	/** Keeps a change that cannot be written now, durably unless it need not be. */
	keep(name: string, delta: string, sync = true): void {
		// Who writes the journal anew at this moment takes along what it finds; a line that went to the old one goes to the new one too.
		const line = `{"pending":${JSON.stringify(name)},"delta":${oneLine(delta)}}`;
		for (let tries = 0; tries < 10; tries++) if (this.#append(line, sync)) return;
		throw new Error("multi-auth.journal is written anew all the time");
	}

	/** Says that these changes of a file are written. */
	folded(name: string, written: readonly Pending[]): void {
		const to = Math.max(...written.map(({ end }) => end));
		this.#append(`{"folded":${JSON.stringify(name)},"to":${to}}`, false);
		this.#fold(name, to);
	}

	#fold(name: string, to: number): void {
		this.#pending = this.#pending.filter((p) => p.name !== name || p.end > to);
	}

	/**
	 * Writes the journal anew, with the texts of our files alone; of a file without a text what the old one knows stays. The gate is
	 * held. What others kept in the old one meanwhile is taken along.
	 */
	compact(texts: readonly (readonly [name: string, text: string | undefined])[], still?: () => boolean): void {
		const kept = this.look().map((p) => `{"pending":${JSON.stringify(p.name)},"delta":${oneLine(p.delta)}}\n`);
		const known = texts.flatMap(([name, text]) =>
			(text === undefined ? this.recall(name) : [text]).map(
				(delta) => `{"known":${JSON.stringify(name)},"delta":${oneLine(delta)}}\n`,
			),
		);
		const bytes = Buffer.from(`${head}${known.join("")}${kept.join("")}`);
		let old: number | undefined;
		try {
			old = whileHeld(() => openSync(this.#file, constants.O_RDONLY | (constants.O_NOFOLLOW ?? 0)));
		} catch {
			// There is none yet.
		}
		try {
			const before = this.#offset;
			replace(this.#file, bytes, { sync: true, mode: 0o600, ...(still ? { still } : {}) });
			this.#limit = Math.max(usual, 2 * bytes.length);
			if (old !== undefined) {
				const size = Number(fstatSync(old).size);
				if (size > before) {
					const late = Buffer.alloc(size - before);
					readSync(old, late, 0, late.length, before);
					for (const line of late.toString().split("\n")) if (line.startsWith('{"pending"')) this.#append(line, true);
				}
			}
		} finally {
			if (old !== undefined) closeSync(old);
		}
		this.look();
	}

	/** The changes and texts of a file that stand in the journal, also those that were put off and have been written since. */
	recall(name: string): string[] {
		if (this.#ino === 0n) return [];
		const start = new RegExp(`^\\{"(?:known|pending)":"${name}","delta":`);
		const lines = readText(this.#file, Number.POSITIVE_INFINITY).text.split("\n");
		return lines.filter((line) => start.test(line) && valid(line)).map((line) => line.replace(start, "").slice(0, -1));
	}

	/** Appends a line and answers whether it went to the file that has the name. */
	#append(line: string, sync: boolean): boolean {
		const flags = constants.O_WRONLY | constants.O_CREAT | constants.O_APPEND | (constants.O_NOFOLLOW ?? 0);
		const fd = whileHeld(() => openSync(this.#file, flags | (constants.O_NONBLOCK ?? 0), 0o600));
		try {
			const s = fstatSync(fd, { bigint: true });
			if (!s.isFile()) throw new Error("multi-auth.journal is no file");
			// A line of its own, also after one that was cut off.
			const bytes = Buffer.from(`\n${line}\n`);
			for (let at = 0; at < bytes.length; ) at += writeSync(fd, bytes, at);
			if (sync) fsyncSync(fd);
			// What others added meanwhile is yet to be read.
			const end = this.#offset + bytes.length;
			if (s.ino === this.#ino && !line.startsWith('{"pending"') && fstatSync(fd).size === end) this.#offset = end;
			return statSync(this.#file, { bigint: true, throwIfNoEntry: false })?.ino === s.ino;
		} finally {
			closeSync(fd);
		}
	}

	/** Takes in the lines that were added up to a size. */
	#take(size: number): void {
		const fd = whileHeld(() => openSync(this.#file, constants.O_RDONLY | (constants.O_NONBLOCK ?? 0)));
		const bytes = Buffer.alloc(size - this.#offset);
		let read = 0;
		try {
			read = readSync(fd, bytes, 0, bytes.length, this.#offset);
		} finally {
			closeSync(fd);
		}
		if (this.#offset === 0) this.#headed = bytes.subarray(0, read).toString("latin1", 0, head.length) === head;
		// A line that is being written is taken next time.
		for (let at = 0; ; ) {
			const end = bytes.subarray(0, read).indexOf(10, at);
			if (end < 0) return;
			this.#offset += end + 1 - at;
			this.#line(bytes.subarray(at, end).toString());
			at = end + 1;
		}
	}

	#line(line: string): void {
		const folded = /^\{"folded":"(\w+)","to":(\d+)\}$/.exec(line);
		if (folded?.[1]) this.#fold(folded[1], Number(folded[2]));
		const head = /^\{"pending":"(\w+)","delta":/.exec(line);
		if (!head?.[1] || !line.endsWith("}") || !valid(line)) return;
		this.#pending.push({ name: head[1], delta: line.slice(head[0].length, -1), end: this.#offset });
	}
}

/** Whether a text is a JSON object, behind a byte order mark or not. */
export function isObject(text: string): boolean {
	try {
		const value: unknown = JSON.parse(text.replace(/^\ufeff/, ""));
		return typeof value === "object" && value !== null && !Array.isArray(value);
	} catch {
		return false;
	}
}

function valid(line: string): boolean {
	try {
		JSON.parse(line);
		return true;
	} catch {
		return false;
	}
}

/** A JSON text on one line: line ends stand only between its tokens. */
const oneLine = (json: string) => json.replace(/[\r\n]+/g, " ");

/** JSON texts, one a line. */
export const lines = (texts: readonly string[]) => texts.map(oneLine).join("\n");

/** The text of a file of ours if it may stand in the journal: whole and with our mark. */
export function goodText(file: string, version: number): string | undefined {
	try {
		const { text } = readText(file);
		return (JSON.parse(text) as { version?: unknown }).version === version ? text : undefined;
	} catch {
		return undefined;
	}
}
