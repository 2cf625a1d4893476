/** The cursor of a list and the part of it that is seen. */
export class Scroll {
	/** The selected line. */
	at = 0;
	/** The first line that is seen. */
	top = 0;

	/** Moves the cursor by lines; it stops at both ends. */
	move(by: number, length: number): void {
		this.at = Math.max(0, Math.min(length - 1, this.at + by));
	}

	/** The range of lines that is seen of `length` in `height`, with the cursor inside. */
	see(length: number, height: number): [from: number, to: number] {
		this.at = Math.max(0, Math.min(length - 1, this.at));
		const last = Math.max(0, length - height);
		this.top = Math.max(0, Math.min(this.top, last));
		if (this.at < this.top) this.top = this.at;
		if (this.at >= this.top + height) this.top = this.at - height + 1;
		return [this.top, Math.min(length, this.top + height)];
	}
}
