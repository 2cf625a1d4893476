import type { ExtensionContext } from "@earendil-works/pi-coding-agent";
import type { KeybindingsManager } from "@earendil-works/pi-tui";
import { borders } from "./borders.ts";
import { framed, type Layer, listLines } from "./layers.ts";
import { frame, type Paint } from "./paint.ts";
import { partOf, Scroll } from "./scroll.ts";
import { clean, wrap } from "./text.ts";
import { isText, Typing } from "./typing.ts";

/** How well a label answers what was typed, 0 for best: it begins so, a word of it begins so, or it holds it somewhere. */
function rank(label: string, typed: string): number {
	if (label.startsWith(typed)) return 0;
	return label.includes(` ${typed}`) || label.includes(`(${typed}`) ? 1 : 2;
}

/** Takes one of many labels; typing narrows them to those that hold all the words, the best first. `chosen` hears the label's place. */
export function narrowing(labels: readonly string[], chosen: (at: number) => void): Layer {
	const scroll = new Scroll();
	const typing = new Typing();
	let part = "";
	const words = () => typing.text.toLowerCase().trim().split(/\s+/);
	const found = () => {
		const typed = words();
		return labels
			.map((label, at) => ({ label, at, in: label.toLowerCase() }))
			.filter((one) => typed.every((word) => one.in.includes(word)))
			.sort((a, b) => rank(a.in, typed[0] ?? "") - rank(b.in, typed[0] ?? ""));
	};
	return {
		title: "",
		hints: ["type to search", "enter choose", "esc back"],
		about: false,
		render(paint, width, height) {
			const left = found();
			const room = Math.max(1, height - 2);
			const row = (i: number) => `${i === scroll.at ? paint.borders.pointer : " "} ${clean(left[i]?.label ?? "")}`;
			const list = listLines(paint, scroll, left.length, row, width, room, true);
			part = partOf(scroll.top, room, left.length, paint.borders.more);
			const none = left.length === 0 ? wrap("Nothing holds these words.", width) : [];
			const count = left.length === labels.length ? `${labels.length}` : `${left.length} of ${labels.length}`;
			const typed = clean(typing.text.replaceAll("\n", " "));
			return [`> ${typed}${paint.theme.fg("muted", ` ${count}`)}`, "", ...list, ...none];
		},
		part: () => part,
		input(data, keys) {
			// A letter is never a movement, whatever Pi's keys are bound to.
			if (!isText(data) && scroll.take(data, keys, found().length)) return false;
			const before = typing.text;
			const done = typing.take(data, keys);
			if (typing.text !== before) scroll.at = 0;
			const one = done ? found()[scroll.at] : undefined;
			if (one) chosen(one.at);
			return one !== undefined;
		},
	};
}

/** Asks for one of many; undefined when the person gives up. */
export function pick(
	ctx: ExtensionContext,
	title: string,
	labels: readonly string[],
	signal: AbortSignal,
): Promise<string | undefined> {
	return ctx.ui.custom<string | undefined>((tui, theme, keys: KeybindingsManager, done) => {
		const paint: Paint = { theme, borders: borders() };
		const layer = narrowing(labels, (at) => done(labels[at]));
		signal.addEventListener("abort", () => done(undefined), { once: true });
		return {
			render: (width: number) => {
				const rows = Math.max(6, Math.min(labels.length + 2, tui.terminal.rows - 10));
				return frame(paint, clean(title), framed(paint, layer, width - 4, rows), width);
			},
			handleInput(data: string) {
				if (keys.matches(data, "tui.select.cancel")) done(undefined);
				else layer.input(data, keys);
				tui.requestRender();
			},
			invalidate() {},
		};
	});
}
