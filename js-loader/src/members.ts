import { existsSync } from "node:fs";
import { homedir } from "node:os";
import type { Lease, Member } from "./abi.ts";
import { resolveConfigValue } from "./config-value.ts";
import type {
	ApiKeyCredential,
	AuthContext,
	AuthResult,
	Credential,
	ModelAuth,
	Provider,
	StreamOptions,
} from "./pi.ts";

/** The key that stands for "the extension has one": recognised before anything is sent, and never sent. */
export const placeholder = "pi-multi-auth-has-the-key";

/** What Pi resolved for a request it is about to make. */
export interface Resolution {
	/** Pi's view of the environment at that moment; a login has none. */
	ctx: AuthContext | undefined;
	/** The auth of the request, to take out of it again. */
	found: AuthResult;
	/** The key it was resolved from. */
	given: string | undefined;
	/** Whether that key came with the request or on the command line. */
	explicit: boolean;
}

const resolutionsKept = 32;

/**
 * What Pi resolved of one provider. Requests overlap and may be given different keys, so each finds its own by what it was given, and not
 * the last one.
 */
export class Resolutions {
	#kept: Resolution[] = [];
	/** The mark of the key of the environment, by where it comes from: resolving may run a command, so it is done once. */
	readonly ambient = new Map<string, number>();

	note(resolution: Resolution): void {
		const same = this.#kept.findIndex((kept) => kept.given === resolution.given && sameAuth(kept, resolution));
		if (same >= 0) this.#kept.splice(same, 1);
		this.#kept.push(resolution);
		if (this.#kept.length > resolutionsKept) this.#kept.shift();
	}

	/** The resolution a request was made with, undefined for one that Pi did not resolve. */
	of(options: StreamOptions): Resolution | undefined {
		const key = options.apiKey;
		return this.#kept.findLast(({ found, given }) =>
			key === undefined
				? found.auth.apiKey === undefined && carries(options.headers, found.auth.headers)
				: found.auth.apiKey === key || given === key,
		);
	}
}

function sameAuth(a: Resolution, b: Resolution): boolean {
	return JSON.stringify(a.found.auth) === JSON.stringify(b.found.auth);
}

function carries(headers: StreamOptions["headers"], needed: ModelAuth["headers"]): boolean {
	const all = new Map(Object.entries(headers ?? {}).map(([name, value]) => [name.toLowerCase(), value]));
	return Object.entries(needed ?? {}).every(([name, value]) => all.get(name.toLowerCase()) === value);
}

/** Pi's way to look at the environment and the disk, with the variables of a request before those of the process. */
export function plainContext(env: Record<string, string> = {}): AuthContext {
	return {
		env: async (name) => env[name] || process.env[name],
		fileExists: async (path) => existsSync(path.startsWith("~") ? homedir() + path.slice(1) : path),
	};
}

/** What an attempt is sent with. */
export interface MemberAuth extends ModelAuth {
	env?: Record<string, string> | undefined;
}

/** The accounts that Pi resolves by itself and no file names. `known` says whether the core has accounts of the provider. */
export async function membersOf(
	provider: Provider,
	resolutions: Resolutions,
	options: StreamOptions,
	known: boolean,
	signal: AbortSignal,
): Promise<Member[]> {
	const resolution = resolutions.of(options);
	const ambient = await ambientOf(provider, resolutions, resolution?.ctx ?? plainContext(options.env), signal);
	const mark = markOf(options.apiKey ?? "");
	const given: Member = { source: "explicit", label: "the key given with the request", mark };
	if (resolution?.explicit) return ambient ? [given, ambient] : [given];
	if (ambient) return [ambient];
	// An entry that the core cannot keep, of a provider with an odd name for one, serves as it would without us.
	const found = resolution && resolution.found.auth.apiKey !== placeholder;
	return found && !known ? [{ ...given, label: "what Pi found" }] : [];
}

async function ambientOf(
	provider: Provider,
	resolutions: Resolutions,
	ctx: AuthContext,
	signal: AbortSignal,
): Promise<Member | undefined> {
	const auth = provider.auth.apiKey;
	if (!auth) return undefined;
	try {
		// A check has no side effects; without one, resolving is as cheap.
		const check = await auth.check?.({ ctx, signal });
		if (auth.check && !check) return undefined;
		const known = check && resolutions.ambient.get(check.source ?? "");
		if (known !== undefined) return { source: "ambient", label: check?.source ?? "environment", mark: known };
		const found = await auth.resolve({ ctx, signal });
		if (!found || found.auth.apiKey === placeholder) return undefined;
		const mark = markOf(found.auth.apiKey ?? "");
		if (check) resolutions.ambient.set(check.source ?? "", mark);
		return { source: "ambient", label: check?.source ?? found.source ?? "environment", mark };
	} catch {
		return undefined;
	}
}

/** Turns a lease into what its attempt is sent with. Throws with a plain sentence when the credential cannot be used. */
export async function authOf(
	provider: Provider,
	lease: Lease,
	ctx: AuthContext,
	signal: AbortSignal,
): Promise<MemberAuth> {
	if (lease.source === "ambient") {
		const found = await provider.auth.apiKey?.resolve({ ctx, signal });
		if (!found) throw new Error("the key of the environment is gone");
		return { ...found.auth, env: found.env };
	}
	const credential = JSON.parse(lease.credential) as Credential;
	if (credential.type === "oauth") {
		if (!provider.auth.oauth) throw new Error("this version of Pi has no login for the provider");
		return provider.auth.oauth.toAuth(credential);
	}
	if (!provider.auth.apiKey) throw new Error("this version of Pi takes no keys for the provider");
	const resolved: ApiKeyCredential = { ...credential };
	if (credential.key !== undefined) resolved.key = await resolveConfigValue(credential.key, credential.env);
	const found = await provider.auth.apiKey.resolve({ ctx, credential: resolved, signal });
	if (!found) throw new Error("the provider does not accept the entry");
	// Some of Pi's providers leave out what else the entry says, e.g. Vertex the project and location of a key.
	return { ...found.auth, env: credential.env ? { ...credential.env, ...found.env } : found.env };
}

/** Tells one key from another without keeping it: 32 bits of FNV-1a, as core.Secret.Mark. */
export function markOf(text: string): number {
	if (text === "") return 0;
	let h = 2166136261;
	for (const byte of Buffer.from(text)) h = Math.imul(h ^ byte, 16777619) >>> 0;
	return h;
}

/** Request headers without those of one auth and with those of another; names are compared without case. */
export function swapHeaders(
	request: Record<string, string | null> | undefined,
	out: Record<string, string | null> | undefined,
	into: Record<string, string | null> | undefined,
): Record<string, string | null> {
	const drop = new Set([...Object.keys(out ?? {}), ...Object.keys(into ?? {})].map((name) => name.toLowerCase()));
	const headers: Record<string, string | null> = {};
	for (const [name, value] of Object.entries(request ?? {})) if (!drop.has(name.toLowerCase())) headers[name] = value;
	return { ...headers, ...into };
}
