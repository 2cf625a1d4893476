import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { makeAcquire } from "../src/abi.ts";
import { Guest, GuestError } from "../src/guest.ts";

const module = new WebAssembly.Module(readFileSync(new URL("../core.wasm", import.meta.url)));
const at = 1_800_000_000_000;

test("garbage, a foreign schema and an empty message are refused, and the instance goes on", () => {
	const guest = new Guest(module);
	for (const [bytes, text] of [
		[new Uint8Array(0), /at least four bytes/],
		[new Uint8Array(3), /at least four bytes/],
		[new Uint8Array(64).fill(0xff), /another version/],
	] as const) {
		assert.throws(
			() => guest.callRaw(bytes),
			(error: unknown) => error instanceof GuestError && !error.dead && text.test(error.message),
		);
	}
	assert.throws(() => guest.call({ at, seed: 0 }), /exactly one kind/);
	assert.match(guest.call({ at, seed: 0, inspect: { line: "garbage" } }).inspected?.line ?? "", /one JSON object/);
});

test("a large message makes the memory grow and is answered", () => {
	const guest = new Guest(module);
	const before = guest.memoryBytes;
	const line = `{"what":"fault","outcome":{"status":429,"body":${JSON.stringify("é".repeat(3 << 20))}}}`;
	assert.match(guest.call({ at, seed: 0, inspect: { line } }).inspected?.line ?? "", /rate_limited/);
	assert.ok(guest.memoryBytes > before);
	assert.match(guest.call({ at, seed: 0, inspect: { line: "{}" } }).inspected?.line ?? "", /unknown/);
});

test("what is nested beyond reason ends no instance, wherever it stands", () => {
	const guest = new Guest(module);
	const deep = (depth: number) => "[".repeat(depth) + "]".repeat(depth);
	const token = `a.${Buffer.from(deep(6000)).toString("base64url")}.b`;
	const files: Record<string, string> = {
		auth: JSON.stringify({ openai: { type: "oauth", access: token, refresh: token } }),
		models: deep(100_000),
		config: deep(100_000),
	};
	const start = { piVersion: "", zoneMinutes: 0, known: ["openai"], quiet: false, offline: true, decisions: false };
	const turn = guest.call({ at, seed: 0, start });
	const results = guest.effects.map((e) => ({
		id: e.id,
		error: "",
		file: { text: files[e.file?.name ?? ""] ?? "{}", missing: false, early: false },
	}));
	assert.ok(guest.call({ at, seed: 0, resume: { flow: turn.flow, results } }).ready);
	for (const asked of [
		{ what: "paste", provider: "openai", mode: "one", text: deep(100_000) },
		{ what: "override", provider: "openai", request: { headers: { a: token } } },
		{ what: "usage", provider: "codex", status: 200, body: deep(100_000), account: { access: token } },
		{ what: "fault", provider: "codex", outcome: { status: 400, body: deep(30_000), text: deep(30_000) } },
		{ what: "identity", provider: "codex", credential: { type: "oauth", access: token } },
		{ what: "secret", at, provider: "cline", credential: { type: "oauth", access: token } },
	])
		assert.ok(guest.call({ at, seed: 0, inspect: { line: JSON.stringify(asked) } }).inspected, asked.what);
	assert.ok(guest.call({ at, seed: 0, inspect: { line: deep(100_000) } }).inspected);
});

test("a message over 16 MB is refused before it reaches the guest", () => {
	const guest = new Guest(module);
	assert.throws(() => guest.call({ at, seed: 0, inspect: { line: "x".repeat(17 << 20) } }));
	assert.match(guest.call({ at, seed: 0, inspect: { line: "{}" } }).inspected?.line ?? "", /unknown/);
});

test("effects come in order, and text keeps its characters", () => {
	const guest = new Guest(module);
	const turn = guest.call({
		at,
		seed: 0,
		start: { piVersion: "", zoneMinutes: 0, known: ["dämo"], quiet: false, offline: true, decisions: false },
	});
	assert.deepEqual(
		guest.effects.map((e) => e.file?.name),
		["config", "settings", "models", "auth", "accounts", "state", "usage"],
	);
	const results = guest.effects.map((e) => ({
		id: e.id,
		error: "",
		file: {
			text: e.file?.name === "auth" ? '{"demo":{"type":"api_key","key":"schlüssel-🔑"}}' : "{}",
			missing: false,
			early: false,
		},
	}));
	guest.effects = [];
	guest.call({ at, seed: 0, resume: { flow: turn.flow, results } });
	const acquire = makeAcquire({ provider: "demo", model: "m", mode: "tui" });
	assert.match(guest.call({ at, seed: 0, acquire }).lease?.credential ?? "", /schlüssel-🔑/);
});
