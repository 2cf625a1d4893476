// What the disk of this system can do, for tests that need it.

import assert from "node:assert/strict";
import { lstatSync, mkdtempSync, rmSync, statSync, symlinkSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

/** Asserts a file's permission bits, where they say anything. */
export function assertMode(path: string, mode: number): void {
	if (process.platform !== "win32") assert.equal(statSync(path).mode & 0o777, mode, path);
}

/** Why tests with permission bits are left out; false where they are not. */
export const noModes = process.platform === "win32" && "modes say nothing here";

/** Why tests with symbolic links are left out; false where they are not. */
export const noLinks = !canLink() && "no symbolic links here";

function canLink(): boolean {
	const dir = mkdtempSync(join(tmpdir(), "pi-multi-auth-link-"));
	try {
		symlinkSync(join(dir, "none"), join(dir, "link"));
		return lstatSync(join(dir, "link")).isSymbolicLink();
	} catch {
		return false;
	} finally {
		remove(dir);
	}
}

/** Removes a folder; what is open yet stays where the system does not let go of it. */
export function remove(folder: string): void {
	try {
		rmSync(folder, { recursive: true, force: true });
	} catch (error) {
		if (process.platform !== "win32") throw error;
	}
}
