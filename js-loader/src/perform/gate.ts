import {
	closeSync,
	existsSync,
	linkSync,
	mkdirSync,
	openSync,
	readFileSync,
	rmdirSync,
	statSync,
	unlinkSync,
	writeFileSync,
} from "node:fs";
import { createRequire } from "node:module";
import { hostname } from "node:os";
import { basename, dirname } from "node:path";
import { isHeld, nap, whileHeld } from "../platform.ts";
import { within } from "./within.ts";

/** The part of node:sqlite, or of bun:sqlite, that the gate needs. */
interface Database {
	exec(sql: string): void;
	close(): void;
}

type OpenDatabase = (file: string) => Database;

let opener: OpenDatabase | null | undefined;
const require = createRequire(import.meta.url);

/** Loads node:sqlite once. Node 22 warns of it on first import; that one line says nothing to a person and is kept off the terminal. */
function sqlite(): OpenDatabase | null {
	if (opener !== undefined) return opener;
	const emit = process.emitWarning;
	try {
		process.emitWarning = ((warning: string | Error, ...rest: unknown[]) => {
			if (String(warning).includes("SQLite")) return;
			(emit as (...all: unknown[]) => void).call(process, warning, ...rest);
		}) as typeof process.emitWarning;
		const { DatabaseSync } = require("node:sqlite") as { DatabaseSync: new (file: string) => Database };
		opener = (file) => new DatabaseSync(file);
	} catch {
		opener = bunSqlite();
	} finally {
		process.emitWarning = emit;
	}
	return opener;
}

/** The SQLite of a Bun that has no node:sqlite yet; its locks are the same ones. */
export function bunSqlite(): OpenDatabase | null {
	try {
		const { Database } = require("bun:sqlite") as { Database: new (file: string) => Database };
		return (file) => new Database(file);
	} catch {
		return null;
	}
}

/** How long anybody waits for the gate, in milliseconds. */
export const patience = 2000;
/** The same while whoever is inside does not move: it may be suspended. */
const brief = 30;
/** How old an owner's file must be to count as left behind, where the owner cannot be asked whether it lives. */
const staleAfter = 31_000;

/** Who waits longest asks most often: milliseconds between two tries by how many somebody has waited. */
const pauses: readonly (readonly [waited: number, pause: number])[] = [
	[600, 2],
	[200, 4],
	[60, 7],
	[0, 10],
];

/** The gate was not free in time. */
export class GateBusy extends Error {}

/**
 * The gate of a directory: at most one process is inside. It is the exclusive lock of a SQLite file, which the kernel lets go when its
 * process dies; where node:sqlite is missing it is a file with its owner's name, broken when that process is gone.
 *
 * A fair gate has a second lock for the one who is next. Who leaves while others wait stands back a little, so nobody is passed by for
 * long. Waiting writes nothing to the disk: what it wrote would slow down the one inside.
 */
export class Gate {
	readonly #lock: Lock;
	readonly #next: Lock | undefined;
	/** The gate was not free when this process last waited for it, so it does not wait long again until it is. */
	#stuck = false;
	/** Within a process one waits after the other: its locks are one for all of it. */
	#turn: Promise<void> | undefined;
	/** Others waited when this process was last inside. */
	#contended = false;
	/** node:sqlite is missing: a dead owner elsewhere is waited for. */
	readonly fallback: boolean;

	constructor(file: string, open: OpenDatabase | null = sqlite(), fair = false) {
		this.#lock = open ? new DatabaseLock(file, open) : new FileLock(file);
		this.#next = fair && open ? new DatabaseLock(`${file}-next`, open) : undefined;
		this.fallback = open === null;
	}

	/** Runs `inside` with the gate held. `inside` must not wait: it holds up every process. */
	async pass<T>(inside: (still: () => boolean) => T, wait = patience): Promise<T> {
		const leave = await this.enter(this.#stuck ? Math.min(wait, brief) : wait);
		try {
			return inside(() => this.#lock.still());
		} finally {
			leave?.();
		}
	}

	/**
	 * Waits for the gate and answers what lets it go. Who holds it across a wait of its own has a gate of its own for that. Where `done`
	 * says so while others are inside, the answer is undefined.
	 */
	async enter(wait = patience, done: () => boolean = () => false): Promise<(() => void) | undefined> {
		const began = performance.now();
		const before = this.#turn;
		let over = () => {};
		const mine = new Promise<void>((resolve) => {
			over = resolve;
		});
		this.#turn = before ? before.then(() => mine) : mine;
		let leave: (() => void) | undefined;
		try {
			// Whoever of this process waits more patiently is not waited for any longer than others are.
			if (before && !(await within(before, wait))) throw new GateBusy(`this process waits for ${this.#lock.name}`);
			leave = await this.#take(began, wait, done);
		} finally {
			if (!leave) over();
		}
		return (
			leave &&
			(() => {
				leave();
				over();
			})
		);
	}

	async #take(began: number, wait: number, done: () => boolean): Promise<(() => void) | undefined> {
		if (this.#contended) await sleep(2 + 4 * Math.random());
		let next: (() => void) | undefined;
		let first = 0;
		try {
			for (let tries = 0; ; tries++) {
				next ??= this.#next ? this.#next.take() : () => {};
				const leave = next && this.#lock.take();
				if (leave) {
					this.#contended = tries > 0 && this.#next !== undefined;
					this.#stuck = false;
					return leave;
				}
				if (done()) return undefined;
				const waited = performance.now() - began;
				if (next && first === 0) first = waited;
				if (waited >= wait) {
					// Who is next and waits in vain has met somebody who does not move; who is not has met many.
					if (wait >= patience) this.#stuck = next !== undefined && waited - first > wait / 2;
					throw new GateBusy(`another process holds ${this.#lock.name}`);
				}
				if (next && this.#next && waited - first < 50) await yieldNow();
				else await sleep((pauses.find(([after]) => waited >= after)?.[1] ?? 10) * (0.5 + Math.random()));
			}
		} finally {
			next?.();
		}
	}

	/** Lets go of the files; the next pass opens them anew. */
	close(): void {
		this.#lock.close();
		this.#next?.close();
	}
}

const sleep = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));

/** Sleeps less than a timer can, and lets the event loop turn. */
function yieldNow(): Promise<unknown> {
	nap(0.4);
	return new Promise((resolve) => setImmediate(resolve));
}

/** A lock that is there or not; nobody waits in it. */
interface Lock {
	readonly name: string;
	take(): (() => void) | undefined;
	/** Whether what was taken is held yet. */
	still(): boolean;
	close(): void;
}

/** The databases whose lock is held: one that nobody has in hand any more would be closed by the collector, and its lock with it. */
const held = new Set<Database>();

class DatabaseLock implements Lock {
	readonly name: string;
	readonly #file: string;
	readonly #open: OpenDatabase;
	#database: Database | undefined;
	#bare = false;

	constructor(file: string, open: OpenDatabase) {
		this.name = basename(file);
		this.#file = file;
		this.#open = open;
	}

	take(): (() => void) | undefined {
		if (!this.#database) {
			mkdirSync(dirname(this.#file), { recursive: true, mode: 0o700 });
			// SQLite would create it with the umask's mode. One that is there is not opened: closing it would end this process's other locks.
			if (!existsSync(this.#file)) closeSync(openSync(this.#file, "a", 0o600));
			this.#database = this.#open(this.#file);
			this.#database.exec("PRAGMA busy_timeout = 0");
		}
		const database = this.#database;
		try {
			if (!this.#bare) {
				// Nothing is ever written to it, so there is nothing to roll back, and no file of its own for that; Bun's SQLite refuses OFF.
				database.exec("PRAGMA journal_mode = MEMORY");
				this.#bare = true;
			}
			database.exec("BEGIN EXCLUSIVE");
		} catch (error) {
			if (/locked|busy/i.test(String(error))) return undefined;
			this.close();
			throw error;
		}
		held.add(database);
		return () => {
			held.delete(database);
			database.exec("ROLLBACK");
		};
	}

	still(): boolean {
		return true;
	}

	close(): void {
		if (this.#database) held.delete(this.#database);
		try {
			this.#database?.close();
		} catch {
			// A database that failed to open has nothing to close.
		}
		this.#database = undefined;
		this.#bare = false;
	}
}

/** What an owner's file looked like, and since when. */
interface Look {
	text: string;
	stamp: string;
	since: number;
}

class FileLock implements Lock {
	readonly name: string;
	readonly #file: string;
	readonly #mine = `${process.pid} ${hostname()} ${Math.random().toString(36).slice(2)}`;
	#look: Look | undefined;

	constructor(file: string) {
		this.#file = `${file}.pid`;
		this.name = basename(file);
	}

	take(): (() => void) | undefined {
		mkdirSync(dirname(this.#file), { recursive: true, mode: 0o700 });
		const temp = `${this.#file}.${process.pid}.tmp`;
		try {
			// A link is made whole or not at all, so the file never lacks its owner's name.
			writeFileSync(temp, this.#mine, { mode: 0o600 });
			linkSync(temp, this.#file);
			return () => {
				if (this.still()) whileHeld(() => unlinkSync(this.#file));
			};
		} catch (error) {
			// A scanner, or one who looks at a name that is being removed, is waited for like an owner.
			if ((error as NodeJS.ErrnoException).code !== "EEXIST" && !isHeld(error)) throw error;
		} finally {
			try {
				whileHeld(() => unlinkSync(temp));
			} catch {
				// It was never written.
			}
		}
		this.#breakDead();
		return undefined;
	}

	still(): boolean {
		try {
			return whileHeld(() => readFileSync(this.#file, "utf8")) === this.#mine;
		} catch {
			return false;
		}
	}

	close(): void {}

	#breakDead(): void {
		const dead = this.#dead();
		if (dead === undefined) return;
		// Only one breaks, and looks once more before it does: what is there by then may be somebody else's.
		const breaking = `${this.#file}.break`;
		try {
			mkdirSync(breaking, { mode: 0o700 });
		} catch {
			if (age(breaking) > staleAfter) tryTo(() => rmdirSync(breaking));
			return;
		}
		tryTo(() => {
			if (readFileSync(this.#file, "utf8") === dead) unlinkSync(this.#file);
		});
		tryTo(() => rmdirSync(breaking));
	}

	/** The text of an owner's file whose owner is gone. */
	#dead(): string | undefined {
		try {
			const text = readFileSync(this.#file, "utf8");
			const s = statSync(this.#file, { bigint: true });
			const stamp = `${s.ino}:${s.mtimeNs}`;
			if (this.#look?.text !== text || this.#look.stamp !== stamp)
				this.#look = { text, stamp, since: performance.now() };
			const [pid, host] = text.split(" ");
			if (Number(pid) > 0 && (host === undefined || host === hostname()) && !alive(Number(pid))) return text;
			// An older version left it empty when it died between making and naming it.
			if (text === "" && performance.now() - this.#look.since > 200) return text;
			if (performance.now() - this.#look.since > 1000 && age(this.#file) > staleAfter) return text;
		} catch {
			// Its owner left in between.
		}
		return undefined;
	}
}

function tryTo(what: () => void): void {
	try {
		what();
	} catch {
		// Somebody else was faster.
	}
}

function age(path: string): number {
	const s = statSync(path, { throwIfNoEntry: false });
	return s ? Date.now() - s.mtimeMs : 0;
}

function alive(pid: number): boolean {
	try {
		process.kill(pid, 0);
		return true;
	} catch (error) {
		return (error as NodeJS.ErrnoException).code === "EPERM";
	}
}
