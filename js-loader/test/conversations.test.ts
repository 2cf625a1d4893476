import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { test } from "node:test";
import type { Message } from "../src/abi.ts";
import { Guest, GuestError } from "../src/guest.ts";

const module = new WebAssembly.Module(readFileSync(new URL("../core.wasm", import.meta.url)));
const folder = new URL("../../tests/testdata/conversations/", import.meta.url);

/** A message as the files write it: fields with a zero value are left out. */
type Sparse<T> = T extends (infer E)[] ? Sparse<E>[] : T extends object ? { [K in keyof T]?: Sparse<T[K]> } : T;

/** The message whole, as the writer of the ABI wants it. */
function whole(m: Sparse<Message>): Message {
	const { start, changed, acquire, settle, resume, cancel, tick, merge, command, inspect } = m;
	const header = (h: { name?: string; value?: string }) => ({ name: "", value: "", ...h });
	return {
		at: m.at ?? 0,
		seed: m.seed ?? 0,
		start: start && { piVersion: "", zoneMinutes: 0, known: [], quiet: false, ...start },
		changed: changed && { files: [], known: [], ...changed },
		acquire: acquire && {
			provider: "",
			model: "",
			api: "",
			session: "",
			mode: "",
			sticky: false,
			...acquire,
			members: (acquire.members ?? []).map((member) => ({ source: "", label: "", mark: 0, ...member })),
		},
		settle: settle && {
			lease: settle.lease ?? 0,
			outcome: {
				ok: false,
				status: 0,
				body: "",
				text: "",
				emitted: false,
				toolCall: false,
				aborted: false,
				empty: false,
				timedOut: false,
				notSent: false,
				started: 0,
				first: 0,
				ended: 0,
				...settle.outcome,
				headers: (settle.outcome?.headers ?? []).map(header),
			},
		},
		resume: resume && {
			flow: resume.flow ?? 0,
			results: (resume.results ?? []).map(({ id, error, fetch, file }) => ({
				id: id ?? 0,
				error: error ?? "",
				fetch: fetch && { status: 0, body: "", ...fetch, headers: (fetch.headers ?? []).map(header) },
				file: file && { text: "", missing: false, ...file },
			})),
		},
		cancel: cancel && { flow: 0, ...cancel },
		tick,
		merge: merge && { save: 0, file: "", current: "", delta: "", ...merge },
		command: command && { text: "", mode: "", ...command },
		inspect: inspect && { line: "", ...inspect },
	};
}

/** The same without the fields that hold a zero value; elements of lists stay. */
function sparse(value: unknown): unknown {
	if (Array.isArray(value)) return value.map(sparse);
	if (typeof value !== "object" || value === null) return value;
	const kept = Object.entries(value).filter(
		([, v]) => v !== undefined && v !== "" && v !== 0 && v !== false && !(Array.isArray(v) && v.length === 0),
	);
	return Object.fromEntries(kept.map(([name, v]) => [name, sparse(v)]));
}

function ask(guest: Guest, message: Message): unknown {
	try {
		const turn = guest.call(message);
		const effects = guest.effects;
		guest.effects = [];
		return sparse({ ...turn, effects });
	} catch (error) {
		if (!(error instanceof GuestError)) throw error;
		assert.equal(error.dead, false, error.message);
		return { text: error.message };
	}
}

for (const name of readdirSync(folder).filter((name) => name.endsWith(".txt"))) {
	test(name, () => {
		const guest = new Guest(module);
		let question = "";
		let asked = 0;
		for (const [i, line] of readFileSync(new URL(name, folder), "utf8").split("\n").entries()) {
			if (line.startsWith("> ")) question = line.slice(2);
			if (!line.startsWith("< ")) continue;
			const want = JSON.parse(line.slice(2)) as Record<string, unknown>;
			// The guest tells refusals by their text; the code stays inside of it.
			delete want["code"];
			assert.deepEqual(ask(guest, whole(JSON.parse(question))), want, `line ${i + 1}`);
			asked++;
		}
		assert.ok(asked > 0, "a conversation without an answer shows nothing");
	});
}
