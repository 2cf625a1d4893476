import assert from "node:assert/strict";
import { test } from "node:test";
import type { Wrapping } from "../src/attempt.ts";
import { placeholder, plainContext, swapHeaders } from "../src/members.ts";
import type { ApiKeyCredential, AuthResult, Credential, Provider, StreamOptions } from "../src/pi.ts";
import { type Stored, wrap, wrapped } from "../src/wrap.ts";
import { eventsOf, Fake, fetchOf, lease, model, ScriptedCore, type Step, stage } from "./fake.ts";

const ctx = plainContext();
const signal = new AbortController().signal;
const fine: Step = { status: 200, text: ["ok"] };
const login: Credential = { type: "oauth", access: "x", refresh: "r", expires: 1 };

function stored(more: Partial<Stored> = {}): Stored {
	return {
		isStored: async (_provider, key) => key === "stored",
		hasAccounts: () => true,
		preferred: async () => undefined,
		...more,
	};
}

function resolve(provider: Provider, credential?: ApiKeyCredential): Promise<AuthResult | undefined> {
	return provider.auth.apiKey?.resolve({ ctx, credential, signal }) ?? Promise.resolve(undefined);
}

const key = (text: string): ApiKeyCredential => ({ type: "api_key", key: text });

test("two requests at once, one with a key of its own, keep their keys apart", async () => {
	const core = new ScriptedCore();
	const fake = new Fake([fine]);
	const provider = wrap(fake.provider, stage(core), stored());
	await Promise.all([resolve(provider, key("given")), resolve(provider, key("stored"))]);
	await eventsOf(provider.streamSimple(model, {}, { apiKey: "given" }));
	await eventsOf(provider.streamSimple(model, {}, { apiKey: "stored" }));
	await eventsOf(provider.streamSimple(model, {}, { apiKey: "given" }));
	assert.deepEqual(
		core.acquired.map(({ members }) => members.map(({ source }) => source)),
		[["explicit"], [], ["explicit"]],
	);
});

test("what Pi resolved for a request is taken out of it, whatever was resolved since", async () => {
	// A provider whose login is a header, and whose accounts have variables and a host of their own.
	const auth = (name: string) => ({
		headers: { Authorization: name, [`x-${name}`]: "1" },
		baseUrl: `https://${name}.example`,
	});
	const fake = new Fake([fine], {
		auth: {
			oauth: {
				name: "login",
				refresh: async (credential) => credential,
				toAuth: async (credential) => auth(String((credential as Record<string, unknown>)["access"])),
			},
		},
	});
	const credential = JSON.stringify({ ...login, access: "other" });
	const provider = wrap(fake.provider, stage(new ScriptedCore(lease("x", { credential }))), stored());
	await provider.auth.oauth?.toAuth({ ...login, access: "pi" });
	await provider.auth.oauth?.toAuth({ ...login, access: "later" });
	const options: StreamOptions = {
		headers: { authorization: "pi", "x-pi": "1", "x-mine": "1" },
		fetch: fetchOf([fine]),
	};
	await eventsOf(provider.streamSimple({ ...model, baseUrl: "https://pi.example" }, {}, options));
	assert.deepEqual(fake.asked[0]?.options.headers, { "x-mine": "1", Authorization: "other", "x-other": "1" });
	assert.equal(fake.asked[0]?.model.baseUrl, "https://other.example");
	assert.equal(fake.asked[0]?.options.apiKey, undefined);
});

test("an account without a host of its own goes to the catalogue's, not to the last account's", async () => {
	const fake = new Fake([fine]);
	const key = fake.provider.auth.apiKey as NonNullable<Provider["auth"]["apiKey"]>;
	key.resolve = async ({ credential }) => ({
		auth: { apiKey: credential?.key, ...(credential?.key === "pi" ? { baseUrl: "https://pi.example" } : {}) },
		env: { [`OF_${credential?.key}`]: "1" },
	});
	const provider = wrap(fake.provider, stage(new ScriptedCore(lease("b"))), stored());
	await resolve(provider, { type: "api_key", key: "pi" });
	const options = { apiKey: "pi", env: { OF_pi: "1", MINE: "1" }, fetch: fetchOf([fine]) };
	await eventsOf(provider.streamSimple({ ...model, baseUrl: "https://pi.example" }, {}, options));
	assert.equal(fake.asked[0]?.model.baseUrl, "https://catalogue.example");
	assert.deepEqual(fake.asked[0]?.options.env, { MINE: "1", OF_b: "1" });
});

test("the key of the environment is an account, and resolving it is done once", async () => {
	let resolved = 0;
	const fake = new Fake([fine]);
	fake.provider.auth.apiKey = {
		name: "key",
		check: async ({ credential }) => (credential ? undefined : { type: "api_key", source: "DEMO_KEY" }),
		resolve: async ({ credential }) => {
			if (!credential) resolved++;
			return { auth: { apiKey: credential?.key ?? "ambient" } };
		},
	};
	const core = new ScriptedCore();
	const provider = wrap(fake.provider, stage(core), stored());
	for (let i = 0; i < 3; i++) await eventsOf(provider.streamSimple(model, {}, {}));
	assert.equal(core.acquired[2]?.members[0]?.source, "ambient");
	assert.equal(core.acquired[2]?.members[0]?.label, "DEMO_KEY");
	assert.notEqual(core.acquired[2]?.members[0]?.mark, 0);
	assert.equal(resolved, 1);
});

test("a key of models.json, which Pi resolves before it asks the wrapper, is the provider's own and not one that was given", async () => {
	const fake = new Fake([fine]);
	fake.provider.auth.apiKey = {
		name: "key",
		resolve: async ({ credential }) => ({ auth: { apiKey: credential?.key ?? "configured" } }),
	};
	const core = new ScriptedCore();
	const provider = wrap(fake.provider, stage(core), stored());
	for (const given of ["configured", "given"]) {
		await resolve(provider, key(given));
		await eventsOf(provider.streamSimple(model, {}, { apiKey: given }));
	}
	assert.deepEqual(
		core.acquired.map(({ members }) => members.map(({ source }) => source)),
		[["ambient"], ["explicit", "ambient"]],
	);
});

test("a provider whose accounts Pi cannot see counts as configured, and one without accounts does not", async () => {
	const input = { ctx, signal };
	const seen = wrap(new Fake([fine]).provider, stage(undefined), stored());
	assert.deepEqual(await seen.auth.apiKey?.check?.(input), { type: "api_key", source: "pi-multi-auth" });
	const none = wrap(new Fake([fine]).provider, stage(undefined), stored({ hasAccounts: () => false }));
	assert.equal(await none.auth.apiKey?.check?.(input), undefined);
	assert.equal(await resolve(none), undefined);
});

test("whoever asks for the key gets one that can be sent, or the stand-in when none is ready", async () => {
	const { provider } = new Fake([fine]);
	const ready = wrap(provider, stage(undefined), stored({ preferred: async () => lease("b") }));
	assert.equal((await resolve(ready))?.auth.apiKey, "b");
	assert.equal((await resolve(ready, key(placeholder)))?.auth.apiKey, "b");
	assert.equal((await resolve(wrap(provider, stage(undefined), stored())))?.auth.apiKey, placeholder);
	const broken = stored({ preferred: async () => lease("$PI_MULTI_AUTH_NO_SUCH_VARIABLE") });
	assert.equal((await resolve(wrap(provider, stage(undefined), broken)))?.auth.apiKey, placeholder);
});

test("a key given to a provider that only logs in goes out as it was given", async () => {
	const fake = new Fake([fine], {
		auth: { oauth: { name: "login", refresh: async (c) => c, toAuth: async () => ({ apiKey: "token" }) } },
	});
	const core = new ScriptedCore(lease("x", { source: "explicit" }));
	const provider = wrap(fake.provider, stage(core), stored());
	assert.equal((await resolve(provider, key("given")))?.auth.apiKey, "given");
	await eventsOf(provider.streamSimple(model, {}, { apiKey: "given", fetch: fetchOf([fine]) }));
	assert.equal(core.acquired[0]?.members[0]?.source, "explicit");
	assert.deepEqual(fake.keys, ["given"]);
});

test("a login that cannot be refreshed is no failure while there are accounts", async () => {
	const { provider } = new Fake([fine], {
		auth: {
			oauth: {
				name: "login",
				refresh: () => Promise.reject(new Error("dead")),
				toAuth: async () => ({}),
			},
		},
	});
	assert.equal(await wrap(provider, stage(undefined), stored()).auth.oauth?.refresh(login, signal), login);
	const alone = wrap(provider, stage(undefined), stored({ hasAccounts: () => false }));
	await assert.rejects(alone.auth.oauth?.refresh(login, signal) ?? Promise.resolve(), /dead/);
});

test("everything else is the provider's own, and only what it can do is there", () => {
	const fake = new Fake([fine], { id: "demo", name: "Demo", classify: async () => ({ stopReason: "stop" }) });
	const provider = wrap(fake.provider, stage(undefined), stored());
	assert.equal(provider["name"], "Demo");
	assert.equal(provider.generateImages, undefined);
	assert.equal("generateImages" in provider, false);
	assert.equal(typeof provider.classify, "function");
	assert.equal((provider[wrapped] as Wrapping).provider, fake.provider);
	class Sealed {
		#secret = "s";
		look() {
			return this.#secret;
		}
	}
	const sealed = wrap(Object.assign(new Sealed(), fake.provider), stage(undefined), stored());
	assert.equal((sealed["look"] as () => string)(), "s", "a method keeps its this");
});

test("headers are swapped without regard to case", () => {
	for (const [request, out, into, want] of [
		[undefined, undefined, undefined, {}],
		[{ A: "1" }, { a: "x" }, undefined, {}],
		[{ A: "1", b: null }, {}, { a: "2" }, { b: null, a: "2" }],
		[
			{ "X-Api-Key": "old", other: "1" },
			{ "x-api-key": "old" },
			{ Authorization: "new" },
			{ other: "1", Authorization: "new" },
		],
	] as const)
		assert.deepEqual(swapHeaders(request, out, into), want);
});

test("what a login of Pi's writes over is kept as it stands when the dialog is over", async () => {
	let entry = '{"type":"oauth","refresh":"spent"}';
	const kept: string[] = [];
	const fake = new Fake([fine], {
		auth: {
			oauth: {
				name: "login",
				refresh: async (credential) => credential,
				toAuth: async () => ({}),
				login: async () => {
					// Another request renewed the entry while the person was on the page.
					entry = '{"type":"oauth","refresh":"present"}';
					return login;
				},
			},
		},
	});
	const keeps = stored({ entry: () => entry, replaced: async (_provider, was) => void kept.push(was) });
	const provider = wrap(fake.provider, stage(new ScriptedCore()), keeps);
	const run = provider.auth.oauth?.["login"] as () => Promise<unknown>;
	await run();
	assert.deepEqual(kept, ['{"type":"oauth","refresh":"present"}']);
});
