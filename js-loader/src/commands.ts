import { writeSync } from "node:fs";
import { visibleWidth } from "@earendil-works/pi-tui";
import type { View } from "./abi.ts";

/** The rows of a view as lines with their tones: cells of a column share its width, and a row of one cell is a heading across them. */
export function columns(view: View): [line: string, tone: string][] {
	const widths: number[] = [];
	for (const row of view.rows) {
		if (row.cells.length < 2) continue;
		for (const [i, cell] of row.cells.entries()) widths[i] = Math.max(widths[i] ?? 0, visibleWidth(cell));
	}
	return view.rows.map((row) => {
		const cells = row.cells.map((cell, i) =>
			i === row.cells.length - 1 ? cell : cell + " ".repeat(Math.max(0, (widths[i] ?? 0) - visibleWidth(cell))),
		);
		return [cells.join("  ").trimEnd(), row.tone];
	});
}

/** Draws a view as plain lines: tones need no colour to be told apart. */
export function draw(view: View): string {
	const lines = columns(view).map(([line]) => line);
	if (view.failed) lines.unshift(`${view.title}.`);
	return [...lines, ...view.notes].join("\n");
}

/** Gives a command's answer on the channel of Pi's mode: stdout in print, a notice in TUI and RPC, stderr in JSON. */
export function answer(
	text: string,
	failed: boolean,
	mode: string,
	notify: (text: string, type: "info" | "error") => void,
): void {
	if (mode === "tui" || mode === "rpc") notify(text, failed ? "error" : "info");
	// Pi keeps extensions from process.stdout, because JSON mode speaks on it; in print mode the answer is the output.
	else writeSync(mode === "print" ? 1 : 2, `${text}\n`);
}

const words = ["status", "usage", "why", "add", "check", "help"];

/** Completes the first word of a command, and providers after it. */
export function complete(prefix: string, providers: readonly string[]): { value: string; label: string }[] | null {
	const parts = prefix.split(/\s+/);
	const last = parts.at(-1) ?? "";
	const choices = parts.length > 1 ? [...providers, "--json"] : words;
	const head = parts.slice(0, -1).join(" ");
	// With a word offered that is there already, Enter would take the offer and not run the command.
	const found = choices.filter((word) => word !== last && word.startsWith(last));
	if (found.length === 0) return null;
	return found.map((word) => ({ value: head ? `${head} ${word}` : word, label: word }));
}
