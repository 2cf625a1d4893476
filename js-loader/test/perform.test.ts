import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { mkdtempSync, readdirSync, readFileSync } from "node:fs";
import { createServer, type RequestListener } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import { gzipSync } from "node:zlib";
import { type Ask, type Fetch, makeAnswer } from "../src/abi.ts";
import { performAsk } from "../src/perform/ask.ts";
import { performCrypto } from "../src/perform/crypto.ts";
import { performFetch } from "../src/perform/fetch.ts";
import { Holds } from "../src/perform/hold.ts";
import { performInput } from "../src/perform/input.ts";
import { Person, type Surroundings } from "../src/perform/person.ts";
import type { Provider } from "../src/pi.ts";
import { collect } from "./collect.ts";
import { assertMode } from "./disk.ts";

const folder = () => mkdtempSync(join(tmpdir(), "pi-multi-auth-"));
const never = new AbortController().signal;

test("a hold is one process's and, within it, one question's at a time, in their order", async () => {
	const dir = folder();
	const [a, b] = [new Holds(dir), new Holds(dir)];
	const order: string[] = [];
	const first = await a.take("x/y");
	const waits = [
		a.take("x/y").then((leave) => {
			order.push("second");
			leave?.();
		}),
		a.take("x/y").then((leave) => {
			order.push("third");
			leave?.();
		}),
	];
	const other = b.take("x/y").then((leave) => {
		order.push("other");
		leave?.();
	});
	(await a.take("another"))?.();
	await new Promise((resolve) => setTimeout(resolve, 30));
	assert.deepEqual(order, []);
	first?.();
	first?.();
	await Promise.all([...waits, other]);
	assert.deepEqual(
		order.filter((who) => who !== "other"),
		["second", "third"],
	);
	assert.equal(order.length, 3);
});

test("a hold that others have ends early where what it was wanted for is done", async () => {
	const dir = folder();
	const leave = await new Holds(dir).take("x");
	let done = false;
	const early = new Holds(dir).take("x", () => done);
	done = true;
	assert.equal(await early, undefined);
	leave?.();
	assert.ok(await new Holds(dir).take("x", () => true), "a free one is taken whatever is done");
});

test("nobody waits for a hold for ever, neither here nor for another process", async () => {
	const dir = folder();
	const holds = new Holds(dir, 40);
	const leave = await holds.take("x");
	await assert.rejects(holds.take("x"), /too long/);
	await assert.rejects(new Holds(dir, 40).take("x"), /holds/);
	leave?.();
	(await holds.take("x"))?.();
});

test("a hold that nobody has in hand is held all the same", async () => {
	const dir = folder();
	await new Holds(dir).take("x");
	for (let i = 0; i < 5; i++) {
		collect();
		await new Promise((resolve) => setTimeout(resolve, 5));
	}
	await assert.rejects(new Holds(dir, 40).take("x"), /holds/);
});

test("a hold dies with its process, and its file is nobody else's to read", async (t) => {
	const dir = folder();
	const holds = new URL("../src/perform/hold.ts", import.meta.url).href;
	const child = spawn(
		process.execPath,
		[
			"--no-warnings",
			"--input-type=module",
			"-e",
			`const {Holds}=await import(${JSON.stringify(holds)});await new Holds(${JSON.stringify(dir)}).take("x");console.log("held");setInterval(()=>{},1000)`,
		],
		{ stdio: ["ignore", "pipe", "inherit"] },
	);
	t.after(() => child.kill("SIGKILL"));
	await new Promise((resolve) => child.stdout.once("data", resolve));
	await assert.rejects(new Holds(dir, 40).take("x"));
	const taken = new Holds(dir).take("x");
	child.kill("SIGKILL");
	(await taken)?.();
	for (const name of readdirSync(dir)) assertMode(join(dir, name), 0o600);
});

test("PKCE is that of RFC 7636, random is 256 bits, and a hash is this installation's", () => {
	const key = join(folder(), "deep", "multi-auth.key");
	const { text, extra } = performCrypto({ op: "pkce", text: "" }, key);
	assert.match(text, /^[A-Za-z0-9_-]{43}$/);
	assert.match(extra, /^[A-Za-z0-9_-]{43}$/);
	assert.notEqual(
		performCrypto({ op: "random", text: "" }, key).text,
		performCrypto({ op: "random", text: "" }, key).text,
	);
	assert.equal(Buffer.from(performCrypto({ op: "random", text: "" }, key).text, "base64url").length, 32);
	const hash = performCrypto({ op: "hash", text: "me@example.org" }, key).text;
	assert.match(hash, /^[0-9a-f]{16}$/);
	assert.equal(performCrypto({ op: "hash", text: "me@example.org" }, key).text, hash);
	assert.notEqual(performCrypto({ op: "hash", text: "me@example.org" }, `${key}2`).text, hash);
	assertMode(key, 0o600);
	assert.doesNotMatch(readFileSync(key, "utf8"), /example/);
	assert.throws(() => performCrypto({ op: "md5", text: "" }, key), /no cryptography/);
});

test("input is a variable or a file, and says what is wrong", async () => {
	process.env["PI_MULTI_AUTH_TEST"] = "value";
	assert.equal((await performInput({ kind: "env", name: "PI_MULTI_AUTH_TEST" })).text, "value");
	assert.equal((await performInput({ kind: "env", name: "PI_MULTI_AUTH_NONE" })).text, "");
	await assert.rejects(performInput({ kind: "file", name: join(folder(), "none") }), /no such file/);
	await assert.rejects(performInput({ kind: "file", name: folder() }), /folder/);
	await assert.rejects(performInput({ kind: "telepathy", name: "" }), /no input/);
});

async function served(t: TestContext, listener: RequestListener): Promise<Fetch> {
	const server = createServer(listener).listen(0, "127.0.0.1");
	await new Promise((resolve) => server.once("listening", resolve));
	t.after(() => {
		server.closeAllConnections();
		server.close();
	});
	const origin = `http://127.0.0.1:${(server.address() as { port: number }).port}`;
	const url = `${origin}/token`;
	return { method: "GET", url, headers: [], body: "", timeout: 60_000, maxBytes: 64 << 10, origin, ends: false };
}

// O6 of the bar: whoever dribbles is left in time, and the timer does not end with the headers.
test("an endpoint that dribbles, or says nothing, is left in time", async (t) => {
	const silent = await served(t, () => {});
	await assert.rejects(performFetch({ ...silent, timeout: 150 }), /no answer in time/);
	const headers = await served(t, (_request, response) => {
		response.writeHead(200, { "content-type": "application/json" });
		response.flushHeaders();
	});
	await assert.rejects(performFetch({ ...headers, timeout: 150 }), /no answer in time/);
	const dribbling = await served(t, (_request, response) => {
		response.writeHead(200);
		const timer = setInterval(() => response.write("{"), 20);
		response.on("close", () => clearInterval(timer));
	});
	await assert.rejects(performFetch({ ...dribbling, timeout: 150 }), /no answer in time/);
});

test("who gives up ends a request that may be ended, and no other", async (t) => {
	const stop = new AbortController();
	const silent = await served(t, () => stop.abort());
	await assert.rejects(performFetch({ ...silent, ends: true }, undefined, stop.signal), /^Error: you stopped$/);
	await assert.rejects(performFetch({ ...silent, timeout: 150 }, undefined, stop.signal), /no answer in time/);
});

test("a body is bounded after it was unpacked, and a redirect is an answer", async (t) => {
	const bomb = gzipSync(Buffer.alloc(20 << 20));
	const packed = await served(t, (_request, response) => {
		response.writeHead(200, { "content-encoding": "gzip" });
		response.end(bomb);
	});
	await assert.rejects(performFetch(packed), /larger than expected/);
	const plain = await served(t, (_request, response) => response.end(Buffer.alloc(10 << 20)));
	await assert.rejects(performFetch(plain), /larger than expected/);
	// Of what a server goes on to give no more is taken than the bound and the piece that goes beyond it.
	let given = 0;
	let left = false;
	const piece = 16 << 10;
	const endless = new ReadableStream<Uint8Array>(
		{
			pull(controller) {
				given += piece;
				controller.enqueue(new Uint8Array(piece));
			},
			cancel() {
				left = true;
			},
		},
		{ highWaterMark: 0 },
	);
	await assert.rejects(
		performFetch(plain, async () => new Response(endless)),
		/larger than expected/,
	);
	assert.ok(given > plain.maxBytes && given <= plain.maxBytes + 2 * piece, `${given} bytes`);
	assert.ok(left, "the rest is not asked for");
	let visited = 0;
	const elsewhere = await served(t, (_request, response) => {
		visited++;
		response.end("secret arrived");
	});
	const redirect = await served(t, (_request, response) => {
		response.writeHead(302, { location: elsewhere.url });
		response.end();
	});
	const answer = await performFetch({ ...redirect, headers: [{ name: "x-api-key", value: "secret" }] });
	assert.equal(answer.status, 302);
	assert.equal(visited, 0);
	await assert.rejects(performFetch({ ...elsewhere, origin: redirect.origin }), /leave its origin/);
	await assert.rejects(
		performFetch({ ...elsewhere, url: elsewhere.url.replace("http://", "http://user:pass@") }),
		/cannot be used/,
	);
});

const around = (more: Partial<Surroundings>): Surroundings & { said: string[] } => {
	const said: string[] = [];
	return {
		said,
		mode: "rpc",
		notify: (text) => said.push(text),
		progress: (text) => said.push(text),
		select: async () => undefined,
		input: async () => undefined,
		...more,
	};
};
const askers = (person: Person) => ({ keyFile: "", callbacks: new Map(), closing: never, person });
const device: Ask = { device: { url: "https://a.example/device", code: "ABCD", expires: 0 } };
const prompt: Ask = { prompt: { title: "Code?", text: "", secret: false, beside: false } };

test("in RPC mode a login is notices, selects and inputs", async () => {
	const ui = around({ select: async (_title, labels) => labels[1], input: async () => "typed" });
	const person = new Person(ui, "login");
	await performAsk(device, askers(person));
	assert.match(ui.said.join(), /https:\/\/a\.example\/device[\s\S]*ABCD/);
	assert.equal((await performAsk(prompt, askers(person))).text, "typed");
	const options = [
		{ id: "a", label: "same" },
		{ id: "b", label: "same" },
	];
	assert.equal((await performAsk({ choose: { title: "", options } }, askers(person))).text, "b");
});

test("a person who gives up is an answer, and ends everything they are waited for", async () => {
	const person = new Person(around({}), "login");
	assert.deepEqual(await performAsk(prompt, askers(person)), makeAnswer({ canceled: true }));
	const leaving = new AbortController();
	const opened = {
		signal: leaving.signal,
		showAuth() {},
		showDeviceCode() {},
		showWaiting() {},
		showProgress() {},
		showManualInput: () => new Promise<string>(() => {}),
		showPrompt: () => new Promise<string>(() => {}),
	};
	let closed = 0;
	const tui = new Person(
		around({ mode: "tui", dialog: async () => ({ dialog: opened, close: () => closed++ }) }),
		"login",
	);
	await performAsk(device, askers(tui));
	const sleeping = performAsk({ sleep: { wait: 60_000 } }, askers(tui));
	const typing = performAsk(prompt, askers(tui));
	leaving.abort();
	assert.deepEqual(await sleeping, makeAnswer({ canceled: true }));
	assert.deepEqual(await typing, makeAnswer({ canceled: true }));
	await tui.close();
	assert.equal(closed, 1);
});

test("print mode shows what needs no answer and says what to type for the rest", async () => {
	const ui = around({ mode: "print" });
	const person = new Person(ui, "login");
	await performAsk(device, askers(person));
	assert.match(ui.said.join(), /ABCD/);
	await assert.rejects(performAsk(prompt, askers(person)), /run pi and type \/multi-auth login/);
	await assert.rejects(performAsk({ choose: { title: "", options: [] } }, askers(person)), /run pi/);
	await assert.rejects(performAsk(device, { keyFile: "", callbacks: new Map(), closing: never }), /nobody is there/);
});

test("a provider's own login and renewal are used as Pi's", async () => {
	const shown: string[] = [];
	const provider = {
		id: "p",
		auth: {
			oauth: {
				name: "P",
				refresh: async (credential: { refresh: string }) => ({ ...credential, access: `of ${credential.refresh}` }),
				login: async (
					interaction: { notify(event: object): void; prompt(prompt: object): Promise<string> },
					options: { getDeviceId(): string },
				) => {
					interaction.notify({ type: "device_code", userCode: "WXYZ", verificationUri: "https://p.example" });
					const text = await interaction.prompt({ type: "text", message: "which?" });
					shown.push(text, options.getDeviceId());
					return { access: "a", refresh: "r", expires: 1 };
				},
			},
		},
	} as unknown as Provider;
	const pi = { provider: (id: string) => (id === "p" ? provider : undefined), renewOwn: async () => {} };
	const person = new Person(around({ input: async () => "this one" }), "login");
	const all = { ...askers(person), keyFile: join(folder(), "key"), pi };
	const refreshed = await performAsk(
		{ pi: { provider: "p", op: "refresh", method: "", credential: '{"type":"oauth","refresh":"r1"}' } },
		all,
	);
	assert.deepEqual(JSON.parse(refreshed.text), { type: "oauth", refresh: "r1", access: "of r1" });
	const login = await performAsk({ pi: { provider: "p", op: "login", method: "", credential: "" } }, all);
	assert.deepEqual(JSON.parse(login.text), { type: "oauth", access: "a", refresh: "r", expires: 1 });
	assert.equal(shown[0], "this one");
	assert.match(
		shown[1] ?? "",
		/^[0-9a-f]{8}-[0-9a-f]{4}-8[0-9a-f]{3}-8[0-9a-f]{3}-[0-9a-f]{12}$/,
		"OpenAI takes a UUID alone",
	);
	await assert.rejects(
		performAsk({ pi: { provider: "q", op: "refresh", method: "", credential: "{}" } }, all),
		/no provider q/,
	);
	await assert.rejects(
		performAsk({ pi: { provider: "p", op: "refresh", method: "", credential: "{}" } }, { ...all, pi: undefined }),
		/not ready/,
	);
});

test("a key that a variable or a command gives is found, and a command is not run unasked", async () => {
	const models = [
		{ baseUrl: "https://api.a.example/v1" },
		{ baseUrl: "https://{place}.a.example" },
		{ baseUrl: undefined },
	];
	const provider = {
		getModels: () => models,
		auth: { apiKey: { name: "", resolve: async () => ({ auth: { apiKey: "ambient-key" } }) } },
	} as unknown as Provider;
	const pi = { provider: (id: string) => (id === "a" ? provider : undefined), renewOwn: async () => {} };
	const ask = (key: string | undefined, method = "", id = "a") =>
		performAsk(
			{
				pi: {
					provider: id,
					op: "resolve",
					method,
					credential: key === undefined ? "" : JSON.stringify({ type: "api_key", key, env: { OF_ENTRY: "entry-key" } }),
				},
			},
			{ keyFile: "", callbacks: new Map(), closing: never, pi },
		);
	const keyOf = ({ text }: { text: string }) => (text === "" ? "" : JSON.parse(text).key);
	assert.equal(keyOf(await ask("$OF_ENTRY")), "entry-key");
	assert.equal(keyOf(await ask("plain-key")), "plain-key");
	assert.equal(keyOf(await ask(undefined)), "ambient-key");
	assert.equal((await ask("plain-key")).extra, "https://api.a.example");
	assert.equal((await ask("plain-key", "", "gone")).extra, "");
	assert.equal((await ask(undefined, "", "gone")).text, "");
	const command = "!echo found-by-command";
	assert.equal(keyOf(await ask(command, "quiet")), "");
	assert.equal(keyOf(await ask(command)), "found-by-command");
	assert.equal(keyOf(await ask(command, "quiet")), "found-by-command", "it has run");
	await assert.rejects(ask("$NOT_SET_ANYWHERE"), /NOT_SET_ANYWHERE is not set/);
	await assert.rejects(ask("!echo secret-in-words >&2; exit 1"), /^Error: the command that gives the key failed$/);
});
