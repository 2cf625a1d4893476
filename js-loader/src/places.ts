import { mkdirSync, writeFileSync } from "node:fs";
import { homedir } from "node:os";
import { basename, dirname, join } from "node:path";

/** The files the core knows by name. */
export type FileName =
	| "auth"
	| "models"
	| "accounts"
	| "state"
	| "config"
	| "settings"
	| "usage"
	| "journal"
	| "decisions";

/** Where things are: Pi's own files in its agent directory, ours in the runtime directory, the configuration beside the extension. */
export interface Places {
	/** Paths of the files the core knows by name. */
	files: Record<FileName, string>;
	/** Holds our files and the gate. */
	runtime: string;
	/** Holds the debug log; the second is used when the first cannot be written. */
	debug: [string, string];
}

/**
 * Finds the places. `agent` is Pi's agent directory and `root` the extension's folder. The runtime directory is
 * PI_DELEGATED_AUTH_RUNTIME_DIR, else PI_MULTI_AUTH_RUNTIME_DIR, else `agent`; a blank value is unset and `~` expands.
 */
export function places(agent: string, root: string, env: NodeJS.ProcessEnv = process.env): Places {
	const runtime = path(env["PI_DELEGATED_AUTH_RUNTIME_DIR"]) ?? path(env["PI_MULTI_AUTH_RUNTIME_DIR"]) ?? agent;
	return {
		files: {
			auth: join(agent, "auth.json"),
			models: join(agent, "models.json"),
			accounts: join(runtime, "multi-auth-accounts.json"),
			state: join(runtime, "multi-auth.json"),
			config: join(root, "config.json"),
			settings: join(runtime, "multi-auth-config.json"),
			usage: join(runtime, "multi-auth-usage-cache.json"),
			journal: join(runtime, "multi-auth.journal"),
			decisions: join(runtime, "multi-auth-decisions.jsonl"),
		},
		runtime,
		debug: [join(root, "debug"), join(runtime, "debug")],
	};
}

function path(value: string | undefined): string | undefined {
	const text = value?.trim();
	if (!text) return undefined;
	if (text === "~") return homedir();
	return /^~[/\\]/.test(text) ? join(homedir(), text.slice(2)) : text;
}

/** The extension's folder: that of the bundle, or its parent while the sources are run. */
export function extensionRoot(file: string): string {
	const folder = dirname(file);
	return basename(folder) === "src" ? dirname(folder) : folder;
}

const defaults = `${JSON.stringify({ debug: false, hiddenProviders: [], rotationModes: {} }, null, 2)}\n`;

/** Writes config.json with its defaults where there is none and the folder is the person's own; a folder that cannot be written is left. */
export function writeDefaults(file: string): void {
	if (/[/\\]node_modules[/\\]/.test(file)) return;
	try {
		mkdirSync(dirname(file), { recursive: true });
		writeFileSync(file, defaults, { flag: "wx", mode: 0o600 });
	} catch {
		// There is one already, or nobody may write here: both are fine.
	}
}
