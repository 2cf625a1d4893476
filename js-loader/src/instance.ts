import type { ExtensionContext } from "@earendil-works/pi-coding-agent";
import type { Notice } from "./abi.ts";
import type { Origin } from "./attempt.ts";
import type { Core } from "./core.ts";
import type { Places } from "./places.ts";

/** Pi's registry of models and providers. */
export type Registry = ExtensionContext["modelRegistry"];

/** What survives /reload and /new and is shared by the sessions of a process. */
export interface Instance {
	root: string;
	places: Places;
	context: ExtensionContext | undefined;
	/** Whether the context's session has a screen or a client; asking a context that is over throws. */
	hasUI: boolean;
	/** Where the newest session and the sessions of the last while come from. */
	origin: Origin;
	origins: Map<string, Origin>;
	/** The models of the newest session. */
	registry: Registry | undefined;
	/** Another extension that does the same and was there first; this one then does nothing. */
	rival: string;
	/** The providers that were announced to Pi before its first session. */
	provisioned: readonly string[];
	/** The providers with accounts, and the hidden ones, when Pi's were last wrapped. */
	met: string;
	core: Promise<Core | undefined> | undefined;
	loaded: Core | undefined;
	waiting: Notice[];
	said: Set<string>;
	/** Brings the figures of the footer up to date. */
	looking: NodeJS.Timeout | undefined;
}

/** An instance that knows nothing yet. */
export function newInstance(root: string, places: Places): Instance {
	return {
		root,
		places,
		context: undefined,
		hasUI: false,
		origin: { mode: "print", project: process.cwd(), parent: "" },
		origins: new Map(),
		registry: undefined,
		rival: "",
		provisioned: [],
		met: "",
		core: undefined,
		loaded: undefined,
		waiting: [],
		said: new Set(),
		looking: undefined,
	};
}

/** The sessions whose origin is kept. */
const originsKept = 64;

/** Keeps what a session says of itself: a context that is over throws when it is asked. */
export function remember(instance: Instance, ctx: ExtensionContext): void {
	const session = ctx.sessionManager.getSessionId();
	const parent = idOf(ctx.sessionManager.getHeader()?.parentSession);
	instance.origins.delete(session);
	instance.origins.set(session, { mode: ctx.mode, project: ctx.cwd, parent });
	for (const oldest of instance.origins.keys()) {
		if (instance.origins.size <= originsKept) break;
		instance.origins.delete(oldest);
	}
	// A session inside of another one has no screen of its own.
	if (instance.hasUI && !ctx.hasUI) return;
	instance.context = ctx;
	instance.hasUI = ctx.hasUI;
	instance.registry = ctx.modelRegistry;
	instance.origin = { mode: ctx.mode, project: ctx.cwd, parent: "" };
	for (const notice of instance.waiting.splice(0)) show(instance, notice.text, notice.level);
}

/** The id in the name of a session's file, "" where there is none. */
function idOf(file: string | undefined): string {
	return /_([^_/\\]+)\.jsonl$/.exec(file ?? "")?.[1] ?? "";
}

/** Says a thing once in the life of the process. */
export function sayOnce(instance: Instance, level: string, text: string): void {
	if (instance.said.has(text)) return;
	instance.said.add(text);
	show(instance, text, level);
}

/** A notice where Pi has a place for it, standard error where it has none; before a session it waits for one. */
export function show(instance: Instance, text: string, level: string): void {
	const ctx = instance.context;
	if (!ctx) {
		instance.waiting.push({ key: text, level, text });
		return;
	}
	try {
		const type = level === "error" || level === "warning" ? level : "info";
		if (instance.hasUI) ctx.ui.notify(text, type);
		else process.stderr.write(`${text}\n`);
	} catch {
		// The session this context belonged to is over.
		process.stderr.write(`${text}\n`);
	}
}
