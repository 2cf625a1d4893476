import assert from "node:assert/strict";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { test } from "node:test";
import type { Turn } from "../src/abi.ts";
import type { Question } from "../src/core.ts";
import { rehearse } from "../src/rehearse.ts";
import { realCore } from "./fake.ts";

const turnsOfTheLoop = async () => {
	for (let i = 0; i < 3; i++) await new Promise((resolve) => setImmediate(resolve));
};

// Under Bun nothing says that a request has left.
const rehearses = { skip: "Bun" in globalThis };

test("a refusal is read once, when the first request has left, and the core takes it for one", rehearses, async (t) => {
	let refused = 0;
	const server = createServer((_request, response) => {
		refused++;
		response.writeHead(429).end();
	});
	await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
	t.after(() => server.close());
	const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/`;
	const { core, end } = await realCore({ demo: { type: "api_key", key: "k" } });
	t.after(end);
	const answers: (string | undefined)[] = [];
	const heard = {
		ask: async (question: Question): Promise<Turn> => {
			const turn = await core.ask(question);
			answers.push(turn.inspected?.line);
			return turn;
		},
	};
	rehearse(heard);
	rehearse(heard);
	await turnsOfTheLoop();
	assert.deepEqual(answers, []);
	for (let i = 0; i < 2; i++) await (await fetch(url)).text();
	await turnsOfTheLoop();
	assert.equal(refused, 2);
	assert.equal(answers.length, 1);
	assert.equal(JSON.parse(answers[0] ?? "").kind, "rate_limited");
});
