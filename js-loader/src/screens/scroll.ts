import type { Keybinding, KeybindingsManager } from "@earendil-works/pi-tui";

/** The keys that move in a list or a text, in pages and in lines. */
const moves: readonly [key: Keybinding, pages: number, lines: number][] = [
	["tui.select.up", 0, -1],
	["tui.select.down", 0, 1],
	["tui.select.pageUp", -1, 0],
	["tui.select.pageDown", 1, 0],
	["tui.editor.cursorLineStart", Number.NEGATIVE_INFINITY, 0],
	["tui.editor.cursorLineEnd", Number.POSITIVE_INFINITY, 0],
];

/** How many lines a key moves by where a page has so many; undefined for a key that moves nothing. */
export function movedBy(data: string, keys: KeybindingsManager, page: number): number | undefined {
	const found = moves.find(([key]) => keys.matches(data, key));
	if (!found) return undefined;
	const [, pages, lines] = found;
	return pages === 0 ? lines : pages * page;
}

/** The cursor of a list and the part of it that is seen. */
export class Scroll {
	/** The selected line. */
	at = 0;
	/** The first line that is seen. */
	top = 0;
	/** How many lines were seen last. */
	page = 8;

	/** Moves the cursor by lines; it stops at both ends. */
	move(by: number, length: number): void {
		this.at = Math.max(0, Math.min(length - 1, this.at + by));
	}

	/** Moves the cursor where the key is one that does, and says whether it was. */
	take(data: string, keys: KeybindingsManager, length: number): boolean {
		const by = movedBy(data, keys, this.page);
		if (by !== undefined) this.move(by, length);
		return by !== undefined;
	}

	/** The range of lines that is seen of `length` in `height`, with the cursor inside. */
	see(length: number, height: number): [from: number, to: number] {
		this.page = Math.max(1, height);
		this.at = Math.max(0, Math.min(length - 1, this.at));
		const last = Math.max(0, length - height);
		this.top = Math.max(0, Math.min(this.top, last));
		if (this.at < this.top) this.top = this.at;
		if (this.at >= this.top + height) this.top = this.at - height + 1;
		return [this.top, Math.min(length, this.top + height)];
	}
}

/** Says which part of a list is seen, "" where all of it is. */
export function partOf(top: number, height: number, length: number, more: readonly [up: string, down: string]): string {
	if (length <= height) return "";
	const last = Math.min(length, top + height);
	const arrows = [top > 0 ? more[0] : "", last < length ? more[1] : ""].filter((arrow) => arrow !== "").join(" ");
	return `${arrows} ${top + 1} to ${last} of ${length}`;
}
