import { readFileSync } from "node:fs";
import type { ExtensionAPI } from "@earendil-works/pi-coding-agent";
import type { Runtime, Wrapping } from "./attempt.ts";
import { resolveConfigValue } from "./config-value.ts";
import type { Registry } from "./instance.ts";
import { placeholder, Resolutions, swapHeaders } from "./members.ts";
import type { Model, Provider } from "./pi.ts";
import { type Stored, wrap, wrapped } from "./wrap.ts";

/** Puts a wrapper around an effective provider unless it has one. Answers whether Pi's view of its models has to be renewed. */
export function ensureWrapped(
	pi: ExtensionAPI,
	registry: Registry,
	id: string,
	runtime: Runtime,
	stored: Stored,
): boolean {
	if (wrappingOf(registry, id)) return false;
	takeBack(pi, registry, id);
	const effective = registry.getProvider(id) as unknown as Provider | undefined;
	if (!effective || effective[wrapped]) return false;
	register(pi, wrap(effective, runtime, stored));
	return true;
}

/** Gives a provider that is hidden by now back as it was. Answers whether it was wrapped. */
export function ensureBare(pi: ExtensionAPI, registry: Registry, id: string): boolean {
	const bare = wrappingOf(registry, id)?.provider;
	if (bare) register(pi, bare);
	return bare !== undefined;
}

/** Takes the stand-in of Pi's start back: with it, keys of the environment and of models.json would stay hidden. */
export function takeBack(pi: ExtensionAPI, registry: Registry, id: string): void {
	const config = registry.getRegisteredProviderConfig(id);
	if (config && Object.keys(config).length === 1 && config.apiKey === placeholder) pi.unregisterProvider(id);
}

function register(pi: ExtensionAPI, provider: Provider): void {
	pi.registerProvider(provider as unknown as Parameters<ExtensionAPI["registerProvider"]>[0] as never);
}

/** The ids of the providers Pi knows, those without a chat model included (Pi 0.99 and newer ask for models by their type). */
export function knownTo(registry: Registry): string[] {
	const typed = registry as Registry & { getModelsOfType?(type: string): readonly { provider: string }[] };
	const others = ["image", "classifier"].flatMap((type) => typed.getModelsOfType?.(type) ?? []);
	return [...new Set([...registry.getAll(), ...others].map((model) => model.provider as string))].sort();
}

/** What is below our wrapper of a provider. The effective provider may be composed of the wrapper and no longer show it. */
function wrappingOf(registry: Registry, id: string): Wrapping | undefined {
	const native = registry.getRegisteredNativeProvider(id) as unknown as Provider | undefined;
	return native?.[wrapped] as Wrapping | undefined;
}

/** Another provider, wrapped or not; undefined when Pi does not have it. */
export function wrappingElsewhere(registry: Registry | undefined, id: string): Wrapping | undefined {
	if (!registry) return undefined;
	const known = wrappingOf(registry, id);
	if (known) return known;
	const provider = registry.getProvider(id) as unknown as Provider | undefined;
	return provider && { provider, resolutions: new Resolutions() };
}

/** The headers that models.json sets for a model, those of Pi's own credential left out. */
export async function headersOf(registry: Registry | undefined, model: Model): Promise<Record<string, string | null>> {
	const all = await registry?.getApiKeyAndHeaders(model as never).catch(() => undefined);
	const auth = await registry?.getProviderAuth(model.provider).catch(() => undefined);
	return all?.ok ? swapHeaders(all.headers, auth?.auth.headers, {}) : {};
}

/** Whether a key that Pi resolved is that of the provider's entry in auth.json. */
export async function isStored(file: string, provider: string, key: string | undefined): Promise<boolean> {
	try {
		const entry = JSON.parse(readOr(file).replace(/^\ufeff/, ""))[provider];
		if (entry?.type !== "api_key") return false;
		if (entry.key === undefined || entry.key === key) return true;
		return (await resolveConfigValue(entry.key, entry.env)) === key;
	} catch {
		return false;
	}
}

/** A file's text, "" when it cannot be read. */
export function readOr(file: string): string {
	try {
		return readFileSync(file, "utf8");
	} catch {
		return "";
	}
}
