import assert from "node:assert/strict";
import { test } from "node:test";
import { visibleWidth } from "@earendil-works/pi-tui";
import type { View } from "../src/abi.ts";
import { answer, columns, draw, offered } from "../src/commands.ts";

test("an offer keeps what stands before it, and nothing to offer is nothing", () => {
	const view = { rows: [{ cells: ["demo", "Demo"], tone: "" }] } as View;
	assert.deepEqual(offered("status de", view), [{ value: "status demo", label: "demo", description: "Demo" }]);
	assert.deepEqual(offered("use work --", { rows: [{ cells: ["--json", ""], tone: "" }] } as View), [
		{ value: "use work --json", label: "--json" },
	]);
	assert.equal(offered("x", { rows: [] as unknown } as View), null);
});

test("a table that is too wide is narrowed where it is widest, and goes on below", () => {
	const row = (...cells: string[]) => ({ cells, tone: "" });
	const long = "rate limited until the window of seven days is reset, which takes a while";
	const lines = columns({ rows: [row("demo", "work", long), row("demo", "  7d", "")] } as View, 40);
	assert.ok(lines.length > 2);
	for (const [line] of lines) assert.ok(visibleWidth(line) <= 40, line);
	assert.equal(
		lines
			.map(([line]) => line.slice(12))
			.join(" ")
			.trim(),
		long,
	);
	assert.equal(columns({ rows: [row("a", long)] } as View).length, 1, "no bound, no break");
	assert.ok(
		columns({ rows: [row("x".repeat(50), "y".repeat(50))] } as View, 10).length >= 4,
		"never narrower than is readable",
	);
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
