import type { ExtensionContext } from "@earendil-works/pi-coding-agent";
import type { KeybindingsManager } from "@earendil-works/pi-tui";
import { borders } from "./borders.ts";
import { type Layer, listLines } from "./layers.ts";
import { frame, type Paint } from "./paint.ts";
import { Scroll } from "./scroll.ts";
import { clean, wrap } from "./text.ts";

/** Takes one of many labels; typing narrows them to those that hold all the words. `chosen` hears the label's place. */
export function narrowing(labels: readonly string[], chosen: (at: number) => void): Layer {
	const scroll = new Scroll();
	let typed = "";
	const found = () => {
		const words = typed.toLowerCase().split(/\s+/);
		return labels.flatMap((label, at) =>
			words.every((word) => label.toLowerCase().includes(word)) ? [{ label, at }] : [],
		);
	};
	const moves = {
		"tui.select.up": -1,
		"tui.select.down": 1,
		"tui.select.pageUp": -8,
		"tui.select.pageDown": 8,
	} as const;
	return {
		title: "",
		hints: ["type to search", "enter choose", "esc back"],
		about: false,
		render(paint, width, height) {
			const left = found();
			const rows = left.map(({ label }, i) => `${i === scroll.at ? paint.borders.pointer : " "} ${clean(label)}`);
			const list = listLines(paint, scroll, rows, width, Math.max(1, height - 2), true);
			const none = left.length === 0 ? wrap("Nothing holds these words.", width) : [];
			const count = left.length === labels.length ? `${labels.length}` : `${left.length} of ${labels.length}`;
			return [`> ${typed}${paint.theme.fg("muted", ` ${count}`)}`, "", ...list, ...none];
		},
		input(data, keys) {
			const move = Object.entries(moves).find(([id]) => keys.matches(data, id as keyof typeof moves));
			if (move) scroll.move(move[1], found().length);
			else if (keys.matches(data, "tui.select.confirm")) {
				const one = found()[scroll.at];
				if (one) chosen(one.at);
				return one !== undefined;
			} else if (keys.matches(data, "tui.editor.deleteCharBackward")) typed = [...typed].slice(0, -1).join("");
			else if (keys.matches(data, "tui.editor.deleteToLineStart")) typed = "";
			// biome-ignore lint/suspicious/noControlCharactersInRegex: keys that are not text begin with one
			else if (!/[\u0000-\u001f\u007f]/.test(data)) {
				typed += data;
				scroll.at = 0;
			}
			return false;
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
				const hints = paint.theme.fg("muted", layer.hints.join(` ${paint.borders.dot} `));
				return frame(paint, clean(title), [...layer.render(paint, width - 4, rows), "-", hints], width);
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
