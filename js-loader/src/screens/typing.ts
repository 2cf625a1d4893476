import { decodeKittyPrintable, type KeybindingsManager } from "@earendil-works/pi-tui";

const pasteBegin = "\x1b[200~";
const pasteEnd = "\x1b[201~";

/** Whether what the terminal sent is letters, and no key that means something else. */
export function isText(data: string): boolean {
	// biome-ignore lint/suspicious/noControlCharactersInRegex: keys that are not text begin with one
	return !/[\u0000-\u001f\u007f]/.test(decodeKittyPrintable(data) ?? data);
}

/** A text as it is typed and pasted, to its end only: there is no cursor to move. */
export class Typing {
	text = "";
	#pasting = false;

	/**
	 * Takes what the terminal sent. Answers true when it was Enter; what stands behind that is not taken. A paste may come in several
	 * pieces, and what is inside of it is text, whatever it looks like.
	 */
	take(data: string, keys: KeybindingsManager): boolean {
		let rest = data;
		while (rest !== "") {
			const mark = this.#pasting ? pasteEnd : pasteBegin;
			const found = rest.indexOf(mark);
			const piece = found < 0 ? rest : rest.slice(0, found);
			if (this.#pasting) this.text += piece.replace(/\r\n?/g, "\n");
			else if (piece !== "" && this.#key(piece, keys)) return true;
			if (found < 0) return false;
			this.#pasting = !this.#pasting;
			rest = rest.slice(found + mark.length);
		}
		return false;
	}

	#key(data: string, keys: KeybindingsManager): boolean {
		if (keys.matches(data, "tui.select.confirm")) return true;
		if (keys.matches(data, "tui.editor.deleteToLineStart")) this.text = "";
		else if (keys.matches(data, "tui.editor.deleteCharBackward")) this.text = [...this.text].slice(0, -1).join("");
		else if (isText(data)) this.text += decodeKittyPrintable(data) ?? data;
		return false;
	}
}
