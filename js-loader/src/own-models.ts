import { mkdirSync, renameSync, unlinkSync, writeFileSync } from "node:fs";
import { dirname } from "node:path";
import type { ExtensionAPI } from "@earendil-works/pi-coding-agent";
import { makeModels, type OwnProvider } from "./abi.ts";
import type { Core } from "./core.ts";
import type { Instance } from "./instance.ts";
import { placeholder } from "./members.ts";
import { readOr } from "./providers.ts";

/** How long a list counts as fresh, in milliseconds. */
const freshFor = 24 * 3_600_000;

/** A provider that Pi has only through us, with the list of its models as it was read last. */
interface Kept {
	name: string;
	api: string;
	baseUrl: string;
	/** When the list was read, in epoch milliseconds. */
	at: number;
	models: PiModels;
}

type Config = Exclude<Parameters<ExtensionAPI["registerProvider"]>[1], undefined>;
type PiModels = NonNullable<Config["models"]>;

/** The providers registered in this process. */
const registered = new Set<string>();

/** Registers what was kept, so that its models are there from Pi's start on. The module is not needed for it. */
export function registerKept(pi: ExtensionAPI, instance: Instance, coreOf: () => Promise<Core | undefined>): void {
	for (const [id, kept] of read(instance)) register(pi, instance, id, kept, coreOf);
}

/** Brings the registered providers in line with the accounts there are: without one nothing of a provider stays. */
export function alignOwn(pi: ExtensionAPI, instance: Instance, core: Core): void {
	const own = new Set(core.ready.own.map(({ id }) => id));
	const kept = read(instance);
	for (const id of [...registered]) {
		if (own.has(id)) continue;
		registered.delete(id);
		pi.unregisterProvider(id);
	}
	for (const id of own) {
		const entry = kept.get(id);
		if (entry && !registered.has(id)) register(pi, instance, id, entry, async () => core);
	}
	const gone = [...kept.keys()].filter((id) => !own.has(id));
	if (gone.length > 0) write(instance, (all) => gone.map((id) => all.delete(id)));
}

/** Asks for the lists that were never read, where the network may be used. Answers whether there are new ones. */
export async function fetchOwn(pi: ExtensionAPI, instance: Instance, core: Core): Promise<boolean> {
	const kept = read(instance);
	const missing = core.ready.own.filter(({ id }) => !kept.has(id));
	if (missing.length === 0 || offline()) return false;
	const found = await Promise.all(missing.map((own) => renew(instance, core, own)));
	alignOwn(pi, instance, core);
	return found.some((list) => list !== undefined);
}

function register(
	pi: ExtensionAPI,
	instance: Instance,
	id: string,
	kept: Kept,
	coreOf: () => Promise<Core | undefined>,
): void {
	const { name, api, baseUrl, models } = kept;
	const config: Config = {
		name,
		api: api as NonNullable<Config["api"]>,
		baseUrl,
		apiKey: placeholder,
		models,
		refreshModels: async ({ allowNetwork, force }) => {
			const now = read(instance).get(id) ?? kept;
			if (!allowNetwork || offline() || (!force && Date.now() - now.at < freshFor)) return now.models;
			const core = await coreOf();
			const own = core?.ready.own.find((own) => own.id === id);
			return (core && own && (await renew(instance, core, own))) ?? now.models;
		},
	};
	pi.registerProvider(id, config);
	registered.add(id);
}

/** Reads a list anew and keeps it; undefined where the service does not tell one. */
async function renew(instance: Instance, core: Core, own: OwnProvider): Promise<PiModels | undefined> {
	const { view } = await core.ask({ models: makeModels({ provider: own.id }) });
	if (!view || view.failed || view.json === "") return undefined;
	const models = JSON.parse(view.json) as PiModels;
	const { name, api, baseURL: baseUrl } = own;
	write(instance, (all) => all.set(own.id, { name, api, baseUrl, at: Date.now(), models }));
	return models;
}

const offline = (): boolean => !["", "0", "false", "no"].includes((process.env["PI_OFFLINE"] ?? "").toLowerCase());

/** What is kept, read totally: a list can be asked for again at any time. */
function read(instance: Instance): Map<string, Kept> {
	const out = new Map<string, Kept>();
	try {
		for (const [id, kept] of Object.entries(
			JSON.parse(readOr(instance.places.files.catalogue)) as Record<string, Kept>,
		)) {
			const whole = [kept.name, kept.api, kept.baseUrl].every((text) => typeof text === "string" && text !== "");
			if (whole && Array.isArray(kept.models) && kept.models.every(isModel)) out.set(id, kept);
		}
	} catch {
		// There is none, or it is damaged: it is written anew.
	}
	return out;
}

const isModel = (model: unknown): boolean =>
	typeof model === "object" &&
	model !== null &&
	typeof (model as { id: unknown }).id === "string" &&
	typeof (model as { cost: unknown }).cost === "object" &&
	Array.isArray((model as { input: unknown }).input);

/** Of two processes that write at once the later one counts: both have asked the same service. */
function write(instance: Instance, change: (all: Map<string, Kept>) => unknown): void {
	const file = instance.places.files.catalogue;
	const all = read(instance);
	change(all);
	const temp = `${file}.${process.pid}.tmp`;
	try {
		mkdirSync(dirname(file), { recursive: true, mode: 0o700 });
		writeFileSync(temp, JSON.stringify(Object.fromEntries(all)), { flag: "wx", mode: 0o600 });
		renameSync(temp, file);
	} catch {
		// Lists are asked for again where they cannot be kept.
		try {
			unlinkSync(temp);
		} catch {
			// It was never made.
		}
	}
}
