/** Buffer's own UTF-8 calls, which Node and Bun have and whose types leave them out: three times faster than TextEncoder for short texts. */
interface Utf8Buffer extends Buffer {
	utf8Write(text: string, offset: number): number;
	utf8Slice(start: number, end: number): string;
}

/** Thrown by a Writer whose space is too small; the caller makes it larger and begins again. */
export class NoSpace extends Error {}

/** Writes positional fields into the guest's memory. */
export class Writer {
	#bytes: Utf8Buffer;
	#view: DataView;
	#at: number;
	#end: number;

	constructor(memory: ArrayBuffer, start: number, size: number) {
		this.#bytes = Buffer.from(memory) as Utf8Buffer;
		this.#view = new DataView(memory);
		this.#at = start;
		this.#end = start + size;
	}

	/** Begins at the start of a buffer of the memory this writer was made for. */
	seek(start: number, size: number): void {
		this.#at = start;
		this.#end = start + size;
	}

	/** The offset after what was written. */
	get at(): number {
		return this.#at;
	}

	#need(n: number): number {
		const at = this.#at;
		if (at + n > this.#end) throw new NoSpace("the message does not fit");
		this.#at = at + n;
		return at;
	}

	u32(value: number): void {
		this.#view.setUint32(this.#need(4), value, true);
	}

	count(n: number): void {
		this.u32(n);
	}

	number(value: number): void {
		this.#view.setFloat64(this.#need(8), value, true);
	}

	text(value: string): void {
		// A UTF-16 unit takes three bytes at most.
		const at = this.#need(4);
		if (this.#at + value.length * 3 > this.#end) {
			if (this.#at + Buffer.byteLength(value) > this.#end) throw new NoSpace("the message does not fit");
		}
		const n = value.length === 0 ? 0 : this.#bytes.utf8Write(value, this.#at);
		this.#view.setUint32(at, n, true);
		this.#at += n;
	}
}

/** Reads positional fields out of a copy or a view of the guest's memory. */
export class Reader {
	#bytes: Utf8Buffer;
	#view: DataView;
	#at: number;

	constructor(memory: ArrayBuffer, start: number) {
		this.#bytes = Buffer.from(memory) as Utf8Buffer;
		this.#view = new DataView(memory);
		this.#at = start;
	}

	/** Begins at another place of the memory this reader was made for. */
	seek(start: number): void {
		this.#at = start;
	}

	u32(): number {
		const value = this.#view.getUint32(this.#at, true);
		this.#at += 4;
		return value;
	}

	number(): number {
		const value = this.#view.getFloat64(this.#at, true);
		this.#at += 8;
		return value;
	}

	text(): string {
		const n = this.u32();
		const at = this.#at;
		this.#at += n;
		return n === 0 ? "" : this.#bytes.utf8Slice(at, at + n);
	}

	list<T>(read: (r: Reader) => T): T[] {
		const n = this.u32();
		const out: T[] = [];
		for (let i = 0; i < n; i++) out.push(read(this));
		return out;
	}
}
