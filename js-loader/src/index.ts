import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { createAssistantMessageEventStream } from "@earendil-works/pi-ai";
import { type ExtensionAPI, type ExtensionContext, getAgentDir, VERSION } from "@earendil-works/pi-coding-agent";
import { type Lease, makeAcquire } from "./abi.ts";
import type { Runtime } from "./attempt.ts";
import { publish, publishedElsewhere } from "./balancer.ts";
import { answer, draw, offered, roomOf } from "./commands.ts";
import { Core } from "./core.ts";
import { textOf } from "./failure.ts";
import { countdown, endGlances, glance } from "./footer.ts";
import { type Instance, newInstance, remember, sayOnce, show } from "./instance.ts";
import { keepReplaced, ownEntry, perform, piSide, stoppable } from "./login.ts";
import { placeholder } from "./members.ts";
import { alignOwn, fetchOwn, registerKept } from "./own-models.ts";
import type { AnswerStream } from "./pi.ts";
import { extensionRoot, keepConfig, places, writeDefaults } from "./places.ts";
import { isWithin } from "./platform.ts";
import {
	ensureBare,
	ensureWrapped,
	headersOf,
	isStored,
	knownTo,
	readOr,
	takeBack,
	wrappingElsewhere,
} from "./providers.ts";
import { keepProvision, keptProvision } from "./provision.ts";
import { openManager, type Teller } from "./screens/open.ts";
import type { Stored } from "./wrap.ts";

const self = fileURLToPath(import.meta.url);
const active = Symbol.for("pi-multi-auth");
const oldestPi = [0, 84];

/** Pi's interface, as this load of the extension was given it. */
let newest: ExtensionAPI | undefined;

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
	const instance = other ?? newInstance(root, places(getAgentDir(), root));
	globals[active] = instance;
	instance.rival ||= rivalOf();
	prepareConfig(instance);
	if (!instance.rival) publish(() => coreOf(instance, []));

	pi.registerCommand("multi-auth", {
		description: "Accounts of your providers: the screen, or a command (help lists them)",
		getArgumentCompletions: (prefix) => completions(instance, prefix),
		handler: (args, ctx) => command(instance, args, ctx),
	});
	const ensureAll = async (_event: unknown, ctx: ExtensionContext) => {
		await guard(instance, () => meet(pi, instance, ctx, true));
	};
	const ensure = async (_event: unknown, ctx: ExtensionContext) => {
		await guard(instance, () => meet(pi, instance, ctx, false));
	};
	const look = async () => {
		await guard(instance, () => glance(instance));
	};
	for (const [event, run] of [
		["session_start", ensureAll],
		["before_agent_start", ensure],
		["turn_start", ensure],
		["model_select", ensure],
		["turn_end", look],
	] as const)
		pi.on(event as "turn_end", async (given, ctx) => {
			await run(given, ctx);
			if (event !== "turn_end") await look();
		});
	pi.on("session_shutdown", async () => {
		endGlances(instance);
		await guard(instance, async () => instance.loaded?.last());
	});
	newest = pi;
	if (!instance.rival) registerKept(pi, instance, () => coreOf(instance, []));
	await provision(pi, instance);
}

/** Sees to it that there is a configuration and that an update takes nothing of it away. */
function prepareConfig(instance: Instance): void {
	const { config, settings } = instance.places.files;
	writeDefaults(config);
	try {
		const said = keepConfig(config, settings);
		if (said !== "") sayOnce(instance, "warning", `pi-multi-auth: ${said}`);
	} catch (error) {
		sayOnce(instance, "warning", `pi-multi-auth: ${settings} was not written: ${textOf(error)}`);
	}
}

/** Accounts Pi cannot see make their provider count as configured, before a session exists. */
async function provision(pi: ExtensionAPI, instance: Instance): Promise<void> {
	if (instance.rival) return;
	instance.provisioned = keptProvision(instance.places) ?? (await foundProvision(instance));
	for (const id of instance.provisioned) pi.registerProvider(id, { apiKey: placeholder });
}

async function foundProvision(instance: Instance): Promise<string[]> {
	const { auth, accounts } = instance.places.files;
	// Only a numbered entry or an account of ours can be such an account; without one nothing has to be loaded at Pi's start.
	if (!/"[^"]+-[1-9]\d*"\s*:/.test(readOr(auth)) && readOr(accounts) === "") return [];
	const core = await coreOf(instance, []);
	if (!core) return [];
	// Whoever only lists models never comes to a session, where it is kept too.
	keepProvision(instance.places, core.ready.provision);
	return core.ready.provision;
}

/** Brings the core up to date with a session and wraps what has accounts. */
async function meet(pi: ExtensionAPI, instance: Instance, ctx: ExtensionContext, all: boolean): Promise<void> {
	remember(instance, ctx);
	const registry = ctx.modelRegistry;
	instance.rival ||= rivalOf(pi, instance.root);
	if (instance.rival) {
		for (const id of instance.provisioned) takeBack(pi, registry, id);
		return sayOnce(instance, "warning", instance.rival);
	}
	const known = all ? knownTo(registry) : [];
	const core = await coreOf(instance, known);
	if (!core) return;
	await core.catchUp(all ? known : undefined);
	const missing = all && (await alignOwn(pi, instance, core));
	// Lists come when they come: nobody waits for them.
	if (missing && ctx.mode === "tui") void guard(instance, () => showModels(instance, ctx));
	const ids = new Set(all ? core.ready.providers : []);
	if (ctx.model) ids.add(ctx.model.provider);
	let changed = false;
	for (const id of ids)
		if (!core.ready.hidden.includes(id))
			changed = ensureWrapped(pi, registry, id, runtimeOf(instance), storedOf(instance)) || changed;
	if (all) {
		instance.met = listed(core);
		for (const id of instance.provisioned) if (!core.ready.providers.includes(id)) takeBack(pi, registry, id);
		keepProvision(instance.places, core.ready.provision);
	}
	for (const id of core.ready.hidden) changed = ensureBare(pi, registry, id) || changed;
	if (changed) await registry.refresh({ allowNetwork: false });
	core.rehearse();
}

/** Says which extension that does the same is loaded too, "" for none. Commands are known once a session has begun. */
function rivalOf(pi?: ExtensionAPI, root = ""): string {
	const other = pi
		?.getCommands()
		.find(({ name, sourceInfo }) => /^multi-auth(:\d+)?$/.test(name) && !isWithin(sourceInfo.path, root));
	// The older pi-multi-auth publishes it for its delegated children.
	if (!other && !publishedElsewhere()) return "";
	const name = other ? `the multi-auth extension in ${other.sourceInfo.path}` : "another multi-auth extension";
	return `pi-multi-auth: ${name} is loaded too and stays active; this one does nothing until it is removed.`;
}

function storedOf(instance: Instance): Stored {
	return {
		hasAccounts: (provider) => instance.loaded?.ready.providers.includes(provider) ?? false,
		preferred: (provider) => preferred(instance, provider),
		isStored: (provider, key) => isStored(instance.places.files.auth, provider, key),
		entry: (provider) => ownEntry(instance, provider),
		replaced: async (provider, replaced, credential) => {
			const core = await coreOf(instance, []);
			const said = core ? await keepReplaced(core, provider, replaced, credential) : "";
			if (said !== "") show(instance, said, "info");
		},
	};
}

async function preferred(instance: Instance, provider: string): Promise<Lease | undefined> {
	const core = await coreOf(instance, []);
	return (await core?.ask({ acquire: makeAcquire({ provider, mode: "print", peek: true }) }))?.lease;
}

function runtimeOf(instance: Instance): Runtime {
	return {
		core: () => coreOf(instance, []),
		origin: (session) => instance.origins.get(session) ?? instance.origin,
		wrapping: (id) => wrappingElsewhere(instance.registry, id),
		headersOf: (model) => headersOf(instance.registry, model),
		notice: (text) => show(instance, text, "info"),
		leased: () => void glance(instance).catch(() => {}),
		countdown: (text, until) => countdown(instance, text, until),
		failed: (error) => sayOnce(instance, "warning", `pi-multi-auth stepped aside: ${textOf(error)}`),
		newStream: () => createAssistantMessageEventStream() as unknown as AnswerStream,
	};
}

function coreOf(instance: Instance, known: string[]): Promise<Core | undefined> {
	instance.core ??= (async () => {
		try {
			const core = await Core.load({
				module: join(instance.root, "core.wasm"),
				places: instance.places,
				piVersion: VERSION,
				notice: (notice) => show(instance, notice.text, notice.level),
				pi: piSide(instance),
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

/** What may stand at the end of a line that is being typed; nothing while the core is not there. */
async function completions(instance: Instance, prefix: string) {
	try {
		const core = instance.rival ? undefined : await coreOf(instance, []);
		const turn = await core?.ask({ command: { text: "", words: ["complete", prefix], mode: "tui" } });
		return turn?.view ? offered(prefix, turn.view) : null;
	} catch {
		return null;
	}
}

async function command(instance: Instance, args: string, ctx: ExtensionContext): Promise<void> {
	const give = (text: string, failed: boolean) =>
		answer(text, failed, ctx.mode, (said, type) => ctx.ui.notify(said, type));
	try {
		remember(instance, ctx);
		if (instance.rival) return give(instance.rival, true);
		const core = await coreOf(instance, []);
		if (!core) return give("pi-multi-auth is not active, so there is nothing to show.", true);
		await core.catchUp();
		if (ctx.mode === "tui" && args.trim() === "") return await openManager(ctx, tellerOf(instance, core, ctx));
		const view = await stoppable(ctx, (watch) => perform(core, args, ctx, watch));
		if (view) give(view.json === "" ? draw(view, roomOf(ctx.mode, process.stdout.columns)) : view.json, view.failed);
	} catch (error) {
		give(`pi-multi-auth could not answer: ${textOf(error)}`, true);
	} finally {
		await guard(instance, () => showModels(instance, ctx));
	}
}

/** How often an open screen looks for what has changed, in milliseconds. */
const watching = 1000;

function listed({ ready }: Core): string {
	return `${ready.providers} ${ready.hidden}`;
}

/**
 * What a command changed is seen at once: a provider's first account makes its models appear, those that Pi has only through us too; its
 * last one takes them away.
 */
async function showModels(instance: Instance, ctx: ExtensionContext): Promise<void> {
	const core = instance.loaded;
	if (!core || !newest) return;
	const fetched = await fetchOwn(newest, instance, core);
	if (fetched || listed(core) !== instance.met) await meet(newest, instance, ctx, true);
	await glance(instance);
}

function tellerOf(instance: Instance, core: Core, ctx: ExtensionContext): Teller {
	return {
		async show(query) {
			const { screen } = await core.ask({ show: query });
			if (!screen) throw new Error("the core has nothing to show");
			return screen;
		},
		async command(words, watch) {
			const view = await perform(core, words, ctx, watch);
			if (!view) throw new Error("the core did not answer");
			void guard(instance, () => showModels(instance, ctx));
			return view;
		},
		changed(heard) {
			// Figures arrive and times pass in this process too, so it looks whether others changed something or not.
			const timer = setInterval(() => void core.catchUp().then(heard, heard), watching);
			return () => clearInterval(timer);
		},
	};
}

async function guard(instance: Instance, run: () => Promise<unknown>): Promise<void> {
	try {
		await run();
	} catch (error) {
		sayOnce(instance, "warning", `pi-multi-auth: ${textOf(error)}`);
	}
}

function tooOld(version: string): boolean {
	const [major = 0, minor = 0] = version.split(".").map(Number);
	const [needMajor = 0, needMinor = 0] = oldestPi;
	return major < needMajor || (major === needMajor && minor < needMinor);
}
