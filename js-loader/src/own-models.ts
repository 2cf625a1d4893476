import { mkdirSync, renameSync, unlinkSync, writeFileSync } from "node:fs";
import { dirname } from "node:path";
import type { ExtensionAPI } from "@earendil-works/pi-coding-agent";
import { makeModels } from "./abi.ts";
import type { Core } from "./core.ts";
import type { Instance } from "./instance.ts";
import { placeholder } from "./members.ts";
import { isOffline } from "./offline.ts";
import { ownLogin } from "./own-login.ts";
import { whileHeld } from "./platform.ts";
import { readOr } from "./providers.ts";

/** How long a list counts as fresh, in milliseconds. */
const freshFor = 24 * 3_600_000;

/** A provider that Pi has only through us, as the core knows it. */
interface Own {
	id: string;
	name: string;
	api: string;
	baseUrl: string;
	/** It has a login of ours; `prefix` stands before its token in a request. */
	login: boolean;
	prefix: string;
	/** What the service requires of its clients. */
	headers: Record<string, string>;
	/** Whether there are accounts, and whether the service tells a list of its models. */
	accounts: boolean;
	list: boolean;
}

/** Such a provider with the list of its models as it was read last. */
interface Kept extends Own {
	/** When the list was read, in epoch milliseconds. */
	at: number;
	models: PiModels;
}

type Config = Exclude<Parameters<ExtensionAPI["registerProvider"]>[1], undefined>;
type PiModels = NonNullable<Config["models"]>;
type Ask = () => Promise<Core | undefined>;

/** The providers registered in this process, and whether with models. */
const registered = new Map<string, boolean>();

/** Registers what was kept, so that its models are there from Pi's start on. The module is not needed for it. */
export function registerKept(pi: ExtensionAPI, instance: Instance, coreOf: Ask): void {
	for (const kept of read(instance).values()) register(pi, instance, kept, coreOf);
}

/**
 * Brings the registered providers in line with the accounts there are: with one its models are there, without one the login alone.
 * Answers whether a list is missing.
 */
export async function alignOwn(pi: ExtensionAPI, instance: Instance, core: Core): Promise<boolean> {
	const coreOf = async () => core;
	const own = await ownOf(core);
	const kept = read(instance);
	for (const id of [...registered.keys()])
		if (!own.some((o) => o.id === id && (o.accounts || !registered.get(id)))) {
			registered.delete(id);
			pi.unregisterProvider(id);
		}
	for (const o of own) {
		const entry = o.accounts ? kept.get(o.id) : undefined;
		if (entry ? !registered.get(o.id) : o.login && !registered.has(o.id)) register(pi, instance, entry ?? o, coreOf);
	}
	const gone = [...kept.keys()].filter((id) => !own.some((o) => o.id === id && o.accounts));
	if (gone.length > 0) write(instance, (all) => gone.map((id) => all.delete(id)));
	return own.some((o) => o.accounts && o.list && !kept.has(o.id));
}

/** Asks for the lists that were never read, where the network may be used. Answers whether there are new ones. */
export async function fetchOwn(pi: ExtensionAPI, instance: Instance, core: Core): Promise<boolean> {
	if (!(await alignOwn(pi, instance, core)) || isOffline()) return false;
	const kept = read(instance);
	const missing = (await ownOf(core)).filter((o) => o.accounts && o.list && !kept.has(o.id));
	const found = await Promise.all(missing.map((own) => renew(instance, core, own)));
	await alignOwn(pi, instance, core);
	return found.some((list) => list !== undefined);
}

async function ownOf(core: Core): Promise<Own[]> {
	const { view } = await core.ask({ models: makeModels({}) });
	return JSON.parse(view?.json || "[]") as Own[];
}

function register(pi: ExtensionAPI, instance: Instance, own: Own | Kept, coreOf: Ask): void {
	const { id, name, api, baseUrl, headers } = own;
	const config: Config = { name, api: api as NonNullable<Config["api"]>, baseUrl, headers };
	if (own.login) config.oauth = ownLogin(id, name, own.prefix, coreOf);
	if ("models" in own) {
		config.apiKey = placeholder;
		config.models = own.models;
		config.refreshModels = async ({ allowNetwork, force }) => {
			const now = read(instance).get(id) ?? own;
			if (!allowNetwork || isOffline() || (!force && Date.now() - now.at < freshFor)) return now.models;
			const core = await coreOf();
			return (core && (await renew(instance, core, own))) ?? now.models;
		};
	}
	pi.registerProvider(id, config);
	registered.set(id, "models" in own);
}

/** Reads a list anew and keeps it; undefined where the service does not tell one. */
async function renew(instance: Instance, core: Core, own: Own): Promise<PiModels | undefined> {
	const { view } = await core.ask({ models: makeModels({ provider: own.id }) });
	if (!view || view.failed || view.json === "") return undefined;
	const models = JSON.parse(view.json) as PiModels;
	write(instance, (all) => all.set(own.id, { ...own, at: Date.now(), models }));
	return models;
}

/** What is kept, read totally: a list can be asked for again at any time. */
function read(instance: Instance): Map<string, Kept> {
	const out = new Map<string, Kept>();
	try {
		for (const [id, kept] of Object.entries(
			JSON.parse(readOr(instance.places.files.catalogue)) as Record<string, Kept>,
		)) {
			const whole = [kept.id, kept.name, kept.api, kept.baseUrl].every(
				(text) => typeof text === "string" && text !== "",
			);
			const words = typeof kept.prefix === "string" && typeof kept.headers === "object" && kept.headers !== null;
			if (whole && words && kept.id === id && Array.isArray(kept.models) && kept.models.every(isModel))
				out.set(id, kept);
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
		whileHeld(() => renameSync(temp, file));
	} catch {
		// Lists are asked for again where they cannot be kept.
		try {
			unlinkSync(temp);
		} catch {
			// It was never made.
		}
	}
}
