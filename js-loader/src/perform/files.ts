import { chmodSync, statSync, unlinkSync } from "node:fs";
import { join } from "node:path";
import type { Merged, Notice } from "../abi.ts";
import type { FileName, Places } from "../places.ts";
import { whileHeld } from "../platform.ts";
import { changeEntries } from "./entries.ts";
import { Gate, GateBusy, patience } from "./gate.ts";
import { goodText, isObject, Journal, lines, type Pending } from "./journal.ts";
import { logFiles } from "./log.ts";
import { mend } from "./mend.ts";
import { readText } from "./read.ts";
import { isFull, keepRoom } from "./room.ts";
import { ReadOnly, save, stampNow } from "./save.ts";

/** The files whose changes by others are looked for before a request. */
const watched: readonly FileName[] = ["auth", "accounts", "state", "usage"];
/** The files that are written, with the versions that are ours. */
const versions = { accounts: 1, state: 2 } as const;
type Written = keyof typeof versions;
const isWritten = (name: string): name is Written => Object.hasOwn(versions, name);

/** How soon what could not be written is tried again, in milliseconds: first, and after many failures. */
const firstAgain = 250;
const longestAgain = 5000;
/** What a save of our accounts may need beside their present size, in bytes: a new token and a line of the journal. */
const roomAround = 64 << 10;
/** How large a log has to be for its removal to make room, in bytes. */
const worthRemoving = 16 << 10;

/** The files that others write in place: Pi, and a peer that runs beside. */
const inPlace: readonly FileName[] = ["auth", "state"];
/** How long a text that is not whole is left alone before it is read again, in milliseconds. */
const rereads = [1, 3, 10, 30, 100];

/** A change of a file: the effect's id and what it changes, "" where the core says it while the gate is held. */
export interface Change {
	id: number;
	delta: string;
	/** Whether it is to be durable. */
	sync: boolean;
}

const nothing: Change = { id: 0, delta: "", sync: true };

/** What the core makes of a file's text while the gate is held. */
export type Merge = (save: number, file: Written | "usage", current: string, delta: string) => Merged;

/**
 * Our files on the disk. A change is written through the gate; where that is not possible now it goes to the journal, and the files are
 * written as soon as it is.
 */
export class Files {
	readonly #places: Places;
	readonly #merge: Merge;
	readonly #say: (notice: Notice) => void;
	readonly #gate: Gate;
	readonly #journal: Journal;
	readonly #stamps = new Map<FileName, string>();
	/** The files that do not hold all that is known, and whether the journal does. */
	readonly #behind = new Map<Written, boolean>();
	#again: NodeJS.Timeout | undefined;
	#pause = firstAgain;
	/** How many pending changes of others the core was told of. */
	#told = 0;
	/** What gives up the rooms that were set aside. */
	readonly #rooms: (() => void)[] = [];
	/** The journal lacks something that was written. */
	#gap = false;

	constructor(places: Places, merge: Merge, say: (notice: Notice) => void) {
		this.#places = places;
		this.#merge = merge;
		this.#say = say;
		this.#gate = new Gate(join(places.runtime, "multi-auth.gate"), undefined, true);
		this.#journal = new Journal(places.files.journal);
	}

	/** Whether anything was ever read. */
	get started(): boolean {
		return this.#stamps.size > 0;
	}

	/** The files that others changed since they were read here. Nothing is read when nothing changed. */
	changed(): FileName[] {
		const files = watched.filter((name) => stampNow(this.#places.files[name]) !== this.#stamps.get(name));
		const pending = this.#look();
		if (pending > this.#told) files.push("journal");
		this.#told = pending;
		return files;
	}

	#look(): number {
		try {
			return this.#journal.look().length;
		} catch {
			// Without the journal the files themselves are all there is.
			return 0;
		}
	}

	/** Reads a file by its name. */
	read(name: FileName): { text: string; missing: boolean } {
		const path = this.#places.files[name];
		if (path === undefined) throw new Error(`there is no file called ${name}`);
		// A stamp taken before a read that fails still says when to look again.
		this.#stamps.set(name, stampNow(path));
		const read = name === "journal" ? readText(path, Number.POSITIVE_INFINITY) : readText(path);
		this.#stamps.set(name, read.stamp);
		if (isWritten(name) && !read.missing) this.#guard(name, path, read.mode, read.uid);
		return { text: read.text, missing: read.missing };
	}

	/** Reads a file as an effect asks for it. What others write in place may be met half written, and is read again for a moment. */
	async readWhole(name: FileName): Promise<{ text: string; missing: boolean }> {
		for (const pause of inPlace.includes(name) ? rereads : []) {
			const read = this.read(name);
			if (read.missing || isObject(read.text)) return read;
			await new Promise((resolve) => setTimeout(resolve, pause));
		}
		return this.read(name);
	}

	/** What holds secrets is nobody else's to read. */
	#guard(name: Written, path: string, mode: number, uid: number): void {
		const me = process.getuid?.();
		if (me === undefined) return;
		if (uid !== me && uid !== 0 && me !== 0) throw new Error("it belongs to another user");
		if ((mode & 0o077) === 0) return;
		chmodSync(path, 0o600);
		this.#warn(`mode ${name}`, `${path} could be read by others (mode ${mode.toString(8)}); it is yours alone now.`);
	}

	#warn(key: string, text: string): void {
		this.#say({ level: "warning", key, text: `pi-multi-auth: ${text}` });
	}

	/** What tells the state a file is in now from others. */
	stamp(name: FileName): string {
		return stampNow(this.#places.files[name]);
	}

	/** Writes changes of one file and answers its text; "" when they are kept in the journal for now. */
	async save(name: string, changes: readonly Change[]): Promise<string> {
		for (;;) {
			try {
				return await this.#write(name, changes);
			} catch (error) {
				const room = name === "accounts" ? this.#rooms[0] : undefined;
				if (!isFull(error) || !(room || this.#removeLog())) throw error;
				room?.();
			}
		}
	}

	/** Removes one of our logs, older ones first: what was only noted gives way to what is needed. Answers whether there was one. */
	#removeLog(): boolean {
		const { files, debug } = this.#places;
		for (const path of [files.decisionsBefore, files.decisions, ...logFiles(debug)]) {
			try {
				if (statSync(path).size < worthRemoving) continue;
				whileHeld(() => unlinkSync(path));
			} catch {
				continue;
			}
			this.#warn("full", `the disk is full; ${path} was removed, because accounts need the room more.`);
			return true;
		}
		return false;
	}

	async #write(name: string, changes: readonly Change[]): Promise<string> {
		if (name === "usage") return this.#gate.pass((still) => this.#remake(changes, still));
		if (!isWritten(name)) throw new Error(`${name} is not written`);
		try {
			const complete = changes.length > 0 && changes.every(({ delta }) => delta !== "");
			// In the journal a change that says all it needs is as durable and as visible to others, at the cost of one write to the disk, and
			// whoever is inside brings all that stands there into the file at once: so many writers share one commit, and none waits for those
			// who came before.
			const wait = complete ? 0 : patience;
			// A new token is nowhere else: it outlives this process from the first moment, whatever comes before it is in its file.
			const noted = complete && name === "accounts" && this.#keep(name, changes, false);
			const rest = noted ? [] : changes;
			const { text, settle } = await this.#gate.pass((still) => this.#commit(name, rest, still), wait);
			settle();
			this.#behind.delete(name);
			this.#pause = firstAgain;
			this.#announce();
			return text;
		} catch (error) {
			if (error instanceof ReadOnly) throw error;
			const kept = this.#keep(name, changes);
			this.#behind.set(name, kept && this.#behind.get(name) !== false);
			this.#tryAgain();
			if (!kept || !(error instanceof GateBusy)) throw error;
			return "";
		}
	}

	/** Puts changes into the journal and reports whether that holds all of them. Without `lasting` a failing power supply may take them. */
	#keep(name: Written, changes: readonly Change[], lasting = true): boolean {
		if (changes.length === 0) return false;
		try {
			for (const { delta, sync } of changes) if (delta !== "") this.#journal.keep(name, delta, sync && lasting);
		} catch {
			return false;
		}
		return changes.every(({ delta }) => delta !== "");
	}

	/** Writes the usage cache: what it loses is read again, so the journal knows nothing of it. */
	#remake(changes: readonly Change[], still: () => boolean): string {
		const merge = (current: string) => {
			const all = { text: current, unchanged: true, damaged: "", readOnly: "", old: false };
			for (const { id, delta } of changes) {
				const merged = this.#merge(id, "usage", all.text, delta);
				all.readOnly ||= merged.readOnly;
				if (all.readOnly) break;
				all.text = merged.text;
				all.unchanged &&= merged.unchanged;
				all.damaged ||= merged.damaged;
			}
			return all;
		};
		const saved = save(this.#places.files.usage, false, merge, { before: () => {}, still });
		// What this process wrote is no news to it.
		this.#stamps.set("usage", saved.stamp);
		return saved.text;
	}

	#announce(): void {
		if (this.#gate.fallback)
			this.#warn(
				"fallback",
				"node:sqlite is missing here, so a process that died elsewhere may hold up changes for half a minute.",
			);
	}

	/**
	 * Sets room for one durable save of our accounts aside, in a file of its own, or fails where the disk has none; answers what gives
	 * it up. Whoever else fills the disk meanwhile does not get it.
	 */
	setAside(file: string): () => void {
		const size = statSync(this.#places.files.accounts, { throwIfNoEntry: false })?.size ?? 0;
		const room = this.#keepRoom(file, size + roomAround);
		const giveUp = () => {
			const at = this.#rooms.indexOf(giveUp);
			if (at < 0) return;
			this.#rooms.splice(at, 1);
			room();
		};
		this.#rooms.push(giveUp);
		return giveUp;
	}

	#keepRoom(file: string, size: number): () => void {
		for (;;) {
			try {
				return keepRoom(file, size);
			} catch (error) {
				if (!isFull(error) || !this.#removeLog()) throw error;
			}
		}
	}

	#commit(name: Written, changes: readonly Change[], still: () => boolean) {
		const pending = this.#look() > 0 ? this.#journal.look() : [];
		const kept = pending.filter((p) => p.name === name);
		const told = changes.filter(({ delta }) => delta !== "").map(({ delta }) => delta);
		const all = [...kept.map(({ delta }) => delta), ...told];
		// What the core says while the gate is held hangs on all that others have said.
		const steps = changes.filter(({ delta }) => delta === "");
		if (all.length > 0) steps.unshift({ ...nothing, delta: lines(all) });
		let forget = false;
		const merge = (current: string) => {
			const into = { text: current, unchanged: true, damaged: "", readOnly: "", old: false };
			for (let step = steps.shift() ?? nothing, first = true; ; first = false) {
				const { id, delta } = step;
				const merged = this.#merge(id, name, into.text, delta);
				// Who heals from memory alone loses what others wrote since.
				if (first && (current === "" || merged.damaged !== "" || merged.old)) steps.unshift(...this.#recall(name));
				into.readOnly ||= merged.readOnly;
				if (into.readOnly) break;
				into.text = merged.text;
				into.unchanged &&= merged.unchanged;
				into.damaged ||= merged.damaged;
				into.old ||= merged.old;
				forget ||= merged.forget;
				if (delta === "" && merged.delta !== "") told.push(merged.delta);
				const next = steps.shift();
				if (!next) break;
				step = next;
			}
			return into;
		};
		const before = (text: string, inPlace: boolean) => {
			if (inPlace) this.#journal.keep(name, text);
			else for (const delta of told) this.#remember(name, delta);
		};
		const sync = changes.length === 0 || kept.length > 0 || changes.some((change) => change.sync);
		let settle = () => {};
		const later = (last: () => void) => {
			settle = last;
		};
		const saved = save(this.#places.files[name], sync, merge, { before, still, later });
		this.#stamps.set(name, saved.stamp);
		// What the journal no longer names as pending has to last in the file.
		if (kept.length > 0 || forget || this.#isStale) {
			settle();
			settle = () => {};
		}
		const behind = pending.filter((p) => p.name !== name && isWritten(p.name));
		this.#tidy(name, saved.text, kept, forget, still);
		for (const { name: other } of behind)
			if (!this.#behind.has(other as Written)) this.#behind.set(other as Written, true);
		if (behind.length > 0) this.#tryAgain();
		return { text: saved.text, settle };
	}

	/** What the journal knows of a file, as a change of it. */
	#recall(name: Written): Change[] {
		try {
			const known = this.#journal.recall(name);
			return known.length > 0 ? [{ ...nothing, delta: lines(known) }] : [];
		} catch {
			return [];
		}
	}

	/** Whether the journal is to be written anew. */
	get #isStale(): boolean {
		return this.#journal.missing || this.#journal.long || this.#gap;
	}

	#remember(name: Written, delta: string): void {
		try {
			if (!this.#journal.missing && delta !== "") this.#journal.known(name, delta);
		} catch {
			this.#gap = true;
		}
	}

	/** Brings the journal in line after a save. What fails here is made up for at the next one. */
	#tidy(name: Written, text: string, written: readonly Pending[], forget: boolean, still: () => boolean): void {
		try {
			if (written.length > 0) this.#journal.folded(name, written);
			if (forget || this.#isStale) {
				const texts = (Object.keys(versions) as Written[]).map(
					(file) => [file, file === name ? text : goodText(this.#places.files[file], versions[file])] as const,
				);
				this.#journal.compact(texts, still);
				this.#gap = false;
			}
		} catch {
			this.#gap = true;
		}
	}

	#tryAgain(): void {
		if (this.#again) return;
		this.#again = setTimeout(() => {
			this.#again = undefined;
			void this.#catchUp();
		}, this.#pause);
		this.#pause = Math.min(this.#pause * 2, longestAgain);
		this.#again.unref();
	}

	/** Writes what the files do not hold yet. What was put off may be in them by now: whoever comes next brings it in. */
	async #catchUp(): Promise<void> {
		for (const [name, kept] of [...this.#behind]) {
			if (kept && !this.#waiting(name)) {
				this.#behind.delete(name);
				this.#pause = firstAgain;
				continue;
			}
			try {
				await this.save(name, []);
			} catch (error) {
				if (error instanceof GateBusy)
					this.#warn(
						"gate",
						"another process holds multi-auth.gate. Changes are kept in multi-auth.journal until it lets go.",
					);
			}
		}
	}

	/** Whether changes of a file wait in the journal, or nobody can tell. */
	#waiting(name: Written): boolean {
		try {
			return this.#journal.look().some((pending) => pending.name === name);
		} catch {
			return true;
		}
	}

	/** Changes entries of Pi's auth.json; undefined takes one out. */
	async change(changes: ReadonlyMap<string, string | undefined>): Promise<void> {
		await changeEntries(this.#places.files.auth, changes, this.#gate, (text, inPlace) => {
			if (inPlace) this.#journal.known("auth", text);
		});
	}

	/** How the gate is kept. */
	get gateKind(): string {
		return this.#gate.fallback ? "folder" : "sqlite";
	}

	/** The lines of the journal that say what waits to be written. */
	waiting(): string {
		return this.#journal
			.look()
			.map(({ name, delta }) => `{"pending":${JSON.stringify(name)},"delta":${lines([delta])}}`)
			.join("\n");
	}

	/** How many changes wait to be written. */
	get pending(): number {
		return this.#look();
	}

	/** Sets a file right; nobody of us writes meanwhile. */
	async mend(name: FileName, what: string): Promise<void> {
		await this.#gate.pass(() => mend(this.#places.files[name], what));
	}

	/** Warns of a folder that others may write: they could replace the files in it. */
	checkFolder(): void {
		const s = statSync(this.#places.runtime, { throwIfNoEntry: false });
		if (s && process.getuid && (s.mode & 0o022) !== 0 && (s.mode & 0o1000) === 0)
			this.#warn(
				"folder",
				`${this.#places.runtime} can be written by others (mode ${(s.mode & 0o777).toString(8)}); chmod go-w keeps your accounts yours.`,
			);
	}

	/** Tries once more to write what is behind, and lets the files go. */
	async close(): Promise<void> {
		clearTimeout(this.#again);
		this.#again = undefined;
		await this.#catchUp();
		clearTimeout(this.#again);
		this.#again = undefined;
		this.#gate.close();
	}
}
