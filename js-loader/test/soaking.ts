// Drives the loader and the module through many decisions on real files, with a clock of its own, and counts what may not grow.

import assert from "node:assert/strict";
import { existsSync, mkdtempSync, readdirSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setImmediate, setTimeout } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { getHeapSpaceStatistics } from "node:v8";
import { makeAcquire, makeOutcome, type Notice } from "../src/abi.ts";
import { Core } from "../src/core.ts";
import { places } from "../src/places.ts";

/** What a process holds at one moment. */
export interface Held {
	decisions: number;
	/** Bytes of the module's memory, of the loader's heap after it was collected, and of the process. */
	wasm: number;
	heap: number;
	/** Bytes of the module's memory that are in use after a collection; 0 where the module does not tell. */
	live: number;
	rss: number;
	/** Bytes of the process that V8 keeps for young objects: it doubles them as long as a program makes many, to 48 MB and more. */
	young: number;
	descriptors: number;
	timers: number;
	/** Names in the runtime directory, and the bytes of the files our state is in. */
	files: string[];
	state: number;
}

const accounts = 50;
/** What is durable is not the question here, and a disk would take most of the time. */
const memory = existsSync("/dev/shm") ? "/dev/shm" : tmpdir();
const failures = [
	{ status: 429, headers: [{ name: "retry-after", value: "20" }], body: '{"error":{"message":"Rate limit reached"}}' },
	{ status: 503, body: '{"error":{"message":"overloaded"}}' },
	{ status: 500, text: "500 internal" },
	{ text: "fetch failed" },
];

/** How much of the module's memory is in use. It is looked at inside of a call, after which the loader takes note that memory has grown. */
class Gauge {
	bytes = 0;
	wanted = false;

	/** Goes into the instance that `make` makes. */
	within<T>(make: () => T): T {
		const { Instance } = WebAssembly;
		WebAssembly.Instance = new Proxy(Instance, {
			construct: (target, args) => {
				const instance = Reflect.construct(target, args) as WebAssembly.Instance;
				const { call, heap } = instance.exports as { call(n: number): number; heap?(): number };
				if (!heap) return instance;
				const counted = (n: number) => {
					const rc = call(n);
					if (this.wanted) this.bytes = heap();
					this.wanted = false;
					return rc;
				};
				return { exports: { ...instance.exports, call: counted } };
			},
		});
		try {
			return make();
		} finally {
			WebAssembly.Instance = Instance;
		}
	}
}

/** A loader with fifty accounts. Close it. */
export class Soaking {
	readonly #folder = mkdtempSync(join(memory, "soak-"));
	readonly #core: Core;
	readonly #gauge = new Gauge();
	readonly notices: Notice[] = [];
	at = 1_800_000_000_000;
	decisions = 0;
	refused = 0;
	#newest = 0;
	#random = 1;

	constructor(module = fileURLToPath(new URL("../core.wasm", import.meta.url))) {
		const entries = Array.from({ length: accounts }, (_, i) => [
			i === 0 ? "demo" : `demo-${i}`,
			{ type: "api_key", key: `sk-${"0".repeat(40)}${i}` },
		]);
		writeFileSync(join(this.#folder, "auth.json"), JSON.stringify(Object.fromEntries(entries)), { mode: 0o600 });
		this.#core = this.#gauge.within(() =>
			Core.loadSync({
				module,
				places: places(this.#folder, this.#folder, { PI_MULTI_AUTH_RUNTIME_DIR: this.#folder }),
				notice: (notice) => this.notices.push(notice),
				piVersion: "1.5.2",
				now: () => this.at,
			}),
		);
	}

	async start(): Promise<void> {
		await this.#core.start(["demo"]);
	}

	/** A number below n; the same in every run. */
	#below(n: number): number {
		this.#random = (Math.imul(this.#random, 1_664_525) + 1_013_904_223) >>> 0;
		return Math.floor((this.#random / 2 ** 32) * n);
	}

	/** So many requests, each `step` milliseconds after the one before it; each `fresh`-th or so begins another of `sessions`. */
	async run(requests: number, step: number, fresh: number, sessions = Number.POSITIVE_INFINITY): Promise<void> {
		for (let i = 0; i < requests; i++) {
			this.at += step;
			if (this.#below(fresh) === 0) this.#newest++;
			await this.#request(`session-${(this.#newest + this.#below(3)) % sessions}`);
			if (i % 50 === 0) await setImmediate();
			if (i % 500 === 0) {
				await this.#core.catchUp();
				await this.#core.ask({ tick: { last: false } });
			}
		}
		await this.#core.drain();
	}

	async #request(session: string): Promise<void> {
		const mode = "tui";
		let turn = await this.#core.ask({
			acquire: makeAcquire({ provider: "demo", model: "m", api: "openai-completions", session, mode }),
		});
		for (let tries = 0; turn.lease && tries < 8; tries++) {
			this.decisions++;
			turn = await this.#core.ask({ settle: { lease: turn.lease.id, outcome: this.#outcome(turn.lease.account) } });
		}
		if (turn.refuse) this.refused++;
	}

	#outcome(account: string) {
		if (account === "demo-7") return makeOutcome({ status: 401, body: '{"error":{"message":"Incorrect API key"}}' });
		if (this.#below(20) > 0) return makeOutcome({ ok: true, status: 200 });
		return makeOutcome(failures[this.#below(failures.length)] ?? {});
	}

	async held(): Promise<Held> {
		this.#gauge.wanted = true;
		await this.#core.ask({ tick: { last: false } });
		await this.#core.drain();
		const gc = (globalThis as { gc?: () => void }).gc;
		for (let i = 0; i < 4; i++) {
			gc?.();
			await setImmediate();
		}
		const files = readdirSync(this.#folder, { recursive: true }).map(String).sort();
		return {
			decisions: this.decisions,
			wasm: this.#core.memoryBytes,
			live: this.#gauge.bytes,
			heap: process.memoryUsage().heapUsed,
			rss: process.memoryUsage().rss,
			young: getHeapSpaceStatistics().find(({ space_name }) => space_name === "new_space")?.physical_space_size ?? 0,
			descriptors: process.platform === "linux" ? readdirSync("/proc/self/fd").length : 0,
			timers: process.getActiveResourcesInfo().filter((name) => name === "Timeout").length,
			files,
			state: files.map((name) => statSync(join(this.#folder, name)).size).reduce((a, b) => a + b, 0),
		};
	}

	/** What is held once nothing more is open than at an earlier moment, or after half a minute: what passes is no leak. */
	async settled(before: Held): Promise<Held> {
		for (let tries = 0; ; tries++) {
			const now = await this.held();
			if ((now.descriptors <= before.descriptors && now.timers <= before.timers) || tries === 600) return now;
			await setTimeout(50);
		}
	}

	async close(): Promise<void> {
		await this.#core.close();
		rmSync(this.#folder, { recursive: true, force: true });
	}
}

/** What the module's memory may still grow by, in bytes: its collector moves by a few pages. */
const fewPages = 16 << 16;

/** What may be in use of it beyond what was, in bytes: buffers are as long as the longest text they have held. */
const fewBuffers = 128 << 10;

/** What the process may still grow by beside V8's young objects, in bytes: compiled code, and pages that malloc keeps. */
const fewMegabytes = 8e6;

/** What the places of sessions may take beside, where new ones come all the time: as many are kept as core/pool says. */
export const fullOfSessions = 1 << 20;

/**
 * Asserts that nothing has grown between two moments, but for tables that are filling up to their bound. The heap is compared where it
 * can be collected.
 */
export function assertSame(a: Held, b: Held, tables = 0): void {
	assert.ok(b.wasm - a.wasm <= fewPages, `the module's memory grew from ${a.wasm} to ${b.wasm}`);
	assert.ok(b.live - a.live <= fewBuffers + tables, `what the module uses of it grew from ${a.live} to ${b.live}`);
	assert.ok(b.descriptors <= a.descriptors, `descriptors: ${a.descriptors}, then ${b.descriptors}`);
	assert.ok(b.timers <= a.timers, `timers: ${a.timers}, then ${b.timers}`);
	if ("gc" in globalThis) {
		assert.ok(b.heap - a.heap <= 1e6, `the heap grew by ${b.heap - a.heap}`);
		const rest = b.rss - b.young - (a.rss - a.young);
		assert.ok(rest <= fewMegabytes, `the process grew by ${rest} beside V8's young objects`);
	}
	// The log's older file comes with its first full one.
	const more = b.files.filter((name) => !a.files.includes(name) && name !== "multi-auth-decisions.jsonl.1");
	assert.deepEqual(more, [], "files");
}
