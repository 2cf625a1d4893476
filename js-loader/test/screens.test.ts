// Screens drawn from the rows of the recorded conversation, at four sizes and in both border styles, and the keys that act on them.
import assert from "node:assert/strict";
import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { test } from "node:test";
import { KeybindingsManager, stripTerminalSequences, TUI_KEYBINDINGS, visibleWidth } from "@earendil-works/pi-tui";
import type { Screen, Show, View } from "../src/abi.ts";
import { ascii, type Borders, borders, unicode } from "../src/screens/borders.ts";
import { choice, field, secretField } from "../src/screens/layers.ts";
import { type Asked, Manager } from "../src/screens/manager.ts";
import type { Paint } from "../src/screens/paint.ts";
import { narrowing } from "../src/screens/pick.ts";

const testdata = new URL("../../tests/testdata/", import.meta.url);
const sizes = [
	[60, 16],
	[80, 24],
	[100, 30],
	[200, 60],
] as const;

const blank: Screen = {
	provider: "",
	account: "",
	providers: [],
	accounts: [],
	about: [],
	details: [],
	modes: [],
	hidden: 0,
	undo: "",
};
const item = { id: "", name: "", state: "", note: "", tone: "", flags: [] };
const fact = { label: "", text: "", tone: "", bar: 0 };

/** The screens of the conversation, whole again: its lines leave out what has a zero value. */
function screens(): Screen[] {
	const lines = readFileSync(new URL("conversations/screen_of_accounts.txt", testdata), "utf8").split("\n");
	return lines
		.filter((line) => line.startsWith('< {"screen"'))
		.map((line) => {
			const part = { ...blank, ...(JSON.parse(line.slice(2)) as { screen: Screen }).screen };
			return {
				...part,
				providers: part.providers.map((x) => ({ ...item, ...x })),
				accounts: part.accounts.map((x) => ({ ...item, ...x })),
				about: part.about.map((x) => ({ ...fact, ...x })),
				details: part.details.map((x) => ({ ...fact, ...x })),
			};
		});
}

const paintOf = (characters: Borders): Paint => ({
	theme: { fg: (_, text) => text, bg: (_, text) => text, bold: (text) => text },
	borders: characters,
});
const keys = new KeybindingsManager(TUI_KEYBINDINGS);
const key = { up: "\x1b[A", down: "\x1b[B", left: "\x1b[D", right: "\x1b[C", enter: "\r", esc: "\x1b", tab: "\t" };

interface Stage {
	manager: Manager;
	said: string[][];
	asked: Show[];
	closed: number;
	/** Lets what was asked be answered. */
	settle(): Promise<void>;
	draw(width: number): string[];
}

function stage(screen: Screen, rows = 24, answer: Partial<View> = {}): Stage {
	const said: string[][] = [];
	const asked: Show[] = [];
	let shown = screen;
	const asker: Asked = {
		async show(query) {
			asked.push(query);
			shown = { ...shown, account: query.account || shown.account };
			return shown;
		},
		async command(words, progress, signal) {
			said.push(words);
			if (words[0] === "check") {
				progress("checking one, 1 of 2");
				await new Promise((resolve) => signal.addEventListener("abort", resolve));
			}
			return { title: "Done", rows: [], notes: ["It is so."], json: "", failed: false, ...answer };
		},
		rows: () => rows,
		redraw() {},
		close() {
			s.closed++;
		},
	};
	const manager = new Manager(asker, paintOf(unicode), keys, screen);
	const s: Stage = {
		manager,
		said,
		asked,
		closed: 0,
		settle: () => new Promise((resolve) => setImmediate(() => setImmediate(resolve))),
		draw: (width) => manager.render(width),
	};
	return s;
}

test("every screen fills its frame at every size, in both styles, and looks as recorded", () => {
	for (const [style, characters] of [
		["unicode", unicode],
		["ascii", ascii],
	] as const) {
		for (const [width, rows] of sizes) {
			const pages: string[] = [];
			for (const [i, screen] of screens().entries()) {
				for (const pane of ["accounts", "providers"]) {
					const asker = { rows: () => rows, redraw() {} } as unknown as Asked;
					const manager = new Manager(asker, paintOf(characters), keys, screen);
					manager.render(width);
					if (pane === "providers") manager.handleInput(key.left);
					const lines = manager.render(width);
					assert.equal(lines.length, rows, `${style} ${width}x${rows} screen ${i}`);
					for (const line of lines) assert.equal(visibleWidth(line), width, `${style} ${width}x${rows}: ${line}`);
					const drawn = stripTerminalSequences(lines.join(""));
					if (style === "ascii" && /^[ -~]*$/.test(JSON.stringify(screen))) assert.match(drawn, /^[ -~]*$/);
					pages.push(lines.map((line) => stripTerminalSequences(line).trimEnd()).join("\n"));
				}
			}
			const golden = new URL(`screens/${width}x${rows}_${style}.txt`, testdata);
			const text = `${pages.join("\n\n")}\n`;
			if (process.env["UPDATE_SCREENS"]) {
				mkdirSync(new URL(".", golden), { recursive: true });
				writeFileSync(golden, text);
			}
			assert.ok(existsSync(golden), "make golden writes the screens");
			assert.equal(text, readFileSync(golden, "utf8"));
		}
	}
});

test("no size makes a line wider or a screen taller than it may be", () => {
	for (const screen of screens())
		for (let width = 24; width <= 130; width += 7)
			for (let rows = 8; rows <= 50; rows += 6) {
				const s = stage(screen, rows);
				for (const press of ["", key.right, key.left, key.left, "m", key.esc, "?"]) {
					if (press !== "") s.manager.handleInput(press);
					const lines = s.draw(width);
					assert.equal(lines.length, rows);
					for (const line of lines) assert.equal(visibleWidth(line), width);
				}
			}
});

test("keys perform the commands that could be typed", async () => {
	const screen = screens()[1] as Screen;
	const account = `${screen.provider}/${screen.account}`;
	for (const [presses, words] of [
		[[key.enter], ["use", account]],
		[["p"], ["pause", account]],
		[["c"], ["check", account]],
		[
			["o", key.down, key.enter],
			["set", account, "overage", "on"],
		],
		[["r"], ["set", account, "reserve", "off"]],
		[["u"], ["undo"]],
		[
			["m", key.up, key.enter],
			["mode", screen.provider, "balancer"],
		],
		[
			["e", "!", key.enter],
			["rename", account, "Work!"],
		],
		[["d", key.enter], undefined],
		[["d", key.esc], undefined],
		[
			["d", key.down, key.enter],
			["remove", account, "--yes"],
		],
		[["J"], ["order", screen.provider, "anthropic-1", "anthropic", "anthropic-2"]],
		[["K"], undefined],
		[["L"], ["add", screen.provider, "--account", screen.account]],
		[["y"], ["resume", account]],
		[
			["n", "!", key.enter],
			["set", account, "note", "!"],
		],
		[
			["i", "\x7f", "3", key.enter],
			["set", account, "priority", "3"],
		],
		[
			[" ", " ", "p"],
			["pause", account, `${screen.provider}/anthropic-1`],
		],
	] as [string[], string[] | undefined][]) {
		const s = stage(screen);
		s.draw(80);
		for (const press of presses) {
			s.manager.handleInput(press);
			await s.settle();
			s.draw(80);
		}
		assert.deepEqual(s.said.at(-1), words, JSON.stringify(presses));
	}
});

test("an account that is out of sight is not acted on", async () => {
	const s = stage(screens()[1] as Screen);
	s.draw(80);
	s.manager.handleInput(key.left);
	assert.doesNotMatch(s.draw(80).join("\n"), /Zuhause/);
	for (const press of ["d", "p", "e", " ", "r", "c", "J"]) s.manager.handleInput(press);
	await s.settle();
	assert.deepEqual(s.said, []);
});

test("esc stops what is under way before it closes, and how far it is stands below", async () => {
	const s = stage(screens()[1] as Screen);
	s.draw(80);
	s.manager.handleInput("c");
	assert.match(s.draw(80).join("\n"), /checking one, 1 of 2[\s\S]*esc stop/);
	s.manager.handleInput(key.esc);
	await s.settle();
	assert.equal(s.closed, 0);
	assert.match(s.draw(80).join("\n"), /It is so\.[\s\S]*esc close/);
	s.manager.handleInput(key.esc);
	assert.equal(s.closed, 1);
});

test("rows are marked and moved only where they are seen", async () => {
	const s = stage(screens()[1] as Screen, 16);
	s.draw(60);
	s.manager.handleInput(key.right);
	assert.doesNotMatch(s.draw(60).join("\n"), /Zuhause/);
	for (const press of [" ", "J"]) s.manager.handleInput(press);
	await s.settle();
	assert.deepEqual(s.said, []);
	s.manager.handleInput("p");
	await s.settle();
	assert.deepEqual(s.said, [["pause", "anthropic/anthropic"]], "the account of the details is the one that is named");
});

test("nothing is cut without a mark", async () => {
	const long = Array.from({ length: 40 }, (_, i) => ({ cells: [`row ${i}`, "and what it says"], tone: "" }));
	const s = stage(screens()[1] as Screen, 16, { title: "Doctor", rows: long, notes: [] });
	s.draw(60);
	s.manager.handleInput("D");
	await s.settle();
	assert.match(s.draw(60).join("\n"), /↓ 1 to 12 of 40 ─┤/);
	s.manager.handleInput("\x1b[6~");
	assert.match(s.draw(60).join("\n"), /↑ ↓ 13 to 24 of 40 ─┤/);
	s.manager.handleInput("\x1b[F");
	assert.match(s.draw(60).join("\n"), /row 39[\s\S]*↑ 29 to 40 of 40 ─┤/);
	s.manager.handleInput(key.esc);
	s.manager.handleInput("m");
	const modes = stripTerminalSequences(s.draw(60).join("\n"));
	assert.doesNotMatch(modes, /…/);
	assert.match(modes, /fill-first[\s\S]*the first account in order until it cannot serve/);
	const status = stage(screens()[1] as Screen, 24, { notes: [`${"word ".repeat(20)}end.`] });
	status.draw(60);
	status.manager.handleInput("u");
	await status.settle();
	assert.match(status.draw(60).join("\n"), /word[\s\S]*end\./);
});

test("an answer of several rows is read in a layer, one of a single row in a sentence", async () => {
	const head = { cells: ["key", "account", ""], tone: "head" };
	const row = (n: number) => ({ cells: [`sk-${n}`, `demo-${n}`, "added: works"], tone: "good" });
	const one = stage(screens()[1] as Screen, 24, { title: "Demo", rows: [head, row(1)], notes: [] });
	one.draw(80);
	one.manager.handleInput("a");
	await one.settle();
	assert.match(one.draw(80).join("\n"), /│ sk-1, demo-1, added: works +│/);
	const two = stage(screens()[1] as Screen, 24, { title: "Demo", rows: [head, row(1), row(2)], notes: [] });
	two.draw(80);
	two.manager.handleInput("a");
	await two.settle();
	assert.match(two.draw(80).join("\n"), /sk-1 +demo-1 +added: works/);
});

test("search narrows as one types, and esc brings everything back before it closes", async () => {
	const s = stage(screens()[1] as Screen);
	s.draw(80);
	for (const press of ["/", "w", "o"]) s.manager.handleInput(press);
	await s.settle();
	assert.equal(s.asked.at(-1)?.search, "wo");
	s.manager.handleInput(key.enter);
	s.manager.handleInput(key.esc);
	await s.settle();
	assert.equal(s.asked.at(-1)?.search, "");
	assert.equal(s.closed, 0);
	s.manager.handleInput(key.esc);
	assert.equal(s.closed, 1);
});

test("a command that fails says why, and a long answer is read in a layer", async () => {
	const failed = stage(screens()[1] as Screen, 24, { failed: true, title: "It could not be kept", notes: [] });
	failed.draw(80);
	failed.manager.handleInput("u");
	await failed.settle();
	assert.match(failed.draw(80).join("\n"), /It could not be kept/);
	const long = stage(screens()[1] as Screen, 24, { title: "Doctor", notes: ["word ".repeat(80)] });
	long.draw(80);
	long.manager.handleInput("D");
	await long.settle();
	assert.match(long.draw(80).join("\n"), /Accounts ▸ anthropic ▸ Doctor/);
});

test("a secret is taken whole, lines and all, and never drawn", () => {
	let given = "";
	const layer = secretField("keys", "Paste keys.", (text) => {
		given = text;
	});
	for (const data of ["s", "k", "\x1b[200~-one\r\nsk-", "two\x1b[201~", "\x7f", "O"])
		assert.equal(layer.input(data, keys), false);
	const lines = layer.render(paintOf(unicode), 60, 5).join("\n");
	assert.doesNotMatch(lines, /sk|one|tw/);
	assert.match(lines, /13 characters in 2 lines/);
	assert.equal(layer.input(key.enter, keys), true);
	assert.equal(given, "sk-one\nsk-twO");
});

test("a field keeps what is there, with the cursor behind it; a choice says no by default where it begins there", () => {
	let given = "";
	const name = field("rename", "", "Work", (text) => {
		given = text;
	});
	name.input("!", keys);
	name.input(key.enter, keys);
	assert.equal(given, "Work!");
	let chosen = "";
	const ask = choice(
		"remove",
		"Sure?",
		[
			{ id: "no", label: "No" },
			{ id: "yes", label: "Yes" },
		],
		(id) => {
			chosen = id;
		},
	);
	ask.input(key.enter, keys);
	assert.equal(chosen, "no");
});

test("borders follow the wish, then what the terminal can draw", () => {
	for (const [env, platform, want] of [
		[{}, "linux", unicode],
		[{ LANG: "C" }, "linux", ascii],
		[{ LANG: "de_DE.ISO-8859-1" }, "linux", ascii],
		[{ LANG: "de_CH" }, "linux", unicode],
		[{ LANG: "C", LC_ALL: "en_US.UTF-8" }, "darwin", unicode],
		[{ TERM: "dumb", LANG: "en_US.UTF-8" }, "linux", ascii],
		[{ TERM: "vt100" }, "linux", ascii],
		[{}, "win32", ascii],
		[{ WT_SESSION: "1" }, "win32", unicode],
		[{ TERM_PROGRAM: "vscode" }, "win32", unicode],
		[{ TERM: "xterm-256color" }, "win32", unicode],
		[{ PI_MULTI_AUTH_ASCII_BORDERS: "on" }, "linux", ascii],
		[{ PI_MULTI_AUTH_ASCII_BORDERS: " YES " }, "win32", ascii],
		[{ PI_MULTI_AUTH_ASCII_BORDERS: "0", TERM: "dumb" }, "linux", unicode],
		[{ PI_MULTI_AUTH_ASCII_BORDERS: "perhaps", LANG: "C" }, "linux", ascii],
	] as [NodeJS.ProcessEnv, NodeJS.Platform, Borders][])
		assert.equal(borders(env, platform), want, JSON.stringify(env));
});

test("a long list narrows to what holds all the words that are typed", () => {
	let chosen = -1;
	const labels = ["Azure OpenAI (azure)", "OpenAI (openai)", "OpenAI Codex (openai-codex)", "xAI (xai)"];
	const layer = narrowing(labels, (at) => {
		chosen = at;
	});
	for (const data of ["c", "o", "d", " ", "open"]) assert.equal(layer.input(data, keys), false);
	assert.match(layer.render(paintOf(unicode), 40, 8).join("\n"), /1 of 4[\s\S]*OpenAI Codex/);
	assert.equal(layer.input("zzz", keys), false);
	assert.match(layer.render(paintOf(unicode), 40, 8).join("\n"), /Nothing holds/);
	assert.equal(layer.input(key.enter, keys), false);
	layer.input("\x15", keys);
	layer.input(key.down, keys);
	assert.equal(layer.input(key.enter, keys), true);
	assert.equal(chosen, 1);
	chosen = -1;
	layer.input("\x15", keys);
	layer.input("\x1b[200~open\x1b[201~", keys);
	assert.match(layer.render(paintOf(unicode), 40, 8).join("\n"), /3 of 4[\s\S]*▸ OpenAI \(openai\)/);
	layer.input(key.enter, keys);
	assert.equal(chosen, 1, "what begins with the words stands before what only holds them");
});
