import assert from "node:assert/strict";
import { test } from "node:test";
import type { View } from "../src/abi.ts";
import { answer, complete, draw } from "../src/commands.ts";

test("words are completed, and a word that is complete is not offered again", () => {
	const values = (prefix: string) => complete(prefix, ["demo", "demo-two"])?.map(({ value }) => value) ?? null;
	assert.ok(values("")?.includes("status"));
	assert.deepEqual(values("sta"), ["status"]);
	assert.equal(values("status"), null);
	assert.equal(values("nonsense"), null);
	assert.deepEqual(values("status demo"), ["status demo-two"]);
	assert.deepEqual(values("status --"), ["status --json"]);
});

test("cells of a column share its width, and a heading spans them", () => {
	const row = (...cells: string[]) => ({ cells, tone: "" });
	const view: View = {
		title: "Accounts",
		rows: [row("a heading wider than the columns"), row("a", "bb", "c"), row("aaa", "b", "")],
		notes: ["a note"],
		json: "",
		failed: false,
	} as View;
	assert.equal(draw(view), "a heading wider than the columns\na    bb  c\naaa  b\na note");
	assert.equal(draw({ ...view, rows: [], failed: true }), "Accounts.\na note");
});

test("an answer is a notice where Pi has a place for one", () => {
	const told: string[] = [];
	for (const mode of ["tui", "rpc"]) answer("text", mode === "rpc", mode, (text, type) => told.push(`${text} ${type}`));
	assert.deepEqual(told, ["text info", "text error"]);
});
