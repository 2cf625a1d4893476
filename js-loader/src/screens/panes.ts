import type { Detail, Item, Screen, Show } from "../abi.ts";
import { type Layer, listLines } from "./layers.ts";
import { bar, frame, type Paint, rule, toned } from "./paint.ts";
import type { Scroll } from "./scroll.ts";
import { clean, fit, spread, visibleWidth, wrap } from "./text.ts";

/** One of the three parts of the screen. */
export type Pane = "providers" | "accounts" | "details";

/** All that decides how the screen looks. */
export interface Sight {
	screen: Screen;
	query: Show;
	/** The pane that has the keys. */
	pane: Pane;
	providers: Scroll;
	accounts: Scroll;
	details: Scroll;
	/** Ids of the accounts that are marked. */
	marked: ReadonlySet<string>;
	layer: Layer | undefined;
	/** The sentence below the panes, and its tone; "" when there is none. */
	status: string;
	statusTone: string;
	/** What the keys do now, a phrase each; the last one is always shown. */
	hints: readonly string[];
}

/** From this inner width on the three panes stand side by side. */
const wide = 96;
/** From this height on a narrow screen shows the list and what it is about at once. */
const tall = 14;
const labelWidth = 12;

/** Whether the list of accounts is seen: only then can what is done to its rows be seen too. */
export function listSeen(sight: Sight, width: number, rows: number): boolean {
	if (sight.pane === "accounts" || width - 4 >= wide) return true;
	return sight.pane === "details" && bodyHeight(sight, width, rows) >= tall;
}

/** The account that the details are about. */
export function accountOf(sight: Sight): Item | undefined {
	return sight.screen.accounts[sight.accounts.at];
}

/** The sentence below the panes, in as many lines as it may take. */
export function statusLines(text: string, width: number, rows: number): { lines: string[]; fits: boolean } {
	if (text === "") return { lines: [], fits: true };
	const most = rows < 20 ? 2 : 3;
	const lines = wrap(clean(text), width - 4);
	return { lines: lines.slice(0, most), fits: lines.length <= most };
}

function parts(sight: Sight, dot: string, width: number, rows: number) {
	const hints = hintLines(sight.layer?.hints ?? sight.hints, dot, width - 4, rows < 20 ? 1 : 2);
	const { lines, fits } = statusLines(sight.status, width, rows);
	return { hints, status: lines, fits, height: Math.max(3, rows - 3 - hints.length - lines.length) };
}

function bodyHeight(sight: Sight, width: number, rows: number): number {
	return parts(sight, " . ", width, rows).height;
}

/** Draws the screen, `rows` lines of `width` columns. */
export function drawScreen(paint: Paint, sight: Sight, width: number, rows: number): string[] {
	const { borders, theme } = paint;
	const inner = width - 4;
	const { hints, status, fits, height } = parts(sight, ` ${borders.dot} `, width, rows);
	const { layer } = sight;
	const body = layer ? over(paint, sight, layer, inner, height) : panes(paint, sight, inner, height);
	const said = status.map((line, i) => {
		const cut = !fits && i === status.length - 1;
		return toned(paint, sight.statusTone, cut ? fit(`${line} ${borders.ellipsis}`, inner, borders.ellipsis) : line);
	});
	// What the keys of a layer do may follow from how much of it there was to draw.
	const now = layer ? hintLines(layer.hints, ` ${borders.dot} `, inner, hints.length) : hints;
	const keys = now.map((hint) => theme.fg("muted", hint));
	return frame(paint, title(paint, sight), [...padded(body, height), rule(layer?.part?.()), ...said, ...keys], width);
}

/** As many of the phrases as there is room for; the last one, which leads to all others, keeps its place. */
function hintLines(hints: readonly string[], dot: string, width: number, most: number): string[] {
	const last = hints.at(-1) ?? "";
	const lines = [""];
	for (const [i, hint] of hints.entries()) {
		const line = lines.at(-1) ?? "";
		const joined = line === "" ? hint : line + dot + hint;
		const reserve = lines.length === most && i < hints.length - 1 ? visibleWidth(dot + last) : 0;
		if (visibleWidth(joined) + reserve <= width) lines[lines.length - 1] = joined;
		else if (lines.length < most) lines.push(hint);
		else if (i < hints.length - 1) {
			lines[lines.length - 1] = line === "" ? last : line + dot + last;
			break;
		}
	}
	return lines;
}

function title(paint: Paint, sight: Sight): string {
	const parts = ["Accounts"];
	if (sight.pane !== "providers" && sight.screen.provider !== "") parts.push(clean(sight.screen.provider));
	if (sight.layer && sight.layer.title !== "") parts.push(clean(sight.layer.title));
	return parts.join(` ${paint.borders.pointer} `);
}

function over(paint: Paint, sight: Sight, layer: Layer, width: number, height: number): string[] {
	// Whoever is asked something about an account sees which.
	const account = sight.pane === "providers" || !layer.about ? undefined : accountOf(sight);
	const about = account ? [paint.theme.fg("muted", clean(account.name)), ""] : [];
	return [...about, ...layer.render(paint, width, height - about.length)];
}

function panes(paint: Paint, sight: Sight, width: number, height: number): string[] {
	const { borders, theme } = paint;
	if (width >= wide) {
		const first = Math.max(24, Math.floor(width * 0.2));
		const second = Math.max(34, Math.floor(width * 0.38));
		const third = width - first - second - 6;
		const parts: [string[], number][] = [
			[providerPane(paint, sight, first, height), first],
			[accountPane(paint, sight, second, height), second],
			[detailPane(paint, sight, third, height), third],
		];
		const edge = ` ${theme.fg("border", borders.vertical)} `;
		return Array.from({ length: height }, (_, i) =>
			parts.map(([lines, size]) => fit(lines[i] ?? "", size, borders.ellipsis)).join(edge),
		);
	}
	if (sight.pane === "providers") return providerPane(paint, sight, width, height);
	if (height < tall) return (sight.pane === "accounts" ? accountPane : detailPane)(paint, sight, width, height);
	const upper = Math.max(2, Math.min(sight.screen.accounts.length + 1, Math.max(4, Math.floor(height * 0.45))));
	return [
		...padded(accountPane(paint, sight, width, upper), upper),
		theme.fg("borderMuted", borders.horizontal.repeat(width)),
		...detailPane(paint, sight, width, height - upper - 1),
	];
}

function head(
	paint: Paint,
	active: boolean,
	text: string,
	top: number,
	height: number,
	length: number,
	width: number,
): string {
	const [up, down] = paint.borders.more;
	const more = (top > 0 ? up : "") + (top + height < length ? down : "");
	const line = spread(clean(text), more, width, paint.borders.ellipsis);
	return active ? paint.theme.fg("accent", paint.theme.bold(line)) : paint.theme.fg("muted", line);
}

function providerPane(paint: Paint, sight: Sight, width: number, height: number): string[] {
	const { providers: items, hidden: others } = sight.screen;
	const active = sight.pane === "providers";
	const line = (i: number) => row(paint, items[i] as Item, width, i === sight.providers.at, false);
	const list = listLines(paint, sight.providers, items.length, line, width, height - 1, active);
	if (items.length === 0) list.push(...wrap("No provider has an account yet. Press a to add one.", width));
	const text = `Providers (${items.length}${others > 0 ? ` of ${items.length + others}` : ""})`;
	return [head(paint, active, text, sight.providers.top, height - 1, items.length, width), ...list];
}

function accountPane(paint: Paint, sight: Sight, width: number, height: number): string[] {
	const items = sight.screen.accounts;
	const active = sight.pane === "accounts";
	const line = (i: number) => {
		const item = items[i] as Item;
		return row(paint, item, width, i === sight.accounts.at, sight.marked.has(item.id));
	};
	const list = listLines(paint, sight.accounts, items.length, line, width, height - 1, active);
	const { search, sort } = sight.query;
	if (items.length === 0)
		list.push(
			...wrap(search === "" ? "No accounts. Press a to add one." : "Nothing found. Press / to search anew.", width),
		);
	const more = [
		...(sort === "order" || sort === "" ? [] : [`by ${sort}`]),
		...(search === "" ? [] : [`"${search}"`]),
		...(sight.marked.size > 0 ? [`${sight.marked.size} marked`] : []),
	];
	const text = `${sight.screen.provider || "Accounts"} (${[items.length, ...more].join(", ")})`;
	return [head(paint, active, text, sight.accounts.top, height - 1, items.length, width), ...list];
}

function row(paint: Paint, item: Item, width: number, at: boolean, marked: boolean): string {
	const { borders, theme } = paint;
	const pinned = item.flags.includes("pinned") ? theme.fg("accent", borders.pinned) : " ";
	const lead = `${at ? borders.pointer : " "}${marked ? theme.fg("warning", borders.marked) : " "}${pinned} `;
	const state = toned(paint, item.tone, clean(item.state));
	const note = item.note === "" ? "" : theme.fg("muted", clean(item.note));
	const both = [state, note].filter((part) => part !== "").join(" ");
	const faint = item.flags.includes("paused") || item.flags.includes("hidden");
	const name = faint ? theme.fg("dim", clean(item.name)) : clean(item.name);
	const room = width - visibleWidth(lead);
	// A name of which nothing is left says nothing; the note yields to it.
	const right = visibleWidth(both) > room - 10 ? state : both;
	return lead + spread(name, right, room, borders.ellipsis);
}

function detailPane(paint: Paint, sight: Sight, width: number, height: number): string[] {
	const account = sight.pane === "providers" ? undefined : accountOf(sight);
	const facts = account ? sight.screen.details : sight.screen.about;
	const lines = facts.flatMap((fact) => factLines(paint, fact, width));
	const last = Math.max(0, lines.length - (height - 1));
	sight.details.top = Math.max(0, Math.min(sight.details.top, last));
	sight.details.page = Math.max(1, height - 1);
	const top = sight.details.top;
	const name = account?.name ?? sight.screen.provider;
	const heading = head(paint, sight.pane === "details", name, top, height - 1, lines.length, width);
	return [heading, ...lines.slice(top, top + height - 1)];
}

function factLines(paint: Paint, fact: Detail, width: number): string[] {
	const indent = fact.label === "" ? 0 : labelWidth;
	const label = fact.label === "" ? "" : `${fit(clean(fact.label), labelWidth - 1, paint.borders.ellipsis)} `;
	const lines = wrap(clean(fact.text), width - indent).map((line, i) => {
		const lead = i === 0 ? paint.theme.fg("muted", label) : " ".repeat(indent);
		return lead + toned(paint, fact.tone, line);
	});
	if (fact.bar < 0) return lines;
	const size = Math.max(8, Math.min(32, width - labelWidth));
	return [...lines, " ".repeat(labelWidth) + bar(paint, fact.bar, size, fact.tone)];
}

function padded(lines: string[], height: number): string[] {
	return [...lines, ...Array<string>(Math.max(0, height - lines.length)).fill("")].slice(0, height);
}
