import { truncateToWidth, visibleWidth, wrapTextWithAnsi } from "@earendil-works/pi-tui";

// C0 and C1 controls, and the characters that change the direction of what follows or have no width: in a name they could move the
// cursor or show something other than what is there. core.PlainLine takes the same out.
// biome-ignore lint/suspicious/noControlCharactersInRegex: these are what is taken out
const unsafe = /[\u0000-\u001f\u007f-\u009f\u00ad\u061c\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufffd]/g;

/** A text as it may stand in a row. */
export function clean(text: string): string {
	return text.replace(unsafe, "");
}

/** Cuts or fills a text to exactly `width` columns. */
export function fit(text: string, width: number, ellipsis: string): string {
	if (width <= 0) return "";
	// Most texts fit, and measuring is cheaper than cutting.
	const room = width - visibleWidth(text);
	if (room >= 0) return text + " ".repeat(room);
	const cut = truncateToWidth(text, width, ellipsis);
	return cut + " ".repeat(Math.max(0, width - visibleWidth(cut)));
}

/** A left part that yields and a right part that stays, in exactly `width` columns. */
export function spread(left: string, right: string, width: number, ellipsis: string): string {
	const room = width - visibleWidth(right);
	if (right === "" || room < 4) return fit(left, width, ellipsis);
	return `${fit(left, room - 1, ellipsis)} ${right}`;
}

/** Lines of at most `width` columns. */
export function wrap(text: string, width: number): string[] {
	return wrapTextWithAnsi(text, Math.max(1, width));
}

export { visibleWidth };
