// Prints what the module costs in this Node, and its start in Node and Bun side by side; asserts nothing.

import { execFileSync } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import { KeybindingsManager, TUI_KEYBINDINGS } from "@earendil-works/pi-tui";
import { makeAcquire, makeOutcome, makeShow, type Screen, type Show, type Turn } from "../src/abi.ts";
import { Guest } from "../src/guest.ts";
import { play } from "../src/rehearse.ts";
import { unicode } from "../src/screens/borders.ts";
import { Manager } from "../src/screens/manager.ts";

const wasm = new URL("../core.wasm", import.meta.url);
const at = 1_800_000_000_000;

function start(guest: Guest, accounts: number, mode?: string): void {
	for (const _ of starting(guest, accounts, mode));
}

/** Answers the reads of a start with an auth.json of so many keys and a mode, a call of the module in each step. */
function* starting(guest: Guest, accounts: number, mode = "round-robin"): Generator<undefined> {
	const settings = JSON.stringify({ rotationModes: { demo: mode } });
	const entries = Array.from({ length: accounts }, (_, i) => [
		i === 0 ? "demo" : `demo-${i}`,
		{ type: "api_key", key: `sk-${"0".repeat(40)}${i}` },
	]);
	const auth = JSON.stringify(Object.fromEntries(entries));
	let turn = guest.call({
		at,
		seed: 0,
		start: { piVersion: "", zoneMinutes: 0, known: ["demo"], quiet: false, offline: true, decisions: false },
	});
	while (turn.flow !== 0) {
		yield;
		const results = guest.effects
			.filter((e) => e.waits)
			.map((e) => {
				const name = e.file?.name;
				const text = name === "auth" ? auth : name === "settings" ? settings : "";
				return { id: e.id, error: "", file: { text, missing: text === "", early: false } };
			});
		guest.effects = [];
		turn = guest.call({ at, seed: 0, resume: { flow: turn.flow, results } });
	}
	guest.effects = [];
}

/** Acquires and settles once; a new session's place is not written. */
function request(guest: Guest, session: string): void {
	const acquire = makeAcquire({ provider: "demo", model: "m", api: "openai-completions", session, mode: "tui" });
	let turn: Turn = guest.call({ at, seed: 0, acquire });
	if (turn.flow !== 0) {
		const results = guest.effects.map((e) => ({ id: e.id, error: "not here" }));
		turn = guest.call({ at, seed: 0, resume: { flow: turn.flow, results } });
	}
	guest.effects = [];
	const outcome = makeOutcome({ ok: true, status: 200 });
	guest.call({ at, seed: 0, settle: { lease: turn.lease?.id ?? 0, outcome } });
}

/** The screen of so many accounts: what opening it and moving its cursor take, from the key to the last line drawn, in milliseconds. */
async function screens(module: WebAssembly.Module, accounts: number): Promise<[first: number[], press: number[]]> {
	const guest = new Guest(module);
	start(guest, accounts);
	const ask = (show: Show): Screen => guest.call({ at, seed: 0, show }).screen as Screen;
	const paint = {
		theme: {
			fg: (_: string, text: string) => `\x1b[38;5;1m${text}\x1b[39m`,
			bg: (_: string, text: string) => text,
			bold: (text: string) => text,
		},
		borders: unicode,
	};
	const keys = new KeybindingsManager(TUI_KEYBINDINGS);
	const times: [number[], number[]] = [[], []];
	for (let run = 0; run < 30; run++) {
		let drawn = (): void => {};
		const t0 = performance.now();
		const manager = new Manager(
			{
				show: async (query) => ask(query),
				command: () => Promise.reject(new Error("not here")),
				rows: () => 60,
				redraw: () => drawn(),
				close() {},
			},
			paint,
			keys,
			ask(makeShow({ provider: "demo" })),
		);
		manager.render(200);
		times[0].push(performance.now() - t0);
		for (let i = 0; i < 20; i++) {
			const t1 = performance.now();
			// The key is drawn at once, and again when the core has told about the account it came to.
			const told = new Promise<void>((resolve) => {
				let draws = 0;
				drawn = () => {
					manager.render(200);
					if (++draws === 2) resolve();
				};
			});
			manager.handleInput("\x1b[B");
			await told;
			times[1].push(performance.now() - t1);
		}
	}
	return times;
}

function percentile(sorted: Float64Array, p: number): string {
	return ((sorted[Math.floor(sorted.length * p)] ?? 0) * 1000).toFixed(1).padStart(8);
}

/** The longest time the process did nothing else while something went on, in milliseconds. */
async function longestStop(what: () => Promise<unknown>): Promise<number> {
	let over = false;
	let longest = 0;
	let last = performance.now();
	const look = () => {
		const now = performance.now();
		longest = Math.max(longest, now - last);
		last = now;
		if (!over) setImmediate(look);
	};
	setImmediate(look);
	await what();
	over = true;
	return Math.max(longest, performance.now() - last);
}

const megabytes = () => process.memoryUsage().rss / 1e6;

if (process.argv[2] === "load") {
	const before = megabytes();
	const t0 = performance.now();
	const module = new WebAssembly.Module(readFileSync(wasm));
	const t1 = performance.now();
	const guest = new Guest(module);
	start(guest, 50);
	const t2 = performance.now();
	// As the loader does between the turns of the event loop, before there is a request.
	for (const _ of play(module));
	const rehearsed = performance.now();
	request(guest, "s");
	const t3 = performance.now();
	for (let i = 0; i < 1000; i++) request(guest, `s-${i % 20}`);
	console.log(JSON.stringify([t1 - t0, t2 - t1, t3 - rehearsed, megabytes() - before]));
} else if (process.argv[2] === "behind") {
	// What else the process would do has its turn between the parts, the rehearsal's too.
	const pause = () => new Promise((resolve) => setImmediate(resolve));
	const stop = await longestStop(async () => {
		const module = await WebAssembly.compile(await readFile(wasm));
		await pause();
		const guest = new Guest(module);
		await pause();
		for (const _ of starting(guest, 50)) await pause();
		for (const _ of play(module)) await pause();
	});
	console.log(JSON.stringify([stop]));
} else {
	console.log("acquire + settle through the module, object to object, microseconds");
	console.log("accounts  session  mode              p50      p99");
	const module = new WebAssembly.Module(readFileSync(wasm));
	for (const accounts of [5, 50, 500, 5000]) {
		for (const [name, session, mode] of [
			["stays", "s", "round-robin"],
			["none", "", "round-robin"],
			["none", "", "usage-based"],
			["none", "", "balancer"],
		] as const) {
			const guest = new Guest(module);
			start(guest, accounts, mode);
			const runs = accounts > 1000 ? 3000 : 30000;
			for (let i = 0; i < runs; i++) request(guest, session);
			const times = new Float64Array(runs);
			for (let i = 0; i < runs; i++) {
				const t0 = performance.now();
				request(guest, session);
				times[i] = performance.now() - t0;
			}
			times.sort();
			console.log(
				`${String(accounts).padStart(8)}  ${name.padEnd(7)}  ${mode.padEnd(11)}  ${percentile(times, 0.5)} ${percentile(times, 0.99)}`,
			);
		}
	}
	for (const accounts of [5, 200]) {
		const [first, press] = (await screens(module, accounts)).map((times) => times.sort((a, b) => a - b));
		const say = (times: number[] | undefined) =>
			`median ${times?.[times.length >> 1]?.toFixed(1)}, at most ${times?.at(-1)?.toFixed(1)}`;
		console.log(
			`screen of ${accounts} accounts at 200x60, ms: first frame ${say(first)} (bar 50); key press ${say(press)} (bar 16)`,
		);
	}
	const bun = fileURLToPath(new URL("../node_modules/bun/bin/bun.exe", import.meta.url));
	const hosts: [name: string, program: string][] = [[`Node ${process.versions.node}`, process.execPath]];
	try {
		if (existsSync(bun)) hosts.push([`Bun ${execFileSync(bun, ["--version"], { encoding: "utf8" }).trim()}`, bun]);
	} catch {
		// Its package is there and its program is not.
	}
	const script = fileURLToPath(import.meta.url);
	const run = (program: string, what: string): number[] =>
		JSON.parse(execFileSync(program, [script, what], { encoding: "utf8" }));
	const median = (rows: number[][], i: number) =>
		(rows.map((row) => row[i] ?? 0).sort((a, b) => a - b)[rows.length >> 1] ?? 0).toFixed(1);
	console.log("the module's start, medians of 15 processes each, in turn");
	const loads = new Map(hosts.map(([name]) => [name, { load: [] as number[][], behind: [] as number[][] }]));
	for (let i = 0; i < 15; i++)
		for (const [name, program] of hosts) {
			loads.get(name)?.load.push(run(program, "load"));
			loads.get(name)?.behind.push(run(program, "behind"));
		}
	for (const [name, { load, behind }] of loads)
		console.log(
			`${name}: read and compile ${median(load, 0)} ms, instance with 50 accounts ${median(load, 1)} ms, first decision once rehearsed ${median(load, 2)} ms; ` +
				`memory of the process after 1,000 more +${median(load, 3)} MB; loaded in the background it stops the rest for ${median(behind, 0)} ms at most`,
		);
}
