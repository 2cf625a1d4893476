import type { Theme } from "@earendil-works/pi-coding-agent";
import type { Borders } from "./borders.ts";
import { fit, visibleWidth } from "./text.ts";

/** What a screen is drawn with: the theme's colours and the terminal's characters. */
export interface Paint {
	theme: Pick<Theme, "fg" | "bg" | "bold">;
	borders: Borders;
}

const colours = { good: "success", wait: "warning", bad: "error", head: "accent", dim: "muted" } as const;

/** Colours a text by its tone; the words say the same, for those who see no colour. */
export function toned(paint: Paint, tone: string, text: string): string {
	const colour = colours[tone as keyof typeof colours];
	return colour === undefined ? text : paint.theme.fg(colour, text);
}

/** A bar of `width` columns of which `permille` is used. */
export function bar(paint: Paint, permille: number, width: number, tone: string): string {
	const used = Math.max(0, Math.min(width, Math.round((permille / 1000) * width)));
	const [full, empty] = paint.borders.bar;
	return toned(paint, tone, full.repeat(used)) + paint.theme.fg("dim", empty.repeat(width - used));
}

/** A line with the cursor on it. */
export function selected(paint: Paint, line: string, active: boolean): string {
	return active ? paint.theme.bg("selectedBg", line) : line;
}

const ruled = "\u0000";

/** A line that frame draws as a rule across, with a few words at its right end. */
export function rule(words = ""): string {
	return ruled + words;
}

/** Lines in a frame of exactly `width` columns, with a title in its upper edge. */
export function frame(paint: Paint, title: string, lines: readonly string[], width: number): string[] {
	const { horizontal, vertical, corners, tees, ellipsis } = paint.borders;
	const edge = (text: string) => paint.theme.fg("border", text);
	const room = width - 2;
	const shown = title === "" ? "" : ` ${fit(title, Math.min(visibleWidth(title), room - 4), ellipsis)} `;
	const out = [
		edge(corners[0] + horizontal) +
			paint.theme.bold(shown) +
			edge(horizontal.repeat(Math.max(0, room - 1 - visibleWidth(shown))) + corners[1]),
	];
	for (const line of lines) {
		if (line.startsWith(ruled)) {
			const words =
				line === ruled ? "" : ` ${fit(line.slice(1), Math.min(visibleWidth(line), room - 4), ellipsis).trimEnd()} `;
			const dashes = horizontal.repeat(Math.max(0, room - visibleWidth(words) - (words === "" ? 0 : 1)));
			const end = words === "" ? tees[1] : horizontal + tees[1];
			out.push(edge(tees[0] + dashes) + paint.theme.fg("muted", words) + edge(end));
		} else out.push(`${edge(vertical)} ${fit(line, room - 2, ellipsis)} ${edge(vertical)}`);
	}
	out.push(edge(corners[2] + horizontal.repeat(room) + corners[3]));
	return out;
}
