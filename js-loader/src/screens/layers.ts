import { Input, type KeybindingsManager } from "@earendil-works/pi-tui";
import type { View } from "../abi.ts";
import { columns } from "../commands.ts";
import { type Paint, rule, selected, toned } from "./paint.ts";
import { movedBy, partOf, Scroll } from "./scroll.ts";
import { clean, fit, visibleWidth, wrap } from "./text.ts";
import { Typing } from "./typing.ts";

/** Something that lies over the panes until it is answered. */
export interface Layer {
	title: string;
	/** What the keys do, a phrase each; the last one is always shown. */
	hints: readonly string[];
	/** Whether it asks about the account under the cursor, so that its name belongs above. */
	about: boolean;
	render(paint: Paint, width: number, height: number): string[];
	/** Which part was drawn last, "" when all of it was. */
	part?(): string;
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

/** One of several. `about` says whether it is about the account under the cursor. */
export function choice(
	title: string,
	text: string,
	offers: readonly Offer[],
	chosen: (id: string) => void,
	at = 0,
	about = true,
): Layer {
	const scroll = new Scroll();
	scroll.at = at;
	let part = "";
	return {
		title,
		hints: ["enter choose", "esc back"],
		about,
		render(paint, width, height) {
			const lines = text === "" ? [] : [...wrap(clean(text), width), ""];
			const widest = Math.max(...offers.map((offer) => visibleWidth(clean(offer.label))));
			const beside = offers.every((offer) => widest + 4 + visibleWidth(clean(offer.about ?? "")) <= width);
			const row = (i: number) => {
				const { label, about } = offers[i] as Offer;
				const head = `${i === scroll.at ? paint.borders.pointer : " "} ${fit(clean(label), widest, "")}`;
				return about && beside ? `${head}  ${paint.theme.fg("muted", clean(about))}` : head;
			};
			// Where there is no room beside, the words of the one under the cursor stand below.
			const about = beside ? "" : clean(offers[scroll.at]?.about ?? "");
			const below = about === "" ? [] : ["", ...wrap(about, width).map((line) => paint.theme.fg("muted", line))];
			const room = Math.max(1, height - lines.length - below.length);
			const list = listLines(paint, scroll, offers.length, row, width, room, true);
			part = partOf(scroll.top, room, offers.length, paint.borders.more);
			return [...lines, ...list, ...below];
		},
		part: () => part,
		input(data, keys) {
			if (scroll.take(data, keys, offers.length) || !keys.matches(data, "tui.select.confirm")) return false;
			const offer = offers[scroll.at];
			if (offer) chosen(offer.id);
			return true;
		},
	};
}

/** A text to read. */
export function reading(title: string, lines: (paint: Paint, width: number) => string[]): Layer {
	let top = 0;
	let last = 0;
	let page = 1;
	let part = "";
	return {
		title,
		get hints() {
			return last > 0 ? ["up and down scroll", "esc back"] : ["esc back"];
		},
		about: false,
		render(paint, width, height) {
			const all = lines(paint, width);
			page = height;
			last = Math.max(0, all.length - height);
			top = Math.min(top, last);
			part = partOf(top, height, all.length, paint.borders.more);
			return all.slice(top, top + height);
		},
		part: () => part,
		input(data, keys) {
			const by = movedBy(data, keys, page);
			if (by !== undefined) top = Math.max(0, Math.min(last, top + by));
			return by === undefined && keys.matches(data, "tui.select.confirm");
		},
	};
}

/** A View to read: its rows in columns, its notes as paragraphs. */
export function readingOf(view: View): Layer {
	return reading(view.title, (paint, width) => {
		const lines: string[] = [];
		for (const [text, tone] of columns(view, width))
			for (const line of wrap(clean(text), width)) lines.push(toned(paint, tone, line));
		for (const note of view.notes) lines.push(...(lines.length === 0 ? [] : [""]), ...wrap(clean(note), width));
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

/** A secret to type or paste, lines and all; the screen says how much is there and nothing of it. */
export function secretField(title: string, text: string, given: (text: string) => void): Layer {
	const typing = new Typing();
	return {
		title,
		hints: ["enter done", "ctrl+u clear", "esc cancel"],
		about: false,
		render(paint, width) {
			const count = [...typing.text].length;
			const lines = typing.text.split("\n").filter((line) => line.trim() !== "").length;
			const characters = count === 1 ? "1 character" : `${count} characters`;
			const words = lines > 1 ? `${characters} in ${lines} lines` : characters;
			const masked = paint.borders.mask.repeat(Math.min(count, Math.max(0, width - 34)));
			return [...wrap(clean(text), width), `> ${masked}${count === 0 ? "" : paint.theme.fg("muted", ` ${words}`)}`];
		},
		input(data, keys) {
			const done = typing.take(data, keys);
			if (done) given(typing.text);
			return done;
		},
	};
}

/** The lines of a list that are seen, with the cursor on one of them where the list is active. */
export function listLines(
	paint: Paint,
	scroll: Scroll,
	length: number,
	line: (at: number) => string,
	width: number,
	height: number,
	active: boolean,
): string[] {
	const [from, to] = scroll.see(length, height);
	return Array.from({ length: to - from }, (_, i) =>
		selected(paint, fit(line(from + i), width, paint.borders.ellipsis), active && from + i === scroll.at),
	);
}

/** The lines of a layer in a frame of its own: what it shows, a rule that says which part that is, and what the keys do. */
export function framed(paint: Paint, layer: Layer, width: number, height: number): string[] {
	const lines = layer.render(paint, width, height);
	const hints = paint.theme.fg("muted", layer.hints.join(` ${paint.borders.dot} `));
	return [...lines, rule(layer.part?.()), hints];
}
