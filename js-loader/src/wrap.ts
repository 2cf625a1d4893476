import type { Lease } from "./abi.ts";
import type { Runtime, Wrapping } from "./attempt.ts";
import { rotateCall } from "./call.ts";
import { authOf, placeholder, Resolutions } from "./members.ts";
import type { AuthContext, AuthResult, Model, Provider, StreamOptions } from "./pi.ts";
import { rotateStream } from "./stream.ts";

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
	/** The text of the provider's own entry in auth.json, "" when there is none. */
	entry?(provider: string): string;
	/** A login of Pi's own is about to write over that entry: what it was may be worth keeping. */
	replaced?(provider: string, entry: string, credential: unknown): Promise<void>;
}

/**
 * Wraps an effective provider: everything is the provider's own, but requests rotate over its accounts, and a provider whose accounts
 * Pi cannot see counts as configured.
 */
export function wrap(provider: Provider, runtime: Runtime, stored: Stored): Provider {
	const wrapping: Wrapping = { provider, resolutions: new Resolutions() };
	const own: Record<string | symbol, unknown> = {
		[wrapped]: wrapping,
		auth: wrapAuth(wrapping, stored),
	};
	for (const method of ["stream", "streamSimple"] as const)
		own[method] = (model: Model, context: unknown, options?: StreamOptions) =>
			rotateStream(runtime, wrapping, method, model, context, options);
	// Pi tells by the method's presence whether a provider can do it.
	for (const operation of ["generateImages", "classify"] as const)
		if (provider[operation])
			own[operation] = (model: Model, context: unknown, options?: StreamOptions) =>
				rotateCall(runtime, wrapping, operation, model, context, options);
	return new Proxy(provider, {
		get: (target, key) => {
			if (key in own) return own[key];
			const value = Reflect.get(target, key, target);
			return typeof value === "function" ? value.bind(target) : value;
		},
		has: (target, key) => key in own || key in target,
	});
}

function wrapAuth({ provider, resolutions }: Wrapping, stored: Stored): Provider["auth"] {
	const auth = { ...provider.auth };
	const apiKey = provider.auth.apiKey;
	const oauth = provider.auth.oauth;
	// Whoever asks Pi for the provider's key gets one that can be sent; the stand-in only says that there is one when nobody is ready.
	const standIn = async (ctx: AuthContext, signal: AbortSignal): Promise<AuthResult | undefined> => {
		if (!stored.hasAccounts(provider.id)) return undefined;
		const lease = await stored.preferred(provider.id);
		if (lease?.source !== "stored") return { auth: { apiKey: placeholder }, source: "pi-multi-auth" };
		try {
			const { env, ...found } = await authOf(provider, lease, ctx, signal);
			return { auth: found, env, source: `pi-multi-auth: ${lease.label}` };
		} catch {
			// The request itself finds out and says what is wrong with the entry.
			return { auth: { apiKey: placeholder }, source: "pi-multi-auth" };
		}
	};
	auth.apiKey = {
		name: "API key",
		...apiKey,
		check: async (input) => {
			const found = apiKey?.check ? await apiKey.check(input) : await apiKey?.resolve(input);
			if (found)
				return "auth" in found ? { type: "api_key", ...(found.source ? { source: found.source } : {}) } : found;
			// An entry that gives no key, such as a variable that is not set, leaves the others.
			return !input.credential?.key && stored.hasAccounts(provider.id)
				? { type: "api_key", source: "pi-multi-auth" }
				: undefined;
		},
		resolve: async (input) => {
			const { ctx, credential, signal } = input;
			if (credential?.key === placeholder) return standIn(ctx, signal);
			const given = credential?.key;
			let found = await apiKey?.resolve(input);
			// A provider that only logs in has no say about a key: it goes out as it was given.
			if (!apiKey && given !== undefined) found = { auth: { apiKey: given } };
			const explicit =
				found !== undefined &&
				credential !== undefined &&
				!(await stored.isStored(provider.id, given)) &&
				!(await isOwn(provider, input, given));
			if (!found && !given) found = await standIn(ctx, signal);
			if (found) resolutions.note({ ctx, found, given, explicit });
			return found;
		},
	};
	if (oauth) {
		const login = keepingLogin(
			provider,
			() => stored.entry?.(provider.id) ?? "",
			async (entry, credential) => stored.replaced?.(provider.id, entry, credential),
		);
		auth.oauth = {
			...oauth,
			...(login && { login }),
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
				resolutions.note({ ctx: undefined, found: { auth: found }, given: undefined, explicit: false });
				return found;
			},
		};
	}
	return auth;
}

/**
 * Whether a key is the one that a provider finds by itself. Pi puts models.json on top of a wrapper, so a key that stands there comes to
 * it like one that was given with the request.
 */
async function isOwn(
	{ auth }: Provider,
	{ ctx, signal }: { ctx: AuthContext; signal: AbortSignal },
	key: string | undefined,
): Promise<boolean> {
	try {
		return key !== undefined && (await auth.apiKey?.resolve({ ctx, signal }))?.auth.apiKey === key;
	} catch {
		return false;
	}
}

/** A provider's login as Pi's /login runs it: what it replaces is kept first. */
function keepingLogin(
	provider: Provider,
	before: () => string,
	keep: (replaced: string, credential: unknown) => Promise<void>,
): ((...args: unknown[]) => Promise<unknown>) | undefined {
	const login = provider.auth.oauth?.["login"] as ((...args: unknown[]) => Promise<unknown>) | undefined;
	if (!login) return undefined;
	return async (...args) => {
		const credential = await login.apply(provider.auth.oauth, args);
		// Pi writes when this returns. What stood there before the dialog may have been renewed while it was open.
		const replaced = before();
		// A login that succeeded must not fail because of what was there before.
		await keep(replaced, credential).catch(() => {});
		return credential;
	};
}
