import { chmodSync, lstatSync, renameSync, rmdirSync, statSync } from "node:fs";
import { whileHeld } from "../platform.ts";
import { asideOf, keepAside, realTarget } from "./save.ts";

/** A temporary file that has not grown for so long has no writer any more, in milliseconds. */
const abandoned = 60_000;

/** Sets a file right in one of the ways that can be taken back. The gate is held. */
export function mend(path: string, what: string): void {
	switch (what) {
		case "mode":
			// Through a link it would be another's file.
			if (lstatSync(path).isSymbolicLink()) throw new Error("it is a link");
			chmodSync(path, 0o600);
			return;
		case "temp": {
			const temp = `${realTarget(path)}.tmp`;
			if (Date.now() - statSync(temp).mtimeMs < abandoned) throw new Error("somebody may be writing it");
			chmodSync(temp, 0o600);
			whileHeld(() => renameSync(temp, asideOf(realTarget(path))));
			return;
		}
		case "lock": {
			const lock = `${path}.lock`;
			// Who holds the gate is the only one of us, so a folder with our mark is a dead one's.
			if ((statSync(lock).mode & 0o777) !== 0o500) throw new Error("it is not ours");
			whileHeld(() => rmdirSync(lock));
			return;
		}
		case "copy":
			keepAside(realTarget(path));
			return;
	}
	throw new Error(`there is no way to mend ${what}`);
}
