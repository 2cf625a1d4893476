// One process of the load: a core in a loader as Pi runs it, told over standard input what time it is and how many requests to make.
// The token endpoint's origin is sent to the loopback server here, in the test; nothing that ships can be told to.
import fs from "node:fs";
import { syncBuiltinESMExports } from "node:module";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { makeAcquire, makeOutcome } from "../../js-loader/src/abi.ts";

const [folder = "", server = "", provider = "kimi-coding"] = process.argv.slice(2);
const real = globalThis.fetch;
/** When the last token came that nothing holds but this process; 0 for none. */
let came = 0;
let windows: number[] = [];
/** When it was written for the first time, for other processes and after the end of this one. */
let written: number[] = [];
let unwritten = false;
globalThis.fetch = (async (input: string, init?: RequestInit) => {
	const response = await real(String(input).replace("https://auth.kimi.com", server), init);
	if (response.ok) came = performance.now();
	unwritten = came > 0;
	return response;
}) as typeof fetch;
const { fsyncSync, writeSync } = fs;
fs.writeSync = ((fd: number, bytes: Buffer, ...rest: []) => {
	const size = writeSync(fd, bytes, ...rest);
	if (unwritten && String(bytes).includes('"refresh-')) {
		written.push(Number((performance.now() - came).toFixed(2)));
		unwritten = false;
	}
	return size;
}) as typeof writeSync;
fs.fsyncSync = (fd: number) => {
	fsyncSync(fd);
	if (came > 0) windows.push(Number((performance.now() - came).toFixed(2)));
	came = 0;
};
syncBuiltinESMExports();
const { Core } = await import("../../js-loader/src/core.ts");
const { places } = await import("../../js-loader/src/places.ts");

let offset = 0;
const now = () => Date.now() + offset;
const say = (value: unknown) => process.stdout.write(`${JSON.stringify(value)}\n`);

const core = await Core.load({
	module: fileURLToPath(new URL("../../js-loader/core.wasm", import.meta.url)),
	places: places(folder, folder, {}),
	piVersion: "test",
	notice: (notice) => say({ notice: notice.text }),
	now,
});

interface Round {
	/** The clock's distance from the real one, in milliseconds. */
	offset: number;
	requests: number;
	/** Leaves the renewals to the timer. */
	leave?: boolean;
	end?: boolean;
}

async function request(result: { tokens: string[]; refused: string[]; slowest: number }): Promise<void> {
	const began = performance.now();
	await core.catchUp();
	const turn = await core.ask({ acquire: makeAcquire({ provider, model: "m", mode: "print" }) });
	result.slowest = Math.max(result.slowest, Math.round(performance.now() - began));
	if (!turn.lease) {
		result.refused.push(turn.refuse?.say ?? "nothing");
		return;
	}
	result.tokens.push((JSON.parse(turn.lease.credential) as { access: string }).access);
	await core.ask({ settle: { lease: turn.lease.id, outcome: makeOutcome({ ok: true, status: 200 }) } });
}

async function round(message: Round): Promise<void> {
	offset = message.offset;
	const result = { tokens: [] as string[], refused: [] as string[], slowest: 0 };
	await Promise.all(Array.from({ length: message.requests }, () => request(result)));
	// What is due beside the requests is renewed too.
	for (let wake = 0; !message.leave; ) {
		await core.catchUp();
		wake = (await core.ask({ tick: {} })).wakeAt;
		if (wake === 0 || wake > now() + 60_000) break;
		await new Promise((resolve) => setTimeout(resolve, Math.min(Math.max(wake - now(), 1), 20)));
	}
	say({ ...result, windows, written });
	windows = [];
	written = [];
}

let started = false;
for await (const line of createInterface({ input: process.stdin })) {
	const message = JSON.parse(line) as Round;
	if (message.end) break;
	offset = message.offset;
	if (!started) await core.start([provider]);
	started = true;
	await round(message);
}
await core.close();
say({ closed: true });
process.exit(0);
