import { lstatSync, readdirSync, statSync } from "node:fs";
import { homedir } from "node:os";
import { basename, dirname, join } from "node:path";
import type { Places } from "../places.ts";
import { isWithin, platform } from "../platform.ts";
import { kindOf } from "./read.ts";
import { realTarget } from "./save.ts";

/** How far the clocks of services are ahead of ours, in milliseconds, as their last answer said; undefined before any. */
let ahead: number | undefined;

/** Notes what a response says about the time. Only whole seconds are told. */
export function hearClock(headers: Headers): void {
	const told = Date.parse(headers.get("date") ?? "");
	if (!Number.isNaN(told)) ahead = told - Date.now();
}

/** What the files cannot tell of themselves. */
export interface Surely {
	pi: string;
	/** How the gate is kept: "sqlite", or "folder" where node:sqlite is missing. */
	gate: string;
	/** Changes that wait in the journal. */
	pending: number;
	/** The module: its path and the hash of its messages. */
	module: string;
	abi: string;
}

/** What stands where, as one JSON text: facts and no judgement. Nothing of a file's content is in it. */
export function facts(places: Places, surely: Surely): string {
	const { node = "", bun = "" } = process.versions as { node?: string; bun?: string };
	const files = Object.entries(places.files).map(([name, path]) => ({ name, ...look(path), ...beside(path) }));
	return JSON.stringify({
		platform: process.platform,
		uid: process.getuid?.() ?? -1,
		runtime: { node, bun },
		...surely,
		moduleFile: look(surely.module),
		// Since the process began the clock and the stopwatch should have gone on alike.
		jumped: Math.round(Date.now() - performance.timeOrigin - performance.now()),
		ahead: ahead ?? null,
		folder: look(places.runtime),
		// Where no mode bits say who may read them, files below the profile folder are its person's.
		inProfile: platform.modes || isWithin(places.runtime, homedir()),
		files,
		locks: locks(places.files.auth),
	});
}

function look(path: string): object {
	try {
		const own = lstatSync(path);
		const s = own.isSymbolicLink() ? statSync(path) : own;
		return {
			path,
			kind: s.isFile() ? "file" : kindOf(s),
			link: own.isSymbolicLink(),
			mode: s.mode & 0o777,
			uid: s.uid,
			size: s.size,
			age: Math.max(0, Math.round(Date.now() - s.mtimeMs)),
		};
	} catch (error) {
		const code = (error as NodeJS.ErrnoException).code;
		return { path, kind: code === "ENOENT" ? "missing" : `unreadable (${code})` };
	}
}

/** What is left beside a file: the damaged copies of it, and a text that was never brought in its place. */
function beside(path: string): { damaged: number; temp: object | null } {
	let names: string[] = [];
	try {
		names = readdirSync(dirname(path));
	} catch {
		// Without the folder there is nothing beside.
	}
	const damaged = names.filter((name) => name.startsWith(`${basename(path)}.damaged-`)).length;
	const temp = `${basename(path)}.tmp`;
	return { damaged, temp: names.includes(temp) ? look(join(dirname(path), temp)) : null };
}

/** Pi's lock, under both of its names. */
function locks(auth: string): object[] {
	return [...new Set([`${auth}.lock`, `${realTarget(auth)}.lock`])]
		.map(look)
		.filter((lock) => (lock as { kind: string }).kind !== "missing");
}
