import { type Answer, type AskPi, makeAnswer } from "../abi.ts";
import { escapeConfigValue, isQuiet, resolveConfigValue } from "../config-value.ts";
import { placeholder, plainContext } from "../members.ts";
import type { ApiKeyCredential, Credential, Provider } from "../pi.ts";
import { Canceled, type Person } from "./person.ts";

/** What the core may ask of Pi's own code. */
export interface PiSide {
	/** A provider as Pi has it without this extension around it; undefined when it has none of that id, or no session exists yet. */
	provider(id: string): Provider | undefined;
	/** Makes Pi renew its own entry of a provider where that is due. */
	renewOwn(id: string): Promise<void>;
}

/** How long a provider's own renewal may take: longer than its own limits, so that a token is not given up while it is on its way. */
const renewalTimeout = 20_000;

/** Performs what only Pi's own code can: its providers' logins and renewals. */
export async function performPi(ask: AskPi, pi: PiSide, person: () => Person, deviceId: () => string): Promise<Answer> {
	if (ask.op === "own") {
		await pi.renewOwn(ask.provider);
		return makeAnswer();
	}
	const provider = pi.provider(ask.provider);
	if (ask.op === "resolve") return resolve(ask, provider);
	if (!provider) throw new Error(`Pi has no provider ${ask.provider} at the moment`);
	switch (ask.op) {
		case "refresh": {
			const oauth = provider.auth.oauth;
			if (!oauth) throw new Error(`this version of Pi has no login for ${ask.provider}`);
			const credential = JSON.parse(ask.credential) as Credential;
			const fresh = await oauth.refresh(credential, AbortSignal.timeout(renewalTimeout));
			return makeAnswer({ text: JSON.stringify(fresh) });
		}
		case "login":
			return makeAnswer({ text: JSON.stringify(await login(provider, deviceId, person())) });
		case "check": {
			const credential = JSON.parse(ask.credential) as Credential;
			const takes = credential.type === "oauth" ? provider.auth.oauth : provider.auth.apiKey;
			if (!takes) throw new Error(`this version of Pi takes no such credential for ${ask.provider}`);
			return makeAnswer({ text: "ok" });
		}
	}
	throw new Error(`Pi cannot ${ask.op}`);
}

/** How long a provider may look for the key that no file names. */
const lookTimeout = 10_000;

/** Finds the secret of a key, and where the provider's models are. A provider that Pi does not have has no key of its own and no models. */
async function resolve(ask: AskPi, provider: Provider | undefined): Promise<Answer> {
	const text = ask.credential === "" ? await ambientKey(provider) : await entryWithKey(ask);
	const origins = new Set<string>();
	for (const { baseUrl } of provider?.getModels() ?? []) {
		const origin = typeof baseUrl === "string" && URL.canParse(baseUrl) ? new URL(baseUrl).origin : "";
		// A place that a variable of the request fills in says nothing yet.
		if (origin !== "" && !origin.includes("{")) origins.add(origin);
	}
	return makeAnswer({ text, extra: [...origins].join("\n") });
}

async function entryWithKey({ credential, method }: AskPi): Promise<string> {
	const entry = JSON.parse(credential) as ApiKeyCredential;
	const { key } = entry;
	if (key === undefined || (method === "quiet" && !isQuiet(key))) return "";
	return JSON.stringify({ ...entry, key: escapeConfigValue(await resolveConfigValue(key, entry.env)) });
}

async function ambientKey(provider: Provider | undefined): Promise<string> {
	try {
		const found = await provider?.auth.apiKey?.resolve({
			ctx: plainContext(),
			signal: AbortSignal.timeout(lookTimeout),
		});
		const key = found?.auth.apiKey;
		return key && key !== placeholder ? JSON.stringify({ type: "api_key", key: escapeConfigValue(key) }) : "";
	} catch {
		// What a provider's code says of it may quote the key.
		return "";
	}
}

interface PiPrompt {
	type: "text" | "secret" | "select" | "manual_code";
	message: string;
	placeholder?: string;
	options?: readonly { id: string; label: string }[];
	signal?: AbortSignal;
}

type PiEvent = { type: string } & Record<string, unknown>;

/** Runs a provider's own login with Pi's interaction mapped to the person. */
async function login(provider: Provider, deviceId: () => string, person: Person): Promise<unknown> {
	const run = provider.auth.oauth?.["login"] as
		| ((interaction: unknown, options?: unknown) => Promise<unknown>)
		| undefined;
	if (!run) throw new Error(`this version of Pi has no login for ${provider.id}`);
	const interaction = {
		signal: person.signal,
		notify: (event: PiEvent) => {
			void tell(event, person).catch(() => {});
		},
		prompt: async (prompt: PiPrompt): Promise<string> => {
			if (prompt.type === "select") return person.choose(prompt.message, prompt.options ?? []);
			const text = await person.prompt(
				{
					title: prompt.message,
					text: prompt.placeholder ?? "",
					secret: prompt.type === "secret",
					beside: prompt.type === "manual_code",
				},
				prompt.signal,
			);
			return text;
		},
	};
	try {
		const credential = await run.call(provider.auth.oauth, interaction, { getDeviceId: deviceId });
		if (typeof credential !== "object" || credential === null) throw new Error("the login gave no credential");
		return { type: "oauth", ...credential };
	} catch (error) {
		if (person.signal.aborted) throw new Canceled();
		throw error;
	}
}

async function tell(event: PiEvent, person: Person): Promise<void> {
	switch (event.type) {
		case "auth_url":
			return person.open({ url: String(event["url"]), text: String(event["instructions"] ?? "") });
		case "device_code": {
			const seconds = Number(event["expiresInSeconds"] ?? 0);
			return person.device({
				url: String(event["verificationUri"]),
				code: String(event["userCode"]),
				expires: seconds > 0 ? Date.now() + seconds * 1000 : 0,
			});
		}
		default:
			return person.progress(String(event["message"] ?? ""));
	}
}
