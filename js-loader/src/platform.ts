import { type PlatformPath, posix, win32 } from "node:path";

/** What differs between the systems Pi runs on; everything else in the loader is the same on all of them. */
export interface Platform {
	/** How paths are written. */
	path: PlatformPath;
	/** Paths that differ in nothing but case are one file; so the disks of Windows and macOS are set up unless somebody chose otherwise. */
	foldsCase: boolean;
	/** Permission bits say who may read a file. Elsewhere what the person's profile folder allows does, which files below it inherit. */
	modes: boolean;
	/** What an access list grants beside the modes shows in the group's bits (POSIX.1e); where it does not, any file may have one. */
	listsInMode: boolean;
	/** A folder can be fsynced, so that a new name in it outlives a power cut. */
	syncsFolders: boolean;
	/** What a scanner or an indexer that has a file open for a moment answers. */
	heldBy: readonly string[];
	/** What is waited before each further try then, in milliseconds; the gate is held meanwhile, so it is not long. */
	heldPauses: readonly number[];
	/** Signals that ask a process to end and can be heard. */
	signals: readonly NodeJS.Signals[];
	/** The command that opens an address in the person's browser; the address follows as an argument of its own. */
	browser: readonly [command: string, ...args: string[]];
	/** The terminal draws lines even where no locale says so. Undefined leaves it to the locale. */
	drawsLines: ((env: NodeJS.ProcessEnv) => boolean) | undefined;
}

const unix: Platform = {
	path: posix,
	foldsCase: false,
	modes: true,
	listsInMode: true,
	syncsFolders: true,
	heldBy: [],
	heldPauses: [],
	signals: ["SIGTERM", "SIGINT", "SIGHUP"],
	browser: ["xdg-open"],
	drawsLines: undefined,
};

const mac: Platform = { ...unix, foldsCase: true, listsInMode: false, browser: ["open"] };

const windows: Platform = {
	path: win32,
	foldsCase: true,
	modes: false,
	listsInMode: false,
	syncsFolders: false,
	heldBy: ["EPERM", "EACCES", "EBUSY"],
	heldPauses: [1, 2, 5, 10, 20, 40, 80, 160],
	// SIGTERM ends a process there without asking it; closing the console window comes as SIGHUP.
	signals: ["SIGINT", "SIGHUP", "SIGBREAK"],
	browser: ["rundll32", "url.dll,FileProtocolHandler"],
	// The old console names none of these; all that came after it do.
	drawsLines: (env) =>
		Boolean(env["WT_SESSION"] || env["TERM_PROGRAM"] || env["ConEmuANSI"] === "ON" || (env["TERM"] ?? "") !== ""),
};

/** The row of a system by the name Node has for it; one that is not known is a Unix. */
export function platformOf(name: NodeJS.Platform): Platform {
	if (name === "win32") return windows;
	return name === "darwin" ? mac : unix;
}

/** The system this runs on. */
export let platform = platformOf(process.platform);

/** Takes this system for another one, for tests; answers what undoes it. */
export function pretend(other: Partial<Platform>): () => void {
	const before = platform;
	platform = { ...before, ...other };
	return () => {
		platform = before;
	};
}

const napping = new Int32Array(new SharedArrayBuffer(4));

/** Stands still for so many milliseconds, where nothing else may happen in between. */
export function nap(ms: number): void {
	Atomics.wait(napping, 0, 0, ms);
}

/** Whether something failed because a scanner may have the file open. */
export function isHeld(error: unknown): boolean {
	return platform.heldBy.includes((error as NodeJS.ErrnoException | undefined)?.code ?? "");
}

/** Does something to a file, again and again for a third of a second where a scanner may have it open. */
export function whileHeld<T>(what: () => T): T {
	for (const pause of platform.heldPauses) {
		try {
			return what();
		} catch (error) {
			if (!isHeld(error)) throw error;
			nap(pause);
		}
	}
	return what();
}

/** Whether a path is a folder or lies below it. */
export function isWithin(path: string, folder: string): boolean {
	const { relative, isAbsolute } = platform.path;
	const fold = (text: string) => (platform.foldsCase ? text.toLowerCase() : text);
	const way = relative(fold(folder), fold(path));
	return way === "" || (!/^\.\.([/\\]|$)/.test(way) && !isAbsolute(way));
}
