import { readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { createAssistantMessageEventStream } from "@earendil-works/pi-ai";
import { type ExtensionAPI, type ExtensionContext, getAgentDir, VERSION } from "@earendil-works/pi-coding-agent";
import { type Lease, makeAcquire, type Notice } from "./abi.ts";
import { giveBack, type Origin, type Runtime, textOf, type Wrapping } from "./attempt.ts";
import { answer, complete, draw } from "./commands.ts";
import { resolveConfigValue } from "./config-value.ts";
import { Core } from "./core.ts";
import { placeholder, Resolutions, swapHeaders } from "./members.ts";
import type { AnswerStream, Model, Provider } from "./pi.ts";
import { extensionRoot, type Places, places, writeDefaults } from "./places.ts";
import { wrap, wrapped } from "./wrap.ts";

const self = fileURLToPath(import.meta.url);
const active = Symbol.for("pi-multi-auth");
const oldestPi = [0, 84];

/** What survives /reload and /new and is shared by the sessions of a process. */
interface Instance {
	root: string;
	places: Places;
	context: ExtensionContext | undefined;
	/** Whether the context's session has a screen or a client; asking a context that is over throws. */
	hasUI: boolean;
	/** Where the newest session and the sessions of the last while come from. */
	origin: Origin;
	origins: Map<string, Origin>;
	/** The models of the newest session. */
	registry: ExtensionContext["modelRegistry"] | undefined;
	/** Another extension that does the same and was there first; this one then does nothing. */
	rival: string;
	core: Promise<Core | undefined> | undefined;
	loaded: Core | undefined;
	waiting: Notice[];
	said: Set<string>;
}

/** Pi's entry: whatever goes wrong in here, Pi works on as if the extension were not there, and says why once. */
export default async function piMultiAuth(pi: ExtensionAPI): Promise<void> {
	try {
		await begin(pi);
	} catch (error) {
		process.stderr.write(`pi-multi-auth is not active: ${textOf(error)}\n`);
	}
}

async function begin(pi: ExtensionAPI): Promise<void> {
	if (tooOld(VERSION)) {
		process.stderr.write(`pi-multi-auth needs Pi 0.84 or newer and is not active in Pi ${VERSION}.\n`);
		return;
	}
	const globals = globalThis as unknown as Record<symbol, Instance | undefined>;
	const root = extensionRoot(self);
	const other = globals[active];
	if (other && other.root !== root) {
		process.stderr.write(`pi-multi-auth is loaded twice: ${other.root} is active, ${root} is not.\n`);
		return;
	}
	const instance: Instance = other ?? {
		root,
		places: places(getAgentDir(), root),
		context: undefined,
		hasUI: false,
		origin: { mode: "print", project: process.cwd(), parent: "" },
		origins: new Map(),
		registry: undefined,
		rival: rivalOf(),
		core: undefined,
		loaded: undefined,
		waiting: [],
		said: new Set(),
	};
	globals[active] = instance;
	writeDefaults(instance.places.files.config);

	pi.registerCommand("multi-auth", {
		description: "Accounts of your providers: status, why, help",
		getArgumentCompletions: (prefix) => complete(prefix, instance.loaded?.ready.providers ?? []),
		handler: (args, ctx) => command(instance, args, ctx),
	});
	const ensureAll = async (_event: unknown, ctx: ExtensionContext) => {
		await guard(instance, () => meet(pi, instance, ctx, true));
	};
	const ensure = async (_event: unknown, ctx: ExtensionContext) => {
		await guard(instance, () => meet(pi, instance, ctx, false));
	};
	pi.on("session_start", ensureAll);
	pi.on("before_agent_start", ensure);
	pi.on("turn_start", ensure);
	pi.on("model_select", ensure);
	pi.on("session_shutdown", async () => {
		await guard(instance, async () => instance.loaded?.drain());
	});
	await provision(pi, instance);
}

/** Accounts Pi cannot see make their provider count as configured, before a session exists. */
async function provision(pi: ExtensionAPI, instance: Instance): Promise<void> {
	// Only a numbered entry can be such an account; without one the module need not be loaded at Pi's start.
	if (instance.rival || !/"[^"]+-[1-9]\d*"\s*:/.test(readOr(instance.places.files.auth))) return;
	const core = await coreOf(instance, []);
	for (const id of core?.ready.provision ?? []) pi.registerProvider(id, { apiKey: placeholder });
}

/** Brings the core up to date with a session and wraps what has accounts. */
async function meet(pi: ExtensionAPI, instance: Instance, ctx: ExtensionContext, all: boolean): Promise<void> {
	remember(instance, ctx);
	for (const notice of instance.waiting.splice(0)) show(instance, notice.text, notice.level);
	instance.rival ||= rivalOf(pi, instance.root);
	if (instance.rival) return sayOnce(instance, "warning", instance.rival);
	const known = all ? [...new Set(ctx.modelRegistry.getAll().map((model) => model.provider as string))].sort() : [];
	const core = await coreOf(instance, known);
	if (!core) return;
	await core.catchUp(all ? known : undefined);
	const current = ctx.model?.provider;
	const ids = new Set(all ? core.ready.providers : []);
	if (current) ids.add(current);
	let changed = false;
	for (const id of ids) if (!core.ready.hidden.includes(id)) changed = ensureWrapped(pi, instance, ctx, id) || changed;
	for (const id of core.ready.hidden) changed = ensureBare(pi, ctx, id) || changed;
	if (changed) await ctx.modelRegistry.refresh({ allowNetwork: false });
}

function ensureWrapped(pi: ExtensionAPI, instance: Instance, ctx: ExtensionContext, id: string): boolean {
	const registry = ctx.modelRegistry;
	if (wrappingOf(registry, id)) return false;
	const config = registry.getRegisteredProviderConfig(id);
	// With it in place, keys of the environment and of models.json would stay hidden behind it.
	if (config && Object.keys(config).length === 1 && config.apiKey === placeholder) pi.unregisterProvider(id);
	const effective = registry.getProvider(id) as unknown as Provider | undefined;
	if (!effective || effective[wrapped]) return false;
	const provider = wrap(effective, runtimeOf(instance), {
		hasAccounts: (provider) => instance.loaded?.ready.providers.includes(provider) ?? false,
		preferred: (provider) => preferred(instance, provider),
		isStored: (provider, key) => isStored(instance.places.files.auth, provider, key),
	});
	register(pi, provider);
	return true;
}

/** A provider that was hidden since is itself again. */
function ensureBare(pi: ExtensionAPI, ctx: ExtensionContext, id: string): boolean {
	const bare = wrappingOf(ctx.modelRegistry, id)?.provider;
	if (bare) register(pi, bare);
	return bare !== undefined;
}

function register(pi: ExtensionAPI, provider: Provider): void {
	pi.registerProvider(provider as unknown as Parameters<ExtensionAPI["registerProvider"]>[0] as never);
}

/** What is below our wrapper of a provider. The effective provider may be composed of the wrapper and no longer show it. */
function wrappingOf(registry: ExtensionContext["modelRegistry"], id: string): Wrapping | undefined {
	const native = registry.getRegisteredNativeProvider(id) as unknown as Provider | undefined;
	return native?.[wrapped] as Wrapping | undefined;
}

/** A lease that is given back at once: nothing is sent with it, and nothing is learned. */
async function preferred(instance: Instance, provider: string): Promise<Lease | undefined> {
	const core = await coreOf(instance, []);
	const acquire = makeAcquire({ provider, mode: "print" });
	const turn = await core?.ask({ acquire });
	if (core && turn) await giveBack(core, turn);
	return turn?.lease;
}

function runtimeOf(instance: Instance): Runtime {
	return {
		core: () => coreOf(instance, []),
		origin: (session) => instance.origins.get(session) ?? { ...instance.origin, parent: "" },
		wrapping: (id) => wrappingElsewhere(instance, id),
		headersOf: (model) => headersOf(instance, model),
		notice: (text) => show(instance, text, "info"),
		failed: (error) => sayOnce(instance, "warning", `pi-multi-auth stepped aside: ${textOf(error)}`),
		newStream: () => createAssistantMessageEventStream() as unknown as AnswerStream,
	};
}

/** The sessions whose origin is kept. */
const originsKept = 64;

/** Keeps what a session says of itself: a context that is over throws when it is asked. */
function remember(instance: Instance, ctx: ExtensionContext): void {
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
}

/** The id in the name of a session's file, "" where there is none. */
function idOf(file: string | undefined): string {
	return /_([^_/\\]+)\.jsonl$/.exec(file ?? "")?.[1] ?? "";
}

function wrappingElsewhere(instance: Instance, id: string): Wrapping | undefined {
	const registry = instance.registry;
	if (!registry) return undefined;
	const known = wrappingOf(registry, id);
	if (known) return known;
	const provider = registry.getProvider(id) as unknown as Provider | undefined;
	return provider && { provider, resolutions: new Resolutions() };
}

async function headersOf(instance: Instance, model: Model): Promise<Record<string, string | null>> {
	const registry = instance.registry;
	const all = await registry?.getApiKeyAndHeaders(model as never).catch(() => undefined);
	const auth = await registry?.getProviderAuth(model.provider).catch(() => undefined);
	if (!all?.ok) return {};
	return swapHeaders(all.headers, auth?.auth.headers, {});
}

/** Says which extension that does the same is loaded too, "" for none. Commands are known once a session has begun. */
function rivalOf(pi?: ExtensionAPI, root = ""): string {
	const other = pi
		?.getCommands()
		.find(({ name, sourceInfo }) => /^multi-auth(:\d+)?$/.test(name) && !sourceInfo.path.startsWith(root));
	// The older pi-multi-auth publishes it for its delegated children.
	if (!other && !("__piMultiAuthKeyDistributor" in globalThis)) return "";
	const name = other ? `the multi-auth extension in ${other.sourceInfo.path}` : "another multi-auth extension";
	return `pi-multi-auth: ${name} is loaded too and stays active; this one does nothing until it is removed.`;
}

function coreOf(instance: Instance, known: string[]): Promise<Core | undefined> {
	instance.core ??= (async () => {
		try {
			const core = await Core.load({
				module: join(instance.root, "core.wasm"),
				places: instance.places,
				piVersion: VERSION,
				notice: (notice) => show(instance, notice.text, notice.level),
			});
			await core.start(known);
			instance.loaded = core;
			return core;
		} catch (error) {
			sayOnce(instance, "warning", `pi-multi-auth is not active: ${loadFailure(error)}. Pi works on without it.`);
			return undefined;
		}
	})();
	return instance.core.then((core) => (core?.dead ? undefined : core));
}

function loadFailure(error: unknown): string {
	if ((error as NodeJS.ErrnoException).code === "ENOENT") return "core.wasm is missing; install the extension anew";
	if (error instanceof WebAssembly.CompileError || error instanceof WebAssembly.LinkError)
		return "core.wasm is damaged; install the extension anew";
	return textOf(error);
}

async function command(instance: Instance, args: string, ctx: ExtensionContext): Promise<void> {
	remember(instance, ctx);
	const give = (text: string, failed: boolean) =>
		answer(text, failed, ctx.mode, (said, type) => ctx.ui.notify(said, type));
	try {
		if (instance.rival) return give(instance.rival, true);
		const core = await coreOf(instance, []);
		if (!core) return give("pi-multi-auth is not active, so there is nothing to show.", true);
		await core.catchUp();
		const { view } = await core.ask({ command: { text: args, mode: ctx.mode } });
		if (view) give(view.json === "" ? draw(view) : view.json, view.failed);
	} catch (error) {
		give(`pi-multi-auth could not answer: ${textOf(error)}`, true);
	}
}

async function guard(instance: Instance, run: () => Promise<unknown>): Promise<void> {
	try {
		await run();
	} catch (error) {
		sayOnce(instance, "warning", `pi-multi-auth: ${textOf(error)}`);
	}
}

function sayOnce(instance: Instance, level: string, text: string): void {
	if (instance.said.has(text)) return;
	instance.said.add(text);
	show(instance, text, level);
}

/** A notice where Pi has a place for it, standard error where it has none; before a session it waits for one. */
function show(instance: Instance, text: string, level: string): void {
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

async function isStored(file: string, provider: string, key: string | undefined): Promise<boolean> {
	try {
		const entry = JSON.parse(readOr(file).replace(/^\ufeff/, ""))[provider];
		if (entry?.type !== "api_key") return false;
		if (entry.key === undefined || entry.key === key) return true;
		return (await resolveConfigValue(entry.key, entry.env)) === key;
	} catch {
		return false;
	}
}

function readOr(file: string): string {
	try {
		return readFileSync(file, "utf8");
	} catch {
		return "";
	}
}

function tooOld(version: string): boolean {
	const [major = 0, minor = 0] = version.split(".").map(Number);
	const [needMajor = 0, needMinor = 0] = oldestPi;
	return major < needMajor || (major === needMajor && minor < needMinor);
}
