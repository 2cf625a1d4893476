import { decodeKittyPrintable, Input, type KeybindingsManager } from "@earendil-works/pi-tui";
import type { View } from "../abi.ts";
import { columns } from "../commands.ts";
import { type Paint, selected, toned } from "./paint.ts";
import { Scroll } from "./scroll.ts";
import { clean, fit, visibleWidth, wrap } from "./text.ts";

/** Something that lies over the panes until it is answered. */
export interface Layer {
	title: string;
	/** What the keys do, a phrase each; the last one is always shown. */
	hints: readonly string[];
	/** Whether it asks about the account under the cursor, so that its name belongs above. */
	about: boolean;
	render(paint: Paint, width: number, height: number): string[];
	/** Takes a key. Answers true when the layer is done with. */
	input(data: string, keys: KeybindingsManager): boolean;
	/** Leaves it unanswered. */
	cancel?(): void;
	/** Whether a cursor belongs on it. */
	focus?(focused: boolean): void;
}

/** One of the things a choice offers. */
export interface Offer {
	id: string;
	label: string;
	/** A few words beside the label. */
	about?: string;
}

/** One of several. */
export function choice(
	title: string,
	text: string,
	offers: readonly Offer[],
	chosen: (id: string) => void,
	at = 0,
	cancel?: () => void,
): Layer {
	const scroll = new Scroll();
	scroll.at = at;
	const moves = {
		"tui.select.up": -1,
		"tui.select.down": 1,
		"tui.select.pageUp": -8,
		"tui.select.pageDown": 8,
	} as const;
	return {
		title,
		hints: ["enter choose", "esc back"],
		about: true,
		render(paint, width, height) {
			const lines = text === "" ? [] : [...wrap(clean(text), width), ""];
			const widest = Math.max(...offers.map((offer) => visibleWidth(clean(offer.label))));
			const rows = offers.map((offer, i) => {
				const label = `${i === scroll.at ? paint.borders.pointer : " "} ${fit(clean(offer.label), widest, "")}`;
				return offer.about ? `${label}  ${paint.theme.fg("muted", clean(offer.about))}` : label;
			});
			return [...lines, ...listLines(paint, scroll, rows, width, Math.max(1, height - lines.length), true)];
		},
		input(data, keys) {
			for (const [id, by] of Object.entries(moves))
				if (keys.matches(data, id as keyof typeof moves)) scroll.move(by, offers.length);
			if (!keys.matches(data, "tui.select.confirm")) return false;
			const offer = offers[scroll.at];
			if (offer) chosen(offer.id);
			return true;
		},
		...(cancel ? { cancel } : {}),
	};
}

/** A text to read. */
export function reading(title: string, lines: (paint: Paint, width: number) => string[]): Layer {
	let top = 0;
	let last = 0;
	let page = 1;
	return {
		title,
		hints: ["up and down scroll", "esc back"],
		about: false,
		render(paint, width, height) {
			const all = lines(paint, width);
			page = height;
			last = Math.max(0, all.length - height);
			top = Math.min(top, last);
			return all.slice(top, top + height);
		},
		input(data, keys) {
			const moves = {
				"tui.select.up": -1,
				"tui.select.down": 1,
				"tui.select.pageUp": -page,
				"tui.select.pageDown": page,
			};
			for (const [id, by] of Object.entries(moves))
				if (keys.matches(data, id as keyof typeof moves)) top = Math.max(0, Math.min(last, top + by));
			return keys.matches(data, "tui.select.confirm");
		},
	};
}

/** A View to read: its rows in columns, its notes as paragraphs. */
export function readingOf(view: View): Layer {
	return reading(view.title, (paint, width) => {
		const lines: string[] = [];
		for (const [text, tone] of columns(view, width))
			for (const line of wrap(clean(text), width)) lines.push(toned(paint, tone, line));
		for (const note of view.notes) lines.push("", ...wrap(clean(note), width));
		return lines;
	});
}

/** A line to type. `changed` hears every key. */
export function field(
	title: string,
	text: string,
	value: string,
	given: (text: string) => void,
	changed?: (text: string) => void,
	cancel?: () => void,
): Layer {
	const input = new Input();
	input.setValue(value);
	// The cursor belongs behind what is there already.
	if (value !== "") input.handleInput("\x05");
	return {
		title,
		hints: ["enter done", "esc cancel"],
		about: true,
		render: (_paint, width) => [...(text === "" ? [] : wrap(clean(text), width)), ...input.render(width)],
		input(data, keys) {
			if (keys.matches(data, "tui.select.confirm")) {
				given(input.getValue());
				return true;
			}
			input.handleInput(data);
			changed?.(input.getValue());
			return false;
		},
		focus(focused) {
			input.focused = focused;
		},
		...(cancel ? { cancel } : {}),
	};
}

const pasteBegin = "\x1b[200~";
const pasteEnd = "\x1b[201~";

/** A secret to type or paste, lines and all; the screen says how much is there and nothing of it. */
export function secretField(title: string, text: string, given: (text: string) => void, cancel?: () => void): Layer {
	let value = "";
	let pasting = false;
	const typed = (data: string, keys: KeybindingsManager): boolean => {
		if (keys.matches(data, "tui.select.confirm")) {
			given(value);
			return true;
		}
		if (keys.matches(data, "tui.editor.deleteToLineStart")) value = "";
		else if (keys.matches(data, "tui.editor.deleteCharBackward")) value = [...value].slice(0, -1).join("");
		else {
			const letters = decodeKittyPrintable(data) ?? data;
			// biome-ignore lint/suspicious/noControlCharactersInRegex: keys that are not text begin with one
			if (!/[\u0000-\u001f\u007f]/.test(letters)) value += letters;
		}
		return false;
	};
	return {
		title,
		hints: ["enter done", "ctrl+u clear", "esc cancel"],
		about: false,
		render(paint, width) {
			const count = [...value].length;
			const lines = value.split("\n").filter((line) => line.trim() !== "").length;
			const words = lines > 1 ? `${count} characters in ${lines} lines` : `${count} characters`;
			const masked = paint.borders.mask.repeat(Math.min(count, Math.max(0, width - 34)));
			return [...wrap(clean(text), width), `> ${masked}${count === 0 ? "" : paint.theme.fg("muted", ` ${words}`)}`];
		},
		input(data, keys) {
			let rest = data;
			// A paste may come in several pieces; what is inside of it is text, whatever it looks like.
			while (rest !== "") {
				if (pasting) {
					const end = rest.indexOf(pasteEnd);
					value += (end < 0 ? rest : rest.slice(0, end)).replace(/\r\n?/g, "\n");
					if (end < 0) return false;
					pasting = false;
					rest = rest.slice(end + pasteEnd.length);
					continue;
				}
				const begin = rest.indexOf(pasteBegin);
				const before = begin < 0 ? rest : rest.slice(0, begin);
				if (before !== "" && typed(before, keys)) return true;
				if (begin < 0) return false;
				pasting = true;
				rest = rest.slice(begin + pasteBegin.length);
			}
			return false;
		},
		...(cancel ? { cancel } : {}),
	};
}

/** The lines of a list that are seen, with the cursor on one of them where the list is active. */
export function listLines(
	paint: Paint,
	scroll: Scroll,
	lines: readonly string[],
	width: number,
	height: number,
	active: boolean,
): string[] {
	const [from, to] = scroll.see(lines.length, height);
	return lines
		.slice(from, to)
		.map((line, i) => selected(paint, fit(line, width, paint.borders.ellipsis), active && from + i === scroll.at));
}
