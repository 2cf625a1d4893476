import assert from "node:assert/strict";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { createServer, type Socket } from "node:net";
import { join } from "node:path";
import { test } from "node:test";
import { brotliCompressSync, gzipSync } from "node:zlib";
import { type Lease, makeAcquire, makeCommand, makeOutcome, makeSettle, makeShow, type Turn } from "../src/abi.ts";
import { realCore } from "./fake.ts";

/** What a terminal obeys and what misleads a reader, as the bytes that come over a wire; the last ones are no characters. */
const obeyed = [
	..."\x1b[2J|\x1b]0;owned\x07|\x1b]8;;http://evil.example\x1b\\|\0|\x07|\b\b|\r|\n|\v|\x7f|\u0080|\u009b31m|\u009d|\u202e|\u2066|\u200f|\u061c|\u2028|\ufeff"
		.split("|")
		.map((text) => Buffer.from(text)),
	...["9b324a", "c2", "fffe", "f09f98"].map((hex) => Buffer.from(hex, "hex")),
];
const places = [
	"is_available balance_infos.currency balance_infos.total_balance error.message error.code error.type message",
	"plan_type five_hour.resets_at seven_day.utilization limits.kind extra_usage.currency error.message error.type",
	"limits.detail.resetTime usage.limit user.membership.level error access_token refresh_token expires_in error_description",
	"copilot_plan quota_snapshots.premium_interactions.entitlement login email quota_reset_date message",
].map((line) => line.split(" "));

/** Replies of one seed: status, headers and a body, with something a terminal obeys in all that a service may choose. */
class Liar {
	#state: number;
	constructor(seed: number) {
		this.#state = seed;
	}
	below(n: number): number {
		this.#state = (Math.imul(this.#state, 1664525) + 1013904223) >>> 0;
		return Math.floor((this.#state / 2 ** 32) * n);
	}
	of<T>(list: readonly T[]): T {
		return list[this.below(list.length)] as T;
	}
	word(): Buffer {
		const texts = ["Rate limit reached for ", "pro", "USD", "3.14", "quota exceeded", "2026-01-15T13:00:00Z", "日本"];
		const parts: Buffer[] = [];
		for (let i = this.below(3); i >= 0; i--) parts.push(Buffer.from(this.of(texts)), this.of(obeyed));
		return Buffer.concat(parts);
	}
	/** A text of JSON: escaped, or its bytes as they are. */
	value(): Buffer {
		const word = this.word();
		if (this.below(3) === 0) return Buffer.concat([Buffer.from('"'), word, Buffer.from('"')]);
		return Buffer.from(this.below(5) === 0 ? String(this.below(120)) : JSON.stringify(word.toString()));
	}
	body(): Buffer {
		if (this.below(10) === 0) return this.word();
		const fields: Buffer[] = [];
		for (const place of this.of(places)) {
			const names = place.split(".");
			const list = names[0] === "limits" || names[0] === "balance_infos";
			const open = names.map((name, i) => `${i > 0 ? "{" : ""}"${name}":${i === 0 && list ? "[" : ""}`).join("");
			const close = `${"}".repeat(names.length - 1)}${list ? "]" : ""}`;
			fields.push(Buffer.concat([Buffer.from(open), this.value(), Buffer.from(close)]));
		}
		const all = fields.flatMap((field, i) => (i === 0 ? [field] : [Buffer.from(","), field]));
		return Buffer.concat([Buffer.from("{"), ...all, Buffer.from("}")]);
	}
	/** A header's value may hold bytes above 0x7f; the others end the connection, which is tried too. */
	reply(): Buffer {
		const status = this.of([200, 200, 200, 400, 401, 402, 403, 404, 429, 500, 503]);
		let body = this.body();
		let head = `HTTP/1.1 ${status} ${this.below(4) === 0 ? "\x9b2J\xc2\x85" : "Said"}\r\ncontent-type: application/json\r\n`;
		for (const name of [
			"retry-after",
			"x-ratelimit-reset-requests",
			"x-codex-limit-name",
			"x-codex-primary-used-percent",
		])
			if (this.below(3) === 0)
				head += `${name}: ${this.of(["30", "\x9b31m5", "\x85", "\xe2\x80\xaex", "5; drop"])}\r\n`;
		if (this.below(25) === 0) head += "x-request-id: \x1b[2J\r\n";
		const packed = this.below(4);
		if (packed === 0) body = gzipSync(body);
		if (packed === 1) body = brotliCompressSync(body);
		if (packed < 2) head += `content-encoding: ${packed === 0 ? "gzip" : "br"}\r\n`;
		head += `content-length: ${body.length}\r\nconnection: close\r\n\r\n`;
		return Buffer.concat([Buffer.from(head, "latin1"), body]);
	}
}

/** Names the first thing in a text that a terminal would obey or a reader be misled by. */
function obeys(text: string): string {
	// biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for.
	const found = /[\0-\x08\x0b-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069\ufeff]/u.exec(text);
	return found ? `U+${found[0].codePointAt(0)?.toString(16)}` : "";
}

/** Every text of a value. */
function* texts(value: unknown): Generator<string> {
	if (typeof value === "string") yield value;
	else if (typeof value === "object" && value !== null) for (const part of Object.values(value)) yield* texts(part);
}

// S4 of the bar, over the wire: what vendors answer to readings of usage, to checks of keys and to renewals comes through the loader's own
// fetch, and what a request's failure says through its outcome.
test("of 1,000 replies that are full of what a terminal obeys nothing is shown, logged or kept", async (t) => {
	const liar = new Liar(20260115);
	const quota = `{"copilot_plan":"Enter\u202eprise\u009b31m","quota_snapshots":{"premium_interactions":{"entitlement":300,"percent_remaining":60}}}`;
	const first = Buffer.from(`HTTP/1.1 200 OK\r\ncontent-length: ${Buffer.byteLength(quota)}\r\n\r\n${quota}`);
	let replies = 0;
	const open = new Set<Socket>();
	const server = createServer((socket) => {
		open.add(socket);
		socket.on("error", () => {});
		socket.once("data", () => {
			socket.end(++replies === 1 ? first : new Liar(replies).reply());
		});
	});
	await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
	const { port } = server.address() as { port: number };
	const { fetch } = globalThis;
	const offline = process.env["PI_OFFLINE"];
	delete process.env["PI_OFFLINE"];
	// Below the loader's fetch, where a vendor's name would be looked up.
	globalThis.fetch = (input, init) => fetch(`http://127.0.0.1:${port}${new URL(String(input)).pathname}`, init);
	let now = Date.now();
	const login = (expires: number) => ({ type: "oauth", access: "a.b.c", refresh: "r-0123456789", expires });
	const key = { type: "api_key", key: "sk-cp-0123456789abcdef" };
	const { core, end, dir } = await realCore(
		{
			deepseek: key,
			moonshotai: key,
			anthropic: login(now + 1e10),
			"github-copilot": login(now + 1e10),
			"kimi-coding": key,
			"kimi-coding-1": login(now - 1000),
		},
		() => now,
	);
	t.after(async () => {
		globalThis.fetch = fetch;
		if (offline !== undefined) process.env["PI_OFFLINE"] = offline;
		for (const socket of open) socket.destroy();
		server.close();
		await end();
	});
	const seen = new Set<string>();
	const look = (turn: Turn) => {
		const { view, refuse, screen } = turn;
		for (const text of texts([view, refuse, screen, turn.lease?.say, turn.lease?.wait])) {
			assert.equal(obeys(text), "", JSON.stringify(text));
			seen.add(text);
		}
	};
	const usage = await core.ask({ command: makeCommand({ text: "usage github-copilot", mode: "tui" }) });
	assert.match([...texts(usage.view)].join("\n"), /enterprise/, "what vendors say is shown");
	look(usage);
	const providers = ["deepseek", "anthropic", "kimi-coding", "github-copilot", "moonshotai"];
	const lines = ["usage", "check", "status", "usage {} --json", "why {}", "usage", "doctor", "check {}", "report"];
	for (let i = 0; replies < 1000; i++) {
		assert.ok(i < 6000, `only ${replies} replies`);
		now += 3_600_000 + liar.below(20_000_000);
		const provider = liar.of(providers);
		const line = (lines[i % lines.length] as string).replace("{}", provider);
		look(await core.ask({ command: makeCommand({ text: line, mode: liar.of(["tui", "print", "json", "rpc"]) }) }));
		if (i % 4 === 0) look(await core.ask({ show: makeShow({ provider }) }));
		if (i % 2 === 0) continue;
		let turn = await core.ask({ acquire: makeAcquire({ provider, model: "m", session: `s${i}`, mode: "print" }) });
		for (let lease: Lease | undefined = turn.lease, hops = 0; lease && hops < 3; lease = turn.lease, hops++) {
			look(turn);
			const outcome = makeOutcome({ started: now, ended: now, text: liar.word().toString() });
			const response = await fetch(`http://127.0.0.1:${port}/model`).catch(() => undefined);
			outcome.status = response?.status ?? 0;
			outcome.headers = [...(response?.headers ?? [])].map(([name, value]) => ({ name, value }));
			outcome.body = (await response?.text().catch(() => "")) ?? "";
			turn = await core.ask({ settle: makeSettle({ lease: lease.id, outcome }) });
		}
		look(turn);
	}
	await core.close();
	let files = 0;
	for (const name of readdirSync(dir, { recursive: true, encoding: "utf8" })) {
		const path = join(dir, name);
		if (!/\.(json|jsonl)$/.test(name) || name === "auth.json" || !existsSync(path)) continue;
		assert.equal(obeys(readFileSync(path, "utf8")), "", name);
		files++;
	}
	assert.ok(files >= 2, `${files} files`);
	t.diagnostic(`${replies} replies, ${seen.size} different texts, ${files} files`);
});
