import { type ExtensionContext, LoginDialogComponent } from "@earendil-works/pi-coding-agent";
import { getKeybindings } from "@earendil-works/pi-tui";
import { makeLogin, type View } from "./abi.ts";
import type { Core } from "./core.ts";
import type { Instance } from "./instance.ts";
import { type LoginDialog, Person, type Surroundings } from "./perform/person.ts";
import type { PiSide } from "./perform/pi.ts";
import { readOr, wrappingElsewhere } from "./providers.ts";
import { pick } from "./screens/pick.ts";
import { askSecret } from "./screens/secret.ts";

/** Pi's own code, as the newest session has it. */
export function piSide(instance: Instance): PiSide {
	return {
		provider: (id) => wrappingElsewhere(instance.registry, id)?.provider,
		renewOwn: async (id) => {
			if (!instance.registry) throw new Error("Pi is not ready yet");
			await instance.registry.getProviderAuth(id);
		},
	};
}

/** The entry of a provider in Pi's own auth.json as text, "" when there is none. */
export function ownEntry(instance: Instance, provider: string): string {
	try {
		const entry = JSON.parse(readOr(instance.places.files.auth).replace(/^\ufeff/, ""))[provider];
		return typeof entry === "object" && entry !== null ? JSON.stringify(entry) : "";
	} catch {
		return "";
	}
}

// Pi shows one dialog at a time; before 1.4 a second one never settled.
let turn: Promise<unknown> = Promise.resolve();

/** As many choices as Pi's own list shows well. */
const few = 8;

/** Commands that may ask the person something: one after the other. */
const asking = new Set(["add", "login", "remove", "import", "export"]);

/** Commands after which other providers may have accounts or be left alone. */
const changing = new Set([...asking, "undo", "hide", "unhide"]);

/** Who watches a command while it runs. */
export interface Watch {
	/** Hears how far it is; otherwise Pi's footer says it. */
	progress?: (text: string) => void;
	/** Ends it as if the person had given up. */
	signal?: AbortSignal;
	/** Makes room for a dialog as long as it is open. */
	aside?<T>(dialog: () => Promise<T>): Promise<T>;
}

/** Runs a command that was typed in the editor. Esc stops it, unless a dialog is open, which has its keys itself. */
export async function stoppable<T>(ctx: ExtensionContext, run: (watch: Watch) => Promise<T>): Promise<T> {
	if (ctx.mode !== "tui") return run({});
	const stop = new AbortController();
	let dialogs = 0;
	const forget = ctx.ui.onTerminalInput((data) => {
		if (dialogs > 0 || stop.signal.aborted || !getKeybindings().matches(data, "tui.select.cancel")) return undefined;
		stop.abort();
		return { consume: true };
	});
	const aside = async <D>(dialog: () => Promise<D>): Promise<D> => {
		dialogs++;
		try {
			return await dialog();
		} finally {
			dialogs--;
		}
	};
	try {
		return await run({ signal: stop.signal, aside });
	} finally {
		forget();
	}
}

/** Performs a command: a line as it was typed, or words already parted. What the core asks is asked in Pi's own dialogs. */
export function perform(
	core: Core,
	line: string | readonly string[],
	ctx: ExtensionContext,
	watch: Watch = {},
): Promise<View | undefined> {
	const words = typeof line === "string" ? line.trim().split(/\s+/) : line;
	const [name = "", ...rest] = words;
	const what = typeof line === "string" ? { text: line, words: [] } : { text: "", words: [...line] };
	const run = async (): Promise<View | undefined> => {
		const anew = rest[rest.indexOf("--account") + 1];
		const whom = anew && rest.includes("--account") ? `${rest[0]}, ${anew}` : (rest[0] ?? "");
		const person = new Person(surroundings(ctx, watch), name === "login" ? `Log in to ${whom}` : "Accounts");
		const stop = () => person.giveUp();
		watch.signal?.addEventListener("abort", stop, { once: true });
		try {
			const { view } = await core.ask({ command: { ...what, mode: ctx.mode } }, person);
			// New accounts are wrapped and listed like any other.
			if (changing.has(name)) await core.ask({ changed: { files: ["accounts"], known: [] } });
			return view;
		} finally {
			watch.signal?.removeEventListener("abort", stop);
			await person.close();
		}
	};
	if (!asking.has(name)) return run();
	const mine = turn.then(run, run);
	turn = mine.catch(() => {});
	return mine;
}

/** Keeps the login that Pi's own /login is about to write over, as an account of ours. Answers a sentence for the person, "" for none. */
export async function keepReplaced(
	core: Core,
	provider: string,
	replaced: string,
	credential: unknown,
): Promise<string> {
	if (replaced === "") return "";
	const login = makeLogin({
		provider,
		replaced,
		credential: JSON.stringify({ type: "oauth", ...(credential as object) }),
	});
	return (await core.ask({ login })).view?.title ?? "";
}

/** The name of the line in Pi's footer that says how far a command is. */
const place = "multi-auth-progress";

function surroundings(ctx: ExtensionContext, watch: Watch): Surroundings {
	const around: Surroundings = {
		mode: ctx.mode,
		progress: (text) => {
			if (watch.progress && text !== "") watch.progress(text);
			else if (ctx.hasUI) ctx.ui.setStatus(place, text === "" ? undefined : text);
			else if (text !== "" && ctx.mode === "print") process.stderr.write(`${text}\n`);
		},
		notify: (text, type) => {
			if (ctx.hasUI) ctx.ui.notify(text, type);
			else process.stderr.write(`${text}\n`);
		},
		select: (title, labels, signal) => ctx.ui.select(title, labels, { signal }),
		input: (title, placeholder, signal) => ctx.ui.input(title, placeholder, { signal }),
	};
	if (ctx.mode !== "tui") return around;
	const aside = watch.aside ?? (<T>(open: () => Promise<T>) => open());
	around.dialog = (title) => dialog(ctx, title, aside);
	// Pi's own list neither scrolls nor searches.
	around.select = (title, labels, signal) =>
		aside(() => (labels.length > few ? pick(ctx, title, labels, signal) : ctx.ui.select(title, labels, { signal })));
	around.input = (title, placeholder, signal) => aside(() => ctx.ui.input(title, placeholder, { signal }));
	around.secret = (title, text, signal) => aside(() => askSecret(ctx, title, text, signal));
	return around;
}

/** Pi's own dialog for logins. */
function dialog(
	ctx: ExtensionContext,
	title: string,
	aside: <T>(open: () => Promise<T>) => Promise<T>,
): Promise<{ dialog: LoginDialog; close: () => void } | undefined> {
	return new Promise((resolve) => {
		void aside(() =>
			ctx.ui.custom<void>((tui, _theme, _keys, done) => {
				const shown = new LoginDialogComponent(tui, title, () => {}, title, title);
				resolve({ dialog: shown, close: () => done() });
				return shown;
			}),
		).then(
			() => resolve(undefined),
			() => resolve(undefined),
		);
	});
}
