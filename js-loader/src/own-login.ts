import type { ExtensionAPI } from "@earendil-works/pi-coding-agent";
import { makeLogin } from "./abi.ts";
import type { Core } from "./core.ts";
import { type LoginDialog, Person, type Surroundings } from "./perform/person.ts";

type Config = Exclude<Parameters<ExtensionAPI["registerProvider"]>[1], undefined>;
type OAuth = NonNullable<Config["oauth"]>;
type Callbacks = Parameters<OAuth["login"]>[0];
type Entry = Awaited<ReturnType<OAuth["login"]>>;

/** A login of ours as Pi's own /login and its renewals see it. The entry it gives is Pi's to keep; `prefix` stands before its token. */
export function ownLogin(id: string, name: string, prefix: string, coreOf: () => Promise<Core | undefined>): OAuth {
	const ask = async (credential: string, person?: Person): Promise<Entry> => {
		const core = await coreOf();
		if (!core) throw new Error("pi-multi-auth is not active");
		const { lease, view } = await core.ask(
			{ login: makeLogin({ provider: id, credential, entry: true, mode: "rpc" }) },
			person,
		);
		if (!lease) throw new Error(view?.title ?? "the login did not end");
		return JSON.parse(lease.credential) as Entry;
	};
	return {
		name,
		login: async (callbacks) => {
			const person = new Person(surroundings(callbacks), name);
			try {
				return await ask("", person);
			} finally {
				await person.close();
			}
		},
		refreshToken: (credentials) => ask(JSON.stringify({ type: "oauth", ...credentials })),
		getApiKey: ({ access }) => (access.startsWith(prefix) ? access : prefix + access),
	};
}

/** Pi shows pages, codes and prompts itself; its browser too. */
function surroundings(callbacks: Callbacks): Surroundings {
	const dialog: LoginDialog = {
		signal: callbacks.signal ?? new AbortController().signal,
		showAuth: (url, instructions) => callbacks.onAuth({ url, ...(instructions ? { instructions } : {}) }),
		showDeviceCode: (info) => callbacks.onDeviceCode(info),
		showManualInput: (message) => callbacks.onManualCodeInput?.() ?? callbacks.onPrompt({ message }),
		showPrompt: (message, placeholder) => callbacks.onPrompt({ message, ...(placeholder ? { placeholder } : {}) }),
		showWaiting: (message) => callbacks.onProgress?.(message),
		showProgress: (message) => callbacks.onProgress?.(message),
	};
	return {
		mode: "rpc",
		progress: (text) => text !== "" && callbacks.onProgress?.(text),
		notify: (text) => callbacks.onProgress?.(text),
		select: async (message, labels) =>
			callbacks.onSelect({ message, options: labels.map((label) => ({ id: label, label })) }),
		input: (message) => callbacks.onPrompt({ message }),
		dialog: async () => ({ dialog, close: () => {} }),
	};
}
