import type { Lease } from "./abi.ts";
import { authOf, placeholder, plainContext, type Remembered } from "./members.ts";
import type { AuthResult, Model, Provider, StreamOptions } from "./pi.ts";
import { type Runtime, rotate } from "./stream.ts";

/** Marks a provider that is wrapped already; the value is what it wraps. */
export const wrapped = Symbol.for("pi-multi-auth.wrapped");

/** What a wrapper asks about the stored entry of its provider. */
export interface Stored {
	/** Whether a key that Pi resolved is the one auth.json holds for the provider. */
	isStored(provider: string, key: string | undefined): Promise<boolean>;
	/** Whether the core has an account of the provider. */
	hasAccounts(provider: string): boolean;
	/** The account that a request would be given now, without making one; undefined when nobody is ready. */
	preferred(provider: string): Promise<Lease | undefined>;
}

/**
 * Wraps an effective provider: everything is the provider's own, but requests rotate over its accounts, and a provider whose accounts
 * Pi cannot see counts as configured.
 */
export function wrap(provider: Provider, runtime: Runtime, stored: Stored): Provider {
	const remembered: Remembered = { ctx: plainContext, last: undefined, ambient: new Map(), explicit: undefined };
	const auth = wrapAuth(provider, remembered, stored);
	const own: Record<string | symbol, unknown> = {
		[wrapped]: provider,
		auth,
		stream: (model: Model, context: unknown, options?: StreamOptions) =>
			rotate(runtime, provider, remembered, "stream", model, context, options),
		streamSimple: (model: Model, context: unknown, options?: StreamOptions) =>
			rotate(runtime, provider, remembered, "streamSimple", model, context, options),
	};
	return new Proxy(provider, {
		get: (target, key) => {
			if (key in own) return own[key];
			const value = Reflect.get(target, key, target);
			return typeof value === "function" ? value.bind(target) : value;
		},
		has: (target, key) => key in own || key in target,
	});
}

function wrapAuth(provider: Provider, remembered: Remembered, stored: Stored): Provider["auth"] {
	const auth = { ...provider.auth };
	const apiKey = provider.auth.apiKey;
	const oauth = provider.auth.oauth;
	// Whoever asks Pi for the provider's key gets one that can be sent; the stand-in only says that there is one when nobody is ready.
	const standIn = async (signal: AbortSignal): Promise<AuthResult | undefined> => {
		if (!stored.hasAccounts(provider.id)) return undefined;
		const lease = await stored.preferred(provider.id);
		if (lease?.source !== "stored") return { auth: { apiKey: placeholder }, source: "pi-multi-auth" };
		const { env, ...found } = await authOf(provider, lease, remembered, signal);
		return { auth: found, env, source: `pi-multi-auth: ${lease.label}` };
	};
	auth.apiKey = {
		name: "API key",
		...apiKey,
		check: async (input) => {
			const found = apiKey?.check ? await apiKey.check(input) : await apiKey?.resolve(input);
			if (found)
				return "auth" in found ? { type: "api_key", ...(found.source ? { source: found.source } : {}) } : found;
			return !input.credential && stored.hasAccounts(provider.id)
				? { type: "api_key", source: "pi-multi-auth" }
				: undefined;
		},
		resolve: async (input) => {
			remembered.ctx = input.ctx;
			remembered.explicit = undefined;
			remembered.last = undefined;
			if (input.credential?.key === placeholder) return standIn(input.signal);
			const found = await apiKey?.resolve(input);
			if (found && input.credential && !(await stored.isStored(provider.id, input.credential.key)))
				remembered.explicit = found.auth.apiKey;
			remembered.last = found ?? (input.credential ? undefined : await standIn(input.signal));
			return remembered.last;
		},
	};
	if (oauth) {
		auth.oauth = {
			...oauth,
			refresh: async (credential, signal) => {
				try {
					return await oauth.refresh(credential, signal);
				} catch (error) {
					// With a second account at hand a dead login is no reason to fail: it is skipped like any other.
					if (stored.hasAccounts(provider.id)) return credential;
					throw error;
				}
			},
			toAuth: async (credential) => {
				const found = await oauth.toAuth(credential);
				remembered.explicit = undefined;
				remembered.last = { auth: found };
				return found;
			},
		};
	}
	return auth;
}
