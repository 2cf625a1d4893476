import { readFileSync, renameSync, unlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { stampNow } from "./perform/save.ts";
import type { FileName, Places } from "./places.ts";
import { whileHeld } from "./platform.ts";

/** What decides about the providers whose accounts Pi cannot see by itself. */
const deciding: readonly FileName[] = ["auth", "accounts", "models", "config", "settings"];

function kept(places: Places): string {
	return join(places.runtime, "multi-auth-start.json");
}

function stamps(places: Places): string[] {
	return deciding.map((name) => stampNow(places.files[name]));
}

/**
 * The providers that the core said last to announce to Pi before a session exists, so that the module need not be loaded while Pi starts.
 * Undefined when a file they hang on has changed since, or nothing was kept.
 */
export function keptProvision(places: Places): string[] | undefined {
	try {
		const text = JSON.parse(readFileSync(kept(places), "utf8")) as { stamps?: unknown; provision?: unknown };
		if (JSON.stringify(text.stamps) !== JSON.stringify(stamps(places)) || !Array.isArray(text.provision))
			return undefined;
		return text.provision.filter((id) => typeof id === "string");
	} catch {
		return undefined;
	}
}

/** Keeps the providers to announce. What cannot be written is found out anew at the next start. */
export function keepProvision(places: Places, provision: readonly string[]): void {
	const text = `${JSON.stringify({ stamps: stamps(places), provision })}\n`;
	const file = kept(places);
	try {
		if (readFileSync(file, "utf8") === text) return;
	} catch {
		// There is none yet.
	}
	const fresh = `${file}.${process.pid}.tmp`;
	try {
		writeFileSync(fresh, text, { flag: "wx", mode: 0o600 });
		whileHeld(() => renameSync(fresh, file));
	} catch {
		// It only saves time.
		try {
			unlinkSync(fresh);
		} catch {
			// It was never made.
		}
	}
}
