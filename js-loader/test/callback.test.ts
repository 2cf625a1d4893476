import assert from "node:assert/strict";
import { createServer, request } from "node:http";
import { connect } from "node:net";
import { test } from "node:test";
import { type Listen, makeAnswer } from "../src/abi.ts";
import { performAsk } from "../src/perform/ask.ts";
import { Callback } from "../src/perform/listen.ts";

const state = "state-of-256-bits-AbC_123";
const listenOn = (...ports: number[]): Listen => ({
	ports,
	path: "/auth",
	state,
	open: "",
	timeout: 60_000,
	paste: false,
	keep: false,
});

/**
 * Sends bytes as they are and answers the status line's code, 0 when the connection was cut without one or, where bytes may well stay
 * unanswered, nothing came for a while.
 */
function raw(port: number, bytes: string, patience = 60_000): Promise<number> {
	return new Promise((resolve) => {
		let text = "";
		const socket = connect(port, "127.0.0.1", () => socket.write(bytes));
		socket.on("data", (chunk) => {
			text += chunk;
		});
		socket.on("error", () => {});
		socket.on("close", () => resolve(Number(/^HTTP\/1\.1 (\d{3})/.exec(text)?.[1] ?? 0)));
		const timer = setTimeout(() => socket.destroy(), patience);
		socket.on("close", () => clearTimeout(timer));
	});
}

/** How long bytes that deserve no answer are given, in milliseconds. */
const brief = 1500;

const get = (port: number, target: string, patience?: number) =>
	raw(port, `GET ${target} HTTP/1.1\r\nHost: 127.0.0.1:${port}\r\nConnection: close\r\n\r\n`, patience);

// Each is one call that must be refused, and waited past: what a browser, another page, another user or another host could send.
const good = `/auth?code=C&state=${state}`;
const wrong: [string, (port: number) => string][] = [
	["no state", () => "GET /auth?code=C"],
	["an empty state", () => "GET /auth?code=C&state="],
	["another state", () => "GET /auth?code=C&state=state-of-256-bits-AbC_124"],
	["a prefix of the state", () => `GET /auth?code=C&state=${state.slice(0, -1)}`],
	["the state and more", () => `GET /auth?code=C&state=${state}x`],
	["the state in other case", () => `GET /auth?code=C&state=${state.toUpperCase()}`],
	["the state twice", () => `GET /auth?code=C&state=${state}&state=${state}`],
	["the state and another", () => `GET /auth?code=C&state=x&state=${state}`],
	["the state as an array", () => `GET /auth?code=C&state[]=${state}`],
	["the state by another name", () => `GET /auth?code=C&State=${state}`],
	["the state with a space", () => `GET /auth?code=C&state=${state}%20`],
	["the state with a zero byte", () => `GET /auth?code=C&state=${state}%00`],
	["the state in the fragment", () => `GET /auth?code=C#state=${state}`],
	["the state in the path", () => `GET /auth/${state}?code=C`],
	["an error of another login", () => "GET /auth?error=access_denied&state=other"],
	["an error without a state", () => "GET /auth?error=access_denied"],
	["the root", () => `GET /?code=C&state=${state}`],
	["a path below", () => `GET /auth/?code=C&state=${state}`],
	["a path that begins alike", () => `GET /authx?code=C&state=${state}`],
	["a path in other case", () => `GET /Auth?code=C&state=${state}`],
	["a path with two slashes", () => `GET //auth?code=C&state=${state}`],
	["a path with dots", () => `GET /x/../auth?code=C&state=${state}`],
	["a path escaped", () => `GET /%61uth?code=C&state=${state}`],
	["a path with a semicolon", () => `GET /auth;x?code=C&state=${state}`],
	["an absolute address", (port) => `GET http://127.0.0.1:${port}/auth?code=C&state=${state}`],
	["the absolute address of another host", () => `GET http://evil.example/auth?code=C&state=${state}`],
	["a favicon", () => "GET /favicon.ico"],
	...["POST", "PUT", "DELETE", "HEAD", "OPTIONS", "PATCH", "TRACE", "PROPFIND"].map(
		(method): [string, (port: number) => string] => [`the method ${method}`, () => `${method} ${good}`],
	),
];

const hosts: [string, (port: number) => string][] = [
	["localhost", (port) => `Host: localhost:${port}`],
	["no port", () => "Host: 127.0.0.1"],
	["another port", () => "Host: 127.0.0.1:1"],
	["a name that points here", (port) => `Host: rebind.evil.example:${port}`],
	["nip.io", (port) => `Host: 127.0.0.1.nip.io:${port}`],
	["user information", (port) => `Host: x@127.0.0.1:${port}`],
	["IPv6", (port) => `Host: [::1]:${port}`],
	["IPv6 mapped", (port) => `Host: [::ffff:127.0.0.1]:${port}`],
	["another loopback address", (port) => `Host: 127.0.0.2:${port}`],
	["a decimal address", (port) => `Host: 2130706433:${port}`],
	["a hexadecimal address", (port) => `Host: 0x7f000001:${port}`],
	["a short address", (port) => `Host: 127.1:${port}`],
	["a dot behind", (port) => `Host: 127.0.0.1.:${port}`],
	["a space before the port", (port) => `Host: 127.0.0.1 :${port}`],
	["a leading zero in the port", (port) => `Host: 127.0.0.1:0${port}`],
	["an empty host", () => "Host:"],
	["no host", () => "X: y"],
	["two hosts", (port) => `Host: 127.0.0.1:${port}\r\nHost: evil.example`],
	["two hosts the other way round", (port) => `Host: evil.example\r\nHost: 127.0.0.1:${port}`],
];

const broken: [string, (port: number) => string][] = [
	[
		"an address of 1 MB",
		(port) => `GET /auth?code=${"C".repeat(1 << 20)}&state=${state} HTTP/1.1\r\nHost: 127.0.0.1:${port}\r\n\r\n`,
	],
	["headers of 9 KB", (port) => `GET ${good} HTTP/1.1\r\nHost: 127.0.0.1:${port}\r\nX: ${"x".repeat(9 << 10)}\r\n\r\n`],
	["no HTTP", () => "hello\r\n\r\n"],
	["TLS", () => "\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03"],
	[
		"a line feed in the address",
		(port) => `GET /auth?code=C\n&state=${state} HTTP/1.1\r\nHost: 127.0.0.1:${port}\r\n\r\n`,
	],
	["a header without a name", (port) => `GET ${good} HTTP/1.1\r\nHost: 127.0.0.1:${port}\r\n: x\r\n\r\n`],
	["HTTP/3.0", (port) => `GET ${good} HTTP/3.0\r\nHost: 127.0.0.1:${port}\r\n\r\n`],
	[
		"a body of two lengths",
		(port) => `GET ${good} HTTP/1.1\r\nHost: 127.0.0.1:${port}\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nx`,
	],
	[
		"a length and chunks",
		(port) =>
			`GET ${good} HTTP/1.1\r\nHost: 127.0.0.1:${port}\r\nContent-Length: 4\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n`,
	],
];

test("calls that do not fit are refused and waited past", async (t) => {
	const callback = await Callback.open(listenOn(0));
	let arrived = "";
	void callback.query.then((query) => {
		arrived = query;
	});
	let cases = 0;
	for (const [name, line] of wrong) {
		cases++;
		await t.test(name, async () => {
			const head = line(callback.port);
			const status = await raw(
				callback.port,
				`${head} HTTP/1.1\r\nHost: 127.0.0.1:${callback.port}\r\nConnection: close\r\n\r\n`,
				brief,
			);
			assert.ok(status === 0 || status >= 400, `${status}`);
			assert.equal(arrived, "");
		});
	}
	for (const [name, host] of hosts) {
		cases++;
		await t.test(`the host: ${name}`, async () => {
			const status = await raw(
				callback.port,
				`GET ${good} HTTP/1.1\r\n${host(callback.port)}\r\nConnection: close\r\n\r\n`,
				brief,
			);
			assert.ok(status === 0 || status >= 400, `${status}`);
			assert.equal(arrived, "");
		});
	}
	for (const [name, bytes] of broken) {
		cases++;
		await t.test(name, async () => {
			const status = await raw(callback.port, bytes(callback.port), brief);
			assert.ok(status === 0 || status >= 400, `${status}`);
			assert.equal(arrived, "");
		});
	}
	assert.ok(cases >= 60, `${cases} cases`);
	// After all of them the right one is still waited for.
	assert.equal(await get(callback.port, good), 200);
	assert.equal(await callback.query, `code=C&state=${state}`);
	callback.close();
	assert.notEqual(await get(callback.port, good), 200, "nobody listens for it any more");
});

test("a call with an error of this login ends the wait, and its words are handed on", async () => {
	const callback = await Callback.open(listenOn(0));
	assert.equal(await get(callback.port, `/auth?error=access_denied&state=${state}`), 200);
	assert.equal(await callback.query, `error=access_denied&state=${state}`);
	callback.close();
});

test("the page that is answered repeats nothing and lets nothing run", async () => {
	const callback = await Callback.open(listenOn(0));
	const text = await new Promise<string>((resolve) => {
		request(
			{ host: "127.0.0.1", port: callback.port, path: "/auth?code=<script>alert(1)</script>&state=no" },
			(response) => {
				assert.match(String(response.headers["content-security-policy"]), /default-src 'none'/);
				let body = "";
				response.on("data", (chunk) => {
					body += chunk;
				});
				response.on("end", () => resolve(body));
			},
		).end();
	});
	assert.doesNotMatch(text, /script|alert|code/);
	callback.close();
});

test("a thousand calls at once neither end the wait nor get more than sixteen connections", async () => {
	const callback = await Callback.open(listenOn(0));
	const answers = await Promise.all(
		Array.from({ length: 1000 }, () => get(callback.port, "/auth?code=C&state=no", brief)),
	);
	assert.ok(answers.every((status) => status === 0 || status === 400));
	assert.ok(answers.some((status) => status === 0));
	assert.equal(await get(callback.port, good), 200);
	callback.close();
});

test("clients that say nothing leave room for the browser, and end with the listener", async () => {
	const callback = await Callback.open(listenOn(0));
	const silent = Array.from({ length: 15 }, () => connect(callback.port, "127.0.0.1").on("error", () => {}));
	await new Promise((resolve) => setTimeout(resolve, 50));
	assert.equal(await get(callback.port, good), 200);
	const ended = Promise.all(silent.map((socket) => new Promise((resolve) => socket.on("close", resolve))));
	callback.close();
	await ended;
});

test("a port that is in use is passed over; when none is left, pasting goes on", async () => {
	const taken = createServer().listen(0, "127.0.0.1");
	await new Promise((resolve) => taken.once("listening", resolve));
	const port = (taken.address() as { port: number }).port;
	const callback = await Callback.open(listenOn(port, 0));
	assert.notEqual(callback.port, port);
	callback.close();
	const askers = { keyFile: "", callbacks: new Map(), closing: new AbortController().signal };
	await assert.rejects(performAsk({ listen: listenOn(port) }, askers), /in use/);
	await assert.rejects(performAsk({ listen: { ...listenOn(port), keep: true } }, askers), /in use/);
	taken.close();
});

test("a kept listener waits for its login, and one that nobody comes back to ends in time", async () => {
	const askers = { keyFile: "", callbacks: new Map(), closing: new AbortController().signal };
	const { port } = await performAsk({ listen: { ...listenOn(0), keep: true } }, askers);
	const waiting = performAsk({ listen: listenOn(port) }, askers);
	assert.equal(await get(port, good), 200);
	assert.deepEqual(await waiting, makeAnswer({ text: `code=C&state=${state}`, port }));
	assert.equal(askers.callbacks.size, 0);
	assert.notEqual(await get(port, good), 200, "a second call finds nobody");
	await assert.rejects(performAsk({ listen: { ...listenOn(0), timeout: 20 } }, askers), /in time/);
});
