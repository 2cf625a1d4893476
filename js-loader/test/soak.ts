// Prints what a million decisions and a month of them leave behind: node --expose-gc test/soak.ts MODULE [decisions]. The module is one
// that has the export heap (wasm/heap.go).

import { assertSame, fullOfSessions, type Held, Soaking } from "./soaking.ts";

const module = process.argv[2] ?? "";
const decisions = Number(process.argv[3] || 1_000_000);

function row(name: string, held: Held): void {
	const mb = (bytes: number) => (bytes / 1e6).toFixed(2).padStart(9);
	console.log(
		`${name.padEnd(8)} ${String(held.decisions).padStart(9)} ${mb(held.wasm)} ${mb(held.live)} ${mb(held.heap)} ${mb(held.rss)} ${mb(held.young)} ${mb(held.state)} ${String(held.descriptors).padStart(6)} ${String(held.timers).padStart(6)} ${String(held.files.length).padStart(6)}`,
	);
}

/** Runs in parts, the first of which warms up, and compares the last with it. */
async function stretch(name: string, parts: number[], step: number, fresh: number, sessions?: number): Promise<void> {
	const soaking = new Soaking(module);
	await soaking.start();
	const held: Held[] = [];
	for (const part of parts) {
		await soaking.run(part, step, fresh, sessions);
		const now = held[0] ? await soaking.settled(held[0]) : await soaking.held();
		row(name, now);
		held.push(now);
	}
	for (const notice of soaking.notices) console.log(`         ${notice.text}`);
	if (soaking.refused > 0) console.log(`         ${soaking.refused} refused`);
	await soaking.close();
	assertSame(held[0] as Held, held.at(-1) as Held, sessions === undefined ? fullOfSessions : 0);
}

console.log("run      decisions   wasm MB   live MB   heap MB    rss MB  young MB  files MB    fds timers  names");
// As many sessions as are alive on a day: each takes its place in the state, which is to stay the same.
const quarter = Math.ceil(decisions / 4);
await stretch("decide", [10_000, quarter, quarter, quarter, quarter - 10_000], 10, 20, 200);
// A month of a person and their helpers: a request a minute, a new session every twenty.
const day = Math.ceil(1440 * Math.min(1, decisions / 1e6));
await stretch("month", [3 * day, 9 * day, 9 * day, 9 * day], Math.round(86_400_000 / day), 20);
