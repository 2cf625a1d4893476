import { platformOf } from "../platform.ts";

/** The characters a screen is drawn with. */
export interface Borders {
	horizontal: string;
	vertical: string;
	/** Top left, top right, bottom left, bottom right. */
	corners: readonly [string, string, string, string];
	/** Where a rule across meets the frame: left and right. */
	tees: readonly [string, string];
	/** A part of a bar that is used, and one that is left. */
	bar: readonly [string, string];
	pointer: string;
	marked: string;
	pinned: string;
	more: readonly [string, string];
	ellipsis: string;
	mask: string;
	/** Between phrases. */
	dot: string;
}

/** Lines and blocks of Unicode. */
export const unicode: Borders = {
	horizontal: "─",
	vertical: "│",
	corners: ["╭", "╮", "╰", "╯"],
	tees: ["├", "┤"],
	bar: ["█", "░"],
	pointer: "▸",
	marked: "✓",
	pinned: "★",
	more: ["↑", "↓"],
	ellipsis: "…",
	mask: "•",
	dot: "·",
};

/** The same with what every terminal has. */
export const ascii: Borders = {
	horizontal: "-",
	vertical: "|",
	corners: ["+", "+", "+", "+"],
	tees: ["+", "+"],
	bar: ["#", "."],
	pointer: ">",
	marked: "x",
	pinned: "*",
	more: ["^", "v"],
	ellipsis: "..",
	mask: "*",
	dot: "|",
};

/**
 * Chooses the characters. PI_MULTI_AUTH_ASCII_BORDERS (1, true, yes, on; 0, false, no, off) decides where it is set. Else ASCII is used
 * where the terminal says that it cannot draw lines: TERM=dumb, the Linux console's and old terminals' names, a locale that names a
 * character set other than UTF-8, and a Windows console that is none of the modern hosts (they set WT_SESSION, TERM_PROGRAM,
 * ConEmuANSI or TERM). A locale that is not set says nothing.
 */
export function borders(env: NodeJS.ProcessEnv = process.env, system: NodeJS.Platform = process.platform): Borders {
	const wish = env["PI_MULTI_AUTH_ASCII_BORDERS"]?.trim().toLowerCase();
	if (wish && ["1", "true", "yes", "on"].includes(wish)) return ascii;
	if (wish && ["0", "false", "no", "off"].includes(wish)) return unicode;
	const term = env["TERM"]?.toLowerCase() ?? "";
	if (term === "dumb" || /^(vt\d|ansi$|cons25|linux-m|sun)/.test(term)) return ascii;
	const { drawsLines } = platformOf(system);
	if (drawsLines) return drawsLines(env) ? unicode : ascii;
	const locale = env["LC_ALL"] || env["LC_CTYPE"] || env["LANG"] || "";
	if (locale === "" || /utf-?8/i.test(locale)) return unicode;
	// A named character set that is not UTF-8, and the plain C locale, which has only ASCII.
	return /\./.test(locale) || locale === "C" || locale === "POSIX" ? ascii : unicode;
}
