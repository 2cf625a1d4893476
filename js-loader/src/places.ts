import { mkdirSync, writeFileSync } from "node:fs";
import { homedir } from "node:os";
import { readText } from "./perform/read.ts";
import { realTarget, replace } from "./perform/save.ts";
import { platform } from "./platform.ts";

/** The files the core knows by name. */
export type FileName =
	| "auth"
	| "models"
	| "accounts"
	| "state"
	| "config"
	| "settings"
	| "usage"
	| "catalogue"
	| "journal"
	| "decisions"
	| "decisionsBefore";

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
	const { join } = platform.path;
	const runtime = path(env["PI_DELEGATED_AUTH_RUNTIME_DIR"]) ?? path(env["PI_MULTI_AUTH_RUNTIME_DIR"]) ?? agent;
	return {
		files: {
			auth: join(agent, "auth.json"),
			models: join(agent, "models.json"),
			accounts: join(runtime, "multi-auth-accounts.json"),
			state: join(runtime, "multi-auth.json"),
			config: join(root, "config.json"),
			settings: join(runtime, "multi-auth-config.json"),
			catalogue: join(runtime, "multi-auth-models.json"),
			usage: join(runtime, "multi-auth-usage-cache.json"),
			journal: join(runtime, "multi-auth.journal"),
			decisions: join(runtime, "multi-auth-decisions.jsonl"),
			decisionsBefore: join(runtime, "multi-auth-decisions.jsonl.1"),
		},
		runtime,
		debug: [join(root, "debug"), join(runtime, "debug")],
	};
}

function path(value: string | undefined): string | undefined {
	const text = value?.trim();
	if (!text) return undefined;
	if (text === "~") return homedir();
	return /^~[/\\]/.test(text) ? platform.path.join(homedir(), text.slice(2)) : text;
}

/** The extension's folder: that of the bundle, or its parent while the sources are run. */
export function extensionRoot(file: string): string {
	const { basename, dirname } = platform.path;
	const folder = dirname(file);
	return basename(folder) === "src" ? dirname(folder) : folder;
}

const defaults: Record<string, unknown> = {
	debug: false,
	hiddenProviders: [],
	rotationModes: {},
	footer: true,
	switchNotices: true,
	plainMessages: true,
	waitSeconds: 60,
};

/** Whether a folder is a package manager's: an update empties it, and what a person put there is gone. */
export function isManaged(root: string): boolean {
	return /[/\\]node_modules[/\\]/.test(`${root}/`);
}

/** Writes config.json with its defaults where there is none and the folder is the person's own; a folder that cannot be written is left. */
export function writeDefaults(file: string): void {
	const folder = platform.path.dirname(file);
	if (isManaged(folder)) return;
	try {
		mkdirSync(folder, { recursive: true });
		writeFileSync(file, `${JSON.stringify(defaults, null, 2)}\n`, { flag: "wx", mode: 0o600 });
	} catch {
		// There is one already, or nobody may write here: both are fine.
	}
}

/**
 * Copies what a person set in the config.json of a managed folder to the configuration in the runtime directory, where no update reaches.
 * What stands there already stays, a value that is the default is none that was set, and a text that cannot be read is left to whoever
 * reads the configuration. Answers what there is to say, "" for nothing.
 */
export function keepConfig(config: string, settings: string): string {
	if (!isManaged(platform.path.dirname(config))) return "";
	const set = objectOf(config);
	const kept = objectOf(settings, {});
	if (!set || !kept) return "";
	const ours = Object.entries(set).filter(([key, value]) => JSON.stringify(value) !== JSON.stringify(defaults[key]));
	const missing = ours.filter(([key]) => !Object.hasOwn(kept, key));
	if (missing.length > 0) {
		const text = `${JSON.stringify({ ...kept, ...Object.fromEntries(missing) }, null, 2)}\n`;
		mkdirSync(platform.path.dirname(settings), { recursive: true, mode: 0o700 });
		replace(realTarget(settings), Buffer.from(text), { sync: true, mode: 0o600 });
		return `${config} is replaced by the next update; its values were copied to ${settings}, which counts from now on.`;
	}
	const differs = ours
		.filter(([key, value]) => JSON.stringify(kept[key]) !== JSON.stringify(value))
		.map(([key]) => key);
	return differs.length > 0
		? `${settings} counts before ${config}, which says something else of ${differs.join(", ")}.`
		: "";
}

/** The JSON object in a file, `missing` where there is none, undefined where it is something else. */
function objectOf(file: string, missing?: Record<string, unknown>): Record<string, unknown> | undefined {
	try {
		const read = readText(file);
		if (read.missing) return missing;
		const value: unknown = JSON.parse(read.text.replace(/^\ufeff/, ""));
		return typeof value === "object" && value !== null && !Array.isArray(value)
			? (value as Record<string, unknown>)
			: undefined;
	} catch {
		return undefined;
	}
}
