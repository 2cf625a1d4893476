import { existsSync } from "node:fs";
import { homedir } from "node:os";
import type { Lease, Member } from "./abi.ts";
import { resolveConfigValue } from "./config-value.ts";
import type { ApiKeyCredential, AuthContext, AuthResult, Credential, ModelAuth, Provider } from "./pi.ts";

/** The key that stands for "the extension has one": recognised before anything is sent, and never sent. */
export const placeholder = "pi-multi-auth-has-the-key";

/** What Pi's own resolution gave last, told apart by where it came from. */
export interface Remembered {
	ctx: AuthContext;
	/** The auth of the request Pi is about to make, to take out of it again. */
	last: AuthResult | undefined;
	/** The mark of the key of the environment, by where it comes from: resolving may run a command, so it is done once. */
	ambient: Map<string, number>;
	/** A key Pi was given with the request or on the command line. */
	explicit: string | undefined;
}

/** Pi's way to look at the environment and the disk. */
export const plainContext: AuthContext = {
	env: async (name) => process.env[name],
	fileExists: async (path) => existsSync(path.startsWith("~") ? homedir() + path.slice(1) : path),
};

/** What an attempt is sent with. */
export interface MemberAuth extends ModelAuth {
	env?: Record<string, string> | undefined;
}

/** The accounts that Pi resolves by itself and no file names. */
export async function membersOf(
	provider: Provider,
	remembered: Remembered,
	apiKey: string | undefined,
	signal: AbortSignal,
): Promise<Member[]> {
	const members: Member[] = [];
	if (remembered.explicit !== undefined && apiKey === remembered.explicit)
		members.push({ source: "explicit", label: "the key given with the request", mark: markOf(apiKey) });
	const ambient = await ambientOf(provider, remembered, signal);
	if (ambient) members.push(ambient);
	return members;
}

async function ambientOf(provider: Provider, remembered: Remembered, signal: AbortSignal): Promise<Member | undefined> {
	const auth = provider.auth.apiKey;
	if (!auth) return undefined;
	const ctx = remembered.ctx;
	try {
		// A check has no side effects; without one, resolving is as cheap.
		const check = await auth.check?.({ ctx, signal });
		if (auth.check && !check) return undefined;
		const known = check && remembered.ambient.get(check.source ?? "");
		if (known !== undefined) return { source: "ambient", label: check?.source ?? "environment", mark: known };
		const found = await auth.resolve({ ctx, signal });
		if (!found || found.auth.apiKey === placeholder) return undefined;
		const mark = markOf(found.auth.apiKey ?? "");
		if (check) remembered.ambient.set(check.source ?? "", mark);
		return { source: "ambient", label: check?.source ?? found.source ?? "environment", mark };
	} catch {
		return undefined;
	}
}

/** Turns a lease into what its attempt is sent with. Throws with a plain sentence when the credential cannot be used. */
export async function authOf(
	provider: Provider,
	lease: Lease,
	remembered: Remembered,
	signal: AbortSignal,
): Promise<MemberAuth> {
	if (lease.source === "ambient") {
		const found = await provider.auth.apiKey?.resolve({ ctx: remembered.ctx, signal });
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
	const found = await provider.auth.apiKey.resolve({ ctx: remembered.ctx, credential: resolved, signal });
	if (!found) throw new Error("the provider does not accept the entry");
	return { ...found.auth, env: found.env };
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
