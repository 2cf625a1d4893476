// Prints what the module costs in this Node, side by side; asserts nothing.

import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { makeAcquire, makeOutcome, type Turn } from "../src/abi.ts";
import { Guest } from "../src/guest.ts";

const wasm = new URL("../core.wasm", import.meta.url);
const at = 1_800_000_000_000;

/** Answers the reads of a start with an auth.json of so many keys and a mode. */
function start(guest: Guest, accounts: number, mode = "round-robin"): void {
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

function percentile(sorted: Float64Array, p: number): string {
	return ((sorted[Math.floor(sorted.length * p)] ?? 0) * 1000).toFixed(1).padStart(8);
}

if (process.argv[2] === "load") {
	const t0 = performance.now();
	const module = new WebAssembly.Module(readFileSync(wasm));
	const t1 = performance.now();
	const guest = new Guest(module);
	start(guest, 50);
	const t2 = performance.now();
	request(guest, "s");
	console.log(JSON.stringify([t1 - t0, t2 - t1, performance.now() - t2]));
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
	const rows = Array.from({ length: 9 }, () =>
		JSON.parse(execFileSync(process.execPath, [process.argv[1] ?? "", "load"], { encoding: "utf8" })),
	) as number[][];
	const median = (i: number) =>
		rows
			.map((row) => row[i] ?? 0)
			.sort((a, b) => a - b)[4]
			?.toFixed(1);
	console.log(
		`module ready, median of 9 processes: read and compile ${median(0)} ms, instance with 50 accounts ${median(1)} ms, first decision ${median(2)} ms`,
	);
}
