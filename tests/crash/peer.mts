// A stand-in for a peer that runs beside: it rewrites a file in place all the time, under its own lock alone, and keeps of it what it
// knows. It truncates, writes and does not sync, as such a program does.
//
// node peer.mts <file> state|auth <milliseconds between>
//   state  a version 1 multi-auth.json with an index that goes round; what is not of version 1 is dropped
//   auth   an entry of its own in auth.json, the others kept
//
// Goes on until its input ends, and says how often it wrote.
import { chmodSync, mkdirSync, readFileSync, rmSync, statSync, writeFileSync, writeSync } from "node:fs";

const [file = "", kind = "state", every = "20"] = process.argv.slice(2);
const lock = `${file}.lock`;
const pause = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));

async function locked(inside: () => void): Promise<void> {
	for (let tries = 0; ; tries++) {
		try {
			mkdirSync(lock);
			break;
		} catch {
			const age = Date.now() - (statSync(lock, { throwIfNoEntry: false })?.mtimeMs ?? Date.now());
			if (age > 30_000) rmSync(lock, { recursive: true, force: true });
			await pause(Math.min(10_000, 100 * 2 ** tries) * (0.5 + Math.random()));
		}
	}
	try {
		inside();
	} finally {
		rmSync(lock, { recursive: true, force: true });
	}
}

function known(): Record<string, unknown> {
	try {
		const value: unknown = JSON.parse(readFileSync(file, "utf8"));
		return typeof value === "object" && value !== null ? (value as Record<string, unknown>) : {};
	} catch {
		return {};
	}
}

let writes = 0;
function rewrite(): void {
	const before = known();
	const index = writes++ % 2;
	const state = {
		version: 1,
		providers: { p: { rotationMode: "round-robin", credentialIds: ["p-1", "p-2"], activeIndex: index } },
		ui: { hiddenProviders: [] },
	};
	const after =
		kind === "state" ? state : { ...before, [`peer-${process.pid}`]: { type: "api_key", key: `k${writes}` } };
	writeFileSync(file, JSON.stringify(after, null, 2));
	chmodSync(file, 0o600);
}

let over = false;
process.stdin.resume().once("end", () => {
	over = true;
});
writeSync(1, "ready\n");
while (!over) {
	await locked(rewrite);
	await pause(Number(every) * (0.5 + Math.random()));
}
writeSync(1, `wrote ${writes}\n`);
process.exit(0);
