import { writeSync } from "node:fs";
import { visibleWidth, wrapTextWithAnsi } from "@earendil-works/pi-tui";
import type { View } from "./abi.ts";

/** The least a column of a table is narrowed to. */
const narrowest = 14;

/**
 * The rows of a view as lines with their tones: cells of a column share its width, and a row of one cell is a heading across them. A
 * table wider than `room` is narrowed where it is widest, and its cells go on in the lines below.
 */
export function columns(view: View, room = Number.POSITIVE_INFINITY): [line: string, tone: string][] {
	const widths: number[] = [];
	for (const row of view.rows) {
		if (row.cells.length < 2) continue;
		for (const [i, cell] of row.cells.entries()) widths[i] = Math.max(widths[i] ?? 0, visibleWidth(cell));
	}
	const total = () => widths.reduce((sum, width) => sum + width + 2, -2);
	while (total() > room) {
		const widest = widths.indexOf(Math.max(...widths));
		const width = widths[widest] ?? 0;
		if (width <= narrowest) break;
		widths[widest] = Math.max(narrowest, Math.min(width - 1, width - (total() - room)));
	}
	return view.rows.flatMap((row) => {
		if (row.cells.length < 2) return row.cells.map((cell): [string, string] => [cell, row.tone]);
		const cells = row.cells.map((cell, i) => folded(cell, widths[i] ?? 0));
		const height = Math.max(...cells.map((lines) => lines.length));
		return Array.from({ length: height }, (_, at): [string, string] => {
			const parts = cells.map((lines, i) => {
				const part = lines[at] ?? "";
				return part + " ".repeat(Math.max(0, (widths[i] ?? 0) - visibleWidth(part)));
			});
			return [parts.join("  ").trimEnd(), row.tone];
		});
	});
}

/** A cell in lines of at most `width` columns; what it begins with in blanks stands before each. */
function folded(cell: string, width: number): string[] {
	if (visibleWidth(cell) <= width) return [cell];
	const indent = /^ */.exec(cell)?.[0] ?? "";
	const lines = wrapTextWithAnsi(cell.trim(), Math.max(1, width - indent.length));
	return lines.map((line) => indent + line);
}

/** Draws a view as plain lines: tones need no colour to be told apart. */
export function draw(view: View, room?: number): string {
	const lines = columns(view, room).map(([line]) => line);
	if (view.failed) lines.unshift(/[.?!]$/.test(view.title) ? view.title : `${view.title}.`);
	// What has nothing else to say says its title.
	if (lines.length === 0 && view.notes.length === 0) lines.push(view.title);
	return [...lines, ...view.notes].join("\n");
}

/** The columns that Pi's mode has for an answer: a terminal's, and no bound where a program reads it. */
export function roomOf(mode: string, terminal: number | undefined): number {
	if (terminal === undefined) return mode === "tui" ? 76 : Number.POSITIVE_INFINITY;
	// Pi leaves a column free at both sides of a notice.
	return Math.max(40, mode === "tui" ? terminal - 4 : terminal);
}

/**
 * Gives a command's answer on the channel of Pi's mode: stdout in print, a notice in TUI and RPC, stderr in JSON. Where a process ends
 * with its answer, one that failed ends it with 1, so that a script can go by it.
 */
export function answer(
	text: string,
	failed: boolean,
	mode: string,
	notify: (text: string, type: "info" | "error") => void,
): void {
	if (mode === "tui" || mode === "rpc") notify(text, failed ? "error" : "info");
	// Pi keeps extensions from process.stdout, because JSON mode speaks on it; in print mode the answer is the output.
	else {
		writeSync(mode === "print" ? 1 : 2, `${text}\n`);
		if (failed) process.exitCode = 1;
	}
}

/** The words that the core offers, as the whole line each would make. */
export function offered(prefix: string, view: View): { value: string; label: string; description?: string }[] | null {
	// Pi takes an offer in place of all that was typed.
	const head = prefix.slice(0, prefix.length - (/\S*$/.exec(prefix)?.[0].length ?? 0));
	const found = view.rows.map(({ cells: [word = "", about = ""] }) => ({
		value: head + word,
		label: word,
		...(about === "" ? {} : { description: about }),
	}));
	return found.length === 0 ? null : found;
}
