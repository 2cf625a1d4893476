import { closeSync, mkdirSync, openSync, readFileSync, unlinkSync, writeSync } from "node:fs";
import { createRequire } from "node:module";
import { basename, dirname } from "node:path";

/** The part of node:sqlite that the gate needs. */
interface Database {
	exec(sql: string): void;
	close(): void;
}

type OpenDatabase = (file: string) => Database;

let opener: OpenDatabase | null | undefined;

/** Loads node:sqlite once. Node 22 warns of it on first import; that one line says nothing to a person and is kept off the terminal. */
function sqlite(): OpenDatabase | null {
	if (opener !== undefined) return opener;
	const emit = process.emitWarning;
	try {
		process.emitWarning = ((warning: string | Error, ...rest: unknown[]) => {
			if (String(warning).includes("SQLite")) return;
			(emit as (...all: unknown[]) => void).call(process, warning, ...rest);
		}) as typeof process.emitWarning;
		const { DatabaseSync } = createRequire(import.meta.url)("node:sqlite") as {
			DatabaseSync: new (file: string) => Database;
		};
		opener = (file) => new DatabaseSync(file);
	} catch {
		opener = null;
	} finally {
		process.emitWarning = emit;
	}
	return opener;
}

/** How long anybody waits for the gate before the change stays in memory. */
const patience = 2000;

/**
 * The gate of a directory: at most one process is inside. It is the exclusive lock of a SQLite file, which the kernel lets go when its
 * process dies; where node:sqlite is missing it is a file with its owner's pid, broken only when that process is gone.
 */
export class Gate {
	readonly #file: string;
	readonly #open: OpenDatabase | null;
	#database: Database | undefined;

	constructor(file: string, open: OpenDatabase | null = sqlite()) {
		this.#file = file;
		this.#open = open;
	}

	/** Runs `inside` with the gate held. `inside` must not wait: it holds up every process. */
	async pass<T>(inside: () => T): Promise<T> {
		const leave = await this.enter();
		try {
			return inside();
		} finally {
			leave?.();
		}
	}

	/**
	 * Waits for the gate and answers what lets it go. Who holds it across a wait of its own has a gate of its own for that. Where `done`
	 * says so while others are inside, the answer is undefined.
	 */
	async enter(wait = patience, done: () => boolean = () => false): Promise<(() => void) | undefined> {
		const end = performance.now() + wait;
		for (let pause = 1; ; pause = Math.min(pause * 2, 20)) {
			const leave = this.#enter();
			if (leave) return leave;
			if (done()) return undefined;
			if (performance.now() > end) throw new Error(`another process holds ${basename(this.#file)}`);
			await new Promise((resolve) => setTimeout(resolve, pause * (0.5 + Math.random())));
		}
	}

	#enter(): (() => void) | undefined {
		return this.#open ? this.#enterDatabase(this.#open) : this.#enterFile();
	}

	#enterDatabase(open: OpenDatabase): (() => void) | undefined {
		if (!this.#database) {
			mkdirSync(dirname(this.#file), { recursive: true, mode: 0o700 });
			// SQLite would create it with the umask's mode.
			closeSync(openSync(this.#file, "a", 0o600));
			this.#database = open(this.#file);
			this.#database.exec("PRAGMA busy_timeout = 0");
		}
		const database = this.#database;
		try {
			database.exec("BEGIN EXCLUSIVE");
		} catch (error) {
			if (/locked|busy/i.test(String(error))) return undefined;
			this.close();
			throw error;
		}
		return () => database.exec("ROLLBACK");
	}

	#enterFile(): (() => void) | undefined {
		const file = `${this.#file}.pid`;
		mkdirSync(dirname(file), { recursive: true, mode: 0o700 });
		try {
			const fd = openSync(file, "wx", 0o600);
			writeSync(fd, String(process.pid));
			closeSync(fd);
			return () => unlinkSync(file);
		} catch (error) {
			if ((error as NodeJS.ErrnoException).code !== "EEXIST") throw error;
		}
		try {
			const owner = Number(readFileSync(file, "utf8"));
			if (owner > 0 && !alive(owner)) unlinkSync(file);
		} catch {
			// Its owner left in between.
		}
		return undefined;
	}

	/** Lets go of the file; the next pass opens it anew. */
	close(): void {
		try {
			this.#database?.close();
		} catch {
			// A database that failed to open has nothing to close.
		}
		this.#database = undefined;
	}
}

function alive(pid: number): boolean {
	try {
		process.kill(pid, 0);
		return true;
	} catch (error) {
		return (error as NodeJS.ErrnoException).code === "EPERM";
	}
}
