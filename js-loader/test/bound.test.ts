import assert from "node:assert/strict";
import { test } from "node:test";
import { boundOf, promptOf, strip } from "../src/bound.ts";
import type { AssistantBlock, Model, Transcript } from "../src/pi.ts";

const reasoning = JSON.stringify({ type: "reasoning", id: "rs_1", encrypted_content: "x" });
const details = JSON.stringify([{ type: "reasoning.encrypted", data: "x" }]);

interface Row {
	name: string;
	api: string;
	content: AssistantBlock[];
	responseId?: string;
	bound: string[];
	/** What is left after everything that is bound was taken out. */
	left: AssistantBlock[];
}

const rows: Row[] = [
	{
		name: "nothing",
		api: "anthropic-messages",
		content: [{ type: "text", text: "t" }],
		bound: [],
		left: [{ type: "text", text: "t" }],
	},
	{
		name: "signed thinking stays as text",
		api: "anthropic-messages",
		content: [{ type: "thinking", thinking: "t", thinkingSignature: "s" }],
		bound: ["thinking"],
		left: [{ type: "thinking", thinking: "t" }],
	},
	{
		name: "redacted thinking goes",
		api: "anthropic-messages",
		content: [{ type: "thinking", thinking: "[…]", thinkingSignature: "s", redacted: true }],
		bound: ["thinking"],
		left: [],
	},
	{
		name: "signed calls and texts",
		api: "google-generative-ai",
		content: [
			{ type: "toolCall", id: "c", thoughtSignature: "s" },
			{ type: "text", text: "t", textSignature: "s" },
		],
		bound: ["thinking"],
		left: [
			{ type: "toolCall", id: "c" },
			{ type: "text", text: "t" },
		],
	},
	{
		name: "encrypted reasoning goes with the ids that were given beside it",
		api: "openai-responses",
		content: [
			{ type: "thinking", thinking: "", thinkingSignature: reasoning },
			{ type: "text", text: "t", textSignature: '{"v":1,"id":"msg_1"}' },
			{ type: "toolCall", id: "call_1|fc_1" },
		],
		bound: ["encrypted"],
		left: [
			{ type: "text", text: "t" },
			{ type: "toolCall", id: "call_1" },
		],
	},
	{
		name: "reasoning details",
		api: "openai-completions",
		content: [{ type: "thinking", thinking: "t", thinkingSignature: details }],
		bound: ["encrypted"],
		left: [{ type: "thinking", thinking: "t" }],
	},
	{
		name: "a reasoning field's name is no signature",
		api: "openai-completions",
		content: [{ type: "thinking", thinking: "t", thinkingSignature: "reasoning_content" }],
		bound: [],
		left: [{ type: "thinking", thinking: "t", thinkingSignature: "reasoning_content" }],
	},
	{
		name: "an answer that is continued by its id",
		api: "openai-codex-responses",
		content: [{ type: "text", text: "t" }],
		responseId: "resp_1",
		bound: ["response"],
		left: [{ type: "text", text: "t" }],
	},
];

for (const row of rows)
	test(row.name, () => {
		const model: Model = { id: "m", api: row.api, provider: "demo" };
		const answer = {
			role: "assistant",
			provider: "demo",
			api: row.api,
			model: "m",
			content: row.content,
			responseId: row.responseId,
		};
		const context: Transcript = { messages: [answer, { role: "toolResult", toolCallId: "call_1|fc_1", content: [] }] };
		const before = JSON.stringify(context);
		assert.deepEqual(boundOf(context, model), row.bound);
		assert.equal(strip(context, model, []), context);
		const stripped = strip(context, model, row.bound);
		assert.equal(JSON.stringify(context), before, "Pi's own messages are left as they are");
		assert.deepEqual(stripped.messages?.[0]?.["content"], row.left);
		assert.deepEqual(boundOf(stripped, model), []);
		const renamed = row.left.find((block) => block.id === "call_1");
		assert.equal(
			stripped.messages?.[1]?.["toolCallId"],
			renamed ? "call_1" : "call_1|fc_1",
			"a result follows its call",
		);
		assert.deepEqual(boundOf(context, { ...model, id: "another" }), [], "another model is sent none of it");
	});

test("odd content is read as none", () => {
	const model: Model = { id: "m", api: "anthropic-messages", provider: "demo" };
	const answer = { role: "assistant", provider: "demo", api: model.api, model: "m" };
	for (const content of [null, undefined, "text", 7]) {
		assert.deepEqual(boundOf({ messages: [{ ...answer, content }] }, model), []);
		assert.ok(strip({ messages: [{ ...answer, content }] }, model, ["thinking"]));
	}
	assert.deepEqual(boundOf({}, model), []);
});

test("the size of a prompt is what the last answer counted and a quarter of the characters after it", () => {
	const user = (content: unknown) => ({ role: "user", content });
	const answer = (totalTokens: number) => ({ role: "assistant", content: [], usage: { totalTokens } });
	assert.equal(promptOf({}), 0);
	assert.equal(promptOf({ systemPrompt: "12345678", messages: [user("1234")] }), 3);
	assert.equal(promptOf({ messages: [user("1234"), answer(100), user([{ type: "text", text: "12345678" }])] }), 102);
	assert.equal(promptOf({ messages: [user("1234"), answer(0), user("5678")] }), 2);
});
