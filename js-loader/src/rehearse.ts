import { makeAcquire, makeFileResult, makeOutcome, type Outcome, type Result, type Turn } from "./abi.ts";
import { Guest } from "./guest.ts";

const files: Record<string, string> = {
	auth: '{"demo":{"type":"api_key","key":"1"},"demo-1":{"type":"api_key","key":"2"}}',
};

/** A refusal that touches what most of them touch: a header, a body and a text that name a time. */
const refusal: Outcome = makeOutcome({
	status: 429,
	headers: [{ name: "retry-after", value: "600" }],
	body: '{"error":{"type":"rate_limit_error","message":"Rate limit reached. Please try again in 10m0s."}}',
	text: "429: rate limit reached, try again in 10m0s",
});

/**
 * Plays a request that is refused and goes to the next account, in an instance of its own that knows two accounts nobody has, and gives
 * every turn. What it learns ends with it.
 */
export function* play(module: WebAssembly.Module): Generator<Turn | undefined> {
	const at = Date.now();
	const guest = new Guest(module);
	yield undefined;
	const ask = function* (question: Omit<Parameters<Guest["call"]>[0], "at" | "seed">): Generator<Turn, Turn> {
		let turn = guest.call({ at, seed: 0, ...question });
		yield turn;
		while (turn.flow !== 0) {
			const results: Result[] = [];
			for (const { id, waits, file } of guest.effects.splice(0)) {
				const text = files[file?.name ?? ""] ?? "";
				if (!waits) continue;
				if (file?.op === "read") results.push({ id, error: "", file: makeFileResult({ text, missing: text === "" }) });
				else results.push({ id, error: "rehearsed" });
			}
			turn = guest.call({ at, seed: 0, resume: { flow: turn.flow, results } });
			yield turn;
		}
		guest.effects = [];
		return turn;
	};
	yield* ask({
		start: { piVersion: "", zoneMinutes: 0, known: ["demo"], quiet: true, decisions: true, offline: true },
	});
	const acquire = makeAcquire({ provider: "demo", model: "m", api: "a", session: "s", mode: "tui" });
	let { lease } = yield* ask({ acquire });
	if (lease) ({ lease } = yield* ask({ settle: { lease: lease.id, outcome: refusal } }));
	if (lease) yield* ask({ settle: { lease: lease.id, outcome: makeOutcome({ ok: true, status: 200 }) } });
}

const rehearsed = new WeakSet<WebAssembly.Module>();

/**
 * Has a request played before there is one, once for a module, a step in each turn of the event loop. Nothing comes of it but that the
 * code of it is compiled, which all instances of a module share: that takes longer than all else in a first request and its failover.
 */
export function rehearse(module: WebAssembly.Module): void {
	if (rehearsed.has(module)) return;
	rehearsed.add(module);
	const steps = play(module);
	const step = () => {
		try {
			if (!steps.next().done) setImmediate(step);
		} catch {
			// What fails here fails again where somebody is told of it.
		}
	};
	// Bun may never come to one that is unref'd; a Pi that ends meanwhile ends a few steps later.
	setImmediate(step);
}
